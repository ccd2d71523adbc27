//! The simulated venues: Binance spot and USD-M, OKX v5 and Bybit v5 as they look from outside.
//!
//! They speak the venues' real protocols over TLS, HTTP and WebSocket on loopback, so that the engine
//! can tell them from the real ones by their address alone. Their market is the captured Binance
//! minutes ([`tape`], [`market`]); their accounts match orders against the displayed book
//! ([`exchange`]) and keep a ledger of their own ([`ledger`]). What they say is written from the venues'
//! documentation and shares no code with what the engine reads it with: a misreading cannot hide in
//! both. Faults come from the scenario ([`faults`]).
//!
//! Floor 3. Depends on `base` only. Cold: allocates, uses maps, never on a hot thread.

#![forbid(unsafe_code)]

pub mod account;
pub mod binance;
pub mod book;
pub mod bybit;
pub mod clock;
pub mod dec;
pub mod event;
pub mod exchange;
pub mod faults;
pub mod keys;
pub mod ledger;
pub mod market;
pub mod okx;
pub mod order;
pub mod scenario;
pub mod serve;
pub mod server;
pub mod spec;
pub mod tape;
#[cfg(test)]
mod testing;
mod wire;

pub use serve::{Running, SimError, SimOptions, serve};
