//! What the venue would have answered when asked for a book in the middle of the capture: prices move out of
//! the levels an engine knows, and it asks again.

use super::{Book, Played};
use base::{Price, Qty};
use feeds::message::Level;
use std::collections::BTreeMap;

/// A snapshot can be given after every so many frames.
pub(super) const EVERY: usize = 500;
/// Levels of a side in the venue's answer.
const DEPTH: usize = 1_000;

/// Price to quantity of both sides of one book.
#[derive(Clone, Debug)]
struct Whole {
    last: i64,
    sides: [BTreeMap<i64, i64>; 2],
}

/// The snapshots of all books after `EVERY`, twice `EVERY` ... frames.
pub(super) fn of(played: &[Played], first: &[Book]) -> Vec<Vec<Book>> {
    let mut books: Vec<Whole> = first.iter().map(Whole::of).collect();
    let mut all = Vec::with_capacity(played.len() / EVERY);
    for frames in played.chunks(EVERY) {
        for frame in frames {
            let at = first.iter().position(|book| book.venue == frame.venue);
            if let Some(whole) = at.and_then(|at| books.get_mut(at)) {
                whole.apply(frame.text());
            }
        }
        all.push(first.iter().zip(&books).map(|(book, whole)| whole.snapshot(book)).collect());
    }
    all
}

impl Whole {
    fn of(book: &Book) -> Self {
        let sides = [&book.bids, &book.asks]
            .map(|side| side.iter().map(|level| (level.price.0, level.qty.0)).collect());
        Self { last: book.last, sides }
    }

    fn apply(&mut self, text: &[u8]) {
        if !text.starts_with(br#"{"e":"depthUpdate""#) {
            return;
        }
        let value: serde_json::Value = serde_json::from_slice(text).expect("JSON");
        let last = value["u"].as_i64().expect("a number");
        if last <= self.last {
            return;
        }
        self.last = last;
        for (side, key) in self.sides.iter_mut().zip(["b", "a"]) {
            for Level { price, qty } in super::levels(&value[key]) {
                if qty.is_zero() {
                    side.remove(&price.0);
                } else {
                    side.insert(price.0, qty.0);
                }
            }
        }
    }

    fn snapshot(&self, like: &Book) -> Book {
        let level = |(price, qty): (&i64, &i64)| Level { price: Price(*price), qty: Qty(*qty) };
        let [bids, asks] = &self.sides;
        Book {
            row: like.row,
            venue: like.venue,
            last: self.last,
            bids: bids.iter().rev().take(DEPTH).map(level).collect(),
            asks: asks.iter().take(DEPTH).map(level).collect(),
        }
    }
}
