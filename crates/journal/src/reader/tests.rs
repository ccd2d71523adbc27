#![allow(clippy::unwrap_used)]
use crate::Reader;
use crate::testing::{SEGMENT_RECORDS, append, open};
use tempfile::tempdir;

#[test]
fn reading_begins_wherever_one_likes() {
    let dir = tempdir().unwrap();
    for count in [100, 1, 64, 200] {
        append(&mut open(dir.path()), count);
    }
    let reader = Reader::open(dir.path()).unwrap();
    for from in [0, 1, 63, 64, 99, 100, 101, 165, 364, 365, 1000] {
        let entries: Vec<_> = reader.from(from).unwrap().map(Result::unwrap).collect();
        assert_eq!(entries.len() as u64, 365_u64.saturating_sub(from), "from {from}");
        assert_eq!(entries.first().map(|entry| entry.index), (from < 365).then_some(from));
    }
}

#[test]
fn each_record_knows_its_start() {
    let dir = tempdir().unwrap();
    append(&mut open(dir.path()), 3);
    append(&mut open(dir.path()), 2);
    let reader = Reader::open(dir.path()).unwrap();
    let epochs: Vec<u32> = reader.from(0).unwrap().map(|entry| entry.unwrap().epoch).collect();
    assert_eq!(epochs, [1, 1, 1, 2, 2]);
}

#[test]
fn an_empty_folder_is_an_empty_journal() {
    let dir = tempdir().unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!((reader.first(), reader.instance(), reader.epochs().len()), (0, None, 0));
    assert_eq!(reader.from(0).unwrap().count(), 0);
    assert!(Reader::open(&dir.path().join("none")).is_err());
}

#[test]
fn a_journal_in_use_can_be_read() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, SEGMENT_RECORDS);
    assert_eq!(Reader::open(dir.path()).unwrap().from(0).unwrap().count() as u64, SEGMENT_RECORDS);
    append(&mut opened, 1);
    assert_eq!(
        Reader::open(dir.path()).unwrap().from(0).unwrap().count() as u64,
        SEGMENT_RECORDS + 1
    );
}
