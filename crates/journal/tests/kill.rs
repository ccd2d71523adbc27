//! A writer killed at any instruction loses nothing it had appended.
//!
//! A program of its own: a child between fork and exec holds copies of the parent's locks, which the
//! tests of opening would trip over.

#![allow(clippy::unwrap_used, missing_docs)]
use base::{Instance, Record, Stamp};
use journal::{Journal, Opened, Options, Reader};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::OpenOptions;
use std::hint::spin_loop;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

const KILLS: u32 = 200;
/// A child nobody kills ends by itself.
const RECORDS_MAX: u64 = 20_000_000;
const CHILD: &str = "JOURNAL_OF_THE_CHILD";

fn instance() -> Instance {
    Instance::new("TEST").unwrap()
}

fn record(index: u64) -> Record {
    let number = index.cast_signed();
    let words = [number, -number, number << 32, 0, i64::MAX];
    Record { stamp: Stamp(index * 10), kind: 1, venue: 2, instrument: 3, words, ..Record::EMPTY }
}

/// Reads the whole journal and checks that record `n` is the one that was put there; returns the end.
fn check(dir: &Path) -> u64 {
    let reader = Reader::open(dir).unwrap();
    let mut next = reader.first();
    for entry in reader.from(next).unwrap() {
        let entry = entry.unwrap();
        assert_eq!((entry.index, entry.record), (next, record(next)));
        next += 1;
    }
    next
}

/// A number in a file of its own that parent and child see: everything before it was appended.
struct Acked(MmapRaw);

impl Acked {
    fn open(path: &Path) -> Self {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path).unwrap();
        file.set_len(8).unwrap();
        Self(MmapOptions::new().len(8).map_raw(&file).unwrap())
    }

    fn cell(&self) -> &AtomicU64 {
        let cell = self.0.as_mut_ptr().cast::<AtomicU64>();
        // SAFETY: the mapping is 8 bytes at the start of a page and lives as long as `self`; both
        // processes reach it through atomics only.
        unsafe { &*cell }
    }
}

fn options() -> Options {
    Options { segment_bytes: 65_536, ahead: 3, reserve_bytes: 0, epoch: None }
}

/// The child's part: appends and acknowledges until it is killed.
fn append_until_killed(dir: &Path) {
    let Opened { mut writer, mut keeper, .. } =
        Journal::open_with(&dir.join("journal"), instance(), options(), |_| b"plan".to_vec())
            .unwrap();
    let acked = Acked::open(&dir.join("acked"));
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // bound: until the appending side ends
            while !ended.load(Ordering::Relaxed) {
                keeper.turn().unwrap();
                keeper.prune(keeper.written().saturating_sub(5_000)).unwrap();
            }
        });
        let end = writer.next_index() + RECORDS_MAX;
        // bound: RECORDS_MAX, and the keeper makes room
        while writer.next_index() < end {
            match writer.append(&record(writer.next_index())) {
                Ok(index) => acked.cell().store(index + 1, Ordering::Release),
                Err(_) => thread::yield_now(),
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
}

fn spawn(dir: &Path) -> Child {
    let test = "a_killed_writer_loses_nothing_it_had_appended";
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the child has acknowledged something new.
fn wait_for_progress(child: &mut Child, acked: &Acked, from: u64) {
    // bound: the child acknowledges, or ends, which fails the test
    while acked.cell().load(Ordering::Acquire) <= from {
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        thread::yield_now();
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_had_appended() {
    if let Some(dir) = env::var_os(CHILD) {
        return append_until_killed(Path::new(&dir));
    }
    // In memory where there is such a place: a kill spares the page cache either way.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let journal = dir.path().join("journal");
    let acked = Acked::open(&dir.path().join("acked"));
    let (mut end, mut repairs, mut random) = (0, 0, 0x9e37_79b9_u64);
    for kill in 1..=KILLS {
        let mut child = spawn(dir.path());
        wait_for_progress(&mut child, &acked, end);
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let until = Instant::now() + Duration::from_micros(random >> 53); // up to 2 ms
        // bound: 2 ms
        while Instant::now() < until {
            spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let acknowledged = acked.cell().load(Ordering::Acquire);
        let opened = Journal::open_with(&journal, instance(), options(), |_| vec![]).unwrap();
        end = opened.next_index;
        assert!(
            end >= acknowledged,
            "kill {kill}: {acknowledged} were acknowledged, {end} are there"
        );
        assert!(end <= acknowledged + 1, "kill {kill}: a record that was never appended");
        assert_eq!(opened.epoch, 2 * kill, "every start has its own epoch");
        repairs += u32::from(opened.repair.is_some());
        drop(opened);
        assert_eq!(check(&journal), end);
    }
    assert!(end > u64::from(KILLS), "{end} records, {repairs} torn tails");
}
