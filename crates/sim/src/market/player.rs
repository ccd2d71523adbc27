//! Plays one captured market, lap after lap.
//!
//! After the last frame the tape begins again with its times and ids shifted. Between two laps a
//! bridging diff turns the book as it ended into the book as it begins, with ids that continue the
//! ones before and lead up to the first of the next lap, so that a client's sequence rule holds.

use crate::book::Book;
use crate::dec::Dec;
use crate::event::{Level, Top};
use crate::tape::{Body, Frame, Source, SourceTape, Tape};
use base::Side;
use std::borrow::Cow;
use tungstenite::Utf8Bytes;

/// What is added to the numbers of the tape in the lap being played.
#[derive(Clone, Copy, Debug, Default)]
struct Lap {
    number: u64,
    ns: i64,
    ids: u64,
    trades: u64,
}

/// Where the playing of one captured market stands.
#[derive(Debug)]
pub(super) struct Player {
    source: Source,
    lap: Lap,
    next: usize,
    /// The book of the depth frames: what REST snapshots show.
    pub(super) book: Book,
    /// The last update id in `book`.
    pub(super) book_id: u64,
    /// When that was, nanoseconds since 1970.
    pub(super) book_at: i64,
    ticker: Top,
    ticker_id: u64,
    best: Top,
    /// The last diff was a bridge.
    bridged: bool,
}

/// A frame as it is played: the tape's numbers plus the lap's.
#[derive(Debug)]
pub(super) struct Played<'t> {
    pub(super) event_ms: i64,
    pub(super) transaction_ms: i64,
    /// The captured text and its payload, when they are true as they stand (the first lap).
    pub(super) captured: Option<(&'t Utf8Bytes, &'t Utf8Bytes)>,
    pub(super) what: What<'t>,
}

/// What a played frame says.
#[derive(Debug)]
pub(super) enum What<'t> {
    Top { u: u64, top: Top },
    Trade { id: u64, price: Dec, qty: Dec, taker: Side },
    Depth(Diff<'t>),
}

/// A book change with its ids.
#[derive(Debug)]
pub(super) struct Diff<'t> {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) prev: u64,
    pub(super) bids: Cow<'t, [Level]>,
    pub(super) asks: Cow<'t, [Level]>,
}

impl Player {
    /// Before the first frame, with the recorded snapshot as its book.
    pub(super) fn new(source: Source, tape: &Tape, shift_ns: i64) -> Self {
        let (id, bids, asks) = &tape.sources[source as usize].snapshot;
        let book = Book::of(bids, asks);
        let best = book.top();
        Self {
            source,
            lap: Lap { ns: shift_ns, ..Lap::default() },
            next: 0,
            book,
            book_id: *id,
            book_at: tape.start + shift_ns,
            ticker: best,
            ticker_id: 0,
            best,
            bridged: false,
        }
    }

    /// When the next frame is due.
    pub(super) fn due(&self, tape: &Tape) -> i64 {
        let frame = tape.sources[self.source as usize].frames.get(self.next);
        // The bridge comes just before the next lap begins.
        self.lap.ns + frame.map_or(tape.start + period_ns(tape) - 1_000_000, |frame| frame.at)
    }

    /// Plays it.
    pub(super) fn play<'t>(&mut self, tape: &'t Tape) -> Played<'t> {
        let source = &tape.sources[self.source as usize];
        let Some(frame) = source.frames.get(self.next) else {
            return self.bridge(tape, source);
        };
        self.next += 1;
        let what = self.read(source, frame);
        if let What::Depth(diff) = &what {
            self.bridged = false;
            self.take(diff, frame.at + self.lap.ns);
        }
        if let What::Top { u, top } = &what {
            (self.ticker, self.ticker_id) = (*top, *u);
        }
        self.best = self.best_now();
        let ms = |ms: i64| if ms == 0 { 0 } else { ms + self.lap.ns / 1_000_000 };
        let captured = (self.lap.ns == 0).then_some((&frame.whole, &frame.data));
        Played {
            event_ms: ms(frame.event_ms),
            transaction_ms: ms(frame.transaction_ms),
            captured,
            what,
        }
    }

    /// The latest best bid and offer.
    pub(super) fn top(&self) -> Top {
        self.best
    }

    /// The latest update id of all.
    pub(super) fn id(&self) -> u64 {
        self.book_id.max(self.ticker_id)
    }

    /// One side as it is displayed, best first: the book under the latest best bid and offer.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        let (price, qty) = match side {
            Side::Buy => (self.best.bid, self.best.bid_qty),
            Side::Sell => (self.best.ask, self.best.ask_qty),
        };
        let behind = self.book.levels(side).skip_while(move |level| match side {
            Side::Buy => level.price >= price,
            Side::Sell => level.price <= price,
        });
        std::iter::once(Level { price, qty }).filter(|level| !level.qty.is_zero()).chain(behind)
    }

    fn best_now(&self) -> Top {
        if self.ticker_id >= self.book_id { self.ticker } else { self.book.top() }
    }

    fn read<'t>(&self, source: &'t SourceTape, frame: &Frame) -> What<'t> {
        match &frame.body {
            Body::Top { u, top } => What::Top { u: u + self.lap.ids, top: *top },
            Body::Trade { id, price, qty, taker } => {
                What::Trade { id: id + self.lap.trades, price: *price, qty: *qty, taker: *taker }
            }
            Body::Depth { first, last, prev, bids, asks } => What::Depth(Diff {
                first: first + self.lap.ids,
                last: last + self.lap.ids,
                // The first diff of a later lap follows the bridge.
                prev: if self.bridged { self.book_id } else { prev + self.lap.ids },
                bids: Cow::Borrowed(source.levels.get(bids.clone()).unwrap_or_default()),
                asks: Cow::Borrowed(source.levels.get(asks.clone()).unwrap_or_default()),
            }),
        }
    }

    /// Applies a diff, unless the recorded snapshot, which is newer than the first frames, has it.
    fn take(&mut self, diff: &Diff<'_>, at: i64) {
        if diff.last > self.book_id {
            self.book.apply(&diff.bids, &diff.asks);
            self.book_id = diff.last;
            self.book_at = at;
        }
    }

    fn bridge<'t>(&mut self, tape: &'t Tape, source: &SourceTape) -> Played<'t> {
        let at = self.due(tape);
        let (_, bids, asks) = &source.snapshot;
        let begin = Book::of(bids, asks);
        let number = self.lap.number + 1;
        self.lap = Lap {
            number,
            ns: self.lap.ns + period_ns(tape),
            ids: (source.ids.1 - source.ids.0 + 2) * number,
            trades: (source.trades.1 - source.trades.0 + 1) * number,
        };
        let diff = Diff {
            first: self.book_id + 1,
            last: source.first_id + self.lap.ids - 1,
            prev: self.book_id,
            bids: Cow::Owned(self.book.changes_to(&begin, Side::Buy)),
            asks: Cow::Owned(self.book.changes_to(&begin, Side::Sell)),
        };
        self.next = 0;
        self.bridged = true;
        self.take(&diff, at);
        self.best = self.best_now();
        let ms = at / 1_000_000;
        Played { event_ms: ms, transaction_ms: ms, captured: None, what: What::Depth(diff) }
    }
}

/// Length of a lap: the tape and a breath, in whole seconds so that laps keep their milliseconds.
fn period_ns(tape: &Tape) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    ((tape.end - tape.start) / SECOND + 1) * SECOND
}
