//! An API server as far as one Lease goes, by the Kubernetes API reference: GET and PUT with optimistic
//! locking, bearer tokens, `Status` objects, the checks of a Lease's fields; and its ways to fail.

use crate::engine::Folder;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6IlBsYW50ZWQifQ.e30.c2ln";
const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/trading/leases/funding-arb-arb1";

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Fine,
    /// It does what it is asked and its answer is lost.
    Mute,
    /// It does nothing, and answers nothing.
    Away,
    /// The Lease was never made, or was deleted.
    Empty,
    /// It knows nobody's token.
    Strict,
}

struct Store {
    manner: Manner,
    lease: Value,
    version: u64,
    /// Requests that came, answered or not.
    asked: usize,
    reads: usize,
    /// Who held it after each write, under which number.
    writes: Vec<(Option<String>, u64)>,
}

/// The server; it listens until the process ends.
pub(super) struct ApiServer {
    store: Arc<Mutex<Store>>,
    port: u16,
    pub(super) certificate: String,
}

impl ApiServer {
    pub(super) fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a key");
        let certificate = made.cert.pem();
        let chain = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
        let key = made.signing_key.serialize_pem();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .expect("an identity");
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "funding-arb-arb1", "namespace": "trading", "uid": "5d1f", "labels": {"app": "x"}},
        });
        let (manner, version, writes) = (Manner::Fine, 100, Vec::new());
        let store = Store { manner, lease, version, asked: 0, reads: 0, writes };
        let store = Arc::new(Mutex::new(store));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (shared, tls) = (Arc::clone(&store), Arc::new(tls));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (store, tls) = (Arc::clone(&shared), Arc::clone(&tls));
                thread::spawn(move || {
                    let connection = ServerConnection::new(tls).expect("a connection");
                    serve(StreamOwned::new(connection, stream), &store);
                });
            }
        });
        Self { store, port, certificate }
    }

    /// The files of the projected volume in `folder`, and the configuration that names them.
    pub(super) fn configure(&self, folder: &Folder) {
        folder.write("lease/token", TOKEN);
        folder.write("lease/namespace", "trading");
        folder.write("lease/ca.crt", &self.certificate);
        let (dir, port) = (folder.path("lease").display().to_string(), self.port);
        folder.write(
            "config/nodes.yaml",
            &format!(
                "nodes:\n  journal: {{segment_size: 4MB}}\n  lease:\n    enabled: true\n    duration_s: 3\n    \
                 credentials_dir: {dir}\n    server: https://127.0.0.1:{port}\n"
            ),
        );
        let window = "{recv_window_ms: 1000}";
        let exchanges =
            format!("exchanges:\n  binance: {window}\n  okx: {window}\n  bybit: {window}\n");
        folder.write("config/exchanges.yaml", &exchanges);
    }

    pub(super) fn behave(&self, manner: Manner) {
        self.store.lock().expect("whole").manner = manner;
    }

    pub(super) fn asked(&self) -> usize {
        self.store.lock().expect("whole").asked
    }

    pub(super) fn reads(&self) -> usize {
        self.store.lock().expect("whole").reads
    }

    pub(super) fn writes(&self) -> Vec<(Option<String>, u64)> {
        self.store.lock().expect("whole").writes.clone()
    }

    /// The numbers under which it was held, in order.
    pub(super) fn tokens(&self) -> Vec<u64> {
        let mut tokens: Vec<_> = self.writes().into_iter().map(|(_, number)| number).collect();
        tokens.dedup();
        tokens
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> Option<String> {
        self.writes().pop().and_then(|(holder, _)| holder)
    }
}

fn serve(mut stream: StreamOwned<ServerConnection, TcpStream>, store: &Mutex<Store>) {
    let Some((target, token, body)) = read(&mut stream) else { return };
    let mut store = store.lock().expect("whole");
    store.asked += 1;
    let (code, answer) = match store.manner {
        Manner::Away => return,
        Manner::Empty => refusal(404, "NotFound", "leases.coordination.k8s.io not found"),
        Manner::Strict => refusal(401, "Unauthorized", "Unauthorized"),
        Manner::Fine | Manner::Mute => store.answer(&target, &token, &body),
    };
    let mute = store.manner == Manner::Mute;
    drop(store);
    if mute {
        return;
    }
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {code} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// Method and path, the bearer's token, and the body of one request.
fn read(stream: &mut impl Read) -> Option<(String, String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let first = lines.next()?;
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let header = |wanted: &str| {
        headers.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let token = header("authorization").unwrap_or_default();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = first.rsplit_once(' ')?.0.to_owned();
    Some((target, token, body))
}

fn refusal(code: u16, reason: &str, message: &str) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    (code, status)
}

impl Store {
    fn answer(&mut self, target: &str, token: &str, body: &[u8]) -> (u16, Value) {
        if token != format!("Bearer {TOKEN}") {
            return refusal(401, "Unauthorized", "Unauthorized");
        }
        let Some((method, PATH)) = target.split_once(' ') else {
            return refusal(403, "Forbidden", "the token is good for one Lease");
        };
        match method {
            "GET" => {
                self.reads += 1;
                (200, self.shown())
            }
            "PUT" => self.put(serde_json::from_slice(body).unwrap_or_default()),
            _ => refusal(405, "MethodNotAllowed", "the server does not allow this method"),
        }
    }

    fn shown(&self) -> Value {
        let mut lease = self.lease.clone();
        lease["metadata"]["resourceVersion"] = json!(self.version.to_string());
        lease
    }

    fn put(&mut self, wanted: Value) -> (u16, Value) {
        if wanted["metadata"]["resourceVersion"] != json!(self.version.to_string()) {
            let message = "Operation cannot be fulfilled on leases.coordination.k8s.io \
                           \"funding-arb-arb1\": the object has been modified";
            return refusal(409, "Conflict", message);
        }
        if wanted["metadata"]["uid"] != self.lease["metadata"]["uid"] {
            return refusal(409, "Conflict", "Precondition failed: UID in precondition");
        }
        let spec = &wanted["spec"];
        let seconds = spec["leaseDurationSeconds"].as_i64();
        let transitions = spec["leaseTransitions"].as_i64();
        let times = ["acquireTime", "renewTime"];
        if seconds.is_none_or(|s| s <= 0)
            || transitions.is_none_or(|n| i32::try_from(n).is_err() || n < 0)
            || times.iter().any(|time| !is_micro_time(&spec[time]))
        {
            return refusal(422, "Invalid", &format!("Lease is invalid: {spec}"));
        }
        self.version += 1;
        self.lease = wanted;
        let spec = &self.lease["spec"];
        let holder = spec["holderIdentity"].as_str().map(str::to_owned);
        self.writes.push((holder, spec["leaseTransitions"].as_u64().unwrap_or(0)));
        (200, self.shown())
    }
}

/// `2006-01-02T15:04:05.000000Z`, the one form a `MicroTime` is read in.
fn is_micro_time(value: &Value) -> bool {
    let form = b"dddd-dd-ddTdd:dd:dd.ddddddZ";
    value.as_str().is_some_and(|text| {
        text.len() == form.len()
            && text.bytes().zip(form).all(|(byte, form)| match form {
                b'd' => byte.is_ascii_digit(),
                form => byte == *form,
            })
    })
}
