//! The rows OKX shows of an account: orders, fills, positions, balances, bills.
//!
//! Everything is text, booleans too; a fee that was charged is negative; sizes of swaps are contracts.

use super::order::Words;
use super::rows::{kind, side};
use crate::account::Position;
use crate::dec::Dec;
use crate::exchange::Exchange;
use crate::order::{AccountRow, DoneReason, Fill, Order, OrderKind, Status, Stp};
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::Side;

/// The number OKX knows an account by.
pub(crate) fn uid(account: AccountRow) -> String {
    (440_000_000_000 + account).to_string()
}

/// The client's id; empty when the client gave none.
pub(crate) fn client_id(order: &Order) -> &str {
    let made = order.client_id.strip_prefix('x').and_then(|rest| rest.parse::<u64>().ok());
    if made == Some(order.id) { "" } else { &order.client_id }
}

const fn state(status: Status) -> &'static str {
    match status {
        Status::New => "live",
        Status::PartiallyFilled => "partially_filled",
        Status::Filled => "filled",
        Status::Cancelled => "canceled",
    }
}

const fn cancel_source(reason: Option<DoneReason>) -> &'static str {
    match reason {
        None => "",
        Some(DoneReason::User | DoneReason::CancelAll) => "1",
        Some(DoneReason::Ioc | DoneReason::NoLiquidity) => "14",
        Some(DoneReason::Fok) => "13",
        Some(DoneReason::PostOnly) => "31",
        Some(DoneReason::SelfTrade) => "32",
        Some(DoneReason::ReduceOnly) => "23",
        Some(DoneReason::DeadMan) => "20",
        Some(DoneReason::Venue) => "0",
    }
}

fn stp(mode: Stp) -> &'static str {
    match mode {
        Stp::None => "",
        Stp::CancelMaker => "cancel_maker",
        Stp::CancelTaker => "cancel_taker",
        Stp::CancelBoth => "cancel_both",
    }
}

/// A row of `orders`: as REST shows it, and the part of the push that is the same.
fn order_fields(
    exchange: &Exchange,
    order: &Order,
    words: &Words,
    fill: Option<&Fill>,
    none: &str,
) -> Obj {
    let spec = exchange.spec(order.row);
    let market = order.kind == OrderKind::Market;
    let by_value = order.quote_qty.filter(|_| !spec.is_perpetual());
    let target = match (spec.is_perpetual() || !market, by_value) {
        (true, _) => "",
        (false, Some(_)) => "quote_ccy",
        (false, None) => "base_ccy",
    };
    let size = by_value.unwrap_or_else(|| spec.to_contracts(order.qty));
    let average =
        if order.filled.is_zero() { none.to_owned() } else { order.average().to_string() };
    let ended = words.cancel_source.unwrap_or_else(|| cancel_source(order.done_reason));
    Obj::new()
        .text("accFillSz", spec.to_contracts(order.filled))
        .blank(&["algoClOrdId", "algoId", "attachAlgoClOrdId"])
        .raw("attachAlgoOrds", "[]")
        .text("avgPx", average)
        .text("cTime", order.created.millis())
        .text("cancelSource", ended)
        .text("cancelSourceReason", "")
        .text("category", "normal")
        .text("ccy", "")
        .quoted("clOrdId", client_id(order))
        .text("fee", -order.fee)
        .text("feeCcy", fee_ccy(spec, order.side))
        .text("fillPx", fill.map_or_else(String::new, |fill| fill.price.to_string()))
        .text("fillSz", fill.map_or(Dec::ZERO, |fill| spec.to_contracts(fill.qty)))
        .text("fillTime", fill.map_or_else(String::new, |fill| fill.at.millis().to_string()))
        .text("instId", &spec.symbol)
        .text("instType", kind(spec))
        .text("isTpLimit", false)
        .text("lever", lever(exchange, order.account, spec))
        .raw("linkedAlgoOrd", r#"{"algoId":""}"#)
        .text("ordId", order.id)
        .quoted("ordType", &words.ord_type)
        .text("pnl", order.realised)
        .text("posSide", if spec.is_perpetual() { "net" } else { "" })
        .text("px", if market { String::new() } else { order.price.to_string() })
        .blank(&["pxType", "pxUsd", "pxVol", "quickMgnType"])
        .text("rebate", 0)
        .text("rebateCcy", fee_ccy(spec, order.side.opposite()))
        .text("reduceOnly", order.reduce_only)
        .text("side", side(order.side))
        .blank(&["slOrdPx", "slTriggerPx", "slTriggerPxType", "source"])
        .text("state", state(order.status))
        .text("stpId", "")
        .text("stpMode", stp(order.stp))
        .text("sz", size)
        .quoted("tag", &order.tag)
        .quoted("tdMode", &words.td_mode)
        .text("tgtCcy", target)
        .blank(&["tpOrdPx", "tpTriggerPx", "tpTriggerPxType"])
        .text("tradeId", fill.map_or_else(String::new, |fill| fill.trade_id.to_string()))
        .text("tradeQuoteCcy", if spec.is_perpetual() { "" } else { &spec.quote })
        .text("uTime", order.updated.millis())
}

/// A row of `orders` over REST.
pub(crate) fn order(exchange: &Exchange, order: &Order, words: &Words) -> String {
    let last = exchange.fills(order.account).iter().rev().find(|fill| fill.order_id == order.id);
    order_fields(exchange, order, words, last, "").end()
}

/// A row of the `orders` channel. `fill` is the fill it tells of; `amended` whether it tells of an
/// amendment.
pub(crate) fn order_push(
    exchange: &Exchange,
    order: &Order,
    words: &Words,
    fill: Option<&Fill>,
    amended: bool,
) -> String {
    let spec = exchange.spec(order.row);
    let value = |qty: Dec, price: Dec| qty.times(price);
    let price = if order.price.is_zero() { order.average() } else { order.price };
    order_fields(exchange, order, words, fill, "0")
        .text("amendResult", if amended { "0" } else { "" })
        .text("amendSource", if amended { "1" } else { "" })
        .text("code", 0)
        .text("execType", fill.map_or("", exec_type))
        .text("fillFee", fill.map_or(Dec::ZERO, |fill| -fill.fee))
        .text("fillFeeCcy", fill.map_or("", |fill| &fill.fee_asset))
        .text(
            "fillNotionalUsd",
            fill.map_or_else(String::new, |fill| value(fill.qty, fill.price).to_string()),
        )
        .text("fillPnl", fill.map_or(Dec::ZERO, |fill| fill.realised))
        .text("lastPx", exchange.market().last_trade(spec.row).price)
        .text("msg", "")
        .text("notionalUsd", value(order.qty, price))
        .quoted("reqId", if amended { &words.req_id } else { "" })
        .end()
}

fn exec_type(fill: &Fill) -> &'static str {
    if fill.maker { "M" } else { "T" }
}

