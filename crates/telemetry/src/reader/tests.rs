#![allow(clippy::unwrap_used)]
use super::{PageReader, StageState};
use crate::layout::header;
use crate::{Counter, Hist, Page, PageError};
use base::Stamp;
use proptest::prelude::*;
use std::fs;
use tempfile::tempdir;

/// The bytes of a small page in use.
fn page_bytes() -> Vec<u8> {
    let dir = tempdir().unwrap();
    let path = dir.path().join("page");
    let page = Page::create_with_rings(&path, &["a", "b"], &[("md", 8)]).unwrap();
    let writer = page.writer("a").unwrap();
    writer.add(Counter::FeedMessages, 12);
    writer.record(Hist::Decode, 77);
    fs::read(path).unwrap()
}

fn open(bytes: &[u8]) -> Result<PageReader, PageError> {
    let dir = tempdir().unwrap();
    let path = dir.path().join("page");
    fs::write(&path, bytes).unwrap();
    PageReader::open(&path)
}

fn put(bytes: &mut [u8], cell: usize, value: u64) {
    bytes[cell * 8..cell * 8 + 8].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn what_is_no_page_is_refused_with_the_reason() {
    let cases: [(&[u8], &str); 3] =
        [(b"", "too short"), (&[0; 4096], "first bytes"), (&[b'x'; 4096], "first bytes")];
    for (bytes, why) in cases {
        let error = open(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(matches!(PageReader::open("/nowhere".as_ref()), Err(PageError::Io { .. })));
}

#[test]
fn another_version_is_refused_with_both_numbers() {
    let mut bytes = page_bytes();
    put(&mut bytes, header::VERSION, 9);
    let error = open(&bytes).unwrap_err().to_string();
    assert!(error.contains("version 9") && error.contains("reads version 1"), "{error}");
}

#[test]
fn a_page_cut_short_is_refused() {
    let bytes = page_bytes();
    for cells in [header::LENGTH, 200, bytes.len() / 16, bytes.len() / 8 - 1] {
        assert!(open(&bytes[..cells * 8]).is_err(), "{cells} cells");
    }
}

#[test]
fn a_page_of_another_build_is_read_by_its_own_description() {
    let mut bytes = page_bytes();
    let name = b"arb_feed_messages_total";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"arb_feed_messagez_total");
    let read = open(&bytes).unwrap().snapshot();
    assert_eq!(read.schema.counters[0].name, "arb_feed_messagez_total");
    assert_eq!(read.stage("a").unwrap().counters[0], 12);
    assert_eq!(read.total(Counter::FeedMessages), 0, "this build's counter is not in that page");
}

#[test]
fn the_life_of_a_stage_is_seen() {
    let dir = tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["a", "b", "c"]).unwrap();
    let (b, c) = (page.writer("b").unwrap(), page.writer("c").unwrap());
    b.at_home(1, Some(3));
    b.beat(Stamp(50));
    c.at_home(2, None);
    c.beat(Stamp(40));
    c.retire();
    let beats = page.reader().unwrap().beats();
    use StageState::{Ended, Running, Waiting};
    assert_eq!(beats, [(Waiting, Stamp(0)), (Running, Stamp(50)), (Ended, Stamp(40))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_damage_to_the_header_makes_it_panic(
        damage in proptest::collection::vec((1_usize..400, any::<u64>()), 1..4),
        small in any::<bool>(),
    ) {
        let mut bytes = page_bytes();
        for (cell, value) in damage {
            put(&mut bytes, cell, if small { value % 100_000 } else { value });
        }
        if let Ok(reader) = open(&bytes) {
            let _ = reader.snapshot().to_string();
            let _ = reader.beats();
        }
    }
}
