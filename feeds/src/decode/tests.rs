//! The decoder against a second reading of everything: golden messages, captures, and damaged ones.

mod reference;

use super::*;
use crate::message::Why;
use crate::symbols::{Listing, Row};
use base::Edge;
use proptest::prelude::*;
use reference::Said;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Names in the golden messages and captures, each at two scales by its row.
const NAMES: &[&str] = &[
    "BTCUSDT",
    "BNBUSDT",
    "ETHUSDT",
    "BNBBTC",
    "BALUSDT",
    "ETHUSDT_210625",
    "ETHUSDT_220624",
    "BTC-USDT",
    "BTC-USDT-SWAP",
    "BTC-USD-220624",
    "BTC-USD-SWAP",
    "ETH-USDT",
    "BTC-USDT-220325",
    "SUSHIUSDT",
    "AKROUSDT",
    "KEEPUSDT",
    "CTKUSDT",
    "UNI-USD-SWAP",
    "BTC-USD-220304-32000-P",
];

fn directory() -> Directory {
    let mut directory = Directory::with_room(NAMES.len());
    for (row, name) in (0_u16..).zip(NAMES) {
        let edge = Edge { price_exp: 8, size_exp: 8, size_factor: 1 + i64::from(row % 2) };
        let listing = Listing { row: Row(row), edge };
        assert!(directory.instruments.insert(name.as_bytes(), listing));
    }
    let listing = Listing { row: Row(0), edge: Edge { price_exp: 1, size_exp: 0, size_factor: 1 } };
    assert!(directory.indices.insert(b"BTC-USDT", listing));
    directory
}

fn folder(venue: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(venue)
}

/// Every golden message with how it is read.
fn goldens() -> &'static [(Dialect, String)] {
    static GOLDENS: LazyLock<Vec<(Dialect, String)>> = LazyLock::new(|| {
        let venues = [
            ("binance-spot", Dialect::Binance),
            ("binance-usdm", Dialect::Binance),
            ("okx", Dialect::Okx),
            ("bybit", Dialect::Bybit),
        ];
        let mut goldens = Vec::new();
        for (venue, dialect) in venues {
            let mut paths: Vec<_> =
                fs::read_dir(folder(venue)).unwrap().map(|entry| entry.unwrap().path()).collect();
            paths.sort();
            for path in paths {
                let text = fs::read_to_string(&path).unwrap();
                goldens.extend(text.lines().map(|line| (dialect, line.to_owned())));
            }
        }
        goldens
    });
    &GOLDENS
}

/// What was found, with the levels or trades that belong to it.
fn said(event: Event, scratch: &Scratch) -> Said {
    let mut said = Said::only(event);
    match event {
        Event::Book(_) => {
            said.bids = scratch.bids.as_slice().to_vec();
            said.asks = scratch.asks.as_slice().to_vec();
        }
        Event::Trades(_) => said.trades = scratch.trades.as_slice().to_vec(),
        _ => {}
    }
    said
}

/// A quote's levels are in the quote: how they came is nobody's business.
fn plain(mut said: Said) -> Said {
    if matches!(said.event, Event::Best(_)) {
        said.bids.clear();
        said.asks.clear();
    }
    said
}

struct Bench {
    directory: Directory,
    decoder: Decoder,
}

impl Bench {
    fn new() -> Self {
        Self { directory: directory(), decoder: Decoder::new(1 << 17) }
    }

    /// Holds scanner and full parser to the reference; says whether the scanner knew the message.
    fn hold(&mut self, dialect: Dialect, bytes: &[u8]) -> bool {
        let shown = || String::from_utf8_lossy(bytes).into_owned();
        let expected = reference::read(dialect, &self.directory, bytes).map(plain);
        let scanned = scan(dialect, &self.directory, bytes, &mut self.decoder.scratch);
        let known = scanned.is_some();
        if let Some(event) = scanned {
            let found = said(event, &self.decoder.scratch);
            assert_eq!(Some(found), expected, "scanner: {}", shown());
        }
        if bytes == b"pong" {
            return known;
        }
        let full = self.decoder.read_in_full(dialect, &self.directory, bytes);
        match full {
            Ok(event) => {
                let found = said(event, &self.decoder.scratch);
                assert_eq!(Some(found), expected, "full parser: {}", shown());
            }
            // The libraries differ on numbers beyond 64 bits, which no venue sends.
            Err(refusal) if refusal.why == Why::Garbage && has_huge_number(bytes) => {}
            Err(refusal) => assert_eq!(None, expected, "{refusal:?}: {}", shown()),
        }
        known
    }
}

