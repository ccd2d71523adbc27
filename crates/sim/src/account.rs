//! An account on one venue: balances, positions, what is held back, and its ledger.

use crate::dec::Dec;
use crate::ledger::{Ledger, Reason};
use crate::order::Fill;
use crate::scenario::KeyPlan;
use crate::spec::{Row, Spec};
use base::{Side, WallNs};
use std::collections::BTreeMap;

/// What an account has of an asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// All of it (for the settlement asset of perpetuals: the wallet, without open profit).
    pub total: Dec,
    /// Held back for open spot orders.
    pub held: Dec,
}

impl Balance {
    /// What can be used.
    #[must_use]
    pub fn free(&self) -> Dec {
        self.total - self.held
    }
}

/// A one-way position in a perpetual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Signed quantity of the base asset.
    pub qty: Dec,
    /// Signed value it was opened at, quote asset, exact: what is paid out or in when it closes.
    pub cost: Dec,
    /// Realised profit so far, without fees.
    pub realised: Dec,
    /// Funding received so far (negative: paid).
    pub funding: Dec,
    /// Fees paid so far.
    pub fees: Dec,
    /// Leverage.
    pub leverage: u32,
    /// When it last changed.
    pub updated: WallNs,
}

impl Position {
    /// Average price it was opened at; zero when flat.
    #[must_use]
    pub fn entry(&self) -> Dec {
        self.cost.over(self.qty)
    }

    /// Open profit at a mark price.
    #[must_use]
    pub fn open_profit(&self, mark: Dec) -> Dec {
        self.qty.times(mark) - self.cost
    }

    /// Adds a signed quantity at a price; returns the profit realised, rounded to `places` while the
    /// position stays open. The rounding stays in the position, so that a flat one has paid all.
    fn add(&mut self, qty: Dec, price: Dec, places: u8) -> Dec {
        let value = qty.times(price);
        let reduces = self.qty.is_negative() != qty.is_negative() && !self.qty.is_zero();
        if !reduces {
            self.qty += qty;
            self.cost += value;
            return Dec::ZERO;
        }
        let closed = if qty.abs() > self.qty.abs() { -self.qty } else { qty };
        let opened = qty - closed;
        let released = if closed == -self.qty {
            self.cost
        } else {
            let share = Dec(mul_div(self.cost.0, closed.0.abs(), self.qty.0.abs()));
            share.cut_places(places)
        };
        let profit = -(closed.times(price)) - released;
        self.qty += closed;
        self.cost -= released;
        if !opened.is_zero() {
            self.qty += opened;
            self.cost += opened.times(price);
        }
        self.realised += profit;
        profit
    }
}

/// a x b / c for numbers whose product may exceed 128 bits: by quotient and rest.
fn mul_div(a: i128, b: i128, c: i128) -> i128 {
    if c == 0 {
        return 0;
    }
    a.checked_mul(b).map_or_else(
        || {
            let (whole, rest) = (a / c, a % c);
            whole * b + rest.checked_mul(b).map_or(0, |product| product / c)
        },
        |product| product / c,
    )
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name in the ledger.
    pub name: String,
    /// Its keys.
    pub keys: Vec<KeyPlan>,
    /// Balances by asset.
    pub balances: BTreeMap<String, Balance>,
    /// Positions by instrument; those once opened stay, flat.
    pub positions: BTreeMap<Row, Position>,
    /// Leverage set by the client.
    pub leverage: BTreeMap<Row, u32>,
    /// Its ledger.
    pub ledger: Ledger,
}

impl Account {
    /// An account with its opening balances.
    #[must_use]
    pub fn open(
        name: &str,
        keys: Vec<KeyPlan>,
        balances: &BTreeMap<String, Dec>,
        at: WallNs,
    ) -> Self {
        let mut account = Self {
            name: name.to_owned(),
            keys,
            balances: BTreeMap::new(),
            positions: BTreeMap::new(),
            leverage: BTreeMap::new(),
            ledger: Ledger::default(),
        };
        for (asset, amount) in balances {
            account.pay(Reason::Deposit, asset, *amount, at);
        }
        account
    }

    /// Moves an amount to the account (negative: from it).
    pub(crate) fn pay(&mut self, reason: Reason, asset: &str, amount: Dec, at: WallNs) {
        self.balances.entry(asset.to_owned()).or_default().total += amount;
        self.ledger.post(reason, asset, amount, at);
    }

    /// What it has of an asset.
    #[must_use]
    pub fn balance(&self, asset: &str) -> Balance {
        self.balances.get(asset).copied().unwrap_or_default()
    }

    /// Its position in an instrument.
    #[must_use]
    pub fn position(&self, spec: &Spec) -> Position {
        let leverage = self.leverage.get(&spec.row).copied().unwrap_or(spec.leverage);
        let known = self.positions.get(&spec.row).copied().unwrap_or_default();
        Position { leverage, ..known }
    }

    /// Books the money and position side of a fill; sets its fee and realised profit.
    pub(crate) fn book_fill(&mut self, spec: &Spec, fill: &mut Fill) {
        let value = fill.price.times(fill.qty);
        let signed = if fill.side == Side::Buy { fill.qty } else { -fill.qty };
        if spec.is_perpetual() {
            fill.fee_asset.clone_from(&spec.quote);
            fill.fee = value.times(fill.fee_rate).cut_places(spec.fee_places);
            let position = self.positions.entry(spec.row).or_default();
            fill.realised = position.add(signed, fill.price, spec.fee_places);
            position.fees += fill.fee;
            position.updated = fill.at;
            self.pay(Reason::Realised, &spec.quote, fill.realised, fill.at);
        } else {
            let (received, amount) = match fill.side {
                Side::Buy => (&spec.base, fill.qty),
                Side::Sell => (&spec.quote, value),
            };
            fill.fee_asset.clone_from(received);
            fill.fee = amount.times(fill.fee_rate).cut_places(spec.fee_places);
            self.pay(Reason::Trade, &spec.base, signed, fill.at);
            self.pay(
                Reason::Trade,
                &spec.quote,
                if fill.side == Side::Buy { -value } else { value },
                fill.at,
            );
        }
        let (asset, fee) = (fill.fee_asset.clone(), fill.fee);
        self.pay(Reason::Fee, &asset, -fee, fill.at);
        self.ledger.fill(fill);
    }

    /// Holds an amount back for an order.
    pub(crate) fn hold(&mut self, asset: &str, amount: Dec) {
        self.balances.entry(asset.to_owned()).or_default().held += amount;
    }
}

#[cfg(test)]
mod tests;
