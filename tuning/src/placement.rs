//! Who runs where: stages become threads by the layout, threads get processors from the allowed set.

use crate::cpus::CpuList;
use crate::host::{Exclusive, Host};
use crate::topology::Cpu;
use core::fmt;

/// What a stage does, as far as placement cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoleKind {
    /// Reads a venue's market data.
    Feed,
    /// Runs the core.
    Strategy,
    /// Talks to a venue about orders.
    Gateway,
}

/// A hot stage that needs a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// Its name in the topology.
    pub name: &'static str,
    /// What it does.
    pub kind: RoleKind,
}

/// Which stages share a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// By the number of processors that are the process's own.
    Auto,
    /// Everything hot on one thread, run to completion: the shortest way where one core keeps up.
    Fused,
    /// Feeds on one, strategy and gateways on another.
    Paired,
    /// Every stage on its own: for many connections.
    Split,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Fused, Self::Paired, Self::Split];

    /// Its name on the command line and in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Fused => "fused",
            Self::Paired => "paired",
            Self::Split => "split",
        }
    }

    /// The layout of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    fn threads(self, roles: &[Role]) -> Vec<(&'static str, Vec<&'static str>)> {
        let names = |wanted: &dyn Fn(RoleKind) -> bool| -> Vec<&'static str> {
            roles.iter().filter(|role| wanted(role.kind)).map(|role| role.name).collect()
        };
        let threads = match self {
            Self::Auto | Self::Fused => vec![("hot", names(&|_| true))],
            Self::Paired => vec![
                ("feeds", names(&|kind| kind == RoleKind::Feed)),
                ("trade", names(&|kind| kind != RoleKind::Feed)),
            ],
            Self::Split => roles.iter().map(|role| (role.name, vec![role.name])).collect(),
        };
        threads.into_iter().filter(|(_, stages)| !stages.is_empty()).collect()
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A pinned thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPlan {
    /// Its name: of its stage, or of what its stages are together.
    pub name: &'static str,
    /// The stages it runs, in order.
    pub stages: Vec<&'static str>,
    /// Where it is pinned.
    pub cpu: u32,
    /// Other threads of this process run there, too: when it has nothing to do it must give way, or
    /// they starve.
    pub shares_cpu: bool,
}

/// Who runs where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The layout that was chosen; never `Auto`.
    pub layout: Layout,
    /// The hot threads.
    pub threads: Vec<ThreadPlan>,
    /// Where the cold threads may run.
    pub cold: Vec<u32>,
    /// What is less than it should be.
    pub degraded: Vec<Degraded>,
}

/// Something that is less than it should be; the engine runs, and says so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the sentence of each says it")]
pub enum Degraded {
    FewCpus { threads: usize, cpus: usize },
    ColdShares { cpu: u32 },
    Quota { millicpus: u64, source: String },
    NotExclusive { why: Exclusive },
    SmtShared { cpu: u32, sibling: u32 },
    SeveralNodes { nodes: usize },
    NotPinned { thread: String, why: String },
    CpusChanged { before: CpuList, now: CpuList },
    Throttled { times: u64 },
    Moved { thread: String, cpu: u32, allowed: CpuList },
    Noisy { thread: String, long_gaps: u64, stolen_ppm: u64 },
}

