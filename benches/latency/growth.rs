//! What an event costs with 4, 100 and 800 instruments.

use crate::measure::{Digest, Entrant, Scale, Timer, contest};
use crate::result::{Kind, Report};
use base::input::{
    Action, Balance, BookHealth, BookState, ClockState, Command, Funding, Quote, Reconcile,
    ReconcilePhase, SessionState, Timer as Tick,
};
use base::{
    AssetId, Input, Instrument, InstrumentId, Money, Price, Qty, Rate, Record, Span, Stamp,
    VenueId, WallNs,
};
use feeds::decode::{Decoder, Dialect};
use std::hint::black_box;
use strategy::{Core, Outputs};

const VENUES: [VenueId; 2] = [VenueId::Okx, VenueId::Bybit];
const NOON: WallNs = WallNs(1_795_176_000_000_000_000);
/// The messages that are gone through, for each of the counts of instruments.
const COUNTS: [(u16, [&str; 3]); 3] = [
    (4, ["decode among 4", "core of 4, one instrument", "core of 4, all"]),
    (100, ["decode among 100", "core of 100, one instrument", "core of 100, all"]),
    (800, ["decode among 800", "core of 800, one instrument", "core of 800, all"]),
];

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("growth: a quote among 4, 100, 800 instruments");
    let count = scale.of(100_000);
    let mut entrants = Vec::new();
    for (instruments, [decode, one, all]) in COUNTS {
        entrants.push(decoding(decode, instruments, count.min(4_096)));
        let mut quotes = Quotes::of(instruments, true);
        entrants.push(Entrant::new(one, move |round| {
            round.each(&vec![(); count], |()| quotes.step());
        }));
        let mut quotes = Quotes::of(instruments, false);
        entrants.push(Entrant::new(all, move |round| {
            round.each(&vec![(); count], |()| quotes.step());
        }));
    }
    let figures = contest(timer, scale.rounds(), entrants);
    let hashes = COUNTS.map(|(instruments, _)| sums(instruments));
    for (at, (name, figures)) in figures.iter().enumerate() {
        let hash = hashes.as_flattened().get(at).copied();
        report.row("growth", name, Kind::Ours, figures, hash);
    }
    let mean = |name: &str| crate::floors::mean(&figures, name);
    for (what, few, many, most) in [
        ("decode", "decode among 4", "decode among 800", 1.5),
        ("core, one instrument", "core of 4, one instrument", "core of 800, one instrument", 1.25),
    ] {
        let hash = figures.iter().position(|(name, _)| *name == many);
        let hash = hash.and_then(|at| hashes.as_flattened().get(at).copied());
        let name = format!("growth: {what}, 800 / 4 instruments");
        report.ratio(&name, mean(many), (few, mean(few)), most, hash);
    }
    let caches = mean("core of 800, all") / mean("core of 4, all");
    report.fact("core, all of 800 / all of 4 (caches)", caches);
}

/// What comes out, in the order of the rows: events decoded, and the core's own hash of both its runs.
fn sums(instruments: u16) -> [u64; 3] {
    let directory = crate::decode::directory(usize::from(instruments));
    let mut decoder = Decoder::new(1 << 12);
    let mut sum = Digest::new();
    for message in messages(instruments, 256) {
        let event = decoder.decode(Dialect::Binance, &directory, &message).expect("known");
        sum.bytes(format!("{event:?}").as_bytes());
    }
    let [one, all] = [true, false].map(|one| {
        let mut quotes = Quotes::of(instruments, one);
        for _ in 0..1 << 14 {
            quotes.step();
        }
        quotes.core.hash()
    });
    [sum.value(), one, all]
}

