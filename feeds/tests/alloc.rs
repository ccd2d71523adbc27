//! After it was made, a feed allocates nothing: not for the messages it knows, not for those it must hand to
//! the full parser, not for garbage, gaps, snapshots, lost connections or a full ring. Counted, not promised.

use base::{
    AssetId, Clock, Edge, Instrument, InstrumentId, Instruments, Money, Price, Product, Qty, Rate,
    Record, Scale, Stage, Stamp, VenueId, WallNs,
};
use feeds::decode::{Decoder, Dialect, Directory};
use feeds::errand::PIECE;
use feeds::message::Level;
use feeds::symbols::{Listing, Row};
use feeds::{Answer, FeedErrands, FeedOptions, FeedPlan, FeedStage, FeedTells, Job};
use net::{Channel, CloseReason, ErrandHandle, ErrandPeer, Polled, SendError};
use rings::{Full, Receiver, ring};
use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use telemetry::alloc::{CountingAllocator, counted};
use telemetry::{NoticeSender, Writer};
use venue::Endpoints;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const EDGE: Edge = Edge { price_exp: 8, size_exp: 8, size_factor: 1 };

/// Every golden message of a venue.
fn goldens(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    for folder in folders {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
        for entry in fs::read_dir(path).expect("golden messages") {
            let text = fs::read_to_string(entry.expect("a file").path()).expect("text");
            messages.extend(text.lines().map(|line| line.as_bytes().to_vec()));
        }
    }
    messages
}

/// What no venue should send.
fn garbage() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 9] = [
        b"",
        b"{",
        b"[[[[[[[[",
        b"{\"e\":\"depthUpdate\",\"E\":1",
        b"{\"u\":1,\"s\":\"BTCUSDT\",\"b\":\"NaN\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\"}",
        b"{\"s\":\"BTCUSDT\",\"u\":1,\"A\":\"1\",\"a\":\"2\",\"B\":\"1\",\"b\":\"1\\u0030\"}",
        b"{\"unknown\":[1.5e300,-0.0,true,null,{\"deep\":{\"deeper\":[[[]]]}}]}",
        b"\xff\xfe\x00",
        b"\"\\ud83d\\ude00\"",
    ];
    let mut messages: Vec<Vec<u8>> = texts.iter().map(|text| text.to_vec()).collect();
    messages.push(vec![b'['; 60_000]);
    messages.push(b"{\"a\":".repeat(5_000));
    messages.push([b"[".as_slice(), &b"1,".repeat(30_000), b"1]"].concat());
    messages.push([b"[\"".as_slice(), &b"\\u00e9".repeat(10_000), b"\"]"].concat());
    messages.push(b"1".repeat(60_000));
    messages.push(vec![b' '; 1 << 20]);
    messages
}

#[test]
fn the_counter_counts() {
    let (_, calls) = counted(|| drop(std::hint::black_box(Box::new(7_u64))));
    assert!(calls.allocations >= 1 && calls.frees >= 1, "{calls:?}");
}

#[test]
fn no_message_makes_a_decoder_allocate_not_even_the_first_of_its_kind() {
    for (dialect, folders) in [
        (Dialect::Binance, &["binance-spot", "binance-usdm"][..]),
        (Dialect::Okx, &["okx"]),
        (Dialect::Bybit, &["bybit"]),
    ] {
        let mut directory = Directory::with_room(8);
        for (row, name) in (0..).zip(["BTCUSDT", "BTC-USDT", "BTC-USDT-SWAP", "BNBUSDT"]) {
            directory.instruments.insert(name.as_bytes(), Listing { row: Row(row), edge: EDGE });
        }
        directory.indices.insert(b"BTC-USDT", Listing { row: Row(0), edge: EDGE });
        let messages = [goldens(folders), garbage()].concat();
        let mut decoder = Decoder::new(1 << 16);
        for message in &messages {
            let (found, calls) = counted(|| decoder.decode(dialect, &directory, message));
            assert_eq!(
                (calls.allocations, calls.frees),
                (0, 0),
                "{found:?} of {}",
                String::from_utf8_lossy(&message[..message.len().min(200)])
            );
        }
        assert!(decoder.fallbacks() > 10, "the full parser was used");
    }
}

