//! Is this host fit for pinned threads? Every answer says what was seen, why it matters and how it is mended.
//!
//! A check that cannot see says so, with the reason: a file that is masked in a container reads as empty,
//! one of another namespace is not there at all, a virtual machine hides what its host does. None of that
//! is a zero, and none of it is "ok". Nothing here panics, whatever the files hold.
//!
//! The families are one file each; [`profile`] says what is asked of which kind of machine. Files are read
//! through a [`Sight`], a root that tests replace by a written machine; what only the kernel answers is
//! gathered once as [`Facts`].

mod boot;
mod clock;
mod cpus;
mod facts;
pub mod fix;
mod irq;
mod memory;
mod net;
mod patient;
mod place;
mod power;
pub mod profile;
mod sight;
mod store;
mod sysctl;
mod table;

pub use facts::{ClockFacts, Coalescing, Disk, Facts};
pub use patient::Patient;
pub use place::{CgroupKind, Place};
pub use profile::Profile;
pub use sight::{Sight, Unseen};
pub use table::Table;

pub(crate) use cpus::times;

use core::fmt;
use patient::{Finding, Found};
use profile::Demand;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// As it should be.
    Ok,
    /// It cannot be seen from here.
    CannotKnow,
    /// Less than it should be; the engine runs, worse.
    Degraded,
    /// A machine of this profile must not be so.
    Wrong,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ok, Self::CannotKnow, Self::Degraded, Self::Wrong];

    /// Its name for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::CannotKnow => "cannot_know",
            Self::Degraded => "degraded",
            Self::Wrong => "wrong",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why something cannot be known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The file is there and hidden: containers cover some with an empty one, or show no /sys at all.
    Masked,
    /// It belongs to a namespace this process is not in.
    Namespaced,
    /// The hypervisor knows, the machine does not.
    VirtualMachine,
    /// Only another user may look.
    NoPrivilege,
    /// This kernel does not have it.
    Absent,
    /// It was there and could not be read or understood.
    Unreadable,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Masked => "masked",
            Self::Namespaced => "namespaced",
            Self::VirtualMachine => "virtual machine",
            Self::NoPrivilege => "no privilege",
            Self::Absent => "absent",
            Self::Unreadable => "unreadable",
        })
    }
}

/// One check and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable, for machines.
    pub name: &'static str,
    /// How it came out.
    pub state: State,
    /// What was seen; where it cannot be known, why.
    pub seen: String,
    /// The reason it matters.
    pub why: &'static str,
    /// What to do; empty where there is nothing to do.
    pub mend: String,
    /// The profile asks for it: not to know it is worth a word.
    pub must: bool,
}

/// Everything that was examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was asked of the machine.
    pub profile: Profile,
    /// Where this is.
    pub place: String,
    /// In the order of the table.
    pub checks: Vec<Check>,
    /// Names of the checks the profile does not ask for.
    pub left_out: Vec<&'static str>,
}

impl Report {
    /// The worst of it; what cannot be known counts where the profile asks for it.
    #[must_use]
    pub fn verdict(&self) -> State {
        let counts = |check: &&Check| check.must || check.state != State::CannotKnow;
        self.checks.iter().filter(counts).map(|check| check.state).max().unwrap_or(State::Ok)
    }

    /// How many came out so.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }
}

/// One row of a family's table: what is looked at, for whom, and why.
pub(crate) struct Row {
    name: &'static str,
    /// What each profile asks, in the order of [`Profile::ALL`].
    demands: [Demand; Profile::ALL.len()],
    why: &'static str,
    look: fn(&Patient<'_>) -> Found,
}

/// A row; the letters are those of [`profile::demands`].
const fn row(
    name: &'static str,
    letters: &str,
    why: &'static str,
    look: fn(&Patient<'_>) -> Found,
) -> Row {
    Row { name, demands: profile::demands(letters), why, look }
}

/// The families, in the order in which people read them.
const FAMILIES: [&[Row]; 9] = [
    cpus::ROWS,
    boot::ROWS,
    irq::ROWS,
    power::ROWS,
    memory::ROWS,
    clock::ROWS,
    sysctl::ROWS,
    net::ROWS,
    store::ROWS,
];

/// What belongs to a process and not to its machine: left out where a whole node is looked at, since whoever
/// looks there is not the engine.
const OF_A_PROCESS: [&str; 10] = [
    "allowed-cpus",
    "exclusive",
    "cpu-quota",
    "throttled",
    "memlock",
    "timer-slack",
    "open-files",
    "state-disk",
    "fsync",
    "page-memory",
];

/// Names of all checks.
#[cfg(test)]
fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|family| family.iter()).map(|row| row.name)
}

/// Looks at everything the profile asks for.
#[must_use]
pub fn examine(patient: &Patient<'_>, profile: Profile) -> Report {
    let mut checks = Vec::new();
    let mut left_out = Vec::new();
    for row in FAMILIES.iter().flat_map(|family| family.iter()) {
        let demand = row.demands.get(profile.index()).copied().unwrap_or(Demand::Skip);
        let is_mine = !patient.whole_node || !OF_A_PROCESS.contains(&row.name);
        if demand == Demand::Skip || !is_mine {
            left_out.push(row.name);
            continue;
        }
        let Found { finding, seen, mend } = (row.look)(patient);
        let must = demand == Demand::Must;
        let state = match (finding, must) {
            (Finding::Good, _) => State::Ok,
            (Finding::Unknown, _) => State::CannotKnow,
            (Finding::Bad, true) => State::Wrong,
            (Finding::Less | Finding::Bad, _) => State::Degraded,
        };
        checks.push(Check { name: row.name, state, seen, why: row.why, mend, must });
    }
    Report { profile, place: patient.place.to_string(), checks, left_out }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
