#![allow(clippy::unwrap_used)]
use super::{Counter, Hist, describe, parse};
use proptest::prelude::*;

#[test]
fn what_is_described_reads_back() {
    let text = describe(&["feed-okx", "strategy"], &[("md-okx", 64)]);
    let schema = parse(&text).unwrap();
    assert_eq!(schema.stages, ["feed-okx", "strategy"]);
    assert_eq!(schema.rings, [("md-okx".to_owned(), 64)]);
    assert_eq!(schema.regimes, ["caught-up", "busy", "backpressured", "housekeeping"]);
    assert_eq!((schema.counters.len(), schema.hists.len()), (Counter::COUNT, Hist::ALL.len()));
    for (row, counter) in schema.counters.iter().zip(Counter::ALL) {
        assert!(row.is(&counter.metric()), "{row:?}");
        assert_eq!((row.kind, row.help.as_str()), (counter.metric().kind, counter.metric().help));
    }
    assert!(!schema.counters[0].is(&Counter::FeedBytes.metric()));
}

#[test]
fn what_a_newer_build_adds_is_left_out() {
    let text = describe(&["a"], &[]) + "colour\tgreen\n";
    assert_eq!(parse(&text), parse(&describe(&["a"], &[])));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "((stage|ring|value|hist|x)\t?[a-z=,\t0-9]{0,20}\n){0,5}") {
        let _ = parse(&text);
    }
}
