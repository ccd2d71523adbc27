//! USD-M: what anybody may ask.

use super::super::api::{Answer, Call, money};
use super::super::spot::{one_or_list, spec_of, specs_of};
use super::super::streams::pairs;
use super::super::venue::Desk;
use crate::spec::Spec;
use crate::wire::json::{Obj, list};

/// `exchangeInfo`
pub(super) fn info(desk: &Desk, call: &Call) -> String {
    let assets = r#"[{"asset":"USDT","marginAvailable":true,"autoAssetExchange":"-10000"}]"#;
    let obj = Obj::new().text("timezone", "UTC").raw("serverTime", call.now.millis());
    let obj = obj.text("futuresType", "U_MARGINED").raw("rateLimits", list(desk.budget.listing()));
    let obj = obj.raw("exchangeFilters", "[]").raw("assets", assets);
    obj.raw("symbols", list(desk.exchange.specs().iter().map(symbol))).end()
}

fn symbol(spec: &Spec) -> String {
    let obj = Obj::new()
        .text("symbol", &spec.symbol)
        .text("pair", &spec.symbol)
        .text("contractType", "PERPETUAL");
    let obj =
        obj.raw("deliveryDate", 4_133_404_800_000_i64).raw("onboardDate", 1_569_398_400_000_i64);
    let obj = obj
        .text("status", "TRADING")
        .text("maintMarginPercent", "2.5000")
        .text("requiredMarginPercent", "5.0000");
    let obj = obj
        .text("baseAsset", &spec.base)
        .text("quoteAsset", &spec.quote)
        .text("marginAsset", &spec.quote);
    let obj =
        obj.raw("pricePrecision", spec.price_places).raw("quantityPrecision", spec.qty_places);
    let obj =
        obj.raw("baseAssetPrecision", 8).raw("quotePrecision", 8).text("underlyingType", "COIN");
    let obj = obj.raw("underlyingSubType", r#"["PoW"]"#).text("triggerProtect", "0.0500");
    let obj = obj
        .text("liquidationFee", "0.012500")
        .text("marketTakeBound", "0.05")
        .raw("maxMoveOrderLimit", 10_000);
    let obj = obj.raw("filters", filters(spec));
    let types = r#"["LIMIT","MARKET","STOP","STOP_MARKET","TAKE_PROFIT","TAKE_PROFIT_MARKET","TRAILING_STOP_MARKET"]"#;
    let obj = obj.raw("orderTypes", types).raw("timeInForce", r#"["GTC","IOC","FOK","GTX","GTD"]"#);
    obj.raw("permissionSets", r#"["GRID","COPY"]"#).end()
}

fn filters(spec: &Spec) -> String {
    let filter = |name: &str, obj: Obj| obj.text("filterType", name).end();
    let lot = |max| {
        Obj::new().text("maxQty", max).text("minQty", spec.qty_min).text("stepSize", spec.lot)
    };
    let tick = spec.tick.fixed(spec.price_places);
    let (up, down) =
        (crate::dec::Dec::ONE + spec.price_band, crate::dec::Dec::ONE - spec.price_band);
    let band = Obj::new().text("multiplierUp", up.fixed(4)).text("multiplierDown", down.fixed(4));
    list([
        filter(
            "PRICE_FILTER",
            Obj::new().text("maxPrice", "4529764").text("minPrice", tick).text("tickSize", tick),
        ),
        filter("LOT_SIZE", lot(spec.qty_max)),
        filter("MARKET_LOT_SIZE", lot(spec.qty_max_market)),
        filter("MAX_NUM_ORDERS", Obj::new().raw("limit", spec.orders_max)),
        filter("MAX_NUM_ALGO_ORDERS", Obj::new().raw("limit", 10)),
        filter("MIN_NOTIONAL", Obj::new().text("notional", spec.notional_min)),
        filter("PERCENT_PRICE", band.text("multiplierDecimal", "4")),
    ])
}

/// The book, up to 1000 levels.
pub(super) fn depth(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let snapshot = desk.exchange.market().snapshot(spec.row, call.params.limit(500, 1_000)?);
    let obj = Obj::new().raw("lastUpdateId", snapshot.last_update_id);
    let obj = obj.raw("E", call.now.millis()).raw("T", snapshot.at.millis());
    Ok(obj.raw("bids", pairs(spec, &snapshot.bids)).raw("asks", pairs(spec, &snapshot.asks)).end())
}

/// Only instruments whose interval or bounds differ from the usual: 8 hours when absent.
pub(super) fn funding_info(desk: &Desk, call: &Call) -> String {
    let specs = desk.exchange.specs();
    let rows = specs.iter().filter_map(|spec| {
        let funding = desk.exchange.market().funding(spec.row).filter(|f| f.hours != 8)?;
        let obj = Obj::new()
            .text("symbol", &spec.symbol)
            .text("adjustedFundingRateCap", money(spec.funding_cap));
        let obj = obj.text("adjustedFundingRateFloor", money(-spec.funding_cap));
        let obj = obj.raw("fundingIntervalHours", funding.hours).raw("disclaimer", false);
        Some(obj.raw("updateTime", call.now.millis()).end())
    });
    list(rows)
}

/// Mark, index, estimate and next settlement.
pub(super) fn premium_index(desk: &Desk, call: &Call) -> Answer {
    let market = desk.exchange.market();
    let rows = specs_of(desk, call)?.into_iter().filter_map(|spec| {
        let funding = market.funding(spec.row)?;
        let obj =
            Obj::new().text("symbol", &spec.symbol).text("markPrice", money(market.mark(spec.row)));
        let obj = obj.text("indexPrice", money(market.index(spec.row)));
        let obj = obj.text("estimatedSettlePrice", money(market.index(spec.row)));
        let obj =
            obj.text("lastFundingRate", money(funding.rate)).text("interestRate", "0.00010000");
        Some(obj.raw("nextFundingTime", funding.next.millis()).raw("time", call.now.millis()).end())
    });
    Ok(one_or_list(call, rows.collect()))
}

/// Settled rates, oldest first.
pub(super) fn funding_rate(desk: &Desk, call: &Call) -> Answer {
    let params = &call.params;
    let (start, end) = (params.whole("startTime")?, params.whole("endTime")?);
    let limit = params.limit(100, 1_000)?;
    let mut rows = Vec::new();
    for spec in specs_of(desk, call)? {
        let settled =
            desk.exchange.market().funding(spec.row).map(|f| f.history.clone()).unwrap_or_default();
        let fits = |ms: i64| start.is_none_or(|s| ms >= s) && end.is_none_or(|e| ms <= e);
        rows.extend(settled.into_iter().filter(|s| fits(s.at.millis())).map(|s| {
            let obj = Obj::new().text("symbol", &spec.symbol).raw("fundingTime", s.at.millis());
            let obj = obj.text("fundingRate", money(s.rate)).text("markPrice", money(s.mark));
            (s.at, obj.text("rateType", "Regular").end())
        }));
    }
    rows.sort_by_key(|(at, _)| *at);
    let skip = if start.is_some() { 0 } else { rows.len().saturating_sub(limit) };
    Ok(list(rows.into_iter().skip(skip).take(limit).map(|(_, row)| row)))
}

/// A number of the right size: nobody else holds contracts here.
pub(super) fn open_interest(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let obj = Obj::new().text("symbol", &spec.symbol).text("openInterest", "70000.000");
    Ok(obj.raw("time", call.now.millis()).end())
}
