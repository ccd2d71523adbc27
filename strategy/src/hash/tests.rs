use super::*;
use base::Stamp;
use proptest::prelude::*;

#[test]
fn the_hash_is_the_same_on_every_machine() {
    let mut hash = Rolling::default();
    for n in 0..1000_u64 {
        let mut record = Record::EMPTY;
        record.stamp = Stamp(n);
        record.words[2] = i64::try_from(n).unwrap() - 500;
        hash.absorb(&record);
    }
    assert_eq!(hash.0, 15_173_880_305_872_006_017);
}

#[test]
fn the_seal_of_the_journal_is_not_part_of_the_event() {
    let (mut a, mut b) = (Rolling(1), Rolling(1));
    a.absorb(&Record { kind: 1, seal: 77, ..Record::EMPTY });
    b.absorb(&Record { kind: 1, ..Record::EMPTY });
    assert_eq!(a, b);
}

proptest! {
    #[test]
    fn any_changed_bit_changes_the_hash(words: [u64; 8], bit in 0_usize..448, state: u64) {
        let mut other = words;
        other[bit / 64] ^= 1 << (bit % 64);
        let (mut a, mut b) = (Rolling(state), Rolling(state));
        a.absorb(&Record::from_words(words));
        b.absorb(&Record::from_words(other));
        prop_assert_ne!(a, b);
    }

    #[test]
    fn the_order_of_events_matters(one: [u64; 8], two: [u64; 8]) {
        let (one, two) = (Record::from_words(one), Record::from_words(two));
        prop_assume!(one.to_words()[..7] != two.to_words()[..7]);
        let (mut a, mut b) = (Rolling(9), Rolling(9));
        a.absorb(&one);
        a.absorb(&two);
        b.absorb(&two);
        b.absorb(&one);
        prop_assert_ne!(a, b);
    }
}
