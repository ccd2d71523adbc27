//! OKX's checksum: CRC-32 over the best 25 levels as text, bid and ask in turn.
//!
//! Deprecated by the venue (the field is fixed to 0, which means none); frames older than that carry it, and
//! so do recordings.

use super::ladder::{Ladder, Rung};
use base::decimal::TEXT_MAX;
use base::{Edge, Price, Qty};

/// Levels of each side that count.
const LEVELS: usize = 25;

/// CRC-32 (IEEE) of one byte each.
const TABLE: [u32; 256] = {
    let mut table = [0_u32; 256];
    let mut index = 0_usize;
    // bound: every byte
    while index < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let mut value = index as u32;
        let mut bit = 0;
        // bound: eight bits
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

struct Crc(u32);

impl Crc {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.0.to_le_bytes();
            self.0 = TABLE[usize::from(low ^ byte)] ^ (self.0 >> 8);
        }
    }
}

#[cold]
#[inline(never)]
pub(super) fn of(bids: &Ladder, asks: &Ladder, edge: &Edge) -> i32 {
    let mut crc = Crc(u32::MAX);
    let mut first = true;
    let mut level = |price: i64, qty: i64| {
        let mut text = [0_u8; TEXT_MAX];
        if !core::mem::take(&mut first) {
            crc.write(b":");
        }
        let length = edge.write_price(Price(price), &mut text);
        crc.write(text.get(..length).unwrap_or_default());
        crc.write(b":");
        let length = edge.write_size(Qty(qty), &mut text);
        crc.write(text.get(..length).unwrap_or_default());
    };
    let mut bids = bids.rungs().iter().rev();
    let mut asks = asks.rungs().iter().rev();
    for _ in 0..LEVELS {
        let (bid, ask): (Option<&Rung>, Option<&Rung>) = (bids.next(), asks.next());
        if let Some(bid) = bid {
            level(bid.rank, bid.qty);
        }
        if let Some(ask) = ask {
            level(-ask.rank, ask.qty);
        }
    }
    (!crc.0).cast_signed()
}
