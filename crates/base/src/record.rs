//! The 64-byte record: one cache line, the same in rings, in the core and in the journal.

use crate::ids::{InstrumentId, VenueId};
use crate::time::Stamp;
use core::fmt;

/// What a record says. Numbers are part of the journal's format: never renumbered, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(
    missing_docs,
    reason = "each is documented at the type it names in input.rs and output.rs"
)]
pub enum Kind {
    Quote = 1,
    Depth = 2,
    Trade = 3,
    Mark = 4,
    Funding = 5,
    BookState = 6,
    ClockState = 7,
    SessionState = 8,
    Ack = 16,
    Reject = 17,
    OrderState = 18,
    OrderUnknown = 19,
    Fill = 20,
    Fee = 21,
    FundingPaid = 22,
    Position = 23,
    Balance = 24,
    OpenOrder = 25,
    Reconcile = 26,
    CancelReject = 27,
    Timer = 32,
    Command = 33,
    Place = 64,
    Cancel = 65,
    CancelAll = 66,
    Query = 67,
    PairChange = 68,
    Alarm = 69,
    Checkpoint = 70,
    Snapshot = 96,
}

impl Kind {
    /// The kind of that number.
    #[must_use]
    pub const fn from_u8(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Quote,
            2 => Self::Depth,
            3 => Self::Trade,
            4 => Self::Mark,
            5 => Self::Funding,
            6 => Self::BookState,
            7 => Self::ClockState,
            8 => Self::SessionState,
            16 => Self::Ack,
            17 => Self::Reject,
            18 => Self::OrderState,
            19 => Self::OrderUnknown,
            20 => Self::Fill,
            21 => Self::Fee,
            22 => Self::FundingPaid,
            23 => Self::Position,
            24 => Self::Balance,
            25 => Self::OpenOrder,
            26 => Self::Reconcile,
            27 => Self::CancelReject,
            32 => Self::Timer,
            33 => Self::Command,
            64 => Self::Place,
            65 => Self::Cancel,
            66 => Self::CancelAll,
            67 => Self::Query,
            68 => Self::PairChange,
            69 => Self::Alarm,
            70 => Self::Checkpoint,
            96 => Self::Snapshot,
            _ => return None,
        })
    }

    /// Whether the core reads it (else it wrote it).
    #[must_use]
    pub const fn is_input(self) -> bool {
        (self as u8) < 64
    }
}

/// One event as bytes. The typed views are [`crate::Input`] and [`crate::Output`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub struct Record {
    /// When it was seen here: for venue messages when the bytes left the socket.
    pub stamp: Stamp,
    /// A [`Kind`] by number.
    pub kind: u8,
    /// A [`VenueId`] by number; 255 where there is none.
    pub venue: u8,
    /// An [`InstrumentId`]; `u16::MAX` where there is none.
    pub instrument: u16,
    /// Small facts, by kind.
    pub flags: u16,
    /// One more small number, by kind.
    pub aux: u16,
    /// The numbers, by kind; unused ones are zero so that equal events are equal bytes.
    pub words: [i64; 5],
    /// Zero everywhere but in the journal, which seals each record with a checksum of its place.
    pub seal: u64,
}

const _: () = {
    assert!(size_of::<Record>() == 64);
    assert!(align_of::<Record>() == 64);
    assert!(core::mem::offset_of!(Record, words) == 16);
    assert!(core::mem::offset_of!(Record, seal) == 56);
    assert!(8 + 1 + 1 + 2 + 2 + 2 + 5 * 8 + 8 == size_of::<Record>());
};

/// Why a record could not be read as an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// A kind this version does not know.
    Kind(u8),
    /// A field that holds no legal value of its kind.
    Field(Kind),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(number) => write!(f, "record of unknown kind {number}"),
            Self::Field(kind) => write!(f, "{kind:?} record with an impossible field"),
        }
    }
}

impl core::error::Error for RecordError {}

impl Default for Record {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Record {
    /// The venue number that stands for none.
    pub const NO_VENUE: u8 = u8::MAX;
    /// All zero: an empty slot.
    pub const EMPTY: Self = Self {
        stamp: Stamp(0),
        kind: 0,
        venue: 0,
        instrument: 0,
        flags: 0,
        aux: 0,
        words: [0; 5],
        seal: 0,
    };

    /// Its kind, if this version knows it.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        Kind::from_u8(self.kind)
    }

    /// Its bytes as eight little-endian words: what the journal writes and the hash runs over.
    #[must_use]
    pub fn to_words(&self) -> [u64; 8] {
        let head = u64::from(self.kind)
            | u64::from(self.venue) << 8
            | u64::from(self.instrument) << 16
            | u64::from(self.flags) << 32
            | u64::from(self.aux) << 48;
        let [a, b, c, d, e] = self.words.map(i64::cast_unsigned);
        [self.stamp.0, head, a, b, c, d, e, self.seal]
    }

    /// The record of those eight words.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each shift leaves the field's own bits")]
    pub fn from_words(words: [u64; 8]) -> Self {
        let [stamp, head, a, b, c, d, e, seal] = words;
        Self {
            stamp: Stamp(stamp),
            kind: head as u8,
            venue: (head >> 8) as u8,
            instrument: (head >> 16) as u16,
            flags: (head >> 32) as u16,
            aux: (head >> 48) as u16,
            words: [a, b, c, d, e].map(u64::cast_signed),
            seal,
        }
    }

    pub(crate) fn base(
        stamp: Stamp,
        kind: Kind,
        venue: Option<VenueId>,
        instrument: InstrumentId,
    ) -> Self {
        Self {
            stamp,
            kind: kind as u8,
            venue: venue.map_or(Self::NO_VENUE, |v| v as u8),
            instrument: instrument.0,
            ..Self::EMPTY
        }
    }

    /// The venue it names, if any.
    #[inline]
    #[must_use]
    pub fn venue_id(&self) -> Option<VenueId> {
        VenueId::from_u8(self.venue)
    }
}
