//! Certificates made at start, and TLS over a socket that never blocks.

use mio::net::TcpStream;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Most plaintext and ciphertext held for a client that does not read.
const BUFFER_MAX: usize = 4 * 1024 * 1024;

/// A certificate authority of this run and the server certificate it signed for `localhost`.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The CA's certificate: what clients have to trust.
    pub ca_pem: String,
    pub(crate) config: Arc<ServerConfig>,
}

impl Authority {
    /// Makes a new authority and a certificate for `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    /// When the cryptography library refuses, in its words.
    pub fn make() -> Result<Self, String> {
        let text = |why: &dyn std::fmt::Display| why.to_string();
        let ca_key = KeyPair::generate().map_err(|why| text(&why))?;
        let mut ca = CertificateParams::new(Vec::<String>::new()).map_err(|why| text(&why))?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.distinguished_name.push(DnType::CommonName, "funding-arb simulated venues");
        let ca_cert = ca.self_signed(&ca_key).map_err(|why| text(&why))?;
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate().map_err(|why| text(&why))?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let mut leaf = CertificateParams::new(names).map_err(|why| text(&why))?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&key, &issuer).map_err(|why| text(&why))?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| text(&why))?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone(), ca_cert.der().clone()], key)
            .map_err(|why| text(&why))?;
        Ok(Self { ca_pem: ca_cert.pem(), config: Arc::new(config) })
    }
}

/// A TLS server connection over a non-blocking socket. `write` only encrypts; `flush` sends.
#[derive(Debug)]
pub(crate) struct TlsStream {
    tls: ServerConnection,
    pub(crate) socket: TcpStream,
}

impl TlsStream {
    pub(crate) fn new(
        config: &Arc<ServerConfig>,
        socket: TcpStream,
    ) -> Result<Self, rustls::Error> {
        let mut tls = ServerConnection::new(Arc::clone(config))?;
        tls.set_buffer_limit(Some(BUFFER_MAX));
        Ok(Self { tls, socket })
    }

    /// Sends what is encrypted, as far as the socket takes it.
    pub(crate) fn send(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    /// Says goodbye properly.
    pub(crate) fn close(&mut self) {
        self.tls.send_close_notify();
        // The client may be gone already; then there is nobody to say it to.
        let _ = self.send();
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                answer => return answer,
            }
            if self.tls.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            let state = self.tls.process_new_packets();
            // Handshake messages and alerts have to leave, also when the packets were bad.
            let sent = self.send();
            state.map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
            sent.or_else(
                |why| if why.kind() == io::ErrorKind::WouldBlock { Ok(()) } else { Err(why) },
            )?;
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.tls.writer().write(bytes)? {
            0 if !bytes.is_empty() => {
                self.send()?;
                Err(io::ErrorKind::WouldBlock.into())
            }
            count => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
