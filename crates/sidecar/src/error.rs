//! Why the sidecar could not start, each with what to do.

use std::io;
use std::net::SocketAddr;

/// Why the sidecar did not start.
#[derive(Debug, thiserror::Error)]
pub enum SidecarError {
    /// Somebody else listens there.
    #[error(
        "port {} ({key}) is in use on {}: stop what uses it, or set {key} to another port",
        .addr.port(), .addr.ip()
    )]
    PortInUse {
        /// Which address.
        addr: SocketAddr,
        /// The key of the configuration that names it.
        key: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {addr} ({key}): {source}")]
    Listen {
        /// Which address.
        addr: SocketAddr,
        /// The key of the configuration that names it.
        key: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a thread or a poller.
    #[error("the sidecar cannot start: {0}")]
    System(#[from] io::Error),
    /// The journal cannot be followed.
    #[error(transparent)]
    Journal(#[from] journal::JournalError),
    /// A metric could not be registered: two of one name with different labels.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}
