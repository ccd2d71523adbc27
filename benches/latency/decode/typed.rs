//! The messages as typed structs for the libraries, and what is taken out of them.

use crate::measure::Digest;
use base::{Rate, decimal};
use serde::Deserialize;
use simd_json::{Buffers, Deserializer, INPUT_PADDING, Tape};
use std::borrow::Cow;

/// What every reader must bring: prices and quantities at eight decimals, the venue's time in
/// milliseconds, and where the message stands in its sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Out {
    pub(crate) levels: Vec<(i64, i64)>,
    pub(crate) time: i64,
    pub(crate) order: i64,
}

impl Out {
    pub(crate) fn add_to(&self, digest: &mut Digest) {
        for (price, qty) in &self.levels {
            digest.number(*price);
            digest.number(*qty);
        }
        digest.number(self.time);
        digest.number(self.order);
    }
}

/// simd-json as fast as it goes: tape and buffers used again, input padded.
pub(crate) struct Simd {
    input: Vec<u8>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl Simd {
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            input: vec![0; longest + INPUT_PADDING],
            buffers: Buffers::new(longest),
            tape: Some(Tape::null().reset()),
        }
    }

    pub(crate) fn fill(&mut self, message: &[u8]) {
        self.input[..message.len()].copy_from_slice(message);
    }

    fn read<R>(&mut self, len: usize, take: impl FnOnce(&mut Deserializer<'_>) -> R) -> R {
        let mut tape = self.tape.take().expect("given back").reset();
        simd_json::fill_tape_padded(&mut self.input, len, &mut self.buffers, &mut tape)
            .expect("JSON");
        let mut deserializer = Deserializer::from_tape(tape);
        let result = take(&mut deserializer);
        self.tape = Some(deserializer.into_tape().reset());
        result
    }
}

fn number(text: &str) -> i64 {
    decimal::parse(text.as_bytes(), 8).expect("a decimal")
}

/// A struct of a library's reader to what must come out of it.
trait Tell {
    fn tell(&self, out: &mut Out);
}

macro_rules! readers {
    ($type:ident: $sonic:ident, $simd:ident, $serde:ident) => {
        pub(crate) fn $sonic(bytes: &[u8], out: &mut Out) {
            sonic_rs::from_slice::<$type<'_>>(bytes).expect("a message").tell(out);
        }
        pub(crate) fn $simd(simd: &mut Simd, len: usize, out: &mut Out) {
            simd.read(len, |from| $type::deserialize(from).expect("a message").tell(out));
        }
        pub(crate) fn $serde(bytes: &[u8], out: &mut Out) {
            serde_json::from_slice::<$type<'_>>(bytes).expect("a message").tell(out);
        }
    };
}
readers!(WrappedBest: sonic_wrapped, simd_wrapped, serde_wrapped);
readers!(UsdmBest: sonic_usdm, simd_usdm, serde_usdm);
readers!(SpotBest: sonic_spot, simd_spot, serde_spot);
readers!(Depth: sonic_depth, simd_depth, serde_depth);
readers!(UsdmMark: sonic_mark, simd_mark, serde_mark);
readers!(OkxFrame: sonic_okx, simd_okx, serde_okx);
readers!(BybitBook: sonic_bybit, simd_bybit, serde_bybit);
readers!(BybitTicker: sonic_ticker, simd_ticker, serde_ticker);

fn fill<'a>(out: &mut Out, sides: impl Iterator<Item = (&'a str, &'a str)>, time: i64, order: i64) {
    out.levels.clear();
    out.levels.extend(sides.map(|(price, qty)| (number(price), number(qty))));
    (out.time, out.order) = (time, order);
}

#[derive(Deserialize)]
struct WrappedBest<'a> {
    #[serde(borrow)]
    data: UsdmBest<'a>,
}

impl Tell for WrappedBest<'_> {
    fn tell(&self, out: &mut Out) {
        self.data.tell(out);
    }
}

#[derive(Deserialize)]
struct UsdmBest<'a> {
    u: i64,
    #[serde(rename = "s")]
    _symbol: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bid_qty: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    ask_qty: &'a str,
    #[serde(rename = "T")]
    time: i64,
}

impl Tell for UsdmBest<'_> {
    fn tell(&self, out: &mut Out) {
        let sides = [(self.b, self.bid_qty), (self.a, self.ask_qty)];
        fill(out, sides.into_iter(), self.time, self.u);
    }
}

#[derive(Deserialize)]
struct SpotBest<'a> {
    u: i64,
    #[serde(rename = "s")]
    _symbol: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bid_qty: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    ask_qty: &'a str,
}

