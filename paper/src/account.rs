//! The money of the paper accounts, exact: one account a venue, as the venues keep them.
//!
//! A perpetual's result is cash when it is realised, at average cost; a spot trade moves both assets. The
//! rule of cost and its rounding are those of the core's ledger, so that both say the same to the last unit.

use base::numbers::div_half_even;
use base::{
    AssetId, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate, Scale,
};
use base::{Side, VenueId};

/// What the accounts begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Cash by venue and asset; what is not named is nothing.
    pub cash: Vec<(VenueId, AssetId, Money)>,
    /// Perpetual positions: signed quantity, and what it cost, signed.
    pub held: Vec<(InstrumentId, Qty, Money)>,
}

/// What the desk knows of an instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: InstrumentId,
    pub(crate) venue: VenueId,
    pub(crate) is_perpetual: bool,
    pub(crate) base: AssetId,
    pub(crate) quote: AssetId,
    pub(crate) scale: Scale,
    pub(crate) fee_maker: Rate,
    pub(crate) fee_taker: Rate,
}

impl Row {
    pub(crate) fn of(instrument: &Instrument) -> Self {
        Self {
            id: instrument.id,
            venue: instrument.venue,
            is_perpetual: instrument.product == Product::Perpetual,
            base: instrument.base,
            quote: instrument.quote,
            scale: instrument.scale,
            fee_maker: instrument.fee_maker,
            fee_taker: instrument.fee_taker,
        }
    }
}

/// One perpetual position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Positive is long.
    pub(crate) qty: Qty,
    /// What it cost, signed like the quantity.
    pub(crate) cost: Money,
}

impl Held {
    /// Its average price, rounded; `None` when it is flat.
    pub(crate) fn entry(&self, scale: Scale) -> Option<Price> {
        let unit = scale.unit()?.0;
        let whole = i128::from(self.qty.0).checked_mul(unit)?;
        let price = self.cost.0.checked_div(whole)?;
        i64::try_from(price).ok().map(Price)
    }

    /// Moves it by `qty` for `paid`, both signed; returns what that realised.
    fn trade(&mut self, qty: Qty, paid: Money) -> Money {
        let (before, cost) = (self.qty, self.cost);
        self.qty += qty;
        let opens = before.0 == 0 || (before.0 > 0) == (qty.0 > 0);
        if opens {
            self.cost += paid;
        } else if qty.0.unsigned_abs() <= before.0.unsigned_abs() {
            self.cost -= share(cost, qty.abs(), before.abs());
        } else {
            self.cost = share(paid, self.qty.abs(), qty.abs());
        }
        self.cost - cost - paid
    }
}

/// `whole` x `part` / `of`, rounded to the nearest, without a product that could overflow.
fn share(whole: Money, part: Qty, of: Qty) -> Money {
    let of = i128::from(of.0).max(1);
    let part = i128::from(part.0);
    let (quotient, rest) = (whole.0.div_euclid(of), whole.0.rem_euclid(of));
    Money(quotient.saturating_mul(part).saturating_add(div_half_even(rest * part, of)))
}

/// The accounts of a stage's venues.
#[derive(Debug)]
pub(crate) struct Accounts {
    assets: usize,
    cash: Box<[Money]>,
    held: Box<[Held]>,
}

impl Accounts {
    pub(crate) fn new(instruments: &Instruments, opening: &Opening) -> Self {
        let assets = instruments.assets.len();
        let mut accounts = Self {
            assets,
            cash: vec![Money::ZERO; assets * VenueId::COUNT].into_boxed_slice(),
            held: vec![Held::default(); instruments.list.len()].into_boxed_slice(),
        };
        for (venue, asset, amount) in &opening.cash {
            accounts.move_cash(*venue, *asset, *amount);
        }
        for (id, qty, cost) in &opening.held {
            if let Some(held) = accounts.held.get_mut(id.index()) {
                *held = Held { qty: *qty, cost: *cost };
            }
        }
        accounts
    }

    /// How many assets there are.
    pub(crate) const fn assets(&self) -> usize {
        self.assets
    }

    pub(crate) fn cash(&self, venue: VenueId, asset: AssetId) -> Money {
        let at = venue.index() * self.assets + asset.index();
        self.cash.get(at).copied().unwrap_or(Money::ZERO)
    }

    pub(crate) fn held(&self, id: InstrumentId) -> Held {
        self.held.get(id.index()).copied().unwrap_or_default()
    }

    fn move_cash(&mut self, venue: VenueId, asset: AssetId, amount: Money) {
        if asset.index() < self.assets
            && let Some(cash) = self.cash.get_mut(venue.index() * self.assets + asset.index())
        {
            *cash += amount;
        }
    }

    /// A fill.
    pub(crate) fn fill(&mut self, row: &Row, side: Side, price: Price, qty: Qty) {
        let notional = row.scale.notional(price, qty);
        let paid = if side == Side::Buy { notional } else { -notional };
        if row.is_perpetual {
            let Some(held) = self.held.get_mut(row.id.index()) else { return };
            let realised = held.trade(qty.signed(side), paid);
            return self.move_cash(row.venue, row.quote, realised);
        }
        self.move_cash(row.venue, row.quote, -paid);
        self.move_cash(row.venue, row.base, row.scale.amount(qty.signed(side)));
    }

    /// Charges what a fill costs; in which asset, and how much. Venues take it from what is received.
    pub(crate) fn fee(
        &mut self,
        row: &Row,
        (side, maker): (Side, bool),
        price: Price,
        qty: Qty,
    ) -> (AssetId, Money) {
        let rate = if maker { row.fee_maker } else { row.fee_taker };
        let (asset, of) = if row.is_perpetual || side == Side::Sell {
            (row.quote, row.scale.notional(price, qty))
        } else {
            (row.base, row.scale.amount(qty))
        };
        let amount = of.checked_mul_rate(rate).unwrap_or(Money::ZERO);
        self.move_cash(row.venue, asset, -amount);
        (asset, amount)
    }

    /// Settles a rate on the position at that price; how much was received. `None` when there is none.
    pub(crate) fn fund(&mut self, row: &Row, rate: Rate, price: Price) -> Option<Money> {
        let held = self.held(row.id);
        if held.qty.is_zero() {
            return None;
        }
        let amount = row.scale.notional(price, held.qty).checked_mul_rate(Rate(-rate.0))?;
        self.move_cash(row.venue, row.quote, amount);
        Some(amount)
    }
}

/// What must be set aside for a position of that worth.
pub(crate) fn margin(worth: Money, leverage: Rate) -> Money {
    let (leverage, one) = (i128::from(leverage.0.max(1)), i128::from(Rate::ONE.0));
    let whole = worth.0.div_euclid(leverage).saturating_mul(one);
    let rest = worth.0.rem_euclid(leverage) * one;
    Money(whole.saturating_add(rest.div_euclid(leverage)))
}

#[cfg(test)]
mod tests;
