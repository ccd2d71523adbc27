//! What can go wrong before anything hot begins.

use std::path::PathBuf;

/// A setting or a file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// An address that is not one.
    #[error("{url:?} is no usable address: {why}")]
    Url {
        /// The text given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The CA file could not be read.
    #[error("CA file {}: {source}", path.display())]
    CaRead {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The CA file holds no usable certificate.
    #[error("CA file {}: {why}", path.display())]
    CaContent {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The TLS library refused the settings.
    #[error("TLS settings: {0}")]
    Tls(#[from] rustls::Error),
    /// A thread could not be started, or the system's poller or random source failed.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
}
