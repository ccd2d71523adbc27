use super::*;
use crate::engine::world::{self, World};
use base::input::{Action, BookHealth, BookState, ClockState, Quote, SessionState};
use base::{Money, Price, Qty, WallNs};
use journal::{Journal as Journals, Keeper, Options, Reader};
use rings::{Full, ring};
use std::path::Path;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Stamp {
        Stamp(0)
    }
    fn wall(&self) -> WallNs {
        world::NOON
    }
}

struct Bench {
    stage: StrategyStage<Still>,
    market: Sender<Record>,
    reports: Sender<Record>,
    commands: Sender<Command>,
    versions: Sender<Prepared>,
    retired: Receiver<Prepared>,
    gateway: Receiver<Record>,
    alive: Fence,
}

fn bench(core: Core, journal: Option<Journal>, gateway_depth: usize) -> Bench {
    let (market, market_in) = ring("md", 4096, Full::DropNew);
    let (reports, reports_in) = ring("ack", 256, Full::Halt);
    let (commands, commands_in) = ring("cmd", 8, Full::Halt);
    let (versions, versions_in) = ring("versions", 4, Full::Halt);
    let (retired_out, retired) = ring("retired", 2, Full::Halt);
    let (gateway_out, gateway) = ring("ord", gateway_depth, Full::Halt);
    let links = Links {
        reports: vec![reports_in],
        market: vec![market_in],
        commands: commands_in,
        versions: versions_in,
        retired: retired_out,
        routes: [Some(0); VenueId::COUNT],
        gateways: vec![gateway_out],
        gauges: Vec::new(),
    };
    let tools =
        Instruments { journal, meter: Writer::detached(), notices: NoticeSender::detached() };
    let alive = Fence::shut();
    Bench {
        stage: StrategyStage::new(core, links, tools, Still).with_alive(alive.clone()),
        market,
        reports,
        commands,
        versions,
        retired,
        gateway,
        alive,
    }
}

/// Everything a core needs to be ready, as records at `at`.
fn readiness(at: Stamp) -> Vec<Record> {
    let mut records = Vec::new();
    let mut give = |input: Input| records.push(input.record(at));
    for (venue, id) in [(VenueId::Okx, 0), (VenueId::Bybit, 1)] {
        let up = SessionState { venue, orders: true, slow: false, account: true, budget: true };
        give(Input::SessionState(up));
        let bound = Span::from_millis(5);
        give(Input::ClockState(ClockState { venue, offset_ns: 0, bound }));
        give(Input::BookState(BookState {
            venue,
            instrument: InstrumentId(id),
            state: BookHealth::Known,
        }));
        for phase in [base::input::ReconcilePhase::Begin, base::input::ReconcilePhase::End] {
            let total = Money::from_whole(100_000);
            let asset = world::USDT;
            give(Input::Reconcile(base::input::Reconcile { venue, phase }));
            let available = Some(total);
            give(Input::Balance(base::input::Balance { venue, asset, total, available }));
        }
        give(Input::Reconcile(base::input::Reconcile {
            venue,
            phase: base::input::ReconcilePhase::Begin,
        }));
        let total = Money::from_whole(100_000);
        let balance =
            base::input::Balance { venue, asset: world::USDT, total, available: Some(total) };
        give(Input::Balance(balance));
        give(Input::Reconcile(base::input::Reconcile {
            venue,
            phase: base::input::ReconcilePhase::End,
        }));
        give(Input::Funding(base::input::Funding {
            venue,
            instrument: InstrumentId(id),
            rate: base::Rate::ZERO,
            interval: Some(Span::from_secs(28_800)),
            next: WallNs(world::NOON.0 + 3_600_000_000_000),
            venue_time: world::NOON,
        }));
    }
    records
}

fn quote(venue: VenueId, id: u16, bid: i64, at: Stamp) -> Record {
    let quote = Quote {
        venue,
        instrument: InstrumentId(id),
        bid: Price(bid),
        bid_qty: Qty(100_000),
        ask: Price(bid + 10),
        ask_qty: Qty(100_000),
        venue_time: world::NOON,
    };
    Input::Quote(quote).record(at)
}

impl Bench {
    /// Makes the core ready and armed at `at`.
    fn prepare(&mut self, at: Stamp) {
        self.stage.turn(at);
        for record in readiness(at) {
            self.reports.push(record).unwrap();
        }
        self.commands.push(Command { action: Action::Arm, version: 3 }).unwrap();
        self.drain(at);
    }

    /// Two books far enough apart to trade on.
    fn apart(&mut self, at: Stamp) {
        self.market.push(quote(VenueId::Okx, 0, 4_999_990, at)).unwrap();
        self.market.push(quote(VenueId::Bybit, 1, 5_040_000, at)).unwrap();
    }

