//! Markets, clocks, sessions.

use super::{BIT_0, BIT_1, BIT_2, BIT_3, Draft, Layout, Reading, bit, side_bit};
use crate::input::{
    BookHealth, BookState, ClockState, Depth, Funding, Mark, Quote, SessionState, Sweep, Trade,
};
use crate::numbers::{Price, Qty, Rate};
use crate::record::{Kind, Record};
use crate::time::{Span, Stamp, WallNs};

const NO_SWEEP: Sweep = Sweep { average: Price::ZERO, limit: Price::ZERO };

impl Layout for Quote {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let Self { bid, bid_qty, ask, ask_qty, venue_time, .. } = self;
        let draft = Draft::new(stamp, Kind::Quote, self.venue, self.instrument);
        draft.words([bid.0, bid_qty.0, ask.0, ask_qty.0, venue_time.0])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [bid, bid_qty, ask, ask_qty, at] = record.words;
        Some(Self {
            venue,
            instrument,
            bid: Price(bid),
            bid_qty: Qty(bid_qty),
            ask: Price(ask),
            ask_qty: Qty(ask_qty),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for Depth {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let (bid, ask) = (self.bid.unwrap_or(NO_SWEEP), self.ask.unwrap_or(NO_SWEEP));
        Draft::new(stamp, Kind::Depth, self.venue, self.instrument)
            .flags(bit(self.bid.is_some(), BIT_0) | bit(self.ask.is_some(), BIT_1))
            .words([bid.average.0, bid.limit.0, ask.average.0, ask.limit.0, self.venue_time.0])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [bid, bid_limit, ask, ask_limit, at] = record.words;
        let sweep = |average, limit| Sweep { average: Price(average), limit: Price(limit) };
        Some(Self {
            venue,
            instrument,
            bid: read.flag(BIT_0).then_some(sweep(bid, bid_limit)),
            ask: read.flag(BIT_1).then_some(sweep(ask, ask_limit)),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for Trade {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let words = [self.price.0, self.qty.0, self.trade_id.cast_signed(), self.venue_time.0, 0];
        let draft = Draft::new(stamp, Kind::Trade, self.venue, self.instrument);
        draft.flags(side_bit(self.taker)).words(words)
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [price, qty, id, at, _] = record.words;
        Some(Self {
            venue,
            instrument,
            taker: read.side(),
            price: Price(price),
            qty: Qty(qty),
            trade_id: id.cast_unsigned(),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for Mark {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let (mark, index) = (self.mark.unwrap_or_default(), self.index.unwrap_or_default());
        Draft::new(stamp, Kind::Mark, self.venue, self.instrument)
            .flags(bit(self.mark.is_some(), BIT_0) | bit(self.index.is_some(), BIT_1))
            .words([mark.0, index.0, self.venue_time.0, 0, 0])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [mark, index, at, ..] = record.words;
        Some(Self {
            venue,
            instrument,
            mark: read.flag(BIT_0).then_some(Price(mark)),
            index: read.flag(BIT_1).then_some(Price(index)),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for Funding {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let interval = self.interval.unwrap_or_default().0.cast_signed();
        Draft::new(stamp, Kind::Funding, self.venue, self.instrument)
            .flags(bit(self.interval.is_some(), BIT_0))
            .words([self.rate.0, interval, self.next.0, self.venue_time.0, 0])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [rate, interval, next, at, _] = record.words;
        Some(Self {
            venue,
            instrument,
            rate: Rate(rate),
            interval: read.flag(BIT_0).then_some(Span(interval.cast_unsigned())),
            next: WallNs(next),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for BookState {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let draft = Draft::new(stamp, Kind::BookState, self.venue, self.instrument);
        draft.aux(self.state as u16).words([0; 5])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        Some(Self { venue, instrument, state: BookHealth::from_u16(record.aux)? })
    }
}

impl Layout for ClockState {
    fn write(self, stamp: Stamp) -> Record {
        let words = [self.offset_ns, self.bound.0.cast_signed(), 0, 0, 0];
        Draft::wide(stamp, Kind::ClockState, self.venue).words(words)
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let [offset_ns, bound, ..] = read.record.words;
        Some(Self { venue: read.venue, offset_ns, bound: Span(bound.cast_unsigned()) })
    }
}

impl Layout for SessionState {
    fn write(self, stamp: Stamp) -> Record {
        let flags = bit(self.orders, BIT_0)
            | bit(self.account, BIT_1)
            | bit(self.budget, BIT_2)
            | bit(self.slow, BIT_3);
        Draft::wide(stamp, Kind::SessionState, self.venue).flags(flags).words([0; 5])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        Some(Self {
            venue: read.venue,
            orders: read.flag(BIT_0),
            account: read.flag(BIT_1),
            budget: read.flag(BIT_2),
            slow: read.flag(BIT_3),
        })
    }
}
