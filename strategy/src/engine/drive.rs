//! The pair machine: what a pair does next, from what its legs hold.
//!
//! One function decides, whatever happened: an order ended, a fill came, a price moved, time passed.
//! It looks at the cumulative quantities of both legs and acts only while no order of the pair is on
//! its way, so that a leg has at most one living order and nothing is hedged twice.
//!
//! While the legs differ by more than can be left, a clock runs and a ladder is climbed: the missing
//! leg again at the market of the moment, a little deeper each time; then the leg that is ahead is
//! unwound; then a person is called (`Stuck`) and unwinding goes on slowly.

use super::Core;
use super::open::Want;
use crate::decide::{self, Standing};
use crate::market::VenueState;
use crate::order::Purpose;
use crate::outputs::Outputs;
use crate::pair::{Pair, entry_side};
use crate::risk::Mode;
use crate::rules::Row;
use crate::signal;
use base::output::{AlarmCode, PairChange, PairPhase, PairReason};
use base::{Money, Output, Qty, Rate};

/// A combination whose order a venue refused for good pauses so many times longer...
const REFUSED_PAUSES: u64 = 1000;
/// ...and one whose order it refused for a reason that passes so many times.
const HELD_BACK_PAUSES: u64 = 50;

impl Core {
    /// Something moved that an existing pair may care about.
    #[inline]
    pub(super) fn attend(&mut self, at: usize, out: &mut Outputs) {
        let Some(pair) = self.pairs.get(at) else { return };
        if pair.phase == PairPhase::Open && !pair.is_busy() {
            self.consider_exit(at, out);
        } else if pair.next_try <= self.now {
            self.drive(at, out);
        }
    }

    /// Decides what a pair does next.
    pub(super) fn drive(&mut self, at: usize, out: &mut Outputs) {
        let Some(pair) = self.pairs.get(at).copied() else { return };
        if pair.is_busy() {
            return self.wait(at, &pair, out);
        }
        if pair.is_flat() {
            let end = if pair.traded { PairPhase::Closed } else { PairPhase::Abandoned };
            return self.finish(at, end, out);
        }
        match pair.phase {
            PairPhase::Closing => self.close_out(at, &pair, out),
            PairPhase::Stuck => self.unstick(at, &pair, out),
            PairPhase::Opening | PairPhase::Hedging | PairPhase::Open => {
                self.balance(at, &pair, out);
            }
            PairPhase::Closed | PairPhase::Abandoned => {}
        }
    }

    /// Orders are out: nothing is sent, but the clock runs.
    fn wait(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        if !pair.leaving && self.is_negligible(pair) {
            return;
        }
        let now = self.now;
        let Some(state) = self.pairs.get_mut(at) else { return };
        let since = *state.since.get_or_insert(now);
        if !pair.leaving && now - since > self.rules.plan.legging.hedge_time {
            self.warn_legged(at, pair, out);
        }
        if now - since > self.ladder_time() && pair.phase != PairPhase::Stuck {
            self.stick(at, PairReason::Unknown, out);
        }
    }

    fn warn_legged(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        if pair.warned {
            return;
        }
        if let Some(pair) = self.pairs.get_mut(at) {
            pair.warned = true;
        }
        let ahead = usize::from(pair.difference().0 < 0);
        let row = pair.leg(ahead).and_then(|leg| self.rules.row(leg.instrument)).copied();
        let seen = (pair.difference().0, 0);
        self.alarm(AlarmCode::Legged, row.as_ref(), pair.id, seen, out);
    }

    /// Whether neither leg could trade the difference: dust.
    fn is_negligible(&self, pair: &Pair) -> bool {
        let difference = pair.difference();
        if difference.is_zero() {
            return true;
        }
        let tradable = |leg, opens| self.can_trade(pair, leg, difference.abs(), opens);
        let ahead = usize::from(difference.0 < 0);
        !tradable(ahead, false) && !tradable(1 - ahead, true)
    }

