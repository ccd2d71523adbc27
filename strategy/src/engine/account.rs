//! What venues say of the account: funding, positions, balances.

use super::Core;
use crate::market::{Rated, Slot};
use crate::outputs::Outputs;
use crate::rules::Row;
use crate::seen::Tag;
use crate::{ledger, signal};
use base::input::{Balance, Funding, FundingPaid, Position};
use base::output::AlarmCode;
use base::{InstrumentId, Money, PairId, Qty, VenueId, WallNs};

/// Money units of one unit in an alarm's numbers: 10^-8 of the currency.
const ALARM_UNIT: i128 = 10_000_000_000_000_000;

/// A position that differs from the venue's for longer than this is told.
pub(super) const DISPUTE_NS: u64 = 5_000_000_000;

impl Core {
    pub(super) fn on_funding_paid(&mut self, paid: &FundingPaid, out: &mut Outputs) {
        let Some(row) = self.rules.row(paid.instrument).copied() else { return };
        let number = ledger::minute(paid.settled).cast_unsigned();
        let dated = paid.settled != WallNs::NONE;
        if dated && !self.seen.is_new(Tag::Funding, row.id, number) {
            self.counts.duplicates += 1;
            return;
        }
        self.counts.funding_settlements += 1;
        let expected = self.ledger.funding(&row, paid.asset, paid.amount, paid.settled);
        self.share_funding(&row, paid.amount);
        let Some(expected) = expected else { return };
        let off = (paid.amount - expected).abs();
        // The mark at the settlement is the venue's own: a quarter off is no rounding.
        let allowed = Money(expected.abs().0 / 4) + Money(Money::ONE.0 / 100);
        if off > allowed {
            let seen = (alarm_units(paid.amount), alarm_units(expected));
            self.alarm(AlarmCode::FundingMismatch, Some(&row), PairId(0), seen, out);
        }
    }

    /// Funding of an instrument belongs to the pairs that hold it, by how much each holds.
    fn share_funding(&mut self, row: &Row, amount: Money) {
        let held = |pair: &crate::pair::Pair| {
            pair.leg_of(row.id).and_then(|leg| pair.leg(leg)).map_or(0, |leg| leg.held.0.max(0))
        };
        let total: i128 = self.pairs.alive().map(|(_, pair)| i128::from(held(pair))).sum();
        if total == 0 {
            return;
        }
        let (mut left, mut open) = (amount, total);
        for pair in self.pairs.alive_mut() {
            let part = i128::from(held(pair));
            if part == 0 {
                continue;
            }
            // The last one takes what rounding left.
            let share = if part == open {
                left.0
            } else {
                left.0.checked_div(open).unwrap_or(0).saturating_mul(part)
            };
            pair.funding += Money(share);
            left -= Money(share);
            open -= part;
        }
    }

    /// What a settlement pays on a position: longs pay a positive rate.
    fn settlement(&self, row: &Row, slot: &Slot, rated: &Rated) -> Option<Money> {
        let qty = self.ledger.book(row.id)?.qty;
        let worth = row.scale.notional(slot.value_price()?, qty);
        worth.checked_mul_rate(-rated.rate)
    }

    /// A rate for the next settlement says that the one before has passed.
    pub(super) fn accrue_before(&mut self, funding: &Funding) {
        let Some(row) = self.rules.row(funding.instrument) else { return };
        let Some(slot) = self.market.slot(row.id) else { return };
        let Some(old) = slot.funding else { return };
        let moved = i128::from(funding.next.0) - i128::from(old.next.0);
        if moved * 2 >= i128::from(old.interval.0) {
            self.accrue(row.id);
        }
    }