impl Degraded {
    /// A short name for metrics and reports.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FewCpus { .. } => "few-cpus",
            Self::ColdShares { .. } => "cold-shares",
            Self::Quota { .. } => "quota",
            Self::NotExclusive { .. } => "not-exclusive",
            Self::SmtShared { .. } => "smt-shared",
            Self::SeveralNodes { .. } => "several-nodes",
            Self::NotPinned { .. } => "not-pinned",
            Self::CpusChanged { .. } => "cpus-changed",
            Self::Throttled { .. } => "throttled",
            Self::Moved { .. } => "moved",
            Self::Noisy { .. } => "noisy",
        }
    }

    /// The one thread it is about, where it is about one.
    #[must_use]
    pub fn thread(&self) -> Option<&str> {
        match self {
            Self::NotPinned { thread, .. }
            | Self::Moved { thread, .. }
            | Self::Noisy { thread, .. } => Some(thread),
            _ => None,
        }
    }

    /// Whether with this the processors do not count as the process's own: one that must have such does
    /// not start, and one that had them has lost them.
    #[must_use]
    pub const fn ends_exclusivity(&self) -> bool {
        match self {
            Self::FewCpus { .. }
            | Self::ColdShares { .. }
            | Self::Quota { .. }
            | Self::NotExclusive { .. }
            | Self::CpusChanged { .. }
            | Self::Throttled { .. }
            | Self::Moved { .. } => true,
            // Slower than it could be, and nobody else's.
            Self::SmtShared { .. }
            | Self::SeveralNodes { .. }
            | Self::NotPinned { .. }
            | Self::Noisy { .. } => false,
        }
    }
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewCpus { threads, cpus } => {
                write!(f, "{threads} hot threads share {cpus} processors")
            }
            Self::ColdShares { cpu } => {
                write!(f, "cold threads share cpu {cpu} with a hot one: there is no other")
            }
            Self::Quota { millicpus, source } => {
                let (whole, part) = (millicpus / 1000, millicpus % 1000);
                write!(f, "{source} stops this process after {whole}.{part:03} processors' time")
            }
            Self::NotExclusive { why } => write!(f, "processors are shared: {why}"),
            Self::SmtShared { cpu, sibling } => {
                write!(f, "cpu {cpu} and cpu {sibling} are one core: both slow each other")
            }
            Self::SeveralNodes { nodes } => {
                write!(f, "hot threads spread over {nodes} memory nodes")
            }
            Self::NotPinned { thread, why } => write!(f, "thread {thread} is not pinned: {why}"),
            Self::CpusChanged { before, now } => {
                write!(
                    f,
                    "the control group allowed cpu {before} at the start and allows {now} now"
                )
            }
            Self::Throttled { times } => {
                write!(f, "a CFS quota stopped this process {times} times since the last look")
            }
            Self::Moved { thread, cpu, allowed } => {
                write!(f, "thread {thread} was pinned to cpu {cpu} and may now run on {allowed}")
            }
            Self::Noisy { thread, long_gaps, stolen_ppm } => write!(
                f,
                "the processor of thread {thread} is not quiet: {long_gaps} gaps over 10 us, {stolen_ppm} \
                 millionths of the time taken, while it was measured at the start"
            ),
        }
    }
}

/// Why an engine that requires processors of its own does not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "require_exclusive is set, but {}; give the process whole processors of its own (Kubernetes: \
     static CPU manager, requests = limits in whole CPUs in every container), or set \
     require_exclusive: false",
    .0.iter().map(Degraded::to_string).collect::<Vec<_>>().join("; ")
)]
pub struct Refused(pub Vec<Degraded>);

/// Places the threads of a layout on the processors of a host.
///
/// # Errors
/// [`Refused`] when `require_exclusive` is set and the processors are not the process's own, or are
/// fewer than the threads need.
pub fn place(
    layout: Layout,
    roles: &[Role],
    host: &Host,
    require_exclusive: bool,
) -> Result<Placement, Refused> {
    let layout = if layout == Layout::Auto { choose(roles, host) } else { layout };
    let threads = layout.threads(roles);
    let (cold, hot) = divide(&host.allowed, threads.len());
    let mut degraded = judge(threads.len(), &cold, &hot, host);
    let hot_count = hot.len().max(1);
    let count = threads.len();
    let place = |(index, (name, stages)): (usize, (&'static str, Vec<&'static str>))| {
        let cpu = hot.get(index % hot_count)?;
        let others = (0..count).filter(|other| other % hot_count == index % hot_count).count() - 1;
        Some(ThreadPlan { name, stages, cpu: cpu.id, shares_cpu: others > 0 || cold.contains(cpu) })
    };
    let threads: Vec<ThreadPlan> = threads.into_iter().enumerate().filter_map(place).collect();
    if require_exclusive {
        let fatal: Vec<_> = degraded.extract_if(.., |what| what.ends_exclusivity()).collect();
        if !fatal.is_empty() {
            return Err(Refused(fatal));
        }
    }
    let cold = cold.iter().map(|cpu| cpu.id).collect();
    Ok(Placement { layout, threads, cold, degraded })
}

