//! The rows of OKX's public answers and pushes: everything a string, sizes of swaps in contracts.

use crate::dec::Dec;
use crate::event::Level;
use crate::market::Market;
use crate::spec::Spec;
use crate::wire::day::Day;
use crate::wire::json::{Obj, list};
use base::Side;

/// `SPOT` or `SWAP`.
pub(crate) fn kind(spec: &Spec) -> &'static str {
    if spec.is_perpetual() { "SWAP" } else { "SPOT" }
}

/// `buy` or `sell`.
pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// Levels as `["px","sz","0","orders"]`.
pub(crate) fn levels(spec: &Spec, levels: &[Level]) -> String {
    list(levels.iter().map(|level| {
        let orders = if level.qty.is_zero() { 0 } else { 1 + level.qty.0.rem_euclid(7) };
        format!("[\"{}\",\"{}\",\"0\",\"{orders}\"]", level.price, spec.to_contracts(level.qty))
    }))
}

/// The index an instrument follows: `BTC-USDT`.
pub(crate) fn index_name(spec: &Spec) -> String {
    format!("{}-{}", spec.base, spec.quote)
}

/// A row of `instruments`.
pub(crate) fn instrument(spec: &Spec) -> String {
    let swap = spec.is_perpetual();
    let only = |value: &str, when: bool| if when { value.to_owned() } else { String::new() };
    Obj::new()
        .blank(&["alias", "auctionEndTime"])
        .text("baseCcy", only(&spec.base, !swap))
        .text("category", 1)
        .text("contTdSwTime", "")
        .text("ctMult", only("1", swap))
        .text("ctType", only("linear", swap))
        .text("ctVal", only(&spec.contract.to_string(), swap))
        .text("ctValCcy", only(&spec.base, swap))
        .text("expTime", "")
        .raw("futureSettlement", false)
        .text("groupId", if swap { "3" } else { "1" })
        .text("instFamily", only(&index_name(spec), swap))
        .text("instId", &spec.symbol)
        .raw("instIdCode", spec.code)
        .text("instType", kind(spec))
        .text("lever", if swap { "100" } else { "10" })
        .text("listTime", "1606468572000")
        .text("lotSz", spec.to_contracts(spec.lot))
        .text("maxIcebergSz", spec.to_contracts(spec.qty_max))
        .text("maxLmtAmt", "20000000")
        .text("maxLmtSz", spec.to_contracts(spec.qty_max))
        .text("maxMktAmt", only("1000000", !swap))
        .text("maxMktSz", spec.to_contracts(spec.qty_max_market))
        .text("maxStopSz", spec.to_contracts(spec.qty_max_market))
        .text("maxTriggerSz", spec.to_contracts(spec.qty_max))
        .text("maxTwapSz", spec.to_contracts(spec.qty_max))
        .text("minSz", spec.to_contracts(spec.qty_min))
        .blank(&["openType", "optType", "posLmtAmt", "posLmtPct", "preMktSwTime"])
        .text("quoteCcy", only(&spec.quote, !swap))
        .text("ruleType", "normal")
        .text("settleCcy", only(&spec.quote, swap))
        .text("state", "live")
        .text("stk", "")
        .text("tickSz", spec.tick)
        .raw(
            "tradeQuoteCcyList",
            if swap { "[]".to_owned() } else { format!("[\"{}\"]", spec.quote) },
        )
        .text("uly", only(&index_name(spec), swap))
        .raw("upcChg", "[]")
        .end()
}

/// A row of `tickers`.
pub(crate) fn ticker(spec: &Spec, market: &Market, day: &Day, ts: i64) -> String {
    let (top, last) = (market.top(spec.row), market.last_trade(spec.row));
    let value = if spec.is_perpetual() { day.volume } else { day.value };
    Obj::new()
        .text("instType", kind(spec))
        .text("instId", &spec.symbol)
        .text("last", if last.price.is_zero() { top.mid().cut_to(spec.tick) } else { last.price })
        .text("lastSz", spec.to_contracts(last.qty))
        .text("askPx", top.ask)
        .text("askSz", spec.to_contracts(top.ask_qty))
        .text("bidPx", top.bid)
        .text("bidSz", spec.to_contracts(top.bid_qty))
        .text("open24h", day.open)
        .text("high24h", day.high)
        .text("low24h", day.low)
        .text("sodUtc0", day.open)
        .text("sodUtc8", day.open)
        .text("volCcy24h", value)
        .text("vol24h", spec.to_contracts(day.volume))
        .text("ts", ts)
        .end()
}

