//! Opening a pair: every gate of both legs is passed before the first order leaves.

use super::Core;
use crate::decide::{self, Verdict};
use crate::market::{Slot, Unfit};
use crate::order::{Order, Purpose};
use crate::outputs::Outputs;
use crate::pair::{Leg, Pair, entry_side};
use crate::plan::Limit;
use crate::risk::{Gate, Mode, exceeds};
use crate::rules::{Combination, Row, bit};
use crate::signal::{self, Edge};
use base::output::{AlarmCode, PairPhase, PairReason, Place, Style};
use base::{InstrumentId, Money, Output, PairId, Price, Qty, Rate, Side, Span, VenueId};

/// An order that is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) side: Side,
    pub(super) qty: Qty,
    pub(super) price: Price,
    pub(super) reduce_only: bool,
    pub(super) purpose: Purpose,
    /// What it needs of the quote asset until it is over.
    pub(super) need: Money,
}

/// A pair that passed its gates.
struct Ready {
    legs: [InstrumentId; 2],
    /// What one leg is worth.
    notional: Money,
    edge: Edge,
    qty: Qty,
    prices: [Price; 2],
    needs: [Money; 2],
}

impl Core {
    /// A combination's spread is worth a look, one way or the other.
    #[inline(never)]
    pub(super) fn opportunity(&mut self, number: u32, ways: [bool; 2], out: &mut Outputs) {
        let now = self.now;
        let Some(watch) = self.watches.get_mut(number as usize) else { return };
        if watch.since.0 == 0 {
            watch.since = now;
        }
        let (since, legs) = (watch.since, watch.legs);
        if now < watch.pause || !self.stood(legs, since) {
            return;
        }
        let Some(combination) = self.rules.combinations.get(number as usize).copied() else {
            return;
        };
        let [first, second] = combination.legs;
        for (legs, worth) in [([first, second], ways[0]), ([second, first], ways[1])] {
            if !worth {
                continue;
            }
            match self.check(&combination, legs, out) {
                Ok(Some(ready)) => return self.open(number, combination, &ready, out),
                Ok(None) => {}
                Err(gate) => return self.refuse(gate, number, legs[0], out),
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn refuse(&mut self, gate: Gate, number: u32, leg: InstrumentId, out: &mut Outputs) {
        let pause = self.now + self.rules.plan.orders.refusal_pause;
        if let Some(watch) = self.watches.get_mut(number as usize) {
            watch.pause = pause;
        }
        if self.risk.refusals.count(gate, self.now) {
            let row = self.rules.row(leg).copied();
            let seen = (gate as i64, 0);
            self.alarm(AlarmCode::GateRefused, row.as_ref(), PairId(0), seen, out);
        }
    }

    /// Every gate, in order; `None` when nothing is wrong but it is not worth it.
    fn check(
        &self,
        c: &Combination,
        [long, short]: [InstrumentId; 2],
        out: &Outputs,
    ) -> Result<Option<Ready>, Gate> {
        if self.risk.mode != Mode::Armed {
            return Err(Gate::Disarmed);
        }
        let (Some(class), Some(long), Some(short)) =
            (self.rules.class(c.strategy), self.rules.row(long), self.rules.row(short))
        else {
            return Err(Gate::BookUnknown);
        };
        // A hurdle may be of a version before.
        if !self.rules.is_enabled(c.strategy) {
            return Ok(None);
        }
        self.gate_sessions([long, short])?;
        let (buy, sell) = (self.fit(long)?, self.fit(short)?);
        let at = (self.now, self.wall);
        let carry = signal::carry(&self.market, long, short, at, class.horizon())
            .ok_or(Gate::FundingUnknown)?;
        let dearest = buy.ask.max(sell.bid);
        let qty = c.qty(class, long.scale, dearest);
        let age = self.market.limits.receive_age;
        let edge = signal::edge(buy, sell, qty, (carry, c.fees), (self.now, age))
            .ok_or(Gate::DepthUnknown)?;
        match decide::entry(class, &edge) {
            Verdict::Pass => return Ok(None),
            Verdict::Incredible => return Err(Gate::SpreadIncredible),
            Verdict::Enter => {}
        }
        let prices = self.entry_prices([long, short], [buy, sell])?;
        self.gate_size([long, short], prices, [buy, sell], qty)?;
        self.gate_tables(c, out)?;
        self.gate_losses()?;
        self.gate_positions([long, short], prices, qty)?;
        let needs = self.gate_balances([long, short], prices, qty)?;
        let notional = long.scale.notional(edge.long_price, qty);
        Ok(Some(Ready { legs: [long.id, short.id], notional, edge, qty, prices, needs }))
    }

    fn gate_sessions(&self, legs: [&Row; 2]) -> Result<(), Gate> {
        for (venue, state) in VenueId::ALL.into_iter().zip(&self.venues) {
            if self.rules.used & bit(venue) == 0 {
                continue;
            }
            if !state.orders || state.slow || !state.account {
                return Err(Gate::SessionDown);
            }
            if !state.reconciled {
                return Err(Gate::NotReconciled);
            }
        }
        for row in legs {
            if self.venues.get(row.venue.index()).is_none_or(|venue| !venue.budget) {
                return Err(Gate::BudgetSpent);
            }
            let clean = |b: &crate::ledger::Book| b.disputed.is_none() && b.missing.is_zero();
            if !self.ledger.book(row.id).is_some_and(clean) {
                return Err(Gate::Disputed);
            }
        }
        if self.ledger.has_orphans() {
            return Err(Gate::Orphan);
        }
        let unknown = self.orders.alive().filter(|o| o.life == crate::order::Life::Unknown).count();
        if unknown >= usize::from(self.rules.plan.risk.max_unknown_orders.max(1)) {
            return Err(Gate::UnknownOrders);
        }
        Ok(())
    }

    /// The market of a leg, if it may be traded on.
    pub(super) fn fit(&self, row: &Row) -> Result<&Slot, Gate> {
        let venue = self.venues.get(row.venue.index()).ok_or(Gate::BookUnknown)?;
        self.market.fit(row.id, venue, self.now, self.wall).map_err(|why| match why {
            Unfit::Unknown => Gate::BookUnknown,
            Unfit::Stale => Gate::BookStale,
            Unfit::VenueStale => Gate::VenueStale,
            Unfit::Clock => Gate::ClockUnknown,
        })
    }

    fn entry_prices(&self, rows: [&Row; 2], slots: [&Slot; 2]) -> Result<[Price; 2], Gate> {
        let [long, short] = rows;
        let [buy, sell] = slots;
        let first = self.limit_price(long, buy, Side::Buy, 0).ok_or(Gate::PriceCollar)?;
        let second = self.limit_price(short, sell, Side::Sell, 0).ok_or(Gate::PriceCollar)?;
        // Each also against the other leg's mid: a book that drifted away is no market.
        let collar = self.rules.plan.orders.collar;
        let (Some(buy_mid), Some(sell_mid)) = (buy.mid(), sell.mid()) else {
            return Err(Gate::BookUnknown);
        };
        if first > sell_mid.scaled(collar) || second < buy_mid.scaled(-collar) {
            return Err(Gate::PriceCollar);
        }
        Ok([first, second])
    }

    /// The limit of an order that takes now: beyond the touch by the slippage, once more for each
    /// try, never beyond the collar. `None` when the touch itself lies beyond it.
    pub(super) fn limit_price(
        &self,
        row: &Row,
        slot: &Slot,
        side: Side,
        tries: u8,
    ) -> Option<Price> {
        let orders = &self.rules.plan.orders;
        let reach = Rate(orders.slippage.0.saturating_mul(i64::from(tries) + 1)).max(Rate::ZERO);
        let (bid, ask) = slot.touch()?;
        let mid = slot.mid()?;
        let price = match side {
            Side::Buy => mid.scaled(orders.collar).min(ask.scaled(reach)),
            Side::Sell => mid.scaled(-orders.collar).max(bid.scaled(-reach)),
        };
        let price = price.round_passive(row.tick, side);
        let takes = if side == Side::Buy { price >= ask } else { price <= bid };
        (takes && price.0 > 0).then_some(price)
    }

    fn gate_size(
        &self,
        rows: [&Row; 2],
        prices: [Price; 2],
        slots: [&Slot; 2],
        qty: Qty,
    ) -> Result<(), Gate> {
        for ((row, price), slot) in rows.into_iter().zip(prices).zip(slots) {
            let Some(terms) = self.rules.terms(row.id) else { return Err(Gate::BookUnknown) };
            if qty.0 <= 0 || qty < row.qty_min {
                return Err(Gate::QtyBelowMin);
            }
            if qty > row.qty_max {
                return Err(Gate::QtyAboveMax);
            }
            if terms.is_below_least(price.min(slot.bid), qty) {
                return Err(Gate::NotionalBelowMin);
            }
            if terms.is_beyond_order(price.max(slot.ask), qty) {
                return Err(Gate::OrderNotional);
            }
        }
        Ok(())
    }

    fn gate_tables(&self, c: &Combination, out: &Outputs) -> Result<(), Gate> {
        if out.room() < 16 || !self.orders.has_room(2) || !self.pairs.has_room() {
            return Err(Gate::TableFull);
        }
        let of_strategy = |p: &Pair| p.strategy == c.strategy;
        let mut open = (0_usize, 0_usize);
        for (_, pair) in self.pairs.alive() {
            open.0 += 1;
            open.1 += usize::from(of_strategy(pair));
        }
        if open.0 >= usize::from(self.rules.plan.risk.max_open_pairs) {
            return Err(Gate::OpenPairs);
        }
        let most = self.rules.class(c.strategy).map_or(0, crate::plan::Class::max_positions);
        if open.1 >= usize::from(most) {
            return Err(Gate::StrategyPairs);
        }
        let opens = self.risk.opens(c.strategy.index(), self.now);
        if opens >= self.rules.plan.risk.max_opens_per_minute {
            return Err(Gate::OpenRate);
        }
        Ok(())
    }

    fn gate_losses(&self) -> Result<(), Gate> {
        if self.risk.reducing {
            return Err(Gate::Reducing);
        }
        if self.risk.used(Limit::DailyLoss) >= Rate::ONE {
            return Err(Gate::DailyLoss);
        }
        if self.risk.used(Limit::Drawdown) >= Rate::ONE {
            return Err(Gate::Drawdown);
        }
        Ok(())
    }

    fn gate_positions(&self, rows: [&Row; 2], prices: [Price; 2], qty: Qty) -> Result<(), Gate> {
        let risk = &self.rules.plan.risk;
        for (leg, (row, price)) in rows.into_iter().zip(prices).enumerate() {
            let against = |(_, p): (usize, &Pair)| {
                p.leg_of(row.id).is_some_and(|at| at != leg) && row.is_perpetual()
            };
            if self.pairs.alive().any(against) {
                return Err(Gate::Opposed);
            }
            let (long, short) = self.worst(row.id);
            let held = if leg == 0 { long } else { short };
            let terms = self.rules.terms(row.id);
            if terms.is_none_or(|terms| terms.is_beyond_position(price, held + qty)) {
                return Err(Gate::PositionSize);
            }
        }
        let equity = self.risk.equity.ok_or(Gate::BalanceUnknown)?;
        let [row, _] = rows;
        let [price, _] = prices;
        let added = row.scale.notional(price, qty);
        if let Some(limit) = risk.bases.iter().find(|b| b.base == row.base) {
            let (long, short) = self.worst_of_base(row);
            let most = long.max(short) + qty;
            if row.scale.amount(most) > limit.max_position {
                return Err(Gate::BasePosition);
            }
            if exceeds(row.scale.notional(price, most), equity, limit.max_concentration) {
                return Err(Gate::Concentration);
            }
        }
        let gross = self.gross() + added + added;
        if exceeds(gross, equity, risk.max_leverage) {
            return Err(Gate::Leverage);
        }
        Ok(())
    }

    /// The worst case of an instrument: how long and how short it is if every living order on that
    /// side fills, unknown ones included.
    pub(crate) fn worst(&self, id: InstrumentId) -> (Qty, Qty) {
        let position = self.ledger.book(id).map_or(Qty::ZERO, |b| b.qty + b.missing);
        let (mut long, mut short) = (position, -position);
        for order in self.orders.alive().filter(|o| o.instrument == id) {
            match order.side {
                Side::Buy => long += order.remaining(),
                Side::Sell => short += order.remaining(),
            }
        }
        (long.max(Qty::ZERO), short.max(Qty::ZERO))
    }

    /// The same over every instrument of a base asset that counts in the same units.
    pub(crate) fn worst_of_base(&self, row: &Row) -> (Qty, Qty) {
        let (mut long, mut short) = (Qty::ZERO, Qty::ZERO);
        for id in self.rules.members(row.base) {
            let (a, b) = self.worst(*id);
            long += a;
            short += b;
        }
        (long, short)
    }

    /// Notional of every position, living orders aside.
    pub(crate) fn gross(&self) -> Money {
        let value = |id: &InstrumentId| {
            let row = self.rules.row(*id)?;
            let price = self.market.slot(*id).and_then(Slot::value_price);
            Some(self.ledger.value(row, price).abs())
        };
        self.ledger.held().iter().filter_map(value).sum()
    }

    /// Both legs leave in one step.
    fn open(&mut self, number: u32, c: Combination, ready: &Ready, out: &mut Outputs) {
        let leg = |instrument| Leg { instrument, ..Leg::default() };
        let pair = Pair {
            strategy: c.strategy,
            combination: number,
            legs: ready.legs.map(leg),
            phase: PairPhase::Opening,
            reason: PairReason::Edge,
            target: ready.qty,
            edge: ready.edge.net,
            notional: ready.notional,
            opened: self.wall,
            ..Pair::default()
        };
        let Some(at) = self.pairs.add(&pair) else { return };
        if let Some(watch) = self.watches.get_mut(number as usize) {
            watch.pair = u16::try_from(at).unwrap_or(super::NO_PAIR);
            watch.since = base::Stamp(0);
        }
        self.counts.pairs_started += 1;
        self.risk.note_open(c.strategy.index(), self.now);
        // The orders first: what is told of them costs time too.
        for (leg, (price, need)) in ready.prices.into_iter().zip(ready.needs).enumerate() {
            let want = Want {
                side: entry_side(leg),
                qty: ready.qty,
                price,
                reduce_only: false,
                purpose: Purpose::Open,
                need,
            };
            self.send(at, leg, want, out);
        }
        self.announce(at, out);
    }

    /// Sends an order of a leg that has none. Says whether it left.
    pub(super) fn send(&mut self, at: usize, leg: usize, want: Want, out: &mut Outputs) -> bool {
        let Some(pair) = self.pairs.get_mut(at) else { return false };
        let (id, strategy, combination) = (pair.id, pair.strategy, pair.combination);
        let Some(state) = pair.legs.get_mut(leg) else { return false };
        let Some(row) = self.rules.row(state.instrument) else { return false };
        if state.is_busy() || out.room() < 8 || want.qty.0 <= 0 {
            return false;
        }
        let order = Order {
            instrument: row.id,
            side: want.side,
            price: want.price,
            qty: want.qty,
            reduce_only: want.reduce_only,
            purpose: want.purpose,
            life: crate::order::Life::Sent,
            sent: self.now,
            news: self.now,
            pair: id,
            strategy,
            combination,
            leg: u8::from(leg != 0),
            need: want.need,
            last_price: want.price,
            ..Order::default()
        };
        let Some(order) = self.orders.add(order) else { return false };
        state.order = order;
        self.ledger.reserve(row.venue, row.quote, want.need);
        self.counts.orders_sent += 1;
        let place = Place {
            venue: row.venue,
            instrument: row.id,
            order,
            side: want.side,
            style: Style::Ioc,
            reduce_only: want.reduce_only,
            price: want.price,
            qty: want.qty,
            cause: self.cause,
            pair: id,
            version: self.rules.plan.version,
        };
        self.write(Output::Place(place), out);
        true
    }

    /// How long a step of the ladder may take in all.
    pub(super) fn ladder_time(&self) -> Span {
        let legging = &self.rules.plan.legging;
        Span(legging.hedge_time.0.saturating_add(legging.unwind_time.0))
    }
}
