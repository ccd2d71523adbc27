use super::*;

const LISTING: &str = "
0000000000001000 <<feeds::FeedStage as base::stage::Stage>::turn>:
    1000:\tcall   2000 <feeds::decode>
    1005:\tjne    1000 <<feeds::FeedStage as base::stage::Stage>::turn+0x5>
    100a:\tjmp    3000 <feeds::resync>

0000000000002000 <feeds::decode>:
    2000:\tje     2010 <feeds::decode+0x10>
    2005:\tcall   4000 <core::panicking::panic_bounds_check>

0000000000003000 <feeds::resync>:
    3000:\tcall   5000 <__rust_alloc>

0000000000006000 <cold::setup>:
    6000:\tcall   5000 <__rust_alloc>
";

#[test]
fn calls_and_tail_jumps_are_read_and_inner_jumps_are_not() {
    let calls = calls(LISTING);
    let turn = &calls["<feeds::FeedStage as base::stage::Stage>::turn"];
    let names: Vec<_> = turn.iter().map(String::as_str).collect();
    assert_eq!(names, ["feeds::decode", "feeds::resync"]);
}

#[test]
fn a_panic_and_an_allocation_below_a_turn_are_found_with_the_way_there() {
    let faults = faults(&calls(LISTING), &[]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("panics: core::panicking::panic_bounds_check"), "{faults:?}");
    assert!(faults[0].contains("<- feeds::decode"), "{faults:?}");
    assert!(faults[1].starts_with("allocates: __rust_alloc"), "{faults:?}");
}

#[test]
fn the_walk_stops_at_what_is_named_cold() {
    let faults = faults(&calls(LISTING), &[("feeds::resync", "asks for a snapshot")]);
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[test]
fn the_binary_is_found_in_cargos_messages() {
    let messages = r#"{"reason":"compiler-artifact","target":{"name":"base"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"funding-arb"},"executable":"/x/funding-arb"}
not json"#;
    assert_eq!(executable(messages).as_deref(), Some("/x/funding-arb"));
}
