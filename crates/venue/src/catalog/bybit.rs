//! Bybit `GET /v5/market/instruments-info`, for `category=spot` and `linear`, page by page.

use super::{CatalogError, Exact, Listing, Page, Rules, State, entry, multiplied, unified};
use base::{Product, VenueId};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ret_code: i64,
    #[serde(default)]
    ret_msg: String,
    result: Option<Result_>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Result_ {
    list: Option<Vec<serde_json::Value>>,
    next_page_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol {
    symbol: String,
    status: String,
    base_coin: String,
    quote_coin: String,
    settle_coin: Option<String>,
    contract_type: Option<String>,
    price_filter: PriceFilter,
    lot_size_filter: LotFilter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceFilter {
    tick_size: String,
    max_price: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LotFilter {
    qty_step: Option<String>,
    base_precision: Option<String>,
    min_order_qty: String,
    max_order_qty: Option<String>,
    max_mkt_order_qty: Option<String>,
    max_limit_order_qty: Option<String>,
    max_market_order_qty: Option<String>,
    min_notional_value: Option<String>,
    min_order_amt: Option<String>,
}

/// Reads one page of spot pairs.
///
/// # Errors
/// [`CatalogError`] when the body is no such answer; a single bad symbol only costs itself.
pub fn parse_spot(body: &[u8]) -> Result<Page, CatalogError> {
    parse(Product::Spot, body)
}

/// Reads one page of linear contracts; only perpetuals settled in their quote coin are taken.
///
/// # Errors
/// [`CatalogError`] when the body is no such answer; a single bad symbol only costs itself.
pub fn parse_linear(body: &[u8]) -> Result<Page, CatalogError> {
    parse(Product::Perpetual, body)
}

fn parse(product: Product, body: &[u8]) -> Result<Page, CatalogError> {
    let venue = VenueId::Bybit;
    let answer: Answer =
        serde_json::from_slice(body).map_err(|why| CatalogError::shape(venue, &why))?;
    if answer.ret_code != 0 {
        let (code, message) = (answer.ret_code, answer.ret_msg);
        return Err(CatalogError::Refused { venue, code, message });
    }
    let result = answer.result.ok_or_else(|| CatalogError::shape(venue, &"no result"))?;
    let list = result.list.ok_or_else(|| CatalogError::shape(venue, &"no result.list"))?;
    let next = result.next_page_cursor.filter(|cursor| !cursor.is_empty());
    let mut page = Page { next, ..Page::default() };
    for value in list {
        match entry::<Symbol>(venue, "symbol", value) {
            Ok(symbol) => page.listings.extend(listing(product, symbol)),
            Err(unread) => page.unread.push(unread),
        }
    }
    Ok(page)
}

fn listing(product: Product, symbol: Symbol) -> Option<Listing> {
    let perpetual = product == Product::Perpetual;
    if perpetual {
        let settled = symbol.settle_coin.as_deref().unwrap_or_default();
        if symbol.contract_type.as_deref() != Some("LinearPerpetual")
            || settled != symbol.quote_coin
        {
            return None;
        }
    }
    let asset = multiplied(&symbol.base_coin);
    Some(Listing {
        venue: VenueId::Bybit,
        product,
        name: unified(product, &symbol.base_coin, &symbol.quote_coin),
        base: asset.base.to_owned(),
        multiplier_exp: asset.exp,
        contract: Exact::ONE,
        code: 0,
        state: match symbol.status.as_str() {
            "Trading" => State::Trading,
            _ => State::Closed(symbol.status),
        },
        rules: rules(&symbol.price_filter, &symbol.lot_size_filter),
        symbol: symbol.symbol,
        quote: symbol.quote_coin,
    })
}

fn rules(price: &PriceFilter, lots: &LotFilter) -> Result<Rules, String> {
    let number = |text: &str, what: &str| -> Result<Exact, String> {
        Exact::parse(text).map_err(|why| format!("{what} \"{text}\": {why}"))
    };
    let optional = |text: &Option<String>, what: &str| -> Result<Option<Exact>, String> {
        match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => Ok(Some(number(text, what)?).filter(|value| value.is_positive())),
        }
    };
    let step = lots.qty_step.as_ref().or(lots.base_precision.as_ref());
    let step = step.ok_or("neither qtyStep nor basePrecision")?;
    let maxima = [
        optional(&lots.max_limit_order_qty, "maxLimitOrderQty")?,
        optional(&lots.max_market_order_qty, "maxMarketOrderQty")?,
        optional(&lots.max_order_qty, "maxOrderQty")?,
        optional(&lots.max_mkt_order_qty, "maxMktOrderQty")?,
    ];
    let notional = match optional(&lots.min_notional_value, "minNotionalValue")? {
        Some(value) => Some(value),
        None => optional(&lots.min_order_amt, "minOrderAmt")?,
    };
    Ok(Rules {
        tick: number(&price.tick_size, "tickSize")?,
        lot: number(step, "qtyStep")?,
        size_min: number(&lots.min_order_qty, "minOrderQty")?,
        size_max: maxima.into_iter().flatten().reduce(Exact::min),
        value_max: None,
        price_max: optional(&price.max_price, "maxPrice")?,
        notional_min: notional.unwrap_or(Exact::ZERO),
    })
}
