#![allow(clippy::unwrap_used)]
use super::{EPOCH_MAX, Former, epoch_text, last_epoch};
use crate::testing::{SEGMENT_RECORDS, append, check, folder, instance, open, options, record};
use crate::{Journal, JournalError, Options, Reader};
use base::Instance;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use tempfile::tempdir;

fn refused(dir: &Path) -> String {
    Journal::open(dir, instance(), b"plan", 8192).unwrap_err().to_string()
}

#[test]
fn what_was_appended_is_read_after_a_restart() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    assert_eq!((opened.epoch, opened.next_index, &opened.former), (1, 0, &None));
    append(&mut opened, 300);
    drop(opened);
    assert_eq!(check(dir.path()), 300);

    let mut opened = open(dir.path());
    let former = Former { epoch: 1, plan: Some(b"plan 1".to_vec()) };
    assert_eq!((opened.epoch, opened.next_index, opened.former.clone()), (2, 300, Some(former)));
    assert_eq!(opened.repair, None);
    append(&mut opened, 20);
    drop(opened);
    assert_eq!(check(dir.path()), 320);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.epochs(), [(1, 0), (2, 300)]);
    assert_eq!(reader.plan(2).unwrap(), b"plan 2");
    assert_eq!(reader.instance(), Some(instance()));
}

#[test]
fn starts_without_a_record_leave_no_hole() {
    let dir = tempdir().unwrap();
    for epoch in 1..=4 {
        assert_eq!((open(dir.path()).epoch, check(dir.path())), (epoch, 0));
    }
    let mut opened = open(dir.path());
    append(&mut opened, SEGMENT_RECORDS);
    drop(opened);
    for epoch in 6..=8 {
        let opened = open(dir.path());
        assert_eq!((opened.epoch, opened.next_index), (epoch, SEGMENT_RECORDS));
    }
    assert_eq!(check(dir.path()), SEGMENT_RECORDS);
}

#[test]
fn a_second_engine_is_refused_while_the_first_lives() {
    let dir = tempdir().unwrap();
    let first = open(dir.path());
    let text = refused(dir.path());
    assert!(
        text.contains("in use by process") && text.contains(&std::process::id().to_string()),
        "{text}"
    );
    let crate::Opened { writer, keeper, .. } = first;
    drop(keeper);
    assert!(refused(dir.path()).contains("in use"), "the writer alone holds it, too");
    drop(writer);
    assert_eq!(open(dir.path()).epoch, 2, "a refused start takes no epoch");
}

#[test]
fn the_epoch_grows_with_every_start_even_if_its_file_is_lost() {
    let dir = tempdir().unwrap();
    for epoch in 1..=3 {
        assert_eq!(open(dir.path()).epoch, epoch);
    }
    fs::remove_file(dir.path().join("epoch")).unwrap();
    assert_eq!(open(dir.path()).epoch, 4, "the segments remember");
}

#[test]
fn the_last_epoch_an_order_id_holds_is_the_last() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("epoch"), epoch_text(instance(), EPOCH_MAX - 1)).unwrap();
    assert_eq!(open(dir.path()).epoch, EPOCH_MAX);
    assert!(refused(dir.path()).contains("new instance name"));
}

#[test]
fn files_are_for_their_owner_only() {
    let dir = tempdir().unwrap();
    let state = dir.path().join("a/b");
    let mut opened = open(&state);
    opened.keeper.write_snapshot(0, &[record(1)]).unwrap();
    for entry in fs::read_dir(&state).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
    }
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn an_epoch_file_that_cannot_be_is_refused_with_the_reason() {
    let good = epoch_text(instance(), 7);
    let other = epoch_text(Instance::new("ELSE").unwrap(), 7);
    let cases: &[(&str, &str)] = &[
        ("", "does not hold one epoch"),
        ("1", "does not hold one epoch"),
        (&good.replace("v1", "v2"), "format 2; this build reads format 1"),
        (&good.replace("v1", "v0"), "format 0; this build reads format 1"),
        (&good.replace("v1", "vx"), "no version"),
        (&other, "belongs to instance ELSE, not TEST"),
        (&good.replace(" 7 ", " 8 "), "checksum is wrong"),
        (&good.replace(" 7 ", " x "), "no number"),
    ];
    for (text, why) in cases {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("epoch"), text).unwrap();
        let refusal = refused(dir.path());
        assert!(refusal.contains(why) && refusal.contains("epoch"), "{text:?}: {refusal}");
    }
}

