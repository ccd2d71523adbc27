//! Connections of the WebSocket API: sessions and the envelope around answers.

use super::api::{ApiError, Params};
use super::streams::Gate;
use crate::order::AccountRow;
use crate::server::ConnId;
use base::WallNs;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// One connection.
#[derive(Debug)]
pub(super) struct ApiConn {
    /// Who logged on, with which key, and when.
    pub(super) session: Option<Session>,
    pub(super) connected: WallNs,
    /// Whether answers carry `rateLimits`.
    pub(super) rates: bool,
    /// The account whose events are sent here, and the number of the subscription.
    pub(super) subscription: Option<(AccountRow, u64)>,
    pub(super) next_subscription: u64,
    pub(super) gate: Gate,
}

/// A log-on.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) account: AccountRow,
    pub(super) api_key: String,
    pub(super) since: WallNs,
}

impl ApiConn {
    pub(super) fn new(now: WallNs, rates: bool) -> Self {
        Self {
            session: None,
            connected: now,
            rates,
            subscription: None,
            next_subscription: 0,
            gate: Gate::new(200),
        }
    }

    /// What log-on and status answer.
    pub(super) fn status_json(&self, now: WallNs) -> String {
        let (key, since) = self.session.as_ref().map_or_else(
            || ("null".to_owned(), "null".to_owned()),
            |s| (format!("\"{}\"", s.api_key), s.since.millis().to_string()),
        );
        format!(
            "{{\"apiKey\":{key},\"authorizedSince\":{since},\"connectedSince\":{},\"returnRateLimits\":{},\"serverTime\":{},\"userDataStream\":{}}}",
            self.connected.millis(),
            self.rates,
            now.millis(),
            self.subscription.is_some(),
        )
    }
}

pub(super) type ApiConns = BTreeMap<ConnId, ApiConn>;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(super) struct ApiRequest {
    /// The id as JSON, to be echoed.
    pub(super) id: String,
    pub(super) method: String,
    pub(super) params: Params,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    method: String,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

/// Reads a request; the error goes out with a null id.
pub(super) fn parse(text: &str) -> Result<ApiRequest, ApiError> {
    let wire: Wire<'_> =
        serde_json::from_str(text).map_err(|_| ApiError::bad(-1000, "Invalid JSON request."))?;
    let id = wire.id.map_or("null", RawValue::get).to_owned();
    let params = match wire.params {
        None => Params::default(),
        Some(raw) => {
            Params::from_json(raw).ok_or_else(|| ApiError::bad(-1000, "Invalid JSON request."))?
        }
    };
    Ok(ApiRequest { id, method: wire.method, params })
}

/// Puts an answer into its envelope.
pub(super) fn envelope(
    id: &str,
    answer: &Result<String, ApiError>,
    rates: Option<&str>,
    extra: &str,
) -> String {
    let rates = rates.map_or(String::new(), |rates| format!(",\"rateLimits\":{rates}"));
    match answer {
        Ok(result) => format!("{{\"id\":{id},\"status\":200,\"result\":{result}{rates}}}"),
        Err(why) => {
            let msg = serde_json::Value::from(why.msg.as_str());
            format!(
                "{{\"id\":{id},\"status\":{},\"error\":{{\"code\":{},\"msg\":{msg}{extra}}}{rates}}}",
                why.status, why.code
            )
        }
    }
}
