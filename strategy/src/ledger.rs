//! The books: exact, double entry, our own beside what the venues report.
//!
//! Two views of the same events. *Accounts*, one per (venue, asset), hold what moved in cash: to be
//! compared with the venue's own ledger to the last unit. *Books*, one per instrument, hold the
//! position and what it earned. A fee in the base asset is booked as a sale of that much at the
//! fill's price against the fee column, so that the total does not depend on how it is valued.

use crate::pipe::{self, Pipe, Words, pipe_fields};
use crate::rules::Row;
use base::numbers::div_half_even;
use base::{AssetId, Bounded, InstrumentId, Money, Price, Qty, Side, VenueId, WallNs};

/// Cash of one asset on one venue: what our events moved, and what the venue says is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Bought and sold on spot.
    pub spot: Money,
    /// Realised results of perpetuals, at average cost.
    pub realised: Money,
    /// Fees, negative when charged.
    pub fees: Money,
    /// Funding settled.
    pub funding: Money,
    /// The first total the venue reported, less what our events had moved before it.
    pub opening: Option<Money>,
    /// The last total it reported.
    pub reported: Option<Money>,
    /// What it said orders may use.
    pub available: Option<Money>,
    /// Set aside for orders whose effect is not in `available` yet.
    pub(crate) reserved: Money,
    pub(crate) round: u64,
}
pipe_fields!(Account {
    spot,
    realised,
    fees,
    funding,
    opening,
    reported,
    available,
    reserved,
    round
});

impl Account {
    /// What our events moved, all together.
    #[must_use]
    pub fn moved(&self) -> Money {
        self.spot + self.realised + self.fees + self.funding
    }
}

/// One instrument's position and results, in the quote asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Positive is long. Spot: less what fees took of the base asset.
    pub qty: Qty,
    /// Sum of -side x notional, base fees as sales: `flow + qty x price` is the trading result.
    pub flow: Money,
    /// What the open quantity cost, signed.
    pub cost: Money,
    /// Trading results taken, at average cost: always `flow + cost`.
    pub realised: Money,
    /// Fees valued in the quote asset, negative when charged.
    pub fees: Money,
    /// Funding settled in cash.
    pub funding: Money,
    /// Funding expected of settlements that passed and were not paid yet.
    pub accrued: Money,
    /// The position as the venue says.
    pub reported: Option<Qty>,
    /// The venue's time of that, where it says one.
    pub(crate) reported_at: WallNs,
    /// When a fill was last booked.
    pub(crate) filled_at: base::Stamp,
    /// Quantity taken over from the venue without fills of ours.
    pub adopted: Qty,
    pub(crate) adopted_price: Price,
    /// Base fees in whole units of quantity taken off `qty`, and their exact sum.
    pub(crate) fee_units: Qty,
    pub(crate) fee_base: Money,
    /// The settlement expected, in minutes since 1970, and how much.
    pub(crate) expected_minute: i64,
    pub(crate) expected: Money,
    pub(crate) paid_minute: i64,
    pub(crate) round: u64,
    /// Since when ours and the venue's position differ.
    pub(crate) disputed: Option<base::Stamp>,
    /// Held by no pair: taken over, or left by a fill nobody ordered.
    pub orphan: Qty,
    /// Left by pairs that ended: too small to trade.
    pub dust: Qty,
    /// Reported as filled without a fill yet, signed.
    pub missing: Qty,
    /// The venue's average entry, zero while it said none.
    pub(crate) reported_entry: Price,
    /// Somebody was told of the difference.
    pub(crate) told: bool,
    /// Somebody was told of the orphan.
    pub(crate) orphan_told: bool,
}
pipe_fields!(Book {
    qty,
    flow,
    cost,
    realised,
    fees,
    funding,
    accrued,
    reported,
    reported_at,
    filled_at,
    adopted,
    adopted_price,
    fee_units,
    fee_base,
    expected_minute,
    expected,
    paid_minute,
    round,
    disputed,
    orphan,
    dust,
    missing,
    reported_entry,
    told,
    orphan_told,
});

