//! Opening a journal for writing: who may, what lies there, where it goes on.

use crate::VERSION;
use crate::error::JournalError;
use crate::files;
use crate::keeper::{self, Keeper, SEGMENTS_MAX};
use crate::seal::checksum;
use crate::segment::{self, BYTES_MIN, Header, PAGE, RECORD, SegmentFile};
use crate::writer::Writer;
use base::Instance;
use crossbeam_utils::CachePadded;
use rtrb::RingBuffer;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The largest epoch an order id holds.
const EPOCH_MAX: u32 = (1 << 24) - 1;

/// How a journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of a segment, a multiple of 4096, at least two of them.
    pub segment_bytes: usize,
    /// Segments kept ready ahead of the writer, 1 to 7.
    pub ahead: usize,
    /// Bytes that are left free on the disk for everybody else.
    pub reserve_bytes: u64,
    /// The number of this start, where somebody else counts all starts of the instance; it must be higher
    /// than any in the folder. `None`: one more than the last.
    pub epoch: Option<u32>,
}

impl Options {
    /// Segments of that size, one ahead, 64 MiB left free.
    #[must_use]
    pub const fn new(segment_bytes: usize) -> Self {
        Self { segment_bytes, ahead: 1, reserve_bytes: 64 << 20, epoch: None }
    }

    fn check(&self) -> Result<(), JournalError> {
        if self.segment_bytes < BYTES_MIN || !self.segment_bytes.is_multiple_of(PAGE) {
            return Err(JournalError::Option(
                "segment_bytes is not a multiple of 4096 from 8192 up",
            ));
        }
        if self.ahead == 0 || self.ahead >= SEGMENTS_MAX {
            return Err(JournalError::Option("ahead is not 1 to 7"));
        }
        Ok(())
    }
}

/// Where a journal is opened.
#[derive(Debug)]
pub struct Journal;

/// An open journal: the hot end, the cold end, and what was found.
#[derive(Debug)]
pub struct Opened {
    /// For the thread that runs the core.
    pub writer: Writer,
    /// For the sidecar.
    pub keeper: Keeper,
    /// The number of this start; durable.
    pub epoch: u32,
    /// The index the first record of this start gets; everything before it can be read.
    pub next_index: u64,
    /// The start before this one, if any.
    pub former: Option<Former>,
    /// What the last crash left at the end, if it left anything.
    pub repair: Option<Repair>,
}

/// The start before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Its number.
    pub epoch: u32,
    /// What its core was made from; `None` when the start failed before it could be written.
    pub plan: Option<Vec<u8>>,
}

/// Bytes behind the last whole record that are none: a store the crash cut in two, or pages that
/// outlived an earlier one after a loss of power. Nobody reads them any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Where the journal goes on.
    pub index: u64,
    /// How many places behind it were not empty.
    pub places: u64,
}

impl Journal {
    /// Opens the journal in `dir` (made if it is not there) for a new start of `instance`, with the
    /// plan its core is made from.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(
        dir: &Path,
        instance: Instance,
        plan_json: &[u8],
        segment_bytes: usize,
    ) -> Result<Opened, JournalError> {
        Self::open_with(dir, instance, Options::new(segment_bytes), |_| plan_json.to_vec())
    }

    /// Opens it with all options; the plan may depend on the number of the start.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_with(
        dir: &Path,
        instance: Instance,
        options: Options,
        plan: impl FnOnce(u32) -> Vec<u8>,
    ) -> Result<Opened, JournalError> {
        options.check()?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(JournalError::io(dir))?;
        let lock = lock(dir)?;
        let found = survey(dir, instance)?;
        let last = written_epoch(dir, instance)?.max(found.epoch);
        let epoch = next_epoch(dir, instance, last, options.epoch)?;
        let plan = plan(epoch);
        files::write_atomically(&plan_path(dir, epoch), &plan)?;
        let former = (last > 0).then(|| Former { epoch: last, plan: read_plan(dir, last) });

        let header = Header {
            instance,
            epoch,
            first: found.end,
            capacity: ((options.segment_bytes - PAGE) / RECORD) as u64,
            plan: checksum(&plan),
        };
        let first = Arc::new(keeper::make(dir, header, &options)?);
        let (to_writer, ready) = RingBuffer::new(SEGMENTS_MAX);
        let (done, to_keeper) = RingBuffer::new(SEGMENTS_MAX);
        let progress = Arc::new(CachePadded::new(AtomicU64::new(header.first)));
        let rings = (to_writer, to_keeper);
        let mut keeper =
            Keeper::new(dir, options, &first, rings, Arc::clone(&progress), Arc::clone(&lock))?;
        keeper.prepare()?;
        let writer = Writer::new(first, ready, done, progress, lock);
        Ok(Opened { writer, keeper, epoch, next_index: found.end, former, repair: found.repair })
    }
}

