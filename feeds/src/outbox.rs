//! The way to the core, and what is done when its ring is full.
//!
//! Market data is replaced by newer data of its kind and instrument, trades are dropped and counted, a change
//! of state is never lost and never overtaken by what came after it.

use crate::fifo::Fifo;
use crate::symbols::Row;
use base::input::{BookHealth, BookState};
use base::record::Kind;
use base::{Input, InstrumentId, Record, VenueId};
use rings::Sender;

/// Kinds of market data of which the newest replaces the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Newest {
    Quote = 0,
    Depth = 1,
    Mark = 2,
    Funding = 3,
}

const KINDS: usize = 4;
/// State changes that fit beside four for each instrument.
const STATES_EXTRA: usize = 64;

/// What leaves a feed stage.
#[derive(Debug)]
pub(crate) struct Outbox {
    sender: Sender<Record>,
    /// To the gateway of the same venues: what is known of their clocks.
    clocks_on: Option<Sender<Record>>,
    /// Paper mode: everything that reaches the core goes there too.
    twin: Option<Twin>,
    /// State changes that found no room, in order.
    states: Fifo<(Row, Record)>,
    /// The newest record of each kind and instrument that found no room.
    late: Box<[Late]>,
    /// The places of `late` that are listed, each once.
    order: Fifo<usize>,
    /// By venue, what is known of its clock that found no room.
    clocks: [Option<Record>; VenueId::COUNT],
    sent: u64,
    dropped: u64,
    /// State changes by what they said.
    told: [u64; BookHealth::ALL.len()],
}

/// The second ring of paper mode.
#[derive(Debug)]
struct Twin {
    ring: Sender<Record>,
    /// Something found no room, and its reader has not been told yet.
    torn: bool,
}

#[derive(Clone, Copy, Debug)]
struct Late {
    record: Option<Record>,
    listed: bool,
}

const NOT_LATE: Late = Late { record: None, listed: false };

impl Outbox {
    pub(crate) fn new(
        sender: Sender<Record>,
        clocks_on: Option<Sender<Record>>,
        rows: usize,
    ) -> Self {
        Self {
            sender,
            clocks_on,
            twin: None,
            states: Fifo::with_capacity(4 * rows + STATES_EXTRA, (Row(0), Record::EMPTY)),
            late: vec![NOT_LATE; rows * KINDS].into_boxed_slice(),
            order: Fifo::with_capacity(rows * KINDS, 0),
            clocks: [None; VenueId::COUNT],
            sent: 0,
            dropped: 0,
            told: [0; BookHealth::ALL.len()],
        }
    }

    /// From now on the ring to the gateways carries all that the core's does.
    pub(crate) fn tell_twice(&mut self) {
        self.twin = self.clocks_on.take().map(|ring| Twin { ring, torn: false });
    }

    /// How often each health was told since the last call.
    pub(crate) const fn take_losses(&mut self) -> [u64; BookHealth::ALL.len()] {
        core::mem::replace(&mut self.told, [0; BookHealth::ALL.len()])
    }

    /// Events handed over, to be compared with itself before.
    #[inline(always)]
    pub(crate) const fn pushed(&self) -> u64 {
        self.sent
    }

    /// Events handed over, and events lost, since the last call.
    pub(crate) const fn take_counts(&mut self) -> (u64, u64) {
        let counts = (self.sent, self.dropped);
        self.sent = 0;
        self.dropped = 0;
        counts
    }

    /// Whether everything has left.
    #[inline(always)]
    pub(crate) const fn is_clear(&self) -> bool {
        self.states.is_empty() && self.order.is_empty()
    }

    /// Whether so many state changes wait that no message should be read before some have left.
    #[inline(always)]
    pub(crate) const fn is_jammed(&self) -> bool {
        self.states.free() < self.late.len() / 2 + STATES_EXTRA / 2
    }

    /// Market data of which only the newest counts.
    #[inline(always)]
    pub(crate) fn newest(&mut self, row: Row, kind: Newest, record: Record) {
        if self.is_clear() && self.push(record) {
            return;
        }
        self.keep(row, kind, record);
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, row: Row, kind: Newest, record: Record) {
        let at = row.index() * KINDS + kind as usize;
        let Some(place) = self.late.get_mut(at) else { return };
        if place.record.replace(record).is_some() {
            self.dropped += 1;
        }
        if !core::mem::replace(&mut place.listed, true) {
            self.order.push(at);
        }
    }

    /// A trade: lost when there is no room.
    #[inline(always)]
    pub(crate) fn trade(&mut self, record: Record) {
        if !self.is_clear() || !self.push(record) {
            self.dropped += 1;
        }
    }