    /// Expects the settlement an instrument's rate was for.
    pub(super) fn accrue(&mut self, id: InstrumentId) {
        let (Some(row), Some(slot)) = (self.rules.row(id), self.market.slot(id)) else { return };
        let Some(rated) = slot.funding else { return };
        if self.ledger.book(id).is_none_or(|book| book.qty.is_zero()) {
            return;
        }
        if let Some(amount) = self.settlement(row, slot, &rated) {
            self.ledger.accrue(id, amount, rated.next);
        }
    }

    /// Every position's settlement whose time has come.
    pub(super) fn accrue_due(&mut self) {
        // bound: the positions there are
        for at in 0..self.ledger.held().len() {
            let Some(id) = self.ledger.held().get(at).copied() else { return };
            let due = |slot: &Slot| slot.funding.is_some_and(|f| f.next <= self.wall);
            if self.market.slot(id).is_some_and(due) {
                self.accrue(id);
            }
        }
    }

    pub(super) fn on_position(&mut self, position: &Position) {
        let round = self.round_of(position.venue);
        let Some(book) = self.ledger.book_mut(position.instrument) else { return };
        if let Some(round) = round {
            book.round = round;
        }
        let dated = position.venue_time != WallNs::NONE;
        if dated && position.venue_time < book.reported_at {
            // A list that was read before what the stream told already.
            return;
        }
        book.reported_at = if dated { position.venue_time } else { book.reported_at };
        book.reported = Some(position.qty);
        if let Some(entry) = position.entry.filter(|p| p.0 > 0) {
            book.reported_entry = entry;
        }
        if book.qty + book.missing == position.qty {
            book.disputed = None;
        }
    }

    pub(super) fn on_balance(&mut self, balance: &Balance) {
        // What living orders need is not in the venue's number yet, or is: count it once more.
        let of = |o: &&crate::order::Order| {
            self.rules
                .row(o.instrument)
                .is_some_and(|r| r.venue == balance.venue && r.quote == balance.asset)
        };
        let reserved = self.orders.alive().filter(of).map(|o| o.need).sum();
        let (venue, asset) = (balance.venue, balance.asset);
        self.ledger.balance(venue, asset, balance.total, balance.available, reserved);
        if let Some(round) = self.round_of(venue) {
            self.ledger.name_balance(venue, asset, round);
        }
    }

    /// The running reconciliation of a venue.
    pub(super) fn round_of(&self, venue: VenueId) -> Option<u64> {
        let venue = self.venues.get(venue.index())?;
        venue.reading.map(|_| venue.round)
    }

    /// Whether ours and the venue's position of one instrument differ while nothing is on its way.
    pub(super) fn compare(&mut self, id: InstrumentId, out: &mut Outputs) {
        let Some(row) = self.rules.row(id).copied() else { return };
        self.tell_orphan(&row, out);
        let now = self.now;
        let busy = self.orders.alive().any(|o| o.instrument == id);
        let Some(book) = self.ledger.book_mut(id) else { return };
        let (ours, theirs) = (book.qty + book.missing, book.reported);
        let differs = row.is_perpetual() && theirs.is_some_and(|theirs| theirs != ours);
        if !differs || busy {
            book.disputed = None;
            book.told = false;
            return;
        }
        let since = *book.disputed.get_or_insert(now);
        if (now - since).0 >= DISPUTE_NS && !book.told {
            book.told = true;
            let seen = (theirs.unwrap_or(Qty::ZERO).0, ours.0);
            self.alarm(AlarmCode::PositionMismatch, Some(&row), PairId(0), seen, out);
        }
    }

    /// The carry of a candidate per hour, for reports.
    pub(crate) fn carry_per_hour(&self, long: &Row, short: &Row) -> Option<base::Rate> {
        signal::carry_per_hour(&self.market, long, short, (self.now, self.wall))
    }
}

/// An amount in the unit of alarms, saturating.
pub(super) fn alarm_units(amount: Money) -> i64 {
    let units = amount.0 / ALARM_UNIT;
    i64::try_from(units).unwrap_or(if units < 0 { i64::MIN } else { i64::MAX })
}
