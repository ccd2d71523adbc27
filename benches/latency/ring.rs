//! A hop over a ring between two pinned threads, beside the bare cache line.

use crate::measure::{Samples, Scale, Timer};
use crate::pin;
use crate::result::{Kind, Report};
use base::{Record, Stamp};
use rings::{Full, ring};
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Each on a line of its own, as a ring's two indices are.
#[repr(align(128))]
struct Line(AtomicU64);

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("ring: one way between two pinned threads, as half of there and back");
    // Two threads that share one processor take turns of milliseconds: then only a few.
    let alone = crate::processors().len() < 2;
    let hops = if alone { 16 } else { scale.of(200_000) };
    let [mut line_samples, mut ring_samples, mut same_samples] =
        [(); 3].map(|()| Samples::default());
    let mut sum = 0;
    for _ in 0..scale.rounds() {
        line(timer, hops, &mut line_samples);
        sum = two_threads(timer, hops, &mut ring_samples);
        one_thread(timer, hops, &mut same_samples);
        for samples in [&mut line_samples, &mut ring_samples, &mut same_samples] {
            samples.next_round();
        }
    }
    let [hop, line] = ring_samples.beside(&line_samples);
    let (floor, ours, same) =
        (line_samples.figures(), ring_samples.figures(), same_samples.figures());
    report.row("ring", "one cache line handed over", Kind::Floor, &floor, None);
    report.row("ring", "one 64-byte record over a ring", Kind::Ours, &ours, Some(sum));
    report.row("ring", "push and pop by one thread", Kind::Ours, &same, None);
    let line = ("a cache line", line);
    report.ratio("ring: hop / cache line, p50", hop, line, 1.2, Some(sum));
}

/// The floor: a counter that one raises and the other answers on a second line.
fn line(timer: &Timer, hops: usize, samples: &mut Samples) {
    let (there, back) = (Line(AtomicU64::new(0)), Line(AtomicU64::new(0)));
    let last = hops as u64;
    thread::scope(|scope| {
        scope.spawn(|| {
            pin(1);
            for number in 1..=last {
                wait_for(&there.0, number);
                back.0.store(number, Ordering::Release);
            }
        });
        for number in 1..=last {
            let begun = timer.now();
            there.0.store(number, Ordering::Release);
            wait_for(&back.0, number);
            samples.singles.push(timer.since(begun) / 2);
        }
    });
}

fn wait_for(line: &AtomicU64, number: u64) {
    while line.load(Ordering::Acquire) != number {
        spin_loop();
    }
}

/// A record over one ring and back over another; a sum of what came back.
fn two_threads(timer: &Timer, hops: usize, samples: &mut Samples) -> u64 {
    let (mut ask, mut asked) = ring::<Record>("ask", 1024, Full::Halt);
    let (mut answer, mut answered) = ring::<Record>("answer", 1024, Full::Halt);
    let mut sum = 0_u64;
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            for _ in 0..hops {
                let record = loop {
                    if let Some(record) = asked.pop() {
                        break record;
                    }
                    spin_loop();
                };
                answer.push(record).expect("room");
            }
        });
        for number in 0..hops as u64 {
            let begun = timer.now();
            ask.push(record(number)).expect("room");
            let back = loop {
                if let Some(record) = answered.pop() {
                    break record;
                }
                spin_loop();
            };
            samples.singles.push(timer.since(begun) / 2);
            sum = sum.wrapping_add(back.stamp.0);
        }
    });
    sum
}

fn one_thread(timer: &Timer, hops: usize, samples: &mut Samples) {
    let (mut sender, mut receiver) = ring::<Record>("same", 1024, Full::Halt);
    for number in 0..hops as u64 {
        let begun = timer.now();
        sender.push(black_box(record(number))).expect("room");
        black_box(receiver.pop());
        samples.singles.push(timer.since(begun));
    }
}

fn record(number: u64) -> Record {
    Record { stamp: Stamp(number), words: [number.cast_signed(); 5], ..Record::EMPTY }
}
