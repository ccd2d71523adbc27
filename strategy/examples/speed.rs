//! Nanoseconds the core spends on a quote that triggers no trade, armed and ready, two venues.
//!
//! `cargo run -p strategy --example speed --profile release --config profile.release.lto=false`
//!
//! Prints one line for 4, 100 and 800 instruments: the median and the best of several rounds, and
//! the hash, so that a faster wrong core is seen at once.

#[path = "../tests/world/mod.rs"]
mod world;

use base::input::Quote;
use base::{Input, InstrumentId, Price, Product, Qty, Record, VenueId};
use std::io::Write;
use std::time::Instant;
use strategy::Outputs;
use world::World;

const EVENTS: usize = 1 << 20;
const ROUNDS: usize = 9;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for bases in [2_u16, 50, 400] {
        let (median, best, hash) = measure(bases, false);
        let (one, one_best, _) = measure(bases, true);
        let instruments = usize::from(bases) * 2;
        writeln!(
            out,
            "{instruments:4} instruments: {median:5.1} ns/quote (best {best:5.1}) over all of \
             them, {one:5.1} (best {one_best:5.1}) on one, hash {hash:016x}"
        )?;
    }
    Ok(())
}

/// Quotes of `bases` assets on two venues in a fixed shuffled order, or of one asset only.
fn quotes(world: &World, bases: u16, one: bool) -> Vec<Record> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let markets = u64::from(if one { 2 } else { bases * 2 });
    let quote = |number: u64| {
        let id = u16::try_from(number % markets).unwrap_or(0);
        let bid = 5_000_000 + i64::try_from(number >> 40 & 0x3ff).unwrap_or(0);
        let venue = if id % 2 == 0 { VenueId::Okx } else { VenueId::Bybit };
        Input::Quote(Quote {
            venue,
            instrument: InstrumentId(id),
            bid: Price(bid),
            bid_qty: Qty(100_000),
            ask: Price(bid + 10),
            ask_qty: Qty(100_000),
            venue_time: world.wall,
        })
        .record(world.now)
    };
    (0..EVENTS).map(|_| quote(next())).collect()
}

fn measure(bases: u16, one: bool) -> (f64, f64, u64) {
    let markets = [(VenueId::Okx, Product::Perpetual), (VenueId::Bybit, Product::Perpetual)];
    let mut world = World::ready(&world::plan(&markets, bases));
    // The timer computes a few hurdles at a time: all of them once.
    world.after(200);
    let records = quotes(&world, bases, one);
    let mut out = Outputs::new();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for record in &records {
            world.core.step(record, &mut out);
            if !out.as_slice().is_empty() {
                out.clear();
            }
        }
        rounds.push(began.elapsed().as_secs_f64() * 1e9 / records.len() as f64);
    }
    assert_eq!(world.core.counts().orders_sent, 0, "a quote that triggers no trade");
    rounds.sort_by(f64::total_cmp);
    (rounds[ROUNDS / 2], rounds[0], world.core.hash())
}
