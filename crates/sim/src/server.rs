//! One thread, one mio poll, TLS, HTTP/1.1 and WebSocket: everything of a venue but its words.
//!
//! # How a protocol plugs in
//!
//! A venue is a type that implements [`Protocol`] and owns a [`crate::exchange::Exchange`]. The server
//! calls it with whole requests and whole text messages and the scenario's time; it answers through
//! the return value and the [`Outbox`]. It never sees a socket, never blocks, never reads a clock:
//!
//! 1. First thing in **every** callback: `self.exchange.advance(now)`, so that orders meet the market of
//!    this moment; last thing: `for event in self.exchange.take_events()` push what the events mean to the
//!    connections that subscribed. (`advance` and order calls append to that list.)
//! 2. `on_http` gets every plain request, also those asking for an upgrade (`request.wants_upgrade()`):
//!    answer [`Reply::Upgrade`] for a known WebSocket path and [`Reply::Response`] (404 …) otherwise.
//!    After the handshake `on_open` is called with the same [`ConnId`]; pushes are allowed from there on.
//! 3. `on_text` gets each text message. Control frames are answered by the server (pings are ponged);
//!    they are reported to `on_control`, because venues count them against their message limits.
//! 4. `on_tick` is called about once a real millisecond, and is where streams, timers (dead man's
//!    switches, heartbeats, 24 h cuts) and market pushes happen.
//! 5. Faults: ask `self.exchange.faults` at the points its page lists. Delays go through
//!    [`Outbox::text_later`] and [`Reply::Later`], with scenario times.
//!
//! A text for several connections should be made once as [`Text`] and cloned: a clone copies no bytes.

mod conn;
mod http;
mod run;
mod tls;

pub use http::{Request, Response};
pub use run::{Control, Door, Host};
pub use tls::Authority;

use base::{VenueId, WallNs};
use std::fmt;

/// A text message; cloning shares the bytes.
pub type Text = tungstenite::Utf8Bytes;

/// A connection, numbered over the life of its venue's thread; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What the server does with a plain HTTP request.
#[derive(Debug)]
pub enum Reply {
    /// Send this.
    Response(Response),
    /// Send this at that scenario time (a slow venue).
    Later(WallNs, Response),
    /// Do the WebSocket handshake; `on_open` follows.
    Upgrade,
    /// Close the connection without a word (the outcome stays unknown to the client).
    Cut,
}

/// A control frame the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlFrame {
    /// A ping; the server has ponged.
    Ping,
    /// A pong with an empty payload.
    PongUnasked,
    /// A pong that carries a payload (the answer to ours).
    Pong,
}

/// A venue: bytes of meaning in, bytes of meaning out.
pub trait Protocol: Send {
    /// Which venue it is.
    fn venue(&self) -> VenueId;

    /// A whole HTTP request.
    fn on_http(&mut self, now: WallNs, request: &Request, out: &mut Outbox) -> Reply;

    /// A WebSocket is open; `request` is the one that asked for it.
    fn on_open(&mut self, now: WallNs, request: &Request, out: &mut Outbox);

    /// A text message.
    fn on_text(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox);

    /// A control frame (they count against message limits).
    fn on_control(&mut self, now: WallNs, conn: ConnId, frame: ControlFrame, out: &mut Outbox) {
        let _ = (now, conn, frame, out);
    }

    /// The connection is gone.
    fn on_closed(&mut self, now: WallNs, conn: ConnId);

    /// Time has passed: play the market, push streams, run timers.
    fn on_tick(&mut self, now: WallNs, out: &mut Outbox);

    /// The venue behind it: the ledger and the switch for faults by hand are reached through it.
    fn exchange(&mut self) -> &mut crate::exchange::Exchange;
}

/// What a protocol wants done. Done in order when its callback returns.
#[derive(Default)]
pub struct Outbox {
    pub(crate) acts: Vec<Act>,
    pub(crate) later: Vec<(WallNs, Act)>,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Text(ConnId, Text),
    Ping(ConnId, Vec<u8>),
    Close(ConnId, u16, &'static str),
    Cut(ConnId),
}

impl Outbox {
    /// Sends a text message.
    pub fn text(&mut self, conn: ConnId, text: impl Into<Text>) {
        self.acts.push(Act::Text(conn, text.into()));
    }

    /// Sends a text message at a scenario time (in order with others of that time).
    pub fn text_later(&mut self, at: WallNs, conn: ConnId, text: impl Into<Text>) {
        self.later.push((at, Act::Text(conn, text.into())));
    }

    /// Sends a ping frame.
    pub fn ping(&mut self, conn: ConnId, payload: Vec<u8>) {
        self.acts.push(Act::Ping(conn, payload));
    }

    /// Closes politely with a close frame.
    pub fn close(&mut self, conn: ConnId, code: u16, reason: &'static str) {
        self.acts.push(Act::Close(conn, code, reason));
    }

    /// Closes politely at a scenario time.
    pub fn close_later(&mut self, at: WallNs, conn: ConnId, code: u16, reason: &'static str) {
        self.later.push((at, Act::Close(conn, code, reason)));
    }

    /// Drops the connection without a word, as a broken line does.
    pub fn cut(&mut self, conn: ConnId) {
        self.acts.push(Act::Cut(conn));
    }

    /// The texts waiting to be sent at once, oldest first: what tests of a protocol look at.
    pub fn texts(&self) -> impl Iterator<Item = (ConnId, &str)> {
        self.acts.iter().filter_map(|act| match act {
            Act::Text(conn, text) => Some((*conn, text.as_str())),
            _ => None,
        })
    }

    /// Forgets everything in it.
    pub fn clear(&mut self) {
        self.acts.clear();
        self.later.clear();
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} now, {} later)", self.acts.len(), self.later.len())
    }
}

#[cfg(test)]
mod tests;
