//! What the tests of the stage stand on: instruments, a clock turned by hand, links in memory.

use crate::errand::{Answer, Job};
use crate::options::FeedOptions;
use crate::plan::{FeedPlan, Line};
use crate::stage::{FeedErrands, FeedStage, FeedTells};
use base::input::BookHealth;
use base::{
    AssetId, Clock, Edge, Input, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty,
    Rate, Record, Scale, Span, Stage, Stamp, VenueId, WallNs, Work,
};
use net::{ErrandHandle, ErrandPeer, MemoryChannel, MemoryPeer};
use rings::{Full, Receiver, ring};
use std::cell::Cell;
use std::rc::Rc;
use telemetry::{NoticeSender, Writer};
use venue::Endpoints;

/// Wall time where the tests begin.
pub(crate) const BEGIN_MS: i64 = 1_790_000_000_000;
/// Monotonic time where the tests begin.
const BEGIN: u64 = 1_000_000_000_000;

/// A clock that moves when it is told to. The venues' clocks agree with its wall.
#[derive(Clone, Debug)]
pub(crate) struct HandClock(Rc<Cell<u64>>);

impl HandClock {
    fn wall_ms(&self) -> i64 {
        BEGIN_MS + i64::try_from((self.0.get() - BEGIN) / 1_000_000).unwrap()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs::from_millis(self.wall_ms())
    }
}

/// One instrument with two price decimals and three of quantity.
pub(crate) fn instrument(
    id: u16,
    venue: VenueId,
    product: Product,
    symbol: &str,
    factor: i64,
) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        venue,
        product,
        name: format!("name of {symbol}"),
        symbol: symbol.to_owned(),
        code: 0,
        base: AssetId(0),
        quote: AssetId(1),
        scale: Scale { price_exp: 2, qty_exp: 3 },
        edge: Edge { price_exp: 2, size_exp: 3, size_factor: factor },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate::ZERO,
        fee_taker: Rate::ZERO,
    }
}

/// Two assets and a few instruments on every venue.
pub(crate) fn instruments() -> Instruments {
    use Product::{Perpetual, Spot};
    use VenueId::{BinanceSpot, BinanceUsdm, Bybit, Okx};
    let rows = [
        (BinanceSpot, Spot, "BTCUSDT"),
        (BinanceUsdm, Perpetual, "BTCUSDT"),
        (BinanceUsdm, Perpetual, "ETHUSDT"),
        (Okx, Spot, "BTC-USDT"),
        (Okx, Perpetual, "BTC-USDT-SWAP"),
        (Bybit, Spot, "BTCUSDT"),
        (Bybit, Perpetual, "BTCUSDT"),
    ];
    let list = (0..)
        .zip(rows)
        .map(|(id, (venue, product, symbol))| instrument(id, venue, product, symbol, 1))
        .collect();
    Instruments { list, assets: vec!["BTC".to_owned(), "USDT".to_owned()] }
}

/// A stage on memory links, and everything a test plays to it.
pub(crate) struct Rig {
    pub(crate) stage: FeedStage<MemoryChannel, HandClock>,
    pub(crate) peers: Vec<(Line, MemoryPeer)>,
    pub(crate) data: ErrandPeer<Job, Answer>,
    clocks: ErrandPeer<Job, Answer>,
    records: Receiver<Record>,
    /// What the gateway of the same venues is told.
    pub(crate) told: Receiver<Record>,
    clock: HandClock,
    /// Answers time questions by itself.
    pub(crate) answers_time: bool,
}

impl Rig {
    pub(crate) fn new(venues: &[VenueId]) -> Self {
        let options = FeedOptions { probe: Money::from_whole(100), ..FeedOptions::default() };
        Self::with(venues, options, 1024)
    }

    /// With every channel.
    pub(crate) fn with(venues: &[VenueId], mut options: FeedOptions, depth: usize) -> Self {
        (options.trades, options.index) = (true, true);
        Self::as_wished(venues, &options, depth)
    }

    /// With the channels that the options say.
    pub(crate) fn as_wished(venues: &[VenueId], options: &FeedOptions, depth: usize) -> Self {
        let options = FeedOptions { message_max: 1 << 16, ..options.clone() };
        let instruments = instruments();
        let plan =
            FeedPlan::new("feed-test", venues, &instruments, Endpoints::production, &options);
        let (links, peers): (Vec<_>, Vec<_>) = plan
            .sessions
            .iter()
            .map(|session| {
                let (link, peer) = MemoryChannel::pair();
                peer.answer_dials();
                (link, (session.line, peer))
            })
            .unzip();
        let (data, data_peer) = ErrandHandle::pair(1024);
        let (time, time_peer) = ErrandHandle::pair(64);
        let (records, receiver) = ring("md-test", depth, Full::DropNew);
        let (clocks, told) = ring("clk-test", 64, Full::DropNew);
        let tells = FeedTells {
            records,
            clocks: Some(clocks),
            page: Writer::detached(),
            notices: NoticeSender::detached(),
            gauges: [None, None],
        };
        let clock = HandClock(Rc::new(Cell::new(BEGIN)));
        let errands = FeedErrands { clock: time, data };
        let stage = FeedStage::new(plan, options, links, errands, tells, clock.clone());
        Self {
            stage,
            peers,
            data: data_peer,
            clocks: time_peer,
            records: receiver,
            told,
            clock,
            answers_time: true,
        }
    }

