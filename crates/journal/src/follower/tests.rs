#![allow(clippy::unwrap_used)]
use super::Follower;
use crate::JournalError;
use crate::testing::{SEGMENT_RECORDS, append, open, record};
use tempfile::tempdir;

fn take(follower: &mut Follower) -> u64 {
    let mut count = 0;
    while let Some(entry) = follower.poll().unwrap() {
        assert_eq!(entry.record, record(entry.index));
        count += 1;
        assert_eq!(follower.index(), entry.index + 1);
    }
    count
}

#[test]
fn records_come_as_they_are_written() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    let mut follower = Follower::open(dir.path(), 0).unwrap();
    assert_eq!(take(&mut follower), 0);
    for count in [1, 2, 60, 1, 1, 200, 0, 64, 63] {
        append(&mut opened, count);
        assert_eq!(take(&mut follower), count);
    }
}

#[test]
fn a_follower_goes_on_into_the_next_start() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, SEGMENT_RECORDS + 6);
    let mut follower = Follower::open(dir.path(), SEGMENT_RECORDS).unwrap();
    assert_eq!(take(&mut follower), 6);
    drop(opened);
    let mut opened = open(dir.path());
    assert_eq!(take(&mut follower), 0);
    append(&mut opened, 100);
    assert_eq!(take(&mut follower), 100);
}

#[test]
fn a_start_that_takes_the_place_of_an_empty_one_is_noticed() {
    let dir = tempdir().unwrap();
    let opened = open(dir.path());
    let mut follower = Follower::open(dir.path(), 0).unwrap();
    assert_eq!(take(&mut follower), 0);
    drop(opened);
    let mut opened = open(dir.path());
    append(&mut opened, 3);
    assert_eq!(take(&mut follower), 3);
}

#[test]
fn a_follower_may_begin_ahead_of_the_writer() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    let mut follower = Follower::open(dir.path(), 70).unwrap();
    append(&mut opened, 70);
    assert_eq!(take(&mut follower), 0);
    append(&mut opened, 5);
    assert_eq!(take(&mut follower), 5);
}

#[test]
fn a_follower_that_was_overtaken_by_pruning_says_so() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    let mut follower = Follower::open(dir.path(), 0).unwrap();
    append(&mut opened, 3 * SEGMENT_RECORDS);
    opened.keeper.sync_all().unwrap();
    opened.keeper.prune(2 * SEGMENT_RECORDS).unwrap();
    assert!(matches!(follower.poll(), Err(JournalError::Range { index: 0, .. })));
}

#[test]
fn a_follower_on_another_thread_sees_every_record_once_and_in_order() {
    const COUNT: u64 = 20_000;
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    let mut follower = Follower::open(dir.path(), 0).unwrap();
    let writer = std::thread::spawn(move || append(&mut opened, COUNT));
    let mut next = 0;
    // bound: the writer appends COUNT records or is gone
    while next < COUNT {
        let ended = writer.is_finished();
        let got = take(&mut follower);
        next += got;
        assert!(got > 0 || !ended, "{next} of {COUNT} arrived");
    }
    writer.join().unwrap();
}
