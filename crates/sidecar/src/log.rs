//! The log: lines made of notices, a bounded number per code and second.

mod words;

use base::{Clock as _, InstrumentId, Scale};
use core::fmt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use telemetry::{HostClock, Level, Notice};

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where and how the log is written.
pub struct LogPlan {
    /// How lines look.
    pub format: LogFormat,
    /// What is below is left out.
    pub level: Level,
    /// Where lines go.
    pub target: Box<dyn Write + Send>,
    /// Names of the instruments and the scales of their numbers, by id.
    pub instruments: Vec<(String, Scale)>,
}

impl Default for LogPlan {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: Level::Info,
            target: Box::new(io::sink()),
            instruments: Vec::new(),
        }
    }
}

impl fmt::Debug for LogPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("LogPlan");
        shown.field("format", &self.format).field("level", &self.level).finish_non_exhaustive()
    }
}

/// Within this time at most [`LINES`] lines per code; the others are counted and told with the next.
const WINDOW: Duration = Duration::from_secs(1);
const LINES: u32 = 20;

/// A line before it has its form.
struct Line<'a> {
    time: Timestamp,
    level: Level,
    stage: &'a str,
    code: &'a str,
    venue: Option<&'a str>,
    instrument: Option<&'a str>,
    message: String,
    fields: Vec<(&'static str, i64)>,
}

struct Window {
    opened: Instant,
    lines: u32,
    suppressed: u64,
}

/// Writes lines; on a thread that may wait.
pub(crate) struct Log {
    plan: LogPlan,
    windows: BTreeMap<String, Window>,
    written: u64,
    suppressed: u64,
    /// Lines the target did not take: a full disk, a closed terminal.
    failed: u64,
}

impl Log {
    pub(crate) fn new(plan: LogPlan) -> Self {
        Self { plan, windows: BTreeMap::new(), written: 0, suppressed: 0, failed: 0 }
    }

    /// What is below is left out from here on.
    pub(crate) fn set_level(&mut self, level: Level) {
        self.plan.level = level;
    }

    /// Writes a notice of a hot thread, `now` being the moment of writing.
    pub(crate) fn notice(&mut self, stage: &str, notice: &Notice, clock: &HostClock, now: Instant) {
        let (level, code) = (notice.code.level(), notice.code.name());
        if level < self.plan.level {
            return;
        }
        let Some(before) = self.admit(code, now) else { return };
        let age = i64::try_from((clock.now() - notice.stamp).0).unwrap_or(i64::MAX);
        let instruments = core::mem::take(&mut self.plan.instruments);
        let known = instruments.get(notice.instrument.index());
        let instrument = (notice.instrument != InstrumentId::ALL)
            .then(|| known.map_or("?", |(name, _)| name.as_str()));
        let sentence = words::sentence(notice, known.map(|(_, scale)| *scale));
        let line = Line {
            time: Timestamp::now() - SignedDuration::from_nanos(age),
            level,
            stage,
            code,
            venue: notice.venue.map(base::VenueId::name),
            instrument,
            message: with_count(sentence, before),
            fields: notice.code.fields().iter().copied().zip(notice.numbers).collect(),
        };
        self.write(&line);
        self.plan.instruments = instruments;
    }

    /// Writes a line of the sidecar itself.
    pub(crate) fn say(&mut self, level: Level, code: &str, message: &str, now: Instant) {
        if level < self.plan.level {
            return;
        }
        let Some(before) = self.admit(code, now) else { return };
        let message = with_count(message.to_owned(), before);
        let (venue, instrument, fields) = (None, None, Vec::new());
        let time = Timestamp::now();
        self.write(&Line {
            time,
            level,
            stage: "sidecar",
            code,
            venue,
            instrument,
            message,
            fields,
        });
    }

    /// Lines written, lines suppressed by the rate, lines the target refused.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.written, self.suppressed, self.failed)
    }

    pub(crate) fn flush(&mut self) {
        if self.plan.target.flush().is_err() {
            self.failed += 1;
        }
    }

    /// Whether a line of this code may be written now; with how many were not since the last one.
    fn admit(&mut self, code: &str, now: Instant) -> Option<u64> {
        let fresh = || Window { opened: now, lines: 0, suppressed: 0 };
        let window = self.windows.entry(code.to_owned()).or_insert_with(fresh);
        if now.duration_since(window.opened) >= WINDOW {
            (window.opened, window.lines) = (now, 0);
        }
        if window.lines >= LINES {
            window.suppressed += 1;
            self.suppressed += 1;
            return None;
        }
        window.lines += 1;
        Some(core::mem::take(&mut window.suppressed))
    }

    fn write(&mut self, line: &Line<'_>) {
        let mut text = match self.plan.format {
            LogFormat::Text => line.text(),
            LogFormat::Json => line.json(),
        };
        text.push('\n');
        match self.plan.target.write_all(text.as_bytes()) {
            Ok(()) => self.written += 1,
            Err(_) => self.failed += 1,
        }
    }
}

fn with_count(message: String, suppressed: u64) -> String {
    if suppressed == 0 {
        message
    } else {
        format!("{message} ({suppressed} more of this kind not shown)")
    }
}

impl Line<'_> {
    fn text(&self) -> String {
        let Line { time, level, stage, code, message, .. } = self;
        let place: String =
            [self.venue, self.instrument].into_iter().flatten().flat_map(|p| [p, " "]).collect();
        let level = level.name();
        format!("{time:.6} {level:<5} {stage:<15} {code}: {place}{message}")
    }

    fn json(&self) -> String {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("time", format!("{:.6}", self.time).into());
        put("level", self.level.name().into());
        put("stage", self.stage.into());
        put("code", self.code.into());
        if let Some(venue) = self.venue {
            put("venue", venue.into());
        }
        if let Some(instrument) = self.instrument {
            put("instrument", instrument.into());
        }
        put("message", self.message.as_str().into());
        for (name, number) in &self.fields {
            put(name, (*number).into());
        }
        Value::Object(object).to_string()
    }
}

#[cfg(test)]
pub(crate) mod tests;
