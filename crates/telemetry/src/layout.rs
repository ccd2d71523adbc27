//! Where in a page each number lies. Everything is a 64-bit cell; a block belongs to one writer.
//!
//! ```text
//! header | description (text) | block of stage 0 | block of stage 1 | ... | line of ring 0 | ...
//! block: state, heartbeat, place, regimes | counters | histogram 0: sum, max, buckets | ...
//! ```
//! The header holds the sizes and offsets, so that a reader of another build needs nothing else.

use crate::counter::Counter;
use crate::hist::{BUCKETS, Hist};
use crate::regime::Regime;

/// `FARBPAGE` read as a little-endian word; written last.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"FARBPAGE");
/// Changes when a reader of the former one would misread the page.
pub(crate) const VERSION: u64 = 1;
/// Cells of a prefetch pair of cache lines: blocks are multiples of it, so no two writers share one.
pub(crate) const LINE: usize = 16;

/// Cells of the header.
pub(crate) mod header {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = 1;
    pub(crate) const CELLS: usize = 2;
    pub(crate) const PID: usize = 3;
    pub(crate) const CREATED_WALL: usize = 4;
    pub(crate) const TEXT_AT: usize = 5;
    pub(crate) const TEXT_BYTES: usize = 6;
    pub(crate) const BLOCKS_AT: usize = 7;
    pub(crate) const BLOCK_CELLS: usize = 8;
    pub(crate) const RINGS_AT: usize = 9;
    pub(crate) const REGIMES: usize = 10;
    pub(crate) const BUCKETS: usize = 11;
    /// The whole header.
    pub(crate) const LENGTH: usize = 32;
}

/// Cells of a block's head.
pub(crate) mod block {
    pub(crate) const STATE: usize = 0;
    pub(crate) const BEAT: usize = 1;
    pub(crate) const BEATS: usize = 2;
    pub(crate) const THREAD: usize = 3;
    /// The processor's number plus one; 0 where the thread is not pinned.
    pub(crate) const CPU: usize = 4;
    pub(crate) const REGIMES: usize = 8;
    /// The head; counters begin here.
    pub(crate) const HEAD: usize = super::LINE;
}

/// Cells of a ring's line.
pub(crate) mod ring {
    pub(crate) const FILL: usize = 0;
    pub(crate) const FILL_MAX: usize = 1;
    pub(crate) const REFUSED: usize = 2;
}

/// Cells of a histogram before its buckets.
pub(crate) mod hist {
    pub(crate) const SUM: usize = 0;
    pub(crate) const MAX: usize = 1;
    pub(crate) const BUCKETS: usize = 2;
}

const _: () = assert!(block::REGIMES + Regime::ALL.len() <= block::HEAD);

/// Rounded up to whole lines.
pub(crate) const fn lines(cells: usize) -> usize {
    cells.div_ceil(LINE) * LINE
}

/// Cells of one histogram in a page of `buckets` buckets.
pub(crate) const fn hist_cells(buckets: usize) -> usize {
    lines(hist::BUCKETS + buckets)
}

/// Where the first histogram of a block of `counters` counters begins.
pub(crate) const fn hists_at(counters: usize) -> usize {
    block::HEAD + lines(counters)
}

/// Cells of a whole block.
pub(crate) const fn block_cells(counters: usize, hists: usize, buckets: usize) -> usize {
    hists_at(counters) + hists * hist_cells(buckets)
}

/// Cells of a block as this build writes it.
pub(crate) const BLOCK: usize = block_cells(Counter::COUNT, Hist::COUNT, BUCKETS);
/// Where this build's histograms begin in a block.
pub(crate) const HISTS_AT: usize = hists_at(Counter::COUNT);
/// Cells of each of them.
pub(crate) const HIST: usize = hist_cells(BUCKETS);
