//! The cold side of a running engine: metrics, probes, logs, the shadow core, snapshots.
//!
//! Three threads that share nothing with the hot ones but memory the hot ones write without waiting:
//! the page of numbers, the rings of notices (which drop when full) and the journal (which is read
//! through the page cache). Whatever is slow here - a disk, a scraper, a terminal - is slow here.
//!
//! - `sidecar` follows the journal with a shadow of the core, writes the log, publishes the view.
//! - `keeper` prepares and syncs the journal's files and writes snapshots.
//! - `http` answers /metrics, /health, /ready and /config.
//!
//! Floor 5.

#![forbid(unsafe_code)]

mod collect;
mod desk;
mod error;
mod http;
mod log;
mod own;
mod plan;
mod probe;
mod run;
mod shadow;
#[cfg(test)]
#[path = "../../../strategy/tests/world/mod.rs"]
mod world;

pub use desk::{Adoption, Desk};
pub use error::SidecarError;
pub use http::Limits;
pub use log::{LogFormat, LogPlan};
pub use own::METRICS;
pub use plan::{About, Fitness, JournalPlan, Listen, Reload, SidecarPlan};
pub use probe::{Reason, Verdict};
pub use run::{Ended, Sidecar, SidecarHandle, Status};
pub use shadow::{Divergence, Shadow};
