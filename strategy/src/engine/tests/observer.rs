//! Random events, and an observer who believes nothing the core says of itself.

use crate::engine::NO_PAIR;
use crate::engine::world::*;
use crate::plan::Plan;
use base::input::{
    Action, BookHealth, BookState, CancelReject, Depth, Fee, Fill, FundingPaid, OrderState,
    OrderStatus, OrderUnknown, Reject, RejectClass, Sweep,
};
use base::output::{PairChange, Place};
use base::{
    AssetId, Input, InstrumentId, Money, OrderId, Output, Price, Product, Qty, Record, Side, Span,
    VenueId, WallNs,
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// One thing that happens; numbers pick among what there is.
#[derive(Clone, Debug)]
pub(super) enum Happens {
    Quote(u8, i64, i64),
    Depth(u8, i64),
    Funding(u8, i64, u8),
    Health(u8, u8),
    Session(u8, bool),
    Time(u8),
    Ack(u8),
    Fill(u8, u8),
    FillAgain(u8),
    State(u8, u8, u8),
    Unknown(u8),
    Reject(u8, u8),
    CancelReject(u8),
    Fee(u8, u32),
    Foreign(u8, bool, i64),
    Paid(u8, i64, u8),
    Position(u8, i64),
    Reading(u8, u8),
    OpenOrder(u8, u64),
    Command(u8),
    /// Whatever is wrong is mended, and the books are far apart.
    Mend(i64),
    /// The machine stood still for three seconds.
    Pause,
    /// The order is done, wholly filled or not at all.
    Finish(u8, bool),
    Noise([u64; 7]),
}

pub(super) fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (0..4_u8, -60_i64..60, 1_i64..8).prop_map(|(i, m, w)| Happens::Quote(i, m, w)),
        1 => (0..4_u8, -60_i64..60).prop_map(|(i, m)| Happens::Depth(i, m)),
        1 => (0..4_u8, -800_i64..800, 0..4_u8).prop_map(|(i, r, h)| Happens::Funding(i, r, h)),
        1 => (0..4_u8, 0..9_u8).prop_map(|(i, h)| Happens::Health(i, h)),
        1 => (0..4_u8, any::<bool>()).prop_map(|(v, up)| Happens::Session(v, up)),
        4 => (1..200_u8).prop_map(Happens::Time),
        3 => (0..8_u8).prop_map(Happens::Ack),
        8 => (0..8_u8, 1..11_u8).prop_map(|(o, q)| Happens::Fill(o, q)),
        2 => (0..8_u8).prop_map(Happens::FillAgain),
        6 => (0..8_u8, 0..7_u8, 0..11_u8).prop_map(|(o, s, q)| Happens::State(o, s, q)),
        1 => (0..8_u8).prop_map(Happens::Unknown),
        1 => (0..8_u8, 0..12_u8).prop_map(|(o, c)| Happens::Reject(o, c)),
        1 => (0..8_u8).prop_map(Happens::CancelReject),
        2 => (0..8_u8, 0..5_000_u32).prop_map(|(o, f)| Happens::Fee(o, f)),
        1 => (0..4_u8, any::<bool>(), 1_i64..3000).prop_map(|(i, b, q)| Happens::Foreign(i, b, q)),
        1 => (0..4_u8, -500_i64..500, 0..5_u8).prop_map(|(i, a, t)| Happens::Paid(i, a, t)),
        1 => (0..4_u8, -4000_i64..4000).prop_map(|(i, q)| Happens::Position(i, q)),
        1 => (0..4_u8, 0..3_u8).prop_map(|(v, p)| Happens::Reading(v, p)),
        1 => (0..4_u8, 0..9_u64).prop_map(|(i, o)| Happens::OpenOrder(i, o)),
        1 => (0..8_u8).prop_map(Happens::Command),
        3 => (-80_i64..80).prop_map(Happens::Mend),
        1 => Just(Happens::Pause),
        8 => (0..3_u8, any::<bool>()).prop_map(|(o, all)| Happens::Finish(o, all)),
        1 => any::<[u64; 7]>().prop_map(Happens::Noise),
    ]
}

