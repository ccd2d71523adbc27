//! The real [`Channel`]: one WebSocket over TLS over a non-blocking socket.
//!
//! The link itself is hot: it polls connections that are there and asks the [`Connector`]'s cold
//! thread, through rings, for those that are not. Nothing is opened, closed or freed here.

mod connection;
mod connector;
mod dial;
mod inbox;
mod limit;
mod options;
mod outbox;
mod retry;

use std::fmt;

use base::{Clock, Stamp};

pub use connector::{Connector, Dialer};
pub use options::{Backoff, ConnectLimit, LinkOptions, PingPolicy};

use crate::{Channel, CloseReason, DialFault, Endpoint, Polled, SendError};
use connection::{Connection, LastWord, Lent, Turn};
use connector::{Dead, HotEnds, Outcome, Path, PathChoice, Request};
use retry::Retry;

/// One WebSocket connection to a venue, and the state of dialing it again.
pub struct Link<C: Clock> {
    clock: C,
    options: LinkOptions,
    ends: HotEnds,
    current: Option<Box<Connection>>,
    /// What `current` replaced, read until then.
    trailing: Option<(Box<Connection>, Stamp)>,
    dial: Dial,
    path: PathChoice,
    /// The dial under way asked for an older path.
    outdated: bool,
    attempt: u64,
    opened: Stamp,
    retry: Retry,
}

/// How far the next connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dial {
    /// None is wanted.
    None,
    /// To be asked for then.
    Waiting(Purpose, Stamp),
    /// Asked for.
    Asked(Purpose),
}

/// What the next connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Open,
    Renew,
}

/// What there was besides the current connection's texts.
enum Found {
    Idle,
    Opened,
    Renewed,
    Trailing(Lent, Stamp),
    Closed(CloseReason),
}

impl<C: Clock> Link<C> {
    /// A link to `endpoint`, closed until `reopen`.
    #[must_use]
    pub fn new(dialer: Dialer, endpoint: Endpoint, options: LinkOptions, clock: C) -> Self {
        Self::with(dialer.register(endpoint, options), options, clock)
    }

    fn with(ends: HotEnds, options: LinkOptions, clock: C) -> Self {
        Self {
            clock,
            options,
            ends,
            current: None,
            trailing: None,
            dial: Dial::None,
            path: PathChoice::Own,
            outdated: false,
            attempt: 0,
            opened: Stamp(0),
            retry: Retry::new(options.backoff, options.seed),
        }
    }

    /// How often a block of mask keys was drawn on this thread because the pool was dry.
    #[must_use]
    pub const fn mask_keys_dry(&self) -> u64 {
        self.ends.keys.dry()
    }

    /// Everything but the current connection's texts.
    fn besides(&mut self, now: Stamp) -> Found {
        if self.trailing.is_some() {
            let found = self.trail(now);
            if !matches!(found, Found::Idle) {
                return found;
            }
        }
        if self.dial != Dial::None {
            let found = self.dial_on(now);
            if !matches!(found, Found::Idle) {
                return found;
            }
        }
        match &mut self.current {
            Some(connection) => connection
                .watch(now, &mut self.ends.keys)
                .map_or(Found::Idle, |reason| self.lose(reason, now)),
            None => Found::Idle,
        }
    }

    /// The current connection is gone. One that it was replacing is still there to go back to.
    #[cold]
    #[inline(never)]
    fn lose(&mut self, reason: CloseReason, now: Stamp) -> Found {
        if let Some(connection) = self.current.take() {
            self.retry.lived(self.opened, now);
            self.bury(connection, LastWord::after(reason));
        }
        Found::Closed(reason)
    }

    /// Polls the connection that was replaced.
    #[cold]
    fn trail(&mut self, now: Stamp) -> Found {
        let Some((connection, until)) = &mut self.trailing else { return Found::Idle };
        let word = match connection.turn(&self.clock, &mut self.ends.keys) {
            Turn::Text(lent, recv) => return Found::Trailing(lent, recv),
            Turn::Nothing if now < *until => return Found::Idle,
            Turn::Nothing => LastWord::Close(1000),
            Turn::Closed(reason) => LastWord::after(reason),
        };
        if let Some((connection, _)) = self.trailing.take() {
            self.bury(connection, word);
        }
        Found::Idle
    }

    /// Asks for the next connection when it is time, and takes what came of it.
    #[cold]
    fn dial_on(&mut self, now: Stamp) -> Found {
        match self.dial {
            Dial::Waiting(purpose, at) if now >= at => {
                self.attempt += 1;
                let request = Request { attempt: self.attempt, path: self.path };
                if self.ends.requests.is_abandoned() || self.ends.requests.push(request).is_err() {
                    return self.dial_failed(purpose, DialFault::Stopped, now);
                }
                self.dial = Dial::Asked(purpose);
                self.outdated = false;
                self.wake();
                Found::Idle
            }
            Dial::Asked(purpose) => match self.ends.ready.pop() {
                Ok(Outcome { attempt, result }) if attempt == self.attempt => match result {
                    Ok(connection) => self.take_over(connection, purpose, now),
                    Err(fault) => self.dial_failed(purpose, fault, now),
                },
                Ok(Outcome { result, .. }) => {
                    if let Ok(connection) = result {
                        self.bury(connection, LastWord::Close(1000));
                    }
                    Found::Idle
                }
                Err(_) if self.ends.requests.is_abandoned() => {
                    self.dial_failed(purpose, DialFault::Stopped, now)
                }
                Err(_) => Found::Idle,
            },
            Dial::Waiting(..) | Dial::None => Found::Idle,
        }
    }

