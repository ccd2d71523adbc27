//! Spot: orders.

use super::super::api::{Answer, ApiError, Call, client_id, money, price, qty, side};
use super::super::codes;
use super::super::venue::Desk;
use super::{spec_of, specs_of};
use crate::dec::Dec;
use crate::order::{
    DoneReason, Fill, NewOrder, Order, OrderKind, OrderRef, Placed, Refusal, Status, Stp, Tif,
};
use crate::spec::Spec;
use crate::wire::json::{Obj, list};

/// Reads a new order and checks what needs no market.
pub(super) fn read(desk: &Desk, call: &Call) -> Result<NewOrder, ApiError> {
    let params = &call.params;
    let spec = spec_of(desk, call)?;
    let (kind, mut tif) = match params.need("type")? {
        "LIMIT" => (OrderKind::Limit, Tif::Gtc),
        "LIMIT_MAKER" => (OrderKind::Limit, Tif::PostOnly),
        "MARKET" => (OrderKind::Market, Tif::Ioc),
        "STOP_LOSS" | "STOP_LOSS_LIMIT" | "TAKE_PROFIT" | "TAKE_PROFIT_LIMIT" => {
            return Err(ApiError::bad(-1020, "This operation is not supported."));
        }
        _ => return Err(ApiError::bad(-1116, "Invalid orderType.")),
    };
    if kind == OrderKind::Limit && tif == Tif::Gtc {
        tif = match params.need("timeInForce")? {
            "GTC" => Tif::Gtc,
            "IOC" => Tif::Ioc,
            "FOK" => Tif::Fok,
            _ => return Err(ApiError::bad(-1115, "Invalid timeInForce.")),
        };
    } else if params.get("timeInForce").is_some() {
        return Err(ApiError::bad(-1106, "Parameter 'timeInForce' sent when not required."));
    }
    let limit = kind == OrderKind::Limit;
    let price = if limit { Some(number(params.decimal("price")?, "price", 8)?) } else { None };
    let quote_qty = if limit { None } else { params.decimal("quoteOrderQty")? };
    let qty = match quote_qty {
        Some(_) => Dec::ZERO,
        None => number(params.decimal("quantity")?, "quantity", 8)?,
    };
    client_id(params.get("newClientOrderId").unwrap_or_default(), "")?;
    Ok(NewOrder {
        row: spec.row,
        side: params.side()?,
        kind,
        tif,
        price,
        qty,
        quote_qty,
        reduce_only: false,
        stp: stp(params.get("selfTradePreventionMode"))?,
        client_id: params.get("newClientOrderId").unwrap_or_default().to_owned(),
        tag: String::new(),
    })
}

pub(in super::super) fn number(
    value: Option<Dec>,
    name: &str,
    places: u8,
) -> Result<Dec, ApiError> {
    let value = value.ok_or_else(|| ApiError::missing(name))?;
    if value.places() > places {
        return Err(ApiError::bad(-1111, format!("Parameter '{name}' has too much precision.")));
    }
    Ok(value)
}

pub(in super::super) fn stp(mode: Option<&str>) -> Result<Stp, ApiError> {
    match mode {
        None | Some("EXPIRE_MAKER") => Ok(Stp::CancelMaker),
        Some("NONE") => Ok(Stp::None),
        Some("EXPIRE_TAKER") => Ok(Stp::CancelTaker),
        Some("EXPIRE_BOTH") => Ok(Stp::CancelBoth),
        Some(_) => Err(ApiError::bad(
            -1130,
            "Data sent for parameter 'selfTradePreventionMode' is not valid.",
        )),
    }
}

/// Places an order.
pub(super) fn place(desk: &mut Desk, call: &Call) -> Answer {
    let new = read(desk, call)?;
    let spec = spec_of(desk, call)?.clone();
    let usual = if new.tif == Tif::PostOnly { "ACK" } else { "FULL" };
    let placed = desk.exchange.place(call.now, call.account, new).map_err(codes::spot_order)?;
    Ok(response(&spec, &placed, call.params.get("newOrderRespType").unwrap_or(usual)))
}

fn response(spec: &Spec, placed: &Placed, style: &str) -> String {
    let Placed { order, fills } = placed;
    let obj = head(spec, order)
        .text("clientOrderId", &order.client_id)
        .raw("transactTime", order.updated.millis());
    if style == "ACK" {
        return obj.end();
    }
    let obj = obj.all(&state(spec, order)).raw("workingTime", order.created.millis());
    let obj = if style == "FULL" {
        obj.raw("fills", list(fills.iter().map(|f| fill(spec, f))))
    } else {
        obj
    };
    obj.text("selfTradePreventionMode", stp_name(order.stp)).end()
}

