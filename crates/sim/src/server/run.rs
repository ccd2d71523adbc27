//! The loop of one venue's thread.

use super::conn::{Conn, Heard};
use super::tls::{Authority, TlsStream};
use super::{Act, ConnId, Outbox, Protocol, Reply, Response};
use crate::clock::{ScenarioClock, monotonic_ns};
use crate::faults::FaultRule;
use base::WallNs;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Duration;

const WAKER: Token = Token(0);
const FIRST_DOOR: usize = 1;
const FIRST_CONN: u64 = 1_000;
/// How often protocols get their tick, real nanoseconds.
const TICK_NS: u64 = 1_000_000;

/// Longest stretch of scenario time the venues are handed at once.
const STEP_NS: i64 = 2_000_000_000;

/// A listening port and the protocol behind it.
#[derive(Debug)]
pub struct Door {
    /// Its name, handed to the protocol with each request.
    pub name: &'static str,
    /// Its port.
    pub port: u16,
    listener: TcpListener,
    protocol: usize,
}

/// What the outside may ask of a venue's thread.
enum Ask {
    Ledger(Sender<Vec<Value>>),
    Inject(FaultRule),
    Withdraw(String),
    Stop,
}

/// The outside's end of a venue's thread.
#[derive(Clone, Debug)]
pub struct Control {
    asks: Sender<Ask>,
    waker: Arc<Waker>,
}

impl Control {
    /// The ledgers of the venues on this thread; empty when it has ended.
    #[must_use]
    pub fn ledgers(&self) -> Vec<Value> {
        let (answer, answers) = channel();
        if !self.ask(Ask::Ledger(answer)) {
            return Vec::new();
        }
        answers.recv().unwrap_or_default()
    }

    /// Adds a fault while running.
    pub fn inject(&self, rule: FaultRule) {
        self.ask(Ask::Inject(rule));
    }

    /// Withdraws an API key, wherever it is known.
    pub fn withdraw(&self, api_key: &str) {
        self.ask(Ask::Withdraw(api_key.to_owned()));
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.ask(Ask::Stop);
    }

    fn ask(&self, ask: Ask) -> bool {
        self.asks.send(ask).is_ok() && self.waker.wake().is_ok()
    }
}

/// One thread's venues, their doors and connections.
pub struct Host {
    poll: Poll,
    asks: Receiver<Ask>,
    control: Control,
    clock: ScenarioClock,
    /// The latest time handed out.
    seen: WallNs,
    authority: Authority,
    protocols: Vec<Box<dyn Protocol>>,
    doors: Vec<Door>,
    conns: BTreeMap<u64, Conn>,
    next_conn: u64,
    timers: BinaryHeap<Reverse<Timer>>,
    next_timer: u64,
    out: Outbox,
}

/// Something to do at a scenario time; ordered by time, then by when it was asked for.
struct Timer {
    at: WallNs,
    number: u64,
    what: Later,
}

enum Later {
    Act(Act),
    Respond(ConnId, Response),
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Host {
    /// A host without venues.
    ///
    /// # Errors
    /// When the system refuses a poll.
    pub fn new(clock: ScenarioClock, authority: Authority) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (sender, asks) = channel();
        Ok(Self {
            poll,
            asks,
            control: Control { asks: sender, waker },
            seen: clock.now(),
            clock,
            authority,
            protocols: Vec::new(),
            doors: Vec::new(),
            conns: BTreeMap::new(),
            next_conn: FIRST_CONN,
            timers: BinaryHeap::new(),
            next_timer: 0,
            out: Outbox::default(),
        })
    }

    /// Adds a venue and listens for it on a loopback port (0: any free one); returns the port.
    ///
    /// # Errors
    /// When the port is in use.
    pub fn add(
        &mut self,
        protocol: Box<dyn Protocol>,
        name: &'static str,
        port: u16,
    ) -> io::Result<u16> {
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let port = listener.local_addr()?.port();
        let token = Token(FIRST_DOOR + self.doors.len());
        self.poll.registry().register(&mut listener, token, Interest::READABLE)?;
        self.doors.push(Door { name, port, listener, protocol: self.protocols.len() });
        self.protocols.push(protocol);
        Ok(port)
    }

