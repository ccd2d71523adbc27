//! One order's life: a total state machine.
//!
//! Every (state, event) pair is defined; terminal states absorb; the cumulative quantity never falls
//! and never exceeds the order's. An unknown outcome ends only with proof: an answer of the venue,
//! a fill, a "not found" to a question asked long enough after sending, or a whole reconciliation
//! that does not name it. A time-out is never a rejection.

use crate::pipe::{pipe_enum, pipe_fields};
use base::input::{OrderStatus, RejectClass};
use base::{InstrumentId, Money, OrderId, PairId, Price, Qty, Side, Stamp, StrategyId};

/// Where in its life an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u16)]
pub(crate) enum Life {
    /// Handed to the gateway; nothing heard.
    #[default]
    Sent = 0,
    /// The venue has it.
    Live = 1,
    /// Nobody knows.
    Unknown = 2,
    /// Done, all of it.
    Filled = 3,
    /// Done: cancelled or expired, perhaps partly filled.
    Cancelled = 4,
    /// Done: refused; it never existed.
    Rejected = 5,
    /// Done: the venue never heard of it, proven.
    Absent = 6,
}

impl Life {
    pub(crate) const ALL: [Self; 7] = [
        Self::Sent,
        Self::Live,
        Self::Unknown,
        Self::Filled,
        Self::Cancelled,
        Self::Rejected,
        Self::Absent,
    ];

    /// Whether nothing can bring it back.
    pub(crate) const fn is_done(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Absent)
    }
}
pipe_enum!(Life);

/// What an order can hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The venue took it.
    Ack,
    /// The venue refused it.
    Reject(RejectClass),
    /// The venue says where it is, and how much was filled.
    Report(OrderStatus, Qty),
    /// Asked, the venue had never heard of it; `proof` when asked long enough after sending.
    NotFound { proof: bool },
    /// Its outcome is not known: no answer, or silence for too long.
    Unknown,
    /// A fill not seen before.
    Fill(Qty),
    /// A cancel was refused: says nothing of fills.
    CancelRefused,
    /// A whole reconciliation did not name it among what is open.
    Gone,
}

/// What cannot be, and was said nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// More was filled than ordered: not counted.
    Excess,
    /// A fill of an order that was refused or never existed: counted.
    Impossible,
}

/// What an event changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Change {
    /// By how much the cumulative quantity grew.
    pub(crate) grown: Qty,
    /// It is done now and was not before.
    pub(crate) done: bool,
    /// A contradiction.
    pub(crate) odd: Option<Odd>,
}

/// Why an order was sent: decides what follows when it does not fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u16)]
pub(crate) enum Purpose {
    /// The first try of a leg.
    #[default]
    Open = 0,
    /// The missing leg, again.
    Hedge = 1,
    /// The leg that is ahead, back.
    Unwind = 2,
    /// Out.
    Exit = 3,
}

impl Purpose {
    pub(crate) const ALL: [Self; 4] = [Self::Open, Self::Hedge, Self::Unwind, Self::Exit];
}
pipe_enum!(Purpose);

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) qty: Qty,
    pub(crate) reduce_only: bool,
    pub(crate) purpose: Purpose,
    pub(crate) life: Life,
    /// Sum of the fills seen.
    pub(crate) fills: Qty,
    /// The most the venue reported as filled.
    pub(crate) reported: Qty,
    /// The venue confirmed that it exists or existed.
    pub(crate) proven: bool,
    pub(crate) refusal: Option<u16>,
    pub(crate) sent: Stamp,
    /// The last word of it, or the last question.
    pub(crate) news: Stamp,
    pub(crate) questions: u16,
    pub(crate) cancel_sent: bool,
    pub(crate) pair: PairId,
    pub(crate) strategy: StrategyId,
    /// Row of the combination.
    pub(crate) combination: u32,
    /// 0 the long leg, 1 the short leg.
    pub(crate) leg: u8,
    /// What was set aside for it on the venue.
    pub(crate) need: Money,
    /// Of what the venue reported and no fill explained: taken into the books by a reconciliation.
    pub(crate) absorbed: Qty,
    /// Price of its last fill, its limit before the first.
    pub(crate) last_price: Price,
    /// The reconciliation that last named it as open.
    pub(crate) round: u64,
}

pipe_fields!(Order {
    id,
    instrument,
    side,
    price,
    qty,
    reduce_only,
    purpose,
    life,
    fills,
    reported,
    proven,
    refusal,
    sent,
    news,
    questions,
    cancel_sent,
    pair,
    strategy,
    combination,
    leg,
    need,
    absorbed,
    last_price,
    round,
});

