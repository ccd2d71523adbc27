//! The rows Bybit shows of an account: orders, executions, positions, wallet, transaction log.

use super::rows::{category, price, qty, side, uuid};
use crate::dec::Dec;
use crate::exchange::Exchange;
use crate::ledger::FundingRecord;
use crate::order::{AccountRow, DoneReason, Fill, Order, OrderKind, OrderRef, Status, Stp, Tif};
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::Side;

/// What spot order numbers begin at; the ids of perpetuals are UUIDs.
const SPOT_IDS: u64 = 1_300_000_000_000_000_000;

/// The id Bybit would show for an order: a number on spot, a UUID that ends in the number elsewhere.
pub(crate) fn order_id(spec: &Spec, id: u64) -> String {
    if !spec.is_perpetual() {
        return (SPOT_IDS + id).to_string();
    }
    let mixed = uuid(&[1, id]);
    format!("{}{id:012x}", mixed.get(..24).unwrap_or_default())
}

/// The exchange's number behind a shown id; `None` when we never showed it.
pub(crate) fn parse_order_id(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse::<u64>() {
        return number.checked_sub(SPOT_IDS);
    }
    let id = u64::from_str_radix(text.get(24..)?, 16).ok()?;
    let mixed = uuid(&[1, id]);
    (text.len() == 36 && mixed.get(..24) == text.get(..24)).then_some(id)
}

/// The client's id; empty when the client gave none.
pub(crate) fn link_id(order: &Order) -> &str {
    let made = order.client_id.strip_prefix('x').and_then(|rest| rest.parse::<u64>().ok());
    if made == Some(order.id) { "" } else { &order.client_id }
}

fn status(spec: &Spec, order: &Order) -> &'static str {
    match (order.status, order.done_reason) {
        (Status::New, _) => "New",
        (Status::PartiallyFilled, _) => "PartiallyFilled",
        (Status::Filled, _) => "Filled",
        (Status::Cancelled, Some(DoneReason::PostOnly)) if !spec.is_perpetual() => "Rejected",
        (Status::Cancelled, _) if !spec.is_perpetual() && !order.filled.is_zero() => {
            "PartiallyFilledCanceled"
        }
        (Status::Cancelled, _) => "Cancelled",
    }
}

const fn cancel_type(reason: Option<DoneReason>) -> &'static str {
    match reason {
        Some(DoneReason::User | DoneReason::CancelAll) => "CancelByUser",
        Some(DoneReason::SelfTrade) => "CancelBySmp",
        Some(DoneReason::ReduceOnly) => "CancelByReduceOnly",
        Some(DoneReason::DeadMan) => "CancelByDCP",
        Some(DoneReason::Venue) => "CancelByAdmin",
        _ => "UNKNOWN",
    }
}

const fn reject_reason(reason: Option<DoneReason>) -> &'static str {
    match reason {
        Some(DoneReason::User | DoneReason::CancelAll | DoneReason::DeadMan) => {
            "EC_PerCancelRequest"
        }
        Some(DoneReason::PostOnly) => "EC_PostOnlyWillTakeLiquidity",
        Some(DoneReason::Ioc | DoneReason::Fok) => "EC_NoImmediateQtyToFill",
        Some(DoneReason::NoLiquidity) => "EC_NoEnoughQtyToFill",
        Some(DoneReason::SelfTrade) => "EC_CancelForNoFullFill",
        _ => "EC_NoError",
    }
}

const fn tif(tif: Tif) -> &'static str {
    match tif {
        Tif::Gtc => "GTC",
        Tif::Ioc => "IOC",
        Tif::Fok => "FOK",
        Tif::PostOnly => "PostOnly",
    }
}

const fn smp(stp: Stp) -> &'static str {
    match stp {
        Stp::None => "None",
        Stp::CancelMaker => "CancelMaker",
        Stp::CancelTaker => "CancelTaker",
        Stp::CancelBoth => "CancelBoth",
    }
}

const fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Limit => "Limit",
        OrderKind::Market => "Market",
    }
}

/// The price shown: a market order on a perpetual is an immediate limit within the price band.
fn shown_price(exchange: &Exchange, order: &Order) -> String {
    let spec = exchange.spec(order.row);
    if order.kind == OrderKind::Limit || !spec.is_perpetual() {
        return price(spec, order.price);
    }
    let far = match order.side {
        Side::Buy => Dec::ONE + spec.price_band,
        Side::Sell => Dec::ONE - spec.price_band,
    };
    let from =
        if order.filled.is_zero() { exchange.market().mark(spec.row) } else { order.average() };
    price(spec, from.times(far).cut_to(spec.tick))
}

