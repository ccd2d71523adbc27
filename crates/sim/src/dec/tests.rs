use super::Dec;
use proptest::prelude::*;

#[test]
fn text_reads_exactly_or_not_at_all() {
    let cases: &[(&str, Option<i128>)] = &[
        ("0", Some(0)),
        ("1", Some(1_000_000_000_000)),
        ("-0.5", Some(-500_000_000_000)),
        (".5", Some(500_000_000_000)),
        ("0.000000000001", Some(1)),
        ("0.0000000000010", Some(1)),
        ("0.0000000000011", None),
        ("1123473760214", Some(1_123_473_760_214_000_000_000_000)),
        ("", None),
        (".", None),
        ("-", None),
        ("1e5", None),
        ("+1", None),
        ("1.2.3", None),
        ("NaN", None),
        ("1000000000000000000000000000000", None),
    ];
    for (text, expected) in cases {
        assert_eq!(Dec::parse(text).map(|d| d.0), *expected, "{text}");
    }
}

#[test]
fn fixed_printing_keeps_the_zeros_and_cuts_the_rest() {
    let price = Dec::parse("61837.63").expect("a number");
    assert_eq!(price.fixed(8).to_string(), "61837.63000000");
    assert_eq!(price.fixed(0).to_string(), "61837");
    assert_eq!(price.to_string(), "61837.63");
    assert_eq!(Dec::parse("-0.001").expect("a number").fixed(2).to_string(), "0.00");
    assert_eq!(Dec::parse("-0.05").expect("a number").fixed(2).to_string(), "-0.05");
}

#[test]
fn steps_cut_and_round() {
    let tick = Dec::parse("0.1").expect("a number");
    let price = Dec::parse("1.25").expect("a number");
    assert_eq!(price.cut_to(tick).to_string(), "1.2");
    assert_eq!(price.round_to(tick).to_string(), "1.3");
    assert!(!price.is_multiple_of(tick));
    assert_eq!(price.count_of(tick), 12);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(units in -(10_i128.pow(26))..10_i128.pow(26)) {
        let value = Dec(units);
        prop_assert_eq!(Dec::parse(&value.to_string()), Some(value));
        prop_assert_eq!(Dec::parse(&value.fixed(12).to_string()), Some(value));
    }

    #[test]
    fn a_price_times_a_quantity_is_exact(price in 1_i64..10_000_000_000, qty in 1_i64..10_000_000_000) {
        let (price, qty) = (Dec::scaled(price, 4), Dec::scaled(qty, 6));
        let product = price.times_exact(qty);
        prop_assert_eq!(product, Some(price.times(qty)));
        let expected = (price.0 / 100_000_000) * (qty.0 / 1_000_000);
        prop_assert_eq!(product.map(|p| p.0 / 100), Some(expected));
    }

    #[test]
    fn dividing_undoes_multiplying(a in 1_i64..1_000_000_000, b in 1_i64..1_000_000) {
        let (a, b) = (Dec::scaled(a, 2), Dec::scaled(b, 3));
        prop_assert_eq!(a.times(b).over(b), a);
    }
}
