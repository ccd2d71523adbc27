//! The captured minutes, through feeds, core and gateways: as fast as the machine goes, and at ten times the
//! rate they were recorded at.

use crate::channel::{LeapClock, framed};
use crate::engine::{Brain, Engine, Wish, counts, why};
use crate::measure::{Digest, Samples, Scale, Timer};
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
/// Flat out, the venues' budgets are whole again and the next order may leave after so many frames.
const ORDER_EVERY: usize = 100;
/// Frames at the front in which both books become known; not measured.
const FRONT: usize = 400;

/// One frame of the capture, as it comes from a socket.
struct Played {
    at: u64,
    venue: VenueId,
    frame: Rc<[u8]>,
}

/// A REST snapshot that stands in a capture.
struct Book {
    row: Row,
    last: i64,
    bids: Vec<Level>,
    asks: Vec<Level>,
}

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    let (played, books) = tape();
    let most = scale.of(played.len()).max(FRONT + 200).min(played.len());
    let played = &played[..most];
    report.group(&format!("capture: {} frames of Binance spot and USD-M", played.len()));
    let flat = flat_out(report, timer, played, &books);
    let paced = paced(report, timer, played, &books);
    assert_eq!(flat, paced, "the same books at both speeds");
}

/// Both captures as one, in the order of arrival, and the snapshots in them.
fn tape() -> (Vec<Played>, Vec<Book>) {
    let (mut played, mut books) = (Vec::new(), Vec::new());
    for (row, name, venue) in [(0, SPOT, VenueId::BinanceSpot), (1, USDM, VenueId::BinanceUsdm)] {
        for (at, text) in frames(name) {
            if text.starts_with(b"{\"lastUpdateId\"") {
                books.push(book(Row(row), &text));
            } else {
                let text = crate::decode::unwrapped(&text);
                played.push(Played { at, venue, frame: framed(&text) });
            }
        }
    }
    played.sort_by_key(|played| played.at);
    (played, books)
}

fn book(row: Row, text: &[u8]) -> Book {
    let value: serde_json::Value = serde_json::from_slice(text).expect("JSON");
    let side = |key: &str| {
        let levels = value[key].as_array().expect("levels");
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
    };
    let last = value["lastUpdateId"].as_i64().expect("a number");
    Book { row, last, bids: side("bids"), asks: side("asks") }
}

/// An engine that has read the front of the capture and knows both books.
fn ready(timer: &Timer, played: &[Played], books: &[Book]) -> (Engine, Brain) {
    let venues = [VenueId::BinanceSpot, VenueId::BinanceUsdm];
    let wish = Wish { eager: Some(Rate(2_000_000_000)), bookless: true, ..Wish::default() };
    let clock = LeapClock::new(timer.clock.clone());
    let (mut engine, mut brain) = Engine::start(clock, &venues, &wish, None);
    for played in played.iter().take(FRONT) {
        engine.line(played.venue).frame(&played.frame);
        engine.clock.leap(2_000_000);
        let now = engine.clock.now();
        engine.round(&mut brain, now);
        engine.housekeep(&mut brain);
        for book in books {
            engine.give_snapshot(book.row, book.last, [&book.bids, &book.asks]);
        }
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
fn flat_out(report: &mut Report, timer: &Timer, played: &[Played], books: &[Book]) -> u64 {
    let (mut engine, mut brain) = ready(timer, played, books);
    let before = engine.counted();
    let inputs = counts(&brain).inputs;
    let rest = &played[FRONT.min(played.len())..];
    let (mut decode, mut orders) = (Samples::with_room(rest.len()), Samples::default());
    let begun = timer.now();
    let mut kept_at = begun;
    for (number, played) in rest.iter().enumerate() {
        engine.line(played.venue).frame(&played.frame);
        let now = engine.clock.now();
        let [read, _] = engine.round(&mut brain, now);
        decode.singles.push((read - now).0.saturating_sub(timer.cost));
        if let Some(ready) = first_order(&engine, now) {
            orders.singles.push((ready - now).0.saturating_sub(timer.cost));
            end_orders(&mut engine, &mut brain);
        }
        if number % ORDER_EVERY == 0 {
            engine.rest();
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
    report.row("capture", "frame to record, flat out", Kind::Ours, &decode.figures(), Some(hash));
    report.row("capture", "frame to order bytes, flat out", Kind::Ours, &orders.figures(), None);
    report.fact("capture: frames/s flat out, one thread", (rest.len() as f64 * 1e9 / took).round());
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

/// Both books' best prices at the end: the same in every run of the same length.
fn touches(brain: &Brain) -> u64 {
    let mut sum = Digest::new();
    for id in [InstrumentId(0), InstrumentId(1)] {
        let (bid, ask) = brain.core().touch(id).expect("a known book");
        sum.number(bid.0);
        sum.number(ask.0);
    }
    sum.value()
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
    report.exactly(&format!("capture {how}: gaps"), grown(&[Counter::FeedGaps]), 0);
    report.fact(&format!("capture {how}: messages"), grown(&[Counter::FeedMessages]));
    report
        .fact(&format!("capture {how}: left to the full parser"), grown(&[Counter::FeedFallback]));
}

/// At ten times the recorded rate; each frame is due at its time and late by whatever came before it. A hash
/// of the books at the end.
fn paced(report: &mut Report, timer: &Timer, played: &[Played], books: &[Book]) -> u64 {
    let (mut engine, mut brain) = ready(timer, played, books);
    let before = engine.counted();
    let rest = &played[FRONT.min(played.len())..];
    let first = rest.first().map_or(0, |played| played.at);
    let (mut core, mut orders) = (Samples::with_room(rest.len()), Samples::default());
    let begun = timer.now();
    let mut kept_at = begun;
    for played in rest {
        let due = begun + Span((played.at - first) / SPEED);
        idle_until(timer, due, &mut kept_at, &mut engine, &mut brain);
        engine.line(played.venue).frame(&played.frame);
        let now = engine.clock.now();
        let leapt = now - timer.now();
        engine.round(&mut brain, now);
        core.singles.push(timer.since(due));
        if let Some(ready) = first_order(&engine, now) {
            orders.singles.push((ready - (due + leapt)).0);
            end_orders(&mut engine, &mut brain);
        }
    }
    engine.clock.leap(2_000_000);
    engine.housekeep(&mut brain);
    let sent = orders.singles.len();
    let name = format!("{SPEED} x the recorded rate");
    let (hash, figures) = (touches(&brain), core.figures());
    report.row("capture", &format!("due to core, {name}"), Kind::Ours, &figures, Some(hash));
    report.row(
        "capture",
        &format!("due to order bytes, {name}"),
        Kind::Ours,
        &orders.figures(),
        None,
    );
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