/// Where the plan of a start lies.
pub(crate) fn plan_path(dir: &Path, epoch: u32) -> PathBuf {
    dir.join(format!("plan-{epoch:06}.json"))
}

/// The plan of a start, if there is one.
pub(crate) fn read_plan(dir: &Path, epoch: u32) -> Option<Vec<u8>> {
    fs::read(plan_path(dir, epoch)).ok()
}

/// Keeps a plan that a running core is about to be given; durable when this returns.
///
/// # Errors
/// [`JournalError`].
pub fn keep_plan(dir: &Path, epoch: u32, version: u32, plan: &[u8]) -> Result<(), JournalError> {
    files::write_atomically(&adopted_path(dir, epoch, version), plan)
}

/// A plan that the core of a start was given while it ran, if it is kept.
#[must_use]
pub fn adopted_plan(dir: &Path, epoch: u32, version: u32) -> Option<Vec<u8>> {
    fs::read(adopted_path(dir, epoch, version)).ok()
}

/// Removes the plans of starts before `epoch`.
pub(crate) fn forget_plans(dir: &Path, epoch: u32) -> Result<(), JournalError> {
    for entry in fs::read_dir(dir).map_err(JournalError::io(dir))? {
        let path = entry.map_err(JournalError::io(dir))?.path();
        let of = path.file_name().and_then(|name| epoch_of(name.to_str()?));
        if of.is_some_and(|of| of < epoch) {
            fs::remove_file(&path).map_err(JournalError::io(&path))?;
        }
    }
    Ok(())
}

/// The start a plan belongs to, by its name.
fn epoch_of(name: &str) -> Option<u32> {
    let name = name.strip_prefix("plan-")?.strip_suffix(".json")?;
    name.split('-').next()?.parse().ok()
}

fn adopted_path(dir: &Path, epoch: u32, version: u32) -> PathBuf {
    dir.join(format!("plan-{epoch:06}-{version}.json"))
}

fn lock(dir: &Path) -> Result<Arc<File>, JournalError> {
    let path = dir.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(JournalError::io(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid); // for the message only
            let pid = if pid.trim().is_empty() { "unknown" } else { pid.trim() };
            return Err(JournalError::InUse { path: dir.into(), pid: pid.into() });
        }
        Err(TryLockError::Error(source)) => return Err(JournalError::Io { path, source }),
    }
    let write = || {
        file.set_len(0)?;
        (&file).write_all(format!("{}\n", std::process::id()).as_bytes())
    };
    write().map_err(JournalError::io(&path))?;
    Ok(Arc::new(file))
}

