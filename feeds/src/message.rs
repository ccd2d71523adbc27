//! What the messages of all venues amount to, before books and sequence rules see them.

use crate::symbols::Row;
use base::{Price, Qty, Rate, Side, Span, WallNs};

/// A price and the quantity that rests there; in a change, zero takes the price away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Where.
    pub price: Price,
    /// How much.
    pub qty: Qty,
}

/// The best of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// Of what.
    pub row: Row,
    /// Absent when that side is empty.
    pub bid: Option<Level>,
    /// Absent when that side is empty.
    pub ask: Option<Level>,
    /// Where it stands among all changes of this instrument, books included.
    pub order: i64,
    /// When the matching engine made it; `NONE` when the venue does not say.
    pub venue_time: WallNs,
    /// What is absent is unchanged instead of empty (Bybit's level-1 deltas).
    pub partial: bool,
}

/// What a book message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookAction {
    /// Replaces the book.
    Snapshot,
    /// Changes some levels.
    Delta,
}

/// The head of a book message; its levels lie in [`Scratch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookChange {
    /// Of what.
    pub row: Row,
    /// What it does.
    pub action: BookAction,
    /// Binance: the first update in it. Elsewhere as `last`.
    pub first: i64,
    /// The last update in it (Binance, Bybit `u`, OKX `seqId`); `None` in OKX frames older than these.
    pub last: Option<i64>,
    /// The update before it, where the venue says so (USD-M `pu`, OKX `prevSeqId`).
    pub prev: Option<i64>,
    /// Where it stands among all changes of this instrument, [`Best`] included.
    pub order: i64,
    /// OKX's checksum of the book after it; zero means none.
    pub checksum: i32,
    /// When the matching engine made it.
    pub venue_time: WallNs,
    /// When the venue sent it.
    pub sent: WallNs,
}

/// Facts that change one by one; what is absent is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// Of what.
    pub row: Row,
    /// Everything not in it is unknown from now on.
    pub snapshot: bool,
    /// Mark price.
    pub mark: Option<Price>,
    /// Index price.
    pub index: Option<Price>,
    /// The running funding rate; `Some(None)` when the venue says that there is none.
    pub rate: Option<Option<Rate>>,
    /// When it settles; `NONE` inside when the venue says that there is none.
    pub next: Option<WallNs>,
    /// The funding interval the venue states; `Some(None)` when it says that there is none.
    pub interval: Option<Option<Span>>,
    /// When the venue said so.
    pub venue_time: WallNs,
}

impl Ticker {
    /// Nothing changed.
    #[must_use]
    pub const fn new(row: Row, venue_time: WallNs) -> Self {
        Self {
            row,
            snapshot: false,
            mark: None,
            index: None,
            rate: None,
            next: None,
            interval: None,
            venue_time,
        }
    }
}

/// One public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct PublicTrade {
    pub taker: Side,
    pub price: Price,
    pub qty: Qty,
    pub id: u64,
    pub venue_time: WallNs,
}

impl PublicTrade {
    /// Fills unused room.
    pub const EMPTY: Self = Self {
        taker: Side::Buy,
        price: Price::ZERO,
        qty: Qty::ZERO,
        id: 0,
        venue_time: WallNs::NONE,
    };
}

/// What a venue says about the connection itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The request of that number was taken.
    Ack(i64),
    /// OKX: one more channel was subscribed.
    Subscribed,
    /// OKX: one channel was left.
    Unsubscribed,
    /// A request was refused, with the venue's code where it has one and the request's number if said.
    Refused {
        /// The venue's code, 0 where it has none.
        code: i64,
        /// The number of the request, 0 when not said.
        id: i64,
    },
    /// An answer to our ping.
    Pong,
    /// The venue will close this connection soon.
    Closing,
}