/// As wide as the processors that are the process's own allow, one of them left to the cold threads.
fn choose(roles: &[Role], host: &Host) -> Layout {
    let own = if host.exclusive.is_exclusive() { host.allowed.len() } else { 0 };
    let fits = |layout: Layout| own > layout.threads(roles).len();
    [Layout::Split, Layout::Paired]
        .into_iter()
        .find(|layout| fits(*layout))
        .unwrap_or(Layout::Fused)
}

/// The cold threads' processors and the hot ones'. The first of the allowed is the cold threads', since
/// it is the one the system's own work most often lands on; hot threads take cores of their own on one
/// memory node as far as there are any.
fn divide(allowed: &[Cpu], threads: usize) -> (Vec<Cpu>, Vec<Cpu>) {
    let Some((first, rest)) = allowed.split_first() else { return (Vec::new(), Vec::new()) };
    if rest.is_empty() {
        return (vec![*first], vec![*first]);
    }
    // The node with most processors; among equals the first.
    let mut nodes: Vec<u32> = rest.iter().map(|cpu| cpu.node).collect();
    nodes.dedup();
    let count = |node: u32| rest.iter().filter(|cpu| cpu.node == node).count();
    let home = nodes.iter().copied().rev().max_by_key(|node| count(*node)).unwrap_or(0);
    let mut free: Vec<Cpu> = rest.to_vec();
    let mut hot: Vec<Cpu> = Vec::new();
    // bound: the threads, or the processors
    while hot.len() < threads && !free.is_empty() {
        let cost = |cpu: &Cpu| {
            let crowded = hot.iter().any(|taken| taken.shares_core_with(cpu));
            (crowded, cpu.node != home, cpu.shares_core_with(first))
        };
        let Some(best) = (0..free.len()).min_by_key(|at| free.get(*at).map(cost)) else { break };
        hot.push(free.remove(best));
    }
    let mut cold = vec![*first];
    cold.extend(free.iter().filter(|cpu| !hot.iter().any(|taken| taken.shares_core_with(cpu))));
    (cold, hot)
}

fn judge(threads: usize, cold: &[Cpu], hot: &[Cpu], host: &Host) -> Vec<Degraded> {
    let mut degraded = Vec::new();
    if threads > hot.len() {
        degraded.push(Degraded::FewCpus { threads, cpus: hot.len() });
    }
    if let Some(cpu) = hot.iter().find(|cpu| cold.contains(cpu)) {
        degraded.push(Degraded::ColdShares { cpu: cpu.id });
    }
    if let Some(millicpus) = host.quota.millicpus {
        degraded.push(Degraded::Quota { millicpus, source: host.quota.source.clone() });
    }
    if !host.exclusive.is_exclusive() {
        degraded.push(Degraded::NotExclusive { why: host.exclusive });
    }
    for (index, cpu) in hot.iter().enumerate() {
        let neighbours = hot.iter().skip(index + 1).chain(cold);
        if let Some(sibling) = neighbours.into_iter().find(|other| other.shares_core_with(cpu)) {
            degraded.push(Degraded::SmtShared { cpu: cpu.id, sibling: sibling.id });
        }
    }
    let mut nodes: Vec<u32> = hot.iter().map(|cpu| cpu.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    if nodes.len() > 1 {
        degraded.push(Degraded::SeveralNodes { nodes: nodes.len() });
    }
    degraded
}

#[cfg(test)]
mod tests;