/// A row of `order`; on the stream an average without fills is empty, over REST it is zero.
pub(crate) fn order(exchange: &Exchange, order: &Order, on_stream: bool) -> String {
    let spec = exchange.spec(order.row);
    let open = order.status.is_open();
    let left = if open { order.left() } else { Dec::ZERO };
    let average = match (order.filled.is_zero(), on_stream) {
        (true, true) => String::new(),
        (true, false) => "0".to_owned(),
        (false, _) => order.average().cut_places(8).to_string(),
    };
    let fees = if order.fee.is_zero() {
        "{}".to_owned()
    } else {
        Obj::new().text(&order.fee_asset, order.fee).end()
    };
    Obj::new()
        .text("category", category(spec))
        .text("symbol", &spec.symbol)
        .text("orderId", order_id(spec, order.id))
        .quoted("orderLinkId", link_id(order))
        .text("blockTradeId", "")
        .text("side", side(order.side))
        .raw("positionIdx", 0)
        .text("orderStatus", status(spec, order))
        .text("cancelType", cancel_type(order.done_reason))
        .text("rejectReason", reject_reason(order.done_reason))
        .text("timeInForce", tif(order.tif))
        .text("isLeverage", if spec.is_perpetual() { "" } else { "0" })
        .text("price", shown_price(exchange, order))
        .text(
            "qty",
            order.quote_qty.map_or_else(|| qty(spec, order.qty), |value| value.to_string()),
        )
        .text("avgPrice", average)
        .text("leavesQty", qty(spec, left))
        .text("leavesValue", left.times(order.price))
        .text("cumExecQty", qty(spec, order.filled))
        .text("cumExecValue", order.filled_value)
        .text("cumExecFee", order.fee)
        .text("closedPnl", order.realised)
        .text("feeCurrency", "")
        .text("orderType", kind(order.kind))
        .blank(&["stopOrderType", "orderIv"])
        .text("marketUnit", if order.quote_qty.is_some() { "quoteCoin" } else { "" })
        .blank(&[
            "triggerPrice",
            "takeProfit",
            "stopLoss",
            "triggerBy",
            "tpTriggerBy",
            "slTriggerBy",
        ])
        .raw("triggerDirection", 0)
        .text("placeType", "")
        .text("lastPriceOnCreated", "")
        .raw("closeOnTrigger", false)
        .raw("reduceOnly", order.reduce_only)
        .raw("smpGroup", 0)
        .text("smpType", smp(order.stp))
        .text("smpOrderId", "")
        .blank(&["slLimitPrice", "tpLimitPrice", "tpslMode"])
        .text("createType", "CreateByUser")
        .text("createdTime", order.created.millis())
        .text("updatedTime", order.updated.millis())
        .raw("cumFeeDetail", fees)
        .end()
}

/// A row of `execution` of a trade. `seq` is the instrument's cross sequence.
pub(crate) fn execution(exchange: &Exchange, account: AccountRow, fill: &Fill, seq: i64) -> String {
    let spec = exchange.spec(fill.row);
    let order = exchange.order(account, &OrderRef::Id(fill.order_id));
    let shown = |show: &dyn Fn(&Order) -> String| order.map_or_else(String::new, show);
    let closed = if fill.realised.is_zero() { String::new() } else { qty(spec, fill.qty) };
    Obj::new()
        .text("category", category(spec))
        .text("symbol", &spec.symbol)
        .text("closedSize", closed)
        .text("execFee", fill.fee)
        .text("execId", exec_id(spec, fill.trade_id))
        .text("execPrice", price(spec, fill.price))
        .text("execQty", qty(spec, fill.qty))
        .text("execType", "Trade")
        .text("execValue", fill.price.times(fill.qty))
        .text("feeRate", fill.fee_rate)
        .blank(&["tradeIv", "markIv", "blockTradeId"])
        .text("markPrice", price(spec, exchange.market().mark(spec.row)))
        .blank(&["indexPrice", "underlyingPrice"])
        .text("leavesQty", shown(&|order| qty(spec, order.left())))
        .text("orderId", order_id(spec, fill.order_id))
        .quoted("orderLinkId", order.map_or("", link_id))
        .text("orderPrice", shown(&|order| shown_price(exchange, order)))
        .text("orderQty", shown(&|order| qty(spec, order.qty)))
        .text("orderType", shown(&|order| kind(order.kind).to_owned()))
        .text("stopOrderType", "UNKNOWN")
        .text("side", side(fill.side))
        .text("execTime", fill.at.millis())
        .text("isLeverage", "0")
        .raw("isMaker", fill.maker)
        .raw("seq", seq)
        .text("marketUnit", "")
        .text("execPnl", fill.realised)
        .text("createType", "CreateByUser")
        .raw("extraFees", "[]")
        .text("feeCurrency", &fill.fee_asset)
        .end()
}

