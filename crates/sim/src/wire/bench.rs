//! A venue without sockets, for tests: its time is turned by hand, what it says is read back as JSON.

use crate::exchange::Exchange;
use crate::faults::{FaultKind, FaultRule};
use crate::scenario::Scenario;
use crate::server::{Act, ConnId, Outbox, Protocol, Reply, Request};
use crate::tape::Tape;
use base::{VenueId, WallNs};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A venue and everything it has said so far.
pub(crate) struct Bench<P> {
    pub(crate) venue: P,
    pub(crate) now: WallNs,
    out: Outbox,
    said: BTreeMap<u64, Vec<String>>,
    ended: Vec<u64>,
}

impl<P: Protocol> Bench<P> {
    /// The venue of the quiet scenario, a few seconds into the captured minutes.
    pub(crate) fn start(venue: VenueId, make: impl FnOnce(Exchange, &Scenario) -> P) -> Self {
        let scenario = Scenario::load("calm").expect("a built-in scenario");
        let tape = Tape::built_in().expect("the captures the program was built with");
        let now = WallNs(tape.start);
        let exchange = Exchange::new(venue, &scenario, tape).expect("a listing");
        let (out, said) = (Outbox::default(), BTreeMap::new());
        let mut bench =
            Self { venue: make(exchange, &scenario), now, out, said, ended: Vec::new() };
        bench.tick(5_000);
        bench
    }

    /// Lets time pass in one step.
    pub(crate) fn tick(&mut self, ms: i64) {
        self.now = WallNs(self.now.0 + ms * 1_000_000);
        self.venue.on_tick(self.now, &mut self.out);
        self.collect();
    }

    /// Lets time pass in steps of ten milliseconds.
    pub(crate) fn run(&mut self, ms: i64) {
        for _ in 0..ms / 10 {
            self.tick(10);
        }
    }

    /// A plain request.
    pub(crate) fn http(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let request = Request::new(ConnId(1), method, target, headers, body);
        let reply = self.venue.on_http(self.now, &request, &mut self.out);
        self.collect();
        reply
    }

    /// Opens a WebSocket.
    pub(crate) fn open(&mut self, conn: u64, target: &str) {
        let headers = [("upgrade", "websocket"), ("sec-websocket-key", "x")];
        let request = Request::new(ConnId(conn), "GET", target, &headers, "");
        let reply = self.venue.on_http(self.now, &request, &mut self.out);
        assert!(matches!(reply, Reply::Upgrade), "{target}: {reply:?}");
        self.venue.on_open(self.now, &request, &mut self.out);
        self.collect();
    }

    /// Sends a text message.
    pub(crate) fn send(&mut self, conn: u64, text: &str) {
        self.venue.on_text(self.now, ConnId(conn), text, &mut self.out);
        self.collect();
    }

    /// Sends a text message and lets it arrive.
    pub(crate) fn say(&mut self, conn: u64, text: &str) {
        self.send(conn, text);
        self.tick(2);
    }

    /// The connection is gone.
    pub(crate) fn close(&mut self, conn: u64) {
        self.venue.on_closed(self.now, ConnId(conn));
    }

    /// What has been said on a connection since the last time this was asked.
    pub(crate) fn heard(&mut self, conn: u64) -> Vec<Value> {
        let texts = self.said.remove(&conn).unwrap_or_default();
        let read = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        texts.into_iter().map(read).collect()
    }

    /// The same, as the bytes were.
    pub(crate) fn texts(&mut self, conn: u64) -> Vec<String> {
        self.said.remove(&conn).unwrap_or_default()
    }

    /// Whether the venue has ended a connection.
    pub(crate) fn has_ended(&self, conn: u64) -> bool {
        self.ended.contains(&conn)
    }

    /// Arms a fault that strikes once.
    pub(crate) fn strike(&mut self, kind: FaultKind, delay_ms: u64) {
        let rule = FaultRule {
            kind,
            venue: None,
            instrument: None,
            from_s: 0,
            until_s: None,
            percent: 100,
            every_s: None,
            times: Some(1),
            delay_ms,
        };
        self.venue.exchange().faults.inject(rule);
    }

    fn collect(&mut self) {
        let later = std::mem::take(&mut self.out.later);
        let (due, left): (Vec<_>, Vec<_>) = later.into_iter().partition(|(at, _)| *at <= self.now);
        self.out.later = left;
        let acts: Vec<Act> =
            self.out.acts.drain(..).chain(due.into_iter().map(|(_, act)| act)).collect();
        for act in acts {
            match act {
                Act::Text(conn, text) => {
                    self.said.entry(conn.0).or_default().push(text.as_str().to_owned());
                }
                Act::Close(conn, ..) | Act::Cut(conn) => self.ended.push(conn.0),
                Act::Ping(..) => {}
            }
        }
    }
}

/// The body of a reply as JSON, and its status.
pub(crate) fn body(reply: Reply) -> (u16, Value) {
    let response = match reply {
        Reply::Response(response) | Reply::Later(_, response) => response,
        other => panic!("no response: {other:?}"),
    };
    (response.status, serde_json::from_str(&response.body).unwrap_or(Value::Null))
}

/// A recorded message of the real venue.
pub(crate) fn golden(venue: &str, name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(venue)
        .join(format!("{name}.json"));
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).expect("a recorded message is JSON")
}

/// Every field of `wanted` is in `ours` with the same JSON type, but for those that are `gone`; lists
/// are compared by their first elements.
pub(crate) fn assert_shape(wanted: &Value, ours: &Value, gone: &[&str], place: &str) {
    match (wanted, ours) {
        (Value::Object(wanted), Value::Object(ours)) => {
            for (name, value) in wanted.iter().filter(|(name, _)| !gone.contains(&name.as_str())) {
                let place = format!("{place}.{name}");
                let own = ours.get(name).unwrap_or_else(|| panic!("{place} is missing"));
                assert_shape(value, own, gone, &place);
            }
        }
        (Value::Array(wanted), Value::Array(ours)) => {
            if let (Some(wanted), Some(ours)) = (wanted.first(), ours.first()) {
                assert_shape(wanted, ours, gone, &format!("{place}[0]"));
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, _) => {}
        (wanted, ours) => panic!("{place}: {ours} is not of the type of {wanted}"),
    }
}