/// A fee is taken from what is received; on swaps from the settlement currency.
fn fee_ccy(spec: &Spec, side: Side) -> &str {
    if side == Side::Buy && !spec.is_perpetual() { &spec.base } else { &spec.quote }
}

fn lever(exchange: &Exchange, account: AccountRow, spec: &Spec) -> String {
    if spec.is_perpetual() {
        exchange.position(account, spec.row).leverage.to_string()
    } else {
        String::new()
    }
}

/// A row of `fills`, as REST shows it.
pub(crate) fn fill(exchange: &Exchange, account: AccountRow, fill: &Fill) -> String {
    let spec = exchange.spec(fill.row);
    let order = exchange.order(account, &crate::order::OrderRef::Id(fill.order_id));
    Obj::new()
        .text("billId", bill_id(fill))
        .quoted("clOrdId", order.map_or("", client_id))
        .text("execType", exec_type(fill))
        .text("fee", -fill.fee)
        .text("feeCcy", &fill.fee_asset)
        .text("feeRate", -fill.fee_rate)
        .blank(&["fillFwdPx", "fillIdxPx", "fillMarkPx", "fillMarkVol"])
        .text("fillPnl", fill.realised)
        .text("fillPx", fill.price)
        .blank(&["fillPxUsd", "fillPxVol"])
        .text("fillSz", spec.to_contracts(fill.qty))
        .text("fillTime", fill.at.millis())
        .text("instId", &spec.symbol)
        .text("instType", kind(spec))
        .text("ordId", fill.order_id)
        .text("posSide", if spec.is_perpetual() { "net" } else { "" })
        .text("side", side(fill.side))
        .text("subType", if fill.side == Side::Buy { "1" } else { "2" })
        .quoted("tag", order.map_or("", |order| &order.tag))
        .text("tradeId", fill.trade_id)
        .text("ts", fill.at.millis())
        .end()
}

/// Bills are numbered after their fills and funding records.
const BILLS: u64 = 300_000_000_000;

/// The bill a fill is shown under: what lists of fills are paged by.
pub(crate) fn bill_id(fill: &Fill) -> u64 {
    fill.trade_id + BILLS
}

