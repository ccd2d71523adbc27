//! What the tests of several files need.

use crate::{Journal, Opened, Options, Reader};
use base::{Instance, Record, Stamp};
use std::path::Path;

/// Small segments, so that tests cross many of them: 64 records each.
pub(crate) const SEGMENT: usize = 8192;
pub(crate) const SEGMENT_RECORDS: u64 = 64;

pub(crate) fn instance() -> Instance {
    Instance::new("TEST").unwrap()
}

/// The record every test puts at `index`.
pub(crate) fn record(index: u64) -> Record {
    let number = index.cast_signed();
    let words = [number, -number, number << 32, 0, i64::MAX];
    Record { stamp: Stamp(index * 10), kind: 1, venue: 2, instrument: 3, words, ..Record::EMPTY }
}

pub(crate) fn options() -> Options {
    Options { segment_bytes: SEGMENT, ahead: 2, reserve_bytes: 0, epoch: None }
}

pub(crate) fn open(dir: &Path) -> Opened {
    Journal::open_with(dir, instance(), options(), |epoch| format!("plan {epoch}").into_bytes())
        .unwrap()
}

/// Appends the next `count` records, with the keeper's help.
pub(crate) fn append(opened: &mut Opened, count: u64) {
    for _ in 0..count {
        if !opened.writer.has_room(1) {
            opened.keeper.turn().unwrap();
        }
        let next = opened.writer.next_index();
        assert_eq!(opened.writer.append(&record(next)), Ok(next));
    }
}

/// Reads the whole journal and checks that record `n` is the one that was put there; returns the end.
pub(crate) fn check(dir: &Path) -> u64 {
    let reader = Reader::open(dir).unwrap();
    let mut next = reader.first();
    for entry in reader.from(next).unwrap() {
        let entry = entry.unwrap();
        assert_eq!((entry.index, entry.record), (next, record(next)));
        next += 1;
    }
    next
}

/// A folder for a test: in memory where there is such a place, since these tests sync a lot.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