/// Whether a number of more than 18 digits, or one with a fraction or exponent, stands outside the quotes.
fn has_huge_number(bytes: &[u8]) -> bool {
    bytes.split(|b| !b.is_ascii_digit() && !b"+-.eE".contains(b)).any(|run| {
        run.len() > 18 || run.iter().any(|b| b"+.eE".contains(b)) || run.starts_with(b"-0")
    })
}

#[test]
fn every_golden_message_reads_as_the_reference_reads_it() {
    let mut bench = Bench::new();
    for (dialect, message) in goldens() {
        bench.hold(*dialect, message.as_bytes());
    }
}

#[test]
fn the_hot_messages_of_2026_need_no_full_parser() {
    let mut bench = Bench::new();
    let cold = |line: &str| {
        line.contains("\"event\"")
            || line.contains("\"op\"")
            || line.contains("\"result\"")
            || line.contains("\"code\"")
            || line.contains("serverShutdown")
            || line.contains("lastUpdateId")
            || line.contains("funding-rate")
            || line.contains("\"r\":\"\"")
            || line.contains("\"fundingRate\":\"\"")
            || line.contains("BTCUSDT_991231")
            || line.contains("\"ts\":1790000000170")
    };
    for (venue, dialect) in [
        ("binance-spot", Dialect::Binance),
        ("binance-usdm", Dialect::Binance),
        ("okx", Dialect::Okx),
        ("bybit", Dialect::Bybit),
    ] {
        let text = fs::read_to_string(folder(venue).join("own.jsonl")).unwrap();
        for line in text.lines().filter(|line| !cold(line)) {
            assert!(bench.hold(dialect, line.as_bytes()), "{line}");
        }
    }
}

#[test]
fn every_frame_of_the_captures_reads_as_the_reference_reads_it() {
    let mut bench = Bench::new();
    for (name, dialect, least) in [
        ("binance-spot-btcusdt-20240808.rec.gz", Dialect::Binance, 41_000),
        ("binance-usdm-btcusdt-20240808.rec.gz", Dialect::Binance, 93_000),
        ("binance-usdm-small-coins-20210722.rec.gz", Dialect::Binance, 1_200),
        ("okx-20220513.rec.gz", Dialect::Okx, 60),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/captures").join(name);
        let mut text = String::new();
        let file = fs::File::open(path).unwrap();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        let mut known = 0;
        for line in text.lines() {
            let frame = line.split_once(' ').map_or(line, |(_, frame)| frame);
            known += usize::from(bench.hold(dialect, frame.as_bytes()));
        }
        assert!(known >= least, "{name}: {known} scanned");
    }
}

/// One way to damage a message.
#[derive(Clone, Debug)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Delete(usize, usize),
    Repeat(usize, usize),
    Truncate(usize),
    Swap(usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0_usize..1 << 16;
    let byte = prop_oneof![
        3 => proptest::sample::select(b"\"{}[]:,.-+0123456789eE\\ntrufalsNI \x00\x1f\x7f\xc3\xa9".to_vec()),
        1 => any::<u8>(),
    ];
    prop_oneof![
        4 => (at.clone(), byte.clone()).prop_map(|(a, b)| Damage::Replace(a, b)),
        3 => (at.clone(), byte).prop_map(|(a, b)| Damage::Insert(a, b)),
        3 => (at.clone(), 1_usize..12).prop_map(|(a, n)| Damage::Delete(a, n)),
        2 => (at.clone(), 1_usize..40).prop_map(|(a, n)| Damage::Repeat(a, n)),
        1 => at.clone().prop_map(Damage::Truncate),
        2 => (at.clone(), at, 1_usize..20).prop_map(|(a, b, n)| Damage::Swap(a, b, n)),
    ]
}

