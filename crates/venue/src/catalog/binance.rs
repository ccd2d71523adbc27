//! Binance `exchangeInfo` (spot and USD-M) and USD-M `fundingInfo`.

use super::{
    CatalogError, Exact, Listing, Page, RateLimit, Rules, State, Unread, entry, multiplied, unified,
};
use base::{Product, Span, VenueId};
use serde::Deserialize;

/// The interval of a perpetual that `fundingInfo` does not name.
pub const FUNDING_INTERVAL_DEFAULT: Span = Span::from_secs(8 * 3_600);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeInfo {
    symbols: Vec<serde_json::Value>,
    #[serde(default)]
    rate_limits: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RateLimitRow {
    rate_limit_type: String,
    interval: String,
    interval_num: u32,
    limit: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol {
    symbol: String,
    status: String,
    base_asset: String,
    quote_asset: String,
    margin_asset: Option<String>,
    contract_type: Option<String>,
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    tick_size: Option<String>,
    max_price: Option<String>,
    step_size: Option<String>,
    min_qty: Option<String>,
    max_qty: Option<String>,
    min_notional: Option<String>,
    notional: Option<String>,
}

/// Reads the answer of spot `GET /api/v3/exchangeInfo`.
///
/// # Errors
/// [`CatalogError`] when the body is no such answer; a single bad symbol only costs itself.
pub fn parse_spot(body: &[u8]) -> Result<Page, CatalogError> {
    parse(VenueId::BinanceSpot, Product::Spot, body)
}

/// Reads the answer of USD-M `GET /fapi/v1/exchangeInfo`. Only perpetuals settled in their quote asset
/// are taken; dated futures are left out.
///
/// # Errors
/// [`CatalogError`] when the body is no such answer; a single bad symbol only costs itself.
pub fn parse_usdm(body: &[u8]) -> Result<Page, CatalogError> {
    parse(VenueId::BinanceUsdm, Product::Perpetual, body)
}

fn parse(venue: VenueId, product: Product, body: &[u8]) -> Result<Page, CatalogError> {
    let info: ExchangeInfo = match serde_json::from_slice(body) {
        Ok(info) => info,
        Err(why) => {
            return Err(refused(venue, body).unwrap_or_else(|| CatalogError::shape(venue, &why)));
        }
    };
    let mut page = Page::default();
    for value in info.symbols {
        match entry::<Symbol>(venue, "symbol", value) {
            Ok(symbol) => page.listings.extend(listing(venue, product, symbol)),
            Err(unread) => page.unread.push(unread),
        }
    }
    for value in info.rate_limits {
        match rate_limit(venue, value) {
            Ok(limit) => page.limits.extend(limit),
            Err(unread) => page.unread.push(unread),
        }
    }
    Ok(page)
}

/// One row of `rateLimits`; `None` when it states no limit (-1 appears in live answers).
fn rate_limit(venue: VenueId, value: serde_json::Value) -> Result<Option<RateLimit>, Unread> {
    let unread = |why| Unread { venue, symbol: "rateLimits".to_owned(), why };
    let row: RateLimitRow = serde_json::from_value(value).map_err(|why| unread(why.to_string()))?;
    let meter = match (row.rate_limit_type.as_str(), row.interval.as_str(), row.interval_num) {
        ("REQUEST_WEIGHT", "MINUTE", 1) => "weight-1m",
        ("ORDERS", "SECOND", 10) => "orders-10s",
        ("ORDERS", "MINUTE", 1) => "orders-1m",
        ("ORDERS", "DAY", 1) => "orders-1d",
        ("RAW_REQUESTS", "MINUTE", 5) => "requests-5m",
        // Those of dials are kept where connections are dialed.
        ("CONNECTIONS", ..) => return Ok(None),
        (kind, interval, count) => {
            return Err(unread(format!("{kind} in {count} {interval} is not counted here")));
        }
    };
    let limit = u32::try_from(row.limit).ok().filter(|limit| *limit > 0);
    Ok(limit.map(|limit| RateLimit { meter, limit }))
}

fn listing(venue: VenueId, product: Product, symbol: Symbol) -> Option<Listing> {
    if product == Product::Perpetual {
        let kind = symbol.contract_type.as_deref().unwrap_or_default();
        let linear = symbol.margin_asset.as_ref().is_none_or(|asset| *asset == symbol.quote_asset);
        if !matches!(kind, "PERPETUAL" | "TRADIFI_PERPETUAL") || !linear {
            return None;
        }
    }
    let asset = multiplied(&symbol.base_asset);
    Some(Listing {
        venue,
        product,
        name: unified(product, &symbol.base_asset, &symbol.quote_asset),
        base: asset.base.to_owned(),
        state: match symbol.status.as_str() {
            "TRADING" => State::Trading,
            _ => State::Closed(symbol.status),
        },
        code: 0,
        multiplier_exp: asset.exp,
        contract: Exact::ONE,
        rules: rules(&symbol.filters),
        symbol: symbol.symbol,
        quote: symbol.quote_asset,
    })
}

fn rules(filters: &[Filter]) -> Result<Rules, String> {
    let filter = |kind: &str| filters.iter().find(|f| f.filter_type == kind);
    let number = |text: &Option<String>, what: &str| -> Result<Exact, String> {
        let text = text.as_deref().ok_or_else(|| format!("{what} is missing"))?;
        Exact::parse(text).map_err(|why| format!("{what} \"{text}\": {why}"))
    };
    let price = filter("PRICE_FILTER").ok_or("PRICE_FILTER is missing")?;
    let lots = filter("LOT_SIZE").ok_or("LOT_SIZE is missing")?;
    let mut size_max = number(&lots.max_qty, "LOT_SIZE.maxQty")?;
    if let Some(market) = filter("MARKET_LOT_SIZE") {
        let max = number(&market.max_qty, "MARKET_LOT_SIZE.maxQty")?;
        // Zero means that the venue does not check.
        size_max = if max.is_positive() { size_max.min(max) } else { size_max };
    }
    let notional_min = match (filter("NOTIONAL"), filter("MIN_NOTIONAL")) {
        (Some(f), _) => number(&f.min_notional, "NOTIONAL.minNotional")?,
        (None, Some(f)) if f.notional.is_some() => number(&f.notional, "MIN_NOTIONAL.notional")?,
        (None, Some(f)) => number(&f.min_notional, "MIN_NOTIONAL.minNotional")?,
        (None, None) => Exact::ZERO,
    };
    let price_max = number(&price.max_price, "PRICE_FILTER.maxPrice")?;
    Ok(Rules {
        tick: number(&price.tick_size, "PRICE_FILTER.tickSize")?,
        lot: number(&lots.step_size, "LOT_SIZE.stepSize")?,
        size_min: number(&lots.min_qty, "LOT_SIZE.minQty")?,
        size_max: Some(size_max).filter(|max| max.is_positive()),
        value_max: None,
        price_max: Some(price_max).filter(|max| max.is_positive()),
        notional_min,
    })
}

#[derive(Deserialize)]
struct ErrorBody {
    code: i64,
    msg: String,
}

fn refused(venue: VenueId, body: &[u8]) -> Option<CatalogError> {
    let error: ErrorBody = serde_json::from_slice(body).ok()?;
    Some(CatalogError::Refused { venue, code: error.code, message: error.msg })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FundingInfo {
    symbol: String,
    funding_interval_hours: u32,
}

/// What `fundingInfo` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundingIntervals {
    /// Symbols with an interval of their own.
    pub known: Vec<(String, Span)>,
    /// Entries that could not be read.
    pub unread: Vec<Unread>,
}

impl FundingIntervals {
    /// A symbol's interval: its own, the default when it is not named, none when its entry could not be read.
    #[must_use]
    pub fn of(&self, symbol: &str) -> Option<Span> {
        match self.known.iter().find(|(known, _)| known == symbol) {
            Some((_, interval)) => Some(*interval),
            None if self.unread.iter().any(|entry| entry.symbol == symbol) => None,
            None => Some(FUNDING_INTERVAL_DEFAULT),
        }
    }
}

/// Reads the answer of USD-M `GET /fapi/v1/fundingInfo`: symbols with an interval of their own. Any
/// other symbol settles every [`FUNDING_INTERVAL_DEFAULT`].
///
/// # Errors
/// [`CatalogError`] when the body is no such answer. An entry that cannot be read, or has an interval
/// of nothing or of more than a day, is `unread`: its interval is **not** the default.
pub fn parse_funding_info(body: &[u8]) -> Result<FundingIntervals, CatalogError> {
    let venue = VenueId::BinanceUsdm;
    let values: Vec<serde_json::Value> = match serde_json::from_slice(body) {
        Ok(values) => values,
        Err(why) => {
            return Err(refused(venue, body).unwrap_or_else(|| CatalogError::shape(venue, &why)));
        }
    };
    let mut intervals = FundingIntervals::default();
    for value in values {
        match entry::<FundingInfo>(venue, "symbol", value) {
            Ok(FundingInfo { symbol, funding_interval_hours: hours @ 1..=24 }) => {
                intervals.known.push((symbol, Span::from_secs(u64::from(hours) * 3_600)));
            }
            Ok(FundingInfo { symbol, funding_interval_hours: hours }) => {
                let why = format!("an interval of {hours} hours");
                intervals.unread.push(Unread { venue, symbol, why });
            }
            Err(why) => intervals.unread.push(why),
        }
    }
    Ok(intervals)
}