/// The short row of `execution.fast`.
pub(crate) fn execution_fast(
    exchange: &Exchange,
    account: AccountRow,
    fill: &Fill,
    seq: i64,
) -> String {
    let spec = exchange.spec(fill.row);
    let order = exchange.order(account, &OrderRef::Id(fill.order_id));
    Obj::new()
        .text("category", category(spec))
        .text("symbol", &spec.symbol)
        .text("execId", exec_id(spec, fill.trade_id))
        .text("execPrice", price(spec, fill.price))
        .text("execQty", qty(spec, fill.qty))
        .text("orderId", order_id(spec, fill.order_id))
        .raw("isMaker", fill.maker)
        .quoted("orderLinkId", order.map_or("", link_id))
        .text("side", side(fill.side))
        .text("execTime", fill.at.millis())
        .raw("seq", seq)
        .end()
}

fn exec_id(spec: &Spec, trade: u64) -> String {
    if spec.is_perpetual() {
        uuid(&[5, trade])
    } else {
        (2_100_000_000_000_000_000 + trade).to_string()
    }
}

/// The side a funding payment is booked on: that of the position.
fn held_side(position: Dec) -> &'static str {
    if position.is_negative() { "Sell" } else { "Buy" }
}

/// A row of `execution` of a funding payment; a fee above zero was paid.
pub(crate) fn funding(exchange: &Exchange, record: &FundingRecord, seq: i64) -> String {
    let spec = exchange.spec(record.row);
    let size = record.position.abs();
    Obj::new()
        .text("category", category(spec))
        .text("symbol", &spec.symbol)
        .text("closedSize", "")
        .text("execFee", -record.amount)
        .text("execId", uuid(&[6, record.id]))
        .text("execPrice", price(spec, record.mark))
        .text("execQty", qty(spec, size))
        .text("execType", "Funding")
        .text("execValue", size.times(record.mark))
        .text("feeRate", record.rate)
        .blank(&["tradeIv", "markIv", "blockTradeId"])
        .text("markPrice", price(spec, record.mark))
        .blank(&["indexPrice", "underlyingPrice"])
        .text("leavesQty", 0)
        .text("orderId", funding_id(record))
        .text("orderLinkId", "")
        .text("orderPrice", 0)
        .text("orderQty", 0)
        .text("orderType", "UNKNOWN")
        .text("stopOrderType", "UNKNOWN")
        .text("side", held_side(record.position))
        .text("execTime", record.at.millis())
        .text("isLeverage", "0")
        .raw("isMaker", false)
        .raw("seq", seq)
        .blank(&["marketUnit", "execPnl", "createType"])
        .raw("extraFees", "[]")
        .text("feeCurrency", &spec.quote)
        .end()
}

fn funding_id(record: &FundingRecord) -> String {
    format!("{}-8-{}-1-2", record.at.millis() / 1_000, record.id)
}

/// A row of `position`; its opening price is called `entryPrice` on the stream, `avgPrice` over REST.
pub(crate) fn position(
    exchange: &Exchange,
    account: AccountRow,
    spec: &Spec,
    seq: i64,
    on_stream: bool,
) -> String {
    let position = exchange.position(account, spec.row);
    let mark = exchange.market().mark(spec.row);
    let (size, value) = (position.qty.abs(), position.qty.abs().times(mark));
    let shown_side = match position.qty {
        Dec::ZERO => "",
        held if held.is_negative() => "Sell",
        _ => "Buy",
    };
    let initial = Dec(value.0 / i128::from(position.leverage.max(1)));
    let maintenance = value.times(Dec::scaled(4, 3));
    let entry = position.entry().cut_places(8);
    Obj::new()
        .raw("positionIdx", 0)
        .raw("tradeMode", 0)
        .raw("riskId", 1)
        .text("riskLimitValue", "2000000")
        .text("symbol", &spec.symbol)
        .text("side", shown_side)
        .text("size", qty(spec, size))
        .text(if on_stream { "entryPrice" } else { "avgPrice" }, entry)
        .text("leverage", position.leverage)
        .text("breakEvenPrice", entry)
        .text("positionValue", position.cost.abs())
        .text("positionBalance", 0)
        .text("markPrice", price(spec, mark))
        .text("positionIM", initial)
        .text("positionIMByMp", initial)
        .text("positionMM", maintenance)
        .text("positionMMByMp", maintenance)
        .text("takeProfit", "")
        .text("stopLoss", "")
        .text("trailingStop", 0)
        .text("unrealisedPnl", position.open_profit(mark))
        .text("curRealisedPnl", position.realised + position.funding - position.fees)
        .text("cumRealisedPnl", position.realised + position.funding - position.fees)
        .text("sessionAvgPrice", "")
        .text("createdTime", position.updated.millis())
        .text("updatedTime", position.updated.millis())
        .text("tpslMode", "Full")
        .text("liqPrice", "")
        .text("bustPrice", "")
        .text("category", category(spec))
        .text("positionStatus", "Normal")
        .raw("adlRankIndicator", i32::from(!position.qty.is_zero()) * 2)
        .raw("autoAddMargin", 0)
        .blank(&["leverageSysUpdatedTime", "mmrSysUpdatedTime"])
        .raw("seq", seq)
        .raw("isReduceOnly", false)
        .end()
}

