//! A small HTTP/1.1 server for probes, scrapers and operators: GET, HEAD, and POST where something can be
//! asked for; one request a connection.
//!
//! One thread, no thread per connection: a client that sends a byte a second, or reads none, costs a
//! slot until its deadline and nothing else. When all slots are taken, the connection that has been
//! asking longest makes way, since an honest one asks within milliseconds.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

mod request;

use request::Asked;
pub(crate) use request::Method;

/// What a client may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Connections at a time.
    pub connections: usize,
    /// Time to send the request.
    pub request: Duration,
    /// Time to take the answer.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 8 << 10,
            connections: 64,
            request: Duration::from_secs(5),
            answer: Duration::from_secs(10),
        }
    }
}

/// How long, and for how many bytes, a client is listened to after its answer: closing at once would
/// throw the answer away with what it is still sending.
const DRAIN: Duration = Duration::from_secs(1);
const DRAIN_BYTES: usize = 64 << 10;
/// The longest the server waits for anything.
const IDLE: Duration = Duration::from_secs(1);

/// An answer before it has its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// The path is asked for things with POST.
    pub(crate) post: bool,
}

impl Answer {
    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        let content_type = "text/plain; charset=utf-8";
        Self { status, content_type, body: body.into(), post: false }
    }

    pub(crate) fn json(status: u16, body: String) -> Self {
        Self { status, content_type: "application/json", body, post: false }
    }

    /// The path has another method: POST if `post`, else GET and HEAD.
    pub(crate) fn other_method(post: bool) -> Self {
        Self { post, ..Self::text(405, format!("{}\n", reason(405))) }
    }

    fn bytes(&self, with_body: bool) -> Vec<u8> {
        let Self { status, content_type, body, .. } = self;
        let allow = match (*status, self.post) {
            (405, true) => "Allow: POST\r\n",
            (405, false) => "Allow: GET, HEAD\r\n",
            _ => "",
        };
        let head = format!(
            "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{allow}\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            reason(*status),
            body.len()
        );
        let mut bytes = head.into_bytes();
        if with_body {
            bytes.extend_from_slice(body.as_bytes());
        }
        bytes
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// What answers: the listener a request came in on (in the order they were given), its method, its path.
pub(crate) type Handler = Box<dyn FnMut(usize, Method, &str) -> Answer + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Answering,
    /// Answered; what is still coming is read and thrown away.
    Draining,
}

struct Connection {
    stream: TcpStream,
    listener: usize,
    phase: Phase,
    since: Instant,
    head: Vec<u8>,
    answer: Vec<u8>,
    sent: usize,
    drained: usize,
}

/// The server, bound and not yet running.
pub(crate) struct Server {
    poll: Poll,
    listeners: Vec<TcpListener>,
    connections: Vec<Option<Connection>>,
    limits: Limits,
    handler: Handler,
}

/// Ends a server from another thread.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    waker: Arc<Waker>,
    told: Arc<std::sync::atomic::AtomicBool>,
}

impl Stop {
    pub(crate) fn stop(&self) {
        self.told.store(true, std::sync::atomic::Ordering::Release);
        // If it cannot be woken it looks by itself within a second.
        let _ = self.waker.wake();
    }
}

const WAKE: Token = Token(usize::MAX);

