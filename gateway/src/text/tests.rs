use super::{Draft, Padded, fnv, id_number};
use proptest::prelude::*;
use zeroize::Zeroize as _;

fn written(write: impl FnOnce(&mut Draft<'_>)) -> String {
    let mut out = [0; 64];
    let mut draft = Draft::new(&mut out);
    write(&mut draft);
    String::from_utf8(draft.written().to_vec()).unwrap()
}

proptest! {
    #[test]
    fn numbers_are_written_as_the_standard_library_does(value in any::<u64>()) {
        prop_assert_eq!(written(|d| d.number(value)), value.to_string());
    }

    #[test]
    fn short_and_middling_numbers_are_too(value in any::<u64>(), shift in 0_u32..64) {
        let value = value >> shift;
        prop_assert_eq!(written(|d| d.number(value)), value.to_string());
    }

    #[test]
    fn short_decimals_are_the_long_ones(value in any::<u64>(), shift in 30_u32..64, decimals in 0_u8..=9) {
        let value = value >> shift;
        let text = super::decimal(value, decimals);
        let long = super::long_decimal(value, decimals);
        prop_assert_eq!(text.as_bytes(), long.as_bytes());
    }

    #[test]
    fn decimals_read_back_exactly(value in 0..=u64::try_from(i64::MAX).unwrap(), decimals in 0_u8..=18) {
        let text = written(|d| d.fixed(value, decimals));
        let read = base::decimal::parse(text.as_bytes(), decimals).unwrap();
        prop_assert_eq!(u64::try_from(read).unwrap(), value);
        prop_assert_eq!(text.split_once('.').map_or(0, |(_, part)| part.len()), usize::from(decimals));
    }
}

#[test]
fn decimals_have_a_digit_before_the_point() {
    let cases = [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (618_001, 1, "61800.1"),
        (7, 8, "0.00000007"),
        (u64::MAX, 0, "18446744073709551615"),
        (1, 19, "0.0000000000000000001"),
    ];
    for (value, decimals, text) in cases {
        assert_eq!(written(|d| d.fixed(value, decimals)), text);
    }
}

#[test]
fn what_does_not_fit_is_noticed() {
    let mut out = [0; 4];
    let mut draft = Draft::new(&mut out);
    draft.put(b"abc");
    assert_eq!(draft.length(), Some(3));
    draft.number(17);
    assert_eq!(draft.length(), None);
}

#[test]
fn a_plain_number_is_its_own_id_and_a_text_is_hashed() {
    assert_eq!(id_number(b"2510789768709120"), 2_510_789_768_709_120);
    assert_eq!(id_number(b"0"), 0);
    assert_eq!(id_number(b"007"), fnv(b"007"));
    assert_eq!(id_number(b"12345678901234567890"), fnv(b"12345678901234567890"));
    assert_ne!(
        id_number(b"a4c1718e-fe53-4659-a118-1f6ecce04ad9"),
        id_number(b"a4c1718e-fe53-4659-a118-1f6ecce04ad8")
    );
}

#[test]
fn a_text_that_is_wiped_leaves_nothing() {
    let mut padded = Padded::<8>::new(b"secret").unwrap();
    padded.zeroize();
    assert_eq!((padded.bytes, padded.length), ([0; 8], 0));
}
