//! Field by field: which word of a record holds what. Part of the journal's format.

use super::{
    Ack, Action, Balance, BookHealth, BookState, CancelReject, ClockState, Command, Depth, Fee,
    Fill, Funding, FundingPaid, Input, Mark, OpenOrder, OrderState, OrderStatus, OrderUnknown,
    Position, Quote, Reconcile, ReconcilePhase, Reject, RejectClass, SessionState, Sweep, Timer,
    Trade,
};
use crate::ids::{AssetId, InstrumentId, OrderId, Side, VenueId};
use crate::numbers::{Money, Price, Qty, Rate};
use crate::record::{Kind, Record};
use crate::time::{Span, Stamp, WallNs};

/// Flag bit 0: sell (else buy), or the first of two optional fields is there.
const BIT_0: u16 = 1;
/// Flag bit 1: maker, or the second of two optional fields is there.
const BIT_1: u16 = 2;
const BIT_2: u16 = 4;
const BIT_3: u16 = 8;

struct Draft(Record);

impl Draft {
    fn new(stamp: Stamp, kind: Kind, venue: VenueId, instrument: InstrumentId) -> Self {
        Self(Record::base(stamp, kind, Some(venue), instrument))
    }
    fn wide(stamp: Stamp, kind: Kind, venue: VenueId) -> Self {
        Self::new(stamp, kind, venue, InstrumentId::ALL)
    }
    fn flags(mut self, flags: u16) -> Self {
        self.0.flags = flags;
        self
    }
    fn aux(mut self, aux: u16) -> Self {
        self.0.aux = aux;
        self
    }
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

const fn side(flags: u16) -> Side {
    if flags & BIT_0 == 0 { Side::Buy } else { Side::Sell }
}

#[expect(clippy::too_many_lines, reason = "a table: one arm a kind")]
pub(super) fn record(input: Input, stamp: Stamp) -> Record {
    match input {
        Input::Quote(q) => Draft::new(stamp, Kind::Quote, q.venue, q.instrument).words([
            q.bid.0,
            q.bid_qty.0,
            q.ask.0,
            q.ask_qty.0,
            q.venue_time.0,
        ]),
        Input::Depth(d) => {
            let (bid, ask) = (d.bid.unwrap_or(NO_SWEEP), d.ask.unwrap_or(NO_SWEEP));
            Draft::new(stamp, Kind::Depth, d.venue, d.instrument)
                .flags(bit(d.bid.is_some(), BIT_0) | bit(d.ask.is_some(), BIT_1))
                .words([bid.average.0, bid.limit.0, ask.average.0, ask.limit.0, d.venue_time.0])
        }
        Input::Trade(t) => Draft::new(stamp, Kind::Trade, t.venue, t.instrument)
            .flags(side_bit(t.taker))
            .words([t.price.0, t.qty.0, t.trade_id.cast_signed(), t.venue_time.0, 0]),
        Input::Mark(m) => Draft::new(stamp, Kind::Mark, m.venue, m.instrument)
            .flags(bit(m.mark.is_some(), BIT_0) | bit(m.index.is_some(), BIT_1))
            .words([
                m.mark.unwrap_or_default().0,
                m.index.unwrap_or_default().0,
                m.venue_time.0,
                0,
                0,
            ]),
        Input::Funding(f) => Draft::new(stamp, Kind::Funding, f.venue, f.instrument)
            .flags(bit(f.interval.is_some(), BIT_0))
            .words([
                f.rate.0,
                f.interval.unwrap_or_default().0.cast_signed(),
                f.next.0,
                f.venue_time.0,
                0,
            ]),
        Input::BookState(b) => Draft::new(stamp, Kind::BookState, b.venue, b.instrument)
            .aux(b.state as u16)
            .words([0; 5]),
        Input::ClockState(c) => Draft::wide(stamp, Kind::ClockState, c.venue).words([
            c.offset_ns,
            c.bound.0.cast_signed(),
            0,
            0,
            0,
        ]),
        Input::SessionState(s) => Draft::wide(stamp, Kind::SessionState, s.venue)
            .flags(
                bit(s.orders, BIT_0)
                    | bit(s.account, BIT_1)
                    | bit(s.budget, BIT_2)
                    | bit(s.slow, BIT_3),
            )
            .words([0; 5]),
        Input::Ack(a) => Draft::new(stamp, Kind::Ack, a.venue, a.instrument).words([
            order(a.order),
            a.venue_order.cast_signed(),
            a.venue_time.0,
            0,
            0,
        ]),
        Input::Reject(r) => Draft::new(stamp, Kind::Reject, r.venue, r.instrument)
            .aux(r.class as u16)
            .words([order(r.order), r.code, 0, 0, 0]),
        Input::OrderState(o) => Draft::new(stamp, Kind::OrderState, o.venue, o.instrument)
            .aux(o.status as u16)
            .words([order(o.order), o.filled.0, o.venue_order.cast_signed(), o.venue_time.0, 0]),
        Input::OrderUnknown(o) => Draft::new(stamp, Kind::OrderUnknown, o.venue, o.instrument)
            .words([order(o.order), 0, 0, 0, 0]),
        Input::Fill(f) => Draft::new(stamp, Kind::Fill, f.venue, f.instrument)
            .flags(side_bit(f.side) | bit(f.maker, BIT_1))
            .words([order(f.order), f.price.0, f.qty.0, f.trade_id.cast_signed(), f.venue_time.0]),
        Input::Fee(f) => {
            let [low, high] = f.amount.to_words();
            Draft::new(stamp, Kind::Fee, f.venue, f.instrument).aux(f.asset.0).words([
                order(f.order),
                f.trade_id.cast_signed(),
                low,
                high,
                0,
            ])
        }
        Input::FundingPaid(f) => {
            let [low, high] = f.amount.to_words();
            Draft::new(stamp, Kind::FundingPaid, f.venue, f.instrument).aux(f.asset.0).words([
                low,
                high,
                f.settled.0,
                0,
                0,
            ])
        }
        Input::Position(p) => Draft::new(stamp, Kind::Position, p.venue, p.instrument)
            .flags(bit(p.entry.is_some(), BIT_0))
            .words([p.qty.0, p.entry.unwrap_or_default().0, p.venue_time.0, 0, 0]),
        Input::Balance(b) => {
            let [total_low, total_high] = b.total.to_words();
            let [low, high] = b.available.unwrap_or_default().to_words();
            Draft::wide(stamp, Kind::Balance, b.venue)
                .flags(bit(b.available.is_some(), BIT_0))
                .aux(b.asset.0)
                .words([total_low, total_high, low, high, 0])
        }
        Input::OpenOrder(o) => Draft::new(stamp, Kind::OpenOrder, o.venue, o.instrument)
            .flags(side_bit(o.side))
            .words([order(o.order), o.price.0, o.qty.0, o.filled.0, o.venue_order.cast_signed()]),
        Input::Reconcile(r) => {
            Draft::wide(stamp, Kind::Reconcile, r.venue).aux(r.phase as u16).words([0; 5])
        }
        Input::CancelReject(c) => Draft::new(stamp, Kind::CancelReject, c.venue, c.instrument)
            .aux(c.class as u16)
            .words([order(c.order), c.code, 0, 0, 0]),
        Input::Timer(t) => {
            let mut record = Record::base(stamp, Kind::Timer, None, InstrumentId::ALL);
            record.words[0] = t.wall.0;
            record
        }
        Input::Command(c) => {
            let mut record = Record::base(stamp, Kind::Command, None, InstrumentId::ALL);
            record.aux = c.action as u16;
            record.words[0] = i64::from(c.version);
            record
        }
    }
}

const NO_SWEEP: Sweep = Sweep { average: Price::ZERO, limit: Price::ZERO };

const fn order(id: OrderId) -> i64 {
    id.0.cast_signed()
}

const fn order_id(word: i64) -> OrderId {
    OrderId(word.cast_unsigned())
}

#[expect(clippy::too_many_lines, reason = "a table: one arm a kind")]
pub(super) fn input(kind: Kind, r: &Record) -> Option<Input> {
    let [a, b, c, d, e] = r.words;
    let instrument = InstrumentId(r.instrument);
    let flag = |bit| r.flags & bit != 0;
    if matches!(kind, Kind::Timer) {
        return Some(Input::Timer(Timer { wall: WallNs(a) }));
    }
    if matches!(kind, Kind::Command) {
        let version = u32::try_from(a).ok()?;
        return Some(Input::Command(Command { action: Action::from_u16(r.aux)?, version }));
    }
    let venue = r.venue_id()?;
    Some(match kind {
        Kind::Quote => Input::Quote(Quote {
            venue,
            instrument,
            bid: Price(a),
            bid_qty: Qty(b),
            ask: Price(c),
            ask_qty: Qty(d),
            venue_time: WallNs(e),
        }),
        Kind::Depth => Input::Depth(Depth {
            venue,
            instrument,
            bid: flag(BIT_0).then_some(Sweep { average: Price(a), limit: Price(b) }),
            ask: flag(BIT_1).then_some(Sweep { average: Price(c), limit: Price(d) }),
            venue_time: WallNs(e),
        }),
        Kind::Trade => Input::Trade(Trade {
            venue,
            instrument,
            taker: side(r.flags),
            price: Price(a),
            qty: Qty(b),
            trade_id: c.cast_unsigned(),
            venue_time: WallNs(d),
        }),
        Kind::Mark => Input::Mark(Mark {
            venue,
            instrument,
            mark: flag(BIT_0).then_some(Price(a)),
            index: flag(BIT_1).then_some(Price(b)),
            venue_time: WallNs(c),
        }),
        Kind::Funding => Input::Funding(Funding {
            venue,
            instrument,
            rate: Rate(a),
            interval: flag(BIT_0).then_some(Span(b.cast_unsigned())),
            next: WallNs(c),
            venue_time: WallNs(d),
        }),
        Kind::BookState => {
            Input::BookState(BookState { venue, instrument, state: BookHealth::from_u16(r.aux)? })
        }
        Kind::ClockState => {
            Input::ClockState(ClockState { venue, offset_ns: a, bound: Span(b.cast_unsigned()) })
        }
        Kind::SessionState => Input::SessionState(SessionState {
            venue,
            orders: flag(BIT_0),
            account: flag(BIT_1),
            budget: flag(BIT_2),
            slow: flag(BIT_3),
        }),
        Kind::Ack => Input::Ack(Ack {
            venue,
            instrument,
            order: order_id(a),
            venue_order: b.cast_unsigned(),
            venue_time: WallNs(c),
        }),
        Kind::Reject => Input::Reject(Reject {
            venue,
            instrument,
            order: order_id(a),
            class: RejectClass::from_u16(r.aux)?,
            code: b,
        }),
        Kind::OrderState => Input::OrderState(OrderState {
            venue,
            instrument,
            order: order_id(a),
            status: OrderStatus::from_u16(r.aux)?,
            filled: Qty(b),
            venue_order: c.cast_unsigned(),
            venue_time: WallNs(d),
        }),
        Kind::OrderUnknown => {
            Input::OrderUnknown(OrderUnknown { venue, instrument, order: order_id(a) })
        }
        Kind::Fill => Input::Fill(Fill {
            venue,
            instrument,
            order: order_id(a),
            side: side(r.flags),
            maker: flag(BIT_1),
            price: Price(b),
            qty: Qty(c),
            trade_id: d.cast_unsigned(),
            venue_time: WallNs(e),
        }),
        Kind::Fee => Input::Fee(Fee {
            venue,
            instrument,
            order: order_id(a),
            trade_id: b.cast_unsigned(),
            asset: AssetId(r.aux),
            amount: Money::from_words([c, d]),
        }),
        Kind::FundingPaid => Input::FundingPaid(FundingPaid {
            venue,
            instrument,
            asset: AssetId(r.aux),
            amount: Money::from_words([a, b]),
            settled: WallNs(c),
        }),
        Kind::Position => Input::Position(Position {
            venue,
            instrument,
            qty: Qty(a),
            entry: flag(BIT_0).then_some(Price(b)),
            venue_time: WallNs(c),
        }),
        Kind::Balance => Input::Balance(Balance {
            venue,
            asset: AssetId(r.aux),
            total: Money::from_words([a, b]),
            available: flag(BIT_0).then_some(Money::from_words([c, d])),
        }),
        Kind::OpenOrder => Input::OpenOrder(OpenOrder {
            venue,
            instrument,
            order: order_id(a),
            side: side(r.flags),
            price: Price(b),
            qty: Qty(c),
            filled: Qty(d),
            venue_order: e.cast_unsigned(),
        }),
        Kind::Reconcile => {
            Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::from_u16(r.aux)? })
        }
        Kind::CancelReject => Input::CancelReject(CancelReject {
            venue,
            instrument,
            order: order_id(a),
            class: RejectClass::from_u16(r.aux)?,
            code: b,
        }),
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
from_u16!(Action { Arm, Disarm, Stop, Flatten });