    /// How much of `qty` an order can trade under the instrument's rules; zero when nothing.
    ///
    /// A perpetual's reduce-only order is exempt from the smallest notional on every venue.
    fn tradable(&self, row: &Row, qty: Qty, opens: bool) -> Qty {
        let qty = qty.min(row.qty_max).floor_to(row.lot);
        if qty.0 <= 0 || qty < row.qty_min {
            return Qty::ZERO;
        }
        let price = self.market.slot(row.id).and_then(|s| s.mid().or(s.value_price()));
        let exempt = row.is_perpetual() && !opens;
        let small = |price| row.scale.notional(price, qty) < row.notional_min;
        if !exempt && price.is_some_and(small) { Qty::ZERO } else { qty }
    }

    /// Opening or open: are both legs even, and if not, what evens them?
    fn balance(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        if self.is_negligible(pair) {
            return self.settle(at, pair, out);
        }
        let legging = self.rules.plan.legging;
        let now = self.now;
        let Some(state) = self.pairs.get_mut(at) else { return };
        let since = *state.since.get_or_insert(now);
        if state.phase != PairPhase::Hedging {
            // A leg that an open pair loses is not bought again: the other one goes too.
            state.unwinding |= state.phase == PairPhase::Open;
            state.phase = PairPhase::Hedging;
            state.reason = PairReason::Fills;
            self.announce(at, out);
        }
        let Some(pair) = self.pairs.get(at).copied() else { return };
        let pair = &pair;
        let elapsed = now - since;
        if elapsed > legging.hedge_time {
            self.warn_legged(at, pair, out);
        }
        let ahead = usize::from(pair.difference().0 < 0);
        let behind = 1 - ahead;
        let missing = pair.difference().abs();
        let hedges = !pair.unwinding
            && matches!(self.risk.mode, Mode::Armed | Mode::Disarmed | Mode::Halted)
            && elapsed <= legging.hedge_time
            && pair.tries < legging.hedge_tries
            && pair.leg(behind).is_some_and(|leg| !leg.refused);
        if hedges && self.can_trade(pair, behind, missing, true) {
            if now >= pair.next_try {
                self.attempt(at, behind, missing, Purpose::Hedge, out);
            }
            return;
        }
        if elapsed > self.ladder_time() {
            return self.stick(at, PairReason::Unknown, out);
        }
        self.unwind(at, pair, out);
    }

    fn can_trade(&self, pair: &Pair, leg: usize, qty: Qty, opens: bool) -> bool {
        let row = pair.leg(leg).and_then(|leg| self.rules.row(leg.instrument));
        row.is_some_and(|row| !self.tradable(row, qty, opens).is_zero())
    }

    /// Takes back what one leg holds more than the other.
    fn unwind(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        if self.now < pair.next_try {
            return;
        }
        if !pair.unwinding
            && let Some(state) = self.pairs.get_mut(at)
        {
            state.unwinding = true;
            state.tries = 0;
        }
        let difference = pair.difference();
        let ahead = usize::from(difference.0 < 0);
        let held = |leg: usize| pair.leg(leg).map_or(Qty::ZERO, |leg| leg.held);
        let back = difference.abs().min(held(ahead)).max(Qty::ZERO);
        if self.can_trade(pair, ahead, back, false) {
            self.attempt(at, ahead, back, Purpose::Unwind, out);
        } else if self.can_trade(pair, 1 - ahead, -held(1 - ahead), true) {
            // The leg behind is on the wrong side of zero: bringing it back evens both.
            self.attempt(at, 1 - ahead, -held(1 - ahead), Purpose::Hedge, out);
        } else {
            // What differs cannot be traded alone: both legs go, each as far as its rules allow.
            self.begin_leaving(at, PairReason::Unknown, out);
        }
    }

