//! Signatures of the three venues, without an allocation and with everything constant made ahead.
//!
//! Binance WS API and REST sign the parameters themselves, OKX and Bybit a short text around them;
//! their WebSocket sessions sign once, at login. Nothing here decides *what* is sent: callers hand in
//! the exact bytes that will leave, so that what is signed and what is sent cannot differ.

pub mod binance;
pub mod bybit;
pub mod hmac;
pub mod okx;
pub mod text;

pub use hmac::{HmacKey, Mac, PADDING, Prefix};

#[cfg(test)]
mod tests;
