#![allow(clippy::unwrap_used)]
use crate::testing::{SEGMENT_RECORDS, append, check, instance, open, options, record};
use crate::{Follower, Journal, JournalError, Reader, keep_plan, segment};
use tempfile::tempdir;

#[test]
fn whole_pages_are_synced_and_the_one_in_use_is_left_alone() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, SEGMENT_RECORDS + 5);
    opened.keeper.turn().unwrap();
    assert_eq!(opened.keeper.synced(), SEGMENT_RECORDS);
    assert_eq!(opened.keeper.sync_all().unwrap(), SEGMENT_RECORDS + 5);
    assert_eq!(opened.keeper.synced(), SEGMENT_RECORDS + 5);
    opened.keeper.turn().unwrap();
    assert_eq!(opened.keeper.synced(), SEGMENT_RECORDS + 5, "what is synced stays synced");
}

#[test]
fn segments_are_made_ahead_as_they_are_used() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    assert_eq!(segment::list(dir.path()).unwrap().len(), 3);
    append(&mut opened, SEGMENT_RECORDS + 1);
    opened.keeper.turn().unwrap();
    assert_eq!(segment::list(dir.path()).unwrap().len(), 4);
}

#[test]
fn the_keeper_holds_no_more_than_it_must() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 50 * SEGMENT_RECORDS);
    opened.keeper.turn().unwrap();
    assert!(opened.keeper.live.len() <= 4, "{} segments mapped", opened.keeper.live.len());
}

#[test]
fn a_disk_that_fills_up_is_an_error_and_the_journal_full_not_a_crash() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    opened.keeper.options.reserve_bytes = u64::MAX / 2;
    for index in 0..3 * SEGMENT_RECORDS {
        opened.writer.append(&record(index)).unwrap();
    }
    let error = opened.keeper.turn().unwrap_err();
    assert!(matches!(error, JournalError::NoSpace { .. }), "{error}");
    assert!(opened.writer.append(&record(0)).is_err());
    opened.keeper.options.reserve_bytes = 0;
    opened.keeper.turn().unwrap();
    append(&mut opened, 10);
    assert_eq!(check(dir.path()), 3 * SEGMENT_RECORDS + 10);
}

#[test]
fn a_failed_sync_is_told_for_ever_and_appending_goes_on() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    opened.keeper.failed = Some("no such luck".into());
    for _ in 0..20 * SEGMENT_RECORDS {
        if !opened.writer.has_room(1) {
            assert!(opened.keeper.turn().unwrap_err().to_string().contains("no such luck"));
        }
        let next = opened.writer.next_index();
        opened.writer.append(&record(next)).unwrap();
    }
    assert_eq!(opened.keeper.synced(), 0);
}

#[test]
fn pruning_removes_whole_segments_before_the_index_only() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 4 * SEGMENT_RECORDS);
    opened.keeper.turn().unwrap();
    assert_eq!(opened.keeper.prune(2 * SEGMENT_RECORDS - 1).unwrap(), 1);
    assert_eq!(Reader::open(dir.path()).unwrap().first(), SEGMENT_RECORDS);
    assert_eq!(check(dir.path()), 4 * SEGMENT_RECORDS);
    let reader = Reader::open(dir.path()).unwrap();
    let gone = reader.from(SEGMENT_RECORDS - 1).unwrap_err().to_string();
    assert!(gone.contains(&format!("{SEGMENT_RECORDS}..")), "{gone}");
    assert!(matches!(Follower::open(dir.path(), 0), Err(JournalError::Range { .. })));
    append(&mut opened, 10);
    drop(opened);
    assert_eq!(open(dir.path()).next_index, 4 * SEGMENT_RECORDS + 10);
}

#[test]
fn the_plans_of_a_start_go_with_the_last_of_its_records() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    keep_plan(dir.path(), 1, 5, b"five").unwrap();
    append(&mut opened, 2 * SEGMENT_RECORDS);
    drop(opened);
    let mut opened = open(dir.path());
    keep_plan(dir.path(), 2, 6, b"six").unwrap();
    append(&mut opened, SEGMENT_RECORDS);
    opened.keeper.sync_all().unwrap();
    opened.keeper.prune(SEGMENT_RECORDS).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert!(reader.plan(1).is_some() && reader.adopted(1, 5).is_some());
    assert!(opened.keeper.prune(2 * SEGMENT_RECORDS).unwrap() > 0);
    let reader = Reader::open(dir.path()).unwrap();
    assert!(reader.plan(1).is_none() && reader.adopted(1, 5).is_none());
    assert!(reader.plan(2).is_some() && reader.adopted(2, 6).is_some());
}

#[test]
fn what_is_not_durable_is_not_pruned() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 2 * SEGMENT_RECORDS);
    assert_eq!(opened.keeper.prune(u64::MAX).unwrap(), 0);
    opened.keeper.sync_all().unwrap();
    assert_eq!(opened.keeper.prune(u64::MAX).unwrap(), 2);
    drop(opened);
    let reopened = Journal::open_with(dir.path(), instance(), options(), |_| vec![]).unwrap();
    assert_eq!(reopened.next_index, 2 * SEGMENT_RECORDS, "the index is not forgotten");
}

#[test]
fn a_snapshot_makes_durable_what_it_stands_on() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 10);
    opened.keeper.write_snapshot(10, &[record(1)]).unwrap();
    assert_eq!(opened.keeper.synced(), 10);
    assert_eq!((opened.keeper.epoch(), opened.keeper.dir()), (1, dir.path()));
}