/// What was earned, in the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pnl {
    /// Prices: realised and unrealised.
    pub trading: Money,
    /// Of that, taken.
    pub realised: Money,
    /// Of that, still open at the last prices.
    pub unrealised: Money,
    /// Funding settled; what is only expected is not in it.
    pub funding: Money,
    /// Fees, negative when charged.
    pub fees: Money,
    /// All of it.
    pub total: Money,
}

/// All books.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    assets: usize,
    accounts: Vec<Account>,
    books: Vec<Book>,
    /// Instruments whose position is not zero.
    held: Bounded<InstrumentId>,
    /// Books with an orphan: counted along, so that no opening walks them all.
    orphans: usize,
    /// Sums over all books, kept so that a result costs as much as there are positions.
    realised: Money,
    fees: Money,
    funding: Money,
    /// Fees paid in an asset without a price, counted.
    pub(crate) unvalued: u64,
    /// Fees in third assets, valued in the currency.
    pub(crate) other_fees: Money,
}

impl Pipe for Ledger {
    fn pipe(&mut self, words: &mut dyn Words) {
        pipe::table(&mut self.accounts, words);
        pipe::table(&mut self.books, words);
        pipe::list(&mut self.held, words);
        self.realised.pipe(words);
        self.fees.pipe(words);
        self.funding.pipe(words);
        self.unvalued.pipe(words);
        self.other_fees.pipe(words);
        self.orphans = self.count_orphans();
    }
}

/// Minutes since 1970, rounded: venues stamp one settlement a few milliseconds apart.
pub(crate) const fn minute(at: WallNs) -> i64 {
    (at.0.saturating_add(30_000_000_000)).div_euclid(60_000_000_000)
}

impl Ledger {
    pub(crate) fn new(assets: usize, instruments: usize) -> Self {
        Self {
            assets,
            accounts: vec![Account::default(); assets * VenueId::COUNT],
            books: vec![Book::default(); instruments],
            held: Bounded::with_room(instruments),
            orphans: 0,
            realised: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
            unvalued: 0,
            other_fees: Money::ZERO,
        }
    }

    fn account_mut(&mut self, venue: VenueId, asset: AssetId) -> Option<&mut Account> {
        if asset.index() >= self.assets {
            return None;
        }
        self.accounts.get_mut(venue.index() * self.assets + asset.index())
    }