    fn drain(&mut self, at: Stamp) {
        // bound: fewer turns than records
        for _ in 0..100 {
            if self.stage.turn(at) == Work::Idle {
                return;
            }
        }
        panic!("never idle");
    }
}

fn open_journal(dir: &Path, segment_bytes: usize) -> (Journal, Keeper) {
    let options = Options { reserve_bytes: 0, ..Options::new(segment_bytes) };
    let instance = base::Instance::new("TEST").unwrap();
    let opened = Journals::open_with(dir, instance, options, |_| b"{}".to_vec()).unwrap();
    (opened.writer, opened.keeper)
}

#[test]
fn orders_reach_the_gateway_of_their_venue() {
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&world::two_perpetuals()), None, 64);
    bench.prepare(at);
    bench.apart(at);
    bench.drain(at);
    let mut kinds = Vec::new();
    while let Some(record) = bench.gateway.pop() {
        kinds.push((record.kind().unwrap(), record.venue));
    }
    let place = base::Kind::Place;
    assert_eq!(kinds, [(place, VenueId::Okx as u8), (place, VenueId::Bybit as u8)]);
    bench.stage.housekeep(at);
    let meter = &bench.stage.tools.meter;
    assert_eq!(meter.get(Counter::CoreInputs), bench.stage.core().inputs());
    assert_eq!(meter.get(Counter::CoreArmed), 1);
    assert_eq!(meter.get(Counter::CorePairs), 1);
}

#[test]
fn an_adoption_is_journalled_and_gives_the_version_before_back() {
    let dir = tempfile::tempdir().unwrap();
    let plan = world::two_perpetuals();
    let (writer, _keeper) = open_journal(dir.path(), 1 << 20);
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&plan), Some(writer), 64);
    bench.prepare(at);
    let next = crate::Plan { version: plan.version + 1, ..plan.clone() };
    let after = crate::Plan { version: plan.version + 2, ..plan.clone() };
    for plan in [&next, &after] {
        bench.versions.push(Prepared::new(plan)).unwrap();
    }
    bench.apart(at);
    bench.drain(at);
    assert_eq!(bench.retired.pop().unwrap().version(), plan.version);
    assert_eq!(bench.retired.pop().unwrap().version(), next.version);
    assert_eq!(bench.stage.core().plan(), &after);
    assert_eq!(bench.stage.tools.meter.count(Hist::Adoption), 2);
    let journal = Reader::open(dir.path()).unwrap();
    let records: Vec<_> = journal.from(0).unwrap().map(|entry| entry.unwrap().record).collect();
    let adopted = |record: &&Record| match Input::read(record) {
        Ok(Input::Command(command)) => command.action == Action::Adopt,
        _ => false,
    };
    assert_eq!(records.iter().filter(adopted).count(), 2);
    let placed = |record: &Record| match base::Output::read(record) {
        Ok(base::Output::Place(place)) => Some(place.version),
        _ => None,
    };
    assert!(records.iter().filter_map(placed).all(|version| version == after.version));
}

#[test]
fn while_nobody_takes_the_old_versions_no_new_one_is_adopted() {
    let plan = world::two_perpetuals();
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&plan), None, 64);
    for step in 1..=4 {
        let next = crate::Plan { version: plan.version + step, ..plan.clone() };
        bench.versions.push(Prepared::new(&next)).unwrap();
        bench.drain(at);
    }
    assert_eq!(bench.stage.core().plan().version, plan.version + 2);
    assert!(bench.retired.pop().is_some() && bench.retired.pop().is_some());
    bench.drain(at);
    assert_eq!(bench.stage.core().plan().version, plan.version + 4);
}

#[test]
fn the_journal_replays_to_the_same_hash_and_outputs() {
    let dir = tempfile::tempdir().unwrap();
    let plan = world::two_perpetuals();
    let (writer, _keeper) = open_journal(dir.path(), 1 << 20);
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&plan), Some(writer), 64);
    bench.prepare(at);
    bench.apart(at);
    bench.drain(at);
    let hash = bench.stage.core().hash();
    drop(bench);
    let reader = Reader::open(dir.path()).unwrap();
    let mut core = Core::new(&plan);
    let mut out = Outputs::new();
    let mut expected: Vec<Record> = Vec::new();
    let mut orders = 0;
    for entry in reader.from(reader.first()).unwrap() {
        let record = Record { seal: 0, ..entry.unwrap().record };
        if record.kind().unwrap().is_input() {
            assert!(expected.is_empty(), "an output is missing in the journal");
            out.clear();
            core.step(&record, &mut out);
            expected = out.as_slice().to_vec();
        } else {
            assert_eq!(record, expected.remove(0));
            orders += usize::from(record.kind() == Some(base::Kind::Place));
        }
    }
    assert_eq!((core.hash(), orders), (hash, 2));
}

