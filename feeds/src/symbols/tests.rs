use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn listing(row: u16) -> Listing {
    Listing { row: Row(row), edge: Edge { price_exp: 1, size_exp: 2, size_factor: 3 } }
}

#[test]
fn names_that_differ_in_one_place_are_different() {
    let mut symbols = Symbols::with_room(8);
    let names = ["BTCUSDT", "BTCUSDC", "ETHUSDT", "BTC-USDT-SWAP", "BTC-USDC-SWAP", "", "B"];
    for (row, name) in (0..).zip(names) {
        assert!(symbols.insert(name.as_bytes(), listing(row)));
    }
    for (row, name) in (0..).zip(names) {
        assert_eq!(symbols.find(name.as_bytes()), Some(listing(row)));
    }
    assert_eq!(symbols.find(b"BTCUSD"), None);
    assert_eq!(symbols.len(), names.len());
}

#[test]
fn a_full_table_and_a_name_too_long_are_refused() {
    let mut symbols = Symbols::with_room(2);
    assert!(symbols.insert(b"A", listing(0)) && symbols.insert(b"B", listing(1)));
    assert!(!symbols.insert(b"C", listing(2)));
    assert!(symbols.insert(b"A", listing(3)), "a known name takes a new listing");
    assert_eq!(symbols.find(b"A"), Some(listing(3)));
    let long = [b'X'; NAME_MAX + 1];
    assert!(!Symbols::with_room(8).insert(&long, listing(0)));
    assert_eq!(symbols.find(&long), None);
}

proptest! {
    #[test]
    fn a_table_of_symbols_is_a_map(
        names in proptest::collection::vec("[A-Z0-9-]{1,32}", 0..300),
        others in proptest::collection::vec("[A-Z0-9-]{0,40}", 0..100),
    ) {
        let mut symbols = Symbols::with_room(names.len());
        let mut model = BTreeMap::new();
        for (row, name) in (0..).zip(&names) {
            prop_assert!(symbols.insert(name.as_bytes(), listing(row)));
            model.insert(name.clone(), listing(row));
        }
        for name in names.iter().chain(&others) {
            prop_assert_eq!(symbols.find(name.as_bytes()), model.get(name).copied());
        }
    }
}
