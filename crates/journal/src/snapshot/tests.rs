#![allow(clippy::unwrap_used)]
use super::{latest_snapshot, list, write};
use crate::JournalError;
use crate::testing::{folder, instance, record};
use base::Instance;
use proptest::prelude::*;
use std::fs;
use tempfile::tempdir;

#[test]
fn the_newest_snapshot_is_found() {
    let dir = tempdir().unwrap();
    assert_eq!(latest_snapshot(dir.path(), instance()).unwrap(), None);
    let state: Vec<_> = (0..100).map(record).collect();
    for index in [5, 500, 70] {
        write(dir.path(), instance(), 3, index, &state[..usize::try_from(index % 100).unwrap()])
            .unwrap();
    }
    let newest = latest_snapshot(dir.path(), instance()).unwrap().unwrap();
    assert_eq!((newest.index, newest.epoch, newest.state.len()), (500, 3, 0));
    assert!(newest.passed_over.is_empty());
}

#[test]
fn state_reads_back_whole() {
    let dir = tempdir().unwrap();
    let state: Vec<_> = (0..100).map(record).collect();
    write(dir.path(), instance(), 3, 5, &state).unwrap();
    assert_eq!(latest_snapshot(dir.path(), instance()).unwrap().unwrap().state, state);
}

#[test]
fn only_the_newest_few_are_kept() {
    let dir = tempdir().unwrap();
    (1..=9).for_each(|index| write(dir.path(), instance(), 1, index, &[]).unwrap());
    assert_eq!(list(dir.path()).unwrap().len(), 3);
    assert_eq!(latest_snapshot(dir.path(), instance()).unwrap().unwrap().index, 9);
}

#[test]
fn a_damaged_one_is_passed_over_and_named() {
    let dir = tempdir().unwrap();
    write(dir.path(), instance(), 1, 1, &[record(1)]).unwrap();
    write(dir.path(), instance(), 1, 2, &[record(2)]).unwrap();
    let newest = list(dir.path()).unwrap().pop().unwrap();
    fs::write(&newest, b"short").unwrap();
    let found = latest_snapshot(dir.path(), instance()).unwrap().unwrap();
    assert_eq!((found.index, found.passed_over.len()), (1, 1));
    assert!(found.passed_over[0].contains("0000000000000002.snap"), "{:?}", found.passed_over);
    fs::write(list(dir.path()).unwrap().first().unwrap(), b"short").unwrap();
    let error = latest_snapshot(dir.path(), instance()).unwrap_err();
    assert!(error.to_string().contains("no snapshot is whole"), "{error}");
}

#[test]
fn another_format_or_instance_is_refused_not_passed_over() {
    let dir = tempdir().unwrap();
    write(dir.path(), instance(), 1, 1, &[]).unwrap();
    let other = Instance::new("ELSE").unwrap();
    assert!(matches!(latest_snapshot(dir.path(), other), Err(JournalError::Instance { .. })));
    let path = list(dir.path()).unwrap().pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 9;
    fs::write(&path, bytes).unwrap();
    let error = latest_snapshot(dir.path(), instance()).unwrap_err();
    assert!(matches!(error, JournalError::Version { found: 9, .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn every_bit_flip_and_truncation_is_seen(at in any::<proptest::sample::Index>(), cut in any::<bool>()) {
        let dir = folder();
        write(dir.path(), instance(), 1, 1, &[record(1), record(2)]).unwrap();
        let path = list(dir.path()).unwrap().pop().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        if cut {
            bytes.truncate(at.index(bytes.len()));
        } else {
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        fs::write(&path, bytes).unwrap();
        prop_assert!(latest_snapshot(dir.path(), instance()).is_err());
    }
}
