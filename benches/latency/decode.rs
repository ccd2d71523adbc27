//! Messages to events, beside the libraries reading into typed structs and the same decimals out of them.

mod messages;
mod typed;

pub(crate) use messages::unwrapped;

use crate::floors::mean;
use crate::measure::{Digest, Entrant, Figures, Scale, Timer, contest};
use crate::result::{Kind, Report};
use base::Edge;
use feeds::decode::{Decoder, Directory};
use feeds::message::{Event, Scratch};
use feeds::symbols::{Listing, Row};
use messages::{Case, What};
use std::cell::Cell;
use std::hint::black_box;
use typed::{Out, Simd};

const EDGE: Edge = Edge { price_exp: 8, size_exp: 8, size_factor: 1 };
const ROOM: usize = 1 << 16;
const COPY: &str = "copy into the receive buffer";
const SEARCH: &str = "memchr to its end";
const OURS: &str = "scanner";
const SONIC: &str = "sonic-rs, typed";
const SIMD: &str = "simd-json, typed, buffers reused";
const SERDE: &str = "serde_json, typed";

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    for case in messages::cases(scale.of(2_048)) {
        one(report, timer, scale, &case);
    }
}

/// The names of the messages, and of that many instruments beside them.
pub(crate) fn directory(names: usize) -> Directory {
    let mut directory = Directory::with_room(names + 8);
    let listing = |row| Listing { row: Row(row), edge: EDGE };
    for (row, name) in (0..).zip(["BTCUSDT", "BTC-USDT", "BTC-USDT-SWAP"]) {
        directory.instruments.insert(name.as_bytes(), listing(row));
    }
    for row in 3..u16::try_from(names).unwrap_or(u16::MAX) {
        let name = format!("COIN{row}USDT");
        directory.instruments.insert(name.as_bytes(), listing(row));
    }
    directory
}

fn one(report: &mut Report, timer: &Timer, scale: Scale, case: &Case) {
    let bytes = case.messages.iter().map(Vec::len).sum::<usize>() / case.messages.len();
    report.group(&format!("decode: {}, {bytes} bytes", case.name));
    let messages = &case.messages;
    let directory = directory(4);
    let mut decoder = Decoder::new(ROOM);
    let [mut room, mut space, mut buffer] = [const { Vec::new() }; 3];
    let mut field = vec![0_u8; ROOM];
    for place in [&mut room, &mut space, &mut buffer] {
        place.resize(ROOM, 0_u8);
    }
    let mut simd = Simd::new(ROOM);
    let [mut sonic_out, mut simd_out, mut serde_out] =
        [Out::default(), Out::default(), Out::default()];
    let fallbacks = Cell::new(0);
    let entrants = vec![
        Entrant::new(COPY, |round| {
            round.each(messages, |m| {
                room[..m.len()].copy_from_slice(m);
                black_box(&mut room);
            });
        }),
        Entrant::new(SEARCH, |round| {
            round.each(messages, |m| {
                field[..m.len()].copy_from_slice(m);
                black_box(memchr::memchr(0, black_box(&field[..m.len()])));
            });
        }),
        Entrant::new(OURS, |round| {
            round.each(messages, |m| {
                space[..m.len()].copy_from_slice(m);
                let event = decoder.decode(case.dialect, &directory, black_box(&space[..m.len()]));
                black_box(&event);
                black_box(&decoder.scratch);
            });
            fallbacks.set(decoder.fallbacks());
        }),
        Entrant::new(SONIC, |round| {
            round.each(messages, |m| {
                buffer[..m.len()].copy_from_slice(m);
                (case.sonic)(black_box(&buffer[..m.len()]), &mut sonic_out);
                black_box(&sonic_out);
            });
        }),
        Entrant::new(SIMD, |round| {
            round.each(messages, |m| {
                simd.fill(m);
                (case.simd)(&mut simd, m.len(), &mut simd_out);
                black_box(&simd_out);
            });
        }),
        Entrant::new(SERDE, |round| {
            round.each(messages, |m| {
                (case.serde)(black_box(m), &mut serde_out);
                black_box(&serde_out);
            });
        }),
    ];
    let figures = contest(timer, scale.rounds(), entrants);
    assert_eq!(fallbacks.get(), 0, "{}: the scanner gave up", case.name);
    judge(report, case, &figures);
}

