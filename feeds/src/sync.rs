//! Bringing a Binance book into sequence: the changes held until the REST snapshot has come.

use crate::fifo::Fifo;
use crate::message::{Batch, BookAction, BookChange, Level, Scratch};
use crate::symbols::Row;
use base::{Span, Stamp, WallNs};

/// Books that can be brought into sequence at the same time.
const HOLDINGS: usize = 8;
/// Changes one book may wait with: 50 s of them at ten a second.
const CHANGES_MAX: usize = 512;
/// Levels in all of them.
const LEVELS_MAX: usize = 32_768;

const NO_CHANGE: BookChange = BookChange {
    row: Row(0),
    action: BookAction::Delta,
    first: 0,
    last: None,
    prev: None,
    order: 0,
    checksum: 0,
    venue_time: WallNs::NONE,
    sent: WallNs::NONE,
};

/// One book's changes, in order.
#[derive(Debug)]
pub(crate) struct Holding {
    row: Option<Row>,
    /// Whether the snapshot has been asked for.
    pub(crate) asked: bool,
    /// Since when it holds.
    pub(crate) since: Stamp,
    /// Each change with how many bid and ask levels it has.
    changes: Batch<(BookChange, usize, usize)>,
    levels: Batch<Level>,
}

impl Holding {
    fn new() -> Self {
        Self {
            row: None,
            asked: false,
            since: Stamp(0),
            changes: Batch::with_capacity(CHANGES_MAX, (NO_CHANGE, 0, 0)),
            levels: Batch::with_capacity(LEVELS_MAX, Level::default()),
        }
    }

    /// Whether no change has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.as_slice().is_empty()
    }

    fn clear(&mut self) {
        self.changes.clear();
        self.levels.clear();
    }

    /// Keeps a change; when there is no room the older ones are given up, as their snapshot would be.
    fn keep(&mut self, change: &BookChange, scratch: &Scratch) {
        let (bids, asks) = (scratch.bids.as_slice(), scratch.asks.as_slice());
        let room = LEVELS_MAX - self.levels.as_slice().len();
        if bids.len() + asks.len() > room || self.changes.as_slice().len() == CHANGES_MAX {
            self.clear();
            self.asked = false;
        }
        for level in bids.iter().chain(asks) {
            if self.levels.push(*level).is_none() {
                return self.clear();
            }
        }
        self.changes.push((*change, bids.len(), asks.len()));
    }

    /// Every change with its levels.
    fn changes(&self) -> impl Iterator<Item = (&BookChange, &[Level], &[Level])> {
        let mut rest = self.levels.as_slice();
        self.changes.as_slice().iter().map(move |(change, bids, asks)| {
            let (head, tail) = rest.split_at_checked(*bids).unwrap_or_default();
            let (middle, tail) = tail.split_at_checked(*asks).unwrap_or_default();
            rest = tail;
            (change, head, middle)
        })
    }
}

/// All holdings, and the snapshot that is coming in.
#[derive(Debug)]
pub(crate) struct Sync {
    holdings: Box<[Holding]>,
    /// Books that wait for a resync, each once (`Tracked::queued`), with the time it is due.
    pub(crate) waiting: Fifo<(Row, Stamp)>,
    pub(crate) bids: Batch<Level>,
    pub(crate) asks: Batch<Level>,
    /// Whose snapshot is coming in, and its number.
    pub(crate) incoming: Option<(Row, i64)>,
}

impl Sync {
    /// For that many instruments; without REST snapshots nothing is held.
    pub(crate) fn new(rows: usize, by_rest: bool, snapshot_levels: usize) -> Self {
        let (holdings, levels) =
            if by_rest { (HOLDINGS.min(rows), snapshot_levels) } else { (0, 1) };
        Self {
            holdings: (0..holdings).map(|_| Holding::new()).collect(),
            waiting: Fifo::with_capacity(rows, (Row(0), Stamp(0))),
            bids: Batch::with_capacity(levels, Level::default()),
            asks: Batch::with_capacity(levels, Level::default()),
            incoming: None,
        }
    }

    /// A holding for `row`: its own, or a free one.
    pub(crate) fn hold(&mut self, row: Row, now: Stamp) -> Option<&mut Holding> {
        let own = self.holdings.iter().position(|holding| holding.row == Some(row));
        let at = own.or_else(|| self.holdings.iter().position(|holding| holding.row.is_none()))?;
        let holding = self.holdings.get_mut(at)?;
        if holding.row.is_none() {
            holding.clear();
            holding.row = Some(row);
            holding.asked = false;
            holding.since = now;
        }
        Some(holding)
    }

    /// The holding of `row`, if it has one.
    pub(crate) fn holding(&mut self, row: Row) -> Option<&mut Holding> {
        self.holdings.iter_mut().find(|holding| holding.row == Some(row))
    }

    /// Every change held of `row`, with its levels.
    pub(crate) fn held(&self, row: Row) -> impl Iterator<Item = (&BookChange, &[Level], &[Level])> {
        self.holdings.iter().filter(move |h| h.row == Some(row)).flat_map(Holding::changes)
    }

    /// A book whose snapshot was asked for longer ago than `within`.
    pub(crate) fn overdue(&self, now: Stamp, within: Span) -> Option<Row> {
        let late = |h: &&Holding| h.row.is_some() && h.asked && now - h.since >= within;
        self.holdings.iter().find(late).and_then(|holding| holding.row)
    }

    /// Keeps a change of a book that holds; others wait for their turn.
    pub(crate) fn keep(&mut self, change: &BookChange, scratch: &Scratch) {
        if let Some(holding) = self.holding(change.row) {
            holding.keep(change, scratch);
        }
    }

    /// Gives the holding of `row` back.
    pub(crate) fn release(&mut self, row: Row) {
        if let Some(holding) = self.holding(row) {
            holding.row = None;
        }
    }
}

#[cfg(test)]
mod tests;
