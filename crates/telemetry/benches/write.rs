//! What a hot thread pays to count, to record and to know the time.
//!
//! `cargo bench -p telemetry`.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]
use base::{Clock, InstrumentId, Stamp};
use std::hint::black_box;
use std::time::Instant;
use telemetry::{Counter, Hist, HostClock, Notice, NoticeCode, NoticeSender, Page, Regime};

const ROUNDS: u64 = 5_000_000;
const REPEATS: usize = 7;

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn measure(name: &str, mut work: impl FnMut(u64)) {
    let mut row: Vec<f64> = Vec::new();
    for _ in 0..REPEATS {
        let start = Instant::now();
        (0..ROUNDS).for_each(&mut work);
        row.push(start.elapsed().as_nanos() as f64 / ROUNDS as f64);
    }
    row.sort_by(f64::total_cmp);
    let (low, middle, high) = (row[0], row[REPEATS / 2], row[REPEATS - 1]);
    println!("{name:<28} min {low:.2}  median {middle:.2}  max {high:.2} ns");
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["bench"]).unwrap();
    let writer = page.writer("bench").unwrap();
    measure("nothing (the loop)", |n| {
        black_box(n);
    });
    measure("counter add", |n| writer.add(Counter::FeedMessages, black_box(n)));
    measure("gauge set", |n| writer.set(Counter::FeedBooks, black_box(n)));
    measure("histogram record", |n| writer.record(Hist::Decode, black_box(n & 1023)));
    measure("regime charge", |n| writer.charge(Regime::Busy, black_box(n)));
    measure("heartbeat", |n| writer.beat(Stamp(black_box(n))));
    let mut notices = NoticeSender::detached();
    let notice = Notice::new(Stamp(1), NoticeCode::Filled, None, InstrumentId::ALL, [1, 2, 3]);
    measure("notice, ring full", |_| notices.tell(black_box(notice)));
    let clock = HostClock::start();
    println!("clock: {:?}", clock.source());
    measure("clock now", |_| {
        black_box(clock.now());
    });
    let monotonic = HostClock::monotonic();
    measure("CLOCK_MONOTONIC", |_| {
        black_box(monotonic.now());
    });
}
