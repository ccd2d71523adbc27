//! Bybit: hex(HMAC-SHA256(secret, ...)).

use super::{HmacKey, text};

/// Length of every Bybit signature.
pub const SIGNATURE: usize = 64;

/// Signs a REST request: `payload` is the query string of a GET or the raw body of a POST.
#[must_use]
pub fn rest(
    key: &HmacKey,
    timestamp_ms: &[u8],
    api_key: &[u8],
    recv_window_ms: &[u8],
    payload: &[u8],
) -> [u8; SIGNATURE] {
    let mut mac = key.start();
    mac.update(timestamp_ms);
    mac.update(api_key);
    mac.update(recv_window_ms);
    mac.update(payload);
    text::hex(&mac.finish())
}

/// Signs a WebSocket `auth` that is good until `expires_ms`, as text.
#[must_use]
pub fn auth(key: &HmacKey, expires_ms: &[u8]) -> [u8; SIGNATURE] {
    let mut mac = key.start();
    mac.update(b"GET/realtime");
    mac.update(expires_ms);
    text::hex(&mac.finish())
}
