//! The captured minutes, through feeds, core and gateways: as fast as the machine goes, and at ten times the
//! rate they were recorded at.

mod snapshots;

use crate::channel::{LeapClock, framed};
use crate::engine::{Brain, Engine, Wish, counts, why};
use crate::measure::{Digest, Samples, Scale, Timer};
use crate::plan::Eager;
use crate::result::{Kind, Report};
use base::{Clock as _, InstrumentId, Price, Qty, Rate, Span, Stage as _, Stamp, VenueId};
use feeds::message::Level;
use feeds::symbols::Row;
use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;
use telemetry::{Counter, Snapshot};

/// The frames of a capture with the times they were received at, in nanoseconds since 1970.
pub(crate) fn frames(name: &str) -> Vec<(u64, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("a capture of text");
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(time, frame)| Some((time.parse().ok()?, frame.as_bytes().to_vec())))
        .collect()
}

const SPOT: &str = "binance-spot-btcusdt-20240808.rec.gz";
const USDM: &str = "binance-usdm-btcusdt-20240808.rec.gz";
/// How much faster than recorded the paced run is.
const SPEED: u64 = 10;
/// Between two trades, flat out and paced: the orders of either run stay within every venue's budget.
const PAUSES: [Span; 2] = [Span::from_millis(1), Span::from_millis(300)];
/// Frames at the front in which both books become known; not measured.
const FRONT: usize = 400;

/// One frame of the capture, as it comes from a socket.
struct Played {
    at: u64,
    venue: VenueId,
    frame: Rc<[u8]>,
}

impl Played {
    /// What the frame carries: a server's frame has no mask.
    fn text(&self) -> &[u8] {
        let head = match self.frame.get(1) {
            Some(126) => 4,
            Some(127) => 10,
            _ => 2,
        };
        self.frame.get(head..).unwrap_or_default()
    }
}

/// The capture, and what its venues answer by REST: the snapshots that stand in it, and later ones.
struct Tape<'a> {
    played: &'a [Played],
    books: &'a [Book],
    later: &'a [Vec<Book>],
}

/// A REST snapshot.
struct Book {
    row: Row,
    venue: VenueId,
    last: i64,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    let (played, books) = tape();
    let most = scale.of(played.len()).max(FRONT + 200).min(played.len());
    let played = &played[..most];
    report.group(&format!("capture: {} frames of Binance spot and USD-M", played.len()));
    let later = snapshots::of(played, &books);
    let tape = Tape { played, books: &books, later: &later };
    let flat = flat_out(report, timer, &tape);
    let paced = paced(report, timer, &tape);
    if let (Some(flat), Some(paced)) = (flat, paced) {
        assert_eq!(flat, paced, "the same books at both speeds");
    }
}

/// Both captures as one, in the order of arrival, and the snapshots in them.
fn tape() -> (Vec<Played>, Vec<Book>) {
    let (mut played, mut books) = (Vec::new(), Vec::new());
    for (row, name, venue) in [(0, SPOT, VenueId::BinanceSpot), (1, USDM, VenueId::BinanceUsdm)] {
        for (at, text) in frames(name) {
            if text.starts_with(b"{\"lastUpdateId\"") {
                books.push(book(Row(row), venue, &text));
            } else {
                let text = crate::decode::unwrapped(&text);
                played.push(Played { at, venue, frame: framed(&text) });
            }
        }
    }
    played.sort_by_key(|played| played.at);
    (played, books)
}

fn book(row: Row, venue: VenueId, text: &[u8]) -> Book {
    let value: serde_json::Value = serde_json::from_slice(text).expect("JSON");
    let last = value["lastUpdateId"].as_i64().expect("a number");
    Book { row, venue, last, bids: levels(&value["bids"]), asks: levels(&value["asks"]) }
}

fn levels(side: &serde_json::Value) -> Vec<Level> {
    let levels = side.as_array().expect("levels");
    levels
        .iter()
        .map(|level| {
            let number = |at: usize, exp| {
                let text = level[at].as_str().expect("a text");
                base::decimal::parse(text.as_bytes(), exp).expect("a decimal")
            };
            Level { price: Price(number(0, 2)), qty: Qty(number(1, 8)) }
        })
        .collect()
}

