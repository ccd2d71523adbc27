//! The parts of the path, each by itself in a tight loop: what their sum would be if putting them together
//! cost nothing. And the order texts beside what a JSON library takes for the same.

use crate::channel::framed;
use crate::measure::{Digest, Entrant, Figures, Scale, Timer, contest};
use crate::plan::instrument;
use crate::result::{Kind, Report};
use crate::venue_side;
use base::output::{Place, Style};
use base::{
    Edge, Instance, InstrumentId, Instruments, OrderId, PairId, Price, Qty, Rate, Side, Stamp,
    VenueId,
};
use feeds::decode::{Decoder, Dialect, Directory};
use feeds::symbols::{Listing, Row};
use gateway::encode::{Moment, TEXT_MAX, Ticket, binance, bybit, okx};
use gateway::markets::Markets;
use net::ws::{self, HEADER_MAX, MaskKeys, Opcode, Role, frame_in_place};
use sha2::{Digest as _, Sha256};
use std::hint::black_box;
use std::sync::Arc;
use venue::credentials::Credentials;

/// Mean nanoseconds of each part.
#[derive(Debug)]
pub(crate) struct Parts {
    named: Vec<(&'static str, Figures)>,
}

impl Parts {
    fn mean(&self, name: &str) -> f64 {
        crate::floors::mean(&self.named, name)
    }

    /// The sum of the parts for a path that ends at this venue, told part by part.
    pub(crate) fn floor(&self, report: &mut Report, venue: VenueId) -> f64 {
        let (decode, text): (&str, &[&str]) = match venue {
            VenueId::Okx => ("decode okx", &["text okx"]),
            VenueId::Bybit => ("decode bybit", &["text bybit"]),
            _ => ("decode binance", &["text binance, not signed", "hash of four blocks"]),
        };
        let names = ["frame", decode, "core, a quote", "mask"];
        let names: Vec<&str> = names.iter().chain(text).copied().collect();
        let sum = names.iter().map(|name| self.mean(name)).sum();
        let told: Vec<String> =
            names.iter().map(|name| format!("{name} {:.1}", self.mean(name))).collect();
        report.fact(&format!("floor of the path to {venue}: {}", told.join(" + ")), sum);
        sum
    }
}

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("order: the parts of the path, each alone");
    let parts = parts(timer, scale);
    for (name, figures) in &parts.named {
        let kind = match *name {
            "hash of four blocks" => Kind::Floor,
            "serde_json of the same order" => Kind::Library,
            _ => Kind::Ours,
        };
        report.row("order", name, kind, figures, hash_of(name));
    }
}

/// The order texts say the same in every run: the time in them is fixed.
fn hash_of(name: &str) -> Option<u64> {
    let venue = match name {
        "text binance, signed" => VenueId::BinanceUsdm,
        "text okx" => VenueId::Okx,
        "text bybit" => VenueId::Bybit,
        _ => return None,
    };
    let writer = OrderWriter::new(venue, false);
    let mut out = vec![0_u8; TEXT_MAX];
    let length = writer.write(7, &mut out);
    let mut sum = Digest::new();
    sum.bytes(&out[..length]);
    Some(sum.value())
}

/// Everything an order text is written from.
pub(crate) struct OrderWriter {
    venue: VenueId,
    pub(crate) instruments: Instruments,
    requests: binance::Requests,
}

impl OrderWriter {
    pub(crate) fn new(venue: VenueId, logged_on: bool) -> Self {
        let mut instruments = Instruments::default();
        instruments.asset("USDT").expect("few");
        instruments.asset("BTC").expect("few");
        instruments.list.push(instrument(0, venue, Rate::ZERO));
        let key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
        let credentials = Arc::new(Credentials::new(key, "secret", Some("p")).expect("good"));
        let mut requests = binance::Requests::new(venue, credentials, 5_000).expect("short key");
        requests.set_logged_on(logged_on);
        Self { venue, instruments, requests }
    }

    #[inline(always)]
    fn write(&self, seq: u64, out: &mut [u8]) -> usize {
        let markets = Markets::new(self.venue, &self.instruments).expect("short");
        let price = Price(6_180_010 + i64::try_from(seq % 1_000).unwrap_or(0) * 10);
        self.write_with(&markets, seq, price, out)
    }

    #[inline(always)]
    pub(crate) fn write_with(
        &self,
        markets: &Markets,
        seq: u64,
        price: Price,
        out: &mut [u8],
    ) -> usize {
        let market = markets.iter().next().expect("one");
        let place = Place {
            venue: self.venue,
            instrument: InstrumentId(0),
            order: OrderId::new(3, seq),
            side: Side::Sell,
            style: Style::Ioc,
            reduce_only: false,
            price,
            qty: Qty(2_500_000),
            cause: Stamp(0),
            pair: PairId(1),
            version: 1,
        };
        let instance = Instance::new("ARB1").expect("legal");
        let ticket = Ticket::new(market, instance, black_box(&place)).expect("legal");
        let at = Moment { request: 1_700_000_000_000_000 + seq, venue_ms: 1_700_000_000_123 };
        match self.venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => self.requests.place(&ticket, at, out),
            VenueId::Okx => okx::place(&ticket, at, 5_000, out),
            VenueId::Bybit => bybit::place(&ticket, at, 5_000, out),
        }
    }
}

