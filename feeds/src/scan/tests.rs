use super::*;
use proptest::prelude::*;

fn after<T>(text: &[u8], step: impl FnOnce(&mut Cursor<'_>) -> Option<T>) -> Option<(T, Vec<u8>)> {
    let mut at = Cursor::new(text);
    let found = step(&mut at)?;
    Some((found, at.rest.to_vec()))
}

#[test]
fn a_decimal_ends_at_its_quote() {
    let cases: &[(&str, u8, Option<i64>)] = &[
        ("61837.63000000\"", 8, Some(6_183_763_000_000)),
        ("61837.63000000\"", 2, Some(6_183_763)),
        ("61837.63100000\"", 2, None),
        ("0.00000000\"", 3, Some(0)),
        ("007\"", 0, Some(7)),
        ("7\"", 18, Some(7_000_000_000_000_000_000)),
        ("10\"", 18, None),
        ("123456789012345678\"", 0, Some(123_456_789_012_345_678)),
        ("9223372036854775807\"", 0, Some(i64::MAX)),
        ("9223372036854775808\"", 0, None),
        ("99999999999999999999999999\"", 0, None),
        ("1.\"", 2, None),
        (".5\"", 2, None),
        ("\"", 2, None),
        ("-1\"", 2, None),
        ("1e5\"", 2, None),
        ("1.2.3\"", 2, None),
        ("1,2\"", 2, None),
        ("12", 2, None),
    ];
    for (text, exp, expected) in cases {
        let found = after(text.as_bytes(), |at| at.decimal(*exp)).map(|(value, _)| value);
        assert_eq!(found, *expected, "{text} at {exp}");
    }
}

#[test]
fn an_integer_is_one_that_json_knows() {
    let cases: &[(&str, Option<(i64, &str)>)] = &[
        ("0,", Some((0, ","))),
        ("1723161256313,", Some((1_723_161_256_313, ","))),
        ("12345678}", Some((12_345_678, "}"))),
        ("123456789012345678x", Some((123_456_789_012_345_678, "x"))),
        ("1234567890123456789x", None),
        ("01,", None),
        ("00000000,", None),
        ("-1,", None),
        (",", None),
        ("", None),
    ];
    for (text, expected) in cases {
        let expected = expected.map(|(value, rest)| (value, rest.as_bytes().to_vec()));
        assert_eq!(after(text.as_bytes(), |at| at.integer()), expected, "{text}");
    }
    assert_eq!(after(b"-12,", |at| at.signed()), Some((-12, b",".to_vec())));
    assert_eq!(after(b"-0,", |at| at.signed()), None);
    assert_eq!(after(b"-,", |at| at.signed()), None);
}

#[test]
fn a_text_with_anything_special_in_it_is_left_to_the_full_parser() {
    let text = |text: &'static [u8]| {
        let mut at = Cursor::new(text);
        at.text().map(|found| (found, at.rest))
    };
    assert_eq!(text(b"abc\","), Some((&b"abc"[..], &b","[..])));
    assert_eq!(text(b"\","), Some((&b""[..], &b","[..])));
    for special in [&b"a\\n\""[..], b"a\x1fb\"", b"\xc3\xa9\"", b"a\x7f\"", b"abc"] {
        assert_eq!(text(special), None, "{special:?}");
    }
}

#[test]
fn digits_are_at_least_one_and_end_at_a_quote() {
    assert_eq!(after(b"12\"x", |at| at.digits()), Some(((), b"x".to_vec())));
    for text in [&b"\"x"[..], b"12", b"1a\"", b"-1\""] {
        assert_eq!(after(text, |at| at.digits()), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_the_cursor_reads_of_a_decimal_base_reads_too(
        text in "[0-9]{0,20}(\\.[0-9]{0,12})?[0-9e.x-]{0,2}",
        exp in 0_u8..20,
    ) {
        let quoted = format!("{text}\"tail");
        if let Some((value, rest)) = after(quoted.as_bytes(), |at| at.decimal(exp)) {
            prop_assert_eq!(decimal::parse(text.as_bytes(), exp), Ok(value));
            prop_assert_eq!(rest, b"tail");
        } else if let Ok(value) = decimal::parse(text.as_bytes(), exp) {
            // Narrower only where a side of the point is empty.
            let odd = text.starts_with('.') || text.ends_with('.') || text.starts_with('-');
            prop_assert!(odd, "{text} is {value} at {exp}");
        }
    }

    #[test]
    fn eight_decimals_read_as_base_reads_them(
        text in "[0-9]{1,10}\\.[0-9]{0,8}0{0,8}",
        exp in 0_u8..13,
    ) {
        let eight = format!("{:0<8}", text.split_once('.').map_or("", |(_, f)| f));
        let text = format!("{}.{}", text.split('.').next().unwrap_or("0"), &eight[..8]);
        let quoted = format!("{text}\"");
        let found = after(quoted.as_bytes(), |at| at.decimal(exp)).map(|(value, _)| value);
        prop_assert_eq!(found, decimal::parse(text.as_bytes(), exp).ok(), "{} at {}", text, exp);
    }

    #[test]
    fn rounding_is_that_of_base(
        text in "-?[0-9]{1,8}(\\.[0-9]{1,14})?|[0-9]{1,3}\\.[0-9]{0,3}50{0,3}1?",
        exp in 0_u8..13,
    ) {
        let quoted = format!("{text}\"tail");
        match after(quoted.as_bytes(), |at| at.rounded(exp)) {
            Some((value, rest)) => {
                prop_assert_eq!(decimal::parse_rounded(text.as_bytes(), exp), Ok(value));
                prop_assert_eq!(rest, b"tail");
            }
            None => prop_assert!(text.len() + usize::from(exp) > 18 || text.ends_with('.')),
        }
    }

    #[test]
    fn every_integer_up_to_eighteen_digits_reads_back(value in 0_i64..1_000_000_000_000_000_000) {
        let text = format!("{value},");
        prop_assert_eq!(after(text.as_bytes(), |at| at.integer()), Some((value, b",".to_vec())));
    }
}
