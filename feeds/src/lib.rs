//! Feeds: a venue's bytes become the core's events.
//!
//! Floor 4, hot. What is here knows how Binance, OKX and Bybit speak of markets and nothing of what is done
//! with it: it opens subscriptions, reads messages in place, keeps the books in sequence, and says of each
//! instrument what is known and since when - or that it is unknown, and why.

#![forbid(unsafe_code)]

mod binance;
pub mod book;
mod bybit;
pub mod decode;
pub mod errand;
mod fields;
mod fifo;
mod json;
mod market;
pub mod message;
mod okx;
pub mod options;
mod outbox;
pub mod plan;
pub mod rebuild;
#[cfg(test)]
mod rig;
mod scan;
pub mod sequence;
mod session;
pub mod stage;
pub mod symbols;
mod sync;
mod tracked;
mod wire;

pub use errand::{Answer, FeedErrand, Job};
pub use options::{FeedOptions, Silence};
pub use plan::FeedPlan;
pub use stage::{BURST, FeedErrands, FeedStage, FeedTells};