    /// A change of state: held until there is room. What waits of an instrument that is unknown from now on
    /// is forgotten.
    pub(crate) fn state(&mut self, row: Row, record: Record) {
        if record.kind == Kind::BookState as u8 && record.aux != BookHealth::Known as u16 {
            self.forget(row);
            if let Some(told) = self.told.get_mut(usize::from(record.aux)) {
                *told += 1;
            }
        }
        if (self.is_clear() && self.push(record)) || self.states.push((row, record)) {
            return;
        }
        // Unreachable while the stage heeds `is_jammed`; counted so that it would be seen.
        self.dropped += 1;
    }

    /// What is known of a venue's clock: the newest counts.
    pub(crate) fn clock(&mut self, venue: VenueId, record: Record) {
        if let Some(place) = self.clocks.get_mut(venue.index()) {
            *place = Some(record);
        }
        if let Some(gateway) = &mut self.clocks_on {
            // A full ring holds clocks told a moment ago; the next comes in seconds.
            let _ = gateway.push(record);
        }
        self.flush_clocks();
    }

    fn flush_clocks(&mut self) {
        for at in 0..self.clocks.len() {
            if let Some(record) = self.clocks.get(at).copied().flatten()
                && self.push(record)
                && let Some(place) = self.clocks.get_mut(at)
            {
                *place = None;
            }
        }
    }

    fn forget(&mut self, row: Row) {
        for kind in [Newest::Quote, Newest::Depth] {
            if let Some(place) = self.late.get_mut(row.index() * KINDS + kind as usize)
                && place.record.take().is_some()
            {
                self.dropped += 1;
            }
        }
    }

    /// Sends what waits, as far as there is room.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        if !self.is_clear() {
            self.flush_held();
        }
    }

    #[cold]
    #[inline(never)]
    fn flush_held(&mut self) {
        // bound: the state changes that wait
        while let Some((row, record)) = self.states.front() {
            if self.is_last_known(row, &record) {
                // An instrument is announced as known behind its quote, not before it.
                let at = row.index() * KINDS;
                if !(at..at + KINDS).all(|at| self.flush_late(at)) {
                    return;
                }
            }
            if !self.push(record) {
                return;
            }
            self.states.pop();
        }
        // bound: the places of `late`
        while let Some(at) = self.order.front() {
            if !self.flush_late(at) {
                return;
            }
            self.order.pop();
            if let Some(place) = self.late.get_mut(at) {
                place.listed = false;
            }
        }
    }

    /// Whether `record` says that an instrument is known and no later one that waits takes it back.
    fn is_last_known(&self, row: Row, record: &Record) -> bool {
        record.kind == Kind::BookState as u8
            && record.aux == BookHealth::Known as u16
            && !self.states.iter().skip(1).any(|(other, _)| other == row)
    }

    /// Sends one waiting record, if it is still there; `false` when there is no room.
    fn flush_late(&mut self, at: usize) -> bool {
        let Some(record) = self.late.get(at).and_then(|late| late.record) else { return true };
        let pushed = self.push(record);
        if let Some(place) = self.late.get_mut(at).filter(|_| pushed) {
            place.record = None;
        }
        pushed
    }

    #[inline(always)]
    fn push(&mut self, record: Record) -> bool {
        let pushed = self.sender.push(record).is_ok();
        self.sent += u64::from(pushed);
        if let Some(twin) = &mut self.twin
            && pushed
        {
            twin.push(record);
        }
        pushed
    }

    /// How full the ring to the core and that to the gateway are, and how many pushes found them full.
    pub(crate) fn rings(&self) -> [(usize, u64); 2] {
        let of = |sender: &Sender<Record>| (sender.fill(), sender.refused());
        let second = self.twin.as_ref().map(|twin| &twin.ring).or(self.clocks_on.as_ref());
        [of(&self.sender), second.map_or((0, 0), of)]
    }
}

impl Twin {
    /// Passes on what the core was told. What finds no room is lost, and before anything else is passed its
    /// reader is told so: no book is known there until its next quote.
    #[cold]
    #[inline(never)]
    fn push(&mut self, record: Record) {
        if self.torn {
            let Some(venue) = record.venue_id() else { return };
            let (instrument, state) = (InstrumentId::ALL, BookHealth::Gap);
            let lost = Input::BookState(BookState { venue, instrument, state });
            if self.ring.push(lost.record(record.stamp)).is_err() {
                return;
            }
        }
        self.torn = self.ring.push(record).is_err();
    }
}

#[cfg(test)]
mod tests;
