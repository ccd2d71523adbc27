//! What the checks look at, and how they say what they found.

use super::Cause;
use super::facts::Facts;
use super::place::Place;
use super::sight::{Sight, Unseen};
use crate::placement::{Layout, Placement, Role, place};
use crate::{CpuList, Host};

/// A machine under examination.
#[derive(Debug)]
pub struct Patient<'a> {
    /// Its files.
    pub sight: &'a Sight,
    /// What only its kernel answers.
    pub facts: &'a Facts,
    /// Where this is.
    pub place: Place,
    /// Its processors.
    pub host: Host,
    /// Who would run where.
    pub placement: Placement,
    /// The processors that must be quiet.
    pub hot: CpuList,
    /// Those that may be disturbed.
    pub housekeeping: CpuList,
    /// The machine is looked at, not this process's part of it.
    pub whole_node: bool,
}

impl<'a> Patient<'a> {
    /// The machine as an engine of these stages would find it. `hot` are the processors that must be quiet,
    /// where somebody says so; else those the engine would pin its threads to.
    #[must_use]
    pub fn new(
        sight: &'a Sight,
        facts: &'a Facts,
        layout: Layout,
        roles: &[Role],
        hot: Option<CpuList>,
    ) -> Self {
        let host = Host::judge(&facts.allowed, facts.granted, &sight.reader());
        let nothing = Placement { layout, threads: vec![], cold: vec![], degraded: vec![] };
        let placement = place(layout, roles, &host, false).unwrap_or(nothing);
        let planned = || CpuList::new(placement.threads.iter().map(|thread| thread.cpu));
        let hot = hot.unwrap_or_else(planned);
        let others = host.online.as_slice().iter().copied().filter(|cpu| !hot.contains(*cpu));
        let housekeeping = CpuList::new(others);
        let place = Place::look(sight);
        let whole_node = false;
        Self { sight, facts, place, host, placement, hot, housekeeping, whole_node }
    }

    /// The machine as a whole, for what will run on it: `hot` are the processors that must be quiet, where
    /// somebody says so; else those that were kept from the tick or from the scheduler at boot; else all but
    /// the first.
    #[must_use]
    pub fn node(sight: &'a Sight, facts: &'a Facts, hot: Option<CpuList>) -> Self {
        let list = |name: &str| {
            let text = sight.read(&format!("/sys/devices/system/cpu/{name}")).ok()?;
            CpuList::parse(&text).filter(|list| !list.is_empty())
        };
        let rest = || {
            let online = list("online").unwrap_or_else(|| facts.allowed.clone());
            CpuList::new(online.as_slice().iter().copied().skip(1))
        };
        let hot =
            hot.or_else(|| list("nohz_full")).or_else(|| list("isolated")).unwrap_or_else(rest);
        Self { whole_node: true, ..Self::new(sight, facts, Layout::Auto, &[], Some(hot)) }
    }

    /// Says that a file told nothing, and why that is so here.
    pub(super) fn cannot(&self, path: &str, unseen: &Unseen) -> Found {
        let in_container = self.place.container.is_some();
        let on_host = "look on the node itself: funding-arb doctor there, or from a DaemonSet";
        let (cause, seen) = match unseen {
            Unseen::Empty => (Cause::Masked, format!("{path} is empty here: it is covered")),
            Unseen::Denied => (Cause::NoPrivilege, format!("this user may not read {path}")),
            Unseen::Unreadable(why) => (Cause::Unreadable, format!("{path}: {why}")),
            Unseen::Absent if path.starts_with("/sys") && !self.place.sys => {
                (Cause::Masked, "there is no /sys here".to_owned())
            }
            Unseen::Absent if path.starts_with("/proc") && !self.place.proc => {
                (Cause::Masked, "there is no /proc here".to_owned())
            }
            Unseen::Absent if path.starts_with("/proc/sys/net") && in_container => (
                Cause::Namespaced,
                format!("{path} is shown in the machine's first network namespace only"),
            ),
            Unseen::Absent
                if self.place.virtual_machine && path.starts_with("/sys/devices/system/cpu") =>
            {
                let file = path.trim_start_matches("/sys/devices/system/cpu/");
                (Cause::VirtualMachine, format!("the hypervisor shows no {file}"))
            }
            Unseen::Absent => (Cause::Absent, format!("this kernel has no {path}")),
        };
        let mend = match cause {
            Cause::Masked | Cause::Namespaced => on_host,
            Cause::NoPrivilege => "run doctor as root on the node",
            Cause::VirtualMachine => "only the owner of the hypervisor can say and change it",
            Cause::Absent | Cause::Unreadable => "",
        };
        unknown(cause, seen, mend)
    }

    /// The first of the hot processors, for files that all of them have.
    pub(super) fn any_hot(&self) -> u32 {
        self.hot.as_slice().first().copied().unwrap_or(0)
    }
}

/// How far from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Good,
    Less,
    Bad,
    Unknown,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) finding: Finding,
    pub(crate) seen: String,
    pub(crate) mend: String,
}

pub(super) fn good(seen: impl Into<String>) -> Found {
    Found { finding: Finding::Good, seen: seen.into(), mend: String::new() }
}

pub(super) fn less(seen: impl Into<String>, mend: impl Into<String>) -> Found {
    Found { finding: Finding::Less, seen: seen.into(), mend: mend.into() }
}

pub(super) fn bad(seen: impl Into<String>, mend: impl Into<String>) -> Found {
    Found { finding: Finding::Bad, seen: seen.into(), mend: mend.into() }
}

pub(super) fn unknown(cause: Cause, seen: impl AsRef<str>, mend: impl Into<String>) -> Found {
    let seen = format!("{cause}: {}", seen.as_ref());
    Found { finding: Finding::Unknown, seen, mend: mend.into() }
}
