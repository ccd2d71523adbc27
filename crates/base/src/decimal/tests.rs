use super::*;
use proptest::prelude::*;

#[test]
fn texts_read_exactly_or_say_why_not() {
    use DecimalError::{BadByte, Empty, TooLarge, TooPrecise};
    #[rustfmt::skip]
    let cases: &[(&str, u8, Result<i64, DecimalError>)] = &[
        ("0.00000001",            8, Ok(1)),
        ("1.100000000",           8, Ok(110_000_000)),
        ("1.1000000000000000000", 8, Ok(110_000_000)),
        ("-61837.63",             2, Ok(-6_183_763)),
        ("61837.63000000",        2, Ok(6_183_763)),
        ("1123473760214",         0, Ok(1_123_473_760_214)),
        ("0.000000000001",       12, Ok(1)),
        (".5",                    1, Ok(5)),
        ("5.",                    1, Ok(50)),
        ("0",                    24, Ok(0)),
        ("1.000000001",           8, Err(TooPrecise)),
        ("0.10000000000000000001", 8, Err(TooPrecise)),
        ("1.2.3",                 8, Err(BadByte { at: 3 })),
        ("NaN",                   8, Err(BadByte { at: 0 })),
        ("1e5",                   8, Err(BadByte { at: 1 })),
        ("+1",                    8, Err(BadByte { at: 0 })),
        (" 1",                    8, Err(BadByte { at: 0 })),
        ("",                      8, Err(Empty)),
        ("-",                     8, Err(Empty)),
        (".",                     8, Err(Empty)),
        ("100000000000",          8, Err(TooLarge)),
        ("9223372036854775808",   0, Err(TooLarge)),
        ("9223372036854775807",   0, Ok(i64::MAX)),
        ("999999999999999999999999999999999999999999", 0, Err(TooLarge)),
        ("1",                    24, Err(TooLarge)),
    ];
    for (text, exp, want) in cases {
        assert_eq!(parse(text.as_bytes(), *exp), *want, "{text} at {exp}");
    }
}

#[test]
fn rounding_is_half_to_even() {
    #[rustfmt::skip]
    let cases: &[(&str, u8, i64)] = &[
        ("0.15",   1, 2),  ("0.25",   1, 2),  ("0.35",  1, 4), ("0.250001", 1, 3),
        ("-0.25",  1, -2), ("-0.35",  1, -4), ("0.349", 1, 3), ("61800.96906739", 2, 6_180_097),
    ];
    for (text, exp, want) in cases {
        assert_eq!(parse_rounded(text.as_bytes(), *exp), Ok(*want), "{text}");
    }
}

#[test]
fn needed_decimals_ignore_trailing_zeros() {
    for (text, want) in [("0.0100", 2), ("1", 0), ("0.000000000001", 12), ("10.0", 0), ("0", 0)] {
        assert_eq!(decimals_needed(text.as_bytes()), Ok(want), "{text}");
    }
}

#[test]
fn written_texts_are_plain() {
    let show = |value, exp| Decimal { value, exp }.to_string();
    assert_eq!(show(0, 8), "0");
    assert_eq!(show(-150, 2), "-1.5");
    assert_eq!(show(5, 3), "0.005");
    assert_eq!(show(120, 0), "120");
    assert_eq!(show(i128::MIN, 24), "-170141183460469.231731687303715884105728");
    let mut out = [0; TEXT_MAX];
    let length = write_fixed(6_183_763, 4, &mut out);
    assert_eq!(&out[..length], b"618.3763");
    let length = write_fixed(5, 2, &mut out);
    assert_eq!(&out[..length], b"0.05");
    let length = write_fixed(7, 0, &mut out);
    assert_eq!(&out[..length], b"7");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in any::<i64>(), exp in 0_u8..=18) {
        let text = Decimal { value: i128::from(value), exp }.to_string();
        if value != i64::MIN {
            prop_assert_eq!(parse(text.as_bytes(), exp), Ok(value));
        }
        prop_assert_eq!(parse_i128(text.as_bytes(), exp), Ok(i128::from(value)));
    }

    #[test]
    fn the_short_and_the_wide_reading_agree(text in "-?[0-9]{0,9}\\.?[0-9]{0,8}", exp in 0_u8..=18) {
        let short = parse_short(text.as_bytes(), exp);
        let wide = parse_wide(text.as_bytes(), exp, Finer::Refuse).and_then(narrow);
        prop_assert_eq!(short, wide);
    }

    #[test]
    fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..64), exp in 0_u8..=24) {
        let exact = parse(&text, exp);
        let rounded = parse_rounded(&text, exp);
        if let (Ok(a), Ok(b)) = (exact, rounded) {
            prop_assert_eq!(a, b);
        }
    }
}