    /// Both legs are even, or as even as the rules let them be.
    fn settle(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        let [long, short] = pair.legs;
        if long.held.min(short.held).0 <= 0 {
            return self.begin_leaving(at, PairReason::Refused, out);
        }
        if pair.phase == PairPhase::Open {
            return;
        }
        let worth = -long.flow;
        let Some(state) = self.pairs.get_mut(at) else { return };
        state.phase = PairPhase::Open;
        state.reason = PairReason::Fills;
        state.since = None;
        state.tries = 0;
        state.next_try = base::Stamp(0);
        state.unwinding = false;
        state.warned = false;
        if worth.0 > 0 {
            state.notional = worth;
        }
        self.counts.pairs_opened += 1;
        self.announce(at, out);
    }

    /// Sends one order of the ladder, if the market of its leg may be traded on.
    fn attempt(
        &mut self,
        at: usize,
        leg: usize,
        qty: Qty,
        purpose: Purpose,
        out: &mut Outputs,
    ) -> bool {
        if !self.risk.may_reduce() {
            return false;
        }
        let Some(pair) = self.pairs.get(at).copied() else { return false };
        let Some(row) = pair.leg(leg).and_then(|l| self.rules.row(l.instrument)).copied() else {
            return false;
        };
        let entry = entry_side(leg);
        let opens = purpose == Purpose::Hedge;
        let side = if opens { entry } else { entry.opposite() };
        let qty = self.tradable(&row, qty, opens);
        let reduce_only = row.is_perpetual() && !opens;
        // Only what reduces by its own word may use what a spent budget keeps back for exits.
        let ready = |venue: &VenueState| venue.orders && (venue.budget || reduce_only);
        if qty.is_zero() || !self.venues.get(row.venue.index()).is_some_and(ready) {
            return false;
        }
        let Ok(slot) = self.fit(&row) else { return false };
        let Some(price) = self.limit_price(&row, slot, side, pair.tries) else { return false };
        let need = if opens { self.need(&row, price, qty) } else { Money::ZERO };
        let want = Want { side, qty, price, reduce_only, purpose, need };
        if !self.send(at, leg, want, out) {
            return false;
        }
        let pause = self.rules.plan.legging.pause;
        if let Some(state) = self.pairs.get_mut(at) {
            state.tries = state.tries.saturating_add(1);
            state.next_try = self.now + pause;
        }
        true
    }

    /// Starts closing a pair whose legs are even, once both can be sold and bought back.
    pub(super) fn begin_close(&mut self, at: usize, reason: PairReason, out: &mut Outputs) {
        let Some(pair) = self.pairs.get(at).copied() else { return };
        if pair.is_busy() || pair.leaving || !self.risk.may_reduce() {
            return;
        }
        let ready = |leg: &crate::pair::Leg| {
            self.rules.row(leg.instrument).is_some_and(|row| {
                let venue = self.venues.get(row.venue.index());
                self.fit(row).is_ok() && venue.is_some_and(|v| v.orders)
            })
        };
        if pair.phase == PairPhase::Open && !pair.legs.iter().all(ready) {
            return;
        }
        self.begin_leaving(at, reason, out);
    }

    fn begin_leaving(&mut self, at: usize, reason: PairReason, out: &mut Outputs) {
        let now = self.now;
        let Some(state) = self.pairs.get_mut(at) else { return };
        state.phase = PairPhase::Closing;
        state.reason = reason;
        state.leaving = true;
        state.since = Some(now);
        state.tries = 0;
        state.next_try = now;
        let pair = *state;
        self.announce(at, out);
        self.close_out(at, &pair, out);
    }

    /// Sends what each leg still holds out; done when nothing is left that can be traded.
    fn close_out(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        let left = [self.exit_qty(pair, 0), self.exit_qty(pair, 1)];
        if left.iter().all(|(qty, _)| qty.is_zero()) {
            self.counts.dust += 1;
            return self.finish(at, PairPhase::Closed, out);
        }
        if !self.risk.may_reduce() || self.now < pair.next_try || out.room() < 16 {
            return;
        }
        let since = pair.since.unwrap_or(self.now);
        if pair.phase != PairPhase::Stuck && self.now - since > self.ladder_time() {
            return self.stick(at, pair.reason, out);
        }
        let tries = pair.tries;
        for (leg, (qty, purpose)) in left.into_iter().enumerate() {
            if qty.is_zero() {
                continue;
            }
            if let Some(state) = self.pairs.get_mut(at) {
                // Both legs of one round reach equally deep.
                state.tries = tries;
            }
            self.attempt(at, leg, qty, purpose, out);
        }
    }

