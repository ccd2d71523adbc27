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

/// Moves `from` of `bytes` towards the front, to where `to` begins; the two may overlap. Nothing when one
/// lies outside or `to` lies behind.
#[inline]
pub(crate) fn shift(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let gap = from.start.saturating_sub(to);
    if gap == 0 || from.end > bytes.len() {
        return;
    }
    let mut at = from.start;
    // bound: each piece is as long as the gap, so that it does not overlap with its place
    while at < from.end {
        let length = gap.min(from.end - at);
        let Some((front, back)) = bytes.split_at_mut_checked(at) else { return };
        let place = front.get_mut(at - gap..).unwrap_or_default();
        put(place, back.get(..length).unwrap_or_default());
        at += length;
    }
}

#[cfg(test)]
mod tests;