/// The row of `wallet`; `only` names the coins to show.
pub(crate) fn wallet(exchange: &Exchange, account: AccountRow, only: &[&str]) -> String {
    let holder = exchange.account(account);
    let margin = exchange.margin(account, "USDT");
    let assets: Vec<&String> = holder.balances.keys().collect();
    let worth = |total: Dec, asset: &str| total.times(usd_price(exchange, asset)).cut_places(8);
    let wallet: Dec =
        assets.iter().map(|asset| worth(exchange.balance(account, asset).total, asset)).sum();
    let shown = assets.iter().filter(|asset| only.is_empty() || only.contains(&asset.as_str()));
    let initial = margin.positions + margin.orders;
    Obj::new()
        .text("accountIMRate", initial.over(margin.equity).cut_places(4))
        .text("accountIMRateByMp", initial.over(margin.equity).cut_places(4))
        .text("accountMMRate", margin.maintenance.over(margin.equity).cut_places(4))
        .text("accountMMRateByMp", margin.maintenance.over(margin.equity).cut_places(4))
        .text("totalEquity", wallet + margin.open_profit)
        .text("totalWalletBalance", wallet)
        .text("totalMarginBalance", wallet + margin.open_profit)
        .text("totalAvailableBalance", margin.available)
        .text("totalPerpUPL", margin.open_profit)
        .text("totalInitialMargin", initial)
        .text("totalInitialMarginByMp", initial)
        .text("totalMaintenanceMargin", margin.maintenance)
        .text("totalMaintenanceMarginByMp", margin.maintenance)
        .raw("coin", list(shown.map(|asset| coin(exchange, account, asset))))
        .text("accountLTV", 0)
        .text("accountType", "UNIFIED")
        .end()
}

/// A coin's value in dollars: one for the quote, the index for what has one.
fn usd_price(exchange: &Exchange, asset: &str) -> Dec {
    let spec = exchange.specs().iter().find(|spec| spec.base == asset);
    spec.map_or(Dec::ONE, |spec| exchange.market().index(spec.row))
}

fn coin(exchange: &Exchange, account: AccountRow, asset: &str) -> String {
    let balance = exchange.balance(account, asset);
    let settles = exchange.specs().iter().any(|spec| spec.is_perpetual() && spec.quote == asset);
    let margin =
        if settles { exchange.margin(account, asset) } else { crate::exchange::Margin::default() };
    let equity = balance.total + margin.open_profit;
    let held = exchange
        .account(account)
        .positions
        .values()
        .map(|p| p.realised + p.funding - p.fees)
        .sum::<Dec>();
    Obj::new()
        .text("coin", asset)
        .text("equity", equity)
        .text("usdValue", equity.times(usd_price(exchange, asset)).cut_places(8))
        .text("walletBalance", balance.total)
        .blank(&["availableToWithdraw", "availableToBorrow"])
        .text("borrowAmount", 0)
        .text("accruedInterest", 0)
        .text("totalOrderIM", margin.orders)
        .text("totalPositionIM", margin.positions)
        .text("totalPositionMM", margin.maintenance)
        .text("unrealisedPnl", margin.open_profit)
        .text("cumRealisedPnl", if settles { held } else { Dec::ZERO })
        .text("bonus", 0)
        .raw("collateralSwitch", true)
        .raw("marginCollateral", true)
        .text("locked", balance.held)
        .text("spotHedgingQty", 0)
        .text("spotBorrow", 0)
        .end()
}