    /// What a leg can send out, and how: a leg on the wrong side of zero is bought back.
    fn exit_qty(&self, pair: &Pair, leg: usize) -> (Qty, Purpose) {
        let Some(state) = pair.leg(leg) else { return (Qty::ZERO, Purpose::Exit) };
        let Some(row) = self.rules.row(state.instrument) else {
            return (Qty::ZERO, Purpose::Exit);
        };
        let purpose = if state.held.0 < 0 { Purpose::Hedge } else { Purpose::Exit };
        (self.tradable(row, state.held.abs(), purpose == Purpose::Hedge), purpose)
    }

    /// The ladder's end: a person is called.
    fn stick(&mut self, at: usize, reason: PairReason, out: &mut Outputs) {
        let pause = self.now + self.rules.plan.legging.stuck_pause;
        let Some(state) = self.pairs.get_mut(at) else { return };
        state.phase = PairPhase::Stuck;
        state.reason = reason;
        state.next_try = pause;
        state.tries = 0;
        let pair = *state;
        self.counts.pairs_stuck += 1;
        self.announce(at, out);
        if let Some(state) = self.pairs.get_mut(at) {
            state.warned = false;
        }
        self.warn_legged(at, &Pair { warned: false, ..pair }, out);
    }

    /// Called for, but still trying: slowly, and only to get out.
    fn unstick(&mut self, at: usize, pair: &Pair, out: &mut Outputs) {
        if (0..pair.legs.len()).all(|leg| self.exit_qty(pair, leg).0.is_zero()) {
            self.counts.dust += 1;
            return self.finish(at, PairPhase::Closed, out);
        }
        if self.now < pair.next_try {
            return;
        }
        let pause = self.now + self.rules.plan.legging.stuck_pause;
        if pair.leaving {
            self.close_out(at, pair, out);
        } else if self.is_negligible(pair) {
            return self.begin_leaving(at, PairReason::Unknown, out);
        } else {
            self.unwind(at, pair, out);
        }
        if let Some(state) = self.pairs.get_mut(at) {
            state.next_try = pause;
        }
    }

    fn finish(&mut self, at: usize, phase: PairPhase, out: &mut Outputs) {
        let Some(state) = self.pairs.get_mut(at) else { return };
        let combination = state.combination as usize;
        let held_back = state.held_back > 0;
        state.phase = phase;
        let (legs, reason) = (state.legs, state.reason);
        match phase {
            PairPhase::Closed => self.counts.closed(reason),
            _ => self.counts.pairs_abandoned += 1,
        }
        self.announce(at, out);
        self.pairs.remove(at);
        for (number, leg) in legs.iter().enumerate() {
            self.leave_dust(leg.instrument, super::signed(leg.held, entry_side(number)));
        }
        let pause = self.rules.plan.orders.refusal_pause.0;
        let refused = legs.iter().any(|leg| leg.refused);
        // What was refused for good would be refused again.
        let pauses = match (refused, held_back) {
            (true, _) => REFUSED_PAUSES,
            (false, true) => HELD_BACK_PAUSES,
            (false, false) => 1,
        };
        let mut pause = base::Span(pause.saturating_mul(pauses));
        if reason == PairReason::StopLoss {
            pause = pause.max(self.rules.plan.orders.stop_loss_pause);
        }
        let pause = self.now + pause;
        if let Some(watch) = self.watches.get_mut(combination)
            && usize::from(watch.pair) == at
        {
            watch.pair = super::NO_PAIR;
            watch.pause = pause;
        }
    }

