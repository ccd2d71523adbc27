//! The checksum that closes a record: over its words, its index and its epoch.
//!
//! A record that was written half, lies in the wrong place, or was left by an earlier life of the
//! file does not carry the seal of its place. It guards against accidents, not against forgers.

/// Odd constants without structure (digits of pi, e, sqrt 2, sqrt 3, golden ratio).
const K: [u64; 5] = [
    0x2437_3c5f_8a3e_9d4b | 1,
    0xadf8_5458_a2bb_4a9b,
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x9e37_79b9_7f4a_7c15,
];

/// Both halves of the product, folded: every bit of either factor reaches about half of the result.
#[inline]
const fn mix(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the product")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// The seal of the seven words of record `index` of `epoch`; never 0, which is an empty place.
#[inline]
pub(crate) const fn seal(words: [u64; 7], index: u64, epoch: u32) -> u64 {
    let [a, b, c, d, e, f, g] = words;
    let [k0, k1, k2, k3, k4] = K;
    let first = mix(a ^ k0, b ^ k1 ^ index.rotate_left(32));
    let second = mix(c ^ k1, d ^ k2);
    let third = mix(e ^ k2, f ^ k3);
    let place = mix(g ^ k3, index ^ k4 ^ ((epoch as u64) << 40));
    // Each part is turned by another amount, so that equal parts do not cancel.
    let all = first ^ second.rotate_left(17) ^ third.rotate_left(31) ^ place.rotate_left(47);
    let sum = mix(all ^ k4, k1) ^ b ^ d.rotate_left(13) ^ f.rotate_left(29) ^ a.rotate_left(41);
    if sum == 0 { 1 } else { sum }
}

/// A checksum of any bytes: headers, plans, snapshots.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let [k0, k1, k2, ..] = K;
    let mut sum = k0 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        sum = mix(sum ^ u64::from_le_bytes(word), k1).rotate_left(23) ^ k2;
    }
    mix(sum, k2) | 1
}

#[cfg(test)]
mod tests;
