//! Binance as it looks from outside: spot (REST, streams, WebSocket API) and USD-M futures (REST, the
//! routed `/public`, `/market` and `/private` streams, WebSocket API).
//!
//! One `Venue` serves both; what differs (paths, methods, words of orders and events, listen keys,
//! countdowns) is a `Dialect`. Written from the venue's documentation; the captured frames are handed
//! on as they are.

mod api;
mod auth;
mod budget;
mod codes;
mod spot;
mod streams;
mod usdm;
mod venue;
mod wsapi;

use crate::exchange::Exchange;
use crate::server::Protocol;

/// Binance spot in front of an exchange; `speed` is how much faster than the wall its time runs, because
/// whether a client is alive (pongs, listen keys, countdowns) is judged by the wall.
#[must_use]
pub fn spot(exchange: Exchange, speed: u32) -> Box<dyn Protocol> {
    Box::new(venue::Venue::new(spot::Spot, exchange, speed))
}

/// Binance USD-M in front of an exchange; for `speed` see [`spot()`].
#[must_use]
pub fn usdm(exchange: Exchange, speed: u32) -> Box<dyn Protocol> {
    Box::new(venue::Venue::new(usdm::Usdm::default(), exchange, speed))
}
