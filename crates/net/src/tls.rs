//! TLS settings: whom we trust, and with what.
//!
//! Certificates are always checked; there is no switch for it. Hot links speak TLS 1.3 only, since
//! their records are handled by our own code; REST may speak TLS 1.2 as well.

pub(crate) mod handshake;
pub mod record;
pub(crate) mod session;

use std::fmt;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::NetError;

/// A blocking connection under TLS.
pub type SecureStream = StreamOwned<ClientConnection, TcpStream>;

/// Whom we trust. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    hot: Arc<ClientConfig>,
    slow: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts the certificates of the PEM file `ca_pem` and nobody else; without one, the public
    /// authorities of the web.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub fn new(ca_pem: Option<&Path>) -> Result<Self, NetError> {
        let roots = match ca_pem {
            Some(path) => roots_of(path)?,
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        let roots = Arc::new(roots);
        let mut hot = config(&roots, &[&TLS13])?;
        hot.enable_secret_extraction = true;
        let slow = config(&roots, &[&TLS13, &TLS12])?;
        Ok(Self { hot: Arc::new(hot), slow: Arc::new(slow) })
    }

    /// For links: TLS 1.3, secrets handed to our record layer after the handshake.
    pub(crate) fn hot_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.hot)
    }

    /// TLS over a connection that stands, for a protocol that begins in the clear. The handshake is done
    /// by the first read or write; `host` is the name the certificate must have.
    ///
    /// # Errors
    /// When `host` is neither a name nor an address.
    pub fn over(&self, host: &str, stream: TcpStream) -> Result<SecureStream, NetError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|why| NetError::Url { url: host.to_owned(), why: why.to_string() })?;
        let connection = ClientConnection::new(self.slow_config(), name)?;
        Ok(StreamOwned::new(connection, stream))
    }

    /// For REST.
    pub(crate) fn slow_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.slow)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn config(
    roots: &Arc<RootCertStore>,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ClientConfig, NetError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)?
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth();
    // A resumed connection would go by a certificate that was checked at another time.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn roots_of(path: &Path) -> Result<RootCertStore, NetError> {
    let content = |why: String| NetError::CaContent { path: path.to_owned(), why };
    let pem =
        std::fs::read(path).map_err(|source| NetError::CaRead { path: path.to_owned(), source })?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|why| content(format!("not PEM: {why}")))?;
        roots.add(certificate).map_err(|why| content(format!("no usable certificate: {why}")))?;
    }
    if roots.is_empty() {
        return Err(content("it holds no certificate".to_owned()));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests;
