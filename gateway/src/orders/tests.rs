use super::{CAPACITY, OpenOrder, Orders};
use base::{InstrumentId, OrderId, Stamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn order(id: u64) -> OpenOrder {
    OpenOrder {
        order: OrderId(id),
        instrument: InstrumentId(1),
        sent: Stamp(id),
        seen: Stamp(0),
        cancelled: Stamp(0),
        listed: 0,
        unwanted: false,
    }
}

/// Ids whose homes are one of four neighbours: they push each other on.
fn crowded(nth: u64) -> u64 {
    static IDS: std::sync::LazyLock<Vec<u64>> = std::sync::LazyLock::new(|| {
        (1..).filter(|id| Orders::home(OrderId(*id)) < 4).take(64).collect()
    });
    IDS[usize::try_from(nth).unwrap_or(0) % 64]
}

proptest! {
    #[test]
    fn the_table_is_a_map(ops in prop::collection::vec((any::<bool>(), 1_u64..60), 0..400)) {
        let mut table = Orders::default();
        let mut model = BTreeMap::new();
        for (add, id) in ops {
            let id = crowded(id);
            if add {
                table.add(order(id));
                model.entry(id).or_insert_with(|| order(id));
            } else {
                prop_assert_eq!(table.remove(OrderId(id)), model.remove(&id));
            }
            prop_assert_eq!(table.len(), model.len());
            for (id, known) in &model { prop_assert_eq!(table.get(OrderId(*id)), Some(known)); }
        }
        let mut all: Vec<u64> = table.iter().map(|known| known.order.0).collect();
        all.sort_unstable();
        prop_assert_eq!(all, model.into_keys().collect::<Vec<_>>());
    }
}

#[test]
fn a_full_table_takes_nothing_more() {
    let mut table = Orders::default();
    for id in 1..=CAPACITY as u64 + 5 {
        table.add(order(id));
    }
    assert_eq!(table.len(), CAPACITY);
    assert!(!table.has_room());
    assert_eq!(table.get(OrderId(CAPACITY as u64 + 1)), None);
}

#[test]
fn foreign_orders_are_not_remembered() {
    let mut table = Orders::default();
    table.add(order(0));
    assert!(table.is_empty());
}
