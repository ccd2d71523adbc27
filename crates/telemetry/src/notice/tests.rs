#![allow(clippy::unwrap_used)]
use super::{Level, Notice, NoticeCode, NoticeSender, notices};
use base::{InstrumentId, Stamp, VenueId};
use std::collections::HashSet;

fn notice(code: NoticeCode, numbers: [i64; 3]) -> Notice {
    Notice::new(Stamp(1), code, Some(VenueId::Okx), InstrumentId(2), numbers)
}

#[test]
fn a_sentence_holds_its_numbers() {
    let text = notice(NoticeCode::ConnectionFailed, [3, 7, -250]).sentence();
    assert_eq!(text, "connection 3 failed, attempt 7, next in -250 ms");
}

#[test]
fn every_row_is_whole() {
    let mut names = HashSet::new();
    for code in NoticeCode::ALL {
        assert!(names.insert(code.name()), "{} twice", code.name());
        assert!(code.fields().len() <= 3, "{}", code.name());
        let text = notice(*code, [1, 2, 3]).sentence();
        assert!(!text.contains('{'), "{} names a field it does not have: {text}", code.name());
        assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    }
}

#[test]
fn a_full_ring_drops_and_counts() {
    let (mut sender, mut receiver) = notices("gw-okx", 2);
    for number in 0..5 {
        sender.tell(notice(NoticeCode::OrderSent, [number, 0, 0]));
    }
    assert_eq!(sender.dropped(), 3);
    assert_eq!(receiver.stage(), "gw-okx");
    let got: Vec<i64> = core::iter::from_fn(|| receiver.pop()).map(|n| n.numbers[0]).collect();
    assert_eq!(got, [0, 1]);
    sender.tell(notice(NoticeCode::OrderSent, [9, 0, 0]));
    assert_eq!(receiver.pop().unwrap().numbers[0], 9);
}

#[test]
fn a_detached_sender_takes_everything() {
    let mut sender = NoticeSender::detached();
    (0..1000).for_each(|_| sender.tell(notice(NoticeCode::Filled, [0; 3])));
    assert_eq!(sender.dropped(), 1000 - 64);
}

#[test]
fn levels_have_an_order_and_a_name() {
    assert!(Level::Debug < Level::Info && Level::Warn < Level::Error);
    assert_eq!(Level::from_name("warn"), Some(Level::Warn));
    assert_eq!(Level::from_name("loud"), None);
}
