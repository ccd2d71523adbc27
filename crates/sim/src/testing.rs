//! A plain client for tests: rustls and tungstenite over a blocking socket with time-outs.

use crate::{SimOptions, serve};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// Every read gives up after this, so that no test hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Venues of a scenario in a folder of their own.
pub(crate) struct Venues {
    pub(crate) running: Option<crate::Running>,
    pub(crate) venues: Value,
    _dir: tempfile::TempDir,
}

impl Venues {
    pub(crate) fn start(scenario: &str, speed: u32) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let options = SimOptions {
            scenario: scenario.to_owned(),
            speed: Some(speed),
            dir: dir.path().to_owned(),
            ..SimOptions::default()
        };
        let running = serve(&options).expect("the venues start");
        let venues = running.venues().clone();
        Self { running: Some(running), venues, _dir: dir }
    }

    pub(crate) fn running(&self) -> &crate::Running {
        self.running.as_ref().expect("they run")
    }

    pub(crate) fn port(&self, venue: &str) -> u16 {
        let port = self.venues["venues"][venue]["port"].as_u64().expect("a port");
        u16::try_from(port).expect("a port")
    }

    pub(crate) fn tls(&self, venue: &str) -> Tls {
        let ca = self.venues["ca"].as_str().expect("a path");
        connect(self.port(venue), Path::new(ca))
    }

    pub(crate) fn ws(&self, venue: &str, path: &str) -> Ws {
        let url = format!("wss://localhost:{}{path}", self.port(venue));
        let (ws, _) = tungstenite::client(url, self.tls(venue)).expect("an upgrade");
        Ws(ws)
    }

    /// One request on a connection of its own: status, headers, body.
    pub(crate) fn http(
        &self,
        venue: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String, String) {
        request(&mut self.tls(venue), method, target, headers, body)
    }

    /// Scenario time now, milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.running().clock().now().millis()
    }
}

pub(crate) fn connect(port: u16, ca: &Path) -> Tls {
    let mut roots = RootCertStore::empty();
    let ca = rustls::pki_types::CertificateDer::from_pem_file(ca).expect("a certificate");
    roots.add(ca).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(("127.0.0.1", port)).expect("a listener");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket.set_write_timeout(Some(PATIENCE)).expect("a time-out");
    let name = ServerName::try_from("localhost").expect("a name");
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a client"), socket)
}

/// Sends one request and reads its answer: status, head, body.
pub(crate) fn request(
    tls: &mut Tls,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String, String) {
    let mut text = format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    tls.write_all(format!("{text}\r\n{body}").as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        tls.read_exact(&mut byte).expect("a head");
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).expect("text");
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    tls.read_exact(&mut body).expect("a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, head, String::from_utf8(body).expect("text"))
}

/// A WebSocket of a client.
pub(crate) struct Ws(pub(crate) WebSocket<Tls>);

impl Ws {
    pub(crate) fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).expect("sent");
    }

    /// The next text message; `None` when the venue closed or cut the connection.
    pub(crate) fn next(&mut self) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        // bound: the deadline, also while pings keep coming
        loop {
            assert!(Instant::now() < deadline, "nothing came within {PATIENCE:?}");
            match self.0.read() {
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                Ok(Message::Close(_)) => return None,
                Ok(_) => {}
                Err(tungstenite::Error::Io(why))
                    if why.kind() == std::io::ErrorKind::WouldBlock =>
                {
                    panic!("nothing came within {PATIENCE:?}")
                }
                Err(_) => return None,
            }
        }
    }

    pub(crate) fn json(&mut self) -> Value {
        let text = self.next().expect("a message");
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
    }

    /// The next message that `wanted` likes; others are passed over.
    pub(crate) fn until(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        for _ in 0..200_000 {
            let message = self.json();
            if wanted(&message) {
                return message;
            }
        }
        panic!("200,000 messages, and none of them that")
    }
}
