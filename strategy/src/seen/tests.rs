use super::*;

#[test]
fn a_key_is_new_once() {
    let mut seen = Seen::new(256);
    let id = InstrumentId(3);
    assert!(seen.is_new(Tag::Fill, id, 17));
    assert!(!seen.is_new(Tag::Fill, id, 17));
}

#[test]
fn the_same_number_elsewhere_is_another_key() {
    let mut seen = Seen::new(256);
    assert!(seen.is_new(Tag::Fill, InstrumentId(3), 17));
    assert!(seen.is_new(Tag::Fill, InstrumentId(4), 17));
    assert!(seen.is_new(Tag::Fee, InstrumentId(3), 17));
    assert!(seen.is_new(Tag::Funding, InstrumentId(3), 17));
    assert!(seen.is_new(Tag::Fill, InstrumentId(0), 0), "zero is a number like any other");
}

#[test]
fn the_last_keys_are_remembered_whatever_their_numbers() {
    for stride in [1, 2, 8, 1024, 1 << 40, 0x9e37_79b9_7f4a_7c15] {
        let mut seen = Seen::new(4096);
        for n in 0..1024_u64 {
            assert!(seen.is_new(Tag::Fill, InstrumentId(1), n.wrapping_mul(stride)));
        }
        let again = (0..1024_u64)
            .filter(|n| seen.is_new(Tag::Fill, InstrumentId(1), n.wrapping_mul(stride)))
            .count();
        assert_eq!(again, 0, "stride {stride}");
    }
}
