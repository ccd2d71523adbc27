//! Bytes never panic, and what a scanner reads the full parser reads alike.
//!
//! `cargo +nightly fuzz run decode` in `feeds/`. Good seeds: the lines of `feeds/testdata/*/*.jsonl`, each as a
//! file with one byte before it (0, 1 or 2) that picks the venue.

#![no_main]

use base::Edge;
use feeds::decode::{Decoder, Dialect, Directory, scan};
use feeds::message::{Event, Scratch};
use feeds::symbols::{Listing, Row};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

struct Bench {
    directory: Directory,
    scanned: Scratch,
    decoder: Decoder,
}

impl Bench {
    fn new() -> Self {
        let mut directory = Directory::with_room(8);
        let edge = Edge { price_exp: 8, size_exp: 8, size_factor: 3 };
        for (row, name) in (0..).zip(["BTCUSDT", "BTC-USDT", "BTC-USDT-SWAP", "BNBUSDT"]) {
            directory.instruments.insert(name.as_bytes(), Listing { row: Row(row), edge });
        }
        directory.indices.insert(b"BTC-USDT", Listing { row: Row(0), edge });
        Self { directory, scanned: Scratch::new(1024), decoder: Decoder::new(1 << 14) }
    }
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

fuzz_target!(|data: &[u8]| {
    let Some((pick, bytes)) = data.split_first() else { return };
    let dialect = [Dialect::Binance, Dialect::Okx, Dialect::Bybit][usize::from(pick % 3)];
    BENCH.with_borrow_mut(|bench| {
        let Bench { directory, scanned, decoder } = bench;
        let found = scan(dialect, directory, bytes, scanned);
        let full = decoder.read_in_full(dialect, directory, bytes);
        let Some(event) = found.filter(|_| bytes != b"pong") else { return };
        assert_eq!(full, Ok(event));
        match event {
            Event::Book(_) => {
                assert_eq!(scanned.bids.as_slice(), decoder.scratch.bids.as_slice());
                assert_eq!(scanned.asks.as_slice(), decoder.scratch.asks.as_slice());
            }
            Event::Trades(_) => {
                assert_eq!(scanned.trades.as_slice(), decoder.scratch.trades.as_slice());
            }
            _ => {}
        }
    });
});
