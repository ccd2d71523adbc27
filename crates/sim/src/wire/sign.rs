//! HMAC-SHA256 the two ways it is printed, and the two date forms that get signed.

use base64::Engine as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

fn mac(secret: &str, payload: &str) -> Vec<u8> {
    // SHA-256 takes keys of any length, so this cannot fail; an empty answer matches no signature.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return Vec::new();
    };
    mac.update(payload.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// HMAC-SHA256 in lower-case hexadecimal (Bybit).
pub(crate) fn hex(secret: &str, payload: &str) -> String {
    mac(secret, payload).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// HMAC-SHA256 in base64 (OKX).
pub(crate) fn base64(secret: &str, payload: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(mac(secret, payload))
}

/// The milliseconds since 1970 of `2020-12-08T09:08:57.715Z`; `None` for another form.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    let rest = text.strip_suffix('Z')?;
    let (date, time) = rest.split_once('T')?;
    let mut date = date.split('-').map(whole);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut clock = clock.split(':').map(whole);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let sane = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !sane || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    let days = days_from_civil(year, month, day);
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + millis)
}

fn whole(text: &str) -> Option<i64> {
    text.parse().ok().filter(|value: &i64| *value >= 0)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted - era * 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests;