/// A row of `mark-price`.
pub(crate) fn mark(spec: &Spec, market: &Market, now_ms: i64) -> String {
    Obj::new()
        .text("instType", kind(spec))
        .text("instId", &spec.symbol)
        .text("markPx", market.mark(spec.row).round_to(spec.tick))
        .text("ts", now_ms)
        .end()
}

/// A row of `index-tickers`.
pub(crate) fn index(spec: &Spec, market: &Market, day: &Day, now_ms: i64) -> String {
    Obj::new()
        .text("instId", index_name(spec))
        .text("idxPx", market.index(spec.row).round_to(spec.tick))
        .text("high24h", day.high)
        .text("low24h", day.low)
        .text("open24h", day.open)
        .text("sodUtc0", day.open)
        .text("sodUtc8", day.open)
        .text("ts", now_ms)
        .end()
}

/// A row of `price-limit`: the dearest bid and the cheapest offer that are taken.
pub(crate) fn price_limit(spec: &Spec, market: &Market, now_ms: i64) -> String {
    let mark = market.mark(spec.row);
    let enabled = !spec.price_band.is_zero() && !mark.is_zero();
    let limit = |share: Dec| {
        if enabled { mark.times(share).cut_to(spec.tick).to_string() } else { String::new() }
    };
    Obj::new()
        .text("instType", kind(spec))
        .text("instId", &spec.symbol)
        .text("buyLmt", limit(Dec::ONE + spec.price_band))
        .text("sellLmt", limit(Dec::ONE - spec.price_band))
        .text("ts", now_ms)
        .raw("enabled", enabled)
        .end()
}

/// A row of `funding-rate`; `None` for spot.
pub(crate) fn funding(spec: &Spec, market: &Market, now_ms: i64) -> Option<String> {
    let funding = market.funding(spec.row)?;
    let last = funding.history.last();
    let settling = last.is_some_and(|last| now_ms - last.at.millis() < SETTLING_MS);
    let premium = market.mark(spec.row) - market.index(spec.row);
    let row = Obj::new()
        .text("formulaType", "withRate")
        .text("fundingRate", funding.rate)
        .text("fundingTime", funding.next.millis())
        .text("impactValue", "20000")
        .text("instId", &spec.symbol)
        .text("instType", kind(spec))
        .text("interestRate", "0.0001")
        .text("method", "current_period")
        .text("maxFundingRate", spec.funding_cap)
        .text("minFundingRate", -spec.funding_cap)
        .text("nextFundingRate", "")
        .text("nextFundingTime", funding.after.millis())
        .text("premium", premium.over(market.index(spec.row)))
        .text("settFundingRate", last.map_or(Dec::ZERO, |last| last.rate))
        .text("settState", if settling { "processing" } else { "settled" })
        .text("ts", now_ms);
    Some(row.end())
}

/// How long a settlement is said to be going on.
const SETTLING_MS: i64 = 5_000;

/// Rows of `funding-rate-history`, newest first, of settlements strictly between two times.
pub(crate) fn funding_history(
    spec: &Spec,
    market: &Market,
    window: (i64, i64),
    limit: usize,
) -> Vec<String> {
    let history = market.funding(spec.row).map_or(&[][..], |funding| &funding.history);
    let inside =
        history.iter().rev().filter(|row| row.at.millis() > window.0 && row.at.millis() < window.1);
    let row = |settled: &crate::market::Settled| {
        Obj::new()
            .text("formulaType", "withRate")
            .text("fundingRate", settled.rate)
            .text("fundingTime", settled.at.millis())
            .text("instId", &spec.symbol)
            .text("instType", kind(spec))
            .text("method", "current_period")
            .text("realizedRate", settled.rate)
            .end()
    };
    inside.take(limit).map(row).collect()
}
