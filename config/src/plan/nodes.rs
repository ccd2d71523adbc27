//! Where and how the engine runs on its node.

use super::form::{address, bytes, choice, flag, object, path, seconds, whole, word};
use super::section::Section;
use crate::fault::Fault;
use base::Span;
use std::path::PathBuf;

/// Placement and state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes {
    /// Which stages share a thread.
    pub layout: Layout,
    /// Whether to refuse to start where cores cannot be had alone.
    pub require_exclusive: bool,
    /// Whole CPUs that a cluster says it gives this container alone.
    pub granted_cpus: Option<u32>,
    /// Where journal and snapshots lie.
    pub state_dir: PathBuf,
    /// Where the shared statistics page is made; `None` for the state folder.
    pub pages_dir: Option<PathBuf>,
    /// The journal.
    pub journal: JournalPlan,
    /// The Kubernetes Lease without which nothing is sent.
    pub lease: LeasePlan,
}

/// Which Lease to hold, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasePlan {
    /// Whether one is needed.
    pub enabled: bool,
    /// Its name; `None`: `funding-arb-INSTANCE` in lower case.
    pub name: Option<String>,
    /// How long its holder may be silent before another may take it.
    pub duration: Span,
    /// The folder with `token`, `ca.crt` and `namespace`.
    pub credentials_dir: PathBuf,
    /// The API server; `None`: the one a pod is told of by its environment.
    pub server: Option<String>,
}

impl LeasePlan {
    /// The part of the duration that lies between the last thing one holder sends and the first another
    /// may send.
    #[must_use]
    pub const fn gap(&self) -> Span {
        Span(self.duration.0 / 3)
    }
}

/// Which stages share a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layout {
    /// Chosen by the cores that can be had alone.
    #[default]
    Auto,
    /// Everything hot on one core.
    Fused,
    /// Feeds on one, strategy and gateways on another.
    Paired,
    /// Each stage its own core.
    Split,
}

/// The journal's size and promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalPlan {
    /// Bytes of one segment.
    pub segment_bytes: u64,
    /// Segments kept.
    pub segments_kept: u32,
}

const LAYOUTS: &[(&str, Layout)] = &[
    ("auto", Layout::Auto),
    ("fused", Layout::Fused),
    ("paired", Layout::Paired),
    ("split", Layout::Split),
];
pub(super) fn read(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Nodes {
    let mut j = s.section("journal", faults);
    let mut l = s.section("lease", faults);
    let nodes = Nodes {
        layout: s.need("layout", &choice(LAYOUTS), faults),
        require_exclusive: s.need("require_exclusive", &flag(), faults),
        granted_cpus: s.maybe("granted_cpus", &whole(1, 4_096).or_empty(), faults).flatten(),
        state_dir: PathBuf::from(s.need("state_dir", &word(), faults)),
        pages_dir: s.need("pages_dir", &word().map(PathBuf::from).or_empty(), faults),
        journal: JournalPlan {
            segment_bytes: j.need("segment_size", &bytes(1 << 20, 1 << 34), faults),
            segments_kept: j.need("segments_kept", &whole(2, 100_000), faults),
        },
        lease: LeasePlan {
            enabled: l.need("enabled", &flag(), faults),
            name: l.maybe("name", &object().or_empty(), faults).flatten(),
            duration: l.need("duration_s", &seconds(3, 300), faults),
            credentials_dir: PathBuf::from(l.need("credentials_dir", &path(), faults)),
            server: l.maybe("server", &address(&["https://"]).or_empty(), faults).flatten(),
        },
    };
    j.finish(faults);
    l.finish(faults);
    s.finish(faults);
    nodes
}
