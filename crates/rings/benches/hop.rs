//! What a hop over a ring costs: push and pop on one thread, and one way between two.
//!
//! `cargo bench -p rings`. The floor of the way between two threads is a cache line handed over: a
//! counter that one thread raises and the other answers, measured in the same run.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]
use base::{Record, Stamp};
use crossbeam_utils::CachePadded;
use rings::{Full, ring};
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

const ROUNDS: u64 = 300_000;
const REPEATS: usize = 7;

fn record(number: u64) -> Record {
    Record { stamp: Stamp(number), words: [number.cast_signed(); 5], ..Record::EMPTY }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per(rounds: u64, start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64 / rounds as f64
}

/// Push and pop of one event by one thread.
fn same_thread() -> f64 {
    let (mut sender, mut receiver) = ring::<Record>("same", 1024, Full::Halt);
    let start = Instant::now();
    for number in 0..ROUNDS * 10 {
        sender.push(black_box(record(number))).unwrap();
        black_box(receiver.pop());
    }
    per(ROUNDS * 10, start)
}

/// One way, as half of there and back over two rings.
fn cross_thread() -> f64 {
    let (mut ask, mut asked) = ring::<Record>("ask", 1024, Full::Halt);
    let (mut answer, mut answered) = ring::<Record>("answer", 1024, Full::Halt);
    let echo = thread::spawn(move || {
        let mut left = ROUNDS;
        while left > 0 {
            match asked.pop() {
                Some(record) => {
                    answer.push(record).unwrap();
                    left -= 1;
                }
                None => spin_loop(),
            }
        }
    });
    let start = Instant::now();
    for number in 0..ROUNDS {
        ask.push(record(number)).unwrap();
        while answered.pop().is_none() {
            spin_loop();
        }
    }
    let one_way = per(ROUNDS * 2, start);
    echo.join().unwrap();
    one_way
}

/// One way of a bare line: the floor. Two lines, as a ring has two indices.
fn line() -> f64 {
    static THERE: CachePadded<AtomicU64> = CachePadded::new(AtomicU64::new(0));
    static BACK: CachePadded<AtomicU64> = CachePadded::new(AtomicU64::new(0));
    let (first, end) = (THERE.load(Ordering::Relaxed) + 1, THERE.load(Ordering::Relaxed) + ROUNDS);
    let echo = thread::spawn(move || {
        for number in first..=end {
            while THERE.load(Ordering::Acquire) != number {
                spin_loop();
            }
            BACK.store(number, Ordering::Release);
        }
    });
    let start = Instant::now();
    for number in first..=end {
        THERE.store(number, Ordering::Release);
        while BACK.load(Ordering::Acquire) != number {
            spin_loop();
        }
    }
    let one_way = per(ROUNDS * 2, start);
    echo.join().unwrap();
    one_way
}

fn main() {
    let mut rows = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..REPEATS {
        for (row, measure) in rows.iter_mut().zip([same_thread, cross_thread, line]) {
            row.push(measure());
        }
    }
    for (name, row) in ["push + pop, one thread", "one way, two threads", "one way of a bare line"]
        .iter()
        .zip(&mut rows)
    {
        row.sort_by(f64::total_cmp);
        println!(
            "{name:<24} min {:.1}  median {:.1}  max {:.1} ns",
            row[0],
            row[REPEATS / 2],
            row[REPEATS - 1]
        );
    }
    println!("ring / line {:.2}", rows[1][REPEATS / 2] / rows[2][REPEATS / 2]);
}
