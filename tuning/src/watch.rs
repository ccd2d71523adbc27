//! What may change under a running engine: a cluster moves the line between its pods, a limit is set, the
//! kernel moves a thread whose processor was taken away.

use crate::cgroup::{self, Quota};
use crate::host::{Exclusive, Host, Why};
use crate::placement::Degraded;
use crate::threads::thread_mask;
use crate::{CpuList, ReadFile};

/// What held at the start.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What the control groups allowed; `None` where none says.
    cpus: Option<CpuList>,
    /// How often the group had been stopped when it was last looked.
    throttled: Option<u64>,
    own: Option<Own>,
}

/// Processors that were this process's own, and how many the cluster said it granted.
#[derive(Clone, Debug)]
struct Own {
    allowed: CpuList,
    granted: Option<u32>,
}

/// A pinned thread as it is looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned<'a> {
    /// Its name.
    pub name: &'a str,
    /// The kernel's number of it.
    pub thread: u32,
    /// Where it was pinned.
    pub cpu: u32,
}

impl Watch {
    /// Remembers how things are.
    #[must_use]
    pub fn begin(read: ReadFile<'_>) -> Self {
        Self { cpus: cgroup::cpuset(read), throttled: cgroup::quota(read).throttled, own: None }
    }

    /// Remembers, too, whether the processors are this process's own, by what the host said at the start
    /// and the cluster granted.
    #[must_use]
    pub fn over(host: &Host, granted: Option<u32>, read: ReadFile<'_>) -> Self {
        let allowed = CpuList::new(host.allowed.iter().map(|cpu| cpu.id));
        let own = host.exclusive.is_exclusive().then_some(Own { allowed, granted });
        Self { own, ..Self::begin(read) }
    }

    /// What is less than it was: the set of processors as long as it differs, a quota as long as it runs,
    /// what made the processors our own as long as it is gone, throttling since the last look, threads that
    /// were moved.
    pub fn look(&mut self, pinned: &[Pinned<'_>], read: ReadFile<'_>) -> Vec<Degraded> {
        let mut found = Vec::new();
        if let (Some(before), Some(now)) = (&self.cpus, cgroup::cpuset(read))
            && *before != now
        {
            found.push(Degraded::CpusChanged { before: before.clone(), now });
        }
        if let Some(Own { allowed, granted }) = &self.own
            && let why @ Exclusive::No(reason) = Host::judge(allowed, *granted, read).exclusive
            // That is told by itself.
            && reason != Why::Quota
        {
            found.push(Degraded::NotExclusive { why });
        }
        let Quota { millicpus, throttled, source } = cgroup::quota(read);
        if let Some(millicpus) = millicpus {
            found.push(Degraded::Quota { millicpus, source });
        }
        if let (Some(before), Some(now)) = (self.throttled, throttled)
            && now > before
        {
            found.push(Degraded::Throttled { times: now - before });
        }
        self.throttled = throttled;
        for thread in pinned {
            // A thread that has ended is told by who waits for it.
            let Some(allowed) = thread_mask(thread.thread, read) else { continue };
            if allowed != CpuList::new([thread.cpu]) {
                found.push(Degraded::Moved {
                    thread: thread.name.to_owned(),
                    cpu: thread.cpu,
                    allowed,
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
