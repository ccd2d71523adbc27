//! One open connection: socket, records, frames. Made on a cold thread, polled on a hot one, closed
//! and freed on a cold one.

use core::ops::Range;

use base::{Clock, Stamp};

use super::inbox::{Inbox, Record};
use super::options::{LinkOptions, PingPolicy};
use super::outbox::Outbox;
use crate::socket::{Arrived, Socket};
use crate::tls::record::Content;
use crate::tls::session::{Aside, Session};
use crate::ws::{Decoder, Event, MaskKeys, Opcode, Place, Role, Violation};
use crate::{CloseReason, SendError, TlsFault};

/// Most control frames, fragments and records one turn goes through without a text.
const STEPS: usize = 64;

/// What one turn found.
pub(super) enum Turn {
    Nothing,
    Text(Lent, Stamp),
    Closed(CloseReason),
}

/// A text that [`Connection::text`] lends until the next turn.
#[derive(Clone, Copy)]
pub(super) enum Lent {
    /// In the receive buffer.
    Inbox { at: usize, length: usize },
    /// Put together from fragments.
    Gathered { length: usize },
}

/// The connection.
pub(super) struct Connection {
    socket: Socket,
    session: Session,
    inbox: Inbox,
    outbox: Outbox,
    decoder: Decoder,
    ping: PingPolicy,
    /// When the last bytes were read.
    heard: Stamp,
    /// A ping is out since then.
    pinged: bool,
    /// Why a send failed, when it was the socket's fault; the next turn says so.
    broken: Option<CloseReason>,
}

impl Connection {
    /// Around a socket that has been upgraded; `inbox` holds what came behind the upgrade.
    pub(super) fn new(
        socket: Socket,
        session: Session,
        inbox: Inbox,
        options: &LinkOptions,
        now: Stamp,
    ) -> Self {
        Self {
            socket,
            session,
            inbox,
            outbox: Outbox::new(options.max_send.min(LinkOptions::MAX_SEND), options.send_queue),
            decoder: Decoder::new(Role::Client, options.max_message),
            ping: options.ping,
            heard: now,
            pinged: false,
            broken: None,
        }
    }

    /// The next text, or that there is none. Reads the socket at most once, and only when no whole
    /// text is buffered.
    #[inline]
    pub(super) fn turn<C: Clock>(&mut self, clock: &C, keys: &mut MaskKeys) -> Turn {
        match self.advance(clock, keys) {
            Ok(turn) => turn,
            Err(reason) => Turn::Closed(reason),
        }
    }

    /// The text a turn spoke of.
    #[inline]
    pub(super) fn text(&self, lent: Lent) -> &[u8] {
        match lent {
            Lent::Inbox { at, length } => self.inbox.lend(at, length),
            Lent::Gathered { length } => self.decoder.payload(&[], Place::Gathered { length }),
        }
    }

    /// Sends one text, or puts it in line when the socket takes no more.
    #[inline]
    pub(super) fn send(
        &mut self,
        keys: &mut MaskKeys,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        if self.broken.is_some() {
            return Err(SendError::Closed);
        }
        self.outbox.text(&mut self.session, keys, max, write)?;
        self.push();
        Ok(())
    }

    /// Asks a silent peer whether it is there, and gives up one that does not answer.
    #[inline]
    pub(super) fn watch(&mut self, now: Stamp, keys: &mut MaskKeys) -> Option<CloseReason> {
        let silence = now - self.heard;
        if silence < self.ping.after && silence < self.ping.dead {
            return None;
        }
        self.silent(silence >= self.ping.dead, keys)
    }

    /// Nanoseconds the bytes of the last read waited in the kernel.
    pub(super) const fn waited_ns(&self) -> u64 {
        self.socket.waited_ns()
    }

    fn advance<C: Clock>(&mut self, clock: &C, keys: &mut MaskKeys) -> Result<Turn, CloseReason> {
        if let Some(reason) = self.broken {
            return Err(reason);
        }
        if !self.outbox.is_empty() {
            self.outbox.flush(&mut self.socket)?;
        }
        let mut may_read = true;
        if self.inbox.is_empty() {
            may_read = false;
            if !self.read(clock)? {
                return Ok(Turn::Nothing);
            }
        }
        // bound: STEPS
        for _ in 0..STEPS {
            let start = self.inbox.plain_start();
            let next = self.decoder.next(self.inbox.plain())?;
            self.inbox.use_up(next.used);
            match next.event {
                Event::Text(place) => return Ok(Turn::Text(lent(start, place), self.heard)),
                Event::Incomplete { .. } => {
                    match self.inbox.open(&mut self.session).map_err(CloseReason::Tls)? {
                        Record::Data => {}
                        Record::Other(kind, content) => self.aside(kind, content)?,
                        Record::Missing if may_read => {
                            may_read = false;
                            if !self.read(clock)? {
                                return Ok(Turn::Nothing);
                            }
                        }
                        Record::Missing => return Ok(Turn::Nothing),
                    }
                }
                other => {
                    if let Some(text) = self.rare(start, other, keys)? {
                        return Ok(Turn::Text(text, self.heard));
                    }
                }
            }
        }
        Ok(Turn::Nothing)
    }

