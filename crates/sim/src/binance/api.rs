//! What REST and the WebSocket API share: parameters, errors, and the table of calls.

use crate::dec::Dec;
use crate::order::{AccountRow, OrderRef};
use crate::spec::Spec;
use base::{Side, WallNs};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// An error answer: HTTP status, the venue's code, its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) code: i32,
    pub(super) msg: String,
}

impl ApiError {
    pub(super) fn new(status: u16, code: i32, msg: impl Into<String>) -> Self {
        Self { status, code, msg: msg.into() }
    }

    /// A plain bad request.
    pub(super) fn bad(code: i32, msg: impl Into<String>) -> Self {
        Self::new(400, code, msg)
    }

    pub(super) fn missing(name: &str) -> Self {
        let msg =
            format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.");
        Self::bad(-1102, msg)
    }

    /// `{"code":…,"msg":…}`
    pub(super) fn json(&self) -> String {
        let msg = Value::from(self.msg.as_str());
        format!("{{\"code\":{},\"msg\":{msg}}}", self.code)
    }
}

pub(super) type Answer = Result<String, ApiError>;

/// What is asked, whichever way it comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Ping,
    Time,
    Info,
    Depth,
    BookTicker,
    PriceTicker,
    Trades,
    Account,
    Commission,
    OrderPlace,
    OrderTest,
    OrderCancel,
    OrderStatus,
    OrderAmend,
    CancelReplace,
    OpenOrders,
    CancelAll,
    AllOrders,
    MyTrades,
    RateLimitOrders,
    FundingInfo,
    FundingRate,
    PremiumIndex,
    OpenInterest,
    Balance,
    Positions,
    Income,
    ListenKeyNew,
    ListenKeyKeep,
    ListenKeyEnd,
    Leverage,
    LeverageBracket,
    MarginType,
    PositionMode,
    SetPositionMode,
    MultiAssets,
    Countdown,
    AccountConfig,
    SymbolConfig,
    // WebSocket API only:
    Logon,
    SessionStatus,
    Logout,
    Subscribe,
    SubscribeSigned,
    Unsubscribe,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// Anybody.
    Open,
    /// Whoever names a key.
    Key,
    /// Whoever signs.
    Signed,
}

/// A row of the table of calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) ask: Ask,
    /// What it costs of the IP's weight.
    pub(super) weight: u32,
    pub(super) lock: Lock,
    /// Whether it counts as an order.
    pub(super) order: bool,
    /// The version in its path, where answers differ by it.
    pub(super) version: u8,
}

/// Parameters by name, values as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(pub(super) Vec<(String, String)>);

impl Params {
    /// The value of a parameter that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::missing(name))
    }

    /// A whole number that may be absent.
    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.get(name).map(|text| text.parse().map_err(|_| illegal(name))).transpose()
    }

    /// A decimal that may be absent.
    pub(super) fn decimal(&self, name: &str) -> Result<Option<Dec>, ApiError> {
        let read =
            |text: &str| Dec::parse(text).filter(|d| !d.is_negative()).ok_or_else(|| illegal(name));
        self.get(name).map(read).transpose()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    pub(super) fn side(&self) -> Result<Side, ApiError> {
        match self.need("side")? {
            "BUY" => Ok(Side::Buy),
            "SELL" => Ok(Side::Sell),
            _ => Err(ApiError::bad(-1117, "Invalid side.")),
        }
    }

    /// `limit`, within 1 and the most.
    pub(super) fn limit(&self, default: usize, most: usize) -> Result<usize, ApiError> {
        let wanted =
            self.whole("limit")?.map_or(default, |n| usize::try_from(n).unwrap_or(default));
        Ok(wanted.clamp(1, most))
    }

    /// Which order a request names.
    pub(super) fn order_ref(&self) -> Result<OrderRef, ApiError> {
        if let Some(id) = self.whole("orderId")? {
            return Ok(OrderRef::Id(u64::try_from(id).unwrap_or(0)));
        }
        match self.get("origClientOrderId") {
            Some(id) => Ok(OrderRef::Client(id.to_owned())),
            None => Err(ApiError::bad(
                -1102,
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
            )),
        }
    }

    /// From a WebSocket API request's `params`, values as they were sent.
    pub(super) fn from_json(params: &RawValue) -> Option<Self> {
        let map: BTreeMap<String, &RawValue> = serde_json::from_str(params.get()).ok()?;
        let value = |raw: &RawValue| {
            serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
        };
        Some(Self(map.into_iter().map(|(name, raw)| (name, value(raw))).collect()))
    }
}

fn illegal(name: &str) -> ApiError {
    let msg = format!(
        "Illegal characters found in parameter '{name}'; legal range is '^([0-9]{{1,20}})(\\.[0-9]{{1,20}})?$'."
    );
    ApiError::bad(-1100, msg)
}

/// A request ready to be carried out.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) now: WallNs,
    pub(super) route: Route,
    pub(super) params: Params,
    /// The account behind the key; the first one where nobody signed.
    pub(super) account: AccountRow,
}

/// A client id the venue accepts: up to 36 of a safe set.
pub(super) fn client_id(text: &str, extra: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c) || extra.contains(c);
    if text.len() > 36 {
        return Err(ApiError::bad(
            -4015,
            "Client order id length should not be more than 36 chars",
        ));
    }
    if text.chars().all(legal) {
        return Ok(());
    }
    let msg = format!(
        "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_{extra}]{{1,36}}$'."
    );
    Err(ApiError::bad(-1100, msg))
}

/// A price as the venue prints it.
pub(super) fn price(spec: &Spec, value: Dec) -> String {
    value.fixed(spec.price_places).to_string()
}

/// A quantity as the venue prints it.
pub(super) fn qty(spec: &Spec, value: Dec) -> String {
    value.fixed(spec.qty_places).to_string()
}

/// An amount of money as the venue prints it.
pub(super) fn money(value: Dec) -> String {
    value.fixed(8).to_string()
}

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

#[cfg(test)]
mod tests;
