#![allow(clippy::unwrap_used)]
use super::Full;
use crate::testing::{SEGMENT_RECORDS, append, check, open, record};
use base::Record;
use tempfile::tempdir;

#[test]
fn indices_count_up_over_segments() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 5 * SEGMENT_RECORDS + 1);
    assert_eq!(opened.writer.next_index(), 5 * SEGMENT_RECORDS + 1);
    assert_eq!(opened.keeper.written(), 5 * SEGMENT_RECORDS + 1);
    assert_eq!(opened.writer.epoch(), 1);
}

#[test]
fn without_a_ready_segment_it_is_full_and_nothing_is_written() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    let room = 3 * SEGMENT_RECORDS; // its own and two ahead
    for index in 0..room {
        assert_eq!(opened.writer.append(&record(index)), Ok(index));
    }
    assert_eq!(opened.writer.append(&record(room)), Err(Full));
    assert_eq!(opened.writer.append(&record(room)), Err(Full));
    assert_eq!((check(dir.path()), opened.writer.next_index()), (room, room));
    opened.keeper.turn().unwrap();
    assert_eq!(opened.writer.append(&record(room)), Ok(room));
    assert_eq!(check(dir.path()), room + 1);
}

#[test]
fn room_is_what_really_fits() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    let all = usize::try_from(3 * SEGMENT_RECORDS).unwrap();
    assert!(opened.writer.has_room(all) && !opened.writer.has_room(all + 1));
    let mut left = all;
    while opened.writer.append(&record(opened.writer.next_index())).is_ok() {
        left -= 1;
        assert!(opened.writer.has_room(left) && !opened.writer.has_room(left + 1), "{left} left");
    }
    assert_eq!(left, 0);
}

#[test]
fn a_seal_the_caller_left_in_a_record_is_not_kept() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    opened.writer.append(&Record { seal: 77, ..record(0) }).unwrap();
    assert_eq!(check(dir.path()), 1);
}
