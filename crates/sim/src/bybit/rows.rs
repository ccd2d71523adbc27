//! Rows of Bybit's public answers and pushes.

use super::feed::Feed;
use crate::dec::Dec;
use crate::event::Level;
use crate::market::Market;
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::Side;

/// `Buy` or `Sell`.
pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    }
}

/// `linear` or `spot`.
pub(crate) fn category(spec: &Spec) -> &'static str {
    if spec.is_perpetual() { "linear" } else { "spot" }
}

/// Decimals of a perpetual's prices: never fewer than two (`priceScale`).
fn scale(spec: &Spec) -> u8 {
    spec.tick.places().max(2)
}

/// A price: fixed decimals on perpetuals, as few as it needs on spot.
pub(crate) fn price(spec: &Spec, price: Dec) -> String {
    if spec.is_perpetual() { price.fixed(scale(spec)).to_string() } else { price.to_string() }
}

/// A quantity: fixed decimals on perpetuals, as few as it needs on spot.
pub(crate) fn qty(spec: &Spec, qty: Dec) -> String {
    if spec.is_perpetual() { qty.fixed(spec.lot.places()).to_string() } else { qty.to_string() }
}

/// Levels as `["price","size"]`; a gone level has size `0`.
pub(crate) fn levels(spec: &Spec, levels: &[Level]) -> String {
    list(levels.iter().map(|level| {
        let size = if level.qty.is_zero() { "0".to_owned() } else { qty(spec, level.qty) };
        format!("[\"{}\",\"{size}\"]", price(spec, level.price))
    }))
}