/// One message, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Best bid and offer.
    Best(Best),
    /// A book message; levels in [`Scratch::bids`] and [`Scratch::asks`].
    Book(BookChange),
    /// Trades of one instrument, in [`Scratch::trades`].
    Trades(Row),
    /// Mark, index, funding.
    Ticker(Ticker),
    /// An index price; the row counts indices, not instruments.
    Index {
        /// Which index.
        index: Row,
        /// Its price.
        price: Price,
        /// When.
        venue_time: WallNs,
    },
    /// About the connection.
    Control(Control),
    /// Well formed, and nothing this engine uses.
    Ignored,
    /// Well formed, about an instrument that is not subscribed.
    Foreign,
}

/// Why a message gave no event. Each is a counter; none stops the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Why {
    /// It is no JSON, or no JSON object.
    Garbage = 0,
    /// A mandatory field is missing.
    Missing = 1,
    /// A field has another type than the venue documents, or a key stands twice.
    Shape = 2,
    /// A price is no decimal, or does not fit the asset's scale.
    Price = 3,
    /// A quantity is no decimal, or does not fit the asset's scale.
    Size = 4,
    /// A number that makes no sense: a price of zero, a negative quantity, an unknown side.
    Value = 5,
    /// More levels or trades than a message may have.
    TooMany = 6,
    /// Longer than a message may be.
    TooLong = 7,
}

impl Why {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// As it is named in counters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Garbage => "garbage",
            Self::Missing => "missing",
            Self::Shape => "shape",
            Self::Price => "price",
            Self::Size => "size",
            Self::Value => "value",
            Self::TooMany => "too-many",
            Self::TooLong => "too-long",
        }
    }
}

/// A refused message and the book it would have changed, if that much could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub why: Why,
    /// The instrument whose quotes or book it carried.
    pub row: Option<Row>,
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Self {
        Self { why, row: None }
    }
}

/// A list of fixed capacity that is filled again for each message.
#[derive(Debug)]
pub struct Batch<T> {
    slots: Box<[T]>,
    len: usize,
}

impl<T: Copy> Batch<T> {
    /// An empty one with that capacity.
    #[must_use]
    pub fn with_capacity(capacity: usize, empty: T) -> Self {
        Self { slots: vec![empty; capacity].into_boxed_slice(), len: 0 }
    }

    /// Forgets what is in it.
    #[inline(always)]
    pub const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds one; `None` when it is full.
    #[inline(always)]
    pub fn push(&mut self, item: T) -> Option<()> {
        *self.slots.get_mut(self.len)? = item;
        self.len += 1;
        Some(())
    }

    /// What is in it.
    #[inline(always)]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self.slots.get(..self.len).unwrap_or_default()
    }

    /// All its places, to be filled from the first on and then kept with [`Self::keep`].
    #[inline(always)]
    pub(crate) const fn places(&mut self) -> &mut [T] {
        &mut self.slots
    }

    /// The first `len` places count from now on.
    #[inline(always)]
    pub(crate) fn keep(&mut self, len: usize) {
        self.len = len.min(self.slots.len());
    }
}

/// Most levels of one side of one message.
pub const LEVELS_MAX: usize = 8192;
/// Most trades of one message; Bybit sends at most 1024.
pub const TRADES_MAX: usize = 2048;

/// Where the levels and trades of the message in hand lie.
#[derive(Debug)]
pub struct Scratch {
    /// Bid levels in the order of the message.
    pub bids: Batch<Level>,
    /// Ask levels in the order of the message.
    pub asks: Batch<Level>,
    /// Trades in the order of the message.
    pub trades: Batch<PublicTrade>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new(LEVELS_MAX)
    }
}

impl Scratch {
    /// With room for that many levels a side.
    #[must_use]
    pub fn new(levels: usize) -> Self {
        Self {
            bids: Batch::with_capacity(levels, Level::default()),
            asks: Batch::with_capacity(levels, Level::default()),
            trades: Batch::with_capacity(TRADES_MAX, PublicTrade::EMPTY),
        }
    }
}
