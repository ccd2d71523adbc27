//! Who a request or a WebSocket belongs to: OKX's signatures, checked with code of our own.

use super::codes::{self, Code};
use crate::order::AccountRow;
use crate::scenario::{KeyPlan, Scenario};
use crate::server::Request;
use crate::wire::json::field;
use crate::wire::sign;
use base::{VenueId, WallNs};
use serde_json::Value;
use std::collections::BTreeMap;

/// How far a client's clock may be off.
const WINDOW_MS: i64 = 30_000;

/// Keys by their public half.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_name: BTreeMap<String, (AccountRow, KeyPlan)>,
}

impl Keys {
    /// The keys a scenario gives out for `venue`.
    pub(crate) fn of(scenario: &Scenario, venue: VenueId) -> Self {
        let mut by_name = BTreeMap::new();
        for (row, account) in scenario.accounts.iter().enumerate() {
            for key in account.keys.get(&venue).map_or(&[][..], Vec::as_slice) {
                by_name.insert(key.api_key.clone(), (row, key.clone()));
            }
        }
        Self { by_name }
    }

    /// The account and the secrets of a key.
    pub(crate) fn find(&self, api_key: &str) -> Option<&(AccountRow, KeyPlan)> {
        self.by_name.get(api_key)
    }

    /// Whose REST request this is.
    pub(crate) fn rest(&self, now: WallNs, request: &Request) -> Result<AccountRow, Code> {
        let header = |name: &str, missing: Code| {
            request.header(name).filter(|text| !text.is_empty()).ok_or(missing)
        };
        let key = header("ok-access-key", codes::NO_KEY)?;
        let passphrase = header("ok-access-passphrase", codes::NO_PASSPHRASE)?;
        let signature = header("ok-access-sign", codes::NO_SIGN)?;
        let timestamp = header("ok-access-timestamp", codes::NO_TIMESTAMP)?;
        let (account, plan) = self.find(key).ok_or(codes::BAD_KEY)?;
        let sent_ms = sign::parse_iso(timestamp).ok_or(codes::BAD_TIMESTAMP)?;
        if (now.millis() - sent_ms).abs() > WINDOW_MS {
            return Err(codes::EXPIRED);
        }
        let payload = format!("{timestamp}{}{}{}", request.method, request.target(), request.body);
        if sign::base64(&plan.secret, &payload) != signature {
            return Err(codes::BAD_SIGN);
        }
        if plan.passphrase != passphrase {
            return Err(codes::BAD_PASSPHRASE);
        }
        let deadline = request.header("exptime").and_then(|text| text.parse::<i64>().ok());
        if deadline.is_some_and(|deadline| now.millis() > deadline) {
            return Err(codes::EXPIRED);
        }
        Ok(*account)
    }

    /// Whose WebSocket this is, from the first argument of `login`.
    pub(crate) fn login(&self, now: WallNs, args: &Value) -> Result<AccountRow, Code> {
        let (account, plan) = self.find(&field(args, "apiKey")).ok_or(codes::WS_LOGIN_KEY)?;
        let timestamp = field(args, "timestamp");
        // Whole seconds; milliseconds are the classic mistake and are far in the future.
        let sent_s = timestamp.split('.').next().and_then(|text| text.parse::<i64>().ok());
        let sent_s = sent_s.ok_or(codes::WS_LOGIN_TIMESTAMP)?;
        if (now.millis() - sent_s.saturating_mul(1_000)).abs() > WINDOW_MS {
            return Err(codes::WS_LOGIN_EXPIRED);
        }
        if plan.passphrase != field(args, "passphrase") {
            return Err(codes::WS_LOGIN_PASSPHRASE);
        }
        let payload = format!("{timestamp}GET/users/self/verify");
        if sign::base64(&plan.secret, &payload) != field(args, "sign") {
            return Err(codes::WS_LOGIN_SIGN);
        }
        Ok(*account)
    }
}