fn damaged(message: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    for damage in damages {
        let len = bytes.len().max(1);
        match *damage {
            Damage::Replace(at, byte) => {
                if let Some(place) = bytes.get_mut(at % len) {
                    *place = byte;
                }
            }
            Damage::Insert(at, byte) => bytes.insert(at % (bytes.len() + 1), byte),
            Damage::Delete(at, count) => {
                let at = at % len;
                bytes.drain(at.min(bytes.len())..(at + count).min(bytes.len()));
            }
            Damage::Repeat(at, count) => {
                let at = (at % len).min(bytes.len());
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            Damage::Truncate(at) => bytes.truncate(at % len),
            Damage::Swap(a, b, count) => {
                for step in 0..count {
                    let (a, b) = ((a + step) % len, (b + step) % len);
                    if a < bytes.len() && b < bytes.len() {
                        bytes.swap(a, b);
                    }
                }
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_read_as_the_reference_reads_them_or_are_refused(
        pick in any::<proptest::sample::Index>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        thread_local! {
            static BENCH: std::cell::RefCell<Bench> = std::cell::RefCell::new(Bench::new());
        }
        let (dialect, message) = pick.get(goldens());
        let bytes = damaged(message.as_bytes(), &damages);
        BENCH.with_borrow_mut(|bench| bench.hold(*dialect, &bytes));
    }

    #[test]
    fn any_bytes_at_all_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let directory = directory();
        let mut decoder = Decoder::new(256);
        for dialect in [Dialect::Binance, Dialect::Okx, Dialect::Bybit] {
            let _ = decoder.decode(dialect, &directory, &bytes);
        }
    }
}

#[test]
fn a_message_longer_than_the_limit_is_refused() {
    let mut decoder = Decoder::new(64);
    let long = [b'['; 65];
    let found = decoder.decode(Dialect::Okx, &directory(), &long);
    assert_eq!(found, Err(Refusal { why: Why::TooLong, row: None }));
}

#[test]
fn more_levels_than_a_message_may_have_are_refused_and_the_book_named() {
    let levels = vec![r#"["1","1"]"#; crate::message::LEVELS_MAX + 1].join(",");
    let message =
        format!(r#"{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[{levels}],"a":[]}}"#);
    let found = Decoder::new(1 << 20).decode(Dialect::Binance, &directory(), message.as_bytes());
    assert_eq!(found, Err(Refusal { why: Why::TooMany, row: Some(Row(0)) }));
}

/// What is wrong, and how it is refused.
#[test]
fn each_kind_of_nonsense_has_its_reason() {
    let mut decoder = Decoder::new(1 << 12);
    let directory = directory();
    let best =
        |b: &str, q: &str| format!(r#"{{"u":1,"s":"BTCUSDT","b":{b},"B":{q},"a":"3","A":"1"}}"#);
    #[rustfmt::skip]
    let cases = [
        ("not json".to_owned(),                Why::Garbage),
        ("{\"u\":1".to_owned(),                Why::Garbage),
        ("{}".to_owned(),                      Why::Missing),
        (best("NaN", "\"1\""),                 Why::Garbage),
        (best("\"NaN\"", "\"1\""),             Why::Price),
        (best("\"1e5\"", "\"1\""),             Why::Price),
        (best("\"\"", "\"1\""),                Why::Price),
        (best("\"1.000000001\"", "\"1\""),     Why::Price),
        (best("\"99999999999999\"", "\"1\""),  Why::Price),
        (best("2", "\"1\""),                   Why::Shape),
        (best("\"2\"", "null"),                Why::Shape),
        (best("\"2\"", "\"-1\""),              Why::Value),
        (best("\"0\"", "\"1\""),               Why::Value),
        (best("\"2\"", "\"x\""),               Why::Size),
        (best("\"2\",\"b\":\"2\"", "\"1\""),   Why::Shape),
    ];
    for (message, why) in cases {
        let found = decoder.decode(Dialect::Binance, &directory, message.as_bytes());
        assert_eq!(found.map_err(|refusal| refusal.why), Err(why), "{message}");
    }
}