/// A version-5-looking UUID made of numbers; the same numbers give the same one.
pub(crate) fn uuid(parts: &[u64]) -> String {
    let mix = |seed: u64| {
        parts.iter().fold(seed, |state, part| {
            let mut word = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        })
    };
    let (high, low) = (mix(1), mix(2));
    format!(
        "{:08x}-{:04x}-5{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// The fields of a ticker, in Bybit's order.
pub(crate) fn ticker_fields(
    spec: &Spec,
    market: &Market,
    feed: &Feed,
) -> Vec<(&'static str, String)> {
    let (top, day) = (market.top(spec.row), feed.day);
    let last = last_price(spec, market);
    let change = (last - day.open).over(day.open).cut_places(6);
    let px = |value: Dec| price(spec, value);
    if !spec.is_perpetual() {
        return vec![
            ("symbol", spec.symbol.clone()),
            ("lastPrice", px(last)),
            ("highPrice24h", px(day.high)),
            ("lowPrice24h", px(day.low)),
            ("prevPrice24h", px(day.open)),
            ("volume24h", day.volume.to_string()),
            ("turnover24h", day.value.cut_places(8).to_string()),
            ("price24hPcnt", change.cut_places(4).to_string()),
            ("usdIndexPrice", market.index(spec.row).cut_places(8).to_string()),
        ];
    }
    let interest = OPEN_INTEREST.cut_to(spec.lot);
    let mark = market.mark(spec.row);
    let mut fields = vec![
        ("symbol", spec.symbol.clone()),
        ("tickDirection", feed.last_tick().to_owned()),
        ("price24hPcnt", change.to_string()),
        ("lastPrice", px(last)),
        ("prevPrice24h", px(day.open)),
        ("highPrice24h", px(day.high)),
        ("lowPrice24h", px(day.low)),
        ("prevPrice1h", px(day.open)),
        ("markPrice", px(mark)),
        ("indexPrice", px(market.index(spec.row))),
        ("openInterest", qty(spec, interest)),
        ("openInterestValue", mark.times(interest).fixed(2).to_string()),
        ("turnover24h", day.value.fixed(4).to_string()),
        ("volume24h", qty(spec, day.volume)),
    ];
    if let Some(funding) = market.funding(spec.row) {
        fields.extend([
            ("fundingIntervalHour", funding.hours.to_string()),
            ("fundingCap", spec.funding_cap.to_string()),
            ("nextFundingTime", funding.next.millis().to_string()),
            ("fundingRate", funding.rate.to_string()),
        ]);
    }
    fields.extend([
        ("bid1Price", px(top.bid)),
        ("bid1Size", qty(spec, top.bid_qty)),
        ("ask1Price", px(top.ask)),
        ("ask1Size", qty(spec, top.ask_qty)),
    ]);
    fields
}

/// Nobody keeps count of it here.
const OPEN_INTEREST: Dec = Dec::scaled(68_744_761, 3);

/// The last trade's price; the middle of the book before the first trade.
pub(crate) fn last_price(spec: &Spec, market: &Market) -> Dec {
    let last = market.last_trade(spec.row).price;
    if last.is_zero() { market.top(spec.row).mid().cut_to(spec.tick) } else { last }
}

/// A row of `instruments-info`.
pub(crate) fn instrument(spec: &Spec, market: &Market) -> String {
    if spec.is_perpetual() { linear(spec, market) } else { spot(spec) }
}

fn linear(spec: &Spec, market: &Market) -> String {
    let hours = market.funding(spec.row).map_or(spec.funding_hours, |funding| funding.hours);
    let leverage = Obj::new()
        .text("minLeverage", 1)
        .text("maxLeverage", "100.00")
        .text("leverageStep", "0.01")
        .end();
    let prices = Obj::new()
        .text("minPrice", price(spec, spec.tick))
        .text("maxPrice", price(spec, spec.tick.repeat(19_999_998)))
        .text("tickSize", price(spec, spec.tick))
        .end();
    let lots = Obj::new()
        .text("maxOrderQty", qty(spec, spec.qty_max))
        .text("minOrderQty", qty(spec, spec.qty_min))
        .text("qtyStep", qty(spec, spec.lot))
        .text("postOnlyMaxOrderQty", qty(spec, spec.qty_max))
        .text("maxMktOrderQty", qty(spec, spec.qty_max_market))
        .text("minNotionalValue", spec.notional_min)
        .end();
    let risk =
        Obj::new().text("priceLimitRatioX", "0.01").text("priceLimitRatioY", spec.price_band).end();
    Obj::new()
        .text("symbol", &spec.symbol)
        .text("contractType", "LinearPerpetual")
        .text("status", "Trading")
        .text("baseCoin", &spec.base)
        .text("quoteCoin", &spec.quote)
        .text("launchTime", "1584230400000")
        .text("deliveryTime", "0")
        .text("deliveryFeeRate", "")
        .text("priceScale", scale(spec))
        .raw("leverageFilter", leverage)
        .raw("priceFilter", prices)
        .raw("lotSizeFilter", lots)
        .raw("unifiedMarginTrade", true)
        .raw("fundingInterval", hours * 60)
        .text("settleCoin", &spec.quote)
        .text("copyTrading", "both")
        .text("upperFundingRate", spec.funding_cap)
        .text("lowerFundingRate", -spec.funding_cap)
        .raw("isPreListing", false)
        .raw("preListingInfo", "null")
        .raw("riskParameters", risk)
        .text("displayName", "")
        .text("symbolType", "")
        .end()
}

fn spot(spec: &Spec) -> String {
    let quote_step = Dec::scaled(1, (spec.tick.places() + spec.lot.places()).min(Dec::PLACES));
    let lots = Obj::new()
        .text("basePrecision", spec.lot)
        .text("quotePrecision", quote_step)
        .text("minOrderQty", spec.qty_min)
        .text("maxOrderQty", spec.qty_max)
        .text("minOrderAmt", spec.notional_min)
        .text("maxOrderAmt", "8000000")
        .text("maxLimitOrderQty", spec.qty_max)
        .text("maxMarketOrderQty", spec.qty_max_market)
        .text("postOnlyMaxLimitOrderSize", spec.qty_max)
        .end();
    let risk = Obj::new().text("priceLimitRatioX", "0.05").text("priceLimitRatioY", "0.05").end();
    Obj::new()
        .text("symbol", &spec.symbol)
        .text("baseCoin", &spec.base)
        .text("quoteCoin", &spec.quote)
        .text("innovation", 0)
        .text("status", "Trading")
        .text("marginTrading", "utaOnly")
        .text("stTag", 0)
        .raw("lotSizeFilter", lots)
        .raw("priceFilter", Obj::new().text("tickSize", spec.tick).end())
        .raw("riskParameters", risk)
        .text("symbolType", "")
        .end()
}
