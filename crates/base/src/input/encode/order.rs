//! What became of orders.

use super::{BIT_1, Draft, Layout, Reading, bit, order, order_id, side_bit};
use crate::input::{
    Ack, CancelReject, Fill, OpenOrder, OrderState, OrderStatus, OrderUnknown, Reject, RejectClass,
};
use crate::numbers::{Price, Qty};
use crate::record::{Kind, Record};
use crate::time::{Stamp, WallNs};

impl Layout for Ack {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let words = [order(self.order), self.venue_order.cast_signed(), self.venue_time.0, 0, 0];
        Draft::new(stamp, Kind::Ack, self.venue, self.instrument).words(words)
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, venue_order, at, ..] = record.words;
        Some(Self {
            venue,
            instrument,
            order: order_id(order),
            venue_order: venue_order.cast_unsigned(),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for Reject {
    fn write(self, stamp: Stamp) -> Record {
        let draft = Draft::new(stamp, Kind::Reject, self.venue, self.instrument);
        draft.aux(self.class as u16).words([order(self.order), self.code, 0, 0, 0])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, code, ..] = record.words;
        let class = RejectClass::from_u16(record.aux)?;
        Some(Self { venue, instrument, order: order_id(order), class, code })
    }
}

impl Layout for CancelReject {
    fn write(self, stamp: Stamp) -> Record {
        let draft = Draft::new(stamp, Kind::CancelReject, self.venue, self.instrument);
        draft.aux(self.class as u16).words([order(self.order), self.code, 0, 0, 0])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, code, ..] = record.words;
        let class = RejectClass::from_u16(record.aux)?;
        Some(Self { venue, instrument, order: order_id(order), class, code })
    }
}

impl Layout for OrderState {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let venue_order = self.venue_order.cast_signed();
        Draft::new(stamp, Kind::OrderState, self.venue, self.instrument)
            .aux(self.status as u16)
            .words([order(self.order), self.filled.0, venue_order, self.venue_time.0, 0])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, filled, venue_order, at, _] = record.words;
        Some(Self {
            venue,
            instrument,
            order: order_id(order),
            status: OrderStatus::from_u16(record.aux)?,
            filled: Qty(filled),
            venue_order: venue_order.cast_unsigned(),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for OrderUnknown {
    fn write(self, stamp: Stamp) -> Record {
        let draft = Draft::new(stamp, Kind::OrderUnknown, self.venue, self.instrument);
        draft.words([order(self.order), 0, 0, 0, 0])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, ..] = record.words;
        Some(Self { venue, instrument, order: order_id(order) })
    }
}

impl Layout for Fill {
    #[inline]
    fn write(self, stamp: Stamp) -> Record {
        let trade = self.trade_id.cast_signed();
        Draft::new(stamp, Kind::Fill, self.venue, self.instrument)
            .flags(side_bit(self.side) | bit(self.maker, BIT_1))
            .words([order(self.order), self.price.0, self.qty.0, trade, self.venue_time.0])
    }
    #[inline]
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, price, qty, trade, at] = record.words;
        Some(Self {
            venue,
            instrument,
            order: order_id(order),
            side: read.side(),
            maker: read.flag(BIT_1),
            price: Price(price),
            qty: Qty(qty),
            trade_id: trade.cast_unsigned(),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for OpenOrder {
    fn write(self, stamp: Stamp) -> Record {
        let venue_order = self.venue_order.cast_signed();
        Draft::new(stamp, Kind::OpenOrder, self.venue, self.instrument)
            .flags(side_bit(self.side))
            .words([order(self.order), self.price.0, self.qty.0, self.filled.0, venue_order])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, price, qty, filled, venue_order] = record.words;
        Some(Self {
            venue,
            instrument,
            order: order_id(order),
            side: read.side(),
            price: Price(price),
            qty: Qty(qty),
            filled: Qty(filled),
            venue_order: venue_order.cast_unsigned(),
        })
    }
}
