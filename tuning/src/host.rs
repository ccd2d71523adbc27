//! What this process has of the machine, read once at start.

use crate::cgroup::{self, Quota};
use crate::cpus::CpuList;
use crate::topology::{self, Cpu};
use crate::{ReadFile, read_file};
use core::fmt;

/// The facts placement is decided from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The processors this process may use, in the order threads are placed on them.
    pub allowed: Vec<Cpu>,
    /// Those the kernel keeps ordinary threads away from.
    pub isolated: CpuList,
    /// Those the machine has.
    pub online: CpuList,
    /// What the control groups allow.
    pub quota: Quota,
    /// Whether the processors are this process's own.
    pub exclusive: Exclusive,
}

/// Whether a process has its processors to itself, and how one knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// The kernel keeps everybody else away.
    Isolated,
    /// They are a partition of its own control group: no other group may use them.
    Partition,
    /// The scheduler of the cluster says so: as many whole processors were granted as are allowed, and
    /// no quota runs. It keeps other pods away, not the system's own services.
    Granted,
    /// Not known to be so.
    No(Why),
}

/// Why processors count as shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A quota runs: the group is stopped when it has used its time.
    Quota,
    /// Every processor of the machine is allowed, and nobody is kept away from them.
    Everything,
    /// The set is smaller than the machine, which by itself proves nothing.
    Unproven,
    /// They were granted, and no control group can be seen that would show a quota.
    QuotaUnseen,
    /// Fewer or more whole processors were granted than are allowed.
    GrantDiffers,
}

impl Exclusive {
    /// Whether it is.
    #[must_use]
    pub fn is_exclusive(self) -> bool {
        !matches!(self, Self::No(_))
    }
}

impl fmt::Display for Exclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Isolated => "isolated by the kernel",
            Self::Partition => "a partition of its own control group",
            Self::Granted => "granted whole by the cluster",
            Self::No(Why::Quota) => "a CFS quota runs",
            Self::No(Why::Everything) => "all processors of the machine are allowed to everybody",
            Self::No(Why::Unproven) => "other processes may use the same processors",
            Self::No(Why::QuotaUnseen) => {
                "granted whole by the cluster, but no control group shows that no quota runs"
            }
            Self::No(Why::GrantDiffers) => "the cluster granted another number than is allowed",
        })
    }
}

/// Why nothing could be placed.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The kernel did not say which processors this process may use.
    #[error("sched_getaffinity names no processor for this process")]
    NoCpus,
}

impl Host {
    /// Reads the facts of this process. To be called once, by main, before any thread is pinned: the
    /// kernel answers for the calling thread. `granted` is the number of whole processors the cluster
    /// granted (Kubernetes: `limits.cpu` by the downward API), where it says so.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn read(granted: Option<u32>) -> Result<Self, HostError> {
        Ok(Self::judge(&Self::allowed()?, granted, &read_file))
    }

    /// The processors this process may use: those of the calling thread, which must not be pinned yet.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn allowed() -> Result<CpuList, HostError> {
        let ids = core_affinity::get_core_ids().unwrap_or_default();
        let allowed = CpuList::new(ids.iter().filter_map(|core| u32::try_from(core.id).ok()));
        if allowed.is_empty() { Err(HostError::NoCpus) } else { Ok(allowed) }
    }

    /// The same over given files.
    #[must_use]
    pub fn judge(allowed: &CpuList, granted: Option<u32>, read: ReadFile<'_>) -> Self {
        let list = |path: &str| read(path).and_then(|text| CpuList::parse(&text));
        let isolated = list("/sys/devices/system/cpu/isolated").unwrap_or_default();
        let shown = list("/sys/devices/system/cpu/online");
        let online = shown.clone().unwrap_or_else(|| allowed.clone());
        let quota = cgroup::quota(read);
        let partition = cgroup::partition(read);
        let own = partition.as_deref();
        let exclusive = match exclusive(allowed, &isolated, &online, &quota, granted) {
            Exclusive::No(Why::Quota) => Exclusive::No(Why::Quota),
            _ if own == Some("isolated") => Exclusive::Isolated,
            Exclusive::No(_) if own == Some("root") => Exclusive::Partition,
            // How many the machine has is not shown.
            Exclusive::No(Why::Everything) if shown.is_none() => Exclusive::No(Why::Unproven),
            judged => judged,
        };
        Self { allowed: topology::read(allowed, read), isolated, online, quota, exclusive }
    }
}

fn exclusive(
    allowed: &CpuList,
    isolated: &CpuList,
    online: &CpuList,
    quota: &Quota,
    granted: Option<u32>,
) -> Exclusive {
    if quota.millicpus.is_some() {
        return Exclusive::No(Why::Quota);
    }
    if allowed.as_slice().iter().all(|cpu| isolated.contains(*cpu)) {
        return Exclusive::Isolated;
    }
    match granted.map(|count| usize::try_from(count).unwrap_or(usize::MAX)) {
        Some(count) if count == allowed.len() && quota.is_seen() => Exclusive::Granted,
        Some(count) if count == allowed.len() => Exclusive::No(Why::QuotaUnseen),
        Some(_) => Exclusive::No(Why::GrantDiffers),
        None if allowed.len() >= online.len() => Exclusive::No(Why::Everything),
        None => Exclusive::No(Why::Unproven),
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
