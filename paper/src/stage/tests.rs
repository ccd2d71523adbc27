//! The desk behind its rings, with a clock turned by hand: intents and market in, reports out.

use super::*;
use base::input::{
    Balance, BookHealth, BookState, ClockState, Depth, Fill, Funding, FundingPaid, Mark,
    OrderState, OrderStatus, Position, Quote, ReconcilePhase, Sweep, Trade,
};
use base::output::{Cancel, Query, Style};
use base::{
    AssetId, Edge, Instrument, Money, OrderId, PairId, Price, Product, Qty, Rate, Scale, Side, Span,
};
use rings::{Full, ring};
use std::cell::Cell;
use std::rc::Rc;

mod account;
mod orders;
mod properties;
mod taking;

#[derive(Clone, Debug)]
struct HandClock(Rc<Cell<u64>>);

/// Wall time at the hand clock's zero, a multiple of eight hours.
const DAY: i64 = 1_699_920_000_000_000_000;

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs(DAY + i64::try_from(self.0.get()).unwrap())
    }
}

const PERP: InstrumentId = InstrumentId(0);
const SPOT: InstrumentId = InstrumentId(1);
const ELSEWHERE: InstrumentId = InstrumentId(2);
const BTC: AssetId = AssetId(0);
const USDT: AssetId = AssetId(1);
/// Prices in tenths, quantities in thousandths.
const SCALE: Scale = Scale { price_exp: 1, qty_exp: 3 };
const LATENCY_MS: u64 = 20;

fn venue_of(id: InstrumentId) -> VenueId {
    match id {
        PERP => VenueId::BinanceUsdm,
        SPOT => VenueId::BinanceSpot,
        _ => VenueId::Okx,
    }
}

fn instruments() -> Instruments {
    let instrument = |id, product| Instrument {
        id,
        venue: venue_of(id),
        product,
        name: "BTC/USDT".to_owned(),
        symbol: "BTCUSDT".to_owned(),
        code: 0,
        base: BTC,
        quote: USDT,
        scale: SCALE,
        edge: Edge { price_exp: 1, size_exp: 3, size_factor: 1 },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate(200_000_000),
        fee_taker: Rate(500_000_000),
    };
    let list = vec![
        instrument(PERP, Product::Perpetual),
        instrument(SPOT, Product::Spot),
        instrument(ELSEWHERE, Product::Perpetual),
    ];
    Instruments { list, assets: vec!["BTC".to_owned(), "USDT".to_owned()] }
}

fn terms() -> Terms {
    Terms {
        latency: Span::from_millis(LATENCY_MS),
        probe: Money::from_whole(1_000),
        quote_age: Span::from_secs(1),
        leverage: Rate(10_000_000_000_000),
        epoch: 7,
    }
}

/// What the accounts of both venues begin with.
fn opening(usdt: i64, btc: i64) -> Opening {
    let of = |venue| [(venue, USDT, Money::from_whole(usdt)), (venue, BTC, Money::from_whole(btc))];
    let cash = [VenueId::BinanceSpot, VenueId::BinanceUsdm].into_iter().flat_map(of).collect();
    Opening { cash, held: Vec::new() }
}

struct World {
    stage: PaperStage<HandClock>,
    clock: HandClock,
    market: Sender<Record>,
    intents: Sender<Record>,
    reports: Receiver<Record>,
    kill: Flag,
    fence: Fence,
    orders: u64,
}

impl World {
    fn new() -> Self {
        Self::with(&opening(10_000, 1), 4_096)
    }

    fn with(opening: &Opening, depth: usize) -> Self {
        let clock = HandClock(Rc::new(Cell::new(1_000_000_000)));
        let (market, market_in) = ring("clk-test", 8_192, Full::DropNew);
        let (intents, intents_in) = ring("ord-test", 256, Full::Halt);
        let (reports_out, reports) = ring("rep-test", depth, Full::Halt);
        let (kill, fence) = (Flag::new(), Fence::none());
        let parts = PaperParts {
            name: "gw-test",
            venues: &[VenueId::BinanceSpot, VenueId::BinanceUsdm],
            instruments: &instruments(),
            terms: terms(),
            opening,
            intents: intents_in,
            reports: reports_out,
            market: market_in,
            gauge: None,
            kill: kill.clone(),
            fence: fence.clone(),
            clock: clock.clone(),
            page: Writer::detached(),
            notices: NoticeSender::detached(),
        };
        let stage = PaperStage::open(parts);
        Self { stage, clock, market, intents, reports, kill, fence, orders: 0 }
    }

