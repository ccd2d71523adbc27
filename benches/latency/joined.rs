//! The path with its parts joined by hand: frame, message, a weighing of both ways to trade by the core, order
//! text, frame. It is what one event must cost at least; no gate is passed, no pair opened, nothing counted.

use crate::channel::framed;
use crate::growth::Quotes;
use crate::measure::{Digest, Samples, Scale, Timer};
use crate::order::OrderWriter;
use crate::venue_side;
use base::input::Quote;
use base::{Edge, Input, InstrumentId, Price, Stamp, VenueId};
use feeds::decode::{Decoder, Dialect, Directory};
use feeds::message::{Best, Event};
use feeds::symbols::{Listing, Row};
use gateway::encode::TEXT_MAX;
use gateway::markets::Markets;
use net::ws::{
    self, HEADER_MAX, KEYS_PER_BLOCK, MaskKeys, Opcode, Role, frame_in_place, random_block,
};
use rtrb::RingBuffer;
use std::hint::black_box;
use std::rc::Rc;

/// Frames gone through.
const FRAMES: usize = 1_024;

/// Everything the parts need.
struct Joined {
    dialect: Dialect,
    venue: VenueId,
    inbox: Vec<u8>,
    frames: ws::Decoder,
    decoder: Decoder,
    directory: Directory,
    quotes: Quotes,
    writer: OrderWriter,
    keys: MaskKeys,
    outbox: Vec<u8>,
}

impl Joined {
    fn new(venue: VenueId, count: usize) -> Self {
        let mut directory = Directory::with_room(8);
        let edge = Edge { price_exp: 2, size_exp: 8, size_factor: 1 };
        for symbol in ["BTCUSDT", "BTC-USDT-SWAP"] {
            directory.instruments.insert(symbol.as_bytes(), Listing { row: Row(0), edge });
        }
        // As on a link: the keys were drawn ahead.
        let (mut pool, keys) = RingBuffer::new(count / KEYS_PER_BLOCK + 1);
        while pool.push(random_block()).is_ok() {}
        let dialect = match venue {
            VenueId::Okx => Dialect::Okx,
            VenueId::Bybit => Dialect::Bybit,
            _ => Dialect::Binance,
        };
        Self {
            dialect,
            venue,
            inbox: vec![0; 4096],
            frames: ws::Decoder::new(Role::Client, 1 << 12),
            decoder: Decoder::new(1 << 12),
            directory,
            quotes: Quotes::new(4),
            writer: OrderWriter::new(venue, false),
            keys: MaskKeys::from_pool(keys),
            outbox: vec![0; HEADER_MAX + TEXT_MAX],
        }
    }

    /// One frame to one order's frame; its length.
    #[inline(always)]
    fn event(&mut self, markets: &Markets, frame: &[u8], seq: u64) -> Option<usize> {
        self.inbox.get_mut(..frame.len())?.copy_from_slice(frame);
        let next = self.frames.next(self.inbox.get_mut(..frame.len())?).ok()?;
        let ws::Event::Text(place) = next.event else { return None };
        let text = self.frames.payload(&self.inbox, place);
        let Ok(Event::Best(best)) = self.decoder.decode(self.dialect, &self.directory, text) else {
            return None;
        };
        let quote = quote(&best)?;
        self.quotes.give(&Input::Quote(quote).record(Stamp(2_000_000_000)));
        let room = self.outbox.get_mut(HEADER_MAX..)?;
        let length = self.writer.write_with(markets, seq, quote.bid, room);
        let payload = HEADER_MAX..HEADER_MAX + length;
        let key = Some(self.keys.take());
        Some(frame_in_place(&mut self.outbox, payload, Opcode::Text, key)?.len())
    }
}

#[inline(always)]
fn quote(best: &Best) -> Option<Quote> {
    let (bid, ask) = (best.bid?, best.ask?);
    Some(Quote {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        bid: bid.price,
        bid_qty: bid.qty,
        ask: ask.price,
        ask_qty: ask.qty,
        venue_time: best.venue_time,
    })
}

/// Back to back, one by one; and a sum over the texts, which are the same in every run.
pub(crate) fn run(timer: &Timer, scale: Scale, venue: VenueId, samples: &mut Samples) -> u64 {
    let count = scale.of(20_000);
    let mut joined = Joined::new(venue, count);
    let frames: Vec<Rc<[u8]>> = (0..FRAMES.min(count) as u64)
        .map(|at| {
            let price = 61_800.0 + at as f64 / 10.0;
            let text = venue_side::quote(venue, 100 + at, 1_790_000_000_000, price, price + 0.1);
            framed(text.as_bytes())
        })
        .collect();
    let instruments = joined.writer.instruments.clone();
    let markets = Markets::new(venue, &instruments).expect("short");
    for (seq, frame) in (0..count as u64).zip(frames.iter().cycle()) {
        let begun = timer.now();
        let length = joined.event(&markets, black_box(frame), seq);
        black_box(&mut joined.outbox);
        samples.singles.push(timer.since(begun));
        assert!(length.is_some(), "{} is read and answered", joined.venue);
    }
    let mut out = vec![0; TEXT_MAX];
    let length = joined.writer.write_with(&markets, 7, Price(6_180_010), &mut out);
    let mut sum = Digest::new();
    sum.bytes(&out[..length]);
    sum.value()
}