/// Rows, hashes and goals of one kind of message.
fn judge(report: &mut Report, case: &Case, figures: &[(&'static str, Figures)]) {
    let hashes = hashes(case);
    for (name, figures) in figures {
        let (kind, hash) = match *name {
            OURS => (Kind::Ours, Some(hashes[0])),
            SONIC => (Kind::Library, Some(hashes[1])),
            SIMD => (Kind::Library, Some(hashes[2])),
            SERDE => (Kind::Library, Some(hashes[3])),
            _ => (Kind::Floor, None),
        };
        report.row(case.name, name, kind, figures, hash);
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{}: {hashes:x?}", case.name);
    // Everybody copies the message first: what is compared is what comes after.
    let net = |name| mean(figures, name) - mean(figures, COPY);
    let (ours, hash) = (net(OURS), Some(hashes[0]));
    let [sonic, simd] = [SONIC, SIMD].map(|name| (name, net(name)));
    let to_sonic = format!("{}: ours / sonic-rs", case.name);
    match case.what {
        What::Best => {
            report.ratio(&to_sonic, ours, sonic, 0.40, hash);
            let to_simd = format!("{}: ours / simd-json", case.name);
            report.ratio(&to_simd, ours, simd, 0.25, hash);
        }
        What::Delta => report.ratio(&to_sonic, ours, sonic, 0.5, hash),
        What::Other => report.fact(&to_sonic, ours / sonic.1),
    }
}

/// What all four readers make of all messages; equal when they read the same.
fn hashes(case: &Case) -> [u64; 4] {
    let directory = directory(4);
    let mut decoder = Decoder::new(ROOM);
    let mut simd = Simd::new(ROOM);
    let mut sums = [Digest::new(); 4];
    for message in &case.messages {
        let event = decoder.decode(case.dialect, &directory, message).expect("a known message");
        ours(&event, &decoder.scratch).add_to(&mut sums[0]);
        let mut out = Out::default();
        (case.sonic)(message, &mut out);
        out.add_to(&mut sums[1]);
        simd.fill(message);
        (case.simd)(&mut simd, message.len(), &mut out);
        out.add_to(&mut sums[2]);
        (case.serde)(message, &mut out);
        out.add_to(&mut sums[3]);
    }
    sums.map(Digest::value)
}

/// An event as the libraries' structs say it.
fn ours(event: &Event, scratch: &Scratch) -> Out {
    let pair = |level: &feeds::message::Level| (level.price.0, level.qty.0);
    match event {
        Event::Best(best) => Out {
            levels: best.bid.iter().chain(&best.ask).map(pair).collect(),
            time: best.venue_time.millis(),
            order: best.order,
        },
        Event::Book(change) => Out {
            levels: scratch
                .bids
                .as_slice()
                .iter()
                .chain(scratch.asks.as_slice())
                .map(pair)
                .collect(),
            time: change.venue_time.millis(),
            order: change.order,
        },
        Event::Ticker(ticker) => {
            let rate = ticker.rate.flatten().map_or(0, |rate| rate.0);
            let price = |price: Option<base::Price>| price.map_or(0, |price| price.0);
            Out {
                levels: vec![
                    (price(ticker.mark), price(ticker.index)),
                    (rate, ticker.next.map_or(0, base::WallNs::millis)),
                ],
                time: ticker.venue_time.millis(),
                order: 0,
            }
        }
        other => panic!("not one of the messages measured: {other:?}"),
    }
}