impl Server {
    /// Listens on already bound sockets.
    pub(crate) fn new(
        sockets: Vec<std::net::TcpListener>,
        limits: Limits,
        handler: Handler,
    ) -> io::Result<(Self, Stop)> {
        let poll = Poll::new()?;
        let mut listeners = Vec::new();
        for (index, socket) in sockets.into_iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut listener = TcpListener::from_std(socket);
            poll.registry().register(&mut listener, Token(index), Interest::READABLE)?;
            listeners.push(listener);
        }
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let told = Arc::default();
        let connections = (0..limits.connections.max(1)).map(|_| None).collect();
        Ok((Self { poll, listeners, connections, limits, handler }, Stop { waker, told }))
    }

    /// The addresses it listens on.
    pub(crate) fn addresses(&self) -> Vec<Option<SocketAddr>> {
        self.listeners.iter().map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves until it is told to stop.
    pub(crate) fn run(mut self, stop: &Stop) -> io::Result<()> {
        let mut events = Events::with_capacity(128);
        // bound: until stopped
        while !stop.told.load(std::sync::atomic::Ordering::Acquire) {
            let wait = self.next_deadline(Instant::now());
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let now = Instant::now();
            for event in &events {
                match event.token() {
                    WAKE => {}
                    Token(index) if index < self.listeners.len() => self.accept(index, now),
                    Token(index) => self.serve(index - self.listeners.len(), now),
                }
            }
            self.close_late(now);
        }
        Ok(())
    }

    fn accept(&mut self, index: usize, now: Instant) {
        // bound: connections that wait to be accepted; each takes a slot from an older one at worst
        while let Some(Ok((stream, _))) = self.listeners.get(index).map(TcpListener::accept) {
            let slot = self.slot(now);
            let Some(place) = self.connections.get_mut(slot) else { return };
            let mut connection = Connection {
                stream,
                listener: index,
                phase: Phase::Asking,
                since: now,
                head: Vec::new(),
                answer: Vec::new(),
                sent: 0,
                drained: 0,
            };
            let token = Token(self.listeners.len() + slot);
            let both = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut connection.stream, token, both).is_ok() {
                *place = Some(connection);
                self.serve(slot, now);
            }
        }
    }

    /// A free slot; if there is none, that of the connection that has been at it longest, asking ones
    /// first.
    fn slot(&mut self, now: Instant) -> usize {
        let age = |connection: &Option<Connection>| match connection {
            None => (2, Duration::MAX),
            Some(c) => (u8::from(c.phase != Phase::Answering), now.duration_since(c.since)),
        };
        let slots = self.connections.iter().enumerate();
        let slot = slots.max_by_key(|(_, connection)| age(connection)).map_or(0, |(slot, _)| slot);
        self.close(slot);
        slot
    }

    fn close(&mut self, slot: usize) {
        if let Some(mut old) = self.connections.get_mut(slot).and_then(Option::take) {
            // Closing takes it out of the poller, too; an error changes nothing.
            let _ = self.poll.registry().deregister(&mut old.stream);
        }
    }

    fn serve(&mut self, slot: usize, now: Instant) {
        let Some(Some(connection)) = self.connections.get_mut(slot) else { return };
        if !connection.advance(now, &self.limits, &mut self.handler) {
            self.close(slot);
        }
    }

    fn next_deadline(&self, now: Instant) -> Duration {
        let deadlines = self.connections.iter().flatten().map(|c| c.deadline(&self.limits));
        let next = deadlines.min().map_or(IDLE, |at| at.saturating_duration_since(now));
        // A whole millisecond more, so that it has passed when the poller returns.
        next.min(IDLE) + Duration::from_millis(1)
    }

    fn close_late(&mut self, now: Instant) {
        for slot in 0..self.connections.len() {
            let place = self.connections.get(slot).and_then(Option::as_ref);
            if place.is_some_and(|connection| connection.deadline(&self.limits) <= now) {
                self.close(slot);
            }
        }
    }
}

impl Connection {
    fn deadline(&self, limits: &Limits) -> Instant {
        self.since
            + match self.phase {
                Phase::Asking => limits.request,
                Phase::Answering => limits.answer,
                Phase::Draining => DRAIN,
            }
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        self.phase = phase;
        self.since = now;
    }

    /// Does what the socket allows now; `false` when it is over.
    fn advance(&mut self, now: Instant, limits: &Limits, handler: &mut Handler) -> bool {
        if self.phase == Phase::Asking {
            match self.read_head(limits) {
                Ok(None) => return true,
                Ok(Some(asked)) => {
                    self.answer = self.answer_to(asked, handler);
                    self.enter(Phase::Answering, now);
                }
                Err(_) => return false,
            }
        }
        if self.phase == Phase::Answering {
            match self.write_answer() {
                Ok(false) => return true,
                Ok(true) => {
                    if self.stream.shutdown(Shutdown::Write).is_err() {
                        return false;
                    }
                    self.enter(Phase::Draining, now);
                }
                Err(_) => return false,
            }
        }
        self.drain()
    }

    fn answer_to(&self, asked: Asked, handler: &mut Handler) -> Vec<u8> {
        match asked {
            Asked::For { path, method } => {
                handler(self.listener, method, &path).bytes(method != Method::Head)
            }
            Asked::Badly(status) => {
                Answer::text(status, format!("{}\n", reason(status))).bytes(true)
            }
        }
    }

    fn read_head(&mut self, limits: &Limits) -> io::Result<Option<Asked>> {
        let mut chunk = [0; 2048];
        // bound: `head_bytes`
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.head.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if let Some(asked) = request::read(&self.head, limits.head_bytes) {
                return Ok(Some(asked));
            }
        }
    }

    fn write_answer(&mut self) -> io::Result<bool> {
        // bound: the answer
        while let Some(rest) = self.answer.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn drain(&mut self) -> bool {
        let mut chunk = [0; 2048];
        // bound: DRAIN_BYTES
        while self.drained < DRAIN_BYTES {
            match self.stream.read(&mut chunk) {
                Ok(0) => return false,
                Ok(count) => self.drained += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
