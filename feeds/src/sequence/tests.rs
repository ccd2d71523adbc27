use super::*;
use crate::symbols::Row;
use base::WallNs;

fn delta(first: i64, last: i64, prev: Option<i64>) -> BookChange {
    BookChange {
        row: Row(0),
        action: BookAction::Delta,
        first,
        last: Some(last),
        prev,
        order: last,
        checksum: 0,
        venue_time: WallNs::NONE,
        sent: WallNs::NONE,
    }
}

fn snapshot(last: i64) -> BookChange {
    BookChange { action: BookAction::Snapshot, prev: Some(-1), ..delta(last, last, None) }
}

fn after_rest(rule: Rule, last_update: i64) -> Sequence {
    let mut sequence = Sequence::new(rule);
    assert_eq!(sequence.step(&delta(1, 2, Some(0))), Step::Waiting);
    assert!(!sequence.is_synced() && sequence.wants_rest());
    sequence.snapshot(last_update);
    sequence
}

#[test]
fn spot_begins_with_the_delta_that_covers_the_snapshot() {
    for (first, last, step) in [
        (90, 99, Step::Stale),
        (90, 100, Step::Stale),
        (90, 101, Step::Apply),
        (100, 105, Step::Apply),
        (101, 105, Step::Apply),
        (102, 105, Step::Gap { expected: 101, got: 102 }),
    ] {
        let mut sequence = after_rest(Rule::BinanceSpot, 100);
        assert_eq!(sequence.step(&delta(first, last, None)), step, "{first} to {last}");
        assert_eq!(sequence.is_synced(), !matches!(step, Step::Gap { .. }));
    }
}

#[test]
fn spot_continues_with_the_next_update() {
    let mut sequence = after_rest(Rule::BinanceSpot, 100);
    assert_eq!(sequence.step(&delta(99, 105, None)), Step::Apply);
    assert_eq!(sequence.step(&delta(106, 110, None)), Step::Apply);
    assert_eq!(sequence.step(&delta(106, 110, None)), Step::Stale);
    assert_eq!(sequence.step(&delta(112, 115, None)), Step::Gap { expected: 111, got: 112 });
    assert_eq!(sequence.step(&delta(116, 120, None)), Step::Waiting);
}

#[test]
fn futures_begin_with_the_delta_around_the_snapshot_and_go_on_by_pu() {
    for (prev, first, last, step) in [
        (80, 90, 99, Step::Stale),
        (80, 90, 100, Step::Apply),
        (80, 90, 105, Step::Apply),
        (100, 103, 105, Step::Apply),
        (99, 101, 105, Step::Gap { expected: 100, got: 101 }),
    ] {
        let mut sequence = after_rest(Rule::BinanceFutures, 100);
        assert_eq!(sequence.step(&delta(first, last, Some(prev))), step, "{first} to {last}");
    }
    let mut sequence = after_rest(Rule::BinanceFutures, 100);
    assert_eq!(sequence.step(&delta(90, 105, Some(80))), Step::Apply);
    // The first update does not follow the last one of before: only `pu` says that nothing is missing.
    assert_eq!(sequence.step(&delta(150, 160, Some(105))), Step::Apply);
    assert_eq!(sequence.step(&delta(90, 105, Some(80))), Step::Stale);
    assert_eq!(sequence.step(&delta(161, 170, Some(159))), Step::Gap { expected: 160, got: 159 });
}

#[test]
fn okx_continues_whatever_the_number_if_it_names_the_one_before() {
    let mut sequence = Sequence::new(Rule::Okx);
    assert_eq!(sequence.step(&delta(5, 5, Some(4))), Step::Waiting);
    assert_eq!(sequence.step(&snapshot(100)), Step::Replace);
    assert_eq!(sequence.step(&delta(110, 110, Some(100))), Step::Apply);
    assert_eq!(sequence.step(&delta(110, 110, Some(110))), Step::Apply, "keep-alive");
    assert_eq!(sequence.step(&delta(3, 3, Some(110))), Step::Apply, "numbered afresh");
    assert_eq!(sequence.step(&delta(9, 9, Some(5))), Step::Gap { expected: 3, got: 5 });
    assert_eq!(sequence.step(&delta(10, 10, Some(9))), Step::Waiting);
    assert_eq!(sequence.step(&snapshot(11)), Step::Replace);
}

#[test]
fn okx_frames_without_numbers_continue_each_other_and_nothing_else() {
    let bare = |change: BookChange| BookChange { last: None, prev: None, ..change };
    let mut sequence = Sequence::new(Rule::Okx);
    assert_eq!(sequence.step(&bare(snapshot(0))), Step::Replace);
    assert_eq!(sequence.step(&bare(delta(0, 0, None))), Step::Apply);
    assert!(matches!(sequence.step(&delta(5, 5, Some(4))), Step::Gap { .. }));
    assert_eq!(sequence.step(&snapshot(7)), Step::Replace);
    assert!(matches!(sequence.step(&bare(delta(0, 0, None))), Step::Gap { .. }));
}

#[test]
fn bybit_counts_by_one_and_begins_afresh_at_one() {
    let mut sequence = Sequence::new(Rule::Bybit);
    assert_eq!(sequence.step(&delta(5, 5, None)), Step::Waiting);
    assert_eq!(sequence.step(&snapshot(10)), Step::Replace);
    assert_eq!(sequence.step(&delta(11, 11, None)), Step::Apply);
    assert_eq!(sequence.step(&delta(11, 11, None)), Step::Stale);
    assert_eq!(sequence.step(&delta(13, 13, None)), Step::Gap { expected: 12, got: 13 });
    assert_eq!(sequence.step(&delta(14, 14, None)), Step::Waiting);
    assert_eq!(sequence.step(&delta(1, 1, None)), Step::Replace);
    assert_eq!(sequence.step(&snapshot(90)), Step::Replace, "a new snapshot at any time");
}
