//! What other cold threads of the program see of the sidecar, and what they leave with it.

use crate::own::shown;
use crate::run::{Said, Shared, lock};
use crossbeam_channel::Sender;
use std::sync::Arc;
use strategy::View;
use telemetry::Level;

/// What came of reading the configuration again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// Another version is in force.
    Adopted,
    /// It says what it said before.
    Unchanged,
    /// It is not fit; the version before it stays in force.
    Refused,
}

impl Adoption {
    /// Its name in metrics and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// A handle for a thread that looks on and has something to say now and then.
#[derive(Clone, Debug)]
pub struct Desk {
    shared: Arc<Shared>,
    say: Sender<Said>,
}

impl Desk {
    pub(crate) fn new(shared: Arc<Shared>, say: Sender<Said>) -> Self {
        Self { shared, say }
    }

    /// The shadow core's view, at most a moment old; `None` without a journal.
    #[must_use]
    pub fn view(&self) -> Option<Arc<View>> {
        self.shared.view()
    }

    /// Puts a line into the log; `false` when too many wait already.
    pub fn say(&self, level: Level, code: &'static str, text: String) -> bool {
        self.say.try_send(Said { level, code, text }).is_ok()
    }

    /// Notes what keeps the engine from being ready, under a code, or takes it back.
    pub fn fault(&self, code: &'static str, what: Option<String>) {
        self.shared.fault(code, what);
    }

    /// What is below is left out of the log from here on.
    pub fn log_level(&self, level: Level) {
        *lock(&self.shared.log_level) = level;
    }

    /// Which version is in force, and what GET /config answers from here on.
    pub fn in_force(&self, version: u32, answer: String) {
        self.shared.own.config_version.set(shown(version.into()));
        *lock(&self.shared.configuration) = answer;
    }

    /// Counts what came of reading the configuration again.
    pub fn count(&self, adoption: Adoption) {
        let own = &self.shared.own;
        own.config_reloads.with_label_values(&[adoption.name()]).inc();
        own.config_refused.set(i64::from(adoption == Adoption::Refused));
    }
}