    /// Reads the socket once; whether anything came.
    #[inline]
    fn read<C: Clock>(&mut self, clock: &C) -> Result<bool, CloseReason> {
        match self.socket.read(self.inbox.free()) {
            Arrived::Bytes(count) => {
                self.heard = clock.now();
                self.pinged = false;
                self.inbox.received(count);
                Ok(true)
            }
            Arrived::Nothing => Ok(false),
            Arrived::End => Err(CloseReason::Eof),
            Arrived::Failed(errno) => Err(CloseReason::Socket(errno)),
        }
    }

    /// Everything that is neither an unfragmented text nor nothing.
    #[cold]
    #[inline(never)]
    fn rare(
        &mut self,
        start: usize,
        event: Event,
        keys: &mut MaskKeys,
    ) -> Result<Option<Lent>, CloseReason> {
        match event {
            Event::Binary(place) => {
                let text = lent(start, place);
                if simdutf8::basic::from_utf8(self.text(text)).is_err() {
                    return Err(CloseReason::Violation(Violation::Binary));
                }
                Ok(Some(text))
            }
            Event::Ping(place) => {
                if let Lent::Inbox { at, length } = lent(start, place) {
                    let payload = self.inbox.lend(at, length);
                    // A peer that sends pings faster than it takes pongs goes without some.
                    let _ = self.outbox.control(&mut self.session, keys, Opcode::Pong, payload);
                    self.outbox.flush(&mut self.socket)?;
                }
                Ok(None)
            }
            Event::Close(code) => Err(CloseReason::Peer(code)),
            Event::Pong(_) | Event::Fragment | Event::Text(_) | Event::Incomplete { .. } => {
                Ok(None)
            }
        }
    }

    /// A record that is not data.
    #[cold]
    #[inline(never)]
    fn aside(&mut self, kind: Content, content: Range<usize>) -> Result<(), CloseReason> {
        let bytes = self.inbox.lend(content.start, content.len());
        match self.session.aside(kind, bytes) {
            Ok(Aside::Nothing) => Ok(()),
            Ok(Aside::CloseNotify) => Err(CloseReason::Tls(TlsFault::Alert(0))),
            Err(fault) => Err(CloseReason::Tls(fault)),
        }
    }

    #[cold]
    #[inline(never)]
    fn silent(&mut self, dead: bool, keys: &mut MaskKeys) -> Option<CloseReason> {
        if dead {
            return Some(CloseReason::Silent);
        }
        if !self.pinged {
            self.pinged = true;
            // A full queue is written to as soon as the socket takes bytes; its peer will answer that.
            let _ = self.outbox.control(&mut self.session, keys, Opcode::Ping, &[]);
            self.push();
        }
        None
    }

    /// Hands the socket what it takes; a failure is told by the next turn.
    #[inline]
    fn push(&mut self) {
        if let Err(reason) = self.outbox.flush(&mut self.socket) {
            self.broken = Some(reason);
        }
    }

    /// What is left to say, said; the socket takes it or not. On a cold thread.
    pub(super) fn part(&mut self, word: LastWord, keys: &mut MaskKeys) {
        match word {
            LastWord::None => return,
            LastWord::Close(code) => {
                let code = code.to_be_bytes();
                let payload: &[u8] = if code == 1005_u16.to_be_bytes() { &[] } else { &code };
                let _ = self.outbox.control(&mut self.session, keys, Opcode::Close, payload);
                self.outbox.alert(&mut self.session, false, 0);
            }
            LastWord::Alert(alert) => self.outbox.alert(&mut self.session, true, alert),
        }
        self.push();
        self.socket.finish();
    }

    /// Whether the peer has nothing more to say either; throws away what it says. On a cold thread.
    pub(super) fn is_drained(&mut self) -> bool {
        let mut waste = [0; 4096];
        // bound: as many reads as a receive buffer holds
        for _ in 0..1024 {
            match self.socket.read(&mut waste) {
                Arrived::Bytes(_) => {}
                Arrived::Nothing => return false,
                Arrived::End | Arrived::Failed(_) => return true,
            }
        }
        false
    }
}

/// How a connection takes its leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastWord {
    /// Nobody listens any more.
    None,
    /// A close frame of this code (1005: of none) and a close_notify.
    Close(u16),
    /// A fatal TLS alert.
    Alert(u8),
}

impl LastWord {
    /// The one that fits `reason`.
    pub(super) const fn after(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Peer(code) => Self::Close(code),
            CloseReason::Violation(violation) => Self::Close(violation.close_code()),
            CloseReason::Silent => Self::Close(1001),
            CloseReason::Tls(TlsFault::Alert(0) | TlsFault::KeysSpent) => Self::Close(1001),
            CloseReason::Tls(TlsFault::Unexpected) => Self::Alert(10),
            CloseReason::Tls(TlsFault::BadRecord) => Self::Alert(20),
            CloseReason::Tls(TlsFault::Oversized) => Self::Alert(22),
            CloseReason::Tls(TlsFault::Alert(_))
            | CloseReason::Eof
            | CloseReason::Socket(_)
            | CloseReason::Dial(_) => Self::None,
        }
    }
}

impl From<Violation> for CloseReason {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// Where a payload lies for good, when the opened bytes began at `start`.
#[inline]
const fn lent(start: usize, place: Place) -> Lent {
    match place {
        Place::Input { at, length } => Lent::Inbox { at: start + at, length },
        Place::Gathered { length } => Lent::Gathered { length },
    }
}
