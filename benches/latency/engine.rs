//! The engine's real stages on one bench: feeds, the core behind its door, gateways, joined by the real rings
//! as `src/wiring.rs` joins them, driven as the runner drives a fused thread. Only the sockets are replaced.

mod bring_up;

use crate::channel::{LeapClock, Pipe, Venue};
use crate::plan::{EVER, Eager, plan};
use crate::venue_side;
use base::input::Command;
use base::{Clock as _, Instance, InstrumentId, Record, Span, Stage as _, Stamp, VenueId, Work};
use feeds::message::Level;
use feeds::plan::Line;
use feeds::symbols::Row;
use feeds::{Answer, FeedErrands, FeedOptions, FeedPlan, FeedStage, FeedTells, Silence};
use gateway::rest::{Job, Reply};
use gateway::{DeskParts, GatewayStage, Settings, StageParts};
use net::{ErrandHandle, ErrandPeer};
use rings::{Fence, Flag, Full, Sender, ring};
use std::sync::Arc;
use strategy::plan::Plan;
use strategy::stage::{Instruments as Tools, Links, StrategyStage};
use strategy::{Core, Counts};
use telemetry::{NoticeSender, Page, Snapshot, Writer};
use venue::Endpoints;
use venue::credentials::Credentials;

/// Turns a stage may have in a round, as the runner gives them.
const TURNS: usize = 64;
/// Between two trades: every budget of every venue is whole again.
const REST: Span = Span::from_secs(11);
/// Stages that share a thread's groups, in the topology's order.
const GROUPS: [(&str, &[VenueId]); 3] = [
    ("binance", &[VenueId::BinanceSpot, VenueId::BinanceUsdm]),
    ("okx", &[VenueId::Okx]),
    ("bybit", &[VenueId::Bybit]),
];

/// The desk of one venue as the bench plays its other side.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) venue: VenueId,
    pub(crate) orders: Venue,
    account: Option<Venue>,
    errands: ErrandPeer<Job, Reply>,
    answered: u64,
}

/// Everything of one run but the strategy's stage, which may live on another thread.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) clock: LeapClock,
    pub(crate) feeds: Vec<FeedStage<Pipe, LeapClock>>,
    pub(crate) gateways: Vec<GatewayStage<Pipe, LeapClock>>,
    pub(crate) lines: Vec<(Line, Venue)>,
    pub(crate) desks: Vec<Desk>,
    errands: Vec<(ErrandPeer<feeds::Job, Answer>, ErrandPeer<feeds::Job, Answer>)>,
    inputs: Sender<Record>,
    commands: Sender<Command>,
    venues: Vec<VenueId>,
    bookless: bool,
    eager: Option<Eager>,
    /// Books a stage has asked for that the capture has not shown yet.
    snapshots_wanted: Vec<Row>,
    page: Page,
    /// Rises with every quote.
    pub(crate) number: u64,
}

/// The strategy's stage.
pub(crate) type Brain = StrategyStage<LeapClock>;

/// How a run differs from the usual one.
#[derive(Clone, Default)]
pub(crate) struct Wish {
    /// Trade whenever there is something to earn.
    pub(crate) eager: Option<Eager>,
    /// The order connection of the first venue, and its quotes, go over this link.
    pub(crate) wire: Option<crate::channel::Wire>,
    /// The books come from a capture, which the bench plays itself.
    pub(crate) bookless: bool,
}

