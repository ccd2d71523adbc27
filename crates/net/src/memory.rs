//! A [`Channel`] without a network: tests and the deterministic simulation play the peer.
//!
//! The two ends share a queue behind a lock, so a test may also drive them from two threads. In
//! steady state neither end allocates: the buffers of texts that were read or taken are used again.

mod tape;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::Stamp;

use crate::{Channel, CloseReason, Polled, SendError};

pub use tape::TapeChannel;

/// The stage's end.
#[derive(Debug)]
pub struct MemoryChannel {
    shared: Arc<Mutex<Shared>>,
    current: Vec<u8>,
}

/// The test's end. Clones play the same peer.
#[derive(Clone, Debug)]
pub struct MemoryPeer {
    shared: Arc<Mutex<Shared>>,
}

/// What both ends see.
#[derive(Debug, Default)]
struct Shared {
    path: String,
    open: bool,
    dialing: bool,
    renewing: bool,
    trailing: bool,
    answers_dials: bool,
    dials: u32,
    settled: u32,
    reverted: u32,
    max_send: usize,
    refusal: Option<SendError>,
    waiting: VecDeque<Event>,
    sent: VecDeque<Vec<u8>>,
    sent_trailing: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Event {
    Opened,
    Renewed,
    Text(Vec<u8>, Option<Stamp>),
    Trailing(Vec<u8>),
    Closed(CloseReason),
}

/// What a poll found, before its text is lent out.
enum Found {
    Idle,
    Opened,
    Renewed,
    Text(Stamp),
    Trailing,
    Closed(CloseReason),
}

impl Shared {
    fn filled(&mut self, text: &[u8]) -> Vec<u8> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(text);
        buffer
    }

    fn written(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<Vec<u8>, SendError> {
        if max > self.max_send {
            return Err(SendError::TooLong);
        }
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let mut text = self.spare.pop().unwrap_or_default();
        text.resize(max, 0);
        let length = write(&mut text).min(max);
        text.truncate(length);
        Ok(text)
    }

    fn dial(&mut self) {
        self.dials += 1;
        if self.answers_dials {
            self.answer();
        }
    }

    /// The dial under way succeeds.
    fn answer(&mut self) {
        if std::mem::take(&mut self.dialing) {
            self.waiting.push_back(Event::Opened);
        } else if std::mem::take(&mut self.renewing) {
            self.waiting.push_back(Event::Renewed);
        }
    }

    /// The connection is gone; the one it was replacing is not.
    fn lose(&mut self) {
        self.open = false;
        self.renewing = false;
        for event in std::mem::take(&mut self.waiting) {
            match event {
                Event::Trailing(_) if self.trailing => self.waiting.push_back(event),
                Event::Text(buffer, _) | Event::Trailing(buffer) => self.spare.push(buffer),
                Event::Opened | Event::Renewed | Event::Closed(_) => {}
            }
        }
    }

    fn forget(&mut self) {
        self.trailing = false;
        self.lose();
    }
}

impl MemoryChannel {
    /// Both ends of a channel that is closed until the stage reopens it and the peer answers.
    #[must_use]
    pub fn pair() -> (Self, MemoryPeer) {
        let shared = Shared { max_send: 16 << 10, ..Shared::default() };
        let shared = Arc::new(Mutex::new(shared));
        let channel = Self { shared: Arc::clone(&shared), current: Vec::new() };
        (channel, MemoryPeer { shared })
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&mut self, now: Stamp) -> Found {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (text, found) = match shared.waiting.pop_front() {
            None => return Found::Idle,
            Some(Event::Opened) => {
                shared.open = true;
                return Found::Opened;
            }
            Some(Event::Renewed) => {
                shared.trailing = true;
                return Found::Renewed;
            }
            Some(Event::Closed(reason)) => {
                shared.lose();
                return Found::Closed(reason);
            }
            Some(Event::Text(text, recv)) => (text, Found::Text(recv.unwrap_or(now))),
            Some(Event::Trailing(text)) => (text, Found::Trailing),
        };
        shared.spare.push(std::mem::replace(&mut self.current, text));
        found
    }
}

impl Channel for MemoryChannel {
    fn poll(&mut self, now: Stamp) -> Polled<'_> {
        match self.next(now) {
            Found::Idle => Polled::Idle,
            Found::Opened => Polled::Opened,
            Found::Renewed => Polled::Renewed,
            Found::Text(recv) => Polled::Text { bytes: &self.current, recv },
            Found::Trailing => Polled::Trailing { bytes: &self.current, recv: now },
            Found::Closed(reason) => Polled::Closed(reason),
        }
    }

    fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        let mut shared = self.lock();
        if !shared.open {
            return Err(SendError::Closed);
        }
        let text = shared.written(max, write)?;
        shared.sent.push_back(text);
        Ok(())
    }

    fn reopen(&mut self, _now: Stamp) {
        let mut shared = self.lock();
        if shared.dialing {
            return;
        }
        shared.forget();
        shared.dialing = true;
        shared.dial();
    }

    fn renew(&mut self, _now: Stamp) {
        let mut shared = self.lock();
        if shared.open && !shared.renewing {
            shared.renewing = true;
            shared.dial();
        }
    }

    fn settle(&mut self) {
        let mut shared = self.lock();
        shared.trailing = false;
        shared.settled += 1;
    }

    fn revert(&mut self) {
        let mut shared = self.lock();
        if !std::mem::take(&mut shared.trailing) {
            return;
        }
        shared.reverted += 1;
        shared.open = true;
        // What the later one still said goes with it; the former's texts are the connection's again.
        for event in std::mem::take(&mut shared.waiting) {
            match event {
                Event::Text(buffer, _) => shared.spare.push(buffer),
                Event::Trailing(buffer) => shared.waiting.push_back(Event::Text(buffer, None)),
                Event::Closed(_) => {}
                event => shared.waiting.push_back(event),
            }
        }
    }

    fn is_trailing(&self) -> bool {
        self.lock().trailing
    }

    fn send_trailing_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        let mut shared = self.lock();
        if !shared.trailing {
            return Err(SendError::Closed);
        }
        let text = shared.written(max, write)?;
        shared.sent_trailing.push_back(text);
        Ok(())
    }

    fn redirect(&mut self, path: &str) {
        let mut shared = self.lock();
        shared.path.clear();
        shared.path.push_str(path);
    }

    fn is_open(&self) -> bool {
        self.lock().open
    }
}

impl MemoryPeer {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every dial succeeds at once; one that is under way, too.
    pub fn answer_dials(&self) {
        let mut shared = self.lock();
        shared.answers_dials = true;
        shared.answer();
    }

    /// The dial under way succeeds: the stage sees `Opened` or `Renewed`. Nothing without a dial.
    pub fn open(&self) {
        self.lock().answer();
    }

    /// Sends `text`; it is received when it is polled.
    pub fn text(&self, text: &[u8]) {
        let mut shared = self.lock();
        let buffer = shared.filled(text);
        shared.waiting.push_back(Event::Text(buffer, None));
    }

    /// Sends `text`, received at `recv` whenever it is polled.
    pub fn text_at(&self, text: &[u8], recv: Stamp) {
        let mut shared = self.lock();
        let buffer = shared.filled(text);
        shared.waiting.push_back(Event::Text(buffer, Some(recv)));
    }

    /// Sends `text` on the connection that a renewed one is replacing.
    pub fn trailing(&self, text: &[u8]) {
        let mut shared = self.lock();
        let buffer = shared.filled(text);
        shared.waiting.push_back(Event::Trailing(buffer));
    }

    /// Closes, or fails the dial under way.
    pub fn close(&self, reason: CloseReason) {
        let mut shared = self.lock();
        shared.dialing = false;
        shared.renewing = false;
        shared.waiting.push_back(Event::Closed(reason));
    }

    /// Every following send fails so; `None` lets them pass again.
    pub fn refuse_sends(&self, refusal: Option<SendError>) {
        self.lock().refusal = refusal;
    }

    /// The oldest text the stage sent that was not taken yet.
    #[must_use]
    pub fn take_sent(&self) -> Option<Vec<u8>> {
        self.lock().sent.pop_front()
    }

    /// Everything sent and not taken yet, as text.
    #[must_use]
    pub fn take_all_sent(&self) -> Vec<String> {
        let mut shared = self.lock();
        shared.sent.drain(..).map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
    }

    /// Everything sent on the connection that is being replaced and not taken yet, as text.
    #[must_use]
    pub fn take_all_trailing(&self) -> Vec<String> {
        let mut shared = self.lock();
        let sent = shared.sent_trailing.drain(..);
        sent.map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
    }

    /// The connection that is being replaced is gone.
    pub fn end_trailing(&self) {
        self.lock().trailing = false;
    }

    /// Forgets what was sent and keeps its buffers for further use.
    pub fn discard_sent(&self) {
        let mut shared = self.lock();
        while let Some(buffer) = shared.sent.pop_front() {
            shared.spare.push(buffer);
        }
    }

    /// Whether a dial waits for [`MemoryPeer::open`] or [`MemoryPeer::close`].
    #[must_use]
    pub fn is_dialing(&self) -> bool {
        let shared = self.lock();
        shared.dialing || shared.renewing
    }

    /// How many dials there were.
    #[must_use]
    pub fn dials(&self) -> u32 {
        self.lock().dials
    }

    /// How often the stage settled a renewal.
    #[must_use]
    pub fn settled(&self) -> u32 {
        self.lock().settled
    }

    /// How often the stage went back to the connection that was being replaced.
    #[must_use]
    pub fn reverted(&self) -> u32 {
        self.lock().reverted
    }

    /// The path the stage redirected to; empty when it never did.
    #[must_use]
    pub fn path(&self) -> String {
        self.lock().path.clone()
    }

    /// Texts, openings and closings that the stage has not polled yet.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.lock().waiting.len()
    }
}

#[cfg(test)]
mod tests;
