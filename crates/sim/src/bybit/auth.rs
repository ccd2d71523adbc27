//! Who a request or a WebSocket belongs to: Bybit's signatures, checked with code of our own.

use super::codes::{self, Wrong};
use crate::order::AccountRow;
use crate::scenario::{KeyPlan, Scenario};
use crate::server::Request;
use crate::wire::json::field;
use crate::wire::sign;
use base::{VenueId, WallNs};
use serde_json::Value;
use std::collections::BTreeMap;

/// How far ahead a client's clock may be.
const AHEAD_MS: i64 = 1_000;
const RECV_WINDOW_MS: i64 = 5_000;

/// Keys by their public half.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_name: BTreeMap<String, (AccountRow, KeyPlan)>,
}

/// Why a REST request belongs to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// The headers are not there: HTTP 401.
    Unsigned,
    /// They are wrong.
    Wrong(Wrong),
}

impl Keys {
    /// The keys a scenario gives out.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let mut by_name = BTreeMap::new();
        for (row, account) in scenario.accounts.iter().enumerate() {
            for key in account.keys.get(&VenueId::Bybit).map_or(&[][..], Vec::as_slice) {
                by_name.insert(key.api_key.clone(), (row, key.clone()));
            }
        }
        Self { by_name }
    }

    /// Whose REST request this is.
    pub(crate) fn rest(&self, now: WallNs, request: &Request) -> Result<AccountRow, Stranger> {
        let header = |name: &str| {
            request.header(name).filter(|text| !text.is_empty()).ok_or(Stranger::Unsigned)
        };
        let key = header("x-bapi-api-key")?;
        let timestamp = header("x-bapi-timestamp")?;
        let signature = header("x-bapi-sign")?;
        let window = request.header("x-bapi-recv-window").unwrap_or("");
        let (account, plan) =
            self.by_name.get(key).ok_or_else(|| Stranger::Wrong(codes::owned(codes::BAD_KEY)))?;
        in_time(now, timestamp, window).map_err(Stranger::Wrong)?;
        let signed = if request.method == "GET" { &request.query } else { &request.body };
        let payload = format!("{timestamp}{key}{window}{signed}");
        if sign::hex(&plan.secret, &payload) != signature.to_ascii_lowercase() {
            let text = format!("error sign! origin_string[{payload}]");
            return Err(Stranger::Wrong((codes::BAD_SIGN.0, text)));
        }
        Ok(*account)
    }

    /// Whose WebSocket this is, from the arguments of `auth`: key, expiry, signature.
    pub(crate) fn socket(&self, now: WallNs, args: &[Value]) -> Result<AccountRow, Wrong> {
        let text = |at: usize| match args.get(at) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let (key, expires, signature) = (text(0), text(1), text(2));
        let Ok(expires_ms) = expires.parse::<i64>() else {
            return Err(codes::parameter("Params Error"));
        };
        let (account, plan) = self.by_name.get(&key).ok_or_else(|| codes::owned(codes::BAD_KEY))?;
        if expires_ms <= now.millis() {
            return Err((codes::BAD_SIGN.0, "Params Error: expired".to_owned()));
        }
        if sign::hex(&plan.secret, &format!("GET/realtime{expires}"))
            != signature.to_ascii_lowercase()
        {
            return Err(codes::owned(codes::BAD_SIGN));
        }
        Ok(*account)
    }
}

/// Whether a request's time stamp is within its window.
pub(crate) fn in_time(now: WallNs, timestamp: &str, window: &str) -> Result<(), Wrong> {
    let window_ms = window.parse().unwrap_or(RECV_WINDOW_MS);
    let server = now.millis();
    let sent = timestamp
        .parse::<i64>()
        .ok()
        .filter(|sent| server - window_ms <= *sent && *sent < server + AHEAD_MS);
    sent.map(drop).ok_or_else(|| {
        let text = format!(
            "invalid request, please check your server timestamp or recv_window param. req_timestamp[{timestamp}],server_timestamp[{server}],recv_window[{window_ms}]"
        );
        (codes::WINDOW, text)
    })
}

/// A header of a trade message, whatever its letters' case.
pub(crate) fn header(message: &Value, name: &str) -> String {
    let Some(Value::Object(headers)) = message.get("header") else {
        return String::new();
    };
    let found = headers.keys().find(|known| known.eq_ignore_ascii_case(name));
    found.map_or_else(String::new, |known| field(&Value::Object(headers.clone()), known))
}
