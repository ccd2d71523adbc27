//! What can be traded where, and how its numbers on the wire become ours.

use crate::decimal::{self, DecimalError};
use crate::ids::{AssetId, InstrumentId, VenueId};
use crate::numbers::{Money, Price, Qty, Rate, Scale};
use serde::{Deserialize, Serialize};

/// The kinds of instrument the engine trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Product {
    /// The asset itself, bought with the quote asset.
    Spot = 0,
    /// A linear perpetual future, settled in the quote asset.
    Perpetual = 1,
}

/// How a venue's price and size texts of one instrument convert to our units, exactly.
///
/// A symbol such as `1000PEPEUSDT` prices a thousand coins: its price text is read with three fewer
/// decimals than the asset's scale. An OKX contract of 0.01 BTC has sizes in contracts: the text is
/// read at its lot's decimals and multiplied by the contract's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// Decimals at which a price text is read and written to be a [`Price`].
    pub price_exp: u8,
    /// Decimals at which a size text is read and written before the factor.
    pub size_exp: u8,
    /// Units of [`Qty`] in one unit of a size so read; at least 1.
    pub size_factor: i64,
}

impl Edge {
    /// A price text, exactly.
    ///
    /// # Errors
    /// [`DecimalError`], so a price finer than the asset's scale is refused.
    #[inline]
    pub fn price(&self, text: &[u8]) -> Result<Price, DecimalError> {
        decimal::parse(text, self.price_exp).map(Price)
    }

    /// A price that is only looked at (mark, index, average): rounded half to even.
    ///
    /// # Errors
    /// [`DecimalError`], never `TooPrecise`.
    #[inline]
    pub fn price_rounded(&self, text: &[u8]) -> Result<Price, DecimalError> {
        decimal::parse_rounded(text, self.price_exp).map(Price)
    }

    /// A size text in the venue's unit as a quantity of the base asset, exactly.
    ///
    /// # Errors
    /// [`DecimalError`].
    #[inline]
    pub fn qty(&self, text: &[u8]) -> Result<Qty, DecimalError> {
        let units = decimal::parse(text, self.size_exp)?;
        units.checked_mul(self.size_factor).map(Qty).ok_or(DecimalError::TooLarge)
    }

    /// Writes a price as the venue's text, without trailing zeros; returns its length.
    pub fn write_price(&self, price: Price, out: &mut [u8]) -> usize {
        decimal::write(i128::from(price.0), self.price_exp, out)
    }

    /// Writes a quantity as the venue's size text; what is below one unit of size is cut off.
    pub fn write_size(&self, qty: Qty, out: &mut [u8]) -> usize {
        decimal::write(i128::from(qty.0 / self.size_factor.max(1)), self.size_exp, out)
    }
}

/// One instrument of one venue with its rules, in the units of its base asset's [`Scale`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Its row in [`Instruments`].
    pub id: InstrumentId,
    /// Where it trades.
    pub venue: VenueId,
    /// What it is.
    pub product: Product,
    /// CCXT's unified name: `BTC/USDT` (spot), `BTC/USDT:USDT` (perpetual).
    pub name: String,
    /// The venue's own: `BTCUSDT`, `BTC-USDT-SWAP`.
    pub symbol: String,
    /// The venue's number for it where order entry wants one (OKX `instIdCode`); 0 where not.
    pub code: u64,
    /// The asset bought and sold.
    pub base: AssetId,
    /// The asset it is priced and settled in.
    pub quote: AssetId,
    /// Units of its prices and quantities (those of `base`).
    pub scale: Scale,
    /// How its wire numbers convert.
    pub edge: Edge,
    /// Price steps.
    pub tick: Price,
    /// Quantity steps.
    pub lot: Qty,
    /// The smallest order.
    pub qty_min: Qty,
    /// The largest order; `Qty(i64::MAX)` when the venue names none.
    pub qty_max: Qty,
    /// The smallest order by value; zero when the venue names none.
    pub notional_min: Money,
    /// Fee of an order that rested; negative is a rebate.
    pub fee_maker: Rate,
    /// Fee of an order that took.
    pub fee_taker: Rate,
}

/// Every instrument and asset of a run. Built once at start; rows never move.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruments {
    /// By [`InstrumentId`].
    pub list: Vec<Instrument>,
    /// Asset names by [`AssetId`].
    pub assets: Vec<String>,
}

impl Instruments {
    /// The instrument of that id.
    #[must_use]
    pub fn get(&self, id: InstrumentId) -> Option<&Instrument> {
        self.list.get(id.index())
    }

    /// The instrument of a venue by the venue's own symbol and kind (Bybit uses one symbol for both).
    #[must_use]
    pub fn by_symbol(&self, venue: VenueId, product: Product, symbol: &str) -> Option<&Instrument> {
        self.list.iter().find(|i| i.venue == venue && i.product == product && i.symbol == symbol)
    }

    /// The instrument of a venue by its unified name.
    #[must_use]
    pub fn by_name(&self, venue: VenueId, name: &str) -> Option<&Instrument> {
        self.list.iter().find(|i| i.venue == venue && i.name == name)
    }

    /// All instruments of one venue.
    pub fn of(&self, venue: VenueId) -> impl Iterator<Item = &Instrument> {
        self.list.iter().filter(move |i| i.venue == venue)
    }

    /// The id of an asset, added when it is new. `None` beyond 65,535 assets.
    pub fn asset(&mut self, name: &str) -> Option<AssetId> {
        if let Some(known) = self.asset_id(name) {
            return Some(known);
        }
        let id = u16::try_from(self.assets.len()).ok()?;
        self.assets.push(name.to_owned());
        Some(AssetId(id))
    }

    /// The id of a known asset.
    #[must_use]
    pub fn asset_id(&self, name: &str) -> Option<AssetId> {
        let at = self.assets.iter().position(|known| known == name)?;
        u16::try_from(at).ok().map(AssetId)
    }

    /// The name of an asset.
    #[must_use]
    pub fn asset_name(&self, id: AssetId) -> &str {
        self.assets.get(id.index()).map_or("?", String::as_str)
    }
}

#[cfg(test)]
mod tests;
