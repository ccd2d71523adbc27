//! Masking: every byte of a client's payload xored with the frame's key.

/// Masks, or unmasks, `payload` with `key`, beginning at the key's first byte.
#[inline]
pub fn apply_mask(key: [u8; 4], payload: &mut [u8]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
}

/// As [`apply_mask`] for the part of a payload that begins at its byte number `offset`.
pub(super) fn apply_mask_from(key: [u8; 4], offset: usize, payload: &mut [u8]) {
    let mut turned = key;
    turned.rotate_left(offset % 4);
    apply_mask(turned, payload);
}

#[cfg(test)]
mod tests;
