//! USD-M: orders.

use super::super::api::{Answer, ApiError, Call, client_id, price, qty, side};
use super::super::codes;
use super::super::spot::{number, select_orders, spec_of, specs_of, stp, stp_name};
use super::super::venue::Desk;
use crate::dec::Dec;
use crate::order::{DoneReason, NewOrder, Order, OrderKind, Status, Tif};
use crate::spec::Spec;
use crate::wire::json::{Obj, list};

/// Reads a new order and checks what needs no market.
pub(super) fn read(desk: &Desk, call: &Call) -> Result<NewOrder, ApiError> {
    let params = &call.params;
    let spec = spec_of(desk, call)?;
    let kind = match params.need("type")? {
        "LIMIT" => OrderKind::Limit,
        "MARKET" => OrderKind::Market,
        "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET" => {
            let msg = "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.";
            return Err(ApiError::bad(-4120, msg));
        }
        _ => return Err(ApiError::bad(-1116, "Invalid orderType.")),
    };
    if !matches!(params.get("positionSide"), None | Some("BOTH")) {
        return Err(ApiError::bad(-4061, "Order's position side does not match user's setting."));
    }
    let tif = match (kind, params.get("timeInForce")) {
        (OrderKind::Market, None) => Tif::Ioc,
        (OrderKind::Market, Some(_)) => {
            return Err(ApiError::bad(-1106, "Parameter 'timeInForce' sent when not required."));
        }
        (OrderKind::Limit, Some("GTC" | "GTD")) => Tif::Gtc,
        (OrderKind::Limit, Some("IOC")) => Tif::Ioc,
        (OrderKind::Limit, Some("FOK")) => Tif::Fok,
        (OrderKind::Limit, Some("GTX")) => Tif::PostOnly,
        (OrderKind::Limit, Some(_)) => return Err(ApiError::bad(-1115, "Invalid timeInForce.")),
        (OrderKind::Limit, None) => return Err(ApiError::missing("timeInForce")),
    };
    let price = match kind {
        OrderKind::Limit => Some(precise(params.decimal("price")?, "price", spec.price_places)?),
        OrderKind::Market => None,
    };
    let qty = precise(params.decimal("quantity")?, "quantity", spec.qty_places)?;
    if qty.is_zero() {
        return Err(ApiError::bad(-4003, "Quantity less than or equal to zero."));
    }
    client_id(params.get("newClientOrderId").unwrap_or_default(), ".:/")?;
    Ok(NewOrder {
        row: spec.row,
        side: params.side()?,
        kind,
        tif,
        price,
        qty,
        quote_qty: None,
        reduce_only: params.flag("reduceOnly"),
        stp: stp(params.get("selfTradePreventionMode"))?,
        client_id: params.get("newClientOrderId").unwrap_or_default().to_owned(),
        tag: String::new(),
    })
}

fn precise(value: Option<Dec>, name: &str, places: u8) -> Result<Dec, ApiError> {
    let value = number(value, name, Dec::PLACES)?;
    if value.places() > places {
        return Err(ApiError::bad(-1111, "Precision is over the maximum defined for this asset."));
    }
    Ok(value)
}

/// Places an order.
pub(super) fn place(desk: &mut Desk, call: &Call) -> Answer {
    let new = read(desk, call)?;
    let spec = spec_of(desk, call)?.clone();
    let full = call.params.get("newOrderRespType") == Some("RESULT");
    let placed = desk.exchange.place(call.now, call.account, new);
    let mut order = placed.map_err(|why| codes::usdm_order(&spec, why))?.order;
    if !full {
        // The short answer is given before matching.
        order.status = Status::New;
        order.done_reason = None;
        (order.filled, order.filled_value) = (Dec::ZERO, Dec::ZERO);
    }
    Ok(state(&spec, &order, false).end())
}

/// Cancels an order.
pub(super) fn cancel(desk: &mut Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?.clone();
    let which = call.params.order_ref()?;
    let order = desk.exchange.cancel(call.now, call.account, Some(spec.row), &which);
    Ok(state(&spec, &order.map_err(|_| codes::cancel())?, false).end())
}

/// Changes price and quantity; both are mandatory.
pub(super) fn modify(desk: &mut Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?.clone();
    let which = call.params.order_ref()?;
    call.params.side()?;
    let new_price = precise(call.params.decimal("price")?, "price", spec.price_places)?;
    let new_qty = precise(call.params.decimal("quantity")?, "quantity", spec.qty_places)?;
    if desk
        .exchange
        .order(call.account, &which)
        .is_none_or(|order| order.row != spec.row || !order.status.is_open())
    {
        return Err(codes::no_such_order());
    }
    let placed = desk.exchange.amend(
        call.now,
        call.account,
        Some(spec.row),
        &which,
        Some(new_price),
        Some(new_qty),
    );
    let order = placed.map_err(|why| codes::usdm_order(&spec, why))?.order;
    Ok(state(&spec, &order, false).end())
}

