//! Bybit's order request as the exchange understands it.

use super::codes::{self, Wrong, parameter};
use crate::dec::Dec;
use crate::order::{NewOrder, OrderKind, OrderRef, Stp, Tif};
use crate::spec::{Spec, Specs};
use crate::wire::json::field;
use base::{Product, Side};
use serde_json::Value;

/// `spot` or `linear`, of a request's `category`.
pub(crate) fn product(category: &str) -> Result<Product, Wrong> {
    match category {
        "linear" => Ok(Product::Perpetual),
        "spot" => Ok(Product::Spot),
        "" => Err(parameter("params error: category is required")),
        _ => Err(parameter("Illegal category")),
    }
}

/// The instrument of a category and a symbol.
pub(crate) fn instrument<'a>(
    specs: &'a Specs,
    category: &str,
    symbol: &str,
) -> Result<&'a Spec, Wrong> {
    let product = product(category)?;
    if symbol.is_empty() {
        return Err(parameter("params error: symbol is required"));
    }
    specs.by_symbol(symbol, Some(product)).ok_or_else(|| match product {
        Product::Spot => codes::of_order(crate::order::Refusal::Instrument, true),
        Product::Perpetual => parameter(format!("params error: symbol invalid {symbol}")),
    })
}

/// The order a request names; the venue's own id wins.
pub(crate) fn reference(
    args: &Value,
    find: impl Fn(&str) -> Option<u64>,
) -> Result<OrderRef, Wrong> {
    let (id, link) = (field(args, "orderId"), field(args, "orderLinkId"));
    if !id.is_empty() {
        return Ok(OrderRef::Id(find(&id).unwrap_or(0)));
    }
    if link.is_empty() {
        return Err(parameter("params error: OrderId or orderLinkId is required"));
    }
    Ok(OrderRef::Client(link))
}

/// Reads a new order. `held` is the signed position, for orders that close all of it.
pub(crate) fn read(spec: &Spec, args: &Value, held: Dec) -> Result<NewOrder, Wrong> {
    let spot = !spec.is_perpetual();
    let say = |linear: &str, code: i64, text: &str| {
        if spot { (code, text.to_owned()) } else { parameter(linear) }
    };
    let side = match field(args, "side").as_str() {
        "Buy" => Side::Buy,
        "Sell" => Side::Sell,
        _ => return Err(say("Side invalid", 170_117, "Invalid side.")),
    };
    let kind = match field(args, "orderType").as_str() {
        "Market" => OrderKind::Market,
        "Limit" => OrderKind::Limit,
        _ => return Err(say("OrderType invalid", 170_116, "Invalid orderType.")),
    };
    let tif = match (kind, field(args, "timeInForce").as_str()) {
        (OrderKind::Market, _) | (_, "IOC") => Tif::Ioc,
        (_, "" | "GTC") => Tif::Gtc,
        (_, "FOK") => Tif::Fok,
        (_, "PostOnly") => Tif::PostOnly,
        _ => return Err(say("TimeInForce invalid", 170_115, "Invalid timeInForce.")),
    };
    if !matches!(field(args, "positionIdx").as_str(), "" | "0") {
        return Err(codes::owned(codes::POSITION_IDX));
    }
    let price = match kind {
        OrderKind::Market => None,
        OrderKind::Limit => {
            let text = field(args, "price");
            let price = Dec::parse(&text).filter(|price| price.is_positive());
            Some(price.ok_or_else(|| codes::of_order(crate::order::Refusal::PriceTick, spot))?)
        }
    };
    let (qty, quote_qty) = size(spec, args, side, kind, held)?;
    Ok(NewOrder {
        row: spec.row,
        side,
        kind,
        tif,
        price,
        qty,
        quote_qty,
        reduce_only: !spot && field(args, "reduceOnly") == "true",
        stp: stp(args)?,
        client_id: link_id(args)?,
        tag: String::new(),
    })
}

/// Quantity, or the value of a spot market order by value.
fn size(
    spec: &Spec,
    args: &Value,
    side: Side,
    kind: OrderKind,
    held: Dec,
) -> Result<(Dec, Option<Dec>), Wrong> {
    let spot = !spec.is_perpetual();
    let wrong = || codes::of_order(crate::order::Refusal::QtyLot, spot);
    let qty = Dec::parse(&field(args, "qty")).ok_or_else(wrong)?;
    let closes = field(args, "reduceOnly") == "true" && field(args, "closeOnTrigger") == "true";
    if qty.is_zero() && closes && !spot {
        let reduces = held.is_positive() == (side == Side::Sell);
        return Ok((if reduces { held.abs() } else { Dec::ZERO }, None));
    }
    if !qty.is_positive() {
        return Err(wrong());
    }
    if !spot || kind == OrderKind::Limit {
        return Ok((qty, None));
    }
    let by_value = match field(args, "marketUnit").as_str() {
        "" => side == Side::Buy,
        "quoteCoin" => true,
        "baseCoin" => false,
        _ => return Err(parameter("marketUnit invalid")),
    };
    Ok(if by_value { (Dec::ZERO, Some(qty)) } else { (qty, None) })
}

fn stp(args: &Value) -> Result<Stp, Wrong> {
    match field(args, "smpType").as_str() {
        "" | "None" => Ok(Stp::None),
        "CancelMaker" => Ok(Stp::CancelMaker),
        "CancelTaker" => Ok(Stp::CancelTaker),
        "CancelBoth" => Ok(Stp::CancelBoth),
        _ => Err(parameter("smpType invalid")),
    }
}

fn link_id(args: &Value) -> Result<String, Wrong> {
    let id = field(args, "orderLinkId");
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if id.len() > 36 || !id.bytes().all(legal) {
        return Err(parameter("orderLinkId invalid"));
    }
    Ok(id)
}