#[test]
fn a_full_gateway_ring_holds_everything_back_and_loses_nothing() {
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&world::two_perpetuals()), None, 1);
    bench.prepare(at);
    bench.apart(at);
    assert_eq!(bench.stage.turn(at), Work::Backpressured);
    let consumed = bench.stage.core().inputs();
    bench.market.push(quote(VenueId::Okx, 0, 4_999_980, at)).unwrap();
    assert_eq!(bench.stage.turn(at), Work::Backpressured);
    assert_eq!(bench.stage.core().inputs(), consumed, "nothing is consumed meanwhile");
    let first = bench.gateway.pop().unwrap();
    assert_ne!(bench.stage.turn(at), Work::Backpressured);
    let second = bench.gateway.pop().unwrap();
    assert_eq!((first.venue, second.venue), (VenueId::Okx as u8, VenueId::Bybit as u8));
    assert!(bench.stage.core().inputs() > consumed);
}

#[test]
fn an_order_that_waited_too_long_is_refused_here() {
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&world::two_perpetuals()), None, 1);
    bench.prepare(at);
    bench.apart(at);
    assert_eq!(bench.stage.turn(at), Work::Backpressured);
    let late = at + Span::from_millis(251);
    let first = bench.gateway.pop().unwrap();
    bench.stage.turn(late);
    assert_eq!(first.venue, VenueId::Okx as u8);
    let mut kinds = Vec::new();
    while let Some(record) = bench.gateway.pop() {
        kinds.push(record.kind().unwrap());
        bench.stage.turn(late);
    }
    assert_eq!(kinds, [base::Kind::Query], "a question about the first, and no second order");
    assert_eq!(bench.stage.core().counts().orders_rejected, 1);
}

#[test]
fn a_full_journal_stops_everything_new_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // A page of header and 512 records; the keeper never makes another segment ready.
    let (writer, mut keeper) = open_journal(dir.path(), 4096 + 512 * 64);
    let at = Stamp(1_000_000_000);
    let mut bench = bench(Core::new(&world::two_perpetuals()), Some(writer), 64);
    bench.prepare(at);
    let mut backpressured = false;
    for n in 0..2000 {
        bench.market.push(quote(VenueId::Okx, 0, 4_000_000 + n, at)).unwrap();
        backpressured |= bench.stage.turn(at) == Work::Backpressured;
    }
    assert!(backpressured);
    let consumed = bench.stage.core().inputs();
    // Nobody behind it takes it to be alive for long.
    let later = at + Span::from_secs(2);
    bench.stage.turn(later);
    bench.stage.housekeep(later);
    assert_eq!(bench.stage.core().inputs(), consumed);
    assert!(bench.alive.is_open(at) && !bench.alive.is_open(later));
    for _ in 0..50 {
        keeper.turn().unwrap();
        bench.stage.turn(at);
    }
    assert!(bench.stage.core().inputs() > consumed, "it goes on when there is room");
    bench.stage.housekeep(at);
    assert!(bench.stage.tools.meter.get(Counter::JournalFull) > 0);
}

#[test]
fn time_comes_every_millisecond_of_the_runner() {
    let mut bench = bench(Core::new(&world::two_perpetuals()), None, 64);
    for micros in 0..5000 {
        bench.stage.turn(Stamp(1_000_000_000 + micros * 1000));
    }
    assert_eq!(bench.stage.core().inputs(), 5);
    assert!(bench.alive.is_open(Stamp(1_005_000_000)));
}

#[test]
fn a_turn_never_exceeds_its_burst() {
    let mut bench = bench(Core::new(&world::two_perpetuals()), None, 64);
    let at = Stamp(1_000_000_000);
    for n in 0..300 {
        bench.market.push(quote(VenueId::Okx, 0, 4_000_000 + n, at)).unwrap();
    }
    assert_eq!(bench.stage.turn(at), Work::Done(64));
}

#[test]
fn the_world_of_the_tests_is_the_stage_of_the_tests() {
    // The readiness above is enough to trade: the same as the world's own.
    let mut world = World::new(&world::two_perpetuals());
    let at = Stamp(1_000_000_000);
    let timer = Input::Timer(Timer { wall: world::NOON }).record(at);
    world.give_record(timer);
    for record in readiness(at) {
        world.give_record(record);
    }
    world.command(Action::Arm);
    world.take();
    world.apart();
    assert_eq!(world.places().len(), 2);
}
