//! The real [`Channel`]: one WebSocket over TLS over a non-blocking socket.

mod connector;
mod options;

use base::{Clock, Stamp};

pub use connector::{Connector, Dialer};
pub use options::{Backoff, ConnectLimit, LinkOptions, PingPolicy};

use crate::{Channel, Endpoint, Polled, SendError};

/// One WebSocket connection to a venue, and the state of dialing it again.
#[derive(Debug)]
pub struct Link<C: Clock> {
    dialer: Dialer,
    endpoint: Endpoint,
    options: LinkOptions,
    clock: C,
}

impl<C: Clock> Link<C> {
    /// A link to `endpoint`, closed until `reopen`.
    #[must_use]
    pub fn new(dialer: Dialer, endpoint: Endpoint, options: LinkOptions, clock: C) -> Self {
        Self { dialer, endpoint, options, clock }
    }
}

impl<C: Clock> Channel for Link<C> {
    fn poll(&mut self, _now: Stamp) -> Polled<'_> {
        Polled::Idle
    }

    fn send_with(
        &mut self,
        _max: usize,
        _write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        Err(SendError::Closed)
    }

    fn reopen(&mut self, _now: Stamp) {}

    fn renew(&mut self, _now: Stamp) {}

    fn settle(&mut self) {}

    fn redirect(&mut self, path: &str) {
        path.clone_into(&mut self.endpoint.path);
    }

    fn is_open(&self) -> bool {
        false
    }
}