#[test]
fn a_journal_of_another_instance_is_refused() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 1);
    drop(opened);
    fs::remove_file(dir.path().join("epoch")).unwrap();
    let other = Instance::new("ELSE").unwrap();
    let error = Journal::open(dir.path(), other, b"", 8192).unwrap_err();
    assert!(matches!(error, JournalError::Instance { .. }), "{error}");
}

#[test]
fn a_segment_of_another_format_is_refused_with_both_numbers() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 1);
    drop(opened);
    let path = dir.path().join("0000000000000000.seg");
    for (version, text) in [(0_u64, "format 0"), (2, "format 2")] {
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&version.to_le_bytes(), 8).unwrap();
        let refusal = refused(dir.path());
        assert!(refusal.contains(text) && refusal.contains("reads format 1"), "{refusal}");
        assert!(Reader::open(dir.path()).unwrap_err().to_string().contains(text));
    }
}

#[test]
fn a_damaged_header_is_refused() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 1);
    drop(opened);
    let path = dir.path().join("0000000000000000.seg");
    let whole = fs::read(&path).unwrap();
    for byte in (0..8).chain(16..64) {
        let mut bytes = whole.clone();
        bytes[byte] ^= 0x10;
        fs::write(&path, bytes).unwrap();
        assert!(refused(dir.path()).contains("damaged"), "byte {byte}");
    }
    fs::write(&path, &whole[..63]).unwrap();
    assert!(refused(dir.path()).contains("shorter than a header"));
}

#[test]
fn a_missing_segment_is_found() {
    let dir = tempdir().unwrap();
    let mut opened = open(dir.path());
    append(&mut opened, 3 * SEGMENT_RECORDS);
    drop(opened);
    fs::remove_file(crate::segment::path_of(dir.path(), SEGMENT_RECORDS)).unwrap();
    assert!(refused(dir.path()).contains("damaged"));
}

#[test]
fn senseless_options_are_refused() {
    let dir = tempdir().unwrap();
    for segment_bytes in [0, 4096, 8191, 10_000] {
        assert!(Journal::open(dir.path(), instance(), b"", segment_bytes).is_err());
    }
    for ahead in [0, 8] {
        let options = Options { ahead, ..options() };
        assert!(Journal::open_with(dir.path(), instance(), options, |_| vec![]).is_err());
    }
}

#[test]
fn a_disk_without_room_is_refused_before_anything_is_written() {
    let dir = tempdir().unwrap();
    let options = Options { reserve_bytes: u64::MAX / 2, ..options() };
    let error = Journal::open_with(dir.path(), instance(), options, |_| vec![]).unwrap_err();
    assert!(matches!(error, JournalError::NoSpace { .. }), "{error}");
    assert!(crate::segment::list(dir.path()).unwrap().is_empty());
}

/// A journal of two full segments and part of a third, as a crash leaves it; returns its end.
fn crashed(dir: &Path) -> u64 {
    let mut opened = open(dir);
    append(&mut opened, 2 * SEGMENT_RECORDS + 10);
    2 * SEGMENT_RECORDS + 10
}

#[test]
fn a_record_cut_in_two_is_left_out_and_the_journal_goes_on() {
    let dir = tempdir().unwrap();
    let end = crashed(dir.path());
    let path = crate::segment::path_of(dir.path(), 2 * SEGMENT_RECORDS);
    let whole = fs::read(&path).unwrap();
    // Every word the crash could have reached, in both orders of the stores.
    for words in 1..8 {
        for front in [true, false] {
            let mut bytes = whole.clone();
            let place = 4096 + 9 * 64;
            let cut = if front { place + words * 8..place + 64 } else { place..place + words * 8 };
            bytes[cut].fill(0);
            fs::write(&path, &bytes).unwrap();
            let found = super::survey(dir.path(), instance()).unwrap();
            assert_eq!(
                (found.end, found.repair.map(|r| (r.index, r.places))),
                (end - 1, Some((end - 1, 1)))
            );
        }
    }
    let mut opened = open(dir.path());
    assert_eq!((opened.epoch, opened.next_index), (2, end - 1));
    append(&mut opened, 100);
    drop(opened);
    assert_eq!(check(dir.path()), end + 99);
}

