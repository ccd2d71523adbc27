//! A small world around the core: venues that say what a test wants them to say.
//!
//! Used by the unit tests, the allocation test and the speed example alike, through the public
//! interface only.

#![allow(dead_code, unreachable_pub, reason = "each user needs another part")]

use base::input::{
    Ack, Action, Balance, BookHealth, BookState, ClockState, Command, Fee, Fill, Funding,
    FundingPaid, Mark, OpenOrder, OrderState, OrderStatus, Position, Quote, Reconcile,
    ReconcilePhase, Reject, RejectClass, SessionState, Timer,
};
use base::output::{Alarm, AlarmCode, PairChange, PairPhase, Place, Query};
use base::{
    AssetId, Edge, Input, Instrument, InstrumentId, Instruments, Money, OrderId, Output, Price,
    Product, Qty, Rate, Record, Scale, Side, Span, Stamp, VenueId, WallNs,
};
use strategy::plan::{
    BaseLimit, BasisPlan, Class, CorePlan, Freshness, FundingRatePlan, Legging, OrderPlan, Plan,
    RiskPlan, StrategyPlan,
};
use strategy::{Core, Outputs};

/// Prices in cents, quantities in hundred-thousandths.
pub const SCALE: Scale = Scale { price_exp: 2, qty_exp: 5 };
/// 2026-11-20 12:00 UTC.
pub const NOON: WallNs = WallNs(1_795_176_000_000_000_000);
pub const USDT: AssetId = AssetId(0);

/// One instrument of base asset number `base` (0 is BTC).
pub fn instrument(id: u16, venue: VenueId, product: Product, base: u16) -> Instrument {
    let coin = if base == 0 { "BTC".to_owned() } else { format!("C{base}") };
    let name = match product {
        Product::Spot => format!("{coin}/USDT"),
        Product::Perpetual => format!("{coin}/USDT:USDT"),
    };
    Instrument {
        id: InstrumentId(id),
        venue,
        product,
        name,
        symbol: format!("{coin}USDT"),
        code: 0,
        base: AssetId(base + 1),
        quote: USDT,
        scale: SCALE,
        edge: Edge { price_exp: 2, size_exp: 5, size_factor: 1 },
        tick: Price(1),
        lot: Qty(10),
        qty_min: Qty(10),
        qty_max: Qty(100_000_000),
        notional_min: Money::from_whole(5),
        fee_maker: Rate(200_000_000),
        fee_taker: Rate(if product == Product::Spot { 1_000_000_000 } else { 500_000_000 }),
    }
}

/// A plan over these markets for each of `bases` base assets, with both strategies on everything.
pub fn plan(markets: &[(VenueId, Product)], bases: u16) -> Plan {
    let mut instruments = Instruments::default();
    instruments.asset("USDT");
    for base in 0..bases {
        instruments.asset(&if base == 0 { "BTC".to_owned() } else { format!("C{base}") });
        for (venue, product) in markets {
            let id = u16::try_from(instruments.list.len()).unwrap();
            instruments.list.push(instrument(id, *venue, *product, base));
        }
    }
    let all: Vec<InstrumentId> = instruments.list.iter().map(|i| i.id).collect();
    let strategy = |name: &str, class| StrategyPlan {
        name: name.to_owned(),
        enabled: true,
        class,
        instruments: all.clone(),
    };
    let limit = BaseLimit {
        base: AssetId(1),
        max_position: Money::from_whole(2),
        max_concentration: Rate(300_000_000_000),
    };
    Plan {
        strategies: vec![
            strategy("funding_rate_arbitrage", Class::FundingRate(FundingRatePlan::default())),
            strategy("basis_arbitrage", Class::Basis(BasisPlan::default())),
        ],
        risk: RiskPlan { bases: vec![limit], ..RiskPlan::default() },
        freshness: Freshness::default(),
        legging: Legging::default(),
        orders: OrderPlan::default(),
        core: CorePlan { pairs: 8, orders: 64, fills: 256, checkpoint_every: 1000 },
        epoch: 7,
        version: 3,
        instruments,
    }
}

