//! The page: a file mapped into memory, a block per stage, and the writers of the blocks.

use crate::counter::Counter;
use crate::hist::{Hist, bucket_of};
use crate::layout::{self, BLOCK, HIST, HISTS_AT, LINE, block, header, ring};
use crate::reader::PageReader;
use crate::regime::Regime;
use crate::schema;
use base::{Stamp, WallNs};
use core::fmt;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Why a page could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The file system refused: no such folder, no permission, no room.
    #[error("metrics page {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The file is not a page, or was never finished.
    #[error("{path} is not a metrics page: {why}")]
    NotAPage {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Written by a build whose pages this one cannot read.
    #[error("{path} is a metrics page of version {found}; this build reads version {known}")]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// This build's.
        known: u64,
    },
}

/// The memory of a page, mapped or (for tests and benches) on the heap.
#[derive(Debug)]
pub(crate) enum Memory {
    Mapped(MmapRaw),
    Heap(Box<[AtomicU64]>),
}

// SAFETY: 1. Everything in it is reached as `AtomicU64` only. 2. A mapping stays where it is until
// it is dropped, and so does a boxed slice.
unsafe impl Send for Memory {}
// SAFETY: as above; atomics may be shared.
unsafe impl Sync for Memory {}

impl Memory {
    pub(crate) fn heap(cells: usize) -> Self {
        Self::Heap((0..cells).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn cells(&self) -> &[AtomicU64] {
        match self {
            Self::Mapped(map) => {
                let length = map.len() / size_of::<AtomicU64>();
                let start = map.as_ptr().cast::<AtomicU64>();
                // SAFETY: 1. A mapping starts on a page, so the cells are aligned. 2. It is `length`
                // cells long and lives as long as `self`. 3. All-zero and any other bytes are legal
                // u64s. 4. Everyone who touches it, here or in another process, does so through
                // atomics; a read-only mapping is only loaded from.
                unsafe { core::slice::from_raw_parts(start, length) }
            }
            Self::Heap(cells) => cells,
        }
    }
}

/// The page of this process. Dropping it leaves the file: it is there to be read afterwards.
#[derive(Debug)]
pub struct Page {
    memory: Arc<Memory>,
    stages: Vec<(String, AtomicBool)>,
    rings: Vec<(String, AtomicBool)>,
    path: PathBuf,
}

impl Page {
    /// Makes the page with a block for each stage, replacing a former one whole.
    ///
    /// # Errors
    /// [`PageError::Io`], also when the disk has no room: the space is taken now, not at a write.
    pub fn create(path: &Path, stages: &[&str]) -> Result<Self, PageError> {
        Self::create_with_rings(path, stages, &[])
    }

    /// Makes the page with a block for each stage and a line for each ring (name and depth).
    ///
    /// # Errors
    /// [`PageError::Io`].
    pub fn create_with_rings(
        path: &Path,
        stages: &[&str],
        rings: &[(&str, usize)],
    ) -> Result<Self, PageError> {
        let text = schema::describe(stages, rings);
        let text_cells = layout::lines(text.len().div_ceil(8));
        let blocks_at = header::LENGTH + text_cells;
        let rings_at = blocks_at + stages.len() * BLOCK;
        let cells = rings_at + rings.len() * LINE;

        let fault = |source| PageError::Io { path: path.to_owned(), source };
        // Made beside its place and moved there: a reader of the former page keeps what it has.
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let memory = map_new(&draft, cells * 8).map_err(fault)?;
        let page = memory.cells();
        let put = |cell: usize, value: usize| {
            if let Some(place) = page.get(cell) {
                place.store(value as u64, Ordering::Relaxed);
            }
        };
        for cell in 0..cells {
            put(cell, 0); // touches every page of memory, so that no write on a hot thread faults
        }
        for (index, bytes) in text.as_bytes().chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            if let Some(cell) = page.get(header::LENGTH + index) {
                cell.store(u64::from_le_bytes(word), Ordering::Relaxed);
            }
        }
        put(header::CELLS, cells);
        put(header::PID, std::process::id() as usize);
        if let Some(cell) = page.get(header::CREATED_WALL) {
            cell.store(crate::clock::system_wall().0.cast_unsigned(), Ordering::Relaxed);
        }
        put(header::TEXT_AT, header::LENGTH);
        put(header::TEXT_BYTES, text.len());
        put(header::BLOCKS_AT, blocks_at);
        put(header::BLOCK_CELLS, BLOCK);
        put(header::RINGS_AT, rings_at);
        put(header::REGIMES, Regime::ALL.len());
        put(header::BUCKETS, crate::hist::BUCKETS);
        for (cell, value) in [(header::VERSION, layout::VERSION), (header::MAGIC, layout::MAGIC)] {
            if let Some(place) = page.get(cell) {
                // SYNC page-made: pairs with the Acquire load of the magic in `PageReader::open`.
                place.store(value, Ordering::Release);
            }
        }
        fs::rename(&draft, path).map_err(fault)?;
        let unclaimed = |name: &str| (name.to_owned(), AtomicBool::new(false));
        Ok(Self {
            memory: Arc::new(memory),
            stages: stages.iter().map(|name| unclaimed(name)).collect(),
            rings: rings.iter().map(|(name, _)| unclaimed(name)).collect(),
            path: path.to_owned(),
        })
    }

    /// The writer of a stage's block; `None` for a stage the page does not have, or the second time.
    #[must_use]
    pub fn writer(&self, stage: &str) -> Option<Writer> {
        let index = claim(&self.stages, stage)?;
        let at = self.cell(header::BLOCKS_AT) + index * BLOCK;
        Writer::over(&self.memory, at)
    }

    /// The line of a ring, for the thread that writes into it; `None` as with [`Page::writer`].
    #[must_use]
    pub fn ring(&self, name: &str) -> Option<RingGauge> {
        let index = claim(&self.rings, name)?;
        let at = self.cell(header::RINGS_AT) + index * LINE;
        self.memory.cells().get(at..at + LINE)?;
        Some(RingGauge { memory: Arc::clone(&self.memory), at })
    }

    /// A reader of this page, without opening the file again.
    ///
    /// # Errors
    /// [`PageError::NotAPage`] never, unless somebody overwrote the file.
    pub fn reader(&self) -> Result<PageReader, PageError> {
        PageReader::over(Arc::clone(&self.memory), &self.path)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn cell(&self, at: usize) -> usize {
        let value = self.memory.cells().get(at).map_or(0, |cell| cell.load(Ordering::Relaxed));
        usize::try_from(value).unwrap_or(usize::MAX / 2)
    }
}

fn claim(names: &[(String, AtomicBool)], name: &str) -> Option<usize> {
    let index = names.iter().position(|(have, _)| have == name)?;
    let (_, claimed) = names.get(index)?;
    (!claimed.swap(true, Ordering::Relaxed)).then_some(index)
}

fn map_new(path: &Path, bytes: usize) -> io::Result<Memory> {
    // What a process of the same number left, which a container's always is.
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let mut options = OpenOptions::new();
    // New, or not at all: in a folder that others may write, too, no link of theirs is followed.
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(path)?;
    allocate(&file, bytes)?;
    Ok(Memory::Mapped(MmapOptions::new().len(bytes).map_raw(&file)?))
}

/// Takes the space now: storing into a hole of a full file system would be a SIGBUS.
fn allocate(file: &File, bytes: usize) -> io::Result<()> {
    let length = libc::off_t::try_from(bytes).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open for writing for the whole call.
    let code = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length) };
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

/// The writer of one stage's block. One thread holds it; a write is a load and a store of a line
/// nobody else writes.
pub struct Writer {
    /// Into `memory`, `BLOCK` cells long.
    cells: *const [AtomicU64],
    _memory: Arc<Memory>,
}

// SAFETY: 1. The cells are atomics in memory that `_memory` keeps in place. 2. It is neither `Clone`
// nor `Sync` (it holds a raw pointer), and `Page::writer` gives it out once: one thread at a time.
unsafe impl Send for Writer {}

impl Writer {
    /// A writer whose numbers nobody else sees: for tests and benches.
    #[must_use]
    pub fn detached() -> Self {
        let memory = Arc::new(Memory::heap(BLOCK));
        let cells = core::ptr::from_ref(memory.cells());
        Self { cells, _memory: memory }
    }

