//! The core: one input in, outputs appended, nothing else.
//!
//! No clock, no randomness, no I/O, no thread, no allocation after [`Core::new`]. Time is what is
//! written on the inputs. The same inputs give the same outputs, bit for bit, in every build and on
//! every machine; [`Core::hash`] runs over both and makes that checkable.

mod account;
mod control;
mod drive;
mod execution;
mod funds;
mod open;
mod orphans;
mod reconcile;

use crate::hash::Rolling;
use crate::ledger::Ledger;
use crate::market::{Market, VenueState};
use crate::orders::Orders;
use crate::outputs::Outputs;
use crate::pair::Pairs;
use crate::pipe::{self, Pipe, Words, pipe_fields};
use crate::plan::Plan;
use crate::risk::Risk;
use crate::rules::{Prepared, Row, Rules};
use crate::seen::Seen;
use crate::{decide, signal};
use base::input::{Funding, Quote};
use base::output::{Alarm, AlarmCode, Checkpoint, PairReason};
use base::{Input, InstrumentId, Output, PairId, Rate, Record, Side, Stamp, VenueId, WallNs};

/// What happened so far, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Counts {
    pub inputs: u64,
    pub orders_sent: u64,
    pub orders_acked: u64,
    pub orders_rejected: u64,
    pub orders_unknown: u64,
    pub queries: u64,
    pub cancels: u64,
    pub fills: u64,
    pub fills_foreign: u64,
    /// Fills, fees and funding payments that had been counted already.
    pub duplicates: u64,
    pub pairs_started: u64,
    pub pairs_opened: u64,
    pub pairs_closed: u64,
    /// Of these, by why they were closed.
    pub closed_take_profit: u64,
    pub closed_stop_loss: u64,
    pub closed_funding: u64,
    pub closed_risk: u64,
    pub closed_command: u64,
    /// A leg was refused, could not be hedged, or its order's outcome was not known.
    pub closed_legged: u64,
    pub pairs_abandoned: u64,
    pub pairs_stuck: u64,
    /// Pairs that left something too small to trade.
    pub dust: u64,
    pub funding_settlements: u64,
    pub bad_inputs: u64,
    pub alarms: u64,
    /// Outputs that did not fit a step: alarms only, orders wait.
    pub outputs_lost: u64,
}
pipe_fields!(Counts {
    inputs,
    orders_sent,
    orders_acked,
    orders_rejected,
    orders_unknown,
    queries,
    cancels,
    fills,
    fills_foreign,
    duplicates,
    pairs_started,
    pairs_opened,
    pairs_closed,
    closed_take_profit,
    closed_stop_loss,
    closed_funding,
    closed_risk,
    closed_command,
    closed_legged,
    pairs_abandoned,
    pairs_stuck,
    dust,
    funding_settlements,
    bad_inputs,
    alarms,
    outputs_lost,
});

impl Counts {
    /// A pair was closed for that reason.
    fn closed(&mut self, reason: PairReason) {
        self.pairs_closed += 1;
        *match reason {
            PairReason::TakeProfit => &mut self.closed_take_profit,
            PairReason::StopLoss => &mut self.closed_stop_loss,
            PairReason::Funding => &mut self.closed_funding,
            PairReason::Risk => &mut self.closed_risk,
            PairReason::Command => &mut self.closed_command,
            PairReason::Edge
            | PairReason::Fills
            | PairReason::Refused
            | PairReason::Unknown
            | PairReason::Recovered => &mut self.closed_legged,
        } += 1;
    }
}

/// What changes of a combination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub(crate) legs: [InstrumentId; 2],
    pub(crate) both_ways: bool,
    /// The place of its pair; `NO_PAIR` while it has none.
    pub(crate) pair: u16,
    /// The least spread worth a look, first leg bought and second leg bought.
    pub(crate) hurdles: [Rate; 2],
    /// Not looked at before.
    pub(crate) pause: Stamp,
    /// Since when the spread is worth a look; 0 while it is not.
    pub(crate) since: Stamp,
}
pipe_fields!(Watch { pair, hurdles, pause, since });

/// Stands for "no pair" in [`Watch`].
pub(crate) const NO_PAIR: u16 = u16::MAX;
/// A spread nothing reaches.
const NEVER: Rate = Rate(i64::MAX);

