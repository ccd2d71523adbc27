//! What the venues list, and how it becomes [`base::Instruments`].
//!
//! Each venue's instrument list is read into [`Listing`]s: one tradable thing with its rules in the
//! venue's own units. [`build`] looks at the listings of **all** venues, finds for every base asset
//! the one [`base::Scale`] in which each of them is exact, and converts the wanted ones. What cannot
//! be exact, or leaves no headroom, is refused by name before anything is traded.

mod binance;
mod build;
mod bybit;
mod multiplier;
mod number;
mod okx;
mod scale;

pub use binance::{
    FUNDING_INTERVAL_DEFAULT, FundingIntervals, parse_funding_info,
    parse_spot as parse_binance_spot, parse_usdm as parse_binance_usdm,
};
pub use build::{Fees, Tier, Wanted, build, sort_out};
pub use bybit::{parse_linear as parse_bybit_linear, parse_spot as parse_bybit_spot};
pub use multiplier::{Multiplied, multiplied};
pub use number::Exact;
pub use okx::parse as parse_okx;
pub use scale::{ScaleFault, scale_of};

use base::{Product, VenueId};

/// One thing a venue lists: spot, or a linear perpetual. Others are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Where.
    pub venue: VenueId,
    /// What kind.
    pub product: Product,
    /// The venue's own name: `BTCUSDT`, `BTC-USDT-SWAP`.
    pub symbol: String,
    /// CCXT's unified name as the venue prices it: `1000PEPE/USDT:USDT` stays so.
    pub name: String,
    /// The asset bought and sold, without a multiplier: `PEPE`.
    pub base: String,
    /// The asset it is priced and settled in.
    pub quote: String,
    /// Whether orders are taken.
    pub state: State,
    /// The venue's number for it (OKX `instIdCode`); 0 where there is none.
    pub code: u64,
    /// One priced coin is 10^this of the base asset (`1000PEPE`: 3).
    pub multiplier_exp: u8,
    /// Priced coins in one unit of size (OKX `ctVal` x `ctMult`; 1 elsewhere).
    pub contract: Exact,
    /// Steps and bounds in the venue's own units, or what is wrong with them.
    pub rules: Result<Rules, String>,
}

impl Listing {
    /// The unified name without a multiplier: `PEPE/USDT:USDT` for `1000PEPE/USDT:USDT`.
    #[must_use]
    pub fn plain_name(&self) -> String {
        unified(self.product, &self.base, &self.quote)
    }

    /// Base coins in one unit of size.
    pub(crate) fn unit(&self) -> Exact {
        self.contract.shifted(i16::from(self.multiplier_exp))
    }
}

/// CCXT's unified name.
fn unified(product: Product, base: &str, quote: &str) -> String {
    match product {
        Product::Spot => format!("{base}/{quote}"),
        Product::Perpetual => format!("{base}/{quote}:{quote}"),
    }
}

/// Whether a venue takes orders for a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Trading,
    /// It does not now: the venue's own word for why.
    Closed(String),
}

/// Steps and bounds of a listing, in the venue's own units: a price of one priced coin, a size in
/// coins or contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Price steps.
    pub tick: Exact,
    /// Size steps.
    pub lot: Exact,
    /// The smallest size.
    pub size_min: Exact,
    /// The largest size, where the venue names one.
    pub size_max: Option<Exact>,
    /// The largest order by value, where the venue names one (OKX: US dollars).
    pub value_max: Option<Exact>,
    /// The largest price, where the venue names one.
    pub price_max: Option<Exact>,
    /// The smallest order by value; zero where the venue names none.
    pub notional_min: Exact,
}

/// One body of an instrument list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What it lists that this engine could trade.
    pub listings: Vec<Listing>,
    /// Entries that could not be read at all, by symbol. They cost themselves, not the list.
    pub unread: Vec<Unread>,
    /// What the venue says it allows (Binance).
    pub limits: Vec<RateLimit>,
    /// The cursor of the next page (Bybit); `None` after the last.
    pub next: Option<String>,
}

/// A limit as the venue states it, for [`crate::Budget::observe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Which window of the budget.
    pub meter: &'static str,
    /// What the venue allows in it.
    pub limit: u32,
}

/// An entry of a list that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{venue} {symbol}: its entry in the venue's list cannot be read: {why}")]
pub struct Unread {
    /// Where.
    pub venue: VenueId,
    /// The venue's own name for it, as far as it had one.
    pub symbol: String,
    /// What was wrong.
    pub why: String,
}

/// Why a body is no instrument list.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No JSON, or not of the documented shape.
    #[error("{venue}: the instrument list is not of the documented shape: {why}")]
    Shape {
        /// Whose.
        venue: VenueId,
        /// What the parser said.
        why: String,
    },
    /// The venue answered with an error.
    #[error("{venue}: the instrument list was refused with code {code}: {message}")]
    Refused {
        /// Whose.
        venue: VenueId,
        /// The venue's code.
        code: i64,
        /// The venue's words.
        message: String,
    },
}

impl CatalogError {
    fn shape(venue: VenueId, why: &dyn ToString) -> Self {
        Self::Shape { venue, why: why.to_string() }
    }
}

/// A wanted instrument that cannot be traded, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{venue} {name}: {reason}")]
pub struct Refusal {
    /// Where.
    pub venue: VenueId,
    /// Its unified name as it was asked for.
    pub name: String,
    /// Why not.
    pub reason: Reason,
}

/// Why an instrument cannot be traded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The venue does not list it, or not as spot or linear perpetual.
    #[error("not listed by the venue as spot or linear perpetual{}", .0.as_ref().map_or(String::new(), |near| format!("; it lists {near}")))]
    NotListed(
        /// What it lists of the same base asset, for the eye.
        Option<String>,
    ),
    /// Its entry could not be read.
    #[error("its entry in the venue's list cannot be read: {0}")]
    Unread(String),
    /// Its rules could not be read.
    #[error("its rules cannot be used: {0}")]
    Rules(String),
    /// The venue takes no orders for it.
    #[error("the venue takes no orders for it now (status {0})")]
    Closed(String),
    /// No scale holds all venues' listings of its base asset.
    #[error("no exact scale for {base}: {fault}")]
    Scale {
        /// The asset.
        base: String,
        /// What does not fit.
        fault: ScaleFault,
    },
    /// More instruments or assets than ids.
    #[error("more than 65,534 instruments or assets")]
    TooMany,
}

/// Reads one entry of a list, or says which it was and why not.
fn entry<T: serde::de::DeserializeOwned>(
    venue: VenueId,
    symbol_key: &str,
    value: serde_json::Value,
) -> Result<T, Unread> {
    let symbol = value.get(symbol_key).and_then(|s| s.as_str()).unwrap_or("(no symbol)").to_owned();
    serde_json::from_value(value).map_err(|why| Unread { venue, symbol, why: why.to_string() })
}

/// The venue's own asset, in which it takes fees where the account says so.
#[must_use]
pub const fn fee_asset(venue: VenueId) -> &'static str {
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => "BNB",
        VenueId::Okx => "OKB",
        VenueId::Bybit => "MNT",
    }
}

#[cfg(test)]
mod tests;