/// Cancels all open orders of a symbol.
pub(super) fn cancel_all(desk: &mut Desk, call: &Call) -> Answer {
    let row = spec_of(desk, call)?.row;
    desk.exchange.cancel_all(call.now, call.account, Some(row), DoneReason::CancelAll);
    Ok("{\"code\":200,\"msg\":\"The operation of cancel all open order is done.\"}".to_owned())
}

/// The state of one order, or of one open order.
pub(super) fn status(desk: &Desk, call: &Call, only_open: bool) -> Answer {
    let spec = spec_of(desk, call)?;
    let which = call.params.order_ref()?;
    let order = desk.exchange.order(call.account, &which);
    let order = order.filter(|o| o.row == spec.row && (!only_open || o.status.is_open()));
    Ok(state(spec, order.ok_or_else(codes::no_such_order)?, true).end())
}

/// Open orders of a symbol or of all.
pub(super) fn open(desk: &Desk, call: &Call) -> Answer {
    let mut rows = Vec::new();
    for spec in specs_of(desk, call)? {
        let orders = desk.exchange.open_orders(call.account, Some(spec.row));
        rows.extend(orders.into_iter().map(|order| state(&spec, order, true).end()));
    }
    Ok(list(rows))
}

/// All orders of a symbol, oldest first.
pub(super) fn all(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let orders = select_orders(desk, call, spec, 500, 1_000)?;
    Ok(list(orders.into_iter().map(|order| state(spec, order, true).end())))
}

/// The fields of every answer about an order; queries also carry the average price and the time.
fn state(spec: &Spec, order: &Order, query: bool) -> Obj {
    let obj = Obj::new()
        .raw("orderId", order.id)
        .text("symbol", &spec.symbol)
        .text("status", status_name(order));
    let obj = obj.text("clientOrderId", &order.client_id).text("price", price(spec, order.price));
    // Since 2026-07 answers to placing, modifying and cancelling have neither average nor value.
    let obj = if query { obj.text("avgPrice", average(spec, order)) } else { obj };
    let obj =
        obj.text("origQty", qty(spec, order.qty)).text("executedQty", qty(spec, order.filled));
    let obj = if query {
        obj.text("cumQuote", order.filled_value.fixed(5))
    } else {
        obj.text("cumQty", qty(spec, order.filled))
    };
    let obj = obj.text("timeInForce", tif_name(order)).text("type", type_name(order));
    let obj = obj
        .raw("reduceOnly", order.reduce_only)
        .raw("closePosition", false)
        .text("side", side(order.side));
    let obj = obj.text("positionSide", "BOTH").text("stopPrice", price(spec, Dec::ZERO));
    let obj = obj
        .text("workingType", "CONTRACT_PRICE")
        .raw("priceProtect", false)
        .text("origType", type_name(order));
    let obj = obj.text("priceMatch", "NONE").text("selfTradePreventionMode", stp_name(order.stp));
    let obj = obj.raw("goodTillDate", 0);
    let obj = if query { obj.raw("time", order.created.millis()) } else { obj };
    obj.raw("updateTime", order.updated.millis())
}

/// Average price of the fills, one place finer than prices.
pub(super) fn average(spec: &Spec, order: &Order) -> String {
    order.average().fixed(spec.price_places + 3).to_string()
}

pub(super) fn type_name(order: &Order) -> &'static str {
    if order.kind == OrderKind::Market { "MARKET" } else { "LIMIT" }
}

pub(super) fn tif_name(order: &Order) -> &'static str {
    match (order.kind, order.tif) {
        (OrderKind::Limit, Tif::Ioc) => "IOC",
        (OrderKind::Limit, Tif::Fok) => "FOK",
        (OrderKind::Limit, Tif::PostOnly) => "GTX",
        _ => "GTC",
    }
}

pub(super) fn status_name(order: &Order) -> &'static str {
    match (order.status, order.done_reason) {
        (Status::New, _) => "NEW",
        (Status::PartiallyFilled, _) => "PARTIALLY_FILLED",
        (Status::Filled, _) => "FILLED",
        (Status::Cancelled, Some(DoneReason::SelfTrade)) => "EXPIRED_IN_MATCH",
        (
            Status::Cancelled,
            Some(
                DoneReason::Ioc
                | DoneReason::Fok
                | DoneReason::NoLiquidity
                | DoneReason::PostOnly
                | DoneReason::ReduceOnly,
            ),
        ) => "EXPIRED",
        (Status::Cancelled, _) => "CANCELED",
    }
}
