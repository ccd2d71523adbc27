//! The pure core: market and execution events in, intents out.
//!
//! One thing is consumed at a time, with its time written on it ([`Core::step`]). There is no clock,
//! no randomness, no I/O, no thread, no allocation after construction and no float in here, so that
//! one piece of code serves live, paper, replay and simulation, bit for bit. [`Plan`] is everything
//! it is told beforehand, [`View`] everything it can be asked.
//!
//! Where to read: [`decide`] says when a trade is made and ended, `signal` what it would earn,
//! `engine/open` what must hold before anything is sent, `engine/drive` what keeps two legs
//! together, `order` what an order can live through, `ledger` how money is counted.
//!
//! Floor 4, hot. It never imports feeds or gateway: they share events only.

#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as strategy;

pub mod decide;
mod engine;
mod hash;
mod ledger;
mod market;
mod order;
mod orders;
mod outputs;
mod pair;
mod pipe;
pub mod plan;
pub mod risk;
mod rules;
mod seen;
mod signal;
mod snapshot;
pub mod stage;
mod terms;
pub mod view;

pub use engine::{Core, Counts};
pub use ledger::{Account, Book, Pnl};
pub use outputs::Outputs;
pub use plan::Plan;
pub use risk::{Gate, Mode};
pub use rules::Prepared;
pub use snapshot::{RestoreError, version_of};
pub use stage::StrategyStage;
pub use view::View;
