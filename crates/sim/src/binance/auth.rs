//! Signatures and time stamps, the way the venue checks them.

use super::api::{ApiError, Params};
use crate::scenario::KeyPlan;
use crate::wire::sign;
use base::WallNs;
use base64::Engine as _;
use ed25519_dalek::{Signature, SigningKey, Verifier as _};

/// How far ahead of ours a client's clock may be.
const AHEAD_MS: i64 = 1_000;
const WINDOW_MS: i64 = 5_000;
const WINDOW_MAX_MS: i64 = 60_000;

/// What of a request's query and body is signed: both without the signature, put together.
pub(super) fn rest_payload(query: &str, body: &str) -> String {
    let strip = |text: &str| {
        let kept: Vec<&str> = text.split('&').filter(|p| !p.starts_with("signature=")).collect();
        kept.join("&")
    };
    strip(query) + &strip(body)
}

/// What of a WebSocket API request is signed: all parameters but the signature, sorted by name.
pub(super) fn ws_payload(params: &Params) -> String {
    let mut pairs: Vec<&(String, String)> =
        params.0.iter().filter(|(name, _)| name != "signature").collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Whether `signature` is the key's for `payload`.
pub(super) fn is_signed(key: &KeyPlan, payload: &str, signature: &str) -> bool {
    if key.ed25519_seed.is_empty() {
        let expected = sign::hex(&key.secret, payload);
        return !key.secret.is_empty() && signature.eq_ignore_ascii_case(&expected);
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(signature).ok();
    let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
    let signer = key.seed().map(|seed| SigningKey::from_bytes(&seed));
    match (signer, signature) {
        (Some(key), Some(signature)) => {
            key.verifying_key().verify(payload.as_bytes(), &signature).is_ok()
        }
        _ => false,
    }
}

/// Checks `timestamp` and `recvWindow` against the venue's time.
pub(super) fn check_time(now: WallNs, params: &Params) -> Result<(), ApiError> {
    let sent = params.whole("timestamp")?.ok_or_else(|| ApiError::missing("timestamp"))?;
    // Microseconds are accepted too.
    let sent_ms = if sent > 100_000_000_000_000 { sent / 1_000 } else { sent };
    let window = params
        .decimal("recvWindow")?
        .map_or(WINDOW_MS, |w| i64::try_from(w.0 / 1_000_000_000_000).unwrap_or(i64::MAX));
    if window > WINDOW_MAX_MS {
        return Err(ApiError::bad(-1131, "recvWindow must be less than 60000."));
    }
    let server = now.millis();
    if sent_ms >= server + AHEAD_MS {
        let msg = "Timestamp for this request was 1000ms ahead of the server's time.";
        return Err(ApiError::bad(-1021, msg));
    }
    if server - sent_ms > window {
        let msg = "Timestamp for this request is outside of the recvWindow.";
        return Err(ApiError::bad(-1021, msg));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