impl Tell for SpotBest<'_> {
    fn tell(&self, out: &mut Out) {
        let sides = [(self.b, self.bid_qty), (self.a, self.ask_qty)];
        fill(out, sides.into_iter(), 0, self.u);
    }
}

#[derive(Deserialize)]
struct Depth<'a> {
    #[serde(rename = "T")]
    time: i64,
    #[serde(rename = "s")]
    _symbol: &'a str,
    #[serde(rename = "U")]
    _first: i64,
    u: i64,
    #[serde(rename = "pu")]
    _before: i64,
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'a str; 2]>,
}

impl Tell for Depth<'_> {
    fn tell(&self, out: &mut Out) {
        let sides = self.b.iter().chain(&self.a).map(|[price, qty]| (*price, *qty));
        fill(out, sides, self.time, self.u);
    }
}

#[derive(Deserialize)]
struct UsdmMark<'a> {
    #[serde(rename = "E")]
    sent: i64,
    #[serde(rename = "s")]
    _symbol: &'a str,
    p: &'a str,
    i: &'a str,
    r: &'a str,
    #[serde(rename = "T")]
    next: i64,
}

impl Tell for UsdmMark<'_> {
    fn tell(&self, out: &mut Out) {
        out.levels.clear();
        out.levels.push((number(self.p), number(self.i)));
        out.levels.push((rate(self.r), self.next));
        (out.time, out.order) = (self.sent, 0);
    }
}

fn rate(text: &str) -> i64 {
    Rate::parse(text.as_bytes()).expect("a rate").0
}

#[derive(Deserialize)]
struct OkxFrame<'a> {
    #[serde(borrow, rename = "arg")]
    _arg: OkxArg<'a>,
    #[serde(borrow)]
    data: Vec<OkxBook<'a>>,
}

#[derive(Deserialize)]
struct OkxArg<'a> {
    #[serde(rename = "channel")]
    _channel: &'a str,
    #[serde(rename = "instId")]
    _symbol: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OkxBook<'a> {
    #[serde(borrow)]
    asks: Vec<[&'a str; 4]>,
    #[serde(borrow)]
    bids: Vec<[&'a str; 4]>,
    ts: &'a str,
    seq_id: i64,
}

impl Tell for OkxFrame<'_> {
    fn tell(&self, out: &mut Out) {
        let Some(book) = self.data.first() else { return };
        let sides = book.bids.iter().chain(&book.asks).map(|[price, qty, _, _]| (*price, *qty));
        fill(out, sides, book.ts.parse().expect("a time"), book.seq_id);
    }
}

#[derive(Deserialize)]
struct BybitBook<'a> {
    #[serde(rename = "topic")]
    _topic: &'a str,
    #[serde(rename = "type")]
    _kind: &'a str,
    #[serde(borrow)]
    data: BybitData<'a>,
    cts: i64,
}

#[derive(Deserialize)]
struct BybitData<'a> {
    #[serde(rename = "s")]
    _symbol: &'a str,
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'a str; 2]>,
    #[serde(rename = "u")]
    _update: i64,
    seq: i64,
}

impl Tell for BybitBook<'_> {
    fn tell(&self, out: &mut Out) {
        let sides = self.data.b.iter().chain(&self.data.a).map(|[price, qty]| (*price, *qty));
        fill(out, sides, self.cts, self.data.seq);
    }
}

#[derive(Deserialize)]
struct BybitTicker<'a> {
    #[serde(rename = "topic")]
    _topic: &'a str,
    ts: i64,
    #[serde(borrow)]
    data: TickerData<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TickerData<'a> {
    #[serde(rename = "symbol")]
    _symbol: &'a str,
    #[serde(borrow)]
    mark_price: Option<Cow<'a, str>>,
    #[serde(borrow)]
    index_price: Option<Cow<'a, str>>,
    #[serde(borrow)]
    funding_rate: Option<Cow<'a, str>>,
    #[serde(borrow)]
    next_funding_time: Option<Cow<'a, str>>,
}

impl Tell for BybitTicker<'_> {
    fn tell(&self, out: &mut Out) {
        let data = &self.data;
        let price = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| number(text));
        let next = data.next_funding_time.as_ref().map_or(0, |text| text.parse().expect("a time"));
        out.levels.clear();
        out.levels.push((price(&data.mark_price), price(&data.index_price)));
        out.levels.push((data.funding_rate.as_ref().map_or(0, |text| rate(text)), next));
        (out.time, out.order) = (self.ts, 0);
    }
}
