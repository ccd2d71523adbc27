use super::*;
use base::{Price, Qty};

fn scratch(bids: &[i64], asks: &[i64]) -> Scratch {
    let mut scratch = Scratch::new(LEVELS_MAX + 1);
    let level = |price: &i64| Level { price: Price(*price), qty: Qty(1) };
    for price in bids {
        scratch.bids.push(level(price)).unwrap();
    }
    for price in asks {
        scratch.asks.push(level(price)).unwrap();
    }
    scratch
}

fn change(row: u16, order: i64) -> BookChange {
    BookChange { row: Row(row), order, ..NO_CHANGE }
}

fn held(sync: &Sync, row: u16) -> Vec<(i64, Vec<i64>, Vec<i64>)> {
    let prices = |levels: &[Level]| levels.iter().map(|level| level.price.0).collect();
    sync.held(Row(row)).map(|(c, bids, asks)| (c.order, prices(bids), prices(asks))).collect()
}

#[test]
fn changes_are_kept_in_order_with_their_levels_and_only_of_books_that_hold() {
    let mut sync = Sync::new(4, true, 10);
    sync.hold(Row(1), Stamp(5)).unwrap();
    sync.keep(&change(1, 10), &scratch(&[1, 2], &[3]));
    sync.keep(&change(2, 11), &scratch(&[9], &[]));
    sync.keep(&change(1, 12), &scratch(&[], &[]));
    sync.keep(&change(1, 13), &scratch(&[], &[4, 5]));
    assert_eq!(
        held(&sync, 1),
        [(10, vec![1, 2], vec![3]), (12, vec![], vec![]), (13, vec![], vec![4, 5])]
    );
    assert!(held(&sync, 2).is_empty());
    sync.release(Row(1));
    assert!(held(&sync, 1).is_empty());
    assert!(sync.hold(Row(1), Stamp(6)).unwrap().is_empty(), "begins empty");
}

#[test]
fn only_so_many_books_hold_at_a_time() {
    let mut sync = Sync::new(100, true, 10);
    for row in 0..8 {
        assert!(sync.hold(Row(row), Stamp(0)).is_some());
    }
    assert!(sync.hold(Row(50), Stamp(0)).is_none());
    assert!(sync.hold(Row(3), Stamp(0)).is_some(), "its own is still its own");
    sync.release(Row(3));
    assert!(sync.hold(Row(50), Stamp(0)).is_some());
    assert!(Sync::new(100, false, 10).hold(Row(0), Stamp(0)).is_none());
}

#[test]
fn without_room_the_old_changes_are_given_up_with_their_snapshot() {
    let mut sync = Sync::new(1, true, 10);
    sync.hold(Row(0), Stamp(0)).unwrap().asked = true;
    let wide: Vec<i64> = (0..20_000).collect();
    sync.keep(&change(0, 1), &scratch(&wide, &[]));
    assert!(sync.holding(Row(0)).unwrap().asked);
    sync.keep(&change(0, 2), &scratch(&wide, &[]));
    assert_eq!(held(&sync, 0).len(), 1);
    assert!(!sync.holding(Row(0)).unwrap().asked, "a newer one must be asked for");
    for order in 0..600 {
        sync.keep(&change(0, order), &scratch(&[], &[]));
    }
    assert!(held(&sync, 0).len() <= 512);
}

#[test]
fn a_snapshot_that_never_comes_is_overdue() {
    let mut sync = Sync::new(2, true, 10);
    let holding = sync.hold(Row(1), Stamp(0)).unwrap();
    (holding.asked, holding.since) = (true, Stamp(100));
    assert_eq!(sync.overdue(Stamp(150), Span(60)), None);
    assert_eq!(sync.overdue(Stamp(160), Span(60)), Some(Row(1)));
}
