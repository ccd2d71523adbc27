//! What the program gives the sidecar.

use crate::http::Limits;
use crate::log::LogPlan;
use base::Span;
use core::fmt;
use journal::Keeper;
use std::net::SocketAddr;
use strategy::Core;
use telemetry::{HostClock, NoticeReceiver, PageReader};
use tuning::{Degraded, Watch};

/// Where to listen, and which key of the configuration says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address; port 0 takes any.
    pub addr: SocketAddr,
    /// The key, for error messages.
    pub key: &'static str,
}

/// Whose engine this is, as its configuration says: labels of a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// `system.name`.
    pub name: String,
    /// `system.version`.
    pub version: String,
    /// `system.environment`.
    pub environment: String,
    /// `system.instance`.
    pub instance: String,
}

impl About {
    /// The labels, in the order of [`Self::values`].
    pub(crate) const LABELS: [&str; 4] = ["name", "version", "environment", "instance"];

    pub(crate) fn values(&self) -> [&str; 4] {
        [&self.name, &self.version, &self.environment, &self.instance]
    }
}

/// What the host checks found when the engine was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fitness {
    /// Name and state of each check.
    pub checks: Vec<(&'static str, &'static str)>,
    /// The whole in a sentence, for the log; nothing is logged without.
    pub told: String,
    /// The machine is worse than its kind should be.
    pub ill: bool,
}

/// Everything the sidecar needs.
#[derive(Debug)]
pub struct SidecarPlan {
    /// The page of this process.
    pub page: PageReader,
    /// The clock of this process; the sidecar disciplines it.
    pub clock: HostClock,
    /// The reading ends of all notice rings.
    pub notices: Vec<NoticeReceiver>,
    /// Where and how the log is written.
    pub log: LogPlan,
    /// The journal of this run, where one is kept.
    pub journal: Option<JournalPlan>,
    /// Where /metrics is served.
    pub metrics: Option<Listen>,
    /// Where /health and /ready are served.
    pub health: Option<Listen>,
    /// How long a pinned thread may be silent before the process counts as wedged.
    pub silence: Span,
    /// The widest bound of a venue's clock offset that counts as sane.
    pub clock_bound: Span,
    /// Whose engine this is.
    pub about: About,
    /// What placement found less than it should be.
    pub degraded: Vec<Degraded>,
    /// What of the processors is looked at again while running.
    pub watch: Watch,
    /// What the host checks found.
    pub fitness: Fitness,
    /// Limits of the HTTP server.
    pub limits: Limits,
    /// The Lease without which nothing may be sent, where one is needed.
    pub lease: Option<lease::Watch>,
    /// What POST /config/reload asks for; nothing is there without.
    pub reload: Option<Reload>,
}

/// Asks for the configuration to be read again; must return at once.
pub struct Reload(pub Box<dyn Fn() + Send>);

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

impl SidecarPlan {
    /// A plan that only serves a page: no log, no journal, no sockets.
    #[must_use]
    pub fn new(page: PageReader, clock: HostClock) -> Self {
        Self {
            page,
            clock,
            notices: Vec::new(),
            log: LogPlan::default(),
            journal: None,
            metrics: None,
            health: None,
            silence: Span::from_secs(5),
            clock_bound: Span::from_millis(500),
            about: About::default(),
            degraded: Vec::new(),
            watch: Watch::begin(&tuning::read_file),
            fitness: Fitness::default(),
            limits: Limits::default(),
            lease: None,
            reload: None,
        }
    }
}

/// The journal of a run and the core that shadows it.
pub struct JournalPlan {
    /// The cold end of the journal.
    pub keeper: Keeper,
    /// A core in the state the live one starts in: made or restored from the same plan and records.
    pub shadow: Core,
    /// The first record the live core writes in this run.
    pub from: u64,
    /// How often a snapshot is written.
    pub snapshot_every: Span,
    /// Records kept before the newest snapshot; `None` keeps all.
    pub retain: Option<u64>,
}

impl fmt::Debug for JournalPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("JournalPlan");
        shown.field("keeper", &self.keeper).field("from", &self.from).finish_non_exhaustive()
    }
}
