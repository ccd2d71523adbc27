//! Reading a page: from this process, from another one, or after its writer was killed.
//!
//! Each number is whole by itself. A set of numbers is not a moment: the writer goes on while it is
//! read, so a histogram may be an event ahead of a counter.

use crate::counter::Counter;
use crate::hist::{Buckets, Hist};
use crate::layout::{self, LINE, block, header, ring};
use crate::metric::Metric;
use crate::page::{Memory, PageError, created};
use crate::schema::{self, Row, Schema};
use base::{Stamp, WallNs};
use memmap2::MmapOptions;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open page.
#[derive(Debug)]
pub struct PageReader {
    memory: Arc<Memory>,
    schema: Arc<Schema>,
    places: Places,
}

#[derive(Clone, Copy, Debug)]
struct Places {
    blocks_at: usize,
    block_cells: usize,
    rings_at: usize,
    buckets: usize,
}

/// A page's numbers at about one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The process that writes it, or wrote it.
    pub pid: u32,
    /// When that process made it.
    pub created: WallNs,
    /// What the numbers mean.
    pub schema: Arc<Schema>,
    /// One per stage.
    pub stages: Vec<StageView>,
    /// One per ring.
    pub rings: Vec<RingView>,
}

/// Where in its life a stage's thread says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageState {
    /// Its thread has not begun.
    Waiting,
    /// It runs, or ran until the process was killed.
    Running,
    /// It ended because it was told to.
    Ended,
}

/// A stage's numbers.
#[derive(Clone, Debug)]
pub struct StageView {
    /// Its name.
    pub name: String,
    /// Where in its life.
    pub state: StageState,
    /// When it last said that it is alive.
    pub beat: Stamp,
    /// How often it did.
    pub beats: u64,
    /// The kernel's number of its thread; 0 before it began.
    pub thread: u32,
    /// The processor it is pinned to.
    pub cpu: Option<u32>,
    /// Nanoseconds per regime, in the order of [`Schema::regimes`].
    pub regimes: Vec<u64>,
    /// In the order of [`Schema::counters`].
    pub counters: Vec<u64>,
    /// In the order of [`Schema::hists`].
    pub hists: Vec<Buckets>,
}

/// A ring's numbers, as its writer last published them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingView {
    /// Its name.
    pub name: String,
    /// Events it holds at most.
    pub depth: u64,
    /// Events that waited in it.
    pub fill: u64,
    /// The most that were seen waiting.
    pub fill_max: u64,
    /// Pushes that found it full.
    pub refused: u64,
}

impl PageReader {
    /// Opens a page of any process.
    ///
    /// # Errors
    /// [`PageError`]: no such file, not a page, or a version this build does not read.
    pub fn open(path: &Path) -> Result<Self, PageError> {
        let fault = |source| PageError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(fault)?;
        let length = file.metadata().map_err(fault)?.len();
        let bad = |why| PageError::NotAPage { path: path.to_owned(), why };
        let length = usize::try_from(length).map_err(|_| bad("it is too large"))?;
        if length < header::LENGTH * 8 {
            return Err(bad("it is too short"));
        }
        let map = MmapOptions::new().len(length).map_raw_read_only(&file).map_err(fault)?;
        Self::over(Arc::new(Memory::Mapped(map)), path)
    }

    pub(crate) fn over(memory: Arc<Memory>, path: &Path) -> Result<Self, PageError> {
        let path_of = || PathBuf::from(path);
        let bad = |why| PageError::NotAPage { path: path_of(), why };
        let cells = memory.cells();
        // SYNC page-made: pairs with the Release stores in `Page::create_with_rings`.
        if cells.first().map(|cell| cell.load(Ordering::Acquire)) != Some(layout::MAGIC) {
            return Err(bad("its first bytes say so"));
        }
        let word = |at: usize| load(cells, at);
        let found = word(header::VERSION);
        if found != layout::VERSION {
            return Err(PageError::Version { path: path_of(), found, known: layout::VERSION });
        }
        let size =
            |at: usize| usize::try_from(word(at)).ok().filter(|size| *size <= cells.len() * 8);
        let text = size(header::TEXT_AT).zip(size(header::TEXT_BYTES));
        let text = text.and_then(|(at, bytes)| read_text(cells, at, bytes));
        let schema =
            text.and_then(|text| schema::parse(&text)).ok_or(bad("its description is damaged"))?;
        let places = (|| {
            Some(Places {
                blocks_at: size(header::BLOCKS_AT)?,
                block_cells: size(header::BLOCK_CELLS)?,
                rings_at: size(header::RINGS_AT)?,
                buckets: size(header::BUCKETS)?,
            })
        })();
        let places = places.ok_or(bad("its header is damaged"))?;
        let (counters, hists) = (schema.counters.len(), schema.hists.len());
        let needed = layout::block_cells(counters, hists, places.buckets);
        let blocks = places.block_cells.checked_mul(schema.stages.len());
        let end = blocks.and_then(|blocks| blocks.checked_add(places.blocks_at));
        let rings_end = places.rings_at + schema.rings.len() * LINE;
        let fits = end.is_some_and(|end| end <= cells.len()) && rings_end <= cells.len();
        if needed > places.block_cells || !fits {
            return Err(bad("it is shorter than its header says"));
        }
        Ok(Self { schema: Arc::new(schema), places, memory })
    }

