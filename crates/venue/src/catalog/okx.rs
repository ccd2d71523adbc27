//! OKX `GET /api/v5/public/instruments`, for `instType=SPOT` and `SWAP`.

use super::{CatalogError, Exact, Listing, Page, Rules, State, entry, multiplied, unified};
use base::{Product, VenueId};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    code: String,
    #[serde(default)]
    msg: String,
    #[serde(default)]
    data: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instrument {
    inst_id: String,
    inst_type: String,
    inst_id_code: Option<u64>,
    state: String,
    tick_sz: String,
    lot_sz: String,
    min_sz: String,
    #[serde(default)]
    max_lmt_sz: String,
    #[serde(default)]
    max_mkt_sz: String,
    #[serde(default)]
    max_lmt_amt: String,
    #[serde(default)]
    ct_val: String,
    #[serde(default)]
    ct_mult: String,
    #[serde(default)]
    ct_type: String,
    #[serde(default)]
    ct_val_ccy: String,
    #[serde(default)]
    base_ccy: String,
    #[serde(default)]
    quote_ccy: String,
    #[serde(default)]
    settle_ccy: String,
    #[serde(default)]
    uly: String,
}

/// Reads a list of spot pairs or swaps. Inverse swaps and everything dated are left out.
///
/// # Errors
/// [`CatalogError`] when the body is no such answer; a single bad instrument only costs itself.
pub fn parse(body: &[u8]) -> Result<Page, CatalogError> {
    let venue = VenueId::Okx;
    let answer: Answer =
        serde_json::from_slice(body).map_err(|why| CatalogError::shape(venue, &why))?;
    if answer.code != "0" {
        let code = answer.code.parse().unwrap_or(-1);
        return Err(CatalogError::Refused { venue, code, message: answer.msg });
    }
    let mut page = Page::default();
    for value in answer.data {
        match entry::<Instrument>(venue, "instId", value) {
            Ok(instrument) => page.listings.extend(listing(instrument)),
            Err(unread) => page.unread.push(unread),
        }
    }
    Ok(page)
}

fn listing(instrument: Instrument) -> Option<Listing> {
    let (product, base, quote) = match instrument.inst_type.as_str() {
        "SPOT" => (Product::Spot, instrument.base_ccy.clone(), instrument.quote_ccy.clone()),
        "SWAP" if instrument.ct_type == "linear" => {
            let (base, quote) = instrument.uly.split_once('-')?;
            (Product::Perpetual, base.to_owned(), quote.to_owned())
        }
        _ => return None,
    };
    let asset = multiplied(&base);
    let contract = contract(product, &base, &quote, &instrument);
    Some(Listing {
        venue: VenueId::Okx,
        product,
        name: unified(product, &base, &quote),
        state: match instrument.state.as_str() {
            "live" => State::Trading,
            _ => State::Closed(instrument.state.clone()),
        },
        code: instrument.inst_id_code.unwrap_or(0),
        multiplier_exp: asset.exp,
        contract: *contract.as_ref().unwrap_or(&Exact::ONE),
        rules: contract.and_then(|_| rules(product, &instrument)),
        base: asset.base.to_owned(),
        quote,
        symbol: instrument.inst_id,
    })
}

/// Coins in one unit of size: 1 for spot, `ctVal` x `ctMult` for a swap counted in its base coin.
fn contract(
    product: Product,
    base: &str,
    quote: &str,
    instrument: &Instrument,
) -> Result<Exact, String> {
    if product == Product::Spot {
        return Ok(Exact::ONE);
    }
    if instrument.ct_val_ccy != base {
        return Err(format!("ctValCcy is \"{}\", not {base}", instrument.ct_val_ccy));
    }
    if instrument.settle_ccy != quote {
        return Err(format!("settled in \"{}\", not {quote}", instrument.settle_ccy));
    }
    let value = number(&instrument.ct_val, "ctVal")?;
    let times = number(&instrument.ct_mult, "ctMult")?;
    value
        .checked_mul(times)
        .filter(|contract| contract.is_positive())
        .ok_or_else(|| format!("a contract of ctVal {value} x ctMult {times}"))
}

fn rules(product: Product, instrument: &Instrument) -> Result<Rules, String> {
    let mut size_max = optional(&instrument.max_lmt_sz, "maxLmtSz")?;
    // A spot pair's market maximum is an amount of the quote asset.
    if product == Product::Perpetual {
        let market = optional(&instrument.max_mkt_sz, "maxMktSz")?;
        size_max = match (size_max, market) {
            (Some(limit), Some(market)) => Some(limit.min(market)),
            (one, other) => one.or(other),
        };
    }
    Ok(Rules {
        tick: number(&instrument.tick_sz, "tickSz")?,
        lot: number(&instrument.lot_sz, "lotSz")?,
        size_min: number(&instrument.min_sz, "minSz")?,
        size_max,
        value_max: optional(&instrument.max_lmt_amt, "maxLmtAmt")?,
        price_max: None,
        notional_min: Exact::ZERO,
    })
}

fn number(text: &str, what: &str) -> Result<Exact, String> {
    Exact::parse(text).map_err(|why| format!("{what} \"{text}\": {why}"))
}

fn optional(text: &str, what: &str) -> Result<Option<Exact>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(number(text, what)?).filter(|value| value.is_positive()))
}
