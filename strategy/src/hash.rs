//! The rolling hash over everything that enters and leaves the core.
//!
//! Four independent 64 x 64 -> 128 bit multiplications over the record's words and a fifth that
//! folds them into the state: a few nanoseconds, the same on every machine and in every build. It
//! finds divergence, it is no signature.

use base::Record;

const KEYS: [u64; 9] = [
    0x9e37_79b9_7f4a_7c15,
    0xbf58_476d_1ce4_e5b9,
    0x94d0_49bb_1331_11eb,
    0xd6e8_feb8_6659_fd93,
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
    0x8ebc_6af0_9c88_c6e3,
    0x5899_65cc_7537_4cc3,
    0x1d8e_4e27_c47d_124f,
];

/// The state of the hash: one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Rolling(pub(crate) u64);

impl Rolling {
    /// Takes in one record. The journal's seal is not part of the event.
    #[inline]
    pub(crate) fn absorb(&mut self, record: &Record) {
        let [stamp, head, a, b, c, d, e, _seal] = record.to_words();
        let [k0, k1, k2, k3, k4, k5, k6, k7, k8] = KEYS;
        let one = fold(stamp ^ k0, head ^ k1);
        let two = fold(a ^ k2, b ^ k3);
        let three = fold(c ^ k4, d ^ k5);
        let four = fold(e ^ k6, k7);
        let state = self.0.rotate_left(23) ^ one ^ two.rotate_left(17) ^ three.rotate_left(41);
        self.0 = fold(state ^ k8, four | 1);
    }
}

/// The two halves of the product.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests;
