//! OKX: base64(HMAC-SHA256(secret, timestamp + METHOD + path with query + body)).

use super::{HmacKey, text};
use base::WallNs;

/// Length of every OKX signature.
pub const SIGNATURE: usize = 44;

/// Signs a REST request: `timestamp` from [`timestamp`], `path` with its `?query`, `body` or nothing.
#[must_use]
pub fn rest(
    key: &HmacKey,
    timestamp: &[u8],
    method: &[u8],
    path: &[u8],
    body: &[u8],
) -> [u8; SIGNATURE] {
    let mut mac = key.start();
    mac.update(timestamp);
    mac.update(method);
    mac.update(path);
    mac.update(body);
    text::base64_32(&mac.finish())
}

/// Signs a WebSocket login at `seconds` since 1970, as text.
#[must_use]
pub fn login(key: &HmacKey, seconds: &[u8]) -> [u8; SIGNATURE] {
    rest(key, seconds, b"GET", b"/users/self/verify", b"")
}

/// Length of every OKX REST time stamp.
pub const TIMESTAMP: usize = 24;

/// `2020-12-08T09:08:57.715Z`. A time before 1970 or after 9999 gives the nearest of them.
#[must_use]
pub fn timestamp(wall: WallNs) -> [u8; TIMESTAMP] {
    const LAST_MS: i64 = 253_402_300_799_999;
    let ms = wall.millis().clamp(0, LAST_MS).unsigned_abs();
    let (days, in_day) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = civil(days);
    let fields = [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b'T'),
        (in_day / 3_600_000, 2, b':'),
        (in_day / 60_000 % 60, 2, b':'),
        (in_day / 1_000 % 60, 2, b'.'),
        (in_day % 1_000, 3, b'Z'),
    ];
    let mut out = [0_u8; TIMESTAMP];
    let mut places = out.iter_mut();
    for (value, width, end) in fields {
        for place in (0..width).rev() {
            let digit = value / 10_u64.pow(place) % 10;
            if let Some(out) = places.next() {
                *out = b'0' + digit as u8;
            }
        }
        if let Some(out) = places.next() {
            *out = end;
        }
    }
    out
}

/// The date of a day counted from 1970-01-01, by Hinnant's era method (eras of 146,097 days that
/// begin on 1 March, so that the leap day is the last of its year).
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}
