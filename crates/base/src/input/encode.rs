//! Field by field: which word of a record holds what. Part of the journal's format.
//!
//! Each kind stands once, written and read beside each other: [`Layout`].

mod account;
mod market;
mod order;

use super::{Action, BookHealth, Command, Input, OrderStatus, ReconcilePhase, RejectClass, Timer};
use crate::ids::{InstrumentId, OrderId, Side, VenueId};
use crate::record::{Kind, Record};
use crate::time::{Stamp, WallNs};

/// Flag bit 0: sell (else buy), or the first of some optional fields is there.
const BIT_0: u16 = 1;
/// Flag bit 1: maker, or the second of some optional fields is there.
const BIT_1: u16 = 2;
const BIT_2: u16 = 4;
const BIT_3: u16 = 8;

/// How an event of a venue lies in a record.
trait Layout: Sized {
    /// The record of this event.
    fn write(self, stamp: Stamp) -> Record;
    /// The event of a record of its kind; `None` when a field holds no legal value.
    fn read(read: Reading<'_>) -> Option<Self>;
}

/// A record that is being read, and what most events need of it.
#[derive(Clone, Copy)]
struct Reading<'a> {
    record: &'a Record,
    venue: VenueId,
    instrument: InstrumentId,
}

impl Reading<'_> {
    #[inline]
    const fn flag(self, bit: u16) -> bool {
        self.record.flags & bit != 0
    }
    #[inline]
    const fn side(self) -> Side {
        if self.flag(BIT_0) { Side::Sell } else { Side::Buy }
    }
}

struct Draft(Record);

impl Draft {
    #[inline]
    fn new(stamp: Stamp, kind: Kind, venue: VenueId, instrument: InstrumentId) -> Self {
        Self(Record::base(stamp, kind, Some(venue), instrument))
    }
    #[inline]
    fn wide(stamp: Stamp, kind: Kind, venue: VenueId) -> Self {
        Self::new(stamp, kind, venue, InstrumentId::ALL)
    }
    #[inline]
    fn flags(mut self, flags: u16) -> Self {
        self.0.flags = flags;
        self
    }
    #[inline]
    fn aux(mut self, aux: u16) -> Self {
        self.0.aux = aux;
        self
    }
    #[inline]
    fn words(mut self, words: [i64; 5]) -> Record {
        self.0.words = words;
        self.0
    }
}

const fn bit(set: bool, bit: u16) -> u16 {
    if set { bit } else { 0 }
}

const fn side_bit(side: Side) -> u16 {
    side as u16
}

const fn order(id: OrderId) -> i64 {
    id.0.cast_signed()
}

const fn order_id(word: i64) -> OrderId {
    OrderId(word.cast_unsigned())
}

pub(super) fn record(input: Input, stamp: Stamp) -> Record {
    match input {
        Input::Quote(quote) => quote.write(stamp),
        Input::Depth(depth) => depth.write(stamp),
        Input::Trade(trade) => trade.write(stamp),
        Input::Mark(mark) => mark.write(stamp),
        Input::Funding(funding) => funding.write(stamp),
        Input::BookState(state) => state.write(stamp),
        Input::ClockState(state) => state.write(stamp),
        Input::SessionState(state) => state.write(stamp),
        Input::Ack(ack) => ack.write(stamp),
        Input::Reject(reject) => reject.write(stamp),
        Input::OrderState(state) => state.write(stamp),
        Input::OrderUnknown(unknown) => unknown.write(stamp),
        Input::Fill(fill) => fill.write(stamp),
        Input::Fee(fee) => fee.write(stamp),
        Input::FundingPaid(paid) => paid.write(stamp),
        Input::Position(position) => position.write(stamp),
        Input::Balance(balance) => balance.write(stamp),
        Input::OpenOrder(order) => order.write(stamp),
        Input::Reconcile(reconcile) => reconcile.write(stamp),
        Input::CancelReject(reject) => reject.write(stamp),
        Input::Timer(timer) => own(stamp, Kind::Timer, 0, timer.wall.0),
        Input::Command(command) => {
            own(stamp, Kind::Command, command.action as u16, i64::from(command.version))
        }
    }
}

/// An event of no venue.
fn own(stamp: Stamp, kind: Kind, aux: u16, word: i64) -> Record {
    let words = [word, 0, 0, 0, 0];
    Record { aux, words, ..Record::base(stamp, kind, None, InstrumentId::ALL) }
}

pub(super) fn input(kind: Kind, record: &Record) -> Option<Input> {
    let [word, ..] = record.words;
    if matches!(kind, Kind::Timer) {
        return Some(Input::Timer(Timer { wall: WallNs(word) }));
    }
    if matches!(kind, Kind::Command) {
        let (action, version) = (Action::from_u16(record.aux)?, u32::try_from(word).ok()?);
        return Some(Input::Command(Command { action, version }));
    }
    let venue = record.venue_id()?;
    let read = Reading { record, venue, instrument: InstrumentId(record.instrument) };
    Some(match kind {
        Kind::Quote => Input::Quote(Layout::read(read)?),
        Kind::Depth => Input::Depth(Layout::read(read)?),
        Kind::Trade => Input::Trade(Layout::read(read)?),
        Kind::Mark => Input::Mark(Layout::read(read)?),
        Kind::Funding => Input::Funding(Layout::read(read)?),
        Kind::BookState => Input::BookState(Layout::read(read)?),
        Kind::ClockState => Input::ClockState(Layout::read(read)?),
        Kind::SessionState => Input::SessionState(Layout::read(read)?),
        Kind::Ack => Input::Ack(Layout::read(read)?),
        Kind::Reject => Input::Reject(Layout::read(read)?),
        Kind::OrderState => Input::OrderState(Layout::read(read)?),
        Kind::OrderUnknown => Input::OrderUnknown(Layout::read(read)?),
        Kind::Fill => Input::Fill(Layout::read(read)?),
        Kind::Fee => Input::Fee(Layout::read(read)?),
        Kind::FundingPaid => Input::FundingPaid(Layout::read(read)?),
        Kind::Position => Input::Position(Layout::read(read)?),
        Kind::Balance => Input::Balance(Layout::read(read)?),
        Kind::OpenOrder => Input::OpenOrder(Layout::read(read)?),
        Kind::Reconcile => Input::Reconcile(Layout::read(read)?),
        Kind::CancelReject => Input::CancelReject(Layout::read(read)?),
        _ => return None,
    })
}

/// Reading a small enum back from its number.
macro_rules! from_u16 {
    ($name:ident { $($variant:ident),+ $(,)? }) => {
        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The one of that number.
            #[must_use]
            pub fn from_u16(number: u16) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }
        const _: () = {
            let mut at = 0;
            while at < $name::ALL.len() {
                assert!($name::ALL[at] as usize == at);
                at += 1;
            }
        };
    };
}
pub(crate) use from_u16;

from_u16!(BookHealth { Known, Starting, Gap, Crossed, Silent, Stale, Refused, Empty, Halted });
from_u16!(RejectClass {
    Other,
    Funds,
    Rules,
    RateLimit,
    WouldTake,
    ReduceOnly,
    Auth,
    Duplicate,
    Unavailable,
    NotFound,
    Local,
    PriceBand,
});
from_u16!(OrderStatus { Live, Partial, Filled, Cancelled, Expired, Rejected, NotFound });
from_u16!(ReconcilePhase { Begin, End, Failed });
from_u16!(Action { Arm, Disarm, Stop, Flatten, Adopt });