    fn dial_failed(&mut self, purpose: Purpose, fault: DialFault, now: Stamp) -> Found {
        if purpose == Purpose::Renew && self.current.is_some() {
            self.dial = Dial::Waiting(purpose, now + self.retry.next());
            return Found::Idle;
        }
        self.dial = Dial::None;
        match purpose {
            Purpose::Open => Found::Closed(CloseReason::Dial(fault)),
            // Its stage was told that the connection is gone and has not asked for another.
            Purpose::Renew => Found::Idle,
        }
    }

    fn take_over(&mut self, connection: Box<Connection>, purpose: Purpose, now: Stamp) -> Found {
        self.dial = Dial::None;
        let replaced = match purpose {
            Purpose::Open => None,
            Purpose::Renew => {
                let Some(replaced) = self.current.take() else {
                    self.bury(connection, LastWord::Close(1000));
                    return Found::Idle;
                };
                Some(replaced)
            }
        };
        self.current = Some(connection);
        self.opened = now;
        let Some(replaced) = replaced else { return Found::Opened };
        if let Some((older, _)) = self.trailing.replace((replaced, now + self.options.overlap)) {
            self.bury(older, LastWord::Close(1000));
        }
        Found::Renewed
    }

    /// Hands a connection to the cold side, which says goodbye, closes and frees it.
    #[cold]
    fn bury(&mut self, connection: Box<Connection>, word: LastWord) {
        // The ring holds more than can die before the cold side looks. Were it gone, dropping here is
        // all that is left.
        let _ = self.ends.dead.push(Dead { connection, word });
        self.wake();
    }

    fn wake(&self) {
        // Unwoken it looks by itself within a tenth of a second.
        let _ = self.ends.waker.wake();
    }
}

impl<C: Clock> Channel for Link<C> {
    #[inline]
    fn poll(&mut self, now: Stamp) -> Polled<'_> {
        if let Some(connection) = &mut self.current {
            match connection.turn(&self.clock, &mut self.ends.keys) {
                Turn::Text(lent, recv) => {
                    let bytes = self.current.as_ref().map(|c| c.text(lent)).unwrap_or_default();
                    return Polled::Text { bytes, recv };
                }
                Turn::Nothing => {}
                Turn::Closed(reason) => {
                    self.lose(reason, now);
                    return Polled::Closed(reason);
                }
            }
        }
        match self.besides(now) {
            Found::Idle => Polled::Idle,
            Found::Opened => Polled::Opened,
            Found::Renewed => Polled::Renewed,
            Found::Closed(reason) => Polled::Closed(reason),
            Found::Trailing(lent, recv) => {
                let trailing = self.trailing.as_ref();
                let bytes = trailing.map(|(c, _)| c.text(lent)).unwrap_or_default();
                Polled::Trailing { bytes, recv }
            }
        }
    }

    #[inline]
    fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        let connection = self.current.as_mut().ok_or(SendError::Closed)?;
        connection.send(&mut self.ends.keys, max, write)
    }

    fn reopen(&mut self, now: Stamp) {
        if self.current.is_some() {
            self.lose(CloseReason::Peer(1000), now);
        }
        self.settle();
        self.dial = match self.dial {
            Dial::None => Dial::Waiting(Purpose::Open, now + self.retry.next()),
            Dial::Waiting(_, at) => Dial::Waiting(Purpose::Open, at),
            // What comes of the older request is buried when it comes.
            Dial::Asked(_) if self.outdated => Dial::Waiting(Purpose::Open, now),
            Dial::Asked(_) => Dial::Asked(Purpose::Open),
        };
    }

    fn renew(&mut self, now: Stamp) {
        if self.current.is_some() && self.dial == Dial::None {
            self.dial = Dial::Waiting(Purpose::Renew, now);
        }
    }

    fn settle(&mut self) {
        if let Some((connection, _)) = self.trailing.take() {
            self.bury(connection, LastWord::Close(1000));
        }
    }

    fn revert(&mut self) {
        let Some((former, _)) = self.trailing.take() else { return };
        if let Some(later) = self.current.replace(former) {
            self.bury(later, LastWord::Close(1000));
        }
    }

    fn is_trailing(&self) -> bool {
        self.trailing.is_some()
    }

    fn send_trailing_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        let (connection, _) = self.trailing.as_mut().ok_or(SendError::Closed)?;
        connection.send(&mut self.ends.keys, max, write)
    }

    fn redirect(&mut self, path: &str) {
        self.path = Path::new(path).map_or(PathChoice::Unusable, PathChoice::Other);
        self.outdated = true;
    }

    fn is_open(&self) -> bool {
        self.current.is_some()
    }

    fn socket_to_user(&self) -> u64 {
        self.current.as_ref().map_or(0, |connection| connection.waited_ns())
    }
}

impl<C: Clock> Drop for Link<C> {
    fn drop(&mut self) {
        self.settle();
        if let Some(connection) = self.current.take() {
            self.bury(connection, LastWord::Close(1000));
        }
    }
}

impl<C: Clock> fmt::Debug for Link<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("open", &self.current.is_some())
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
