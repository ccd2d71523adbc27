//! The control port: plain HTTP on loopback for tests and people.
//!
//! `GET /ledger` all ledgers now, `POST /fault` a fault rule as in a scenario, `POST /withdraw` an API key that is
//! good for nothing from then on, `GET /health`.

use crate::faults::FaultRule;
use crate::server::Control;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The listening port; closed when dropped.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    pub(super) fn open(port: u16, controls: Vec<Control>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let closing = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&closing);
        let thread = std::thread::Builder::new().name("venue-control".into()).spawn(move || {
            for socket in listener.incoming() {
                // SYNC closing: pairs with the store in `drop`, which then connects to wake this loop.
                if seen.load(Ordering::Acquire) {
                    return;
                }
                // A client that goes away in the middle only harms itself.
                let _ = socket.and_then(|socket| answer(socket, &controls));
            }
        })?;
        Ok(Self { address, closing, thread: Some(thread) })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // SYNC closing: pairs with the load in the loop.
        self.closing.store(true, Ordering::Release);
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// All ledgers, as `ledger.json` has them.
pub(super) fn ledgers(controls: &[Control]) -> Value {
    let venues: Vec<Value> = controls.iter().flat_map(Control::ledgers).collect();
    json!({ "venues": venues })
}

fn answer(mut socket: TcpStream, controls: &[Control]) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    socket.set_write_timeout(Some(Duration::from_secs(2)))?;
    let Some((method, path, body)) = read(&mut socket)? else {
        return respond(&mut socket, 400, &json!({"error": "not a request"}));
    };
    let (status, answer) = match (method.as_str(), path.as_str()) {
        ("GET", "/ledger") => (200, ledgers(controls)),
        ("GET", "/health") => (200, json!({"ok": true})),
        ("POST", "/fault") => match serde_json::from_str::<FaultRule>(&body) {
            Ok(rule) => {
                controls.iter().for_each(|control| control.inject(rule.clone()));
                (200, json!({"ok": true}))
            }
            Err(why) => (400, json!({"error": why.to_string()})),
        },
        ("POST", "/withdraw") => {
            controls.iter().for_each(|control| control.withdraw(body.trim()));
            (200, json!({"ok": true}))
        }
        _ => {
            let known = "try GET /ledger, POST /fault, POST /withdraw or GET /health";
            (404, json!({"error": known}))
        }
    };
    respond(&mut socket, status, &answer)
}

/// Reads one small request: method, path, body.
fn read(socket: &mut TcpStream) -> io::Result<Option<(String, String, String)>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while bytes.len() < 64 * 1024 {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Ok(httparse::Status::Complete(head)) => {
                let length =
                    request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
                let length =
                    length.and_then(|h| std::str::from_utf8(h.value).ok()?.trim().parse().ok());
                let length: usize = length.unwrap_or(0);
                if let Some(body) = bytes.get(head..head.saturating_add(length)) {
                    let method = request.method.unwrap_or_default().to_owned();
                    let path = request.path.unwrap_or_default().to_owned();
                    return Ok(Some((method, path, String::from_utf8_lossy(body).into_owned())));
                }
            }
            Ok(httparse::Status::Partial) => {}
            Err(_) => return Ok(None),
        }
        match socket.read(&mut chunk)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
        }
    }
    Ok(None)
}

fn respond(socket: &mut TcpStream, status: u16, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes())?;
    socket.write_all(body.as_bytes())
}
