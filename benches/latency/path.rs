//! A frame in memory to the bytes of the order it causes: the real stages on one thread, and over two ring
//! hops on two threads. Every cycle opens a pair on two venues; the venues let both orders expire, and the next
//! cycle finds everything as it was.

use crate::channel::LeapClock;
use crate::engine::{Brain, Engine, Wish, counts, why};
use crate::joined;
use crate::measure::{Digest, Figures, Samples, Scale, Timer};
use crate::order;
use crate::pin;
use crate::result::{Kind, Report};
use base::{Clock as _, Stage as _, Stamp, VenueId};
use journal::{Journal, Opened, Options};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Where the first venue's bid makes the trade worth it: 0.8 % above the second venue's offer.
const APART: f64 = 62_300.0;

/// A pair of venues whose first order is signed, or is not.
const PAIRS: [(&str, [VenueId; 2], f64); 2] = [
    ("signed, Binance first", [VenueId::BinanceUsdm, VenueId::Bybit], 450.0),
    ("unsigned, OKX first", [VenueId::Okx, VenueId::Bybit], 250.0),
];

/// What one cycle took, step by step.
#[derive(Debug, Default)]
struct Steps {
    feed: Samples,
    strategy: Samples,
    first: Samples,
    both: Samples,
}

impl Steps {
    fn next_round(&mut self) {
        for samples in [&mut self.feed, &mut self.strategy, &mut self.first, &mut self.both] {
            samples.next_round();
        }
    }
}

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    let parts = order::parts(timer, scale);
    for (name, venues, goal) in PAIRS {
        let floor = joined_parts(report, timer, scale, (name, venues[0]), goal, &parts);
        report.group(&format!("path, the live stages on one thread: {name}"));
        let mut steps = Steps::default();
        let mut kept = Steps::default();
        let mut hash = 0;
        for _ in 0..scale.rounds() {
            hash = fused(timer, venues, false, scale.of(2_000), &mut steps);
            let with_journal = fused(timer, venues, true, scale.of(2_000), &mut kept);
            assert_eq!(hash, with_journal, "the same orders with and without the journal");
        }
        rows(report, name, steps, hash, Some((goal, floor)));
        report.group(&format!("path, the live stages with the journal: {name}"));
        rows(report, &format!("{name}, journal"), kept, hash, None);
    }
    let (name, venues, _) = PAIRS[0];
    report.group(&format!("path, two threads, two ring hops: {name}"));
    let (mut samples, mut hash) = (Samples::default(), 0);
    for _ in 0..scale.rounds() {
        hash = two_threads(timer, venues, scale.of(2_000), &mut samples);
        samples.next_round();
    }
    let (figures, hash) = (samples.figures(), Some(hash));
    report.row("path", "frame to order bytes over two hops", Kind::Ours, &figures, hash);
    report.at_most("live path over two hops: p50, ns", figures.round_p50, 900.0, hash);
}

fn rows(report: &mut Report, name: &str, steps: Steps, hash: u64, goal: Option<(f64, f64)>) {
    let Steps { feed, strategy, first, both } = steps;
    let mut row = |what: &str, figures: &Figures, hash| {
        report.row("path", &format!("{what}: {name}"), Kind::Ours, figures, hash);
    };
    row("frame to record", &feed.figures(), None);
    row("record to intent", &strategy.figures(), None);
    let first = first.figures();
    row("frame to first order", &first, Some(hash));
    row("frame to both orders", &both.figures(), None);
    if let Some((most, floor)) = goal {
        goals(report, &format!("live path {name}"), (&first, hash), most, floor);
    }
}

fn goals(report: &mut Report, name: &str, of: (&Figures, u64), most: f64, floor: f64) {
    let (figures, hash) = (of.0, Some(of.1));
    let p50 = figures.round_p50;
    report.at_most(&format!("{name}: p50, ns"), p50, most, hash);
    report.ratio(&format!("{name}: p50 / parts"), p50, ("sum of the parts", floor), 1.8, hash);
    let tail = figures.round_p99;
    report.ratio(&format!("{name}: p99 / p50"), tail, ("its p50", p50), 1.5, hash);
}

/// The parts joined by hand, beside the sum of each alone; returns that sum.
fn joined_parts(
    report: &mut Report,
    timer: &Timer,
    scale: Scale,
    (name, venue): (&str, VenueId),
    goal: f64,
    parts: &order::Parts,
) -> f64 {
    report.group(&format!("path, parts joined by hand: {name}"));
    let mut samples = Samples::default();
    let mut hash = 0;
    for _ in 0..scale.rounds() {
        hash = joined::run(timer, scale, venue, &mut samples);
        samples.next_round();
    }
    let figures = samples.figures();
    let what = format!("frame to order bytes, joined: {name}");
    report.row("path", &what, Kind::Ours, &figures, Some(hash));
    let floor = parts.floor(report, venue);
    goals(report, &format!("joined path {name}"), (&figures, hash), goal, floor);
    floor
}

fn journal() -> (tempfile::TempDir, journal::Writer, journal::Keeper) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.expect("a folder for a journal");
    let instance = base::Instance::new("BNCH").expect("legal");
    let options = Options { ahead: 4, ..Options::new(4 << 20) };
    let Opened { writer, keeper, .. } =
        Journal::open_with(folder.path(), instance, options, |_| b"{}".to_vec())
            .expect("a journal");
    (folder, writer, keeper)
}

