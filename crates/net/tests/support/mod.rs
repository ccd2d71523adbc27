//! A real TLS server on the loopback for the tests, a clock, and polls that give up.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base::{Clock, Stamp, WallNs};
use net::{Channel, Endpoint, Polled, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server's end of one connection.
pub(crate) type Peer = StreamOwned<ServerConnection, TcpStream>;

/// The machine's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TestClock(pub(crate) Instant);

impl Clock for TestClock {
    fn now(&self) -> Stamp {
        Stamp(u64::try_from(self.0.elapsed().as_nanos()).unwrap())
    }
    fn wall(&self) -> WallNs {
        WallNs::NONE
    }
}

pub(crate) fn clock() -> TestClock {
    TestClock(Instant::now())
}

/// An authority, and what it signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Settings that trust this authority and nobody else.
    pub(crate) fn tls(&self) -> Tls {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, &self.pem).unwrap();
        Tls::new(Some(Path::new(&path))).unwrap()
    }

    /// A server's settings for 127.0.0.1 and localhost.
    pub(crate) fn server(&self) -> ServerConfig {
        self.server_with(|_| {}, &["127.0.0.1", "localhost"])
    }

    pub(crate) fn server_with(
        &self,
        change: impl FnOnce(&mut CertificateParams),
        names: &[&str],
    ) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        config(certificate.der().clone(), &key)
    }
}

/// A server whose certificate signs itself.
pub(crate) fn self_signed() -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    config(params.self_signed(&key).unwrap().der().clone(), &key)
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap()
}

/// The three suites of TLS 1.3, one after the other.
pub(crate) fn suites() -> [rustls::SupportedCipherSuite; 3] {
    [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ]
}

/// A listener on the loopback whose connections are served one thread each.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Does the TLS handshake and gives the rest to `serve`. A failed handshake is the client's
    /// affair.
    pub(crate) fn tls(config: ServerConfig, serve: impl Fn(Peer) + Send + Sync + 'static) -> Self {
        let config = Arc::new(config);
        Self::tcp(move |socket| {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut socket = socket;
            if connection.complete_io(&mut socket).is_ok() {
                serve(StreamOwned::new(connection, socket));
            }
        })
    }

    /// Gives the bare socket to `serve`.
    pub(crate) fn tcp(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let serve = Arc::new(serve);
        thread::spawn(move || {
            let end = Instant::now() + 3 * PATIENCE;
            while !stopped.load(Ordering::Relaxed) && Instant::now() < end {
                let Ok((socket, _)) = listener.accept() else {
                    thread::park_timeout(Duration::from_millis(1));
                    continue;
                };
                socket.set_nonblocking(false).unwrap();
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                socket.set_write_timeout(Some(PATIENCE)).unwrap();
                socket.set_nodelay(true).unwrap();
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(socket));
            }
        });
        Self { address, stop }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&format!("wss://{}/ws", self.address)).unwrap()
    }

    pub(crate) fn base(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Reads the head of a request.
pub(crate) fn read_head(peer: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        peer.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// The answer that upgrades the request of this head.
pub(crate) fn upgrade_answer(head: &str) -> String {
    let key = head
        .lines()
        .find_map(|line| {
            line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("sec-websocket-key"))
        })
        .map(|(_, value)| value.trim())
        .unwrap();
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Upgrades; returns the head of the request.
pub(crate) fn accept(peer: &mut Peer) -> String {
    let head = read_head(peer).unwrap();
    peer.write_all(upgrade_answer(&head).as_bytes()).unwrap();
    head
}

/// One frame of a server.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(u8::try_from(short).unwrap()),
        long @ 126..65536 => {
            bytes.push(126);
            bytes.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
        }
        huge => {
            bytes.push(127);
            bytes.extend_from_slice(&(huge as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

pub(crate) fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}

/// A frame of a client: its first byte and its payload.
pub(crate) type Frame = (u8, Vec<u8>);

/// The next frame of a client.
pub(crate) fn read_frame(peer: &mut impl Read) -> io::Result<Frame> {
    let mut head = [0; 2];
    peer.read_exact(&mut head)?;
    assert_eq!(head[1] & 0x80, 0x80, "a client must mask");
    let length = match head[1] & 0x7f {
        126 => {
            let mut bytes = [0; 2];
            peer.read_exact(&mut bytes)?;
            usize::from(u16::from_be_bytes(bytes))
        }
        127 => {
            let mut bytes = [0; 8];
            peer.read_exact(&mut bytes)?;
            usize::try_from(u64::from_be_bytes(bytes)).unwrap()
        }
        short => usize::from(short),
    };
    let mut key = [0; 4];
    peer.read_exact(&mut key)?;
    let mut payload = vec![0; length];
    peer.read_exact(&mut payload)?;
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[at % 4];
    }
    Ok((head[0], payload))
}

/// Answers every text with the same text, and a close with a close, until the client is gone.
pub(crate) fn echo(mut peer: Peer) {
    accept(&mut peer);
    while let Ok((first, payload)) = read_frame(&mut peer) {
        let answer = frame(if first == 0x88 { 0x88 } else { 0x81 }, &payload);
        if peer.write_all(&answer).is_err() || first == 0x88 {
            return;
        }
    }
}

/// Something a poll found, to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Opened,
    Renewed,
    Text(Vec<u8>),
    Trailing(Vec<u8>),
    Closed(net::CloseReason),
}

/// Polls until something is there.
pub(crate) fn next(channel: &mut impl Channel, clock: &TestClock) -> Seen {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        match channel.poll(clock.now()) {
            Polled::Idle => thread::yield_now(),
            Polled::Opened => return Seen::Opened,
            Polled::Renewed => return Seen::Renewed,
            Polled::Text { bytes, .. } => return Seen::Text(bytes.to_vec()),
            Polled::Trailing { bytes, .. } => return Seen::Trailing(bytes.to_vec()),
            Polled::Closed(reason) => return Seen::Closed(reason),
        }
    }
    panic!("nothing happened in {PATIENCE:?}");
}