    /// A handle for the outside.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Serves until told to stop; returns the ledgers.
    ///
    /// # Errors
    /// When waiting for events fails.
    pub fn run(mut self) -> io::Result<Vec<Value>> {
        let mut events = Events::with_capacity(256);
        let mut next_tick = monotonic_ns();
        loop {
            let wait = self.wait_ns(next_tick);
            match self.poll.poll(&mut events, Some(Duration::from_nanos(wait))) {
                Err(why) if why.kind() != io::ErrorKind::Interrupted => return Err(why),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    WAKER => {}
                    Token(door) if door < FIRST_DOOR + self.doors.len() => {
                        self.accept(door - FIRST_DOOR);
                    }
                    Token(conn) => {
                        self.serve(conn as u64, event.is_readable(), event.is_writable());
                    }
                }
            }
            if monotonic_ns() >= next_tick {
                next_tick = monotonic_ns() + TICK_NS;
                self.tick();
            }
            self.run_timers();
            self.flush();
            if self.answer_asks() {
                return Ok(self.ledgers());
            }
        }
    }

    /// Scenario time as the venues on this thread see it. A machine too slow for the speed falls behind
    /// the clock step by step; it is never handed a stretch so long that its events fill the memory.
    fn now(&mut self) -> WallNs {
        let farthest = WallNs(self.seen.0.saturating_add(STEP_NS));
        self.seen = self.seen.max(self.clock.now().min(farthest));
        self.seen
    }

    fn wait_ns(&self, next_tick: u64) -> u64 {
        let mono = monotonic_ns();
        let tick = next_tick.saturating_sub(mono);
        let now = self.clock.at(mono);
        let timer = self.timers.peek().map_or(u64::MAX, |t| self.clock.real_until(now, t.0.at));
        tick.min(timer)
    }

    fn accept(&mut self, door: usize) {
        loop {
            let Ok((mut socket, _)) = self.doors[door].listener.accept() else {
                return;
            };
            // Without it small frames wait for acknowledgements; a socket that refuses still works.
            let _ = socket.set_nodelay(true);
            let id = self.next_conn;
            self.next_conn += 1;
            let Ok(token) = usize::try_from(id) else {
                return;
            };
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut socket, Token(token), interest).is_err() {
                continue;
            }
            if let Ok(stream) = TlsStream::new(&self.authority.config, socket) {
                let door = &self.doors[door];
                let conn = Conn::new(ConnId(id), door.protocol, door.name, stream);
                self.conns.insert(id, conn);
                self.serve(id, true, false);
            }
        }
    }

    /// Reads what a connection has to say and lets its protocol answer.
    fn serve(&mut self, id: u64, readable: bool, writable: bool) {
        if writable && let Some(conn) = self.conns.get_mut(&id) {
            conn.dirty = true;
        }
        if !readable {
            return;
        }
        // Edge-triggered: everything has to be read, so that the next edge comes.
        loop {
            let Some(conn) = self.conns.get_mut(&id) else {
                return;
            };
            let protocol = conn.protocol;
            let heard = conn.hear();
            let now = self.now();
            match heard {
                Heard::Nothing => return,
                Heard::Closed => return self.drop_conn(id),
                Heard::Request(request) => self.request(id, protocol, now, &request),
                Heard::Text(text) => {
                    self.protocols[protocol].on_text(now, ConnId(id), &text, &mut self.out);
                }
                Heard::Control(frame) => {
                    self.protocols[protocol].on_control(now, ConnId(id), frame, &mut self.out);
                    // Reading a ping queued its pong.
                    if let Some(conn) = self.conns.get_mut(&id) {
                        conn.dirty = true;
                    }
                }
            }
            self.act();
        }
    }

    fn request(&mut self, id: u64, protocol: usize, now: WallNs, request: &super::Request) {
        let reply = self.protocols[protocol].on_http(now, request, &mut self.out);
        let Some(conn) = self.conns.get_mut(&id) else {
            return;
        };
        match reply {
            Reply::Response(response) => conn.respond(&response),
            Reply::Later(at, response) => self.later(at, Later::Respond(ConnId(id), response)),
            Reply::Cut => self.drop_conn(id),
            Reply::Upgrade if conn.upgrade(request).is_ok() => {
                self.protocols[protocol].on_open(now, request, &mut self.out);
            }
            Reply::Upgrade => self.drop_conn(id),
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        for at in 0..self.protocols.len() {
            self.protocols[at].on_tick(now, &mut self.out);
            self.act();
        }
    }

    fn run_timers(&mut self) {
        let now = self.now();
        while self.timers.peek().is_some_and(|timer| timer.0.at <= now) {
            let Some(Reverse(timer)) = self.timers.pop() else {
                return;
            };
            match timer.what {
                Later::Act(act) => {
                    self.out.acts.push(act);
                    self.act();
                }
                Later::Respond(conn, response) => {
                    if let Some(conn) = self.conns.get_mut(&conn.0) {
                        conn.respond(&response);
                    }
                    // The next request may be waiting in the buffer.
                    self.serve(conn.0, true, false);
                }
            }
        }
    }

    fn later(&mut self, at: WallNs, what: Later) {
        let number = self.next_timer;
        self.next_timer += 1;
        self.timers.push(Reverse(Timer { at, number, what }));
    }

    /// Does what the protocol just asked for.
    fn act(&mut self) {
        for (at, act) in core::mem::take(&mut self.out.later) {
            self.later(at, Later::Act(act));
        }
        let mut acts = core::mem::take(&mut self.out.acts);
        for act in acts.drain(..) {
            self.act_one(act);
        }
        if self.out.acts.is_empty() {
            self.out.acts = acts;
        }
    }

    fn act_one(&mut self, act: Act) {
        let (Act::Text(id, _) | Act::Ping(id, _) | Act::Close(id, ..) | Act::Cut(id)) = act;
        let Some(conn) = self.conns.get_mut(&id.0) else {
            return;
        };
        let done = match act {
            Act::Text(_, text) => conn.text(text),
            Act::Ping(_, payload) => conn.ping(payload),
            Act::Close(_, code, reason) => {
                conn.close(code, reason);
                Ok(())
            }
            Act::Cut(_) => Err(()),
        };
        if done.is_err() {
            self.cut(id.0);
        }
    }

    fn flush(&mut self) {
        let dirty: Vec<u64> =
            self.conns.iter().filter(|(_, c)| c.dirty).map(|(id, _)| *id).collect();
        for id in dirty {
            if let Some(conn) = self.conns.get_mut(&id)
                && !conn.flush()
            {
                self.drop_conn(id);
            }
        }
    }

    /// Ends a connection with TLS's goodbye.
    fn drop_conn(&mut self, id: u64) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.goodbye();
        }
        self.cut(id);
    }

    /// Ends a connection without a word.
    fn cut(&mut self, id: u64) {
        let Some(mut conn) = self.conns.remove(&id) else {
            return;
        };
        if let Some(socket) = conn.socket() {
            // Dropping the socket deregisters it anyway.
            let _ = self.poll.registry().deregister(socket);
        }
        if conn.is_ws() {
            let now = self.now();
            self.protocols[conn.protocol].on_closed(now, conn.id);
        }
    }

    /// Answers the outside; true when it wants the end.
    fn answer_asks(&mut self) -> bool {
        loop {
            match self.asks.try_recv() {
                Ok(Ask::Ledger(answer)) => {
                    let ledgers = self.ledgers();
                    // Who asked may have given up.
                    let _ = answer.send(ledgers);
                }
                Ok(Ask::Inject(rule)) => {
                    for protocol in &mut self.protocols {
                        protocol.exchange().faults.inject(rule.clone());
                    }
                }
                Ok(Ask::Withdraw(key)) => {
                    for protocol in &mut self.protocols {
                        protocol.exchange().keys.withdraw(&key);
                    }
                }
                Ok(Ask::Stop) | Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    fn ledgers(&mut self) -> Vec<Value> {
        let now = self.now();
        let protocols = self.protocols.iter_mut();
        protocols
            .map(|protocol| {
                protocol.exchange().advance(now);
                protocol.exchange().ledger_json()
            })
            .collect()
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host({} venues, {} connections)", self.protocols.len(), self.conns.len())
    }
}