impl Engine {
    /// The stages, joined, logged on, with known books, reconciled and armed.
    pub(crate) fn start(
        clock: LeapClock,
        venues: &[VenueId],
        wish: &Wish,
        journal: Option<journal::Writer>,
    ) -> (Self, Brain) {
        let plan = plan(venues, wish.eager);
        assert_eq!(plan.faults(), [], "a plan that may run");
        let folder = tempfile::tempdir().expect("a folder");
        let stages = ["feed-0", "feed-1", "feed-2", "gw-0", "gw-1", "gw-2", "strategy"];
        let page = Page::create(&folder.path().join("page"), &stages).expect("a page");
        let (inputs, given) = ring("bench", 1024, Full::Halt);
        let (commands, orders) = ring("commands", 16, Full::Halt);
        let (_, versions) = ring("versions", 1, Full::Halt);
        let (retired, _) = ring("retired", 1, Full::Halt);
        let mut links = Links {
            reports: vec![given],
            market: Vec::new(),
            commands: orders,
            versions,
            retired,
            routes: [None; VenueId::COUNT],
            gateways: Vec::new(),
            gauges: Vec::new(),
        };
        let mut engine = Self {
            clock: clock.clone(),
            feeds: Vec::new(),
            gateways: Vec::new(),
            lines: Vec::new(),
            desks: Vec::new(),
            errands: Vec::new(),
            inputs,
            commands,
            venues: venues.to_vec(),
            bookless: wish.bookless,
            eager: wish.eager,
            snapshots_wanted: Vec::new(),
            page,
            number: 10,
        };
        for (_, group) in GROUPS {
            let group: Vec<VenueId> =
                group.iter().copied().filter(|v| venues.contains(v)).collect();
            if !group.is_empty() {
                engine.add_feed(&group, &plan, wish, &mut links);
                engine.add_gateway(&group, &plan, wish, &mut links);
            }
        }
        let tools =
            Tools { journal, meter: engine.meter("strategy"), notices: NoticeSender::detached() };
        let mut brain = StrategyStage::new(Core::new(&plan), links, tools, clock);
        engine.bring_up(&mut brain);
        (engine, brain)
    }

    fn add_feed(&mut self, group: &[VenueId], plan: &Plan, wish: &Wish, links: &mut Links) {
        let quiet = Silence {
            best: Span(0),
            book: Span(0),
            mark: Span(0),
            index: Span(0),
            funding: Span(0),
        };
        let options = FeedOptions {
            age_max: EVER,
            silence: [quiet; VenueId::COUNT],
            ..FeedOptions::default()
        };
        let endpoints = Endpoints::production;
        let feed = FeedPlan::new("feed", group, &plan.instruments, endpoints, &options);
        let mut pipes = Vec::new();
        for session in &feed.sessions {
            let (mut pipe, venue) = Pipe::pair(&self.clock);
            let quotes = session.line != Line::UsdmMarket;
            if let Some(wire) = wish.wire.clone().filter(|_| quotes && self.feeds.is_empty()) {
                pipe.read_from(wire);
            }
            pipes.push(pipe);
            self.lines.push((session.line, venue));
        }
        let (data, data_peer) = ErrandHandle::pair(1024);
        let (time, time_peer) = ErrandHandle::pair(64);
        self.errands.push((time_peer, data_peer));
        let (records, market) = ring("md-bench", 8192, Full::DropNew);
        links.market.push(market);
        let name = format!("feed-{}", self.feeds.len());
        let tells = FeedTells {
            records,
            clocks: None,
            page: self.meter(&name),
            notices: NoticeSender::detached(),
            gauges: [None, None],
        };
        let errands = FeedErrands { clock: time, data };
        let stage = FeedStage::new(feed, options, pipes, errands, tells, self.clock.clone());
        self.feeds.push(stage);
    }

