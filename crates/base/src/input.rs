//! What the core reads: typed views of [`Record`]s.
//!
//! Market events come from feeds, execution events from gateways, timer ticks and commands from the
//! program. Each has a place for every field; what a venue did not say is absent, never zero.

use crate::ids::{AssetId, InstrumentId, OrderId, Side, VenueId};
use crate::numbers::{Money, Price, Qty, Rate};
use crate::record::{Record, RecordError};
use crate::time::{Span, Stamp, WallNs};

/// The best bid and ask of one instrument after one message of its venue. Always known: an instrument
/// without both sides is announced by [`BookState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Quote {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub bid: Price,
    pub bid_qty: Qty,
    pub ask: Price,
    pub ask_qty: Qty,
    /// When the venue's matching engine made it; `NONE` when the venue does not say (Binance spot).
    pub venue_time: WallNs,
}

/// What the configured probe notional would trade at on the book, each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Selling into the bids; `None` when they are not deep enough.
    pub bid: Option<Sweep>,
    /// Buying from the asks; `None` when they are not deep enough.
    pub ask: Option<Sweep>,
    /// When the venue made the book.
    pub venue_time: WallNs,
}

/// Taking the probe notional from one side of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The average price, rounded against the taker.
    pub average: Price,
    /// The last level touched: the limit price of an order that takes it all.
    pub limit: Price,
}

/// A public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Trade {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub taker: Side,
    pub price: Price,
    pub qty: Qty,
    /// The venue's trade number where it is one, else a hash of its text.
    pub trade_id: u64,
    pub venue_time: WallNs,
}

/// Mark and index price of a perpetual (index alone for spot).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Mark {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub mark: Option<Price>,
    pub index: Option<Price>,
    pub venue_time: WallNs,
}

/// The running estimate of the funding rate that will be charged at `next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funding {
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub instrument: InstrumentId,
    /// For one whole interval; positive: longs pay shorts.
    pub rate: Rate,
    /// This instrument's own interval as the venue states it; `None` while unknown: not tradable on.
    pub interval: Option<Span>,
    /// When it settles.
    pub next: WallNs,
    /// When the venue said so.
    pub venue_time: WallNs,
}

/// Whether an instrument's book may be traded on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct BookState {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub state: BookHealth,
}

/// Why a book is not known, or that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum BookHealth {
    /// In sequence and fresh.
    Known = 0,
    /// Not connected, or no snapshot yet.
    Starting = 1,
    /// A sequence number was missing.
    Gap = 2,
    /// Bid at or above ask.
    Crossed = 3,
    /// No data on its channel for longer than allowed.
    Silent = 4,
    /// The venue's own time of the data is too old.
    Stale = 5,
    /// A message that could not be read.
    Refused = 6,
    /// A side ran empty.
    Empty = 7,
    /// The venue stopped trading it.
    Halted = 8,
}

/// The measured offset of a venue's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockState {
    /// Whose.
    pub venue: VenueId,
    /// Venue wall time minus this machine's wall time, nanoseconds.
    pub offset_ns: i64,
    /// The estimate is right within plus or minus this.
    pub bound: Span,
}

/// Whether a venue's order session and user stream stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// Whose.
    pub venue: VenueId,
    /// Orders can be sent.
    pub orders: bool,
    /// Orders go the slow way only, by REST: what ends risk may leave, what adds some should not.
    pub slow: bool,
    /// Fills and account changes arrive.
    pub account: bool,
    /// The rate budget allows new orders (cancels keep a reserve of their own).
    pub budget: bool,
}

/// The venue took the order: it exists, which says nothing of fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Ack {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
    /// A number for the venue's order id: itself where it is one, else a hash of its text.
    pub venue_order: u64,
    pub venue_time: WallNs,
}

/// The venue proved that the order does not exist and never will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Reject {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
    pub class: RejectClass,
    /// The venue's own code; our own refusals before sending have 0.
    pub code: i64,
}

/// Why an order or a cancel was refused, over all venues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum RejectClass {
    /// None of the others.
    Other = 0,
    /// Not enough balance or margin.
    Funds = 1,
    /// A price, size or notional rule.
    Rules = 2,
    /// Too many requests.
    RateLimit = 3,
    /// A post-only order would have taken.
    WouldTake = 4,
    /// A reduce-only order would have increased, or there is nothing to reduce.
    ReduceOnly = 5,
    /// Time stamp, signature, key or permission.
    Auth = 6,
    /// The client order id was used before.
    Duplicate = 7,
    /// The venue is busy, in maintenance, or the instrument is halted.
    Unavailable = 8,
    /// The order to cancel is not there (any more): filled, cancelled or never made.
    NotFound = 9,
    /// Refused by this engine before any byte was sent.
    Local = 10,
    /// The price is outside the venue's band.
    PriceBand = 11,
}

