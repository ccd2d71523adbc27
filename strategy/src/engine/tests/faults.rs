//! Two venues that do wrong in one way at a time, for many seeds: while it lasts the books stay
//! right, and when it is over everything comes to agree and to an end.

use crate::engine::world::*;
use base::input::{
    Ack, Action, Fill, Input, OrderState, OrderStatus, OrderUnknown, Position, Reject, RejectClass,
};
use base::output::Place;
use base::{InstrumentId, OrderId, Output, Price, Qty, VenueId};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Reject,
    Busy,
    PartialFill,
    DelayedAck,
    LostAckLive,
    LostAckDead,
    UnknownLive,
    UnknownDead,
    LostFill,
    FillTwice,
    SessionDrops,
    StaleLists,
}

const ALL: [Wrong; 13] = [
    Wrong::Nothing,
    Wrong::Reject,
    Wrong::Busy,
    Wrong::PartialFill,
    Wrong::DelayedAck,
    Wrong::LostAckLive,
    Wrong::LostAckDead,
    Wrong::UnknownLive,
    Wrong::UnknownDead,
    Wrong::LostFill,
    Wrong::FillTwice,
    Wrong::SessionDrops,
    Wrong::StaleLists,
];

/// A venue as it truly is.
#[derive(Default)]
struct Truth {
    qty: i64,
    orders: BTreeMap<OrderId, (Place, i64)>,
    fills: Vec<Fill>,
    down_until: Option<u64>,
}

/// Something on its way to the core; what a stream says is lost while its session is down.
struct Mail {
    due: u64,
    stream: Option<usize>,
    input: Input,
}

struct Play {
    world: World,
    venues: [Truth; 2],
    mail: Vec<Mail>,
    now: u64,
    dice: u64,
    wrong: Wrong,
    trades: u64,
}

const VENUES: [VenueId; 2] = [VenueId::Okx, VenueId::Bybit];

impl Play {
    fn new(wrong: Wrong, seed: u64) -> Self {
        let mut plan = two_perpetuals();
        plan.risk.max_opens_per_minute = 10_000;
        plan.core.fills = 4096;
        let world = World::ready(&plan);
        let dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let (venues, mail) = (Default::default(), Vec::new());
        Self { world, venues, mail, now: 0, dice, wrong, trades: 0 }
    }

    fn roll(&mut self, one_in: u64) -> bool {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice.is_multiple_of(one_in)
    }

    fn goes(&mut self, wrong: Wrong) -> bool {
        self.wrong == wrong && self.roll(3)
    }

    fn send(&mut self, after: u64, stream: Option<usize>, input: Input) {
        self.mail.push(Mail { due: self.now + after, stream, input });
    }

    /// One millisecond: books, mail, what the core asks for.
    fn step(&mut self, apart: bool) {
        self.now += 1;
        self.world.after(1);
        if self.now.is_multiple_of(20) {
            let short = if apart { 5_040_000 } else { 5_000_000 };
            self.world.quote(0, 4_999_990, 5_000_000);
            self.world.quote(1, short, short + 10);
        }
        self.sessions();
        let now = self.now;
        let (due, later) = std::mem::take(&mut self.mail).into_iter().partition(|m| m.due <= now);
        self.mail = later;
        let due: Vec<Mail> = due;
        for mail in due {
            let down = mail.stream.is_some_and(|at| self.venues[at].down_until.is_some());
            if !down {
                self.world.give(mail.input);
            }
        }
        for output in self.world.take() {
            match output {
                Output::Place(place) => self.place(&place),
                Output::Query(query) => self.query(query.venue, query.instrument, query.order),
                _ => {}
            }
        }
    }

    fn at(venue: VenueId) -> usize {
        usize::from(venue == VENUES[1])
    }

    fn place(&mut self, place: &Place) {
        let at = Self::at(place.venue);
        if self.venues[at].down_until.is_some() || self.goes(Wrong::LostAckDead) {
            return;
        }
        let funds = self.goes(Wrong::Reject).then_some(RejectClass::Funds);
        let busy = self.goes(Wrong::Busy).then_some(RejectClass::Unavailable);
        let class = funds.or(busy);
        let (venue, instrument, order) = (place.venue, place.instrument, place.order);
        let held = self.venues[at].qty;
        let reduces = held.signum() != place.side.sign() && held.abs() >= place.qty.0;
        let class = class.or((place.reduce_only && !reduces).then_some(RejectClass::ReduceOnly));
        if let Some(class) = class {
            let reject = Reject { venue, instrument, order, class, code: 1 };
            return self.send(1, Some(at), Input::Reject(reject));
        }
        let unknown = Input::OrderUnknown(OrderUnknown { venue, instrument, order });
        if self.goes(Wrong::UnknownDead) {
            return self.send(2, None, unknown);
        }
        if self.goes(Wrong::UnknownLive) {
            self.send(2, None, unknown);
        } else if !self.goes(Wrong::LostAckLive) {
            let late = if self.goes(Wrong::DelayedAck) { 700 } else { 1 };
            let venue_time = self.world.wall;
            let ack = Ack { venue, instrument, order, venue_order: order.seq(), venue_time };
            self.send(late, Some(at), Input::Ack(ack));
        }
        self.execute(at, place);
    }

