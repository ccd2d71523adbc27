//! Copies that cannot panic: what does not fit is not copied.

use core::ops::Range;

/// Copies what of `bytes` has room at the front of `place`; how much that is.
#[inline]
pub(crate) fn put(place: &mut [u8], bytes: &[u8]) -> usize {
    let length = place.len().min(bytes.len());
    if let (Some(place), Some(bytes)) = (place.get_mut(..length), bytes.get(..length)) {
        place.copy_from_slice(bytes);
    }
    length
}

/// Copies `from` of `bytes` to where `to` begins; the two may overlap. Nothing when either lies outside.
#[inline]
pub(crate) fn shift(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let inside = from.start <= from.end && from.end <= bytes.len();
    if inside && to <= bytes.len() - (from.end - from.start) {
        bytes.copy_within(from, to);
    }
}

#[cfg(test)]
mod tests;