/// The core.
#[derive(Clone, Debug)]
pub struct Core {
    pub(crate) rules: Rules,
    /// The version to be adopted; afterwards the one that was.
    spare: Option<Prepared>,
    pub(crate) now: Stamp,
    pub(crate) wall: WallNs,
    /// The stamp of the input being consumed.
    cause: Stamp,
    pub(crate) market: Market,
    pub(crate) venues: [VenueState; VenueId::COUNT],
    pub(crate) watches: Vec<Watch>,
    pub(crate) orders: Orders,
    pub(crate) pairs: Pairs,
    pub(crate) ledger: Ledger,
    seen: Seen,
    pub(crate) risk: Risk,
    pub(crate) counts: Counts,
    until_checkpoint: u32,
    /// Where the round-robin work of the timer stands.
    turn: u32,
    told_bad: Stamp,
    hash: Rolling,
}

impl Pipe for Core {
    fn pipe(&mut self, words: &mut dyn Words) {
        self.now.pipe(words);
        self.wall.pipe(words);
        self.cause.pipe(words);
        self.market.pipe(words);
        self.venues.pipe(words);
        pipe::table(&mut self.watches, words);
        self.orders.pipe(words);
        self.pairs.pipe(words);
        self.ledger.pipe(words);
        self.seen.pipe(words);
        self.risk.pipe(words);
        self.counts.pipe(words);
        self.until_checkpoint.pipe(words);
        self.turn.pipe(words);
        self.told_bad.pipe(words);
        self.hash.pipe(words);
    }
}

