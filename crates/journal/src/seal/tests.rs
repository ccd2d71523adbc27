use super::{checksum, seal};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_bit_of_record_index_and_epoch_matters(
        words in any::<[u64; 7]>(),
        index in any::<u64>(),
        epoch in 0_u32..1 << 24,
    ) {
        let whole = seal(words, index, epoch);
        prop_assert_ne!(whole, 0);
        for word in 0..7 {
            for bit in 0..64 {
                let mut other = words;
                other[word] ^= 1 << bit;
                prop_assert_ne!(seal(other, index, epoch), whole, "word {} bit {}", word, bit);
            }
        }
        for bit in 0..64 {
            prop_assert_ne!(seal(words, index ^ (1 << bit), epoch), whole, "index bit {}", bit);
        }
        for bit in 0..24 {
            prop_assert_ne!(seal(words, index, epoch ^ (1 << bit)), whole, "epoch bit {}", bit);
        }
    }

    #[test]
    fn words_that_change_places_change_the_seal(words in any::<[u64; 7]>(), a in 0_usize..7, b in 0_usize..7) {
        let mut other = words;
        other.swap(a, b);
        prop_assume!(other != words);
        prop_assert_ne!(seal(words, 1, 1), seal(other, 1, 1));
    }

    #[test]
    fn every_bit_and_the_length_of_bytes_matter(mut bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let whole = checksum(&bytes);
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            prop_assert_ne!(checksum(&bytes), whole);
            bytes[at / 8] ^= 1 << (at % 8);
        }
        bytes.push(0);
        prop_assert_ne!(checksum(&bytes), whole);
    }
}

#[test]
fn the_seal_is_part_of_the_format_and_does_not_change() {
    let sums = [seal([0; 7], 0, 1), seal([1, 2, 3, 4, 5, 6, 7], 8, 9), checksum(b"plan")];
    assert_eq!(
        sums,
        [8_974_176_323_894_751_095, 153_189_071_970_088_276, 9_274_815_527_420_148_923]
    );
}