    pub(crate) fn account(&self, venue: VenueId, asset: AssetId) -> Option<&Account> {
        if asset.index() >= self.assets {
            return None;
        }
        self.accounts.get(venue.index() * self.assets + asset.index())
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = (VenueId, AssetId, &Account)> {
        VenueId::ALL.into_iter().flat_map(move |venue| {
            (0_u16..).zip(0..self.assets).filter_map(move |(asset, _)| {
                Some((venue, AssetId(asset), self.account(venue, AssetId(asset))?))
            })
        })
    }

    pub(crate) fn book(&self, id: InstrumentId) -> Option<&Book> {
        self.books.get(id.index())
    }

    pub(crate) fn book_mut(&mut self, id: InstrumentId) -> Option<&mut Book> {
        self.books.get_mut(id.index())
    }

    /// Instruments whose position is not zero, in the order they became so.
    pub(crate) fn held(&self) -> &[InstrumentId] {
        &self.held
    }

    /// Whether some part of a position belongs to no pair.
    pub(crate) fn has_orphans(&self) -> bool {
        debug_assert_eq!(self.orphans, self.count_orphans());
        self.orphans > 0
    }

    fn count_orphans(&self) -> usize {
        self.books.iter().filter(|book| !book.orphan.is_zero()).count()
    }

    /// Part of a position belongs to no pair, or no longer so.
    pub(crate) fn orphaned(&mut self, id: InstrumentId, change: Qty) {
        let Some(book) = self.books.get_mut(id.index()) else { return };
        self.orphans -= usize::from(!book.orphan.is_zero());
        book.orphan += change;
        self.orphans += usize::from(!book.orphan.is_zero());
    }

    /// A fill, ours or not: the position and the cash of it.
    pub(crate) fn fill(&mut self, row: &Row, side: Side, price: Price, qty: Qty) {
        let notional = row.scale.notional(price, qty);
        let signed = if side == Side::Buy { notional } else { -notional };
        let realised = self.trade(row, signed_qty(qty, side), signed);
        if row.is_perpetual() {
            if let Some(cash) = self.account_mut(row.venue, row.quote) {
                cash.realised += realised;
            }
            return;
        }
        let amount = row.scale.amount(qty);
        if let Some(cash) = self.account_mut(row.venue, row.quote) {
            cash.spot -= signed;
        }
        if let Some(cash) = self.account_mut(row.venue, row.base) {
            cash.spot += if side == Side::Buy { amount } else { -amount };
        }
    }

    /// Moves the position by `qty` for `paid`; returns what that realised at average cost.
    fn trade(&mut self, row: &Row, qty: Qty, paid: Money) -> Money {
        let Some(book) = self.books.get_mut(row.id.index()) else { return Money::ZERO };
        let before = book.qty;
        let cost_before = book.cost;
        book.qty += qty;
        book.flow -= paid;
        let opens = before.0 == 0 || (before.0 > 0) == (qty.0 > 0);
        if opens {
            book.cost += paid;
        } else if qty.0.unsigned_abs() <= before.0.unsigned_abs() {
            book.cost -= share(cost_before, qty.abs(), before.abs());
        } else {
            // Through zero: all of the old is closed, the rest opens at this price.
            let opened = share(paid, book.qty.abs(), qty.abs());
            book.cost = opened;
        }
        let realised = (book.flow + book.cost) - book.realised;
        book.realised += realised;
        self.realised += realised;
        let flat = self.books.get(row.id.index()).is_none_or(|book| book.qty.is_zero());
        self.note_held(row.id, before.is_zero(), flat);
        realised
    }

    fn note_held(&mut self, id: InstrumentId, was_flat: bool, is_flat: bool) {
        if was_flat && !is_flat && !self.held.contains(&id) {
            self.held.push(id);
        } else if is_flat {
            self.held.retain(|held| *held != id);
        }
    }

    /// A fee. `price` values it when it is in the base asset. Returns the units of quantity it took
    /// off a spot position.
    pub(crate) fn fee(&mut self, row: &Row, asset: AssetId, amount: Money, price: Price) -> Qty {
        if let Some(cash) = self.account_mut(row.venue, asset) {
            cash.fees -= amount;
        }
        if asset == row.quote {
            if let Some(book) = self.book_mut(row.id) {
                book.fees -= amount;
            }
            self.fees -= amount;
            return Qty::ZERO;
        }
        if asset != row.base || row.is_perpetual() {
            return Qty::ZERO;
        }
        let unit = row.scale.amount(Qty(1)).0.max(1);
        let Some(book) = self.book_mut(row.id) else { return Qty::ZERO };
        book.fee_base += amount;
        // Rounded up: what is left may be sold, what is not there may not.
        let units = book.fee_base.0.div_euclid(unit) + i128::from(book.fee_base.0 % unit != 0);
        let units = Qty(i64::try_from(units).unwrap_or(i64::MAX));
        let taken = units - book.fee_units;
        book.fee_units = units;
        let value = row.scale.notional(price, taken);
        book.fees -= value;
        self.fees -= value;
        self.trade(row, -taken, -value);
        taken
    }

    /// A fee in a third asset, worth `value` in the currency when that is known.
    pub(crate) fn other_fee(&mut self, value: Option<Money>) {
        match value {
            Some(value) => self.other_fees -= value,
            None => self.unvalued += 1,
        }
    }

    /// Funding settled in cash; returns what had been expected of it.
    pub(crate) fn funding(
        &mut self,
        row: &Row,
        asset: AssetId,
        amount: Money,
        at: WallNs,
    ) -> Option<Money> {
        if let Some(cash) = self.account_mut(row.venue, asset) {
            cash.funding += amount;
        }
        self.funding += amount;
        let book = self.book_mut(row.id)?;
        book.funding += amount;
        book.paid_minute = book.paid_minute.max(minute(at));
        if book.expected_minute != minute(at) || at == WallNs::NONE {
            return None;
        }
        let expected = book.expected;
        book.accrued -= expected;
        book.expected = Money::ZERO;
        book.expected_minute = 0;
        Some(expected)
    }

    /// A settlement passed: `amount` is expected of it, unless it was paid or counted already.
    pub(crate) fn accrue(&mut self, id: InstrumentId, amount: Money, at: WallNs) {
        let Some(book) = self.book_mut(id) else { return };
        let at = minute(at);
        if at <= book.paid_minute || at == book.expected_minute {
            return;
        }
        book.accrued += amount;
        book.expected += amount;
        book.expected_minute = at;
    }

    /// Takes over `qty` at `price` from what the venue reports.
    pub(crate) fn adopt(&mut self, row: &Row, qty: Qty, price: Price) {
        let paid = row.scale.notional(price, qty);
        let realised = self.trade(row, qty, paid);
        if row.is_perpetual()
            && let Some(cash) = self.account_mut(row.venue, row.quote)
        {
            cash.realised += realised;
        }
        if let Some(book) = self.book_mut(row.id) {
            book.adopted += qty;
            book.adopted_price = price;
        }
    }

    /// What the venue says of a balance.
    pub(crate) fn balance(
        &mut self,
        venue: VenueId,
        asset: AssetId,
        total: Money,
        available: Option<Money>,
        reserved: Money,
    ) {
        let Some(account) = self.account_mut(venue, asset) else { return };
        let moved = account.moved();
        account.opening.get_or_insert(total - moved);
        account.reported = Some(total);
        account.available = available;
        account.reserved = reserved;
    }

    pub(crate) fn reserve(&mut self, venue: VenueId, asset: AssetId, amount: Money) {
        if let Some(account) = self.account_mut(venue, asset) {
            account.reserved += amount;
        }
    }

    /// Balances of `venue` that reconciliation `round` did not name are gone.
    pub(crate) fn unnamed_balances(&mut self, venue: VenueId, round: u64) {
        let from = venue.index() * self.assets;
        let Some(list) = self.accounts.get_mut(from..from + self.assets) else { return };
        for account in list.iter_mut().filter(|a| a.round != round) {
            let moved = account.moved();
            account.opening.get_or_insert(-moved);
            account.reported = Some(Money::ZERO);
            account.available = Some(Money::ZERO);
        }
    }

    /// A new start: what may be spent is to be said again.
    pub(crate) fn forget_available(&mut self) {
        for account in &mut self.accounts {
            account.available = None;
            account.reported = None;
            account.reserved = Money::ZERO;
        }
    }

    pub(crate) fn name_balance(&mut self, venue: VenueId, asset: AssetId, round: u64) {
        if let Some(account) = self.account_mut(venue, asset) {
            account.round = round;
        }
    }

    /// The value of a position at `price`, or what it cost while no price is known.
    pub(crate) fn value(&self, row: &Row, price: Option<Price>) -> Money {
        let Some(book) = self.book(row.id) else { return Money::ZERO };
        price.map_or(book.cost, |price| row.scale.notional(price, book.qty))
    }

    /// Everything earned, open positions valued by `price`: as long as there are positions.
    pub(crate) fn pnl(&self, rows: &[Row], price: impl Fn(InstrumentId) -> Option<Price>) -> Pnl {
        let unrealised = self
            .held
            .iter()
            .filter_map(|id| Some((rows.get(id.index())?, self.book(*id)?)))
            .map(|(row, book)| self.value(row, price(row.id)) - book.cost)
            .sum();
        let trading = self.realised + unrealised;
        let fees = self.fees + self.other_fees;
        Pnl {
            trading,
            realised: self.realised,
            unrealised,
            funding: self.funding,
            fees,
            total: trading + self.funding + fees,
        }
    }
}

fn signed_qty(qty: Qty, side: Side) -> Qty {
    if side == Side::Buy { qty } else { -qty }
}

/// `whole` x `part` / `of`, rounded to the nearest, without a product that could overflow.
fn share(whole: Money, part: Qty, of: Qty) -> Money {
    let of = i128::from(of.0).max(1);
    let part = i128::from(part.0);
    let (quotient, rest) = (whole.0.div_euclid(of), whole.0.rem_euclid(of));
    Money(quotient.saturating_mul(part).saturating_add(div_half_even(rest * part, of)))
}

#[cfg(test)]
mod tests;
