//! The texts that begin and end subscriptions.

use super::Op;
use crate::fifo::Fifo;
use crate::plan::{Line, Sub};
use base::VenueId;

/// The first run of equal operations in a queue, as one request.
#[derive(Debug)]
pub(super) struct Request<'a> {
    line: Line,
    number: i64,
    op: Op,
    queue: &'a Fifo<(Op, usize)>,
    subs: &'a [Sub],
    count: usize,
}

/// Room for everything of a request but its arguments.
const FRAME: usize = 96;

impl<'a> Request<'a> {
    /// Takes as many of the queue's first operations as are alike and fit into one request.
    pub(super) fn gather(
        line: Line,
        number: i64,
        queue: &'a Fifo<(Op, usize)>,
        subs: &'a [Sub],
        room: usize,
    ) -> Self {
        let op = queue.front().map_or(Op::Join, |(op, _)| op);
        let mut left = room.saturating_sub(FRAME);
        let fits = |&(other, sub): &(Op, usize)| {
            let length = subs.get(sub).map_or(0, |sub| sub.text.len() + 1);
            let fits = other == op && length <= left;
            left = left.saturating_sub(length);
            fits
        };
        let count = queue.iter().take(line.subs_per_request()).take_while(fits).count();
        Self { line, number, op, queue, subs, count }
    }

    pub(super) const fn op(&self) -> Op {
        self.op
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Writes it; returns its length.
    pub(super) fn write(&self, room: &mut [u8]) -> usize {
        let mut out = Writer { room, len: 0 };
        let (join, leave): (&[u8], &[u8]) = match self.line.venue() {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => (
                b"{\"method\":\"SUBSCRIBE\",\"params\":[",
                b"{\"method\":\"UNSUBSCRIBE\",\"params\":[",
            ),
            VenueId::Okx => {
                out.put(b"{\"id\":\"");
                out.number(self.number);
                (b"\",\"op\":\"subscribe\",\"args\":[", b"\",\"op\":\"unsubscribe\",\"args\":[")
            }
            VenueId::Bybit => {
                out.put(b"{\"req_id\":\"");
                out.number(self.number);
                (b"\",\"op\":\"subscribe\",\"args\":[", b"\",\"op\":\"unsubscribe\",\"args\":[")
            }
        };
        out.put(if self.op == Op::Join { join } else { leave });
        for (at, (_, sub)) in self.queue.iter().take(self.count).enumerate() {
            if at > 0 {
                out.put(b",");
            }
            out.put(self.subs.get(sub).map_or(b"", |sub| sub.text.as_bytes()));
        }
        if self.line.dialect() == crate::decode::Dialect::Binance {
            out.put(b"],\"id\":");
            out.number(self.number);
            out.put(b"}");
        } else {
            out.put(b"]}");
        }
        out.len
    }
}

/// Writes into a slice and stops at its end.
struct Writer<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        for (place, byte) in self.room.iter_mut().skip(self.len).zip(bytes) {
            *place = *byte;
            self.len += 1;
        }
    }

    fn number(&mut self, number: i64) {
        let mut text = [0; base::decimal::TEXT_MAX];
        let length = base::decimal::write_fixed(i128::from(number), 0, &mut text);
        self.put(text.get(..length).unwrap_or_default());
    }
}
