//! Where and how the engine runs on its node.

use super::form::{bytes, choice, flag, whole, word};
use super::section::Section;
use crate::fault::Fault;
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
    /// Where journal, snapshots and pages lie.
    pub state_dir: PathBuf,
    /// The journal.
    pub journal: JournalPlan,
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
    let nodes = Nodes {
        layout: s.need("layout", &choice(LAYOUTS), faults),
        require_exclusive: s.need("require_exclusive", &flag(), faults),
        granted_cpus: s.maybe("granted_cpus", &whole(1, 4_096).or_empty(), faults).flatten(),
        state_dir: PathBuf::from(s.need("state_dir", &word(), faults)),
        journal: JournalPlan {
            segment_bytes: j.need("segment_size", &bytes(1 << 20, 1 << 34), faults),
            segments_kept: j.need("segments_kept", &whole(2, 100_000), faults),
        },
    };
    j.finish(faults);
    s.finish(faults);
    nodes
}