    fn execute(&mut self, at: usize, place: &Place) {
        let part = self.goes(Wrong::PartialFill);
        let filled = if part { (place.qty.0 / 20 * 10).max(10) } else { place.qty.0 };
        self.trades += 1;
        let fill = Fill {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            side: place.side,
            maker: false,
            price: Price(place.price.0),
            qty: Qty(filled),
            trade_id: self.trades,
            venue_time: self.world.wall,
        };
        self.venues[at].qty += filled * place.side.sign();
        self.venues[at].orders.insert(place.order, (*place, filled));
        self.venues[at].fills.push(fill);
        let lost = self.goes(Wrong::LostFill);
        let times = if self.goes(Wrong::FillTwice) { 2 } else { 1 };
        for _ in 0..if lost { 0 } else { times } {
            self.send(2, Some(at), Input::Fill(fill));
        }
        let state = self.state(at, place.instrument, place.order);
        self.send(2, Some(at), state);
        let position = self.position(at);
        self.send(2, Some(at), position);
    }

    fn position(&self, at: usize) -> Input {
        let qty = Qty(self.venues[at].qty);
        let instrument = InstrumentId(u16::try_from(at).unwrap());
        let entry = (!qty.is_zero()).then_some(Price(5_000_000));
        let (venue, venue_time) = (VENUES[at], self.world.wall);
        Input::Position(Position { venue, instrument, qty, entry, venue_time })
    }

    fn state(&self, at: usize, instrument: InstrumentId, order: OrderId) -> Input {
        let known = self.venues[at].orders.get(&order);
        let (status, filled) = match known {
            None => (OrderStatus::NotFound, 0),
            Some((place, filled)) if place.qty.0 == *filled => (OrderStatus::Filled, *filled),
            Some((_, filled)) => (OrderStatus::Expired, *filled),
        };
        Input::OrderState(OrderState {
            venue: VENUES[at],
            instrument,
            order,
            status,
            filled: Qty(filled),
            venue_order: order.seq(),
            venue_time: self.world.wall,
        })
    }

    fn query(&mut self, venue: VenueId, instrument: InstrumentId, order: OrderId) {
        let at = Self::at(venue);
        if self.venues[at].down_until.is_none() {
            let state = self.state(at, instrument, order);
            self.send(3, None, state);
            // A gateway that has found a fill missing lists them.
            self.list_fills(at);
        }
    }

    fn list_fills(&mut self, at: usize) {
        let fills: Vec<Fill> = self.venues[at].fills.iter().rev().take(20).rev().copied().collect();
        for fill in fills {
            self.send(4, None, Input::Fill(fill));
        }
    }

    /// Sessions go, come back, and read the account; lists say what was when they were asked for.
    fn sessions(&mut self) {
        let drops = matches!(self.wrong, Wrong::SessionDrops | Wrong::StaleLists);
        for (at, venue) in VENUES.into_iter().enumerate() {
            let until = self.venues[at].down_until;
            if until.is_none() && drops && self.roll(700) {
                self.venues[at].down_until = Some(self.now + 150);
                self.world.session(venue, false);
            } else if until.is_some_and(|until| self.now >= until) {
                self.venues[at].down_until = None;
                self.world.session(venue, true);
                self.read_account(at, venue);
            }
        }
    }

    fn read_account(&mut self, at: usize, venue: VenueId) {
        self.world.begin(venue);
        self.world.balance(venue, 100_000);
        let list = self.position(at);
        self.list_fills(at);
        let late = if self.wrong == Wrong::StaleLists { 40 } else { 5 };
        self.send(late, None, list);
        let end = base::input::Reconcile { venue, phase: base::input::ReconcilePhase::End };
        self.send(late, None, Input::Reconcile(end));
    }

    /// Every fill once, every position as it is, no pair on one leg, nothing out.
    fn agrees(&self, what: &str) {
        let view = self.world.core.view();
        for (at, truth) in self.venues.iter().enumerate() {
            let id = InstrumentId(u16::try_from(at).unwrap());
            let book = self.world.core.ledger.book(id).unwrap();
            assert_eq!(book.qty.0, truth.qty, "{what}: {:?}", view.positions);
            assert!(book.orphan.is_zero() && book.missing.is_zero(), "{what}: {book:?}");
        }
        let fills: usize = self.venues.iter().map(|truth| truth.fills.len()).sum();
        assert_eq!(view.counts.fills, fills as u64, "{what}");
        assert!(view.orders.is_empty(), "{what}: {:?}", view.orders);
        for pair in &view.pairs {
            assert_eq!(pair.long_qty, pair.short_qty, "{what}: {pair:?}");
        }
    }
}

#[test]
fn whatever_goes_wrong_the_books_stay_right_and_it_ends_flat() {
    for wrong in ALL {
        for seed in 1..=16 {
            let what = format!("{wrong:?}, seed {seed}");
            let mut play = Play::new(wrong, seed);
            for now in 0..6_000_u64 {
                play.step(now % 600 < 300);
            }
            let counts = *play.world.core.counts();
            assert!(counts.pairs_started >= 1, "{what}: {counts:?}");
            // It is over: what was unknown is asked for, what was missed is listed.
            play.wrong = Wrong::Nothing;
            for _ in 0..6_000 {
                play.step(false);
            }
            for (at, venue) in VENUES.into_iter().enumerate() {
                play.read_account(at, venue);
            }
            for _ in 0..1_500 {
                play.step(false);
            }
            play.agrees(&what);
            play.world.command(Action::Flatten);
            for _ in 0..3_000 {
                play.step(false);
            }
            play.agrees(&what);
            assert_eq!(play.venues.each_ref().map(|truth| truth.qty), [0, 0], "{what}");
            assert!(play.world.core.view().pairs.is_empty(), "{what}");
        }
    }
}