/// What the venue says of an order: acknowledged by stream, query or reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which.
    pub order: OrderId,
    /// Where in its life.
    pub status: OrderStatus,
    /// All that was filled so far. Fills themselves arrive as [`Fill`]; this one finds missing ones.
    pub filled: Qty,
    /// The venue's order id as a number or hash.
    pub venue_order: u64,
    /// When.
    pub venue_time: WallNs,
}

/// Where in its life the venue says an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum OrderStatus {
    /// On the book.
    Live = 0,
    /// On the book, partly filled.
    Partial = 1,
    /// Done, wholly filled.
    Filled = 2,
    /// Done: cancelled by us or the venue; may have fills.
    Cancelled = 3,
    /// Done: time in force, self-trade prevention, post-only; may have fills.
    Expired = 4,
    /// Done: refused after the acknowledgement.
    Rejected = 5,
    /// Asked by its id after a quiet time: the venue has never heard of it.
    NotFound = 6,
}

/// Nobody knows whether the order exists: no answer in time, connection lost, a 5xx, a "status unknown" code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct OrderUnknown {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
}

/// A fill, as the venue printed it. Counted once by (venue, instrument, trade id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Fill {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    /// `FOREIGN` when the order is not ours.
    pub order: OrderId,
    pub side: Side,
    pub maker: bool,
    pub price: Price,
    pub qty: Qty,
    pub trade_id: u64,
    pub venue_time: WallNs,
}

/// The fee of one fill, in whatever asset; positive was charged, negative is a rebate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Fee {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
    pub trade_id: u64,
    pub asset: AssetId,
    pub amount: Money,
}

/// Funding settled in cash; positive was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct FundingPaid {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub asset: AssetId,
    pub amount: Money,
    /// The settlement it belongs to; with venue and instrument it is counted once.
    pub settled: WallNs,
}

/// A position as the venue reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Position {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    /// Positive is long.
    pub qty: Qty,
    /// Average entry, rounded; absent for a flat position.
    pub entry: Option<Price>,
    pub venue_time: WallNs,
}

/// A balance as the venue reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub asset: AssetId,
    /// All of it, unrealised results not included.
    pub total: Money,
    /// What orders may use.
    pub available: Option<Money>,
}

/// An order found open during reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct OpenOrder {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
    pub side: Side,
    pub price: Price,
    pub qty: Qty,
    pub filled: Qty,
    pub venue_order: u64,
}

/// Brackets of a reconciliation: between them come `OpenOrder`, `Position`, `Balance`, `Fill`, `Fee`,
/// `FundingPaid` and `OrderState` of one venue; what is not named in them does not exist there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Reconcile {
    pub venue: VenueId,
    pub phase: ReconcilePhase,
}

/// Where in a reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ReconcilePhase {
    /// The account's state as of now follows.
    Begin = 0,
    /// That was all of it.
    End = 1,
    /// It could not be completed; nothing may be concluded from what came.
    Failed = 2,
}

/// A cancel was refused. `NotFound` is no proof that the order never filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct CancelReject {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
    pub class: RejectClass,
    pub code: i64,
}

/// Time passes: the only way the core learns of it besides the stamps of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Wall time at the stamp of the record.
    pub wall: WallNs,
}

/// What a person, or the program on their behalf, tells the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Command {
    pub action: Action,
    /// The configuration version it belongs to.
    pub version: u32,
}

/// The commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Action {
    /// New pairs may be opened, once every venue is reconciled.
    Arm = 0,
    /// No new pairs; exits and hedges go on.
    Disarm = 1,
    /// Nothing new at all, cancel everything that rests; positions stay.
    Stop = 2,
    /// As `Stop`, then close every pair.
    Flatten = 3,
    /// From here on the plan of the command's version counts; it was made ready before.
    Adopt = 4,
}

/// Everything the core reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant carries the type of its name")]
pub enum Input {
    Quote(Quote),
    Depth(Depth),
    Trade(Trade),
    Mark(Mark),
    Funding(Funding),
    BookState(BookState),
    ClockState(ClockState),
    SessionState(SessionState),
    Ack(Ack),
    Reject(Reject),
    OrderState(OrderState),
    OrderUnknown(OrderUnknown),
    Fill(Fill),
    Fee(Fee),
    FundingPaid(FundingPaid),
    Position(Position),
    Balance(Balance),
    OpenOrder(OpenOrder),
    Reconcile(Reconcile),
    CancelReject(CancelReject),
    Timer(Timer),
    Command(Command),
}

mod encode;
pub(crate) use encode::from_u16;

impl Input {
    /// The record of this event, seen at `stamp`.
    #[must_use]
    #[inline]
    pub fn record(self, stamp: Stamp) -> Record {
        encode::record(self, stamp)
    }

    /// Reads a record as an input.
    ///
    /// # Errors
    /// [`RecordError`] for an output, an unknown kind, or a field that holds no legal value.
    #[inline]
    pub fn read(record: &Record) -> Result<Self, RecordError> {
        let kind = record.kind().ok_or(RecordError::Kind(record.kind))?;
        encode::input(kind, record).ok_or(RecordError::Field(kind))
    }
}

#[cfg(test)]
mod tests;
