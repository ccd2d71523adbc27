//! What no file says: answers of the kernel, gathered once.

use super::sight::{Sight, Unseen};
use crate::{CpuList, sys};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How well the clock is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockFacts {
    /// A daemon disciplines it.
    pub synced: bool,
    /// It is wrong by at most so much, the kernel says.
    pub max_error_us: i64,
    /// It is wrong by about so much.
    pub estimated_error_us: i64,
}

/// How a card gathers interrupts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coalescing {
    /// The card.
    pub interface: String,
    /// Microseconds it waits and whether it adapts them, or why it does not say.
    pub told: Result<(u32, bool), Unseen>,
}

/// The disk the state folder lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The folder, or the nearest one above it that is there.
    pub path: PathBuf,
    /// Its kind of file system, as the mount table says.
    pub kind: String,
    /// Bytes a user may still write.
    pub free: u64,
    /// How long a synced write of one page took, each; or why none could be made: absent where the folder is
    /// still to be.
    pub syncs_ns: Result<Vec<u64>, Unseen>,
}

/// The answers.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The processors this process may use, asked before anything was pinned.
    pub allowed: CpuList,
    /// Whole processors the cluster says it granted.
    pub granted: Option<u32>,
    /// The clock, or why it does not say.
    pub clock: Result<ClockFacts, String>,
    /// The cards that are no virtual devices.
    pub cards: Vec<Coalescing>,
    /// The disk, or why it cannot be looked at.
    pub disk: Result<Disk, Unseen>,
    /// Where the statistics page is made, and the kind of file system there.
    pub pages: Result<(PathBuf, String), Unseen>,
}

/// Why a disk was not looked at.
const NOT_OURS: &str = "not looked at: it is not this machine's";
/// Synced writes that are timed.
const SYNCS: u32 = 16;
/// Bytes of each.
const PAGE: usize = 4096;

impl Facts {
    /// Asks. Writes, syncs and removes one small file in the state folder, if that is there; without one
    /// nothing is written. `pages` is where the statistics page is made.
    #[must_use]
    pub fn gather(
        sight: &Sight,
        allowed: CpuList,
        granted: Option<u32>,
        state: Option<&Path>,
        pages: Option<&Path>,
    ) -> Self {
        let clock = sys::clock_state().map(|(synced, max_error_us, estimated_error_us)| {
            ClockFacts { synced, max_error_us, estimated_error_us }
        });
        let cards = cards(sight).into_iter().map(|interface| {
            let told = sys::coalescing(&interface).map_err(Unseen::from);
            Coalescing { interface, told }
        });
        Self {
            allowed,
            granted,
            clock: clock.map_err(|why| why.to_string()),
            cards: cards.collect(),
            disk: state.map_or_else(
                || Err(Unseen::Unreadable(NOT_OURS.to_owned())),
                |state| disk(sight, state),
            ),
            pages: pages.map_or_else(
                || Err(Unseen::Unreadable(NOT_OURS.to_owned())),
                |pages| folder(sight, pages),
            ),
        }
    }
}

/// The interfaces with a device behind them.
pub(super) fn cards(sight: &Sight) -> Vec<String> {
    let names = sight.list("/sys/class/net").unwrap_or_default();
    let real = |name: &String| sight.has(&format!("/sys/class/net/{name}/device"));
    names.into_iter().filter(real).collect()
}

/// A folder, or the nearest one above it that is there, and the kind of file system it lies on.
fn folder(sight: &Sight, wanted: &Path) -> Result<(PathBuf, String), Unseen> {
    let wanted = std::path::absolute(wanted)?;
    let there = wanted.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let path = fs::canonicalize(there)?;
    let kind = kind(&sight.read("/proc/self/mountinfo").unwrap_or_default(), &path);
    Ok((path, kind))
}

fn disk(sight: &Sight, state: &Path) -> Result<Disk, Unseen> {
    let (path, kind) = folder(sight, state)?;
    let stat = rustix::fs::statvfs(&path).map_err(io::Error::from)?;
    let syncs_ns = if state.is_dir() { syncs(&path) } else { may_be_made(&path) };
    let syncs_ns = syncs_ns.map_err(Unseen::from);
    Ok(Disk { path, kind, free: stat.f_bavail.saturating_mul(stat.f_frsize), syncs_ns })
}

/// The file system a path lies on: the mount with the longest matching point, the last of equals.
pub(super) fn kind(mounts: &str, path: &Path) -> String {
    let of = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?.replace("\\040", " ");
        let kind = after.split(' ').next()?.to_owned();
        path.starts_with(&point).then_some((point.len(), kind))
    };
    let best = mounts.lines().filter_map(of).max_by_key(|(length, _)| *length);
    best.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind)
}

/// A folder that is not there yet: nothing is written for it, so nothing is timed.
fn may_be_made(above: &Path) -> io::Result<Vec<u64>> {
    rustix::fs::access(above, rustix::fs::Access::WRITE_OK)?;
    Err(io::ErrorKind::NotFound.into())
}

fn syncs(dir: &Path) -> io::Result<Vec<u64>> {
    let path = dir.join(format!(".funding-arb-doctor-{}", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    let times = time_syncs(file);
    fs::remove_file(&path)?;
    times
}

fn time_syncs(mut file: File) -> io::Result<Vec<u64>> {
    let page = [0_u8; PAGE];
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    times.sort_unstable();
    Ok(times)
}