impl Default for Order {
    fn default() -> Self {
        Self {
            id: OrderId::FOREIGN,
            instrument: InstrumentId::ALL,
            side: Side::Buy,
            price: Price::ZERO,
            qty: Qty::ZERO,
            reduce_only: false,
            purpose: Purpose::Open,
            life: Life::Absent,
            fills: Qty::ZERO,
            reported: Qty::ZERO,
            proven: false,
            refusal: None,
            sent: Stamp(0),
            news: Stamp(0),
            questions: 0,
            cancel_sent: false,
            pair: PairId(0),
            strategy: StrategyId(0),
            combination: 0,
            leg: 0,
            need: Money::ZERO,
            absorbed: Qty::ZERO,
            last_price: Price::ZERO,
            round: 0,
        }
    }
}

impl Order {
    /// All that was filled, by fills or by report: what hedges follow.
    pub(crate) fn filled(&self) -> Qty {
        self.fills.max(self.reported)
    }

    /// What was reported as filled and has no fill yet.
    pub(crate) fn missing(&self) -> Qty {
        self.filled() - self.fills
    }

    /// Of what is missing, that which no reconciliation took over.
    pub(crate) fn unexplained(&self) -> Qty {
        self.missing() - self.absorbed
    }

    /// What may still fill: nothing once it is done, everything while nobody knows.
    pub(crate) fn remaining(&self) -> Qty {
        if self.life.is_done() { Qty::ZERO } else { self.qty - self.filled() }
    }

    /// Takes in one event.
    pub(crate) fn apply(&mut self, event: Event) -> Change {
        let (before, was_done) = (self.filled(), self.life.is_done());
        let odd = match event {
            Event::Ack => self.exists(),
            Event::Reject(class) => self.rejected(class),
            Event::Report(status, filled) => self.reported(status, filled),
            Event::NotFound { proof } => self.not_found(proof),
            Event::Unknown => self.lost(),
            Event::Fill(qty) => self.filled_by(qty),
            Event::CancelRefused => None,
            Event::Gone => self.end(Life::Cancelled),
        };
        if !self.life.is_done() && self.filled() == self.qty {
            self.life = Life::Filled;
        }
        Change { grown: self.filled() - before, done: !was_done && self.life.is_done(), odd }
    }

    fn exists(&mut self) -> Option<Odd> {
        self.proven = true;
        if !self.life.is_done() {
            self.life = Life::Live;
        }
        None
    }

    /// Terminal states absorb.
    fn end(&mut self, life: Life) -> Option<Odd> {
        if !self.life.is_done() {
            self.life = life;
        }
        None
    }

    fn lost(&mut self) -> Option<Odd> {
        self.end(Life::Unknown)
    }

    fn rejected(&mut self, class: RejectClass) -> Option<Odd> {
        if class == RejectClass::Duplicate {
            // "The id was used before": it was, by this very order. That is no proof of anything
            // but that an order of this id exists or existed.
            return self.lost();
        }
        self.refusal = Some(class as u16);
        if self.filled().0 > 0 { self.end(Life::Cancelled) } else { self.end(Life::Rejected) }
    }

    fn not_found(&mut self, proof: bool) -> Option<Odd> {
        if proof && !self.proven && self.filled().0 == 0 {
            return self.end(Life::Absent);
        }
        self.lost()
    }

    fn reported(&mut self, status: OrderStatus, filled: Qty) -> Option<Odd> {
        let odd = (filled > self.qty).then_some(Odd::Excess);
        let filled = if status == OrderStatus::Filled { self.qty } else { filled };
        self.reported = self.reported.max(filled.min(self.qty));
        self.proven = true;
        match status {
            OrderStatus::Live | OrderStatus::Partial => self.end(Life::Live),
            OrderStatus::Filled => self.end(Life::Filled),
            OrderStatus::Cancelled | OrderStatus::Expired => self.end(Life::Cancelled),
            OrderStatus::Rejected if self.filled().0 > 0 => self.end(Life::Cancelled),
            OrderStatus::Rejected => self.end(Life::Rejected),
            OrderStatus::NotFound => self.lost(),
        };
        odd
    }

    fn filled_by(&mut self, qty: Qty) -> Option<Odd> {
        if qty.0 <= 0 || qty > self.qty - self.fills {
            return Some(Odd::Excess);
        }
        self.fills += qty;
        let impossible = matches!(self.life, Life::Rejected | Life::Absent);
        self.exists();
        impossible.then_some(Odd::Impossible)
    }
}

#[cfg(test)]
mod tests;
