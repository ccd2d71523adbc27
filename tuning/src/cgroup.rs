//! Whether a control group takes processor time away: CFS quotas of cgroup v1, v2 and both at once.

use crate::{CpuList, ReadFile};

/// How much processor time the control groups of this process allow.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Quota {
    /// Thousandths of a processor; `None` where nothing is limited.
    pub millicpus: Option<u64>,
    /// How often the group was stopped for having used up its time; `None` where that is not told.
    pub throttled: Option<u64>,
    /// The file that limits most, or where the answer was looked for.
    pub source: String,
}

impl Quota {
    /// Whether there was a control group to look at: without one, no limit seen is no proof of none.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.source != UNSEEN
    }
}

/// The source where no control group shows itself.
const UNSEEN: &str = "no cgroup";

/// Reads the quota of this process and of every group above it that can be seen.
#[must_use]
pub fn quota(read: ReadFile<'_>) -> Quota {
    let membership = read("/proc/self/cgroup").unwrap_or_default();
    let mounts = read("/proc/self/mountinfo").unwrap_or_default();
    let v1 = place(&membership, &mounts, Hierarchy::V1("cpu"));
    let v2 = place(&membership, &mounts, Hierarchy::V2);
    let mut tightest = Quota { source: UNSEEN.into(), ..Quota::default() };
    // On a hybrid machine the cpu controller sits in one of the two; the other says nothing.
    for (place, limit) in
        [(v2, limit_v2 as fn(&str, ReadFile<'_>) -> Option<Quota>), (v1, limit_v1)]
    {
        for dir in place.map(|place| place.upwards()).unwrap_or_default() {
            let Some(found) = limit(&dir, read) else { continue };
            if !tightest.is_seen() || is_tighter(&found, &tightest) {
                let throttled = tightest.throttled.max(found.throttled);
                tightest = Quota { throttled, ..found };
            }
        }
    }
    tightest
}

/// The processors the control groups leave to this process now, whatever its threads are pinned to: what
/// changes when a cluster moves the line between pods. `None` where no group says.
#[must_use]
pub fn cpuset(read: ReadFile<'_>) -> Option<CpuList> {
    let membership = read("/proc/self/cgroup")?;
    let mounts = read("/proc/self/mountinfo")?;
    let files = [
        (Hierarchy::V2, "cpuset.cpus.effective"),
        (Hierarchy::V1("cpuset"), "cpuset.effective_cpus"),
        (Hierarchy::V1("cpuset"), "cpuset.cpus"),
    ];
    files.into_iter().find_map(|(hierarchy, file)| {
        // Groups without the controller have no such file: the one above counts.
        let dirs = place(&membership, &mounts, hierarchy)?.upwards();
        let text = dirs.iter().find_map(|dir| read(&format!("{dir}/{file}")))?;
        CpuList::parse(&text).filter(|cpus| !cpus.is_empty())
    })
}

/// What kind of partition this process's own group is, of version 2: `isolated`, `root`, or none.
#[must_use]
pub fn partition(read: ReadFile<'_>) -> Option<String> {
    let membership = read("/proc/self/cgroup")?;
    let mounts = read("/proc/self/mountinfo")?;
    let dir = place(&membership, &mounts, Hierarchy::V2)?.upwards().into_iter().next()?;
    let text = read(&format!("{dir}/cpuset.cpus.partition"))?;
    // One that could not be made says `isolated invalid (why)`.
    Some(text.trim().to_owned()).filter(|kind| kind == "isolated" || kind == "root")
}

fn is_tighter(found: &Quota, than: &Quota) -> bool {
    match (found.millicpus, than.millicpus) {
        (Some(a), Some(b)) => a < b,
        (Some(_), None) => true,
        _ => false,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hierarchy {
    /// Version 1 with this controller.
    V1(&'static str),
    V2,
}

/// Where a process sits in a hierarchy, as this mount namespace shows it.
struct Place {
    mount: String,
    /// Below the mount, without leading and trailing slashes.
    path: String,
}

impl Place {
    /// The folders from the process's own up to the mount.
    fn upwards(&self) -> Vec<String> {
        let mut path = self.path.as_str();
        let mut dirs = Vec::new();
        while !path.is_empty() {
            dirs.push(format!("{}/{path}", self.mount));
            path = path.rsplit_once('/').map_or("", |(above, _)| above);
        }
        dirs.push(self.mount.clone());
        dirs
    }
}

fn place(membership: &str, mounts: &str, hierarchy: Hierarchy) -> Option<Place> {
    let path = membership.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let is_it = match hierarchy {
            Hierarchy::V1(wanted) => controllers.split(',').any(|name| name == wanted),
            Hierarchy::V2 => number == "0" && controllers.is_empty(),
        };
        is_it.then_some(path)
    })?;
    let (root, mount) = mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1)?);
        let is_it = match hierarchy {
            Hierarchy::V1(wanted) => {
                kind == "cgroup" && options.split(',').any(|name| name == wanted)
            }
            Hierarchy::V2 => kind == "cgroup2",
        };
        let mut before = before.split(' ').skip(3);
        let (root, mount) = (before.next()?, before.next()?);
        is_it.then(|| (root.to_owned(), mount.to_owned()))
    })?;
    // A container sees its own group at the mount: what lies above the root is not shown.
    let below = path.strip_prefix(root.as_str()).unwrap_or(if root == "/" { path } else { "" });
    Some(Place { mount, path: below.trim_matches('/').to_owned() })
}

fn limit_v2(dir: &str, read: ReadFile<'_>) -> Option<Quota> {
    let source = format!("{dir}/cpu.max");
    let text = read(&source)?;
    let mut words = text.split_ascii_whitespace();
    let (most, period) = (words.next()?, words.next()?.parse::<u64>().ok()?);
    let most = most.parse::<u64>().ok(); // else "max"
    Some(Quota { millicpus: per_period(most, period), throttled: throttled(dir, read), source })
}

fn limit_v1(dir: &str, read: ReadFile<'_>) -> Option<Quota> {
    let source = format!("{dir}/cpu.cfs_quota_us");
    let most = read(&source)?.trim().parse::<i64>().ok()?;
    let period = read(&format!("{dir}/cpu.cfs_period_us"))?.trim().parse::<u64>().ok()?;
    let most = u64::try_from(most).ok(); // -1: none
    Some(Quota { millicpus: per_period(most, period), throttled: throttled(dir, read), source })
}

fn per_period(most: Option<u64>, period: u64) -> Option<u64> {
    most?.checked_mul(1000)?.checked_div(period)
}

fn throttled(dir: &str, read: ReadFile<'_>) -> Option<u64> {
    let stat = read(&format!("{dir}/cpu.stat"))?;
    let line = stat.lines().find_map(|line| line.strip_prefix("nr_throttled "))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests;
