//! Field by field: which word of a record holds what. Part of the journal's format.

use super::{
    Alarm, AlarmCode, Cancel, CancelAll, Checkpoint, Output, PairChange, PairPhase, PairReason,
    Place, Query, Style,
};
use crate::ids::{InstrumentId, OrderId, PairId, Side, StrategyId};
use crate::input::from_u16;
use crate::numbers::{Price, Qty, Rate};
use crate::record::{Kind, Record};
use crate::time::Stamp;

const SELL: u16 = 1;
const REDUCE_ONLY: u16 = 2;

#[inline]
pub(super) fn record(output: Output, stamp: Stamp) -> Record {
    match output {
        Output::Place(p) => Record {
            flags: p.side as u16 | if p.reduce_only { REDUCE_ONLY } else { 0 },
            aux: p.style as u16,
            words: [
                p.order.0.cast_signed(),
                p.price.0,
                p.qty.0,
                p.cause.0.cast_signed(),
                join(p.pair.0, p.version),
            ],
            ..Record::base(stamp, Kind::Place, Some(p.venue), p.instrument)
        },
        Output::Cancel(c) => Record {
            words: [c.order.0.cast_signed(), c.cause.0.cast_signed(), 0, 0, 0],
            ..Record::base(stamp, Kind::Cancel, Some(c.venue), c.instrument)
        },
        Output::CancelAll(c) => Record::base(stamp, Kind::CancelAll, Some(c.venue), c.instrument),
        Output::Query(q) => Record {
            words: [q.order.0.cast_signed(), 0, 0, 0, 0],
            ..Record::base(stamp, Kind::Query, Some(q.venue), q.instrument)
        },
        Output::PairChange(p) => Record {
            flags: p.reason as u16,
            aux: p.phase as u16,
            words: [
                join(p.pair.0, u32::from(p.strategy.0)),
                i64::from(p.short.0),
                p.long_qty.0,
                p.short_qty.0,
                p.edge.0,
            ],
            ..Record::base(stamp, Kind::PairChange, None, p.long)
        },
        Output::Alarm(a) => Record {
            aux: a.code as u16,
            words: [i64::from(a.pair.0), a.seen, a.limit, 0, 0],
            ..Record::base(stamp, Kind::Alarm, a.venue, a.instrument)
        },
        Output::Checkpoint(c) => Record {
            words: [c.hash.cast_signed(), c.inputs.cast_signed(), 0, 0, 0],
            ..Record::base(stamp, Kind::Checkpoint, None, InstrumentId::ALL)
        },
    }
}

pub(super) fn output(kind: Kind, r: &Record) -> Option<Output> {
    let [a, b, c, d, e] = r.words;
    let instrument = InstrumentId(r.instrument);
    Some(match kind {
        Kind::Place => {
            let (pair, version) = split(e);
            Output::Place(Place {
                venue: r.venue_id()?,
                instrument,
                order: OrderId(a.cast_unsigned()),
                side: if r.flags & SELL == 0 { Side::Buy } else { Side::Sell },
                style: Style::from_u16(r.aux)?,
                reduce_only: r.flags & REDUCE_ONLY != 0,
                price: Price(b),
                qty: Qty(c),
                cause: Stamp(d.cast_unsigned()),
                pair: PairId(pair),
                version,
            })
        }
        Kind::Cancel => Output::Cancel(Cancel {
            venue: r.venue_id()?,
            instrument,
            order: OrderId(a.cast_unsigned()),
            cause: Stamp(b.cast_unsigned()),
        }),
        Kind::CancelAll => Output::CancelAll(CancelAll { venue: r.venue_id()?, instrument }),
        Kind::Query => Output::Query(Query {
            venue: r.venue_id()?,
            instrument,
            order: OrderId(a.cast_unsigned()),
        }),
        Kind::PairChange => {
            let (pair, strategy) = split(a);
            Output::PairChange(PairChange {
                pair: PairId(pair),
                strategy: StrategyId(u16::try_from(strategy).ok()?),
                phase: PairPhase::from_u16(r.aux)?,
                long: instrument,
                short: InstrumentId(u16::try_from(b).ok()?),
                long_qty: Qty(c),
                short_qty: Qty(d),
                edge: Rate(e),
                reason: PairReason::from_u16(r.flags)?,
            })
        }
        Kind::Alarm => Output::Alarm(Alarm {
            code: AlarmCode::from_u16(r.aux)?,
            venue: r.venue_id(),
            instrument,
            pair: PairId(u32::try_from(a).ok()?),
            seen: b,
            limit: c,
        }),
        Kind::Checkpoint => {
            Output::Checkpoint(Checkpoint { hash: a.cast_unsigned(), inputs: b.cast_unsigned() })
        }
        _ => return None,
    })
}

/// Two 32-bit numbers in one word, the first in the high half.
const fn join(high: u32, low: u32) -> i64 {
    ((high as u64) << 32 | low as u64).cast_signed()
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
const fn split(word: i64) -> (u32, u32) {
    let word = word.cast_unsigned();
    ((word >> 32) as u32, word as u32)
}

from_u16!(Style { Limit, Ioc, PostOnly, Market });
from_u16!(PairPhase { Opening, Hedging, Open, Closing, Closed, Abandoned, Stuck });
from_u16!(PairReason {
    Edge,
    Fills,
    TakeProfit,
    StopLoss,
    Funding,
    Risk,
    Command,
    Refused,
    Unknown,
    Recovered
});
from_u16!(AlarmCode {
    LimitNear,
    ReducePosition,
    EmergencyStop,
    Legged,
    PositionMismatch,
    OrderUnknown,
    ForeignFill,
    FundingMismatch,
    GateRefused,
    BadInput,
    OrderRejected,
    Full,
    Orphan,
    LimitPassed,
});
