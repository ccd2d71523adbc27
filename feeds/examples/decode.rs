//! How long the messages take to read, beside the libraries, in one interleaved run.
//!
//! `cargo run --release -p feeds --example decode` prints the median of each reader over real messages
//! (Binance: the captures; OKX and Bybit: the same prices in their frames), net of the copy into a receive
//! buffer, and the ratio to sonic-rs and simd-json reading into typed structs.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use base::{Edge, decimal};
use feeds::decode::{Decoder, Dialect, Directory};
use feeds::message::Event;
use feeds::symbols::{Listing, Row};
use serde::Deserialize;
use simd_json::{Buffers, Deserializer, INPUT_PADDING, Tape};
use std::borrow::Cow;
use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

const EDGE: Edge = Edge { price_exp: 8, size_exp: 8, size_factor: 1 };
const ROUNDS: usize = 30;
const MESSAGES: usize = 2048;
const BATCH: usize = 128;

#[path = "decode/frames.rs"]
mod frames;
#[path = "decode/typed.rs"]
mod typed;

struct Case {
    name: &'static str,
    dialect: Dialect,
    messages: Vec<Vec<u8>>,
    sonic: fn(&[u8], &mut typed::Out),
    simd: fn(&mut typed::Simd, usize, &mut typed::Out),
}

fn main() {
    println!(
        "{:<28} {:>6} {:>6} {:>8} {:>8} {:>8} {:>7} {:>7}",
        "message", "bytes", "copy", "scanner", "sonic", "simd", "/sonic", "/simd"
    );
    for case in frames::cases() {
        run(&case);
    }
    growth();
}

fn directory(names: usize) -> Directory {
    let mut directory = Directory::with_room(names + 8);
    let listing = |row| Listing { row: Row(row), edge: EDGE };
    for (row, name) in ["BTCUSDT", "BTC-USDT", "BTC-USDT-SWAP"].iter().enumerate() {
        directory.instruments.insert(name.as_bytes(), listing(u16::try_from(row).unwrap_or(0)));
    }
    for row in 3..names {
        let name = format!("COIN{row}USDT");
        directory.instruments.insert(name.as_bytes(), listing(u16::try_from(row).unwrap_or(0)));
    }
    directory
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Nanoseconds a message over one batch: short, so that an interruption spoils one batch and not the run.
fn time(batch: &[Vec<u8>], mut read: impl FnMut(&[u8])) -> f64 {
    let start = Instant::now();
    for message in batch {
        read(message);
    }
    start.elapsed().as_nanos() as f64 / batch.len() as f64
}

fn run(case: &Case) {
    let directory = directory(4);
    let mut decoder = Decoder::new(1 << 16);
    let mut simd = typed::Simd::new(1 << 16);
    let mut out = typed::Out::default();
    let mut room = vec![0_u8; 1 << 16];
    let (mut copy, mut scan, mut sonic, mut tape) = (vec![], vec![], vec![], vec![]);
    for batch in (0..ROUNDS).flat_map(|_| case.messages.chunks(BATCH)) {
        copy.push(time(batch, |m| {
            room[..m.len()].copy_from_slice(m);
            black_box(&room);
        }));
        scan.push(time(batch, |m| {
            room[..m.len()].copy_from_slice(m);
            let event = decoder.decode(case.dialect, &directory, black_box(&room[..m.len()]));
            black_box(event.is_ok());
        }));
        sonic.push(time(batch, |m| {
            room[..m.len()].copy_from_slice(m);
            (case.sonic)(black_box(&room[..m.len()]), &mut out);
        }));
        tape.push(time(batch, |m| {
            simd.fill(m);
            (case.simd)(&mut simd, m.len(), &mut out);
        }));
    }
    assert_eq!(decoder.fallbacks(), 0, "{}: the scanner gave up", case.name);
    let copy = median(copy);
    let net = |times| median(times) - copy;
    let (scan, sonic, tape) = (net(scan), net(sonic), net(tape));
    let bytes = case.messages.iter().map(Vec::len).sum::<usize>() / case.messages.len();
    println!(
        "{:<28} {bytes:>6} {copy:>6.1} {scan:>8.1} {sonic:>8.1} {tape:>8.1} {:>7.3} {:>7.3}",
        case.name,
        scan / sonic,
        scan / tape
    );
}

/// The cost of a best bid and offer among 4, 100 and 800 instruments, each message for the next of them.
fn growth() {
    for names in [4_usize, 100, 800] {
        let directory = directory(names);
        let mut decoder = Decoder::new(1 << 12);
        let messages: Vec<Vec<u8>> = (0..MESSAGES)
            .map(|at| {
                let row = 3 + (at * 7919) % (names - 3);
                format!(r#"{{"e":"bookTicker","u":{},"s":"COIN{row}USDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}}"#, 5_123_107_839_020_usize + at).into_bytes()
            })
            .collect();
        let batches = (0..ROUNDS).flat_map(|_| messages.chunks(BATCH));
        let times = batches
            .map(|batch| {
                time(batch, |m| {
                    let event = decoder.decode(Dialect::Binance, &directory, black_box(m));
                    black_box(matches!(event, Ok(Event::Best(_))));
                })
            })
            .collect();
        println!("bookTicker among {names:>3} instruments: {:.1} ns", median(times));
    }
}
