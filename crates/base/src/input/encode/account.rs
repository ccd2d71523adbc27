//! What is in the account.

use super::{BIT_0, Draft, Layout, Reading, bit, order, order_id};
use crate::ids::AssetId;
use crate::input::{Balance, Fee, FundingPaid, Position, Reconcile, ReconcilePhase};
use crate::numbers::{Money, Price, Qty};
use crate::record::{Kind, Record};
use crate::time::{Stamp, WallNs};

impl Layout for Fee {
    fn write(self, stamp: Stamp) -> Record {
        let [low, high] = self.amount.to_words();
        Draft::new(stamp, Kind::Fee, self.venue, self.instrument).aux(self.asset.0).words([
            order(self.order),
            self.trade_id.cast_signed(),
            low,
            high,
            0,
        ])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [order, trade, low, high, _] = record.words;
        Some(Self {
            venue,
            instrument,
            order: order_id(order),
            trade_id: trade.cast_unsigned(),
            asset: AssetId(record.aux),
            amount: Money::from_words([low, high]),
        })
    }
}

impl Layout for FundingPaid {
    fn write(self, stamp: Stamp) -> Record {
        let [low, high] = self.amount.to_words();
        Draft::new(stamp, Kind::FundingPaid, self.venue, self.instrument).aux(self.asset.0).words([
            low,
            high,
            self.settled.0,
            0,
            0,
        ])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [low, high, settled, ..] = record.words;
        Some(Self {
            venue,
            instrument,
            asset: AssetId(record.aux),
            amount: Money::from_words([low, high]),
            settled: WallNs(settled),
        })
    }
}

impl Layout for Position {
    fn write(self, stamp: Stamp) -> Record {
        let entry = self.entry.unwrap_or_default();
        Draft::new(stamp, Kind::Position, self.venue, self.instrument)
            .flags(bit(self.entry.is_some(), BIT_0))
            .words([self.qty.0, entry.0, self.venue_time.0, 0, 0])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let Reading { venue, instrument, record } = read;
        let [qty, entry, at, ..] = record.words;
        Some(Self {
            venue,
            instrument,
            qty: Qty(qty),
            entry: read.flag(BIT_0).then_some(Price(entry)),
            venue_time: WallNs(at),
        })
    }
}

impl Layout for Balance {
    fn write(self, stamp: Stamp) -> Record {
        let [total_low, total_high] = self.total.to_words();
        let [low, high] = self.available.unwrap_or_default().to_words();
        Draft::wide(stamp, Kind::Balance, self.venue)
            .flags(bit(self.available.is_some(), BIT_0))
            .aux(self.asset.0)
            .words([total_low, total_high, low, high, 0])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let [total_low, total_high, low, high, _] = read.record.words;
        Some(Self {
            venue: read.venue,
            asset: AssetId(read.record.aux),
            total: Money::from_words([total_low, total_high]),
            available: read.flag(BIT_0).then_some(Money::from_words([low, high])),
        })
    }
}

impl Layout for Reconcile {
    fn write(self, stamp: Stamp) -> Record {
        let draft = Draft::wide(stamp, Kind::Reconcile, self.venue);
        draft.aux(self.phase as u16).words([0; 5])
    }
    fn read(read: Reading<'_>) -> Option<Self> {
        let phase = ReconcilePhase::from_u16(read.record.aux)?;
        Some(Self { venue: read.venue, phase })
    }
}
