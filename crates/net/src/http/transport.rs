//! TLS under ureq, with a mark on the calling thread when bytes of a request are handed to it.
//!
//! ureq's own TLS layer would do the first; the second is what it cannot tell, and what the caller
//! of an order must know. ureq does a whole call on the thread that asked for it, so a mark per
//! thread is exact.

use std::cell::Cell;
use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Error;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

thread_local! {
    /// How many times a part of a request was handed to TLS on this thread.
    static HANDED_OVER: Cell<u64> = const { Cell::new(0) };
}

/// Watches one call on this thread.
#[derive(Debug)]
pub(super) struct Sent {
    before: u64,
}

impl Sent {
    /// From here on.
    pub(super) fn watch() -> Self {
        Self { before: HANDED_OVER.get() }
    }

    /// Whether any byte of a request may have left since.
    pub(super) fn any(&self) -> bool {
        HANDED_OVER.get() != self.before
    }
}

/// Does the TLS handshake, certificate check included, before ureq sees the connection.
pub(super) struct SecureConnector {
    config: Arc<ClientConfig>,
}

impl SecureConnector {
    pub(super) fn new(config: Arc<ClientConfig>) -> Self {
        Self { config }
    }
}

impl fmt::Debug for SecureConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureConnector").finish_non_exhaustive()
    }
}

impl<In: Transport> Connector<In> for SecureConnector {
    type Out = SecureTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<SecureTransport>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Error::Tls("the host is neither a name nor an address"))?;
        let mut conn = ClientConnection::new(Arc::clone(&self.config), name)?;
        let mut sock = TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        sock.set_timeout(rest_of(details.timeout, details.now, (details.current_time)()));
        conn.complete_io(&mut sock)?;
        let buffers = LazyBuffers::new(
            details.config.input_buffer_size(),
            details.config.output_buffer_size(),
        );
        Ok(Some(SecureTransport { buffers, stream: StreamOwned { conn, sock } }))
    }
}

/// What is left at `now` of a time-out that began at `began`.
fn rest_of(mut timeout: NextTimeout, began: Instant, now: Instant) -> NextTimeout {
    if let (Duration::Exact(whole), Instant::Exact(began), Instant::Exact(now)) =
        (timeout.after, began, now)
    {
        timeout.after = Duration::Exact(whole.saturating_sub(now.saturating_duration_since(began)));
    }
    timeout
}

/// An open TLS connection that marks its thread when ureq sends.
pub(super) struct SecureTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for SecureTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureTransport").finish_non_exhaustive()
    }
}

impl Transport for SecureTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        HANDED_OVER.set(HANDED_OVER.get().wrapping_add(1));
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let input = self.buffers.input_append_buf();
        let amount = self.stream.read(input)?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