/// Two perpetuals of BTC on two venues.
pub fn two_perpetuals() -> Plan {
    plan(&[(VenueId::Okx, Product::Perpetual), (VenueId::Bybit, Product::Perpetual)], 1)
}

/// BTC spot and perpetual on one venue.
pub fn spot_and_perpetual() -> Plan {
    plan(&[(VenueId::Okx, Product::Spot), (VenueId::Okx, Product::Perpetual)], 1)
}

/// The core and everything it wrote.
pub struct World {
    pub core: Core,
    pub out: Outputs,
    pub now: Stamp,
    pub wall: WallNs,
    pub all: Vec<Output>,
    /// Every input given, for a second core.
    pub inputs: Vec<Record>,
    trades: u64,
}

impl World {
    pub fn new(plan: &Plan) -> Self {
        assert_eq!(plan.faults(), []);
        Self {
            core: Core::new(plan),
            out: Outputs::new(),
            now: Stamp(1_000_000_000),
            wall: NOON,
            all: Vec::new(),
            inputs: Vec::new(),
            trades: 0,
        }
    }

    /// A world whose sessions stand, clocks are known, accounts are read, books known and armed.
    pub fn ready(plan: &Plan) -> Self {
        let mut world = Self::new(plan);
        world.wall_clock();
        let venues: Vec<VenueId> =
            VenueId::ALL.into_iter().filter(|v| plan.instruments.of(*v).next().is_some()).collect();
        for venue in venues {
            world.session(venue, true);
            world.clock(venue);
            world.reconcile(venue, &[]);
        }
        for i in &plan.instruments.list {
            world.give(Input::BookState(BookState {
                venue: i.venue,
                instrument: i.id,
                state: BookHealth::Known,
            }));
            if i.product == Product::Perpetual {
                world.funding(i.id.0, 0, 8);
            }
        }
        world.command(Action::Arm);
        world.after(1);
        world
    }

    /// Feeds one input and keeps what comes out.
    pub fn give(&mut self, input: Input) {
        let record = input.record(self.now);
        self.give_record(record);
    }

    pub fn give_record(&mut self, record: Record) {
        self.inputs.push(record);
        self.out.clear();
        self.core.step(&record, &mut self.out);
        for record in self.out.as_slice() {
            self.all.push(Output::read(record).unwrap());
        }
    }

    fn wall_clock(&mut self) {
        self.give(Input::Timer(Timer { wall: self.wall }));
    }

