//! OKX's order request as the exchange understands it.

use super::codes::{self, NEEDS};
use crate::dec::Dec;
use crate::order::{NewOrder, OrderKind, OrderRef, Stp, Tif};
use crate::spec::{Spec, Specs};
use crate::wire::json::field;
use base::Side;
use serde_json::Value;

/// A code and a text for the client.
pub(crate) type Wrong = (String, String);

/// The instrument a request names: `instIdCode` on the WebSocket (`instId` is deprecated there and
/// still understood), `instId` over REST.
pub(crate) fn instrument<'a>(specs: &'a Specs, args: &Value) -> Result<&'a Spec, Wrong> {
    let code = field(args, "instIdCode");
    let found = if code.is_empty() {
        specs.by_symbol(&field(args, "instId"), None)
    } else {
        code.parse().ok().and_then(|code| specs.by_code(code))
    };
    found.ok_or_else(|| codes::owned(codes::NO_INSTRUMENT))
}

/// The order a request names; the venue's own id wins.
pub(crate) fn reference(args: &Value) -> Result<OrderRef, Wrong> {
    let (id, client) = (field(args, "ordId"), field(args, "clOrdId"));
    if !id.is_empty() {
        return id.parse().map(OrderRef::Id).map_err(|_| codes::parameter("ordId"));
    }
    if client.is_empty() {
        return Err(codes::owned(codes::NEEDS_ID));
    }
    Ok(OrderRef::Client(client))
}

/// The words of a request that the exchange does not keep and the rows show.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// As sent: `limit`, `post_only`, `optimal_limit_ioc`, …
    pub(crate) ord_type: String,
    /// `cash`, `cross`, `isolated`.
    pub(crate) td_mode: String,
    /// Of the last amendment.
    pub(crate) req_id: String,
    /// Why it was cancelled, where the exchange does not know better.
    pub(crate) cancel_source: Option<&'static str>,
}

impl Words {
    /// Of an order nobody knows.
    pub(crate) fn unknown() -> Self {
        Self {
            ord_type: "limit".to_owned(),
            td_mode: "cross".to_owned(),
            req_id: String::new(),
            cancel_source: None,
        }
    }
}

/// Reads a new order.
pub(crate) fn read(spec: &Spec, args: &Value) -> Result<(NewOrder, Words), Wrong> {
    let words = Words {
        ord_type: needed(args, "ordType")?,
        td_mode: needed(args, "tdMode")?,
        req_id: String::new(),
        cancel_source: None,
    };
    let modes: &[&str] =
        if spec.is_perpetual() { &["cross", "isolated"] } else { &["cash", "cross"] };
    if !modes.contains(&words.td_mode.as_str()) {
        return Err(codes::parameter("tdMode"));
    }
    let side = match needed(args, "side")?.as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(codes::parameter("side")),
    };
    if !matches!(field(args, "posSide").as_str(), "" | "net") {
        return Err(codes::parameter("posSide"));
    }
    let (kind, tif) = match words.ord_type.as_str() {
        "market" => (OrderKind::Market, Tif::Ioc),
        "optimal_limit_ioc" if spec.is_perpetual() => (OrderKind::Market, Tif::Ioc),
        "limit" => (OrderKind::Limit, Tif::Gtc),
        "post_only" => (OrderKind::Limit, Tif::PostOnly),
        "fok" => (OrderKind::Limit, Tif::Fok),
        "ioc" => (OrderKind::Limit, Tif::Ioc),
        _ => return Err(codes::parameter("ordType")),
    };
    let price = match kind {
        OrderKind::Market => None,
        OrderKind::Limit => Some(positive(&needed(args, "px")?, "px")?),
    };
    let (qty, quote_qty) = size(spec, args, side, kind)?;
    let order = NewOrder {
        row: spec.row,
        side,
        kind,
        tif,
        price,
        qty,
        quote_qty,
        reduce_only: spec.is_perpetual() && flag(args, "reduceOnly")?,
        stp: stp(args, tif)?,
        client_id: client_id(args)?,
        tag: field(args, "tag"),
    };
    Ok((order, words))
}

/// Quantity, or the value of a spot market order by value.
fn size(
    spec: &Spec,
    args: &Value,
    side: Side,
    kind: OrderKind,
) -> Result<(Dec, Option<Dec>), Wrong> {
    let size = positive(&needed(args, "sz")?, "sz")?;
    if spec.is_perpetual() || kind == OrderKind::Limit {
        return Ok((base_qty(spec, size)?, None));
    }
    let by_value = match field(args, "tgtCcy").as_str() {
        "" => side == Side::Buy,
        "quote_ccy" => true,
        "base_ccy" => false,
        _ => return Err(codes::parameter("tgtCcy")),
    };
    Ok(if by_value { (Dec::ZERO, Some(size)) } else { (size, None) })
}

/// A size text's number as base quantity.
pub(crate) fn base_qty(spec: &Spec, size: Dec) -> Result<Dec, Wrong> {
    spec.from_contracts(size).ok_or_else(|| codes::of_order(crate::order::Refusal::QtyLot))
}

fn client_id(args: &Value) -> Result<String, Wrong> {
    let id = field(args, "clOrdId");
    if id.len() > 32 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(codes::parameter("clOrdId"));
    }
    Ok(id)
}

fn stp(args: &Value, tif: Tif) -> Result<Stp, Wrong> {
    match field(args, "stpMode").as_str() {
        "" | "cancel_maker" => Ok(Stp::CancelMaker),
        "cancel_taker" => Ok(Stp::CancelTaker),
        "cancel_both" if tif != Tif::Fok => Ok(Stp::CancelBoth),
        _ => Err(codes::parameter("stpMode")),
    }
}

/// A field that must be there.
pub(crate) fn needed(args: &Value, name: &str) -> Result<String, Wrong> {
    let text = field(args, name);
    if text.is_empty() {
        return Err((NEEDS.0.to_owned(), NEEDS.1.replace("{0}", name)));
    }
    Ok(text)
}

/// A number above zero.
pub(crate) fn positive(text: &str, name: &str) -> Result<Dec, Wrong> {
    Dec::parse(text).filter(|value| value.is_positive()).ok_or_else(|| codes::parameter(name))
}

fn flag(args: &Value, name: &str) -> Result<bool, Wrong> {
    match field(args, name).as_str() {
        "" | "false" => Ok(false),
        "true" => Ok(true),
        _ => Err(codes::parameter(name)),
    }
}
