use super::*;
use crate::dec::Dec;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn side(levels: &BTreeMap<i64, i64>, dearest_first: bool) -> Vec<Level> {
    let level =
        |(price, qty): (&i64, &i64)| Level { price: Dec::whole(*price), qty: Dec::whole(*qty) };
    if dearest_first {
        levels.iter().rev().map(level).collect()
    } else {
        levels.iter().map(level).collect()
    }
}

fn apply(mut side: Vec<Level>, changes: &[Level]) -> Vec<Level> {
    for change in changes {
        let at = side.iter().position(|level| level.price == change.price);
        match at {
            Some(at) if change.qty.is_zero() => {
                side.remove(at);
            }
            Some(at) => side[at] = *change,
            None => {
                assert!(!change.qty.is_zero(), "a level that was never shown is taken away");
                side.push(*change);
            }
        }
    }
    side
}

proptest! {
    #[test]
    fn a_client_that_applies_the_changes_has_the_same_book(
        before in prop::collection::btree_map(0_i64..30, 1_i64..4, 0..20),
        after in prop::collection::btree_map(0_i64..30, 1_i64..4, 0..20),
    ) {
        let mut ladder = Ladder { bids: side(&before, true), asks: side(&before, false) };
        let shown = ladder.clone();
        let changes = ladder.advance(Ladder { bids: side(&after, true), asks: side(&after, false) });
        let mut bids = apply(shown.bids, &changes.bids);
        bids.sort_by_key(|level| core::cmp::Reverse(level.price));
        let mut asks = apply(shown.asks, &changes.asks);
        asks.sort_by_key(|level| level.price);
        prop_assert_eq!(bids, ladder.bids);
        prop_assert_eq!(asks, ladder.asks);
        prop_assert_eq!(changes.is_empty(), before == after);
    }
}