/// A connection that plays frames and allocates nothing itself.
struct Played {
    frames: Rc<Vec<Vec<u8>>>,
    at: usize,
    until: Rc<Cell<usize>>,
    opens: bool,
    is_open: bool,
    closes: Rc<Cell<bool>>,
    sent: Rc<Cell<usize>>,
    room: Vec<u8>,
}

impl Channel for Played {
    fn poll(&mut self, now: Stamp) -> Polled<'_> {
        if self.opens {
            self.opens = false;
            self.is_open = true;
            return Polled::Opened;
        }
        if self.closes.take() {
            self.is_open = false;
            return Polled::Closed(CloseReason::Eof);
        }
        if !self.is_open || self.at >= self.until.get() {
            return Polled::Idle;
        }
        self.at += 1;
        Polled::Text { bytes: &self.frames[self.at - 1], recv: now }
    }
    fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        write(&mut self.room[..max]);
        self.sent.set(self.sent.get() + 1);
        Ok(())
    }
    fn reopen(&mut self, _now: Stamp) {
        self.opens = true;
    }
    fn renew(&mut self, _now: Stamp) {}
    fn settle(&mut self) {}
    fn redirect(&mut self, _path: &str) {}
    fn is_open(&self) -> bool {
        self.is_open
    }
}

#[derive(Clone)]
struct HandClock(Rc<Cell<u64>>);

impl Clock for HandClock {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs::from_millis(1_790_000_000_000)
    }
}

fn instruments() -> Instruments {
    use Product::{Perpetual, Spot};
    let rows = [
        (VenueId::BinanceSpot, Spot, "BTCUSDT"),
        (VenueId::BinanceUsdm, Perpetual, "BTCUSDT"),
        (VenueId::Okx, Spot, "BTC-USDT"),
        (VenueId::Okx, Perpetual, "BTC-USDT-SWAP"),
        (VenueId::Bybit, Spot, "BTCUSDT"),
        (VenueId::Bybit, Perpetual, "BTCUSDT"),
    ];
    let row = |(id, (venue, product, symbol)): (u16, (VenueId, Product, &str))| Instrument {
        id: InstrumentId(id),
        venue,
        product,
        name: symbol.to_owned(),
        symbol: symbol.to_owned(),
        code: 0,
        base: AssetId(0),
        quote: AssetId(1),
        scale: Scale { price_exp: 8, qty_exp: 8 },
        edge: EDGE,
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate::ZERO,
        fee_taker: Rate::ZERO,
    };
    let list = (0..).zip(rows).map(row).collect();
    Instruments { list, assets: vec!["BTC".to_owned(), "USDT".to_owned()] }
}

/// A stage on played connections.
struct Rig {
    stage: FeedStage<Played, HandClock>,
    clock: HandClock,
    data: ErrandPeer<Job, Answer>,
    records: Receiver<Record>,
    until: Rc<Cell<usize>>,
    closes: Vec<Rc<Cell<bool>>>,
    sent: Rc<Cell<usize>>,
    frames: usize,
}