    /// Lets that many milliseconds pass, with a turn in each.
    pub(crate) fn pass(&mut self, millis: u64) -> Work {
        let mut work = Work::Idle;
        for _ in 0..millis {
            self.clock.0.set(self.clock.0.get() + 1_000_000);
            let now = self.clock.now();
            self.stage.housekeep(now);
            work = work.and(self.turns(now));
            if self.answers_time {
                // bound: the venues
                while let Some(Job::Time(venue)) = self.clocks.next_job() {
                    let time = self.clock.wall();
                    let answer = Answer::Time { venue, sent: now, received: now, time };
                    self.clocks.answer(answer).unwrap();
                }
            }
        }
        work
    }

    /// Turns until the stage has no more, as a thread gives them.
    fn turns(&mut self, now: Stamp) -> Work {
        let mut work = self.stage.turn(now);
        // bound: what was played
        while self.stage.has_more() {
            work = work.and(self.stage.turn(now));
        }
        work
    }

    /// One turn, and what the core was told in it.
    pub(crate) fn turn(&mut self) -> (Work, Vec<Input>) {
        let work = self.stage.turn(self.clock.now());
        (work, self.inputs())
    }

    /// Long steps, for waits of seconds and hours.
    pub(crate) fn pass_slowly(&mut self, span: Span, step: Span) {
        for _ in 0..span.0 / step.0 {
            self.clock.0.set(self.clock.0.get() + step.0 - 1_000_000);
            self.pass(1);
        }
    }

    pub(crate) fn wall_ms(&self) -> i64 {
        self.clock.wall_ms()
    }

    pub(crate) fn peer(&self, line: Line) -> &MemoryPeer {
        &self.peers.iter().find(|(of, _)| *of == line).expect("a connection of that line").1
    }

    /// Sends a text on a line and gives the stage a turn.
    pub(crate) fn say(&mut self, line: Line, text: &str) {
        self.peer(line).text(text.as_bytes());
        self.pass(1);
    }

    /// Every record so far.
    pub(crate) fn inputs(&mut self) -> Vec<Input> {
        core::iter::from_fn(|| self.records.pop())
            .map(|record| Input::read(&record).expect("a record the core can read"))
            .collect()
    }

    /// Every record so far but those about clocks.
    pub(crate) fn market(&mut self) -> Vec<Input> {
        let mut inputs = self.inputs();
        inputs.retain(|input| !matches!(input, Input::ClockState(_)));
        inputs
    }

    /// The health of an instrument after everything so far; `None` when nothing new was said of it.
    pub(crate) fn health(&mut self, instrument: u16) -> Option<BookHealth> {
        healths(&self.inputs(), instrument).last().copied()
    }

    /// The next job of a kind other than what is asked regularly.
    pub(crate) fn snapshot_job(&mut self) -> Option<Job> {
        core::iter::from_fn(|| self.data.next_job()).find(|job| matches!(job, Job::Snapshot { .. }))
    }

    /// Answers a snapshot: levels as whole numbers of price and quantity units.
    pub(crate) fn answer_snapshot(
        &mut self,
        row: crate::symbols::Row,
        last_update: i64,
        bids: &[(i64, i64)],
        asks: &[(i64, i64)],
    ) {
        use crate::errand::PIECE;
        use crate::message::Level;
        self.data.answer(Answer::Begin { row, last_update }).unwrap();
        for (is_bids, side) in [(true, bids), (false, asks)] {
            for part in side.chunks(PIECE) {
                let mut levels = [Level::default(); PIECE];
                for (place, (price, qty)) in levels.iter_mut().zip(part) {
                    *place = Level { price: Price(*price), qty: Qty(*qty) };
                }
                let count = u8::try_from(part.len()).unwrap();
                self.data.answer(Answer::Levels { row, bids: is_bids, count, levels }).unwrap();
            }
        }
        self.data.answer(Answer::End { row, cut: false }).unwrap();
    }
}

/// What was said of an instrument's health, in order.
pub(crate) fn healths(inputs: &[Input], instrument: u16) -> Vec<BookHealth> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::BookState(state) if state.instrument.0 == instrument => Some(state.state),
            _ => None,
        })
        .collect()
}