    fn over(memory: &Arc<Memory>, at: usize) -> Option<Self> {
        let cells = core::ptr::from_ref(memory.cells().get(at..at + BLOCK)?);
        Some(Self { cells, _memory: Arc::clone(memory) })
    }

    #[inline]
    fn cells(&self) -> &[AtomicU64] {
        // SAFETY: the slice was checked when it was made and `_memory` keeps it in place.
        unsafe { &*self.cells }
    }

    #[inline]
    fn put(&self, cell: usize, value: u64) {
        if let Some(cell) = self.cells().get(cell) {
            cell.store(value, Ordering::Relaxed);
        }
    }

    #[inline]
    fn grow(&self, cell: usize, by: u64) {
        if let Some(cell) = self.cells().get(cell) {
            // One writer: a plain load and store, where a locked add would cost 25 times as much.
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
        }
    }

    #[inline]
    fn peek(&self, cell: usize) -> u64 {
        self.cells().get(cell).map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    /// Adds to a counter.
    #[inline]
    pub fn add(&self, counter: Counter, by: u64) {
        self.grow(block::HEAD + counter.index(), by);
    }

    /// Sets a gauge, or a counter that is kept elsewhere.
    #[inline]
    pub fn set(&self, counter: Counter, value: u64) {
        self.put(block::HEAD + counter.index(), value);
    }

    /// What a counter or gauge stands at.
    #[inline]
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        self.peek(block::HEAD + counter.index())
    }