impl Rig {
    fn new(venues: &[VenueId], frames: Vec<Vec<u8>>, depth: usize) -> Self {
        let every = FeedOptions { trades: true, index: true, ..FeedOptions::default() };
        let options = FeedOptions { message_max: 1 << 16, ..every };
        let plan =
            FeedPlan::new("feed-test", venues, &instruments(), Endpoints::production, &options);
        let (until, sent) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (count, frames) = (frames.len(), Rc::new(frames));
        let closes: Vec<_> = plan.sessions.iter().map(|_| Rc::new(Cell::new(false))).collect();
        let links = closes
            .iter()
            .map(|closes| Played {
                frames: Rc::clone(&frames),
                at: 0,
                until: Rc::clone(&until),
                opens: false,
                is_open: false,
                closes: Rc::clone(closes),
                sent: Rc::clone(&sent),
                room: vec![0; 16_000],
            })
            .collect();
        let (data, peer) = ErrandHandle::pair(1024);
        let (time, _) = ErrandHandle::pair(8);
        let (sender, records) = ring("md-test", depth, Full::DropNew);
        let tells = FeedTells {
            records: sender,
            clocks: None,
            page: Writer::detached(),
            notices: NoticeSender::detached(),
            gauges: [None, None],
        };
        let clock = HandClock(Rc::new(Cell::new(1_000_000_000)));
        let errands = FeedErrands { clock: time, data };
        let stage = FeedStage::new(plan, options, links, errands, tells, clock.clone());
        Self { stage, clock, data: peer, records, until, closes, sent, frames: count }
    }

    /// Turns and housekeeping over `millis`; how often the allocator was called in them.
    fn pass(&mut self, millis: u64) -> u64 {
        let mut count = 0;
        for _ in 0..millis {
            self.clock.0.set(self.clock.0.get() + 1_000_000);
            let now = self.clock.now();
            let ((), calls) = counted(|| {
                self.stage.housekeep(now);
                self.stage.turn(now);
                self.stage.react(now);
            });
            count += calls.allocations + calls.frees;
        }
        count
    }
}

#[test]
fn no_turn_of_a_stage_allocates_whatever_comes() {
    for (venues, folders) in [
        (&[VenueId::BinanceSpot, VenueId::BinanceUsdm][..], &["binance-spot", "binance-usdm"][..]),
        (&[VenueId::Okx], &["okx"]),
        (&[VenueId::Bybit], &["bybit"]),
    ] {
        let frames = [goldens(folders), garbage()].concat();
        let mut rig = Rig::new(venues, frames, 1 << 16);
        assert_eq!(rig.pass(1_000), 0, "opening and subscribing");
        assert!(rig.sent.get() > 0, "it subscribed");
        rig.until.set(rig.frames);
        assert_eq!(rig.pass(3_000), 0, "every message and what it leads to");
        assert!(rig.records.pop().is_some(), "the core was told something");
        // A snapshot for every book that wants one, and one that fails.
        let mut jobs = Vec::with_capacity(64);
        jobs.extend(core::iter::from_fn(|| rig.data.next_job()));
        for job in jobs {
            let Job::Snapshot { row, .. } = job else { continue };
            let levels = [Level { price: Price(1), qty: Qty(1) }; PIECE];
            let piece = Answer::Levels { row, bids: true, count: 16, levels };
            for answer in [
                Answer::Begin { row, last_update: 1 },
                piece,
                Answer::End { row, cut: true },
                Answer::Failed { job, status: 429 },
            ] {
                rig.data.answer(answer).expect("room for answers");
            }
        }
        assert_eq!(rig.pass(2_000), 0, "snapshots");
        for closes in &rig.closes {
            closes.set(true);
        }
        assert_eq!(rig.pass(40_000), 0, "lost connections, silence, watchdogs");
    }
}

#[test]
fn a_full_ring_makes_a_stage_hold_what_it_may_not_lose_without_allocating() {
    let frames = [goldens(&["bybit"]), goldens(&["bybit"])].concat();
    let mut rig = Rig::new(&[VenueId::Bybit], frames, 2);
    assert_eq!(rig.pass(100), 0);
    rig.until.set(rig.frames);
    assert_eq!(rig.pass(500), 0, "nobody reads");
    // bound: the test's watchdog is the number of rounds
    for _ in 0..500 {
        let _ = rig.records.pop();
        assert_eq!(rig.pass(1), 0, "somebody reads again");
    }
    assert!(rig.records.pop().is_none(), "everything has left");
}