#[test]
fn records_behind_a_gap_do_not_come_back() {
    let dir = tempdir().unwrap();
    let end = crashed(dir.path());
    // A loss of power: a page in the middle never reached the disk, those behind it did.
    let path = crate::segment::path_of(dir.path(), SEGMENT_RECORDS);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0; 64], 4096 + 5 * 64).unwrap();
    let mut opened = open(dir.path());
    let gap = SEGMENT_RECORDS + 5;
    let repair = opened.repair.unwrap();
    assert_eq!((opened.next_index, repair.index, repair.places), (gap, gap, end - gap - 1));
    append(&mut opened, 3);
    drop(opened);
    assert_eq!(check(dir.path()), gap + 3);
    let aside = fs::read_dir(dir.path()).unwrap();
    let aside =
        aside.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "seg-lost"));
    assert_eq!(aside.count(), 1, "what lay behind the gap is kept for a person");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_truncation_of_the_last_segment_leaves_a_prefix(cut in 64_usize..8192) {
        let dir = folder();
        let end = crashed(dir.path());
        let path = crate::segment::path_of(dir.path(), 2 * SEGMENT_RECORDS);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..cut]).unwrap();
        let whole = 2 * SEGMENT_RECORDS + (cut.saturating_sub(4096) as u64 / 64).min(10);
        let mut opened = open(dir.path());
        prop_assert_eq!(opened.next_index, whole.min(end));
        append(&mut opened, 5);
        drop(opened);
        prop_assert_eq!(check(dir.path()), whole + 5);
    }

    #[test]
    fn every_bit_flip_ends_the_journal_before_it(record in 0_usize..10, bit in 0_usize..512) {
        let dir = folder();
        let end = crashed(dir.path());
        let path = crate::segment::path_of(dir.path(), 2 * SEGMENT_RECORDS);
        let mut bytes = fs::read(&path).unwrap();
        bytes[4096 + record * 64 + bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        let flipped = 2 * SEGMENT_RECORDS + record as u64;
        let opened = open(dir.path());
        prop_assert_eq!(opened.next_index, flipped);
        prop_assert_eq!(opened.repair.map(|repair| repair.places), Some(end - flipped));
        drop(opened);
        prop_assert_eq!(check(dir.path()), flipped);
    }

    #[test]
    fn noise_in_the_empty_places_is_never_a_record(at in 10_usize..64, noise in any::<[u64; 8]>()) {
        let dir = folder();
        let end = crashed(dir.path());
        let path = crate::segment::path_of(dir.path(), 2 * SEGMENT_RECORDS);
        let mut bytes = fs::read(&path).unwrap();
        for (place, word) in bytes[4096 + at * 64..].chunks_exact_mut(8).zip(noise) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        fs::write(&path, &bytes).unwrap();
        prop_assert_eq!(open(dir.path()).next_index, end);
    }
}

#[test]
fn damage_in_an_older_start_is_an_error_not_an_end() {
    let dir = tempdir().unwrap();
    crashed(dir.path());
    let mut opened = open(dir.path());
    append(&mut opened, 1);
    drop(opened);
    let path = crate::segment::path_of(dir.path(), 0);
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[1], 4096 + 64 * 20).unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    let last = reader.from(0).unwrap().last().unwrap();
    assert!(last.unwrap_err().to_string().contains("record 20"));
}

#[test]
fn a_journal_is_in_use_while_its_writer_lives() {
    let dir = tempdir().unwrap();
    assert!(!crate::is_in_use(dir.path()), "nothing is there");
    let opened = open(dir.path());
    assert!(crate::is_in_use(dir.path()));
    drop(opened);
    assert!(!crate::is_in_use(dir.path()));
}

#[test]
fn a_start_may_be_numbered_by_others_as_long_as_it_goes_up() {
    let dir = tempfile::tempdir().unwrap();
    let open = |epoch| {
        let options = Options { epoch, ..options() };
        Journal::open_with(dir.path(), instance(), options, |n| n.to_string().into_bytes())
    };
    assert_eq!(last_epoch(&dir.path().join("none"), instance()).unwrap(), 0);
    assert_eq!(last_epoch(dir.path(), instance()).unwrap(), 0);
    let first = open(Some(40)).unwrap();
    assert_eq!((first.epoch, first.former), (40, None));
    assert_eq!(last_epoch(dir.path(), instance()).unwrap(), 40, "also while it is in use");
    drop((first.writer, first.keeper));
    for behind in [1, 40] {
        let why = open(Some(behind)).unwrap_err().to_string();
        assert!(why.contains("start 40 was here already"), "{why}");
    }
    assert!(matches!(open(Some(1 << 24)), Err(JournalError::Epochs { .. })));
    let next = open(None).unwrap();
    let former = Former { epoch: 40, plan: Some(b"40".to_vec()) };
    assert_eq!((next.epoch, next.former), (41, Some(former)), "nothing in between was a start");
}