    /// Started, with a book of 1.000 at 999.9 and 1000.1 in both instruments, and nothing to report.
    fn trading() -> Self {
        let mut world = Self::new();
        world.step();
        for id in [PERP, SPOT] {
            world.quote(id, (9_999, 1_000), (10_001, 1_000));
        }
        world.step();
        world.heard();
        world
    }

    fn now(&self) -> Stamp {
        self.clock.now()
    }

    fn wait(&mut self, ms: u64) {
        self.clock.0.set(self.clock.0.get() + ms * 1_000_000);
    }

    /// Housekeeping and a turn at this moment.
    fn step(&mut self) {
        self.stage.housekeep(self.now());
        self.stage.turn(self.now());
    }

    /// Time passes until everything sent has arrived.
    fn arrive(&mut self) {
        self.stage.turn(self.now());
        self.wait(LATENCY_MS);
        self.step();
    }

    fn tell(&mut self, input: Input) {
        self.market.push(input.record(self.now())).unwrap();
    }

    fn quote(&mut self, instrument: InstrumentId, bid: (i64, i64), ask: (i64, i64)) {
        self.tell(Input::Quote(Quote {
            venue: venue_of(instrument),
            instrument,
            bid: Price(bid.0),
            bid_qty: Qty(bid.1),
            ask: Price(ask.0),
            ask_qty: Qty(ask.1),
            venue_time: WallNs::NONE,
        }));
    }

    fn order(&mut self, instrument: InstrumentId, side: Side, price: i64, qty: i64) -> Place {
        self.orders += 1;
        Place {
            venue: venue_of(instrument),
            instrument,
            order: OrderId::new(7, self.orders),
            side,
            style: Style::Ioc,
            reduce_only: false,
            price: Price(price),
            qty: Qty(qty),
            cause: self.now(),
            pair: PairId(1),
            version: 1,
        }
    }

    fn intend(&mut self, output: Output) {
        self.intents.push(output.record(self.now())).unwrap();
    }

    /// Sends an order and lets it arrive; all that was told of it.
    fn trade(&mut self, place: Place) -> Vec<Input> {
        self.intend(Output::Place(place));
        self.arrive();
        self.heard()
    }

    fn heard(&mut self) -> Vec<Input> {
        std::iter::from_fn(|| self.reports.pop()).map(|r| Input::read(&r).unwrap()).collect()
    }
}

fn fills(heard: &[Input]) -> Vec<(i64, i64)> {
    let fill = |input: &Input| match input {
        Input::Fill(fill) => Some((fill.price.0, fill.qty.0)),
        _ => None,
    };
    heard.iter().filter_map(fill).collect()
}

fn states(heard: &[Input]) -> Vec<(OrderStatus, i64)> {
    let state = |input: &Input| match input {
        Input::OrderState(state) => Some((state.status, state.filled.0)),
        _ => None,
    };
    heard.iter().filter_map(state).collect()
}

fn refusal(heard: &[Input]) -> Option<RejectClass> {
    heard.iter().find_map(|input| match input {
        Input::Reject(reject) => Some(reject.class),
        _ => None,
    })
}

fn position(heard: &[Input]) -> Option<Position> {
    heard.iter().rev().find_map(|input| match input {
        Input::Position(position) => Some(*position),
        _ => None,
    })
}

fn balance(heard: &[Input], venue: VenueId, asset: AssetId) -> Option<Balance> {
    heard.iter().rev().find_map(|input| match input {
        Input::Balance(balance) if (balance.venue, balance.asset) == (venue, asset) => {
            Some(*balance)
        }
        _ => None,
    })
}

fn money(text: &str) -> Money {
    Money::parse(text.as_bytes()).unwrap()
}