impl Core {
    /// A core that knows its plan and nothing else. The only allocation.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let rules = Rules::new(plan);
        let watches = rules
            .combinations
            .iter()
            .map(|c| Watch {
                legs: c.legs,
                both_ways: c.both_ways,
                pair: NO_PAIR,
                hurdles: [NEVER; 2],
                pause: Stamp(0),
                since: Stamp(0),
            })
            .collect();
        let venues = plan.instruments.list.iter().map(|i| i.venue);
        Self {
            now: Stamp(0),
            wall: WallNs::NONE,
            cause: Stamp(0),
            market: Market::new(venues, plan.freshness),
            venues: [VenueState::default(); VenueId::COUNT],
            watches,
            orders: Orders::new(plan.core.orders, usize::from(plan.core.pairs) * 4, plan.epoch),
            pairs: Pairs::new(plan.core.pairs),
            ledger: Ledger::new(plan.instruments.assets.len(), rules.rows.len()),
            seen: Seen::new(plan.core.fills),
            risk: Risk::new(plan),
            counts: Counts::default(),
            until_checkpoint: plan.core.checkpoint_every,
            turn: 0,
            told_bad: Stamp(0),
            hash: Rolling::default(),
            rules,
            spare: None,
        }
    }

    /// Consumes one input and appends what follows from it.
    #[inline]
    pub fn step(&mut self, record: &Record, out: &mut Outputs) {
        let before = out.as_slice().len();
        self.hash.absorb(record);
        self.counts.inputs += 1;
        self.now = self.now.max(record.stamp);
        self.cause = record.stamp;
        match Input::read(record) {
            Ok(Input::Quote(quote)) => self.on_quote(&quote, out),
            Ok(input) => self.on_other(input, out),
            Err(_) => self.bad_input(record.kind, out),
        }
        self.until_checkpoint -= 1;
        if out.as_slice().len() > before || self.until_checkpoint == 0 {
            self.close_step(before, out);
        }
    }

    /// Puts ready what the next [`base::input::Action::Adopt`] names; what was ready before is given back.
    pub fn offer(&mut self, prepared: Prepared) -> Option<Prepared> {
        self.spare.replace(prepared)
    }

    /// What is no longer needed after an adoption: the version before, or the one that was refused. To be
    /// freed on a cold thread.
    pub fn take_spare(&mut self) -> Option<Prepared> {
        self.spare.take()
    }

    /// The hash over every input and output so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.0
    }

    /// What it was told before its first input.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.rules.plan
    }

    /// Best bid and ask of an instrument, when known.
    #[must_use]
    pub fn touch(&self, id: InstrumentId) -> Option<(base::Price, base::Price)> {
        self.market.slot(id)?.touch()
    }

    /// What happened so far, counted.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How often a gate refused.
    #[must_use]
    pub fn refused(&self, gate: crate::risk::Gate) -> u64 {
        self.risk.refusals.of(gate)
    }

    /// What the core may do.
    #[must_use]
    pub fn mode(&self) -> crate::risk::Mode {
        self.risk.mode
    }

    /// Inputs consumed so far.
    #[must_use]
    pub fn inputs(&self) -> u64 {
        self.counts.inputs
    }

    fn close_step(&mut self, before: usize, out: &mut Outputs) {
        for record in out.as_slice().get(before..).unwrap_or(&[]) {
            self.hash.absorb(record);
        }
        if self.until_checkpoint == 0 {
            self.until_checkpoint = self.rules.plan.core.checkpoint_every;
            let point = Checkpoint { hash: self.hash.0, inputs: self.counts.inputs };
            let at = out.as_slice().len();
            out.push(Output::Checkpoint(point), self.cause);
            if let Some(record) = out.as_slice().get(at) {
                self.hash.absorb(record);
            }
        }
    }

    #[inline]
    fn on_quote(&mut self, quote: &Quote, out: &mut Outputs) {
        if !self.market.quote(quote, self.cause) {
            return self.bad_input(base::Kind::Quote as u8, out);
        }
        self.consider_all(quote.instrument, out);
    }

    /// Looks again at every combination an event of `id` can have changed.
    #[inline]
    fn consider_all(&mut self, id: InstrumentId, out: &mut Outputs) {
        for at in self.rules.span(id) {
            if let Some(combination) = self.rules.touched_at(at) {
                self.consider(combination, out);
            }
        }
    }

    #[inline]
    fn consider(&mut self, combination: u32, out: &mut Outputs) {
        let Some(watch) = self.watches.get(combination as usize) else { return };
        if watch.pair != NO_PAIR {
            return self.attend(usize::from(watch.pair), out);
        }
        let [first, second] = watch.legs;
        let (Some(a), Some(b)) = (self.market.slot(first), self.market.slot(second)) else {
            return;
        };
        let [up, down] = watch.hurdles;
        let up = signal::spread_reaches(b.bid, a.ask, up);
        let down = watch.both_ways && signal::spread_reaches(a.bid, b.ask, down);
        let seen = watch.since.0 != 0;
        if up || down {
            self.opportunity(combination, [up, down], out);
        } else if seen && let Some(watch) = self.watches.get_mut(combination as usize) {
            watch.since = Stamp(0);
        }
    }

    #[inline(never)]
    fn on_other(&mut self, input: Input, out: &mut Outputs) {
        if !self.belongs(&input) {
            return self.bad_input(0, out);
        }
        match input {
            Input::Quote(quote) => self.on_quote(&quote, out),
            Input::Depth(depth) => {
                self.market.depth(&depth, self.cause);
                self.consider_all(depth.instrument, out);
            }
            Input::Trade(_) => {}
            Input::Mark(mark) => self.market.mark(&mark),
            Input::Funding(funding) => self.on_funding(&funding, out),
            Input::BookState(book) => self.market.health(book.instrument, book.state),
            Input::ClockState(clock) => {
                if let Some(venue) = self.venues.get_mut(clock.venue.index()) {
                    venue.clock(&clock);
                }
            }
            Input::SessionState(session) => {
                if let Some(venue) = self.venues.get_mut(session.venue.index()) {
                    venue.session(&session);
                }
            }
            Input::Ack(ack) => self.on_ack(&ack, out),
            Input::Reject(reject) => self.on_reject(&reject, out),
            Input::OrderState(state) => self.on_order_state(&state, out),
            Input::OrderUnknown(order) => self.on_order_unknown(&order, out),
            Input::Fill(fill) => self.on_fill(&fill, out),
            Input::Fee(fee) => self.on_fee(&fee),
            Input::FundingPaid(paid) => self.on_funding_paid(&paid, out),
            Input::Position(position) => self.on_position(&position),
            Input::Balance(balance) => self.on_balance(&balance),
            Input::OpenOrder(order) => self.on_open_order(&order, out),
            Input::Reconcile(reconcile) => self.on_reconcile(reconcile, out),
            Input::CancelReject(reject) => self.on_cancel_reject(&reject, out),
            Input::Timer(timer) => self.on_timer(timer, out),
            Input::Command(command) => self.on_command(command, out),
        }
    }

    /// Whether what it says of an instrument comes from that instrument's venue.
    fn belongs(&self, input: &Input) -> bool {
        let (venue, instrument) = match input {
            Input::Depth(e) => (e.venue, e.instrument),
            Input::Trade(e) => (e.venue, e.instrument),
            Input::Mark(e) => (e.venue, e.instrument),
            Input::Funding(e) => (e.venue, e.instrument),
            Input::BookState(e) => (e.venue, e.instrument),
            Input::Ack(e) => (e.venue, e.instrument),
            Input::Reject(e) => (e.venue, e.instrument),
            Input::OrderState(e) => (e.venue, e.instrument),
            Input::OrderUnknown(e) => (e.venue, e.instrument),
            Input::Fill(e) => (e.venue, e.instrument),
            Input::Fee(e) => (e.venue, e.instrument),
            Input::FundingPaid(e) => (e.venue, e.instrument),
            Input::Position(e) => (e.venue, e.instrument),
            Input::OpenOrder(e) => (e.venue, e.instrument),
            Input::CancelReject(e) => (e.venue, e.instrument),
            _ => return true,
        };
        self.rules.row(instrument).is_some_and(|row| row.venue == venue)
    }

    fn on_funding(&mut self, funding: &Funding, out: &mut Outputs) {
        self.accrue_before(funding);
        self.market.funding(funding, self.cause);
        for at in self.rules.span(funding.instrument) {
            if let Some(combination) = self.rules.touched_at(at) {
                self.raise_hurdles(combination);
                self.consider(combination, out);
            }
        }
    }

    /// Computes anew from which spread on a combination is worth a look.
    fn raise_hurdles(&mut self, combination: u32) {
        let Some(c) = self.rules.combinations.get(combination as usize) else { return };
        let [first, second] = c.legs;
        let (Some(class), Some(a), Some(b)) =
            (self.rules.class(c.strategy), self.rules.row(first), self.rules.row(second))
        else {
            return;
        };
        let at = (self.now, self.wall);
        let hurdle = |long: &Row, short: &Row| {
            let carry = signal::carry(&self.market, long, short, at, class.horizon());
            decide::hurdle(class, carry, c.fees).unwrap_or(NEVER)
        };
        let enabled = self.rules.is_enabled(c.strategy);
        let hurdles = if enabled { [hurdle(a, b), hurdle(b, a)] } else { [NEVER; 2] };
        if let Some(watch) = self.watches.get_mut(combination as usize) {
            watch.hurdles = hurdles;
        }
    }

    #[cold]
    #[inline(never)]
    fn bad_input(&mut self, kind: u8, out: &mut Outputs) {
        self.counts.bad_inputs += 1;
        if self.counts.bad_inputs == 1 || (self.now - self.told_bad).0 >= 1_000_000_000 {
            self.told_bad = self.now;
            let seen = i64::from(kind);
            self.alarm(AlarmCode::BadInput, None, PairId(0), (seen, 0), out);
        }
    }

    /// Tells a person, about an instrument or about nothing in particular.
    pub(crate) fn alarm(
        &mut self,
        code: AlarmCode,
        row: Option<&Row>,
        pair: PairId,
        (seen, limit): (i64, i64),
        out: &mut Outputs,
    ) {
        self.counts.alarms += 1;
        let alarm = Alarm {
            code,
            venue: row.map(|row| row.venue),
            instrument: row.map_or(InstrumentId::ALL, |row| row.id),
            pair,
            seen,
            limit,
        };
        self.write(Output::Alarm(alarm), out);
    }

    /// Appends an output; counts it when there is no room.
    pub(crate) fn write(&mut self, output: Output, out: &mut Outputs) {
        if !out.push(output, self.cause) {
            self.counts.outputs_lost += 1;
        }
    }
}

/// `qty` with the sign of `side`, saturating.
pub(crate) fn signed(qty: base::Qty, side: Side) -> base::Qty {
    if side == Side::Buy { qty } else { -qty }
}

#[cfg(test)]
#[path = "../tests/world/mod.rs"]
pub(crate) mod world;

#[cfg(test)]
mod tests;
