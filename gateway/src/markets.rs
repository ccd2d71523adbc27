//! What the codecs need of each instrument, by its number and by the venue's names for it.

use core::num::NonZeroU64;

use base::{AssetId, Edge, Instrument, InstrumentId, Instruments, Price, Product, Qty, VenueId};

use crate::text::{Short, decimal, fnv};

/// Longest symbol that fits; a longer one is refused at start.
pub const SYMBOL_MAX: usize = 30;

/// One instrument as a codec sees it.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    /// Which.
    pub id: InstrumentId,
    /// Where.
    pub venue: VenueId,
    /// What it is.
    pub product: Product,
    /// Reads the venue's numbers.
    pub edge: Edge,
    /// Bought and sold.
    pub base: AssetId,
    /// Priced and settled in.
    pub quote: AssetId,
    /// OKX `instIdCode`; 0 where there is none.
    pub code: u64,
    price: Shape,
    size: Shape,
    pub(crate) symbol: Short,
    /// `code` as text.
    pub(crate) code_text: Short,
}

/// How a number is written: divided by its common power of ten, with the decimals that remain.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// The smallest step; what is no multiple of it is not written.
    step: NonZeroU64,
    /// Units of ours in one unit of the last digit written.
    unit: NonZeroU64,
    decimals: u8,
}

impl Shape {
    /// For multiples of `step`, in counts of 10^-`exp` times `factor`.
    fn new(step: i64, exp: u8, factor: i64) -> Self {
        let step = u64::try_from(step).unwrap_or(1).max(1);
        let mut unit = u64::try_from(factor).unwrap_or(1).max(1);
        let mut decimals = exp;
        // bound: the exponent
        while decimals > 0 && unit.checked_mul(10).is_some_and(|ten| step % ten == 0) {
            unit *= 10;
            decimals -= 1;
        }
        let whole = |value: u64| NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN);
        Self { step: whole(step), unit: whole(unit), decimals }
    }

    /// The digits to write, when `value` is a positive multiple of the step.
    #[inline]
    fn digits(self, value: i64) -> Option<(u64, u8)> {
        let value = u64::try_from(value).ok().filter(|value| *value > 0)?;
        (value % self.step == 0 && value % self.unit == 0)
            .then(|| (value / self.unit, self.decimals))
    }
}

impl Market {
    fn new(instrument: &Instrument) -> Option<Self> {
        let name = instrument.symbol.as_bytes();
        let symbol = Short::new(name).filter(|_| name.len() <= SYMBOL_MAX)?;
        let edge = instrument.edge;
        Some(Self {
            id: instrument.id,
            venue: instrument.venue,
            product: instrument.product,
            edge,
            base: instrument.base,
            quote: instrument.quote,
            code: instrument.code,
            price: Shape::new(instrument.tick.0, edge.price_exp, 1),
            size: Shape::new(instrument.lot.0, edge.size_exp, edge.size_factor),
            symbol,
            code_text: decimal(instrument.code, 0),
        })
    }

    /// The venue's name for it.
    #[must_use]
    #[inline]
    pub fn symbol(&self) -> &[u8] {
        self.symbol.as_bytes()
    }

    /// The digits and decimals of a price; `None` unless it is a positive multiple of the tick.
    #[must_use]
    #[inline]
    pub fn price_digits(&self, price: Price) -> Option<(u64, u8)> {
        self.price.digits(price.0)
    }

    /// The digits and decimals of a size in the venue's unit; `None` unless it is a positive multiple
    /// of the lot.
    #[must_use]
    #[inline]
    pub fn size_digits(&self, qty: Qty) -> Option<(u64, u8)> {
        self.size.digits(qty.0)
    }
}

/// Every instrument of one venue and every asset, found without allocation.
#[derive(Clone, Debug)]
pub struct Markets {
    venue: VenueId,
    /// By [`InstrumentId`]; instruments of other venues are absent.
    rows: Box<[Option<Market>]>,
    spot: Names,
    perpetual: Names,
    assets: Names,
}

impl Markets {
    /// The instruments of `venue`.
    ///
    /// # Errors
    /// The name of an instrument whose symbol is longer than [`SYMBOL_MAX`].
    pub fn new(venue: VenueId, instruments: &Instruments) -> Result<Self, String> {
        let mut rows = vec![None; instruments.list.len()].into_boxed_slice();
        for instrument in instruments.of(venue) {
            let market = Market::new(instrument).ok_or_else(|| instrument.name.clone())?;
            if let Some(row) = rows.get_mut(instrument.id.index()) {
                *row = Some(market);
            }
        }
        let of = |product| {
            let named = instruments.of(venue).filter(move |i| i.product == product);
            Names::new(named.map(|i| (i.symbol.as_bytes(), i.id.0)))
        };
        let assets = instruments.assets.iter().zip(0_u16..);
        Ok(Self {
            venue,
            spot: of(Product::Spot),
            perpetual: of(Product::Perpetual),
            assets: Names::new(assets.map(|(name, id)| (name.as_bytes(), id))),
            rows,
        })
    }

    /// Whose instruments they are.
    #[must_use]
    pub const fn venue(&self) -> VenueId {
        self.venue
    }

    /// The instrument of that number, if it is this venue's.
    #[must_use]
    #[inline]
    pub fn get(&self, id: InstrumentId) -> Option<&Market> {
        self.rows.get(id.index())?.as_ref()
    }

    /// The instrument of that kind with that symbol.
    #[must_use]
    #[inline]
    pub fn find(&self, product: Product, symbol: &[u8]) -> Option<&Market> {
        let names = match product {
            Product::Spot => &self.spot,
            Product::Perpetual => &self.perpetual,
        };
        names.get(symbol).and_then(|id| self.get(InstrumentId(id)))
    }

    /// The instrument with that symbol, where symbols alone tell them apart.
    #[must_use]
    #[inline]
    pub fn find_any(&self, symbol: &[u8]) -> Option<&Market> {
        self.find(Product::Perpetual, symbol).or_else(|| self.find(Product::Spot, symbol))
    }

    /// The asset of that name.
    #[must_use]
    #[inline]
    pub fn asset(&self, name: &[u8]) -> Option<AssetId> {
        self.assets.get(name).map(AssetId)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Market> {
        self.rows.iter().flatten()
    }
}

/// A name and its number.
type Name = (Box<[u8]>, u16);

/// Names to numbers: a hash table filled once.
#[derive(Clone, Debug)]
struct Names {
    /// Open addressing, a power of two of places, at most half of them taken.
    places: Box<[Option<Name>]>,
}

impl Names {
    fn new<'a>(names: impl Iterator<Item = (&'a [u8], u16)>) -> Self {
        let names: Vec<_> = names.collect();
        let size = (names.len() * 2 + 2).next_power_of_two();
        let mut table = Self { places: vec![None; size].into_boxed_slice() };
        for (name, number) in names {
            let free =
                table.probe(name).find(|at| table.places.get(*at).is_some_and(Option::is_none));
            if let Some(place) = free.and_then(|at| table.places.get_mut(at)) {
                *place = Some((name.into(), number));
            }
        }
        table
    }

    /// The places where `name` may be, in order.
    #[inline]
    fn probe(&self, name: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let mask = self.places.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits are used")]
        let start = fnv(name) as usize;
        (0..=mask).map(move |step| (start + step) & mask)
    }

    #[inline]
    fn get(&self, name: &[u8]) -> Option<u16> {
        for at in self.probe(name) {
            match self.places.get(at)? {
                Some((known, number)) if **known == *name => return Some(*number),
                Some(_) => {}
                None => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