    /// What the page holds.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads everything.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let cells = self.memory.cells();
        let stages = self.schema.stages.iter().enumerate();
        let rings = self.schema.rings.iter().enumerate();
        Snapshot {
            pid: u32::try_from(load(cells, header::PID)).unwrap_or(0),
            created: created(load(cells, header::CREATED_WALL)),
            schema: Arc::clone(&self.schema),
            stages: stages.map(|(index, name)| self.stage(index, name)).collect(),
            rings: rings.map(|(index, (name, depth))| self.ring(index, name, *depth)).collect(),
        }
    }

    /// When each stage last said that it is alive, without reading the rest.
    #[must_use]
    pub fn beats(&self) -> Vec<(StageState, Stamp)> {
        let blocks = (0..self.schema.stages.len()).map(|index| self.block(index));
        blocks.map(|block| (state(block), Stamp(load(block, block::BEAT)))).collect()
    }

    fn block(&self, index: usize) -> &[AtomicU64] {
        let at = self.places.blocks_at + index * self.places.block_cells;
        self.memory.cells().get(at..at + self.places.block_cells).unwrap_or_default()
    }

    fn stage(&self, index: usize, name: &str) -> StageView {
        let block = self.block(index);
        let words = |at: usize, count: usize| (at..at + count).map(|at| load(block, at)).collect();
        let counters = self.schema.counters.len();
        let hists_at = layout::hists_at(counters);
        let hist = |index: usize| {
            let at = hists_at + index * layout::hist_cells(self.places.buckets);
            Buckets {
                counts: words(at + layout::hist::BUCKETS, self.places.buckets),
                sum: load(block, at + layout::hist::SUM),
                max: load(block, at + layout::hist::MAX),
            }
        };
        let cpu = load(block, block::CPU);
        StageView {
            name: name.to_owned(),
            state: state(block),
            beat: Stamp(load(block, block::BEAT)),
            beats: load(block, block::BEATS),
            thread: u32::try_from(load(block, block::THREAD)).unwrap_or(0),
            cpu: cpu.checked_sub(1).and_then(|cpu| u32::try_from(cpu).ok()),
            regimes: words(block::REGIMES, self.schema.regimes.len()),
            counters: words(block::HEAD, counters),
            hists: (0..self.schema.hists.len()).map(hist).collect(),
        }
    }

    fn ring(&self, index: usize, name: &str, depth: u64) -> RingView {
        let at = self.places.rings_at + index * LINE;
        let cells = self.memory.cells();
        RingView {
            name: name.to_owned(),
            depth,
            fill: load(cells, at + ring::FILL),
            fill_max: load(cells, at + ring::FILL_MAX),
            refused: load(cells, at + ring::REFUSED),
        }
    }
}

impl Snapshot {
    /// The stage of that name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageView> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// A counter or gauge over all stages; 0 when the page does not know it.
    #[must_use]
    pub fn total(&self, counter: Counter) -> u64 {
        let Some(index) = find(&self.schema.counters, &counter.metric()) else { return 0 };
        self.stages.iter().filter_map(|stage| stage.counters.get(index)).sum()
    }

    /// A counter or gauge of one stage; 0 when the page does not know it.
    #[must_use]
    pub fn value(&self, stage: &str, counter: Counter) -> u64 {
        let index = find(&self.schema.counters, &counter.metric());
        let value = self.stage(stage).zip(index).and_then(|(stage, at)| stage.counters.get(at));
        value.copied().unwrap_or(0)
    }

    /// A histogram over all stages.
    #[must_use]
    pub fn merged(&self, hist: Hist) -> Buckets {
        let mut all = Buckets::default();
        if let Some(index) = find(&self.schema.hists, &hist.metric()) {
            for buckets in self.stages.iter().filter_map(|stage| stage.hists.get(index)) {
                all.add(buckets);
            }
        }
        all
    }

    /// A histogram of one stage.
    #[must_use]
    pub fn hist(&self, stage: &str, hist: Hist) -> Option<&Buckets> {
        let index = find(&self.schema.hists, &hist.metric())?;
        self.stage(stage)?.hists.get(index)
    }
}

fn find(rows: &[Row], metric: &Metric) -> Option<usize> {
    rows.iter().position(|row| row.is(metric))
}

fn load(cells: &[AtomicU64], at: usize) -> u64 {
    cells.get(at).map_or(0, |cell| cell.load(Ordering::Relaxed))
}

fn state(block: &[AtomicU64]) -> StageState {
    match load(block, block::STATE) {
        // A thread that beats runs, also where nobody said where.
        0 if load(block, block::BEATS) == 0 => StageState::Waiting,
        2 => StageState::Ended,
        _ => StageState::Running,
    }
}

fn read_text(cells: &[AtomicU64], at: usize, bytes: usize) -> Option<String> {
    let words = cells.get(at..at.checked_add(bytes.div_ceil(8))?)?;
    let mut text: Vec<u8> =
        words.iter().flat_map(|cell| cell.load(Ordering::Relaxed).to_le_bytes()).collect();
    text.truncate(bytes);
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests;