pub(super) fn market() -> Plan {
    let markets = [
        (VenueId::Okx, Product::Spot),
        (VenueId::Okx, Product::Perpetual),
        (VenueId::Bybit, Product::Perpetual),
        (VenueId::BinanceUsdm, Product::Perpetual),
    ];
    plan(&markets, 1)
}

/// The world, and an observer who believes nothing the core says of itself.
pub(super) struct Watched {
    pub(super) world: World,
    pub(super) sent: Vec<Place>,
    pub(super) changes: Vec<PairChange>,
    pub(super) filled: HashMap<OrderId, i64>,
    pub(super) fills: Vec<(usize, i64, u64)>,
    pub(super) foreign: [i64; 4],
    pub(super) fees: [i128; 4],
    pub(super) trade: u64,
}

impl Watched {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut world = World::ready(plan);
        world.take();
        Self {
            world,
            sent: Vec::new(),
            changes: Vec::new(),
            filled: HashMap::new(),
            fills: Vec::new(),
            foreign: [0; 4],
            fees: [0; 4],
            trade: 1 << 40,
        }
    }

    /// One of the latest orders.
    pub(super) fn order(&self, pick: u8) -> Option<(usize, Place)> {
        let at = self.sent.len().checked_sub(1 + usize::from(pick))?;
        Some((at, *self.sent.get(at)?))
    }

    pub(super) fn fill(&mut self, at: usize, qty: i64, trade_id: u64) {
        let place = self.sent[at];
        self.world.give(Input::Fill(Fill {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            side: place.side,
            maker: false,
            price: place.price,
            qty: Qty(qty),
            trade_id,
            venue_time: self.world.wall,
        }));
    }

    pub(super) fn happen(&mut self, what: &Happens) {
        match what {
            Happens::Quote(..) | Happens::Depth(..) | Happens::Funding(..) => self.quoted(what),
            Happens::Ack(_) | Happens::State(..) | Happens::Reject(..) | Happens::Unknown(_) => {
                self.told(what);
            }
            Happens::Fill(..) | Happens::FillAgain(_) | Happens::Fee(..) | Happens::Foreign(..) => {
                self.traded(what);
            }
            Happens::Mend(apart) => self.mend(*apart),
            Happens::Pause => {
                self.world.now = self.world.now + Span::from_secs(3);
                self.world.wall = WallNs(self.world.wall.0 + 3_000_000_000);
                self.world.after(1);
            }
            Happens::Finish(o, all) => self.finish(*o, *all),
            _ => self.other(what),
        }
        for output in self.world.take() {
            match output {
                Output::Place(place) => self.sent.push(place),
                Output::PairChange(change) => self.changes.push(change),
                _ => {}
            }
        }
    }

    /// What the venue holds of an instrument: what it filled and said, ours or not.
    pub(super) fn position(&self, id: usize) -> i64 {
        let of = |p: &&Place| usize::from(p.instrument.0) == id;
        let ours: i64 = self
            .sent
            .iter()
            .filter(of)
            .map(|p| self.filled.get(&p.order).copied().unwrap_or(0) * p.side.sign())
            .sum();
        ours + self.foreign[id]
    }

    pub(super) fn mend(&mut self, apart: i64) {
        self.heal(apart);
        self.world.command(Action::Arm);
    }

    pub(super) fn heal(&mut self, apart: i64) {
        for v in [VenueId::Okx, VenueId::Bybit, VenueId::BinanceUsdm] {
            self.world.session(v, true);
            self.world.clock(v);
            self.world.begin(v);
            self.world.balance(v, 100_000);
            for id in 1..4_u8 {
                if venue(id) == v {
                    let held = self.position(usize::from(id));
                    self.world.position(u16::from(id), held, 5_000_000);
                }
            }
            self.world.end(v);
        }
        for id in 0..4_u16 {
            self.world.health(id, BookHealth::Known);
            let bid = 5_000_000 + if id < 2 { 0 } else { apart * 500 };
            self.world.quote(id, bid, bid + 10);
        }
    }

    pub(super) fn finish(&mut self, pick: u8, all: bool) {
        let Some((at, place)) = self.order(pick) else { return };
        let done: i64 = self.fills.iter().filter(|f| f.0 == at).map(|f| f.1).sum();
        let left = place.qty.0 - done;
        if all && left > 0 {
            self.trade += 1;
            self.fills.push((at, left, self.trade));
            self.filled.insert(place.order, place.qty.0);
            self.fill(at, left, self.trade);
        } else if !all {
            let filled = self.filled.get(&place.order).copied().unwrap_or(0);
            self.world.state(&place, OrderStatus::Expired, filled);
        }
    }

    /// A faithful venue from now on: every fill it ever reported is told, every order is answered.
    pub(super) fn answer_everything(&mut self) {
        for at in 0..self.sent.len() {
            let place = self.sent[at];
            let done: i64 = self.fills.iter().filter(|f| f.0 == at).map(|f| f.1).sum();
            let alive = self.world.core.orders.get(place.order).is_some_and(|o| !o.life.is_done());
            let told = self.filled.get(&place.order).copied().unwrap_or(0);
            let filled = if alive { place.qty.0 } else { told };
            if filled > done {
                self.trade += 1;
                self.fills.push((at, filled - done, self.trade));
                self.filled.insert(place.order, filled);
                self.fill(at, filled - done, self.trade);
            }
        }
        for output in self.world.take() {
            if let Output::Place(place) = output {
                self.sent.push(place);
            }
        }
    }

    pub(super) fn quoted(&mut self, what: &Happens) {
        let world = &mut self.world;
        match what {
            Happens::Quote(i, shift, width) => {
                let bid = 5_000_000 + shift * 1000;
                world.quote(u16::from(*i), bid, bid + width * 10);
            }
            Happens::Depth(i, shift) => {
                let average = Price(5_000_000 + shift * 1000);
                let sweep = Some(Sweep { average, limit: average });
                let (instrument, venue) = (InstrumentId(u16::from(*i)), venue(*i));
                let venue_time = world.wall;
                world.give(Input::Depth(Depth {
                    venue,
                    instrument,
                    bid: sweep,
                    ask: sweep,
                    venue_time,
                }));
            }
            Happens::Funding(i, ppm, hours) => {
                let hours = [1, 4, 8, 0][usize::from(*hours)];
                world.funding(u16::from(*i), *ppm, hours);
            }
            _ => {}
        }
    }

    pub(super) fn told(&mut self, what: &Happens) {
        let (Happens::Ack(o) | Happens::State(o, ..) | Happens::Reject(o, _) | Happens::Unknown(o)) =
            what
        else {
            return;
        };
        let Some((_, place)) = self.order(*o) else { return };
        let (venue, instrument, order) = (place.venue, place.instrument, place.order);
        let already = self.filled.get(&order).copied().unwrap_or(0);
        match what {
            Happens::State(_, status, tenths) => {
                // A venue never reports more than was filled there; our fills may lag behind.
                let filled = (place.qty.0 * i64::from(*tenths) / 10).max(already);
                let status = OrderStatus::ALL[usize::from(*status)];
                let filled = if status == OrderStatus::Filled { place.qty.0 } else { filled };
                let lags = filled.max(already);
                self.filled.insert(order, lags);
                self.world.give(Input::OrderState(OrderState {
                    venue,
                    instrument,
                    order,
                    status,
                    filled: Qty(lags),
                    venue_order: 0,
                    venue_time: self.world.wall,
                }));
            }
            Happens::Reject(_, class) => {
                let class = RejectClass::ALL[usize::from(*class)];
                self.world.give(Input::Reject(Reject { venue, instrument, order, class, code: 1 }));
            }
            Happens::Unknown(_) => {
                self.world.give(Input::OrderUnknown(OrderUnknown { venue, instrument, order }));
            }
            _ => self.world.ack(&place),
        }
    }

    pub(super) fn traded(&mut self, what: &Happens) {
        match what {
            Happens::Fill(o, tenths) => {
                let Some((at, place)) = self.order(*o) else { return };
                let done: i64 = self.fills.iter().filter(|f| f.0 == at).map(|f| f.1).sum();
                let qty = (place.qty.0 * i64::from(*tenths) / 10).min(place.qty.0 - done);
                if qty > 0 {
                    self.trade += 1;
                    self.fills.push((at, qty, self.trade));
                    let filled = self.filled.entry(place.order).or_insert(0);
                    *filled = (*filled).max(done + qty);
                    self.fill(at, qty, self.trade);
                }
            }
            Happens::FillAgain(n) => {
                let at = self.fills.len().wrapping_sub(1 + usize::from(*n));
                if let Some((order, qty, trade)) = self.fills.get(at).copied() {
                    self.fill(order, qty, trade);
                }
            }
            Happens::Fee(n, units) => {
                let at = self.fills.len().wrapping_sub(1 + usize::from(*n));
                let Some((order, _, trade_id)) = self.fills.get(at).copied() else { return };
                let place = self.sent[order];
                let amount = Money(i128::from(*units) * 10_i128.pow(14));
                let before = self.world.core.counts().duplicates;
                self.world.give(Input::Fee(Fee {
                    venue: place.venue,
                    instrument: place.instrument,
                    order: place.order,
                    trade_id,
                    asset: if units % 2 == 0 { USDT } else { AssetId(1) },
                    amount,
                }));
                if self.world.core.counts().duplicates == before {
                    self.fees[place.venue.index()] += amount.0;
                }
            }
            Happens::Foreign(i, buys, qty) => {
                self.trade += 1;
                let side = if *buys { Side::Buy } else { Side::Sell };
                self.foreign[usize::from(*i)] += qty * side.sign();
                let of = (5_000_000, *qty);
                self.world.fill_of(u16::from(*i), OrderId::FOREIGN, side, of, self.trade);
            }
            _ => {}
        }
    }

    pub(super) fn other(&mut self, what: &Happens) {
        let world = &mut self.world;
        match what {
            Happens::Health(i, health) => {
                let state = BookHealth::ALL[usize::from(*health % 3)];
                let (venue, instrument) = (venue(*i), InstrumentId(u16::from(*i)));
                world.give(Input::BookState(BookState { venue, instrument, state }));
            }
            Happens::Session(v, up) => world.session(venue(*v), *up),
            Happens::Time(ms) => world.after(u64::from(*ms)),
            Happens::CancelReject(o) => {
                let Some((_, place)) = self.order(*o) else { return };
                self.world.give(Input::CancelReject(CancelReject {
                    venue: place.venue,
                    instrument: place.instrument,
                    order: place.order,
                    class: RejectClass::NotFound,
                    code: 0,
                }));
            }
            Happens::Paid(i, cents, at) => {
                let settled = WallNs(NOON.0 + i64::from(*at) * 60_000_000_000);
                world.give(Input::FundingPaid(FundingPaid {
                    venue: venue(*i),
                    instrument: InstrumentId(u16::from(*i)),
                    asset: USDT,
                    amount: Money(i128::from(*cents) * Money::ONE.0 / 100),
                    settled,
                }));
            }
            Happens::OpenOrder(i, seq) => {
                world.open_order(u16::from(*i), OrderId::new(7, *seq), 990);
            }
            Happens::Command(n) => {
                let often =
                    [Action::Arm, Action::Arm, Action::Disarm, Action::Stop, Action::Flatten];
                world.command(often[usize::from(*n) % often.len()]);
            }
            Happens::Noise(words) => {
                let [a, b, c, d, e, f, _] = *words;
                let mut record = Record::from_words([0, a, b, c, d, e, f, 0]);
                record.stamp = world.now;
                // Noise with the kind of a fill or a reading is what the other cases do.
                if !matches!(record.kind, 16..=27) {
                    world.give_record(record);
                }
            }
            _ => {}
        }
    }

    /// What must hold at every moment.
    pub(super) fn check(&self) -> Result<(), TestCaseError> {
        let core = &self.world.core;
        let unique: HashSet<OrderId> = self.sent.iter().map(|p| p.order).collect();
        prop_assert_eq!(unique.len(), self.sent.len(), "an order id was used twice");
        // INV-5: at most one living order of a leg.
        let mut legs = HashSet::new();
        for order in core.orders.alive() {
            prop_assert!(legs.insert((order.pair, order.instrument)), "two orders of one leg");
            prop_assert!(order.filled() <= order.qty);
        }
        for (at, pair) in core.pairs.alive() {
            let watch = &core.watches[pair.combination as usize];
            prop_assert!(watch.pair == NO_PAIR || usize::from(watch.pair) == at);
            for leg in &pair.legs {
                let order = core.orders.get(leg.order);
                prop_assert!(order.is_none_or(|o| !o.life.is_done()), "a leg waits for the dead");
            }
        }
        // INV-1: what is wanted of a base, worst case included, stays below its limit.
        let foreign: i64 = self.foreign.iter().map(|q| q.abs()).sum();
        let row = &core.rules.rows[1];
        let (long, short) = core.worst_of_base(row);
        let limit = 200_000 + 2 * foreign + 16_000;
        prop_assert!(long.0 <= limit && short.0 <= limit, "{long:?} {short:?} {limit}");
        // Every unit of a position is in somebody's hands.
        for row in &core.rules.rows {
            let book = core.ledger.book(row.id).unwrap();
            let in_pairs: i64 = core
                .pairs
                .alive()
                .flat_map(|(_, pair)| [(pair.legs[0], 1), (pair.legs[1], -1)])
                .filter(|(leg, _)| leg.instrument == row.id)
                .map(|(leg, sign)| leg.held.0 * sign)
                .sum();
            let ours = (book.qty + book.missing).0;
            prop_assert_eq!(ours, in_pairs + (book.orphan + book.dust).0, "{:?}", row.id);
        }
        prop_assert_eq!(core.counts().outputs_lost, 0);
        prop_assert!(core.pairs.alive().count() <= usize::from(core.plan().core.pairs));
        Ok(())
    }

    /// INV-3: the books hold every fill exactly once.
    pub(super) fn check_books(&self) -> Result<(), TestCaseError> {
        let core = &self.world.core;
        for (at, row) in core.rules.rows.iter().enumerate() {
            let ours: i64 = self
                .fills
                .iter()
                .map(|(order, qty, _)| (self.sent[*order], *qty))
                .filter(|(place, _)| place.instrument == row.id)
                .map(|(place, qty)| qty * place.side.sign())
                .sum();
            let book = core.ledger.book(row.id).unwrap();
            let explained = book.qty + book.fee_units - book.adopted;
            prop_assert_eq!(explained.0, ours + self.foreign[at], "{:?}", row.id);
            prop_assert_eq!(book.realised, book.flow + book.cost);
        }
        let fees: i128 = VenueId::ALL
            .into_iter()
            .flat_map(|v| [USDT, AssetId(1)].map(|a| core.ledger.account(v, a).unwrap().fees.0))
            .sum();
        prop_assert_eq!(-fees, self.fees.iter().sum::<i128>());
        Ok(())
    }
}

pub(super) fn venue(i: u8) -> VenueId {
    [VenueId::Okx, VenueId::Okx, VenueId::Bybit, VenueId::BinanceUsdm][usize::from(i % 4)]
}
