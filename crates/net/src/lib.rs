//! Everything that touches a network: WebSocket links for hot stages, HTTPS for threads that may wait.
//!
//! A hot stage sees a [`Channel`]: it is polled, never blocks, and after it has opened it neither
//! allocates nor locks. Behind it lie a non-blocking socket, TLS records decrypted in place, and
//! frames handed out as slices of the receive buffer. Everything that may take time (names,
//! connecting, handshakes, closing) happens on the [`Connector`]'s cold threads.
//!
//! Floor 1. It knows no venue.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod bytes;
mod channel;
mod endpoint;
pub mod errand;
mod error;
pub mod http;
mod link;
pub mod memory;
mod socket;
pub mod tls;
pub mod ws;

pub use channel::{Channel, CloseReason, DialFault, Polled, SendError, TlsFault};
pub use endpoint::Endpoint;
pub use errand::{Errand, ErrandHandle, ErrandPeer, spawn_errands};
pub use error::NetError;
pub use http::{
    HttpClient, HttpError, HttpFault, HttpFaultKind, HttpOptions, HttpRequest, HttpResponse, Method,
};
pub use link::{Backoff, ConnectLimit, Connector, Dialer, Link, LinkOptions, PingPolicy};
pub use memory::{MemoryChannel, MemoryPeer, TapeChannel};
pub use tls::Tls;
