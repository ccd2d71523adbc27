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
mod fields;
mod json;
pub mod message;
mod okx;
pub mod rebuild;
mod scan;
pub mod sequence;
pub mod symbols;
mod wire;
