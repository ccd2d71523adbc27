//! Time and commands: silence, ladders, limits, arming.

use super::Core;
use crate::ledger::Pnl;
use crate::market::Slot;
use crate::order::{Event, Life};
use crate::outputs::Outputs;
use crate::plan::{AlertAction, Limit};
use crate::risk::{Mode, share_of};
use crate::rules::{Prepared, Rules, bit};
use base::input::{Action, Command, Timer};
use base::output::{AlarmCode, Cancel, CancelAll, PairPhase, PairReason};
use base::{InstrumentId, Kind, Money, Output, PairId, Rate, VenueId};

/// Limits are looked at this often.
const LOOK_NS: u64 = 100_000_000;
/// Combinations whose hurdle one timer computes anew.
const HURDLES_A_TIMER: u32 = 4;

impl Core {
    pub(super) fn on_timer(&mut self, timer: Timer, out: &mut Outputs) {
        self.wall = timer.wall;
        self.accrue_due();
        self.hear_silence(out);
        self.climb(out);
        if self.risk.looked.0 == 0 || (self.now - self.risk.looked).0 >= LOOK_NS {
            self.risk.looked = self.now;
            self.look_at_limits(out);
        }
        self.go_round(out);
    }

    /// A little of what must be done for everything some time, each time.
    fn go_round(&mut self, out: &mut Outputs) {
        let turn = self.turn;
        self.turn = turn.wrapping_add(1);
        let combinations = u32::try_from(self.watches.len()).unwrap_or(u32::MAX);
        if combinations > 0 {
            for step in 0..HURDLES_A_TIMER.min(combinations) {
                self.raise_hurdles(
                    turn.wrapping_mul(HURDLES_A_TIMER).wrapping_add(step) % combinations,
                );
            }
        }
        let instruments = u32::try_from(self.rules.rows.len()).unwrap_or(u32::MAX);
        if instruments > 0
            && let Ok(id) = u16::try_from(turn % instruments)
        {
            self.compare(InstrumentId(id), out);
        }
    }

    /// Orders nobody spoke of for too long: their outcome is unknown, and a question goes out, less
    /// often the longer it lasts. So it does for those that are done and whose fills are missing.
    fn hear_silence(&mut self, out: &mut Outputs) {
        let quiet = self.rules.plan.orders.quiet.0;
        let mut at = 0;
        // bound: the orders watched
        while let Some(order) = self.orders.watched_at(at).copied() {
            at += 1;
            let patience = quiet.saturating_mul(1 << order.questions.min(2));
            if (self.now - order.news).0 < patience || out.room() < 16 {
                continue;
            }
            if order.life == Life::Live && !order.cancel_sent {
                self.cancel(order.id, out);
            }
            if !order.life.is_done() {
                self.tell(order.id, Event::Unknown, out);
            }
            self.ask(order.id, out);
            if order.questions == 4 {
                let row = self.rules.row(order.instrument).copied();
                let seen = (order.qty.0, order.filled().0);
                self.alarm(AlarmCode::OrderUnknown, row.as_ref(), order.pair, seen, out);
            }
        }
    }

    fn cancel(&mut self, id: base::OrderId, out: &mut Outputs) {
        let cause = self.cause;
        let Some(order) = self.orders.get_mut(id) else { return };
        order.cancel_sent = true;
        let instrument = order.instrument;
        let Some(venue) = self.rules.row(instrument).map(|row| row.venue) else { return };
        self.counts.cancels += 1;
        self.write(Output::Cancel(Cancel { venue, instrument, order: id, cause }), out);
    }

    /// Every pair looks at the clock.
    fn climb(&mut self, out: &mut Outputs) {
        if self.risk.mode == Mode::Flattening {
            self.flatten_orphans(out);
        }
        for at in 0..self.pairs.len() {
            if out.room() < 32 {
                return;
            }
            if self.risk.mode == Mode::Flattening {
                self.flatten(at, out);
            }
            let Some(pair) = self.pairs.get(at) else { continue };
            if pair.phase == PairPhase::Open && !pair.is_busy() {
                self.attend(at, out);
            } else {
                self.drive(at, out);
            }
        }
    }

    fn flatten(&mut self, at: usize, out: &mut Outputs) {
        if self.pairs.get(at).is_some_and(|p| p.phase == PairPhase::Open) {
            self.begin_close(at, PairReason::Command, out);
        }
    }

    pub(super) fn on_command(&mut self, command: Command, out: &mut Outputs) {
        match command.action {
            Action::Arm => self.risk.mode = Mode::Armed,
            Action::Disarm => self.risk.mode = Mode::Disarmed,
            Action::Stop => {
                self.risk.mode = Mode::Stopped;
                self.cancel_all(out);
            }
            Action::Flatten => {
                self.risk.mode = Mode::Flattening;
                self.cancel_all(out);
                self.climb(out);
            }
            Action::Adopt => self.adopt(command.version, out),
        }
    }

    /// Takes in the version that was put ready, whole. Its limits count for what is held, its parameters
    /// for what is opened and for when what is open ends.
    fn adopt(&mut self, version: u32, out: &mut Outputs) {
        let (shape, epoch) = (self.rules.shape, self.rules.plan.epoch);
        let named = |next: &&mut Prepared| {
            let Rules { plan, shape: same, .. } = &*next.0;
            (plan.version, *same, plan.epoch) == (version, shape, epoch)
        };
        let Some(next) = self.spare.as_mut().filter(named) else {
            return self.bad_input(Kind::Command as u8, out);
        };
        core::mem::swap(&mut self.rules, &mut *next.0);
        self.market.limits = self.rules.plan.freshness;
        self.risk.adopt();
        self.look_at_limits(out);
        for limit in Limit::ALL {
            let used = self.risk.used(limit);
            if used > Rate::ONE {
                let seen = (used.0, Rate::ONE.0);
                self.alarm(AlarmCode::LimitPassed, None, PairId(0), seen, out);
            }
        }
    }

