//! After a paper stage has opened, nothing it does allocates: market, orders of every style, cancels,
//! funding, reconciliations, a slow core. Counted by the allocator itself.

use base::input::{Depth, Funding, Mark, Quote, Sweep, Trade};
use base::output::{Cancel, CancelAll, Output, Place, Query, Style};
use base::{
    AssetId, Clock, Edge, Input, Instrument, InstrumentId, Instruments, Money, OrderId, PairId,
    Price, Product, Qty, Rate, Record, Scale, Side, Span, Stage, Stamp, VenueId, WallNs,
};
use paper::{Opening, PaperParts, PaperStage, Terms};
use rings::{Fence, Flag, Full, Receiver, Sender, ring};
use std::cell::Cell;
use std::rc::Rc;
use telemetry::alloc::{CountingAllocator, counted};
use telemetry::{NoticeSender, Writer};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[derive(Clone, Debug)]
struct HandClock(Rc<Cell<u64>>);

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs(1_700_000_000_000_000_000 + i64::try_from(self.0.get()).unwrap())
    }
}

const VENUE: VenueId = VenueId::Okx;
const PERP: InstrumentId = InstrumentId(0);

struct World {
    stage: PaperStage<HandClock>,
    clock: HandClock,
    intents: Sender<Record>,
    market: Sender<Record>,
    reports: Receiver<Record>,
    orders: u64,
}

fn instruments() -> Instruments {
    let instrument = |id, product| Instrument {
        id: InstrumentId(id),
        venue: VENUE,
        product,
        name: String::new(),
        symbol: String::new(),
        code: 0,
        base: AssetId(0),
        quote: AssetId(1),
        scale: Scale { price_exp: 1, qty_exp: 3 },
        edge: Edge { price_exp: 1, size_exp: 3, size_factor: 1 },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate(0),
        fee_taker: Rate(500_000_000),
    };
    let list = vec![instrument(0, Product::Perpetual), instrument(1, Product::Spot)];
    Instruments { list, assets: vec!["BTC".to_owned(), "USDT".to_owned()] }
}

impl World {
    fn new() -> Self {
        let clock = HandClock(Rc::new(Cell::new(1_000_000_000)));
        let (market, market_in) = ring("clk-test", 1_024, Full::DropNew);
        let (intents, intents_in) = ring("ord-test", 256, Full::Halt);
        // So small that most of what is told has to wait.
        let (reports_out, reports) = ring("rep-test", 4, Full::Halt);
        let cash = [0, 1].map(|asset| (VENUE, AssetId(asset), Money::from_whole(1_000_000)));
        let stage = PaperStage::open(PaperParts {
            name: "gw-test",
            venues: &[VENUE],
            instruments: &instruments(),
            terms: Terms {
                latency: Span::from_millis(1),
                probe: Money::from_whole(1_000),
                quote_age: Span::from_secs(1),
                leverage: Rate::ONE,
                epoch: 1,
            },
            opening: &Opening { cash: cash.to_vec(), held: Vec::new() },
            intents: intents_in,
            reports: reports_out,
            market: market_in,
            gauge: None,
            kill: Flag::new(),
            fence: Fence::none(),
            clock: clock.clone(),
            page: Writer::detached(),
            notices: NoticeSender::detached(),
        });
        Self { stage, clock, intents, market, reports, orders: 0 }
    }

    fn tell(&mut self, input: Input) {
        self.market.push(input.record(self.clock.now())).unwrap();
    }

    fn intend(&mut self, output: Output) {
        self.intents.push(output.record(self.clock.now())).unwrap();
    }

    /// Gives turns until all that is told was taken; how many records that were.
    fn settle(&mut self) -> usize {
        self.clock.0.set(self.clock.0.get() + 1_000_000);
        let mut heard = 0;
        for _ in 0..4_000 {
            self.stage.housekeep(self.clock.now());
            self.stage.turn(self.clock.now());
            while self.reports.pop().is_some() {
                heard += 1;
            }
        }
        heard
    }

    fn show(&mut self, bid: i64) {
        let (venue, venue_time) = (VENUE, WallNs::NONE);
        for instrument in [PERP, InstrumentId(1)] {
            let (bid, ask, qty) = (Price(bid), Price(bid + 2), Qty(300));
            self.tell(Input::Quote(Quote {
                venue,
                instrument,
                bid,
                bid_qty: qty,
                ask,
                ask_qty: qty,
                venue_time,
            }));
            let sweep = Some(Sweep { average: Price(ask.0 + 5), limit: Price(ask.0 + 10) });
            self.tell(Input::Depth(Depth { venue, instrument, bid: None, ask: sweep, venue_time }));
        }
    }

    fn place(&mut self, side: Side, style: Style, price: i64) {
        for instrument in [PERP, InstrumentId(1)] {
            self.orders += 1;
            self.intend(Output::Place(Place {
                venue: VENUE,
                instrument,
                order: OrderId::new(1, self.orders),
                side,
                style,
                reduce_only: false,
                price: Price(price),
                qty: Qty(400),
                cause: self.clock.now(),
                pair: PairId(1),
                version: 1,
            }));
        }
    }

    /// A bit of everything.
    fn day(&mut self) -> usize {
        let (venue, instrument, venue_time) = (VENUE, PERP, WallNs::NONE);
        let mark = Some(Price(10_000));
        self.tell(Input::Mark(Mark { venue, instrument, mark, index: None, venue_time }));
        let next = WallNs(self.clock.wall().0 + 1_500_000);
        let (rate, interval) = (Rate(100_000_000), Some(Span::from_millis(1)));
        self.tell(Input::Funding(Funding { venue, instrument, rate, interval, next, venue_time }));
        self.show(10_000);
        let mut heard = self.settle();
        for style in [Style::Ioc, Style::Market, Style::Limit, Style::PostOnly] {
            for side in [Side::Buy, Side::Sell] {
                self.place(side, style, 10_001);
            }
        }
        heard += self.settle();
        self.show(9_990);
        let (taker, price, qty) = (Side::Buy, Price(10_005), Qty(9_000));
        let trade = Trade { venue, instrument, taker, price, qty, trade_id: 1, venue_time };
        self.tell(Input::Trade(trade));
        self.show(10_010);
        heard += self.settle();
        let order = OrderId::new(1, self.orders);
        self.intend(Output::Query(Query { venue, instrument, order }));
        self.intend(Output::Cancel(Cancel { venue, instrument, order, cause: Stamp(0) }));
        self.intend(Output::CancelAll(CancelAll { venue, instrument: InstrumentId::ALL }));
        heard += self.settle();
        self.clock.0.set(self.clock.0.get() + 31_000_000_000);
        heard + self.settle()
    }
}

#[test]
fn a_day_on_paper_allocates_nothing() {
    let mut world = World::new();
    let mut heard = 0;
    let (_, calls) = counted(|| {
        for _ in 0..3 {
            heard += world.day();
        }
    });
    assert!(heard > 100, "{heard} records");
    assert_eq!(calls.allocations, 0);
    assert_eq!(calls.frees, 0);
}
