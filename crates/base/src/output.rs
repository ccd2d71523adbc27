//! What the core writes: intents for the gateways, and what people and views want to know.

use crate::ids::{InstrumentId, OrderId, PairId, Side, StrategyId, VenueId};
use crate::input::RejectClass;
use crate::numbers::{Price, Qty, Rate};
use crate::record::{Record, RecordError};
use crate::time::Stamp;

/// Send this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Its name for ever.
    pub order: OrderId,
    /// Which way.
    pub side: Side,
    /// How it behaves.
    pub style: Style,
    /// May only reduce a position. Not for spot.
    pub reduce_only: bool,
    /// Limit price, a multiple of the tick; for a market order the price the core expects.
    pub price: Price,
    /// How much, a multiple of the lot.
    pub qty: Qty,
    /// The stamp of the input that caused it: tick-to-order counts from here.
    pub cause: Stamp,
    /// The pair it belongs to.
    pub pair: PairId,
    /// The configuration version it is sent under.
    pub version: u32,
}

/// How an order behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Style {
    /// Good till cancelled.
    Limit = 0,
    /// Immediate or cancel.
    Ioc = 1,
    /// Rests or is refused.
    PostOnly = 2,
    /// At any price the venue allows.
    Market = 3,
}

/// Cancel this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Cancel {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
    /// The stamp of the input that caused it.
    pub cause: Stamp,
}

/// Cancel everything of ours on a venue (one instrument, or all with [`InstrumentId::ALL`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct CancelAll {
    pub venue: VenueId,
    pub instrument: InstrumentId,
}

/// Ask the venue what became of this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Query {
    pub venue: VenueId,
    pub instrument: InstrumentId,
    pub order: OrderId,
}

/// A pair changed its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairChange {
    /// Which.
    pub pair: PairId,
    /// Whose.
    pub strategy: StrategyId,
    /// Into what.
    pub phase: PairPhase,
    /// The leg that is bought.
    pub long: InstrumentId,
    /// The leg that is sold.
    pub short: InstrumentId,
    /// What the bought leg holds.
    pub long_qty: Qty,
    /// What the sold leg holds, positive.
    pub short_qty: Qty,
    /// Edge after fees that decided it.
    pub edge: Rate,
    /// Why, for exits and failures.
    pub reason: PairReason,
}

/// The life of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum PairPhase {
    /// Both legs' orders are out.
    Opening = 0,
    /// One leg is ahead of the other and is being hedged.
    Hedging = 1,
    /// Both legs stand.
    Open = 2,
    /// Both legs are being closed.
    Closing = 3,
    /// Flat, with a trade behind it.
    Closed = 4,
    /// Flat, nothing was ever filled.
    Abandoned = 5,
    /// It could not be hedged or closed within its ladder: a person must look.
    Stuck = 6,
}

/// Why a pair entered its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum PairReason {
    /// The edge asked for it.
    Edge = 0,
    /// Fills.
    Fills = 1,
    /// The spread came back: profit taken.
    TakeProfit = 2,
    /// The spread ran away: loss stopped.
    StopLoss = 3,
    /// Funding turned or was collected and no longer pays.
    Funding = 4,
    /// A limit asked to reduce.
    Risk = 5,
    /// Ordered to flatten.
    Command = 6,
    /// A leg was refused.
    Refused = 7,
    /// A leg's outcome is not known.
    Unknown = 8,
    /// Found on a venue after a restart.
    Recovered = 9,
}

/// Something a person should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub code: AlarmCode,
    /// Where, if anywhere.
    pub venue: Option<VenueId>,
    /// Of what, or `ALL`.
    pub instrument: InstrumentId,
    /// Which pair, or 0.
    pub pair: PairId,
    /// What was seen, in the unit of the code.
    pub seen: i64,
    /// What is allowed, in the unit of the code.
    pub limit: i64,
}

/// The alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum AlarmCode {
    /// A limit is near: see `limit`.
    LimitNear = 0,
    /// A limit was reached; new pairs stopped, positions are reduced.
    ReducePosition = 1,
    /// A limit was broken; everything stopped.
    EmergencyStop = 2,
    /// One leg stands without the other for longer than allowed.
    Legged = 3,
    /// The venue's position differs from ours.
    PositionMismatch = 4,
    /// An order's outcome stays unknown.
    OrderUnknown = 5,
    /// A fill that belongs to no order of ours.
    ForeignFill = 6,
    /// Funding paid differs from what was expected.
    FundingMismatch = 7,
    /// A pre-trade gate refused an intent: `seen` is a gate number.
    GateRefused = 8,
    /// A record that could not be read.
    BadInput = 9,
    /// A venue refused an order: `seen` is its code.
    OrderRejected = 10,
    /// A table of fixed size is full; new pairs wait.
    Full = 11,
    /// A position that no pair holds, `seen` of it: new pairs wait until it is gone.
    Orphan = 12,
    /// More of a limit is used than a new configuration allows: only what reduces it is sent.
    LimitPassed = 13,
}

/// The core's rolling hash over all inputs and outputs so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The hash.
    pub hash: u64,
    /// Inputs consumed so far.
    pub inputs: u64,
}

/// Everything the core writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant carries the type of its name")]
pub enum Output {
    Place(Place),
    Cancel(Cancel),
    CancelAll(CancelAll),
    Query(Query),
    PairChange(PairChange),
    Alarm(Alarm),
    Checkpoint(Checkpoint),
}

mod encode;

impl Output {
    /// The record of this output, written while consuming an input seen at `stamp`.
    #[must_use]
    #[inline]
    pub fn record(self, stamp: Stamp) -> Record {
        encode::record(self, stamp)
    }

    /// Reads a record as an output.
    ///
    /// # Errors
    /// [`RecordError`] for an input, an unknown kind, or a field that holds no legal value.
    #[inline]
    pub fn read(record: &Record) -> Result<Self, RecordError> {
        let kind = record.kind().ok_or(RecordError::Kind(record.kind))?;
        encode::output(kind, record).ok_or(RecordError::Field(kind))
    }
}

impl RejectClass {
    /// Whether sending the same order again, later, could work.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::RateLimit | Self::Unavailable)
    }
}

#[cfg(test)]
mod tests;