impl<'a> Tape<'a> {
    /// What is measured, with the number of each frame.
    fn rest(&self) -> impl ExactSizeIterator<Item = (usize, &'a Played)> + use<'a> {
        self.played.iter().enumerate().skip(FRONT)
    }

    /// Before frame `number`: answers who has asked for a book.
    #[inline]
    fn answer(&self, engine: &mut Engine, number: usize) {
        if number.is_multiple_of(snapshots::EVERY)
            && let Some(books) = self.later.get((number / snapshots::EVERY).wrapping_sub(1))
        {
            give(engine, books);
        }
    }
}

/// Books for the stage that has asked for them.
fn give(engine: &mut Engine, books: &[Book]) {
    for book in books {
        engine.give_snapshot(book.row, book.last, [&book.bids, &book.asks]);
    }
}

/// An engine that has read the front of the capture and knows both books.
fn ready(timer: &Timer, tape: &Tape<'_>, pause: Span) -> (Engine, Brain) {
    let venues = [VenueId::BinanceSpot, VenueId::BinanceUsdm];
    let eager = Eager { rate: Rate(2_000_000_000), pause };
    let wish = Wish { eager: Some(eager), bookless: true, ..Wish::default() };
    let clock = LeapClock::new(timer.clock.clone());
    let (mut engine, mut brain) = Engine::start(clock, &venues, &wish, None);
    for played in tape.played.iter().take(FRONT) {
        engine.line(played.venue).frame(&played.frame);
        engine.clock.leap(2_000_000);
        let now = engine.clock.now();
        engine.round(&mut brain, now);
        engine.housekeep(&mut brain);
        give(&mut engine, tape.books);
        engine.expire_orders();
        engine.hear();
        brain.turn(engine.clock.now());
    }
    // Its gauges are set every quarter of a second.
    engine.clock.leap(300_000_000);
    engine.housekeep(&mut brain);
    assert_eq!(engine.counted().total(Counter::FeedBooksKnown), 2, "both books are known");
    (engine, brain)
}

/// As fast as one thread reads: feed, core, and gateways on one thread, nothing between two frames. A hash
/// of the books at the end.
fn flat_out(report: &mut Report, timer: &Timer, tape: &Tape<'_>) -> Option<u64> {
    let (mut engine, mut brain) = ready(timer, tape, PAUSES[0]);
    let before = engine.counted();
    let inputs = counts(&brain).inputs;
    let rest = tape.rest();
    let frames = rest.len() as f64;
    let (mut decode, mut orders) = (Samples::with_room(rest.len()), Samples::default());
    let begun = timer.now();
    let mut kept_at = begun;
    for (number, played) in rest {
        tape.answer(&mut engine, number);
        engine.line(played.venue).frame(&played.frame);
        let now = engine.clock.now();
        let [read, _] = engine.round(&mut brain, now);
        decode.singles.push((read - now).0.saturating_sub(timer.cost));
        if let Some(ready) = first_order(&engine, now) {
            orders.singles.push((ready - now).0.saturating_sub(timer.cost));
            end_orders(&mut engine, &mut brain);
        }
        let now = timer.now();
        if (now - kept_at).0 >= 100_000 {
            kept_at = now;
            engine.housekeep(&mut brain);
        }
    }
    let took = (timer.now() - begun).0 as f64;
    // Counters of feeds are published about every millisecond.
    engine.clock.leap(2_000_000);
    engine.housekeep(&mut brain);
    let sent = counts(&brain).orders_sent;
    let hash = touches(&brain);
    report.row("capture", "frame to record, flat out", Kind::Ours, &decode.figures(), hash);
    report.row("capture", "frame to order bytes, flat out", Kind::Ours, &orders.figures(), None);
    report.fact("capture: frames/s flat out, one thread", (frames * 1e9 / took).round());
    let records = counts(&brain).inputs - inputs;
    report.fact("capture: records/s into the core", (records as f64 * 1e9 / took).round());
    report.fact("capture: orders on the way, flat out", sent);
    losses(report, "flat out", &before, &engine.counted());
    hash
}

/// When the bytes of the first order since `begun` stood ready, if there is one.
fn first_order(engine: &Engine, begun: Stamp) -> Option<Stamp> {
    engine.desks.iter().map(|desk| desk.orders.stamp()).filter(|at| *at >= begun).min()
}

/// The venues let what was sent expire.
fn end_orders(engine: &mut Engine, brain: &mut Brain) {
    engine.expire_orders();
    engine.hear();
    brain.turn(engine.clock.now());
}

/// Both books' best prices at the end: the same in every run of the same length. `None` when a book was being
/// asked for when the tape ended.
fn touches(brain: &Brain) -> Option<u64> {
    let mut sum = Digest::new();
    for id in [InstrumentId(0), InstrumentId(1)] {
        let (bid, ask) = brain.core().touch(id)?;
        sum.number(bid.0);
        sum.number(ask.0);
    }
    Some(sum.value())
}

/// Nothing may be lost between the two snapshots of the page.
fn losses(report: &mut Report, how: &str, before: &Snapshot, after: &Snapshot) {
    let grown = |counters: &[Counter]| -> u64 {
        counters.iter().map(|counter| after.total(*counter) - before.total(*counter)).sum()
    };
    let refused = [
        Counter::FeedRefusedJson,
        Counter::FeedRefusedMissing,
        Counter::FeedRefusedDecimal,
        Counter::FeedRefusedValue,
        Counter::FeedRefusedUnknown,
        Counter::FeedRefusedSize,
    ];
    report.exactly(&format!("capture {how}: records dropped"), grown(&[Counter::FeedDropped]), 0);
    report.exactly(&format!("capture {how}: messages refused"), grown(&refused), 0);
    let lost = [Counter::FeedGaps, Counter::FeedCrossed, Counter::FeedStale];
    report.exactly(&format!("capture {how}: gaps, crossed, stale"), grown(&lost), 0);
    let asked = grown(&[Counter::FeedResyncs]);
    report.fact(&format!("capture {how}: books asked for, prices left what was known"), asked);
    report.fact(&format!("capture {how}: messages"), grown(&[Counter::FeedMessages]));
    report
        .fact(&format!("capture {how}: left to the full parser"), grown(&[Counter::FeedFallback]));
}

/// At ten times the recorded rate; each frame is due at its time and late by whatever came before it. A hash
/// of the books at the end.
fn paced(report: &mut Report, timer: &Timer, tape: &Tape<'_>) -> Option<u64> {
    let (mut engine, mut brain) = ready(timer, tape, PAUSES[1]);
    let before = engine.counted();
    let rest = tape.rest();
    let first = tape.played.get(FRONT).map_or(0, |played| played.at);
    let mut core = Samples::with_room(rest.len());
    let (mut orders, mut alone) = (Samples::default(), Samples::default());
    let begun = timer.now();
    let mut kept_at = begun;
    for (number, played) in rest {
        tape.answer(&mut engine, number);
        let due = begun + Span((played.at - first) / SPEED);
        idle_until(timer, due, &mut kept_at, &mut engine, &mut brain);
        engine.line(played.venue).frame(&played.frame);
        let now = engine.clock.now();
        let leapt = now - timer.now();
        engine.round(&mut brain, now);
        core.singles.push(timer.since(due));
        if let Some(ready) = first_order(&engine, now) {
            orders.singles.push((ready - (due + leapt)).0);
            alone.singles.push((ready - now).0.saturating_sub(timer.cost));
            end_orders(&mut engine, &mut brain);
        }
    }
    engine.clock.leap(2_000_000);
    engine.housekeep(&mut brain);
    let sent = orders.singles.len();
    let name = format!("{SPEED} x the recorded rate");
    let (hash, figures) = (touches(&brain), core.figures());
    report.row("capture", &format!("due to core, {name}"), Kind::Ours, &figures, hash);
    for (what, samples) in [("frame to order bytes", alone), ("due to order bytes", orders)] {
        let figures = samples.figures();
        report.row("capture", &format!("{what}, {name}"), Kind::Ours, &figures, None);
    }
    report.fact("capture: orders of the paced run", sent);
    assert!(sent > 0, "the capture trades: {}", why(&engine, &brain));
    losses(report, &name, &before, &engine.counted());
    hash
}

/// Spins until `due`, doing what the runner does meanwhile.
fn idle_until(
    timer: &Timer,
    due: Stamp,
    kept_at: &mut Stamp,
    engine: &mut Engine,
    brain: &mut Brain,
) {
    loop {
        let now = timer.now();
        if now >= due {
            return;
        }
        if (now - *kept_at).0 >= 100_000 {
            *kept_at = now;
            engine.housekeep(brain);
        } else {
            engine.hear();
            brain.turn(engine.clock.now());
        }
    }
}
