//! What a simulated venue lists: the rules of each instrument, as the venue publishes them.

use crate::dec::Dec;
use base::{Product, VenueId};

/// The row of an instrument in its venue's list.
pub type Row = usize;

/// One instrument of one venue. Quantities are in the base asset everywhere in this crate; a protocol
/// whose wire counts contracts converts with [`Spec::contract`] at its edge.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its row.
    pub row: Row,
    /// Where it is listed.
    pub venue: VenueId,
    /// Spot or perpetual.
    pub product: Product,
    /// The unified name: `BTC/USDT`, `BTC/USDT:USDT`.
    pub name: String,
    /// The venue's own name: `BTCUSDT`, `BTC-USDT-SWAP`.
    pub symbol: String,
    /// OKX's `instIdCode`; a number of our own making, never 0.
    pub code: u64,
    /// The asset bought and sold.
    pub base: String,
    /// The asset it is priced and settled in.
    pub quote: String,
    /// Price step.
    pub tick: Dec,
    /// Quantity step, base asset.
    pub lot: Dec,
    /// Smallest order, base asset.
    pub qty_min: Dec,
    /// Largest limit order, base asset.
    pub qty_max: Dec,
    /// Largest market order, base asset.
    pub qty_max_market: Dec,
    /// Smallest order by value; zero when there is no such rule.
    pub notional_min: Dec,
    /// Base asset in one contract (OKX swaps: `ctVal`); one elsewhere.
    pub contract: Dec,
    /// Share of the value charged when an order rested.
    pub fee_maker: Dec,
    /// Share of the value charged when an order took.
    pub fee_taker: Dec,
    /// Decimals to which a fee is rounded (always against the account).
    pub fee_places: u8,
    /// Decimals with which Binance prints its prices here.
    pub price_places: u8,
    /// Decimals with which Binance prints its quantities here.
    pub qty_places: u8,
    /// How far a limit price may lie from the mark, as a share; zero when there is no such rule.
    pub price_band: Dec,
    /// Most open orders on it.
    pub orders_max: usize,
    /// Hours between fundings at the start of the run; 0 for spot.
    pub funding_hours: u32,
    /// The largest funding rate either way.
    pub funding_cap: Dec,
    /// Leverage of a new account.
    pub leverage: u32,
}

impl Spec {
    /// Whether it is a perpetual.
    #[must_use]
    pub fn is_perpetual(&self) -> bool {
        self.product == Product::Perpetual
    }

    /// A base quantity as whole and broken contracts.
    #[must_use]
    pub fn to_contracts(&self, qty: Dec) -> Dec {
        qty.over(self.contract)
    }

    /// A number of contracts as base quantity; `None` when it is finer than we count.
    #[must_use]
    pub fn from_contracts(&self, contracts: Dec) -> Option<Dec> {
        contracts.times_exact(self.contract)
    }
}

/// The instruments of one venue.
#[derive(Clone, Debug, Default)]
pub struct Specs(pub Vec<Spec>);

impl Specs {
    /// The instrument of that row.
    #[must_use]
    pub fn get(&self, row: Row) -> Option<&Spec> {
        self.0.get(row)
    }

    /// By the venue's own name; Bybit needs the product too, the others may pass `None`.
    #[must_use]
    pub fn by_symbol(&self, symbol: &str, product: Option<Product>) -> Option<&Spec> {
        self.0.iter().find(|s| s.symbol == symbol && product.is_none_or(|p| p == s.product))
    }

    /// By OKX's number.
    #[must_use]
    pub fn by_code(&self, code: u64) -> Option<&Spec> {
        self.0.iter().find(|s| s.code == code)
    }

    /// By unified name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Spec> {
        self.0.iter().find(|s| s.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Spec> {
        self.0.iter()
    }
}