/// Whether an engine writes the journal in `dir` now. `false` also where there is none.
#[must_use]
pub fn is_in_use(dir: &Path) -> bool {
    let lock = File::open(dir.join("lock"));
    lock.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// What lies in a folder.
struct Found {
    /// One past the last whole record.
    end: u64,
    /// The highest epoch of a segment; 0 for none.
    epoch: u32,
    repair: Option<Repair>,
}

/// Checks that the segments follow each other and finds the end of the last start's records. Those of
/// earlier starts end where the next start's begin.
fn survey(dir: &Path, instance: Instance) -> Result<Found, JournalError> {
    let mut files = Vec::new();
    for path in segment::list(dir)? {
        let file = SegmentFile::open(&path)?;
        if file.header.instance != instance {
            let (found, wanted) = (file.header.instance.as_str(), instance.as_str());
            let (found, wanted) = (found.to_owned(), wanted.to_owned());
            return Err(JournalError::Instance { path, found, wanted });
        }
        files.push(file);
    }
    for pair in files.windows(2) {
        let [file, next] = pair else { continue };
        if !file.header.is_followed_by(&next.header) {
            let (end, first) = (file.header.end(), next.header.first);
            let what = format!("it begins at record {first}, the one before it may end at {end}");
            return Err(JournalError::damaged(&next.path, what));
        }
    }
    let epoch = files.last().map_or(0, |file| file.header.epoch);
    let start = files.partition_point(|file| file.header.epoch < epoch);
    find_end(epoch, files.get(start..).unwrap_or_default())
}

/// Walks the segments of the last start until a place without a valid seal.
fn find_end(epoch: u32, files: &[SegmentFile]) -> Result<Found, JournalError> {
    let mut end = files.first().map_or(0, |file| file.header.first);
    let mut places = 0;
    let mut ended = false;
    for file in files {
        if ended {
            let used = file.used_from(file.header.first)?;
            file.put_aside(used)?;
            places += used;
            continue;
        }
        end = file.valid_end(file.header.first)?;
        // The next start builds on these records: they may not go with the power after it.
        file.sync()?;
        if end < file.header.end() {
            ended = true;
            places += file.used_from(end)?;
        }
    }
    let repair = (places > 0).then_some(Repair { index: end, places });
    Ok(Found { end, epoch, repair })
}

/// The number of the last start in `dir`; 0 where there was none. Only looks, and may be asked while an
/// engine runs there.
///
/// # Errors
/// [`JournalError`].
pub fn last_epoch(dir: &Path, instance: Instance) -> Result<u32, JournalError> {
    let of_segments = match segment::list(dir) {
        Ok(paths) => {
            paths.last().map_or(Ok(0), |path| Ok(SegmentFile::open(path)?.header.epoch))?
        }
        Err(JournalError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => 0,
        Err(why) => return Err(why),
    };
    Ok(written_epoch(dir, instance)?.max(of_segments))
}

/// What the file says that holds the number; 0 where there is none.
fn written_epoch(dir: &Path, instance: Instance) -> Result<u32, JournalError> {
    let path = dir.join("epoch");
    match fs::read_to_string(&path) {
        Ok(text) => parse_epoch(&path, instance, &text),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(JournalError::Io { path, source }),
    }
}

/// The number of the start after the last one, or the one that was given; made durable.
fn next_epoch(
    dir: &Path,
    instance: Instance,
    last: u32,
    given: Option<u32>,
) -> Result<u32, JournalError> {
    let path = dir.join("epoch");
    if last >= EPOCH_MAX || given.is_some_and(|given| given > EPOCH_MAX) {
        return Err(JournalError::Epochs { path, epoch: last });
    }
    let epoch = given.unwrap_or(last + 1);
    if epoch <= last {
        return Err(JournalError::Behind { path, last, given: epoch });
    }
    files::write_atomically(&path, epoch_text(instance, epoch).as_bytes())?;
    Ok(epoch)
}

fn epoch_text(instance: Instance, epoch: u32) -> String {
    let fact = format!("funding-arb epoch v{VERSION} {} {epoch}", instance.as_str());
    format!("{fact} {:016x}\n", checksum(fact.as_bytes()))
}

fn parse_epoch(path: &Path, instance: Instance, text: &str) -> Result<u32, JournalError> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, _, version, name, epoch, _] = words[..] else {
        return Err(JournalError::damaged(path, "it does not hold one epoch"));
    };
    let found = version.strip_prefix('v').and_then(|version| version.parse().ok());
    match found {
        Some(VERSION) => {}
        Some(found) => {
            return Err(JournalError::Version { path: path.into(), found, known: VERSION });
        }
        None => return Err(JournalError::damaged(path, "it has no version")),
    }
    if Instance::new(name).is_some() && name != instance.as_str() {
        let (found, wanted) = (name.to_owned(), instance.as_str().to_owned());
        return Err(JournalError::Instance { path: path.into(), found, wanted });
    }
    let epoch = epoch.parse().map_err(|_| JournalError::damaged(path, "it has no number"))?;
    if epoch_text(instance, epoch) != text {
        return Err(JournalError::damaged(path, "its checksum is wrong"));
    }
    Ok(epoch)
}

#[cfg(test)]
mod tests;
