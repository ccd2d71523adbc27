//! A channel whose venue is the bench: frames lie in memory, what is sent stays there, stamped.

use base::{Clock, Stamp};
use net::ws::{
    Decoder, Event, HEADER_MAX, KEYS_PER_BLOCK, MaskKeys, Opcode, PADDING, Role, apply_mask,
    frame_in_place, random_block,
};
use net::{Channel, CloseReason, Link, LinkOptions, Polled, SendError};
use rtrb::RingBuffer;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use telemetry::HostClock;

/// Longest message.
const LONGEST: usize = 1 << 19;

/// The real clock, which can be set ahead: seconds pass between two measurements without being waited for.
#[derive(Clone, Debug)]
pub(crate) struct LeapClock {
    pub(crate) host: HostClock,
    leap: Arc<AtomicU64>,
}

impl LeapClock {
    pub(crate) fn new(host: HostClock) -> Self {
        Self { host, leap: Arc::new(AtomicU64::new(0)) }
    }

    pub(crate) fn leap(&self, nanos: u64) {
        self.leap.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl Clock for LeapClock {
    #[inline(always)]
    fn now(&self) -> Stamp {
        Stamp(self.host.now().0 + self.leap.load(Ordering::Relaxed))
    }
    fn wall(&self) -> base::WallNs {
        let leap = self.leap.load(Ordering::Relaxed);
        base::WallNs(self.host.wall().0.saturating_add_unsigned(leap))
    }
}

/// The link both ends of a test over the wire use.
pub(crate) type Wire = Rc<RefCell<Link<LeapClock>>>;

/// What stage and bench share of one connection.
#[derive(Debug, Default)]
struct Shared {
    dialed: Cell<bool>,
    open: Cell<bool>,
    /// Frames as they stand in a receive buffer, next first.
    waiting: RefCell<VecDeque<Rc<[u8]>>>,
    /// The frame sent last, masked.
    sent: RefCell<Vec<u8>>,
    place: RefCell<Range<usize>>,
    count: Cell<u64>,
    stamp: Cell<Stamp>,
}

/// The stage's end. Frames are copied into a receive buffer and decoded there, texts are framed and masked
/// in a send buffer, as a link does it; only the socket and its encryption are missing. With a wire, market
/// data is read from that and orders are sent on it.
#[derive(Debug)]
pub(crate) struct Pipe {
    shared: Rc<Shared>,
    clock: LeapClock,
    decoder: Decoder,
    inbox: Box<[u8]>,
    keys: MaskKeys,
    reads: Option<Wire>,
    sends: Option<Wire>,
    lent: Vec<u8>,
}

/// The bench's end.
#[derive(Clone, Debug)]
pub(crate) struct Venue(Rc<Shared>);

impl Pipe {
    pub(crate) fn pair(clock: &LeapClock) -> (Self, Venue) {
        let shared = Rc::new(Shared::default());
        shared.sent.borrow_mut().resize(HEADER_MAX + LinkOptions::MAX_SEND, 0xff);
        // As on a link: the keys were drawn ahead.
        let (mut pool, keys) = RingBuffer::new((1 << 16) / KEYS_PER_BLOCK);
        while pool.push(random_block()).is_ok() {}
        let pipe = Self {
            shared: Rc::clone(&shared),
            clock: clock.clone(),
            decoder: Decoder::new(Role::Client, LONGEST),
            inbox: vec![0xff; LONGEST + PADDING].into_boxed_slice(),
            keys: MaskKeys::from_pool(keys),
            reads: None,
            sends: None,
            lent: Vec::with_capacity(LONGEST),
        };
        (pipe, Venue(shared))
    }

    /// From now on texts come from `wire`; what waits in memory comes first.
    pub(crate) fn read_from(&mut self, wire: Wire) {
        self.reads = Some(wire);
    }

    /// From now on texts leave over `wire`.
    pub(crate) fn send_on(&mut self, wire: Wire) {
        self.sends = Some(wire);
    }
}

impl Channel for Pipe {
    #[inline]
    fn poll(&mut self, now: Stamp) -> Polled<'_> {
        if self.shared.dialed.take() {
            self.shared.open.set(true);
            return Polled::Opened;
        }
        let Some(frame) = self.shared.waiting.borrow_mut().pop_front() else {
            return match &self.reads {
                None => Polled::Idle,
                Some(wire) => match wire.borrow_mut().poll(now) {
                    Polled::Text { bytes, recv } => {
                        // The borrow of a shared link cannot be lent on: one copy more than on a link.
                        self.lent.clear();
                        self.lent.extend_from_slice(bytes);
                        Polled::Text { bytes: &self.lent, recv }
                    }
                    _ => Polled::Idle,
                },
            };
        };
        let Some(input) = self.inbox.get_mut(..frame.len()) else { return Polled::Idle };
        input.copy_from_slice(&frame);
        match self.decoder.next(input) {
            Ok(next) => match next.event {
                Event::Text(place) => {
                    Polled::Text { bytes: self.decoder.payload(&self.inbox, place), recv: now }
                }
                _ => Polled::Idle,
            },
            Err(violation) => Polled::Closed(CloseReason::Violation(violation)),
        }
    }

    #[inline]
    fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        let shared = &self.shared;
        shared.count.set(shared.count.get() + 1);
        if let Some(wire) = &self.sends {
            // What left is told afterwards by the venue at the other end.
            let sent = wire.borrow_mut().send_with(max, write);
            shared.stamp.set(self.clock.now());
            return sent;
        }
        let mut sent = shared.sent.borrow_mut();
        let place = sent.get_mut(HEADER_MAX..HEADER_MAX + max).ok_or(SendError::TooLong)?;
        let length = write(place).min(max);
        let payload = HEADER_MAX..HEADER_MAX + length;
        let key = Some(self.keys.take());
        let frame =
            frame_in_place(&mut sent, payload, Opcode::Text, key).ok_or(SendError::TooLong)?;
        shared.stamp.set(self.clock.now());
        *shared.place.borrow_mut() = frame;
        Ok(())
    }