/// Cycles on one thread; the hash of the core after them.
fn fused(timer: &Timer, venues: [VenueId; 2], keep: bool, cycles: usize, steps: &mut Steps) -> u64 {
    let clock = LeapClock::new(timer.clock.clone());
    let mut kept = keep.then(journal);
    let writer = kept.take().map(|(folder, writer, keeper)| {
        kept = None;
        (writer, (folder, keeper))
    });
    let (writer, mut keeper) =
        writer.map_or((None, None), |(writer, rest)| (Some(writer), Some(rest)));
    let (mut engine, mut brain) = Engine::start(clock, &venues, &Wish::default(), writer);
    let mut sum = Digest::new();
    for _ in 0..cycles {
        let text = engine.quote(0, APART);
        let frame = crate::channel::framed(text.as_bytes());
        engine.line(venues[0]).frame(&frame);
        let before: Vec<u64> = engine.desks.iter().map(|desk| desk.orders.sent()).collect();
        let begun = engine.clock.now();
        let [read, decided] = engine.round(&mut brain, begun);
        for (desk, before) in engine.desks.iter().zip(before) {
            let sent = desk.orders.sent() - before;
            assert_eq!(sent, 1, "each quote opens one pair: {}", why(&engine, &brain));
        }
        note(timer, &engine, begun, [read, decided], steps);
        sum.bytes(engine.order().as_bytes());
        engine.settle(&mut brain);
        if let Some((_, keeper)) = &mut keeper {
            keeper.turn().expect("the keeper keeps");
            keeper.prune(keeper.written().saturating_sub(1 << 16)).expect("and prunes");
        }
    }
    steps.next_round();
    let done = counts(&brain);
    assert_eq!((done.pairs_abandoned, done.bad_inputs), (cycles as u64, 0), "every pair ended");
    sum.number(i64::try_from(done.orders_sent).unwrap_or(0));
    sum.number(i64::try_from(done.orders_acked).unwrap_or(0));
    sum.value()
}

fn note(timer: &Timer, engine: &Engine, begun: Stamp, marks: [Stamp; 2], steps: &mut Steps) {
    let [read, decided] = marks;
    let mut stamps: Vec<Stamp> = engine.desks.iter().map(|desk| desk.orders.stamp()).collect();
    stamps.sort_unstable();
    let since = |at: Stamp, from: Stamp| (at - from).0.saturating_sub(timer.cost);
    steps.feed.singles.push(since(read, begun));
    steps.strategy.singles.push(since(decided, read));
    steps.first.singles.push(since(stamps[0], begun));
    steps.both.singles.push(since(stamps[stamps.len() - 1], begun));
}

/// Feed and gateway on this thread, the core on another: two hops. A hash of the orders.
fn two_threads(timer: &Timer, venues: [VenueId; 2], cycles: usize, samples: &mut Samples) -> u64 {
    let mut sum = Digest::new();
    let clock = LeapClock::new(timer.clock.clone());
    let (mut engine, brain) = Engine::start(clock.clone(), &venues, &Wish::default(), None);
    let (stop, ended) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| think(brain, &clock, &stop, &ended));
        for cycle in 0..cycles as u64 {
            let text = engine.quote(0, APART);
            let frame = crate::channel::framed(text.as_bytes());
            engine.line(venues[0]).frame(&frame);
            let before: Vec<u64> = engine.desks.iter().map(|desk| desk.orders.sent()).collect();
            let begun = engine.clock.now();
            for feed in &mut engine.feeds {
                feed.turn(begun);
            }
            let all = |engine: &Engine| {
                engine.desks.iter().zip(&before).all(|(desk, before)| desk.orders.sent() > *before)
            };
            wait(&stop, || {
                for gateway in &mut engine.gateways {
                    gateway.react(begun);
                }
                all(&engine)
            });
            let first = engine.desks.iter().map(|desk| desk.orders.stamp()).min();
            samples.singles.push((first.unwrap_or(begun) - begun).0.saturating_sub(timer.cost));
            sum.bytes(engine.order().as_bytes());
            engine.expire_orders();
            engine.hear();
            wait(&stop, || ended.load(Ordering::Acquire) > cycle);
            engine.rest();
            engine.say_quote(0, 61_800.0);
            let now = engine.clock.now();
            for feed in &mut engine.feeds {
                feed.turn(now);
            }
        }
        stop.store(true, Ordering::Release);
    });
    sum.value()
}

/// The other thread: turns of the strategy's stage until `stop`; tells how many pairs have ended.
fn think(mut brain: Brain, clock: &LeapClock, stop: &AtomicBool, ended: &AtomicU64) {
    pin(1);
    // bound: until stop, which the other thread always sets
    while !stop.load(Ordering::Relaxed) {
        if matches!(brain.turn(clock.now()), base::Work::Done(_)) {
            ended.store(counts(&brain).pairs_abandoned, Ordering::Release);
        }
    }
}

/// Spins until `done`, at most a minute; then gives everything up.
fn wait(stop: &AtomicBool, mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    let mut rounds = 0_u32;
    while !done() {
        std::hint::spin_loop();
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(1 << 16) && begun.elapsed().as_secs() > 60 {
            stop.store(true, Ordering::Release);
            panic!("the other thread does not answer");
        }
    }
}