    fn add_gateway(&mut self, group: &[VenueId], plan: &Plan, wish: &Wish, links: &mut Links) {
        let (intents, intents_out) = ring("ord-bench", 256, Full::Halt);
        let (reports_in, reports) = ring("rep-bench", 4096, Full::Halt);
        let mut parts = Vec::new();
        for venue in group {
            links.routes[venue.index()] = Some(links.gateways.len());
            let (mut orders, orders_peer) = Pipe::pair(&self.clock);
            if let Some(wire) = wish.wire.clone().filter(|_| self.gateways.is_empty()) {
                orders.send_on(wire);
            }
            let two = matches!(venue, VenueId::BinanceUsdm | VenueId::Bybit);
            let (account, account_peer) = Pipe::pair(&self.clock);
            let (errands, errands_peer) = ErrandHandle::pair(1024);
            parts.push(DeskParts {
                venue: *venue,
                instruments: &plan.instruments,
                instance: Instance::new("ARB1").expect("legal"),
                credentials: Arc::new(credentials()),
                settings: settings(),
                orders,
                account: two.then_some(account),
                errands,
            });
            self.desks.push(Desk {
                venue: *venue,
                orders: orders_peer,
                account: two.then_some(account_peer),
                errands: errands_peer,
                answered: 0,
            });
        }
        links.gateways.push(intents);
        links.reports.push(reports);
        let name = format!("gw-{}", self.gateways.len());
        let parts_of_stage = StageParts {
            name: "gw-bench",
            intents: intents_out,
            reports: reports_in,
            clocks: None,
            gauge: None,
            kill: Flag::new(),
            fence: Fence::none(),
            clock: self.clock.clone(),
            page: self.meter(&name),
            notices: NoticeSender::detached(),
        };
        self.gateways.push(GatewayStage::open(parts_of_stage, parts).expect("a legal desk"));
    }

    /// Housekeeping and a turn of everything, a few milliseconds later.
    fn pass(&mut self, brain: &mut Brain) {
        self.clock.leap(Span::from_millis(5).0);
        let now = self.clock.now();
        for feed in &mut self.feeds {
            feed.housekeep(now);
            feed.turn(now);
        }
        self.give_errands();
        for gateway in &mut self.gateways {
            gateway.housekeep(now);
            gateway.turn(now);
        }
        brain.housekeep(now);
        brain.turn(now);
        for gateway in &mut self.gateways {
            gateway.turn(now);
        }
    }

    /// The connection a venue's quotes and books come on.
    pub(crate) fn line(&self, venue: VenueId) -> &Venue {
        let is_it = |line: Line| {
            line.venue() == venue && line != Line::UsdmMarket && line != Line::BybitSpot
        };
        &self.lines.iter().find(|(line, _)| is_it(*line)).expect("a venue of this run").1
    }

    /// The text of the next quote of the `at`-th venue around a price.
    pub(crate) fn quote(&mut self, at: usize, price: f64) -> String {
        self.number += 1;
        let time = self.clock.wall().millis();
        venue_side::quote(self.venues[at], self.number, time, price, price + 0.1)
    }

    pub(crate) fn say_quote(&mut self, at: usize, price: f64) {
        let text = self.quote(at, price);
        self.line(self.venues[at]).say(&text);
    }

    /// One round of a fused thread, as the runner gives it: a feed that read something lets the strategy
    /// react, which lets the gateways react.
    #[inline(always)]
    pub(crate) fn round(&mut self, brain: &mut Brain, now: Stamp) -> [Stamp; 2] {
        let mut marks = [Stamp(0); 2];
        let mut now = now;
        for feed in &mut self.feeds {
            // bound: as the runner's
            for _ in 0..TURNS {
                if matches!(feed.turn(now), Work::Done(_)) {
                    let read = self.clock.now();
                    if matches!(brain.react(read), Work::Done(_)) {
                        let decided = self.clock.now();
                        for gateway in &mut self.gateways {
                            gateway.react(decided);
                        }
                        marks = if marks[1] == Stamp(0) { [read, decided] } else { marks };
                    } else if marks[0] == Stamp(0) {
                        marks[0] = read;
                    }
                    now = self.clock.now();
                }
                if !feed.has_more() {
                    break;
                }
            }
        }
        marks
    }

    /// Every order that was sent is acknowledged and over, without a fill.
    pub(crate) fn expire_orders(&mut self) -> usize {
        let mut count = 0;
        for desk in &mut self.desks {
            if desk.orders.sent() == desk.answered {
                continue;
            }
            desk.answered = desk.orders.sent();
            let order = desk.orders.last_text();
            let Some([ack, end]) = venue_side::expired(desk.venue, &order) else { continue };
            desk.orders.say(&ack);
            desk.account.as_ref().unwrap_or(&desk.orders).say(&end);
            count += 1;
        }
        count
    }