    fn reopen(&mut self, _now: Stamp) {
        self.shared.dialed.set(true);
    }
    fn renew(&mut self, _now: Stamp) {}
    fn settle(&mut self) {}
    fn redirect(&mut self, _path: &str) {}
    fn is_open(&self) -> bool {
        self.shared.open.get()
    }
}

impl Venue {
    /// A text for the stage: at its next poll.
    pub(crate) fn say(&self, text: &str) {
        self.frame(&framed(text.as_bytes()));
    }

    /// A frame as it comes from a socket.
    pub(crate) fn frame(&self, frame: &Rc<[u8]>) {
        self.0.waiting.borrow_mut().push_back(Rc::clone(frame));
    }

    /// How many texts were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.0.count.get()
    }

    /// When the bytes of the last one stood, masked, ready to leave.
    pub(crate) fn stamp(&self) -> Stamp {
        self.0.stamp.get()
    }

    /// The frame that left over a wire, as the other end saw it.
    pub(crate) fn note_frame(&self, frame: &[u8]) {
        let mut sent = self.0.sent.borrow_mut();
        sent.clear();
        sent.extend_from_slice(frame);
        *self.0.place.borrow_mut() = 0..frame.len();
    }

    /// The last text sent.
    pub(crate) fn last_text(&self) -> String {
        let sent = self.0.sent.borrow();
        let frame = sent.get(self.0.place.borrow().clone()).unwrap_or_default();
        unmasked(frame).unwrap_or_default()
    }
}

/// A server's frame around a text.
pub(crate) fn framed(text: &[u8]) -> Rc<[u8]> {
    let mut buffer = vec![0; HEADER_MAX];
    buffer.extend_from_slice(text);
    let payload = HEADER_MAX..buffer.len();
    let frame = frame_in_place(&mut buffer, payload, Opcode::Text, None).expect("room for it");
    buffer[frame].into()
}

/// The text in a client's frame.
pub(crate) fn unmasked(frame: &[u8]) -> Option<String> {
    let head = match frame.get(1)? & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let key: [u8; 4] = frame.get(head..head + 4)?.try_into().ok()?;
    let mut text = frame.get(head + 4..)?.to_vec();
    apply_mask(key, &mut text);
    String::from_utf8(text).ok()
}