    /// What no order can trade stays where it is, in nobody's hands.
    pub(super) fn leave_dust(&mut self, id: base::InstrumentId, qty: Qty) {
        if let Some(book) = self.ledger.book_mut(id) {
            book.dust += qty;
        }
    }

    /// Tells the change of a pair's phase.
    pub(super) fn announce(&mut self, at: usize, out: &mut Outputs) {
        let Some(pair) = self.pairs.get(at) else { return };
        let [long, short] = pair.legs;
        let change = PairChange {
            pair: pair.id,
            strategy: pair.strategy,
            phase: pair.phase,
            long: long.instrument,
            short: short.instrument,
            long_qty: long.held,
            short_qty: short.held,
            edge: pair.edge,
            reason: pair.reason,
        };
        self.write(Output::PairChange(change), out);
    }

    /// An open pair: is it done?
    fn consider_exit(&mut self, at: usize, out: &mut Outputs) {
        let Some(pair) = self.pairs.get(at) else { return };
        let Some(class) = self.rules.class(pair.strategy) else { return };
        let Some(standing) = self.standing(pair) else { return };
        let reason = decide::exit(class, &standing);
        let (now, legs) = (self.now, pair.legs.map(|leg| leg.instrument));
        let since = match (reason, pair.exit_since) {
            (None, _) => base::Stamp(0),
            (Some(_), base::Stamp(0)) => now,
            (Some(_), since) => since,
        };
        if since != pair.exit_since
            && let Some(pair) = self.pairs.get_mut(at)
        {
            pair.exit_since = since;
        }
        if let Some(reason) = reason.filter(|_| self.stood(legs, since)) {
            self.begin_close(at, reason, out);
        }
    }

    /// Whether what two books show together since then may be believed: both have spoken since, or
    /// long enough has passed that a book which has not is simply still.
    pub(super) fn stood(&self, legs: [base::InstrumentId; 2], since: base::Stamp) -> bool {
        let confirm = self.rules.plan.orders.confirm;
        let spoke = |id| self.market.slot(id).is_some_and(|slot| slot.seen >= since);
        confirm.0 == 0 || self.now - since >= confirm || legs.into_iter().all(spoke)
    }

    /// How an open pair stands at the touch of both books; `None` while one is not known or a fill
    /// is missing.
    pub(crate) fn standing(&self, pair: &Pair) -> Option<Standing> {
        let [long, short] = &pair.legs;
        let (a, b) = (self.rules.row(long.instrument)?, self.rules.row(short.instrument)?);
        let (buy, sell) = (self.market.slot(a.id)?, self.market.slot(b.id)?);
        let (out_long, _) = buy.touch()?;
        let (_, out_short) = sell.touch()?;
        let clean = |row: &Row| self.ledger.book(row.id).is_some_and(|x| x.missing.is_zero());
        if !clean(a) || !clean(b) {
            return None;
        }
        let sold = a.scale.notional(out_long, long.held);
        let bought = b.scale.notional(out_short, short.held);
        let fee = |worth: Money, rate: Rate| worth.checked_mul_rate(rate).unwrap_or(worth);
        let class = self.rules.class(pair.strategy)?;
        let carry = signal::carry(&self.market, a, b, (self.now, self.wall), class.horizon());
        let until = i128::from(pair.opened.0) + i128::from(class.horizon().0);
        Some(Standing {
            notional: pair.notional,
            trading: base_fees_back(pair) + long.flow + short.flow + sold - bought,
            fees: long.fees + short.fees + fee(sold, a.fee_taker) + fee(bought, b.fee_taker),
            funding: pair.funding,
            basis: signal::basis(buy, sell)?,
            carry,
            over: i128::from(self.wall.0) >= until,
        })
    }
}

/// Fees in the base asset left the position already: as a fee they would count twice.
fn base_fees_back(pair: &Pair) -> Money {
    pair.legs.iter().map(|leg| leg.fees_in_base).sum()
}