/// A row of the `fills` channel.
pub(crate) fn fill_push(exchange: &Exchange, account: AccountRow, fill: &Fill) -> String {
    let spec = exchange.spec(fill.row);
    let order = exchange.order(account, &crate::order::OrderRef::Id(fill.order_id));
    Obj::new()
        .text("instId", &spec.symbol)
        .text("fillSz", spec.to_contracts(fill.qty))
        .text("fillPx", fill.price)
        .text("side", side(fill.side))
        .text("ts", fill.at.millis())
        .text("ordId", fill.order_id)
        .quoted("clOrdId", order.map_or("", client_id))
        .text("tradeId", fill.trade_id)
        .text("execType", exec_type(fill))
        .text("count", 1)
        .end()
}

fn pos_id(account: AccountRow, spec: &Spec) -> u64 {
    307_173_036_051_000_000 + (account * 1_000 + spec.row) as u64
}

/// A row of `positions`.
pub(crate) fn position(
    exchange: &Exchange,
    account: AccountRow,
    spec: &Spec,
    now_ms: i64,
) -> String {
    let position = exchange.position(account, spec.row);
    let (market, flat) = (exchange.market(), position.qty.is_zero());
    let mark = market.mark(spec.row);
    let value = position.qty.abs().times(mark);
    let profit = position.open_profit(mark);
    let initial = Dec(value.0 / i128::from(position.leverage.max(1)));
    let last = exchange.fills(account).iter().rev().find(|fill| fill.row == spec.row);
    let some = |text: String| if flat { String::new() } else { text };
    Obj::new()
        .text("adl", if flat { "" } else { "1" })
        .text("availPos", "")
        .text("avgPx", some(position.entry().to_string()))
        .blank(&["baseBal", "baseBorrowed", "baseInterest"])
        .text("bePx", some(position.entry().to_string()))
        .blank(&["bizRefId", "bizRefType"])
        .text("cTime", position.updated.millis())
        .text("ccy", &spec.quote)
        .text("clSpotInUseAmt", "")
        .raw("closeOrderAlgo", "[]")
        .blank(&["deltaBS", "deltaPA"])
        .text("fee", -position.fees)
        .text("fundingFee", position.funding)
        .blank(&["gammaBS", "gammaPA"])
        .text("idxPx", market.index(spec.row).round_to(spec.tick))
        .text("imr", some(initial.to_string()))
        .text("instId", &spec.symbol)
        .text("instType", kind(spec))
        .text("interest", "")
        .text("last", market.last_trade(spec.row).price)
        .text("lever", position.leverage)
        .blank(&["liab", "liabCcy"])
        .text("liqPenalty", 0)
        .text("liqPx", "")
        .text("margin", "")
        .text("markPx", mark.round_to(spec.tick))
        .text("maxSpotInUseAmt", "")
        .text("mgnMode", "cross")
        .text("mgnRatio", "")
        .text("mmr", some(value.times(Dec::scaled(4, 3)).to_string()))
        .text("notionalUsd", some(value.to_string()))
        .text("optVal", "")
        .text("pTime", now_ms)
        .text("pendingCloseOrdLiabVal", "")
        .text("pnl", position.realised)
        .text("pos", spec.to_contracts(position.qty))
        .text("posCcy", "")
        .text("posId", pos_id(account, spec))
        .text("posSide", "net")
        .blank(&["quoteBal", "quoteBorrowed", "quoteInterest"])
        .text("realizedPnl", realized(&position))
        .blank(&["spotInUseAmt", "spotInUseCcy", "thetaBS", "thetaPA"])
        .text("tradeId", last.map_or_else(String::new, |fill| fill.trade_id.to_string()))
        .text("uTime", position.updated.millis())
        .text("upl", some(profit.to_string()))
        .text("uplLastPx", some(profit.to_string()))
        .text("uplRatio", some(profit.over(initial).to_string()))
        .text("uplRatioLastPx", some(profit.over(initial).to_string()))
        .text("usdPx", "1")
        .blank(&["vegaBS", "vegaPA"])
        .end()
}

fn realized(position: &Position) -> Dec {
    position.realised + position.funding - position.fees
}

/// The short form of a position in `balance_and_position`.
pub(crate) fn position_brief(exchange: &Exchange, account: AccountRow, spec: &Spec) -> String {
    let position = exchange.position(account, spec.row);
    let last = exchange.fills(account).iter().rev().find(|fill| fill.row == spec.row);
    let average = if position.qty.is_zero() { String::new() } else { position.entry().to_string() };
    Obj::new()
        .text("posId", pos_id(account, spec))
        .text("tradeId", last.map_or_else(String::new, |fill| fill.trade_id.to_string()))
        .text("instId", &spec.symbol)
        .text("instType", kind(spec))
        .text("mgnMode", "cross")
        .text("posSide", "net")
        .text("pos", spec.to_contracts(position.qty))
        .text("ccy", &spec.quote)
        .text("posCcy", "")
        .text("avgPx", average)
        .text("nonSettleAvgPx", "")
        .text("settledPnl", "")
        .text("uTime", position.updated.millis())
        .end()
}