    /// Records a length of time.
    #[inline]
    pub fn record(&self, hist: Hist, ns: u64) {
        let at = HISTS_AT + hist.index() * HIST;
        self.grow(at + layout::hist::BUCKETS + bucket_of(ns), 1);
        self.grow(at + layout::hist::SUM, ns);
        if ns > self.peek(at + layout::hist::MAX) {
            self.put(at + layout::hist::MAX, ns);
        }
    }

    /// How many lengths of time a histogram holds. Slow: for tests.
    #[must_use]
    pub fn count(&self, hist: Hist) -> u64 {
        let at = HISTS_AT + hist.index() * HIST + layout::hist::BUCKETS;
        (at..at + crate::hist::BUCKETS).map(|cell| self.peek(cell)).sum()
    }

    /// Charges time to a regime.
    #[inline]
    pub fn charge(&self, regime: Regime, ns: u64) {
        self.grow(block::REGIMES + regime as usize, ns);
    }

    /// Says that the thread is alive.
    #[inline]
    pub fn beat(&self, now: Stamp) {
        self.put(block::BEAT, now.0);
        self.grow(block::BEATS, 1);
    }

    /// Says where the thread runs: its kernel id, and its processor if it is pinned.
    pub fn at_home(&self, thread: u32, cpu: Option<u32>) {
        self.put(block::THREAD, u64::from(thread));
        self.put(block::CPU, cpu.map_or(0, |cpu| u64::from(cpu) + 1));
        self.put(block::STATE, 1);
    }

    /// Says that the thread ends because it was told to: from now on its silence means nothing.
    pub fn retire(&self) {
        self.put(block::STATE, 2);
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("beats", &self.peek(block::BEATS)).finish_non_exhaustive()
    }
}

/// The line of one ring: what its writer knows of it.
pub struct RingGauge {
    memory: Arc<Memory>,
    at: usize,
}

impl RingGauge {
    /// Publishes how full the ring is and how often it was full: for housekeeping.
    pub fn publish(&self, fill: usize, refused: u64) {
        let Some(line) = self.memory.cells().get(self.at..self.at + LINE) else { return };
        let fill = fill as u64;
        let most = line[ring::FILL_MAX].load(Ordering::Relaxed).max(fill);
        line[ring::FILL].store(fill, Ordering::Relaxed);
        line[ring::FILL_MAX].store(most, Ordering::Relaxed);
        line[ring::REFUSED].store(refused, Ordering::Relaxed);
    }
}

impl fmt::Debug for RingGauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingGauge").field("at", &self.at).finish_non_exhaustive()
    }
}

/// When a page was made, by the wall.
pub(crate) fn created(cell: u64) -> WallNs {
    WallNs(cell.cast_signed())
}

#[cfg(test)]
mod tests;