fn decoding(name: &'static str, instruments: u16, count: usize) -> Entrant<'static> {
    let directory = crate::decode::directory(usize::from(instruments));
    let mut decoder = Decoder::new(1 << 12);
    let messages = messages(instruments, count);
    Entrant::new(name, move |round| {
        round.each(&messages, |message| {
            black_box(decoder.decode(Dialect::Binance, &directory, black_box(message)).is_ok());
        });
    })
}

fn messages(instruments: u16, count: usize) -> Vec<Vec<u8>> {
    let others = usize::from(instruments) - 3;
    (0..count)
        .map(|at| {
            let row = 3 + (at * 7_919) % others;
            format!(r#"{{"e":"bookTicker","u":{},"s":"COIN{row}USDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}}"#, 5_123_107_839_020_usize + at).into_bytes()
        })
        .collect()
}

/// A core, armed and ready, and quotes that trigger no trade.
pub(crate) struct Quotes {
    core: Core,
    out: Outputs,
    records: Vec<Record>,
    next: usize,
}

impl Quotes {
    /// Quotes of one base asset in a core of so many instruments.
    pub(crate) fn new(instruments: u16) -> Self {
        Self::of(instruments, true)
    }

    fn of(instruments: u16, one: bool) -> Self {
        let plan = plan(instruments);
        let mut quotes =
            Self { core: Core::new(&plan), out: Outputs::new(), records: Vec::new(), next: 0 };
        quotes.bring_up(&plan);
        let markets = u64::from(if one { 2 } else { instruments });
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        quotes.records = (0..1 << 14)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                quote(state, markets)
            })
            .collect();
        quotes
    }

    #[inline(always)]
    pub(crate) fn step(&mut self) {
        let Some(record) = self.records.get(self.next) else { return };
        self.next = (self.next + 1) & ((1 << 14) - 1);
        self.core.step(black_box(record), &mut self.out);
        if !self.out.as_slice().is_empty() {
            self.out.clear();
        }
    }

    /// One quote from elsewhere; a hash of nothing, only work.
    #[inline(always)]
    pub(crate) fn give(&mut self, record: &Record) {
        self.core.step(record, &mut self.out);
        if !self.out.as_slice().is_empty() {
            self.out.clear();
        }
    }

    fn bring_up(&mut self, plan: &strategy::Plan) {
        let mut now = Stamp(1_000_000_000);
        let mut give = |input: Input, now: Stamp| {
            self.out.clear();
            self.core.step(&input.record(now), &mut self.out);
        };
        give(Input::Timer(Tick { wall: NOON }), now);
        for venue in VENUES {
            let total = Money::from_whole(100_000);
            give(
                Input::SessionState(SessionState {
                    venue,
                    orders: true,
                    slow: false,
                    account: true,
                    budget: true,
                }),
                now,
            );
            give(
                Input::ClockState(ClockState { venue, offset_ns: 0, bound: Span::from_millis(1) }),
                now,
            );
            give(Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::Begin }), now);
            give(
                Input::Balance(Balance { venue, asset: AssetId(0), total, available: Some(total) }),
                now,
            );
            give(Input::Reconcile(Reconcile { venue, phase: ReconcilePhase::End }), now);
        }
        for Instrument { id, venue, .. } in &plan.instruments.list {
            let (venue, instrument) = (*venue, *id);
            give(Input::BookState(BookState { venue, instrument, state: BookHealth::Known }), now);
            give(
                Input::Funding(Funding {
                    venue,
                    instrument,
                    rate: Rate::ZERO,
                    interval: Some(Span::from_secs(8 * 3600)),
                    next: WallNs(NOON.0 + 3_600_000_000_000),
                    venue_time: NOON,
                }),
                now,
            );
        }
        give(Input::Command(Command { action: Action::Arm, version: 1 }), now);
        // The timer computes a few hurdles at a time: all of them once.
        for tick in 1..400_i64 {
            now = now + Span::from_millis(1);
            give(Input::Timer(Tick { wall: WallNs(NOON.0 + tick * 1_000_000) }), now);
        }
        assert_eq!(self.core.mode(), strategy::Mode::Armed);
    }
}

/// Two perpetuals for every base asset, the engine's usual strategy on all of them.
fn plan(instruments: u16) -> strategy::Plan {
    let mut plan = crate::plan::plan(&VENUES, None);
    let first = plan.instruments.list.clone();
    for base in 1..instruments / 2 {
        let asset = plan.instruments.asset(&format!("C{base}")).expect("few enough");
        for like in &first {
            let id = u16::try_from(plan.instruments.list.len()).expect("few enough");
            let symbol = format!("C{base}{}", like.symbol);
            plan.instruments.list.push(Instrument {
                id: InstrumentId(id),
                base: asset,
                symbol,
                ..like.clone()
            });
        }
    }
    plan.strategies[0].instruments = plan.instruments.list.iter().map(|i| i.id).collect();
    plan
}

fn quote(number: u64, markets: u64) -> Record {
    let id = u16::try_from(number % markets).unwrap_or(0);
    let bid = 5_000_000 + i64::try_from(number >> 40 & 0x3f).unwrap_or(0);
    let venue = VENUES[usize::from(id % 2)];
    Input::Quote(Quote {
        venue,
        instrument: InstrumentId(id),
        bid: Price(bid),
        bid_qty: Qty(100_000_000),
        ask: Price(bid + 10),
        ask_qty: Qty(100_000_000),
        venue_time: NOON,
    })
    .record(Stamp(2_000_000_000))
}