/// Measures every part, interleaved.
pub(crate) fn parts(timer: &Timer, scale: Scale) -> Parts {
    let count = scale.of(20_000);
    let items: Vec<u64> = (0..count as u64).collect();
    let mut entrants = Vec::new();
    entrants.push(framing(&items));
    for (name, venue, dialect) in [
        ("decode binance", VenueId::BinanceUsdm, Dialect::Binance),
        ("decode okx", VenueId::Okx, Dialect::Okx),
        ("decode bybit", VenueId::Bybit, Dialect::Bybit),
    ] {
        entrants.push(decoding(name, venue, dialect, &items));
    }
    let mut quotes = crate::growth::Quotes::new(4);
    entrants.push(Entrant::new("core, a quote", move |round| {
        round.each(&items_of(count), |_| quotes.step());
    }));
    for (name, venue, logged_on) in [
        ("text binance, signed", VenueId::BinanceUsdm, false),
        ("text binance, not signed", VenueId::BinanceUsdm, true),
        ("text okx", VenueId::Okx, false),
        ("text bybit", VenueId::Bybit, false),
    ] {
        entrants.push(writing(name, venue, logged_on, &items));
    }
    entrants.push(hashing(&items));
    entrants.push(masking(&items));
    entrants.push(library(&items));
    Parts { named: contest(timer, scale.rounds(), entrants) }
}

fn framing(items: &[u64]) -> Entrant<'_> {
    let text = venue_side::quote(VenueId::BinanceUsdm, 11, 1_790_000_000_000, 61_800.0, 61_800.1);
    let frame = framed(text.as_bytes());
    let mut decoder = ws::Decoder::new(Role::Client, 1 << 12);
    let mut inbox = vec![0_u8; 4096];
    Entrant::new("frame", move |round| {
        round.each(items, |_| {
            inbox[..frame.len()].copy_from_slice(black_box(&frame));
            black_box(decoder.next(&mut inbox[..frame.len()]).is_ok());
        });
    })
}

fn items_of(count: usize) -> Vec<u64> {
    vec![0; count]
}

fn decoding<'a>(
    name: &'static str,
    venue: VenueId,
    dialect: Dialect,
    items: &'a [u64],
) -> Entrant<'a> {
    let mut directory = Directory::with_room(8);
    let edge = Edge { price_exp: 2, size_exp: 8, size_factor: 1 };
    for symbol in ["BTCUSDT", "BTC-USDT-SWAP"] {
        directory.instruments.insert(symbol.as_bytes(), Listing { row: Row(0), edge });
    }
    let texts: Vec<Vec<u8>> = items
        .iter()
        .take(512)
        .map(|at| {
            let price = 61_800.0 + *at as f64 / 10.0;
            venue_side::quote(venue, 100 + at, 1_790_000_000_000, price, price + 0.1).into_bytes()
        })
        .collect();
    let mut decoder = Decoder::new(1 << 12);
    Entrant::new(name, move |round| {
        round.each(&texts, |text| {
            black_box(decoder.decode(dialect, &directory, black_box(text)).is_ok());
        });
        assert_eq!(decoder.fallbacks(), 0, "the scanner knows it");
    })
}

fn writing<'a>(
    name: &'static str,
    venue: VenueId,
    logged_on: bool,
    items: &'a [u64],
) -> Entrant<'a> {
    let writer = OrderWriter::new(venue, logged_on);
    let mut out = vec![0_u8; TEXT_MAX];
    Entrant::new(name, move |round| {
        let markets = Markets::new(venue, &writer.instruments).expect("short");
        round.each(items, |seq| {
            black_box(writer.write_with(&markets, *seq, Price(6_180_010), black_box(&mut out)));
        });
    })
}

fn hashing<'a>(items: &'a [u64]) -> Entrant<'a> {
    let text = vec![b'7'; 192];
    Entrant::new("hash of four blocks", move |round| {
        round.each(items, |_| {
            black_box(Sha256::digest(black_box(&text)));
        });
    })
}

fn masking<'a>(items: &'a [u64]) -> Entrant<'a> {
    let mut keys = MaskKeys::from_system();
    let key = keys.take();
    let mut room = vec![b'7'; HEADER_MAX + 400];
    Entrant::new("mask", move |round| {
        round.each(items, |_| {
            let payload = HEADER_MAX..HEADER_MAX + 370;
            black_box(frame_in_place(black_box(&mut room), payload, Opcode::Text, Some(key)));
        });
    })
}

/// The order as people write it who do not count nanoseconds.
fn library<'a>(items: &'a [u64]) -> Entrant<'a> {
    Entrant::new("serde_json of the same order", move |round| {
        round.each(items, |seq| {
            let order = serde_json::json!({
                "id": format!("{}", 1_700_000_000_000_000 + seq), "method": "order.place",
                "params": { "apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
                    "newClientOrderId": format!("ARB1{seq:011}"), "price": format!("{:.1}", 61_800.1),
                    "quantity": format!("{:.3}", 0.025), "recvWindow": 5000, "side": "SELL",
                    "symbol": "BTCUSDT", "timeInForce": "IOC", "timestamp": 1_700_000_000_123_u64,
                    "type": "LIMIT" },
            });
            black_box(serde_json::to_string(&order).expect("JSON"));
        });
    })
}
