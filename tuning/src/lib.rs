//! Which processors this process may use, how well it has them to itself, and who runs where.
//!
//! Never a processor's number in a configuration: the allowed set is read once, at start, before any
//! thread is pinned, and threads are placed on its members by what they do. Whatever is less than it
//! should be - fewer processors than threads, a quota, neighbours - is said, not hidden; an engine
//! that must have its cores to itself refuses to start without them.
//!
//! What is read from /proc and /sys goes through a function, so that every judgement here is tested
//! over written files of machines nobody has at hand.
//!
//! Floor 2.

#![deny(unsafe_code)]

pub mod cgroup;
pub mod cpus;
pub mod doctor;
pub mod host;
pub mod jitter;
pub mod pin;
pub mod placement;
pub mod survey;
mod sys;
pub mod threads;
pub mod topology;
pub mod watch;

pub use cgroup::Quota;
pub use cpus::CpuList;
pub use host::{Exclusive, Host, HostError};
pub use jitter::JitterFloor;
pub use pin::{PinError, pin_current};
pub use placement::{Degraded, Layout, Placement, Refused, Role, RoleKind, ThreadPlan, place};
pub use survey::{CpuGaps, survey};
pub use threads::{ThreadFacts, thread_facts, thread_id};
pub use topology::Cpu;
pub use watch::{Pinned, Watch};

/// How long the hypervisor ran somebody else on a processor since boot, by the text of /proc/stat.
#[must_use]
pub fn stolen_ns(stat: &str, cpu: u32) -> Option<u64> {
    /// The kernel shows ticks of a hundredth of a second, whatever its own tick is.
    const TICK_NS: u64 = 10_000_000;
    doctor::times(stat, cpu)?.stolen.checked_mul(TICK_NS)
}

/// How files of the system are read: the content, or `None` where there is none to be had.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the real ones.
#[must_use]
pub fn read_file(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
