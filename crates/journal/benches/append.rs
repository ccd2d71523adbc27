//! What an append costs the hot thread, with the keeper at work beside it.
//!
//! `cargo bench -p journal [-- DIR RECORDS]`: appends to a journal in DIR (default: the working folder's
//! disk, then /dev/shm), in groups of 16, and prints the distribution of the groups and the mean. The
//! floor is the same stores, seals included, into a 64 KiB buffer.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]
use base::{Instance, Record, Stamp};
use hdrhistogram::Histogram;
use journal::{Journal, Opened, Options};
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

const GROUP: u64 = 16;

fn record(number: u64) -> Record {
    let words = [number.cast_signed(), 2, 3, 4, 5];
    Record { stamp: Stamp(number), kind: 1, venue: 2, instrument: 3, words, ..Record::EMPTY }
}

/// Appends for as long as it takes; returns the groups' distribution and how often it was full.
fn run(dir: &Path, records: u64, paced: bool) -> (Histogram<u64>, Duration, u64) {
    let options = Options { ahead: 4, ..Options::new(16 << 20) };
    let instance = Instance::new("BNCH").unwrap();
    let Opened { mut writer, mut keeper, .. } =
        Journal::open_with(dir, instance, options, |_| b"{}".to_vec()).unwrap();
    let ended = AtomicBool::new(false);
    let mut groups = Histogram::<u64>::new(3).unwrap();
    let (mut spent, mut full) = (Duration::ZERO, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                keeper.turn().unwrap();
                keeper.prune(keeper.written().saturating_sub(1 << 20)).unwrap();
                thread::park_timeout(Duration::from_millis(2));
            }
        });
        for group in 0..records / GROUP {
            while !writer.has_room(16) {
                full += 1;
                thread::park_timeout(Duration::from_millis(1));
            }
            let start = Instant::now();
            for number in 0..GROUP {
                black_box(writer.append(black_box(&record(group * GROUP + number))).unwrap());
            }
            let took = start.elapsed();
            spent += took;
            groups.saturating_record(u64::try_from(took.as_nanos()).unwrap());
            if paced && group % 64 == 0 {
                thread::park_timeout(Duration::from_micros(100));
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    (groups, spent, full)
}

fn print(name: &str, records: u64, (groups, spent, full): &(Histogram<u64>, Duration, u64)) {
    let mean = spent.as_nanos() as f64 / records as f64;
    let at = |quantile| groups.value_at_quantile(quantile);
    println!(
        "{name:<28} {mean:>6.1} ns/record   per 16: p50 {} p99 {} p99.9 {} p99.99 {} max {}   waits {full}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(0.9999),
        groups.max()
    );
}

fn main() {
    let args: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let dir = args.first().map_or("target", String::as_str);
    let records: u64 = args.get(1).map_or(4_000_000, |count| count.parse().unwrap());
    for place in [dir, "/dev/shm"] {
        std::fs::create_dir_all(place).unwrap();
        for paced in [false, true] {
            let records = if paced { records / 4 } else { records };
            let folder = tempfile::tempdir_in(place).unwrap();
            let name = format!("{place}{}", if paced { " (paced)" } else { "" });
            print(&name, records, &run(folder.path(), records, paced));
        }
    }
    let mut empty = Histogram::<u64>::new(3).unwrap();
    for _ in 0..100_000 {
        let start = Instant::now();
        empty.saturating_record(u64::try_from(start.elapsed().as_nanos()).unwrap());
    }
    println!("reading the clock twice costs p50 {} ns of each group", empty.value_at_quantile(0.5));
}
