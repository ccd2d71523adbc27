//! The report as a person reads it.

use super::{Check, Report, State};
use core::fmt;

/// A report for a terminal.
#[derive(Debug)]
pub struct Table<'a> {
    report: &'a Report,
    colour: bool,
    reasons: bool,
    width: usize,
}

/// The narrowest a text column gets.
const NARROW: usize = 40;
/// Columns before the text: mark, state, name.
const STATE: usize = 11;
const NAME: usize = 15;

impl<'a> Table<'a> {
    /// Lines of at most `width` characters, as far as words allow it.
    #[must_use]
    pub fn new(report: &'a Report, width: usize) -> Self {
        Self { report, colour: false, reasons: false, width }
    }

    /// Says why each check matters, too.
    #[must_use]
    pub fn with_reasons(self, reasons: bool) -> Self {
        Self { reasons, ..self }
    }

    /// For a terminal that shows colours.
    #[must_use]
    pub fn with_colour(self, colour: bool) -> Self {
        Self { colour, ..self }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, check: &Check) -> fmt::Result {
        let before = 2 + STATE + 1 + NAME + 1;
        let room = self.width.saturating_sub(before).max(NARROW);
        let word = match check.state {
            State::CannotKnow => "cannot know",
            state => state.name(),
        };
        let (on, off) = if self.colour { (colour(check.state), "\x1b[0m") } else { ("", "") };
        write!(f, "  {on}{word:<STATE$}{off} {:<NAME$} ", check.name)?;
        let indent = " ".repeat(before);
        let mut parts = vec![check.seen.clone()];
        if self.reasons {
            parts.push(format!("matters: {}", check.why));
        }
        if matches!(check.state, State::Degraded | State::Wrong) && !check.mend.is_empty() {
            parts.push(format!("mend: {}", check.mend));
        }
        for (nth, line) in parts.iter().flat_map(|part| wrap(part, room)).enumerate() {
            let indent = if nth == 0 { "" } else { indent.as_str() };
            writeln!(f, "{indent}{line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(f, "{} · {}\n", report.profile, report.place)?;
        for check in &report.checks {
            self.line(f, check)?;
        }
        let counts: Vec<String> = [State::Wrong, State::Degraded, State::CannotKnow, State::Ok]
            .into_iter()
            .filter(|state| report.count(*state) > 0)
            .map(|state| format!("{} {}", report.count(state), state.name().replace('_', " ")))
            .collect();
        write!(f, "\n{}: {}", report.verdict().name().replace('_', " "), counts.join(", "))?;
        if !report.left_out.is_empty() {
            write!(f, "; {} not asked of {}", report.left_out.len(), report.profile)?;
        }
        Ok(())
    }
}

const fn colour(state: State) -> &'static str {
    match state {
        State::Ok => "\x1b[32m",
        State::CannotKnow => "\x1b[36m",
        State::Degraded => "\x1b[33m",
        State::Wrong => "\x1b[31m",
    }
}

/// Lines of at most `width` characters, broken at spaces; a longer word has a line of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
