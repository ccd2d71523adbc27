//! Whether the processors are still what they were at the start, looked at again and again.

use super::Said;
use crate::own::Own;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use telemetry::reader::StageState;
use telemetry::{Hist, Level, Snapshot};
use tuning::{Degraded, JitterFloor, Pinned, Watch};

/// How often.
const EVERY: Duration = Duration::from_secs(10);

/// The reasons that placement tells, too, and this takes back; all others of placement's hold from the start to
/// the end.
const MINE: [&str; 5] = ["cpus-changed", "quota", "throttled", "moved", "noisy"];

pub(super) struct Vigil {
    watch: Watch,
    read: fn(&str) -> Option<String>,
    /// The reasons that are in force, and the threads they are about.
    told: BTreeSet<(&'static str, Option<String>)>,
    at: Instant,
}

impl Vigil {
    /// Remembers how things are; what placement has told already is no news.
    pub(super) fn begin(told: &[Degraded], watch: Watch, read: fn(&str) -> Option<String>) -> Self {
        let told = told.iter().filter(|what| MINE.contains(&what.code())).map(reason).collect();
        Self { watch, read, told, at: Instant::now() }
    }

    /// Whether it is time to look; says so once.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.at;
        if due {
            self.at = now + EVERY;
        }
        due
    }

    /// Looks, publishes what is less than it should be, and gives back what is news and what it saw.
    pub(super) fn look(&mut self, page: &Snapshot, own: &Own) -> (Vec<Said>, Vec<Degraded>) {
        let running = page.stages.iter().filter(|stage| stage.state == StageState::Running);
        let pinned: Vec<_> = running
            .filter_map(|stage| {
                Some(Pinned { name: &stage.name, thread: stage.thread, cpu: stage.cpu? })
            })
            .collect();
        let mut found = self.watch.look(&pinned, &self.read);
        found.extend(noisy(page));
        let mut news = Vec::new();
        for what in &found {
            own.degraded.with_label_values(&[what.code()]).set(1);
            if self.told.insert(reason(what)) {
                let (code, text) = (what.code(), what.to_string());
                news.push(Said { level: Level::Warn, code, text });
            }
        }
        let over = |told: &(_, _)| !found.iter().any(|what| reason(what) == *told);
        for (code, thread) in self.told.extract_if(.., over) {
            let holds = found.iter().any(|what| what.code() == code);
            own.degraded.with_label_values(&[code]).set(i64::from(holds));
            let of = thread.map_or_else(String::new, |thread| format!("thread {thread}: "));
            news.push(Said { level: Level::Info, code, text: of + "no longer so" });
        }
        (news, found)
    }
}

fn reason(what: &Degraded) -> (&'static str, Option<String>) {
    (what.code(), what.thread().map(str::to_owned))
}

/// The threads whose processors were not quiet when they were measured.
fn noisy(page: &Snapshot) -> impl Iterator<Item = Degraded> {
    page.stages.iter().filter_map(|stage| {
        let floor = JitterFloor::of(stage.hists.get(Hist::JitterFloor.index())?);
        floor.is_noisy().then(|| Degraded::Noisy {
            thread: stage.name.clone(),
            long_gaps: floor.long_gaps,
            stolen_ppm: floor.stolen_ppm(),
        })
    })
}

#[cfg(test)]
mod tests;
