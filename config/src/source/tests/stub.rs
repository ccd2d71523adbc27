//! Consul's `GET /v1/kv/PREFIX?recurse`, by its page: blocking queries, the index in a header, ACL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Default)]
struct Store {
    index: u64,
    keys: BTreeMap<String, (Vec<u8>, u64)>,
    /// Requests as they came, without their headers.
    asked: Vec<String>,
    closed: bool,
}

/// A Consul agent with one token.
pub(super) struct Stub {
    store: Arc<(Mutex<Store>, Condvar)>,
    pub(super) address: String,
}

pub(super) const TOKEN: &str = "Planted-8d5faa9a-1549";

/// A certificate for 127.0.0.1 and localhost that signs itself, and its key.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Identity {
    pub(super) fn new() -> Self {
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    fn server(&self) -> Arc<ServerConfig> {
        use rustls::pki_types::pem::PemObject as _;
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Arc::new(config)
    }
}

impl Stub {
    pub(super) fn start() -> Self {
        Self::listen(None)
    }

    pub(super) fn start_tls(identity: &Identity) -> Self {
        Self::listen(Some(identity.server()))
    }

    fn listen(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let store = Arc::new((Mutex::new(Store { index: 10, ..Store::default() }), Condvar::new()));
        let shared = Arc::clone(&store);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.0.lock().unwrap().closed {
                    return;
                }
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                let stream = stream.unwrap();
                thread::spawn(move || match tls {
                    None => answer(stream, &shared),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        answer(StreamOwned::new(connection, stream), &shared);
                    }
                });
            }
        });
        Self { store, address }
    }

    pub(super) fn put(&self, key: &str, value: &[u8]) {
        let mut store = self.store.0.lock().unwrap();
        store.index += 1;
        let index = store.index;
        store.keys.insert(key.to_owned(), (value.to_vec(), index));
        self.store.1.notify_all();
    }

    /// As after a restore of a snapshot.
    pub(super) fn turn_back(&self, index: u64) {
        self.store.0.lock().unwrap().index = index;
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.store.0.lock().unwrap().asked.clone()
    }

    /// Waits for a question after the first `count`.
    pub(super) fn is_asked_again(&self, count: usize, patience: Duration) -> bool {
        let store = self.store.0.lock().unwrap();
        let waited = self.store.1.wait_timeout_while(store, patience, |s| s.asked.len() <= count);
        !waited.unwrap().1.timed_out()
    }

    /// From now on nobody listens.
    pub(super) fn stop(&self) {
        self.store.0.lock().unwrap().closed = true;
        drop(TcpStream::connect(&self.address));
    }
}

fn answer(mut stream: impl Read + Write, shared: &(Mutex<Store>, Condvar)) {
    let mut lines = BufReader::new(&mut stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let token = headers.iter().any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("x-consul-token") && value.trim() == TOKEN
        })
    });
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut store = shared.0.lock().unwrap();
    store.asked.push(target.clone());
    shared.1.notify_all();
    if !token {
        drop(store);
        return reply(&mut stream, "403 Forbidden", None, b"Permission denied: token with AccessorID '00000000-0000-0000-0000-000000000002' lacks permission 'key:list'");
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let value = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == name))
            .map(|(_, v)| v)
    };
    let index: u64 = value("index").and_then(|v| v.parse().ok()).unwrap_or(0);
    let wait = value("wait").and_then(|v| v.strip_suffix("ms")).and_then(|v| v.parse().ok());
    if index > 0 && store.index == index {
        let wait = Duration::from_millis(wait.unwrap_or(300_000));
        store = shared.1.wait_timeout_while(store, wait, |s| s.index <= index).unwrap().0;
    }
    let prefix = path.strip_prefix("/v1/kv/").unwrap_or_default();
    let entries: Vec<String> = store
        .keys
        .iter()
        .filter(|(key, _)| key.starts_with(prefix))
        .map(|(key, (value, index))| {
            let value = match &value[..] {
                [] => "null".to_owned(),
                bytes => format!("\"{}\"", STANDARD.encode(bytes)),
            };
            format!("{{\"LockIndex\":0,\"Key\":\"{key}\",\"Flags\":0,\"Value\":{value},\"CreateIndex\":{index},\"ModifyIndex\":{index}}}")
        })
        .collect();
    let status = if entries.is_empty() { "404 Not Found" } else { "200 OK" };
    let body = if entries.is_empty() { String::new() } else { format!("[{}]", entries.join(",")) };
    let index = store.index;
    drop(store);
    reply(&mut stream, status, Some(index), body.as_bytes());
}

fn reply(stream: &mut impl Write, status: &str, index: Option<u64>, body: &[u8]) {
    let index = index.map_or_else(String::new, |index| {
        format!(
            "X-Consul-Index: {index}\r\nX-Consul-Knownleader: true\r\nX-Consul-Lastcontact: 0\r\n"
        )
    });
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{index}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let _ = stream.flush();
}