fn fill(spec: &Spec, fill: &Fill) -> String {
    let obj = Obj::new().text("price", price(spec, fill.price)).text("qty", qty(spec, fill.qty));
    let obj = obj.text("commission", money(fill.fee)).text("commissionAsset", &fill.fee_asset);
    obj.raw("tradeId", fill.trade_id).end()
}

fn head(spec: &Spec, order: &Order) -> Obj {
    Obj::new().text("symbol", &spec.symbol).raw("orderId", order.id).raw("orderListId", -1)
}

/// The fields that every full answer about an order shares.
fn state(spec: &Spec, order: &Order) -> Obj {
    let obj =
        Obj::new().text("price", price(spec, order.price)).text("origQty", qty(spec, order.qty));
    let obj = obj.text("executedQty", qty(spec, order.filled));
    let obj = obj.text("origQuoteOrderQty", money(order.quote_qty.unwrap_or(Dec::ZERO)));
    let obj = obj
        .text("cummulativeQuoteQty", money(order.filled_value))
        .text("status", status_name(order));
    let obj = obj.text("timeInForce", tif_name(order)).text("type", type_name(order));
    obj.text("side", side(order.side))
}

/// Cancels an order.
pub(super) fn cancel(desk: &mut Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?.clone();
    let which = call.params.order_ref()?;
    if let Some(order) = desk.exchange.order(call.account, &which) {
        let wanted = match call.params.get("cancelRestrictions") {
            Some("ONLY_NEW") => Some(Status::New),
            Some("ONLY_PARTIALLY_FILLED") => Some(Status::PartiallyFilled),
            Some(_) => return Err(ApiError::bad(-1145, "Invalid cancelRestrictions")),
            None => None,
        };
        if order.status.is_open() && wanted.is_some_and(|status| status != order.status) {
            return Err(ApiError::bad(-2011, "Order was not canceled due to cancel restrictions."));
        }
    }
    let order = desk.exchange.cancel(call.now, call.account, Some(spec.row), &which);
    let order = order.map_err(|_| codes::cancel())?;
    Ok(cancelled(&spec, &order, call.params.get("newClientOrderId")))
}

fn cancelled(spec: &Spec, order: &Order, new_id: Option<&str>) -> String {
    let made = format!("c{}", order.id);
    let obj = Obj::new().text("symbol", &spec.symbol).text("origClientOrderId", &order.client_id);
    let obj = obj
        .raw("orderId", order.id)
        .raw("orderListId", -1)
        .text("clientOrderId", new_id.unwrap_or(&made));
    let obj = obj.raw("transactTime", order.updated.millis()).all(&state(spec, order));
    obj.text("selfTradePreventionMode", stp_name(order.stp)).end()
}

/// Cancels all open orders of a symbol.
pub(super) fn cancel_all(desk: &mut Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?.clone();
    let orders =
        desk.exchange.cancel_all(call.now, call.account, Some(spec.row), DoneReason::CancelAll);
    if orders.is_empty() {
        return Err(codes::cancel());
    }
    Ok(list(orders.iter().map(|order| cancelled(&spec, order, None))))
}

/// The state of one order.
pub(super) fn status(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let which = call.params.order_ref()?;
    let order = desk.exchange.order(call.account, &which).filter(|order| order.row == spec.row);
    order.map(|order| full(spec, order)).ok_or_else(codes::no_such_order)
}

/// Open orders of a symbol or of all.
pub(super) fn open(desk: &Desk, call: &Call) -> Answer {
    let mut rows = Vec::new();
    for spec in specs_of(desk, call)? {
        let orders = desk.exchange.open_orders(call.account, Some(spec.row));
        rows.extend(orders.into_iter().map(|order| full(&spec, order)));
    }
    Ok(list(rows))
}

/// All orders of a symbol, oldest first.
pub(super) fn all(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let orders = select_orders(desk, call, spec, 500, 1_000)?;
    Ok(list(orders.into_iter().map(|order| full(spec, order))))
}

/// The orders that `orderId`, `startTime`, `endTime` and `limit` ask for.
pub(in super::super) fn select_orders<'d>(
    desk: &'d Desk,
    call: &Call,
    spec: &Spec,
    default: usize,
    most: usize,
) -> Result<Vec<&'d Order>, ApiError> {
    let params = &call.params;
    let from = params.whole("orderId")?.and_then(|id| u64::try_from(id).ok());
    let (start, end) = (params.whole("startTime")?, params.whole("endTime")?);
    let limit = params.limit(default, most)?;
    let fits = |order: &&Order| {
        let ms = order.created.millis();
        from.is_none_or(|id| order.id >= id)
            && start.is_none_or(|start| ms >= start)
            && end.is_none_or(|end| ms <= end)
    };
    let orders: Vec<&Order> =
        desk.exchange.orders(call.account, Some(spec.row)).filter(fits).collect();
    let skip =
        if from.is_some() || start.is_some() { 0 } else { orders.len().saturating_sub(limit) };
    Ok(orders.into_iter().skip(skip).take(limit).collect())
}

