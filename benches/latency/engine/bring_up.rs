//! From stages that have just been made to stages that trade: sessions, books, accounts, armed.

use super::{Brain, Engine};
use crate::plan::{EVER, HORIZON};
use crate::venue_side;
use base::input::{
    Action, Balance, ClockState, Command, Funding, Reconcile, ReconcilePhase, SessionState,
};
use base::{
    AssetId, Clock as _, Input, InstrumentId, Money, Price, Qty, Rate, Span, Stage as _, VenueId,
    WallNs,
};
use feeds::Answer;
use feeds::message::Level;
use gateway::rest::{ListenKey, News, Reply, Task};

impl Engine {
    /// Answers what the stages ask by REST.
    pub(super) fn give_errands(&mut self) {
        let (now, wall) = (self.clock.now(), self.clock.wall());
        for (times, data) in &mut self.errands {
            while let Some(feeds::Job::Time(venue)) = times.next_job() {
                let answer = Answer::Time { venue, sent: now, received: now, time: wall };
                times.answer(answer).expect("room");
            }
            while let Some(job) = data.next_job() {
                let feeds::Job::Snapshot { row, .. } = job else { continue };
                if self.bookless {
                    self.snapshots_wanted.push(row);
                    continue;
                }
                let mut levels = [Level::default(); feeds::errand::PIECE];
                levels[0] = Level { price: Price(6_100_000), qty: Qty(900_000_000) };
                data.answer(Answer::Begin { row, last_update: 1 }).expect("room");
                let piece = Answer::Levels { row, bids: true, count: 1, levels };
                data.answer(piece).expect("room");
                data.answer(Answer::End { row, cut: false }).expect("room");
            }
        }
        for desk in &mut self.desks {
            while let Some(job) = desk.errands.next_job() {
                if job.task == Task::Balances {
                    let news = News::Item(Input::Balance(balance(desk.venue)));
                    desk.errands.answer(Reply { job, news }).expect("room");
                }
                let news = match job.task {
                    Task::ListenKey => News::ListenKey(ListenKey::new(b"key").expect("short")),
                    _ => News::Done,
                };
                desk.errands.answer(Reply { job, news }).expect("room");
            }
        }
    }

    pub(super) fn bring_up(&mut self, brain: &mut Brain) {
        for _ in 0..200 {
            self.pass(brain);
        }
        for desk in &self.desks {
            let text = desk.orders.last_text();
            let request = venue_side::field(&text, "id").unwrap_or("0");
            let (orders, account) = venue_side::joined(desk.venue, request);
            orders.iter().for_each(|text| desk.orders.say(text));
            let peer = desk.account.as_ref().unwrap_or(&desk.orders);
            account.iter().for_each(|text| peer.say(text));
        }
        for _ in 0..20 {
            self.pass(brain);
        }
        if self.bookless {
            self.acknowledge_subscriptions();
        } else {
            self.bring_books(brain);
        }
        self.tell_accounts(brain);
        self.commands.push(Command { action: Action::Arm, version: 1 }).expect("room");
        for _ in 0..200 {
            self.pass(brain);
        }
        assert_eq!(brain.core().mode(), strategy::Mode::Armed);
        for desk in &mut self.desks {
            desk.answered = desk.orders.sent();
        }
    }

    /// Binance answers each request; a feed that waits in vain begins anew after some seconds.
    fn acknowledge_subscriptions(&self) {
        for (_, venue) in &self.lines {
            for id in 1..=venue.sent() {
                venue.say(&format!(r#"{{"result":null,"id":{id}}}"#));
            }
        }
    }

    fn bring_books(&mut self, brain: &mut Brain) {
        for at in 0..self.venues.len() {
            let time = self.clock.wall().millis();
            let (venue, text) = (self.venues[at], venue_side::book(self.venues[at], time));
            self.line(venue).say(&text);
        }
        for _ in 0..200 {
            self.pass(brain);
        }
        for price in [61_799.0, 61_800.0] {
            for at in 0..self.venues.len() {
                self.say_quote(at, price);
            }
            self.pass(brain);
        }
    }

    /// Clocks, sessions, balances and funding: what the account streams would have said by now.
    fn tell_accounts(&mut self, brain: &mut Brain) {
        let now = self.clock.now();
        let wall = self.clock.wall();
        let half = if self.eager.is_some() { Span(HORIZON.0 / 2) } else { EVER };
        let next = WallNs(wall.0.saturating_add_unsigned(half.0));
        for (id, venue) in (0..).zip(self.venues.clone()) {
            let mut give = |input: Input| self.inputs.push(input.record(now)).expect("room");
            give(Input::SessionState(SessionState {
                venue,
                orders: true,
                slow: false,
                account: true,
                budget: true,
            }));
            give(Input::ClockState(ClockState {
                venue,
                offset_ns: 0,
                bound: Span::from_millis(1),
            }));
            give(Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::Begin }));
            give(Input::Balance(balance(venue)));
            give(Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::End }));
            give(Input::Funding(Funding {
                venue,
                instrument: InstrumentId(id),
                rate: self.eager.map_or(Rate::ZERO, |eager| eager.rate),
                interval: Some(HORIZON),
                next,
                venue_time: wall,
            }));
        }
        brain.turn(now);
    }
}

/// A hundred thousand of what everything is quoted in.
fn balance(venue: VenueId) -> Balance {
    let total = Money::from_whole(100_000);
    Balance { venue, asset: AssetId(0), total, available: Some(total) }
}
