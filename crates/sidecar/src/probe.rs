//! What /health and /ready answer.
//!
//! Health is liveness: is a thread wedged, so that only a restart helps? It never looks at venues: a
//! restart in a venue's outage loses queue positions and state and mends nothing. Readiness is whether
//! the engine could trade now, with the reasons why not.

use base::{Span, Stamp};
use serde::Serialize;
use strategy::{Mode, View};
use telemetry::reader::StageState;
use telemetry::{Counter, PageReader, Snapshot};

/// One reason why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable, for machines.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// An answer with all its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// Empty means yes.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// Whether nothing speaks against it.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        self.reasons.is_empty()
    }

    fn no(&mut self, code: &'static str, detail: impl Into<String>) {
        self.reasons.push(Reason { code, detail: detail.into() });
    }

    /// As the body of an answer, under the name of the question.
    pub(crate) fn json(&self, question: &str) -> String {
        serde_json::json!({ question: self.is_yes(), "reasons": self.reasons }).to_string()
    }
}

/// Whether every pinned thread that runs has said so lately.
pub(crate) fn health(page: &PageReader, now: Stamp, silence: Span) -> Verdict {
    let mut verdict = Verdict::default();
    for (stage, (state, beat)) in page.schema().stages.iter().zip(page.beats()) {
        let silent = now - beat;
        if state == StageState::Running && silent > silence {
            let ms = silent.0 / 1_000_000;
            verdict.no("silent", format!("thread {stage} has not moved for {ms} ms"));
        }
    }
    verdict
}

/// What readiness is judged by, beside the page.
pub(crate) struct Facts<'a> {
    pub(crate) view: Option<&'a View>,
    pub(crate) clock_bound: Span,
    /// What is wrong with the sidecar's own work: journal, shadow.
    pub(crate) faults: &'a [(&'static str, String)],
}

/// Whether the engine could trade now.
pub(crate) fn ready(page: &Snapshot, facts: &Facts<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    books(page, &mut verdict);
    accounts(page, &mut verdict);
    if page.total(Counter::CoreHalted) > 0 {
        verdict.no("halted", "the core takes no new risk until it is armed by hand");
    }
    if let Some(view) = facts.view {
        core(view, facts.clock_bound, &mut verdict);
    }
    for (code, detail) in facts.faults {
        verdict.no(code, detail);
    }
    verdict
}

fn books(page: &Snapshot, verdict: &mut Verdict) {
    let mut all = 0;
    for stage in &page.stages {
        let books = page.value(&stage.name, Counter::FeedBooks);
        let known = page.value(&stage.name, Counter::FeedBooksKnown);
        all += books;
        if known < books {
            verdict.no("books", format!("{}: {known} of {books} books are known", stage.name));
        }
    }
    if all == 0 {
        verdict.no("books", "no feed has subscribed to a book yet");
    }
}

/// Accounts that are set up so that they cannot be traded, and what to do about it.
fn accounts(page: &Snapshot, verdict: &mut Verdict) {
    let faults = [
        (Counter::AccountsHedged, "is in hedge mode: switch its position mode to one-way (net)"),
        (
            Counter::AccountsLevel,
            "has a level without cross-margined perpetuals: switch it to unified",
        ),
        (Counter::AccountsNoTrading, "may not trade with this API key: give the key that right"),
    ];
    for stage in &page.stages {
        for (counter, what) in faults {
            if page.value(&stage.name, counter) > 0 {
                verdict.no("account", format!("{}: an account {what}", stage.name));
            }
        }
    }
}

fn core(view: &View, clock_bound: Span, verdict: &mut Verdict) {
    if matches!(view.mode, Mode::Halted | Mode::Stopped | Mode::Flattening) {
        verdict.no("mode", format!("the core is {:?}", view.mode).to_lowercase());
    }
    for venue in &view.venues {
        let name = venue.venue.name();
        if !venue.reconciled {
            verdict.no("reconcile", format!("{name} is not reconciled"));
        }
        if !venue.orders || !venue.account {
            let (orders, account) = (up(venue.orders), up(venue.account));
            verdict
                .no("session", format!("{name}: order session {orders}, account stream {account}"));
        }
        match venue.clock_bound_ns {
            None => verdict.no("clock", format!("the clock of {name} is not known")),
            Some(bound) if bound > clock_bound.0 => {
                let ms = bound / 1_000_000;
                verdict.no("clock", format!("the clock of {name} is known within {ms} ms only"));
            }
            Some(_) => {}
        }
    }
}

const fn up(is: bool) -> &'static str {
    if is { "up" } else { "down" }
}

#[cfg(test)]
mod tests;
