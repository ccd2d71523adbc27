//! The same messages as typed structs for the libraries, with the same decimals out of them.

use super::*;

/// Where the numbers go, so that no reader may skip its work.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) levels: Vec<(i64, i64)>,
    pub(crate) numbers: [i64; 8],
}

pub(crate) struct Simd {
    pub(crate) input: Vec<u8>,
    pub(crate) buffers: Buffers,
    pub(crate) tape: Option<Tape<'static>>,
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
        let mut tape = self.tape.take().unwrap().reset();
        simd_json::fill_tape_padded(&mut self.input, len, &mut self.buffers, &mut tape).unwrap();
        let mut deserializer = Deserializer::from_tape(tape);
        let result = take(&mut deserializer);
        self.tape = Some(deserializer.into_tape().reset());
        result
    }
}

fn number(text: &str) -> i64 {
    decimal::parse(text.as_bytes(), 8).unwrap()
}

pub(crate) trait Into8 {
    fn put(&self, out: &mut Out);
}

#[inline(always)]
fn sonic<'a, T: Deserialize<'a> + Into8>(bytes: &'a [u8], out: &mut Out) {
    let value: T = sonic_rs::from_slice(bytes).unwrap();
    value.put(out);
    black_box(&out.numbers);
}

macro_rules! simd_reader {
    ($name:ident, $sonic:ident, $type:ident) => {
        pub(crate) fn $sonic(bytes: &[u8], out: &mut Out) {
            sonic::<$type<'_>>(bytes, out);
        }
        pub(crate) fn $name(simd: &mut Simd, len: usize, out: &mut Out) {
            simd.read(len, |d| $type::deserialize(d).unwrap().put(out));
            black_box(&out.numbers);
        }
    };
}
simd_reader!(simd_wrapped_best, sonic_wrapped_best, WrappedBest);
simd_reader!(simd_best, sonic_best, BinanceBest);
simd_reader!(simd_spot_best, sonic_spot_best, SpotBest);
simd_reader!(simd_depth, sonic_depth, Depth);
simd_reader!(simd_mark, sonic_mark, BinanceMark);
simd_reader!(simd_okx, sonic_okx, OkxFrame);
simd_reader!(simd_bybit, sonic_bybit, BybitBook);
simd_reader!(simd_ticker, sonic_ticker, BybitTicker);

#[derive(Deserialize)]
pub(crate) struct WrappedBest<'a> {
    #[serde(borrow)]
    data: BinanceBest<'a>,
}

impl Into8 for WrappedBest<'_> {
    fn put(&self, out: &mut Out) {
        self.data.put(out);
    }
}

#[derive(Deserialize)]
pub(crate) struct BinanceBest<'a> {
    u: i64,
    s: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bq: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    aq: &'a str,
    #[serde(rename = "T")]
    t: i64,
}

impl Into8 for BinanceBest<'_> {
    fn put(&self, out: &mut Out) {
        black_box(self.s.len());
        out.numbers = [
            self.u,
            number(self.b),
            number(self.bq),
            number(self.a),
            number(self.aq),
            self.t,
            0,
            0,
        ];
    }
}

#[derive(Deserialize)]
pub(crate) struct SpotBest<'a> {
    u: i64,
    s: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bq: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    aq: &'a str,
}

impl Into8 for SpotBest<'_> {
    fn put(&self, out: &mut Out) {
        black_box(self.s.len());
        out.numbers =
            [self.u, number(self.b), number(self.bq), number(self.a), number(self.aq), 0, 0, 0];
    }
}

#[derive(Deserialize)]
pub(crate) struct Depth<'a> {
    #[serde(rename = "T")]
    t: i64,
    s: &'a str,
    #[serde(rename = "U")]
    first: i64,
    u: i64,
    pu: i64,
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'a str; 2]>,
}

impl Into8 for Depth<'_> {
    fn put(&self, out: &mut Out) {
        black_box(self.s.len());
        out.numbers = [self.t, self.first, self.u, self.pu, 0, 0, 0, 0];
        out.levels.clear();
        out.levels.extend(self.b.iter().chain(&self.a).map(|[p, q]| (number(p), number(q))));
        black_box(&out.levels);
    }
}

#[derive(Deserialize)]
pub(crate) struct BinanceMark<'a> {
    #[serde(rename = "E")]
    e: i64,
    s: &'a str,
    p: &'a str,
    i: &'a str,
    r: &'a str,
    #[serde(rename = "T")]
    t: i64,
}

impl Into8 for BinanceMark<'_> {
    fn put(&self, out: &mut Out) {
        black_box(self.s.len());
        out.numbers = [self.e, number(self.p), number(self.i), number(self.r), self.t, 0, 0, 0];
    }
}

#[derive(Deserialize)]
pub(crate) struct OkxFrame<'a> {
    #[serde(borrow)]
    arg: OkxArg<'a>,
    #[serde(borrow)]
    data: Vec<OkxBook<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OkxArg<'a> {
    channel: &'a str,
    inst_id: &'a str,
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
    #[serde(default)]
    prev_seq_id: i64,
}

impl Into8 for OkxFrame<'_> {
    fn put(&self, out: &mut Out) {
        black_box((self.arg.channel.len(), self.arg.inst_id.len()));
        out.levels.clear();
        for book in &self.data {
            out.numbers = [book.ts.parse().unwrap(), book.seq_id, book.prev_seq_id, 0, 0, 0, 0, 0];
            out.levels.extend(
                book.bids.iter().chain(&book.asks).map(|[p, q, _, _]| (number(p), number(q))),
            );
        }
        black_box(&out.levels);
    }
}

#[derive(Deserialize)]
pub(crate) struct BybitBook<'a> {
    topic: &'a str,
    r#type: &'a str,
    ts: i64,
    #[serde(borrow)]
    data: BybitData<'a>,
    cts: i64,
}

#[derive(Deserialize)]
struct BybitData<'a> {
    s: &'a str,
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'a str; 2]>,
    u: i64,
    seq: i64,
}

impl Into8 for BybitBook<'_> {
    fn put(&self, out: &mut Out) {
        black_box((self.topic.len(), self.r#type.len(), self.data.s.len()));
        out.numbers = [self.ts, self.cts, self.data.u, self.data.seq, 0, 0, 0, 0];
        out.levels.clear();
        out.levels
            .extend(self.data.b.iter().chain(&self.data.a).map(|[p, q]| (number(p), number(q))));
        black_box(&out.levels);
    }
}

#[derive(Deserialize)]
pub(crate) struct BybitTicker<'a> {
    topic: &'a str,
    ts: i64,
    #[serde(borrow)]
    data: TickerData<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TickerData<'a> {
    symbol: &'a str,
    #[serde(borrow)]
    mark_price: Option<Cow<'a, str>>,
    #[serde(borrow)]
    index_price: Option<Cow<'a, str>>,
    #[serde(borrow)]
    funding_rate: Option<Cow<'a, str>>,
    #[serde(borrow)]
    next_funding_time: Option<Cow<'a, str>>,
}

impl Into8 for BybitTicker<'_> {
    fn put(&self, out: &mut Out) {
        black_box((self.topic.len(), self.data.symbol.len()));
        let read = |text: &Option<Cow<'_, str>>| text.as_ref().map_or(0, |text| number(text));
        let d = &self.data;
        out.numbers = [
            self.ts,
            read(&d.mark_price),
            read(&d.index_price),
            read(&d.funding_rate),
            d.next_funding_time.as_ref().map_or(0, |t| t.parse().unwrap()),
            0,
            0,
            0,
        ];
    }
}