    /// Lets `ms` milliseconds pass, one timer each.
    pub fn after(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now = self.now + Span::from_millis(1);
            self.wall = WallNs(self.wall.0 + 1_000_000);
            self.wall_clock();
        }
    }

    /// Lets the wall jump ahead by `ms` within one millisecond.
    pub fn wall_after(&mut self, ms: i64) {
        self.wall = WallNs(self.wall.0 + ms * 1_000_000);
        self.after(1);
    }

    fn venue_of(&self, id: u16) -> VenueId {
        self.core.plan().instruments.list[usize::from(id)].venue
    }

    /// Both sides of a book in cents, a whole coin deep.
    pub fn quote(&mut self, id: u16, bid: i64, ask: i64) {
        self.quote_of(id, bid, ask, 100_000);
    }

    pub fn quote_of(&mut self, id: u16, bid: i64, ask: i64, qty: i64) {
        let (venue, venue_time) = (self.venue_of(id), self.wall);
        self.give(Input::Quote(Quote {
            venue,
            instrument: InstrumentId(id),
            bid: Price(bid),
            bid_qty: Qty(qty),
            ask: Price(ask),
            ask_qty: Qty(qty),
            venue_time,
        }));
    }

    /// The funding rate of an instrument in units of 10^-6, per `hours`, settling in an hour.
    pub fn funding(&mut self, id: u16, ppm: i64, hours: u64) {
        let venue = self.venue_of(id);
        let next = WallNs(self.wall.0 + 3_600_000_000_000);
        self.give(Input::Funding(Funding {
            venue,
            instrument: InstrumentId(id),
            rate: Rate(ppm * 1_000_000),
            interval: Some(Span::from_secs(hours * 3600)),
            next,
            venue_time: self.wall,
        }));
    }

    pub fn mark(&mut self, id: u16, price: i64) {
        let venue = self.venue_of(id);
        self.give(Input::Mark(Mark {
            venue,
            instrument: InstrumentId(id),
            mark: Some(Price(price)),
            index: None,
            venue_time: self.wall,
        }));
    }

    pub fn health(&mut self, id: u16, state: BookHealth) {
        let venue = self.venue_of(id);
        self.give(Input::BookState(BookState { venue, instrument: InstrumentId(id), state }));
    }

    /// The venue's clock is known well.
    pub fn clock(&mut self, venue: VenueId) {
        let bound = Span::from_millis(5);
        self.give(Input::ClockState(ClockState { venue, offset_ns: 0, bound }));
    }

    pub fn session(&mut self, venue: VenueId, up: bool) {
        let state = SessionState { venue, orders: up, slow: false, account: up, budget: up };
        self.give(Input::SessionState(state));
    }

    /// A whole reading of an account: 100,000 of the currency and these positions.
    pub fn reconcile(&mut self, venue: VenueId, positions: &[(u16, i64, i64)]) {
        self.begin(venue);
        self.balance(venue, 100_000);
        for (id, qty, entry) in positions {
            self.position(*id, *qty, *entry);
        }
        self.end(venue);
    }

    pub fn begin(&mut self, venue: VenueId) {
        self.give(Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::Begin }));
    }

    pub fn end(&mut self, venue: VenueId) {
        self.give(Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::End }));
    }

    pub fn balance(&mut self, venue: VenueId, whole: i64) {
        let total = Money::from_whole(whole);
        self.give(Input::Balance(Balance { venue, asset: USDT, total, available: Some(total) }));
    }

    pub fn position(&mut self, id: u16, qty: i64, entry: i64) {
        let venue = self.venue_of(id);
        self.give(Input::Position(Position {
            venue,
            instrument: InstrumentId(id),
            qty: Qty(qty),
            entry: (entry > 0).then_some(Price(entry)),
            venue_time: self.wall,
        }));
    }

    pub fn command(&mut self, action: Action) {
        self.command_of(action, 3);
    }

    pub fn command_of(&mut self, action: Action, version: u32) {
        self.give(Input::Command(Command { action, version }));
    }

    // What venues say of orders.

    pub fn ack(&mut self, place: &Place) {
        self.give(Input::Ack(Ack {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            venue_order: place.order.seq(),
            venue_time: self.wall,
        }));
    }

    pub fn reject(&mut self, place: &Place, class: RejectClass) {
        self.give(Input::Reject(Reject {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            class,
            code: -2010,
        }));
    }

    pub fn state(&mut self, place: &Place, status: OrderStatus, filled: i64) {
        self.give(Input::OrderState(OrderState {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            status,
            filled: Qty(filled),
            venue_order: 0,
            venue_time: self.wall,
        }));
    }

    /// A fill at the limit price; returns its trade id.
    pub fn fill(&mut self, place: &Place, qty: i64) -> u64 {
        self.trades += 1;
        self.fill_again(place, qty, self.trades);
        self.trades
    }

    pub fn fill_again(&mut self, place: &Place, qty: i64, trade_id: u64) {
        self.fill_of(place.instrument.0, place.order, place.side, (place.price.0, qty), trade_id);
    }

    pub fn fill_of(
        &mut self,
        id: u16,
        order: OrderId,
        side: Side,
        (price, qty): (i64, i64),
        trade_id: u64,
    ) {
        self.give(Input::Fill(Fill {
            venue: self.venue_of(id),
            instrument: InstrumentId(id),
            order,
            side,
            maker: false,
            price: Price(price),
            qty: Qty(qty),
            trade_id,
            venue_time: self.wall,
        }));
    }

    pub fn fee(&mut self, place: &Place, trade_id: u64, asset: AssetId, amount: &str) {
        self.give(Input::Fee(Fee {
            venue: place.venue,
            instrument: place.instrument,
            order: place.order,
            trade_id,
            asset,
            amount: Money::parse(amount.as_bytes()).unwrap(),
        }));
    }

    pub fn funding_paid(&mut self, id: u16, amount: &str, settled: WallNs) {
        self.give(Input::FundingPaid(FundingPaid {
            venue: self.venue_of(id),
            instrument: InstrumentId(id),
            asset: USDT,
            amount: Money::parse(amount.as_bytes()).unwrap(),
            settled,
        }));
    }

    pub fn open_order(&mut self, id: u16, order: OrderId, qty: i64) {
        self.give(Input::OpenOrder(OpenOrder {
            venue: self.venue_of(id),
            instrument: InstrumentId(id),
            order,
            side: Side::Buy,
            price: Price(5_000_000),
            qty: Qty(qty),
            filled: Qty::ZERO,
            venue_order: 1,
        }));
    }

    /// Fills an order wholly, as a venue would: acknowledged, filled, done.
    pub fn fill_all(&mut self, place: &Place) {
        self.ack(place);
        self.fill(place, place.qty.0);
        self.state(place, OrderStatus::Filled, place.qty.0);
    }

    /// Cancels the rest of an order after `filled`.
    pub fn expire(&mut self, place: &Place, filled: i64) {
        self.ack(place);
        if filled > 0 {
            self.fill(place, filled);
        }
        self.state(place, OrderStatus::Expired, filled);
    }

    // What came out.

    /// The outputs since the last call.
    pub fn take(&mut self) -> Vec<Output> {
        core::mem::take(&mut self.all)
    }

    /// The orders since the last call, everything else forgotten.
    pub fn places(&mut self) -> Vec<Place> {
        places(&self.take())
    }

    /// Exactly two orders, the bought one first.
    pub fn both(&mut self) -> [Place; 2] {
        let places = self.places();
        let [a, b] = places.as_slice() else { panic!("two orders, not {places:?}") };
        if a.side == Side::Buy { [*a, *b] } else { [*b, *a] }
    }

    /// Exactly one order.
    pub fn one(&mut self) -> Place {
        let places = self.places();
        let [one] = places.as_slice() else { panic!("one order, not {places:?}") };
        *one
    }

    /// Two perpetuals 0.8 % apart: the long leg is instrument 0.
    pub fn apart(&mut self) {
        self.quote(0, 4_999_990, 5_000_000);
        self.quote(1, 5_040_000, 5_040_010);
    }

    /// The same books again, fresh.
    pub fn refresh(&mut self) {
        for id in 0..self.core.plan().instruments.list.len() {
            let id = u16::try_from(id).unwrap();
            if let Some((bid, ask)) = self.core.touch(InstrumentId(id)) {
                self.quote(id, bid.0, ask.0);
            }
        }
    }
}

pub fn places(outputs: &[Output]) -> Vec<Place> {
    let place = |o: &Output| if let Output::Place(p) = o { Some(*p) } else { None };
    outputs.iter().filter_map(place).collect()
}

pub fn changes(outputs: &[Output]) -> Vec<PairChange> {
    let change = |o: &Output| if let Output::PairChange(p) = o { Some(*p) } else { None };
    outputs.iter().filter_map(change).collect()
}

pub fn phases(outputs: &[Output]) -> Vec<PairPhase> {
    changes(outputs).iter().map(|change| change.phase).collect()
}

pub fn alarms(outputs: &[Output]) -> Vec<Alarm> {
    let alarm = |o: &Output| if let Output::Alarm(a) = o { Some(*a) } else { None };
    outputs.iter().filter_map(alarm).collect()
}

pub fn codes(outputs: &[Output]) -> Vec<AlarmCode> {
    alarms(outputs).iter().map(|alarm| alarm.code).collect()
}

pub fn queries(outputs: &[Output]) -> Vec<Query> {
    let query = |o: &Output| if let Output::Query(q) = o { Some(*q) } else { None };
    outputs.iter().filter_map(query).collect()
}