    /// Price, size and side of the first venue's last order, which do not depend on the time of day.
    pub(crate) fn order(&self) -> String {
        let text = self.desks[0].orders.last_text();
        ["price", "quantity", "px", "sz", "qty", "side"]
            .iter()
            .filter_map(|key| venue_side::field(&text, key))
            .collect()
    }

    /// The gateways read what the venues said.
    pub(crate) fn hear(&mut self) {
        let now = self.clock.now();
        for gateway in &mut self.gateways {
            gateway.turn(now);
        }
    }

    /// Ends what was opened and lets the budgets fill.
    pub(crate) fn settle(&mut self, brain: &mut Brain) {
        self.expire_orders();
        self.hear();
        brain.turn(self.clock.now());
        self.clock.leap(REST.0);
        self.say_quote(0, 61_800.0);
        let now = self.clock.now();
        for feed in &mut self.feeds {
            feed.turn(now);
        }
        brain.turn(now);
    }

    /// A stage's block of the page.
    fn meter(&self, stage: &str) -> Writer {
        self.page.writer(stage).expect("each stage takes its block once")
    }

    /// What all stages counted so far; gauges and counters of feeds as of their last housekeeping.
    pub(crate) fn counted(&self) -> Snapshot {
        self.page.reader().expect("the page that was made").snapshot()
    }

    /// Housekeeping of everything, as the runner gives it every hundred microseconds.
    pub(crate) fn housekeep(&mut self, brain: &mut Brain) {
        let now = self.clock.now();
        for feed in &mut self.feeds {
            feed.housekeep(now);
        }
        self.give_errands();
        for gateway in &mut self.gateways {
            gateway.housekeep(now);
        }
        brain.housekeep(now);
    }

    /// A book of the capture: given when a stage has asked for it; says whether one had.
    pub(crate) fn give_snapshot(&mut self, row: Row, last: i64, sides: [&[Level]; 2]) -> bool {
        let Some(at) = self.snapshots_wanted.iter().position(|wanted| *wanted == row) else {
            return false;
        };
        self.snapshots_wanted.swap_remove(at);
        let Some((_, data)) = self.errands.first_mut() else { return false };
        data.answer(Answer::Begin { row, last_update: last }).expect("room");
        for (bids, side) in [true, false].into_iter().zip(sides) {
            for part in side.chunks(feeds::errand::PIECE) {
                let mut levels = [Level::default(); feeds::errand::PIECE];
                levels[..part.len()].copy_from_slice(part);
                let count = u8::try_from(part.len()).expect("a piece");
                data.answer(Answer::Levels { row, bids, count, levels }).expect("room");
            }
        }
        data.answer(Answer::End { row, cut: true }).expect("room");
        true
    }

    /// The leaps of a run on two threads.
    pub(crate) fn rest(&self) {
        self.clock.leap(REST.0);
    }
}

/// What keeps the core from trading, for a bench that waits for an order in vain.
pub(crate) fn why(engine: &Engine, brain: &Brain) -> String {
    let core = brain.core();
    let refused: Vec<_> = strategy::Gate::ALL
        .iter()
        .map(|gate| (gate, core.refused(*gate)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let touch: Vec<_> = (0..engine.venues.len())
        .map(|at| core.touch(InstrumentId(u16::try_from(at).unwrap_or(0))))
        .collect();
    let known = engine.counted().total(telemetry::Counter::FeedBooksKnown);
    format!(
        "{:?}, refused {refused:?}, books known {known}, touch {touch:?}, {:?}",
        core.mode(),
        core.counts()
    )
}

/// What the core counted.
pub(crate) fn counts(brain: &Brain) -> Counts {
    *brain.core().counts()
}

/// Nothing but orders: no reconciliation comes between two measurements.
fn settings() -> Settings {
    Settings {
        dead_man: None,
        reconcile_every: EVER,
        reconcile_idle_every: EVER,
        ..Settings::default()
    }
}

fn credentials() -> Credentials {
    let key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
    Credentials::new(
        key,
        "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
        Some("phrase"),
    )
    .expect("a legal key")
}
