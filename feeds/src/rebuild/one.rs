//! One book of a recording, and the digest of all.

use super::sidecar::Snapshot;
use super::{Key, Rebuilt};
use crate::book::Book;
use crate::message::{BookChange, Level, Why};
use crate::sequence::{Rule, Sequence, Step};
use base::decimal::{self, POW10_I64};
use base::{Edge, Price, Qty};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Instruments of one recording.
pub(super) const SYMBOLS_MAX: usize = 4096;
/// Finest scale tried.
const EXP_MAX: u8 = 18;
/// Levels a side: more than any venue's full book has.
const CAPACITY: usize = 1 << 15;

/// A book message kept until its snapshot comes.
#[derive(Debug)]
struct Held {
    change: BookChange,
    bids: Vec<Level>,
    asks: Vec<Level>,
    key: Key,
}

/// One instrument's book.
#[derive(Debug)]
pub(super) struct OneBook {
    pub(super) name: String,
    pub(super) edge: Edge,
    book: Book,
    sequence: Sequence,
    held: Vec<Held>,
}

impl OneBook {
    pub(super) fn new(name: &[u8], edge: Edge, rule: Rule) -> Self {
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            edge,
            book: Book::with_capacity(CAPACITY),
            sequence: Sequence::new(rule),
            held: Vec::new(),
        }
    }

    /// Takes a finer scale; `false`, and no change, when what it holds does not fit that scale.
    pub(super) fn refine_to(&mut self, edge: Edge) -> bool {
        let factor = |to: u8, from: u8| POW10_I64.get(usize::from(to.checked_sub(from)?)).copied();
        let price_by = factor(edge.price_exp, self.edge.price_exp);
        let qty_by = factor(edge.size_exp, self.edge.size_exp);
        let Some((price_by, qty_by)) = price_by.zip(qty_by) else { return false };
        let fits = |level: &Level| {
            level.price.0.checked_mul(price_by).is_some()
                && level.qty.0.checked_mul(qty_by).is_some()
        };
        if !self.held.iter().flat_map(|held| held.bids.iter().chain(&held.asks)).all(fits)
            || !self.book.rescale(price_by, qty_by)
        {
            return false;
        }
        for level in self.held.iter_mut().flat_map(|h| h.bids.iter_mut().chain(&mut h.asks)) {
            let (price, qty) = (level.price.0 * price_by, level.qty.0 * qty_by);
            *level = Level { price: Price(price), qty: Qty(qty) };
        }
        self.edge = edge;
        true
    }

    /// Takes one book message.
    pub(super) fn take(
        &mut self,
        change: &BookChange,
        bids: &[Level],
        asks: &[Level],
        key: Key,
        counts: &mut Rebuilt,
        digest: &mut Digest,
    ) {
        match self.sequence.step(change) {
            Step::Replace => self.book.replace(bids, asks),
            Step::Apply => self.book.apply(bids, asks),
            Step::Stale => {
                counts.stale += 1;
                return;
            }
            step @ (Step::Waiting | Step::Gap { .. }) => {
                counts.gaps += u64::from(step != Step::Waiting);
                if self.sequence.wants_rest() {
                    let (bids, asks) = (bids.to_vec(), asks.to_vec());
                    self.held.push(Held { change: *change, bids, asks, key });
                }
                return;
            }
        }
        if change.checksum != 0 && change.checksum != self.book.checksum(&self.edge) {
            counts.gaps += 1;
            self.sequence.reset();
            return;
        }
        counts.applied += 1;
        self.line(key, counts, digest);
    }

    /// Takes a REST snapshot, and what was held for it. `false` when it cannot be read.
    pub(super) fn snapshot(
        &mut self,
        snapshot: &Snapshot,
        counts: &mut Rebuilt,
        digest: &mut Digest,
    ) -> bool {
        if self.sequence.is_synced() {
            return true;
        }
        let mut edge = self.edge;
        let mut levels = snapshot.levels(&edge);
        // bound: each round makes one scale finer, of which there are few
        while let Err(why) = levels
            && let Some(finer) = finer(edge, why)
        {
            edge = finer;
            levels = snapshot.levels(&edge);
        }
        let Ok((bids, asks)) = levels else { return false };
        if edge != self.edge && !self.refine_to(edge) {
            return false;
        }
        self.book.replace(&bids, &asks);
        self.sequence.snapshot(snapshot.last_update);
        for held in core::mem::take(&mut self.held) {
            self.take(&held.change, &held.bids, &held.asks, held.key, counts, digest);
        }
        true
    }

    fn line(&self, key: Key, counts: &mut Rebuilt, digest: &mut Digest) {
        let side = |level: Option<Level>| {
            let level = level.unwrap_or_default();
            let show = |value, exp| decimal::Decimal { value: i128::from(value), exp }.to_string();
            (show(level.price.0, self.edge.price_exp), show(level.qty.0, self.edge.size_exp))
        };
        let (bid, ask) = (self.book.bid().level(), self.book.ask().level());
        counts.crossed += u64::from(bid.zip(ask).is_some_and(|(b, a)| b.price >= a.price));
        let ((bid, bid_qty), (ask, ask_qty)) = (side(bid), side(ask));
        digest.line(&key, [&bid, &bid_qty, &ask, &ask_qty]);
        counts.last = Some((key, bid, bid_qty, ask, ask_qty));
    }
}

/// A scale one digit finer where a number was refused; `None` when there is none.
pub(super) fn finer(edge: Edge, why: Why) -> Option<Edge> {
    match why {
        Why::Price if edge.price_exp < EXP_MAX => {
            Some(Edge { price_exp: edge.price_exp + 1, ..edge })
        }
        Why::Size if edge.size_exp < EXP_MAX => Some(Edge { size_exp: edge.size_exp + 1, ..edge }),
        _ => None,
    }
}

/// SHA-256 over the lines so far.
#[derive(Debug, Default)]
pub(super) struct Digest {
    hash: Sha256,
    text: String,
}

impl Digest {
    fn line(&mut self, key: &Key, numbers: [&String; 4]) {
        self.text.clear();
        let [bid, bid_qty, ask, ask_qty] = numbers;
        // Writing to a String cannot fail.
        let _ = match key {
            Key::Number(key) => write!(self.text, "{key}"),
            Key::Text(key) => write!(self.text, "{key}"),
        };
        let _ = writeln!(self.text, " {bid} {bid_qty} {ask} {ask_qty}");
        self.hash.update(self.text.as_bytes());
    }

    pub(super) fn finish(self, counts: &mut Rebuilt) {
        for byte in self.hash.finalize() {
            let _ = write!(counts.digest, "{byte:02x}");
        }
    }
}
