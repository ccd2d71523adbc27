use super::*;

#[test]
fn times_are_written_in_the_unit_that_fits() {
    assert_eq!(time(0), "0 ns");
    assert_eq!(time(870), "870 ns");
    assert_eq!(time(12_345), "12.3 us");
    assert_eq!(time(4_500_000), "4.5 ms");
    assert_eq!(time(61_000_000_000), "61.0 s");
}

#[test]
fn busy_is_everything_but_caught_up() {
    assert!((busy(&[75, 20, 0, 5]) - 0.25).abs() < 1e-9);
    assert!(busy(&[]).abs() < 1e-9);
}

#[test]
fn amounts_keep_eight_decimals() {
    let amount = Money::parse(b"-0.123456789").unwrap();
    assert_eq!(short(amount), "-0.12345679");
}
