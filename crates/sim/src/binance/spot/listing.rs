//! Spot: what anybody may ask.

use super::super::api::{Answer, ApiError, Call, price, qty};
use super::super::streams::pairs;
use super::super::venue::Desk;
use super::{one_or_list, spec_of, specs_of};
use crate::dec::Dec;
use crate::spec::Spec;
use crate::wire::json::{Obj, list};

/// `exchangeInfo`, of all symbols or of those asked for.
pub(in super::super) fn info(desk: &Desk, call: &Call) -> Answer {
    let symbols = wanted(desk, call)?;
    let mut limits = desk.budget.listing();
    limits.push(
        "{\"rateLimitType\":\"RAW_REQUESTS\",\"interval\":\"MINUTE\",\"intervalNum\":5,\"limit\":300000}".to_owned(),
    );
    let obj = Obj::new().text("timezone", "UTC").raw("serverTime", call.now.millis());
    let obj = obj.raw("rateLimits", list(limits)).raw("exchangeFilters", "[]");
    Ok(obj.raw("symbols", list(symbols.iter().map(symbol))).end())
}

/// `symbol`, `symbols=["A","B"]`, or all.
fn wanted(desk: &Desk, call: &Call) -> Result<Vec<Spec>, ApiError> {
    let Some(names) = call.params.get("symbols") else {
        return specs_of(desk, call);
    };
    let names: Vec<String> = serde_json::from_str(names)
        .map_err(|_| ApiError::bad(-1100, "Illegal characters found in parameter 'symbols'."))?;
    let find = |name: &String| desk.exchange.specs().by_symbol(name, None).cloned();
    let found =
        names.iter().map(|name| find(name).ok_or_else(|| ApiError::bad(-1121, "Invalid symbol.")));
    found.collect()
}

fn symbol(spec: &Spec) -> String {
    let obj = Obj::new().text("symbol", &spec.symbol).text("status", "TRADING");
    let obj = obj.text("baseAsset", &spec.base).raw("baseAssetPrecision", 8);
    let obj =
        obj.text("quoteAsset", &spec.quote).raw("quotePrecision", 8).raw("quoteAssetPrecision", 8);
    let obj = obj.raw("baseCommissionPrecision", 8).raw("quoteCommissionPrecision", 8);
    let types = r#"["LIMIT","LIMIT_MAKER","MARKET","STOP_LOSS","STOP_LOSS_LIMIT","TAKE_PROFIT","TAKE_PROFIT_LIMIT"]"#;
    let obj = obj.raw("orderTypes", types);
    let no = ["icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed"];
    let obj = no.iter().fold(obj, |obj, name| obj.raw(name, false));
    let obj = obj.raw("quoteOrderQtyMarketAllowed", true).raw("allowTrailingStop", false);
    let obj = obj
        .raw("cancelReplaceAllowed", true)
        .raw("amendAllowed", true)
        .raw("pegInstructionsAllowed", false);
    let obj = obj.raw("isSpotTradingAllowed", true).raw("isMarginTradingAllowed", false);
    let obj = obj
        .raw("filters", filters(spec))
        .raw("permissions", "[]")
        .raw("permissionSets", r#"[["SPOT"]]"#);
    let obj = obj.text("defaultSelfTradePreventionMode", "EXPIRE_MAKER");
    obj.raw("allowedSelfTradePreventionModes", r#"["EXPIRE_TAKER","EXPIRE_MAKER","EXPIRE_BOTH"]"#)
        .end()
}

fn filters(spec: &Spec) -> String {
    let size = |value: Dec| value.fixed(8).to_string();
    let filter = |name: &str| Obj::new().text("filterType", name);
    let lot = |name: &str, max: Dec, min: Dec, step: Dec| {
        filter(name)
            .text("minQty", size(min))
            .text("maxQty", size(max))
            .text("stepSize", size(step))
            .end()
    };
    let prices = filter("PRICE_FILTER").text("minPrice", size(spec.tick));
    let prices =
        prices.text("maxPrice", "1000000.00000000").text("tickSize", size(spec.tick)).end();
    let notional = filter("NOTIONAL").text("minNotional", size(spec.notional_min));
    let notional = notional.raw("applyMinToMarket", true).text("maxNotional", "9000000.00000000");
    let notional = notional.raw("applyMaxToMarket", false).raw("avgPriceMins", 5).end();
    let band = filter("PERCENT_PRICE_BY_SIDE")
        .text("bidMultiplierUp", "5")
        .text("bidMultiplierDown", "0.2");
    let band = band
        .text("askMultiplierUp", "5")
        .text("askMultiplierDown", "0.2")
        .raw("avgPriceMins", 5)
        .end();
    list([
        prices,
        lot("LOT_SIZE", spec.qty_max, spec.qty_min, spec.lot),
        filter("ICEBERG_PARTS").raw("limit", 100).end(),
        lot("MARKET_LOT_SIZE", spec.qty_max_market, Dec::ZERO, Dec::ZERO),
        band,
        notional,
        filter("MAX_NUM_ORDERS").raw("maxNumOrders", spec.orders_max).end(),
        filter("MAX_NUM_ALGO_ORDERS").raw("maxNumAlgoOrders", 5).end(),
        filter("MAX_NUM_ORDER_AMENDS").raw("maxNumOrderAmends", 10).end(),
    ])
}

/// The book, up to 5000 levels.
pub(in super::super) fn depth(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let snapshot = desk.exchange.market().snapshot(spec.row, call.params.limit(100, 5_000)?);
    let obj = Obj::new().raw("lastUpdateId", snapshot.last_update_id);
    Ok(obj.raw("bids", pairs(spec, &snapshot.bids)).raw("asks", pairs(spec, &snapshot.asks)).end())
}

/// Best bids and offers.
pub(in super::super) fn book_ticker(desk: &Desk, call: &Call) -> Answer {
    let rows = specs_of(desk, call)?.into_iter().map(|spec| {
        let top = desk.exchange.market().top(spec.row);
        let obj = Obj::new().text("symbol", &spec.symbol).text("bidPrice", price(&spec, top.bid));
        let obj =
            obj.text("bidQty", qty(&spec, top.bid_qty)).text("askPrice", price(&spec, top.ask));
        let obj = obj.text("askQty", qty(&spec, top.ask_qty));
        if spec.is_perpetual() { obj.raw("time", call.now.millis()).end() } else { obj.end() }
    });
    Ok(one_or_list(call, rows.collect()))
}

/// Last prices.
pub(in super::super) fn price_ticker(desk: &Desk, call: &Call) -> Answer {
    let rows = specs_of(desk, call)?.into_iter().map(|spec| {
        let last = desk.exchange.market().last_trade(spec.row);
        let obj = Obj::new().text("symbol", &spec.symbol).text("price", price(&spec, last.price));
        if spec.is_perpetual() { obj.raw("time", call.now.millis()).end() } else { obj.end() }
    });
    Ok(one_or_list(call, rows.collect()))
}

/// The last trade (the venue shows more; nobody here keeps them).
pub(in super::super) fn trades(desk: &Desk, call: &Call) -> Answer {
    let spec = spec_of(desk, call)?;
    let last = desk.exchange.market().last_trade(spec.row);
    let obj = Obj::new().raw("id", last.id).text("price", price(spec, last.price));
    let obj =
        obj.text("qty", qty(spec, last.qty)).text("quoteQty", last.price.times(last.qty).fixed(8));
    let obj = obj.raw("time", call.now.millis()).raw("isBuyerMaker", false);
    let obj = if spec.is_perpetual() { obj } else { obj.raw("isBestMatch", true) };
    Ok(list([obj.end()]))
}
