//! The shadow core: the same code over the same journal, a moment behind.
//!
//! What the live core did is in the journal: each input, then what it wrote while consuming it. The
//! shadow consumes the inputs and must write the same, record for record, up to the rolling hash in
//! every checkpoint. If it does not, one of the two is wrong, and nobody may guess which.
//!
//! When the live core adopts another version of its plan, the shadow reads that version from beside the
//! journal, as any replay will.

use base::input::{Action, Command};
use base::{Input, Kind};
use core::fmt;
use journal::Entry;
use std::path::PathBuf;
use strategy::{Core, Outputs, Plan, Prepared};

/// Kinds below this are inputs (see [`base::Kind`]).
const FIRST_OUTPUT: u8 = 64;

/// Where the two cores parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The record at which it was seen.
    pub index: u64,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the shadow core parted from the live one at record {}: {}",
            self.index, self.what
        )
    }
}

/// A core that follows the journal.
#[derive(Debug)]
pub struct Shadow {
    core: Core,
    /// The folder of the journal.
    journal: PathBuf,
    out: Outputs,
    /// Outputs of `out` the journal has confirmed.
    confirmed: usize,
    first: Option<Divergence>,
    divergences: u64,
}

impl Shadow {
    /// A shadow in the state the live core starts in.
    #[must_use]
    pub fn new(core: Core, journal: PathBuf) -> Self {
        Self { core, journal, out: Outputs::new(), confirmed: 0, first: None, divergences: 0 }
    }

    /// Consumes a record of the journal.
    pub fn see(&mut self, entry: &Entry) {
        if entry.record.kind < FIRST_OUTPUT {
            if let Some(missing) = self.expected() {
                let what = format!("{missing:?} was not written before the next input");
                self.part(entry.index, what);
            }
            self.out.clear();
            self.confirmed = 0;
            if entry.record.kind == Kind::Command as u8 {
                self.prepare(entry);
            }
            self.core.step(&entry.record, &mut self.out);
            return;
        }
        match self.expected() {
            Some(expected) if *expected == entry.record => self.confirmed += 1,
            Some(expected) => {
                let what = format!("{:?} was written, not {expected:?}", entry.record);
                self.confirmed += 1;
                self.part(entry.index, what);
            }
            None => {
                let what = format!("{:?} was written, nothing was expected", entry.record);
                self.part(entry.index, what);
            }
        }
    }

    /// Puts ready the version that a command adopts.
    fn prepare(&mut self, entry: &Entry) {
        let Ok(Input::Command(Command { action: Action::Adopt, version })) =
            Input::read(&entry.record)
        else {
            return;
        };
        let plan = journal::adopted_plan(&self.journal, entry.epoch, version);
        match plan.and_then(|plan| serde_json::from_slice::<Plan>(&plan).ok()) {
            Some(plan) => drop(self.core.offer(Prepared::new(&plan))),
            None => self.part(entry.index, format!("no plan of version {version} can be read")),
        }
    }

    /// The core, as far as it has come.
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Whether every output of the last input has been confirmed: a state that can be saved.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.expected().is_none() && self.divergences == 0
    }

    /// How often the two differed.
    #[must_use]
    pub fn divergences(&self) -> u64 {
        self.divergences
    }

    /// Where they differed first.
    #[must_use]
    pub fn first_divergence(&self) -> Option<&Divergence> {
        self.first.as_ref()
    }

    fn expected(&self) -> Option<&base::Record> {
        self.out.as_slice().get(self.confirmed)
    }

    fn part(&mut self, index: u64, what: String) {
        self.divergences += 1;
        self.first.get_or_insert(Divergence { index, what });
    }
}

#[cfg(test)]
mod tests;
