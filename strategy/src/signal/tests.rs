use super::*;
use proptest::prelude::*;

const H: i64 = 3_600_000_000_000;

fn rated(rate: i64, hours: i64, next: i64) -> Rated {
    Rated {
        rate: Rate(rate),
        interval: Span((hours * H).cast_unsigned()),
        next: WallNs(next),
        seen: Stamp(0),
    }
}

#[test]
fn settlements_are_counted_on_each_legs_own_schedule() {
    let horizon = Span((8 * H).cast_unsigned());
    let cases = [
        // interval, next in hours from now, settlements within eight hours
        (8, 1, 1),
        (8, 8, 1),
        (8, 9, 0),
        (4, 1, 2),
        (4, 4, 2),
        (1, 1, 8),
        (1, 2, 7),
    ];
    for (interval, next, expected) in cases {
        let rated = rated(1, interval, next * H);
        assert_eq!(settlements(&rated, WallNs(0), horizon), expected, "{interval} {next}");
    }
    assert_eq!(settlements(&rated(1, 0, H), WallNs(0), horizon), 0);
}

#[test]
fn rates_of_different_intervals_are_compared_per_hour() {
    assert_eq!(per_hour(&rated(800_000_000, 8, H)), Rate(100_000_000));
    assert_eq!(per_hour(&rated(400_000_000, 4, H)), Rate(100_000_000));
    assert_eq!(per_hour(&rated(100_000_000, 1, H)), Rate(100_000_000));
    assert_eq!(per_hour(&rated(5, 0, H)), Rate::ZERO);
}

fn slot(bid: i64, ask: i64) -> Slot {
    Slot {
        bid: Price(bid),
        ask: Price(ask),
        bid_qty: Qty(100),
        ask_qty: Qty(100),
        ..Slot::default()
    }
}

#[test]
fn the_edge_is_what_is_left_of_the_spread_after_everything() {
    let (long, short) = (slot(99_990, 100_000), slot(100_500, 100_510));
    let fixed = (Rate(200_000_000), Rate(2_000_000_000));
    let edge = edge(&long, &short, Qty(100), fixed, (Stamp(0), Span(1))).unwrap();
    // 0.5 % of spread, two hundredths of a percent of crossing, 0.02 % of carry, 0.2 % of fees.
    assert_eq!(edge.spread, Rate(5_000_000_000));
    assert_eq!(edge.crossing, Rate(100_005_000));
    assert_eq!(edge.net, Rate(5_000_000_000 - 100_005_000 + 200_000_000 - 2_000_000_000));
    assert_eq!((edge.long_price, edge.short_price), (Price(100_000), Price(100_500)));
}

#[test]
fn a_side_that_is_not_deep_enough_has_no_edge() {
    let (long, short) = (slot(99_990, 100_000), slot(100_500, 100_510));
    let fixed = (Rate::ZERO, Rate::ZERO);
    assert_eq!(edge(&long, &short, Qty(101), fixed, (Stamp(0), Span(1))), None);
}

#[test]
fn the_basis_is_between_the_mids() {
    assert_eq!(basis(&slot(99, 101), &slot(100, 102)), Some(Rate(10_000_000_000)));
    assert_eq!(basis(&slot(99, 101), &Slot::default()), None);
}

#[test]
fn nothing_is_found_in_a_book_that_is_not_known() {
    let (unknown, known) = (Slot::default(), slot(100, 101));
    let any = Rate(1 - Rate::ONE.0);
    assert!(!spread_reaches(unknown.bid, known.ask, any));
    assert!(!spread_reaches(known.bid, unknown.ask, any));
}

proptest! {
    #[test]
    fn the_quick_comparison_is_the_exact_one(
        bid in 1_i64..i64::MAX, ask in 1_i64..i64::MAX, least in any::<i64>(),
    ) {
        let gained = (i128::from(bid) - i128::from(ask)) * i128::from(Rate::ONE.0);
        // gained / ask >= least, in integers: the floor decides.
        let reaches = gained.div_euclid(i128::from(ask)) >= i128::from(least);
        prop_assert_eq!(spread_reaches(Price(bid), Price(ask), Rate(least)), reaches);
    }
}
