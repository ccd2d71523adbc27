//! Funding-rate, basis and cross-venue spread arbitrage on Binance, OKX and Bybit.
//!
//! This package is the composition root, the only place that knows everything: it parses the command line,
//! wires stages, rings and threads together and shows people what happens. `topology.rs` is the file to
//! read first.
#![forbid(unsafe_code)]

mod catalog;
mod cli;
mod control;
mod engine;
mod exclusive;
mod fencing;
mod finish;
mod fitness;
mod ledger;
mod log;
mod page;
mod plan;
mod prices;
mod reload;
mod replay;
mod report;
mod runner;
mod site;
mod start;
mod topology;
mod venues;
mod versions;
mod wiring;

use std::process::ExitCode;
use telemetry::alloc::CountingAllocator;

/// Counts what hot threads allocate after they were sealed: nothing, and every report shows it.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    cli::main()
}
