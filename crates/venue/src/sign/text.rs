//! Binary to text for signatures: hex, base64, percent. Fixed sizes where the input's is fixed.

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// 32 bytes as 64 lower-case hex digits.
#[inline]
#[must_use]
pub fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    // Arithmetic instead of a table, so that the compiler does many digits at once.
    let digit = |nibble: u8| nibble + if nibble > 9 { b'a' - 10 } else { b'0' };
    let mut out = [0_u8; 64];
    let (pairs, _) = out.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    out
}

/// 32 bytes as 44 characters of base64, padded.
#[inline]
#[must_use]
pub fn base64_32(bytes: &[u8; 32]) -> [u8; 44] {
    let mut out = [b'='; 44];
    base64(bytes, &mut out);
    out
}

/// 64 bytes as 88 characters of base64, padded.
#[inline]
#[must_use]
pub fn base64_64(bytes: &[u8; 64]) -> [u8; 88] {
    let mut out = [b'='; 88];
    base64(bytes, &mut out);
    out
}

/// Fills `out`, which holds nothing but `=` and is as long as the text.
#[inline]
fn base64(bytes: &[u8], out: &mut [u8]) {
    let (quads, _) = out.as_chunks_mut::<4>();
    let (triples, rest) = bytes.as_chunks::<3>();
    let letter = |bits: u32| BASE64[(bits & 63) as usize];
    let mut places = quads.iter_mut();
    // The triples first: when they end, no place has been taken.
    for (&[a, b, c], place) in triples.iter().zip(places.by_ref()) {
        let bits = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
        *place = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)];
    }
    match (places.next(), rest) {
        (Some(place), &[a]) => {
            let bits = u32::from(a) << 16;
            *place = [letter(bits >> 18), letter(bits >> 12), b'=', b'='];
        }
        (Some(place), &[a, b]) => {
            let bits = u32::from(a) << 16 | u32::from(b) << 8;
            *place = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), b'='];
        }
        _ => {}
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986) into `out`; returns the length, or
/// `None` when it does not fit.
pub fn percent(bytes: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut at = 0;
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            *out.get_mut(at)? = byte;
            at += 1;
        } else {
            let place = out.get_mut(at..at + 3)?;
            let code = [
                b'%',
                HEX[usize::from(byte >> 4)].to_ascii_uppercase(),
                HEX[usize::from(byte & 15)].to_ascii_uppercase(),
            ];
            place.iter_mut().zip(code).for_each(|(place, byte)| *place = byte);
            at += 3;
        }
    }
    Some(at)
}

/// Writes a number in decimal; returns its digits at the end of `buffer`.
#[inline]
#[must_use]
pub fn decimal(value: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut rest = value;
    let mut at = buffer.len();
    // bound: 20 digits of a u64
    while at > 0 {
        at -= 1;
        if let Some(place) = buffer.get_mut(at) {
            *place = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    buffer.get(at..).unwrap_or_default()
}