    /// Cancels whatever rests, on every venue in use.
    fn cancel_all(&mut self, out: &mut Outputs) {
        for venue in VenueId::ALL {
            if self.rules.used & bit(venue) != 0 {
                self.counts.cancels += 1;
                let all = CancelAll { venue, instrument: InstrumentId::ALL };
                self.write(Output::CancelAll(all), out);
            }
        }
    }

    /// Everything earned, at the last prices.
    pub(crate) fn pnl(&self) -> Pnl {
        let price = |id| self.market.slot(id).and_then(Slot::value_price);
        self.ledger.pnl(&self.rules.rows, price)
    }

    /// Measures what is used of each limit and lets the alerts speak.
    pub(super) fn look_at_limits(&mut self, out: &mut Outputs) {
        let pnl = self.pnl();
        self.risk.day(self.wall, pnl.total);
        self.risk.equity = self.opening().map(|opening| opening + pnl.total);
        let equity = self.risk.equity.unwrap_or(Money::ZERO);
        self.risk.peak = self.risk.peak.max(equity);
        let risk = &self.rules.plan.risk;
        let lost = share_of(self.risk.day_began - pnl.total, risk.max_daily_loss);
        let known = self.risk.equity.is_some();
        let fallen = share_of(self.risk.peak - equity, self.risk.peak);
        let drawdown = if known { ratio(fallen, risk.max_drawdown) } else { Rate::ZERO };
        let leverage = if known {
            ratio(share_of(self.gross(), equity), risk.max_leverage)
        } else {
            Rate::ZERO
        };
        let (position, concentration) = self.largest_positions(equity, known);
        self.risk.use_of(Limit::DailyLoss, lost);
        self.risk.use_of(Limit::Drawdown, drawdown);
        self.risk.use_of(Limit::Leverage, leverage);
        self.risk.use_of(Limit::Position, position);
        self.risk.use_of(Limit::Concentration, concentration);
        self.act_on_alerts(out);
    }

    /// What the venues held of the currency before our events; `None` until every used venue said.
    fn opening(&self) -> Option<Money> {
        let mut sum = Money::ZERO;
        for venue in VenueId::ALL {
            if self.rules.used & bit(venue) != 0 {
                sum += self.ledger.account(venue, self.rules.plan.risk.currency)?.opening?;
            }
        }
        Some(sum)
    }

    /// The largest share used of any position limit, and of any concentration limit.
    fn largest_positions(&self, equity: Money, known: bool) -> (Rate, Rate) {
        let risk = &self.rules.plan.risk;
        let (mut position, mut concentration) = (Rate::ZERO, Rate::ZERO);
        // bound: the positions there are
        for id in self.ledger.held() {
            let (Some(row), Some(slot)) = (self.rules.row(*id), self.market.slot(*id)) else {
                continue;
            };
            let value = self.ledger.value(row, slot.value_price()).abs();
            position = position.max(share_of(value, risk.max_position_size));
            let Some(limit) = risk.bases.iter().find(|b| b.base == row.base) else { continue };
            let (long, short) = self.worst_of_base(row);
            let most = long.max(short);
            position = position.max(share_of(row.scale.amount(most), limit.max_position));
            if let (Some(price), true) = (slot.value_price(), known) {
                let share = share_of(row.scale.notional(price, most), equity);
                concentration = concentration.max(ratio(share, limit.max_concentration));
            }
        }
        (position, concentration)
    }

    fn act_on_alerts(&mut self, out: &mut Outputs) {
        let mut reducing = false;
        for at in 0..self.rules.plan.risk.alerts.len() {
            let Some(alert) = self.rules.plan.risk.alerts.get(at).copied() else { return };
            let share = self.risk.used(alert.limit);
            let reached = share >= alert.threshold;
            reducing |= reached && alert.action == AlertAction::ReducePosition;
            if !self.risk.speak(at, alert.threshold, alert.limit) {
                continue;
            }
            let code = match alert.action {
                AlertAction::Warn => AlarmCode::LimitNear,
                AlertAction::ReducePosition => AlarmCode::ReducePosition,
                AlertAction::EmergencyStop => AlarmCode::EmergencyStop,
            };
            self.alarm(code, None, PairId(0), (share.0, alert.threshold.0), out);
            if alert.action == AlertAction::EmergencyStop {
                self.halt(out);
            }
        }
        self.risk.reducing = reducing;
        if reducing {
            self.reduce(out);
        }
    }

    fn halt(&mut self, out: &mut Outputs) {
        if matches!(self.risk.mode, Mode::Armed | Mode::Disarmed) {
            self.risk.mode = Mode::Halted;
        }
        self.cancel_all(out);
    }

    /// Closes the newest open pair, if none is being closed already.
    fn reduce(&mut self, out: &mut Outputs) {
        if self.pairs.alive().any(|(_, p)| p.leaving) {
            return;
        }
        let open = self.pairs.alive().filter(|(_, p)| p.phase == PairPhase::Open);
        if let Some((at, _)) = open.max_by_key(|(_, p)| p.id) {
            self.begin_close(at, PairReason::Risk, out);
        }
    }
}

/// A share of a share.
fn ratio(share: Rate, limit: Rate) -> Rate {
    if limit.0 <= 0 {
        return if share.0 > 0 { Rate(i64::MAX) } else { Rate::ZERO };
    }
    let scaled = i128::from(share.0) * i128::from(Rate::ONE.0) / i128::from(limit.0);
    Rate(i64::try_from(scaled).unwrap_or(i64::MAX))
}