fn full(spec: &Spec, order: &Order) -> String {
    let obj = head(spec, order).text("clientOrderId", &order.client_id).all(&state(spec, order));
    let obj = obj.text("stopPrice", "0.00000000").text("icebergQty", "0.00000000");
    let obj = obj.raw("time", order.created.millis()).raw("updateTime", order.updated.millis());
    let obj = obj.raw("isWorking", true).raw("workingTime", order.created.millis());
    obj.text("selfTradePreventionMode", stp_name(order.stp)).end()
}

/// Makes an order smaller without losing its place.
pub(super) fn amend(desk: &mut Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?.clone();
    let which = call.params.order_ref()?;
    let new_qty = number(call.params.decimal("newQty")?, "newQty", 8)?;
    let order = desk.exchange.order(call.account, &which).filter(|order| order.status.is_open());
    let order = order.ok_or_else(codes::no_such_order)?;
    if new_qty >= order.qty || new_qty <= order.filled {
        let msg = "Order amend (quantity increase) is not supported.";
        return Err(ApiError::bad(-2038, msg));
    }
    let placed =
        desk.exchange.amend(call.now, call.account, Some(spec.row), &which, None, Some(new_qty));
    let placed = placed.map_err(codes::spot_order)?;
    let obj = Obj::new().raw("transactTime", placed.order.updated.millis());
    let obj =
        obj.raw("executionId", placed.order.id).raw("amendedOrder", full(&spec, &placed.order));
    Ok(obj.end())
}

/// Cancels one order and places another.
pub(super) fn cancel_replace(desk: &mut Desk, call: &Call) -> Answer {
    let go_on = match call.params.need("cancelReplaceMode")? {
        "STOP_ON_FAILURE" => false,
        "ALLOW_FAILURE" => true,
        _ => {
            return Err(ApiError::bad(
                -1102,
                "Mandatory parameter 'cancelReplaceMode' was not sent, was empty/null, or malformed.",
            ));
        }
    };
    let spec = spec_of(desk, call)?.clone();
    let new = read(desk, call)?;
    let which = match call.params.whole("cancelOrderId")? {
        Some(id) => OrderRef::Id(u64::try_from(id).unwrap_or(0)),
        None => OrderRef::Client(call.params.need("cancelOrigClientOrderId")?.to_owned()),
    };
    let cancelled_order = desk.exchange.cancel(call.now, call.account, Some(spec.row), &which);
    if cancelled_order.is_err() && !go_on {
        return Err(ApiError::new(400, -2022, "Order cancel-replace failed."));
    }
    let placed: Result<Placed, Refusal> = desk.exchange.place(call.now, call.account, new);
    match (cancelled_order, placed) {
        (Ok(order), Ok(placed)) => {
            let obj = Obj::new().text("cancelResult", "SUCCESS").text("newOrderResult", "SUCCESS");
            let obj = obj.raw(
                "cancelResponse",
                cancelled(&spec, &order, call.params.get("cancelNewClientOrderId")),
            );
            Ok(obj.raw("newOrderResponse", response(&spec, &placed, "FULL")).end())
        }
        (Err(_), Err(_)) => Err(ApiError::new(400, -2022, "Order cancel-replace failed.")),
        _ => Err(ApiError::new(409, -2021, "Order cancel-replace partially failed.")),
    }
}

pub(super) fn type_name(order: &Order) -> &'static str {
    match (order.kind, order.tif) {
        (OrderKind::Market, _) => "MARKET",
        (OrderKind::Limit, Tif::PostOnly) => "LIMIT_MAKER",
        (OrderKind::Limit, _) => "LIMIT",
    }
}

/// Market and post-only orders are printed as good till cancelled.
pub(super) fn tif_name(order: &Order) -> &'static str {
    match (order.kind, order.tif) {
        (OrderKind::Limit, Tif::Ioc) => "IOC",
        (OrderKind::Limit, Tif::Fok) => "FOK",
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
                DoneReason::Ioc | DoneReason::Fok | DoneReason::NoLiquidity | DoneReason::PostOnly,
            ),
        ) => "EXPIRED",
        (Status::Cancelled, _) => "CANCELED",
    }
}

pub(in super::super) fn stp_name(stp: Stp) -> &'static str {
    match stp {
        Stp::None => "NONE",
        Stp::CancelMaker => "EXPIRE_MAKER",
        Stp::CancelTaker => "EXPIRE_TAKER",
        Stp::CancelBoth => "EXPIRE_BOTH",
    }
}