/// The short form of a balance in `balance_and_position`.
pub(crate) fn balance_brief(
    exchange: &Exchange,
    account: AccountRow,
    asset: &str,
    at_ms: i64,
) -> String {
    let total = exchange.balance(account, asset).total;
    Obj::new().text("ccy", asset).text("cashBal", total).text("uTime", at_ms).end()
}

/// A currency's value in dollars: one for the quote, the index for what has one.
fn usd_price(exchange: &Exchange, asset: &str) -> Dec {
    let spec = exchange.specs().iter().find(|spec| spec.base == asset);
    spec.map_or(Dec::ONE, |spec| exchange.market().index(spec.row))
}

/// The row of `account` and of the balance query; `only` names the currencies to show.
pub(crate) fn balance(
    exchange: &Exchange,
    account: AccountRow,
    only: &[&str],
    at_ms: i64,
) -> String {
    let holder = exchange.account(account);
    let assets: Vec<&String> = holder.balances.keys().collect();
    let total = |asset: &str| {
        let (_, equity, _) = equity(exchange, account, asset);
        equity.times(usd_price(exchange, asset))
    };
    let sum: Dec = assets.iter().map(|asset| total(asset)).sum();
    let shown = assets.iter().filter(|asset| only.is_empty() || only.contains(&asset.as_str()));
    let details = list(shown.map(|asset| balance_detail(exchange, account, asset, at_ms)));
    let margin = exchange.margin(account, "USDT");
    Obj::new()
        .text("adjEq", sum)
        .text("availEq", margin.available)
        .text("borrowFroz", 0)
        .raw("details", details)
        .text("imr", margin.positions + margin.orders)
        .text("isoEq", 0)
        .text("mgnRatio", margin.equity.over(margin.maintenance))
        .text("mmr", margin.maintenance)
        .text("notionalUsd", margin.positions)
        .blank(&[
            "notionalUsdForBorrow",
            "notionalUsdForFutures",
            "notionalUsdForOption",
            "notionalUsdForSwap",
        ])
        .text("ordFroz", margin.orders)
        .text("totalEq", sum)
        .text("uTime", at_ms)
        .text("upl", margin.open_profit)
        .end()
}

/// What can be used, what it is worth with open profit, the open profit.
fn equity(exchange: &Exchange, account: AccountRow, asset: &str) -> (Dec, Dec, Dec) {
    let balance = exchange.balance(account, asset);
    if exchange.specs().iter().any(|spec| spec.is_perpetual() && spec.quote == asset) {
        let margin = exchange.margin(account, asset);
        (margin.available, margin.equity, margin.open_profit)
    } else {
        (balance.free(), balance.total, Dec::ZERO)
    }
}

fn balance_detail(exchange: &Exchange, account: AccountRow, asset: &str, at_ms: i64) -> String {
    let balance = exchange.balance(account, asset);
    let (available, equity, profit) = equity(exchange, account, asset);
    Obj::new()
        .text("accAvgPx", "")
        .text("availBal", available)
        .text("availEq", available)
        .text("borrowFroz", 0)
        .text("cashBal", balance.total)
        .text("ccy", asset)
        .text("clSpotInUseAmt", "")
        .text("coinUsdPrice", usd_price(exchange, asset))
        .text("colBorrAutoConversion", 0)
        .raw("collateralEnabled", false)
        .raw("collateralRestrict", false)
        .text("crossLiab", 0)
        .text("disEq", equity.times(usd_price(exchange, asset)))
        .text("eq", equity)
        .text("eqUsd", equity.times(usd_price(exchange, asset)))
        .text("fixedBal", 0)
        .text("frozenBal", equity - available)
        .blank(&["imr", "interest"])
        .text("isoEq", 0)
        .blank(&[
            "isoLiab",
            "isoUpl",
            "liab",
            "maxLoan",
            "maxSpotInUseAmt",
            "mgnRatio",
            "mmr",
            "notionalLever",
            "openAvgPx",
        ])
        .text("ordFrozen", balance.held)
        .text("rewardBal", 0)
        .text("smtSyncEq", 0)
        .blank(&[
            "spotBal",
            "spotCopyTradingEq",
            "spotInUseAmt",
            "spotIsoBal",
            "spotUpl",
            "spotUplRatio",
        ])
        .text("stgyEq", 0)
        .blank(&["totalPnl", "totalPnlRatio"])
        .text("twap", 0)
        .text("uTime", at_ms)
        .text("upl", profit)
        .text("uplLiab", "")
        .end()
}
