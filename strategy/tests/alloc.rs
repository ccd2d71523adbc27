//! The core and its stage allocate nothing after they were made: counted over a hundred thousand
//! mixed events.

#[path = "world/mod.rs"]
mod world;

use base::input::{OrderStatus, RejectClass};
use base::output::Place;
use base::{Clock, Product, Record, Stage, Stamp, VenueId, WallNs};
use rings::{Full, ring};
use strategy::stage::{Instruments, Links, StrategyStage};
use strategy::{Core, Outputs, Plan, Prepared};
use telemetry::alloc::{Calls, CountingAllocator, counted};
use telemetry::{NoticeSender, Writer};
use world::World;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const NOTHING: Calls = Calls { allocations: 0, frees: 0 };

fn plan() -> Plan {
    let markets = [
        (VenueId::Okx, Product::Spot),
        (VenueId::Okx, Product::Perpetual),
        (VenueId::Bybit, Product::Perpetual),
        (VenueId::BinanceUsdm, Product::Perpetual),
    ];
    let mut plan = world::plan(&markets, 2);
    plan.risk.max_opens_per_minute = u16::MAX;
    plan
}

/// Days of trading in miniature: pairs open, are hedged, close; funding, refusals, readings between.
fn script(events: usize) -> Vec<Record> {
    let mut world = World::ready(&plan());
    world.take();
    let mut round = 0_i64;
    while world.inputs.len() < events {
        round += 1;
        let wide = if round % 7 < 3 { 30_000 } else { 0 };
        for id in 0..8_u16 {
            let shift = if id % 4 >= 2 { wide } else { 0 };
            let bid = 5_000_000 + shift + (round * 37 % 11) * 10;
            world.quote(id, bid, bid + 10);
        }
        world.funding(u16::try_from(1 + round % 3).unwrap(), round % 400 - 200, 8);
        let orders = world.places();
        for (n, place) in (0_i64..).zip(&orders) {
            answer(&mut world, place, (round + n) % 5);
        }
        world.wall = WallNs(world.wall.0 + 60_000_000_000);
        world.after(3);
        if round % 50 == 0 {
            world.reconcile(VenueId::Okx, &[]);
        }
    }
    let counts = world.core.counts();
    assert!(
        counts.pairs_opened > 20 && counts.pairs_closed > 20,
        "{counts:?} {:?}",
        world.core.view().refusals
    );
    world.inputs
}

fn answer(world: &mut World, place: &Place, how: i64) {
    match how {
        0 => world.expire(place, place.qty.0 / 20 * 10),
        1 => world.reject(place, RejectClass::Unavailable),
        2 => {
            world.state(place, OrderStatus::Filled, place.qty.0);
            world.fill(place, place.qty.0);
        }
        _ => world.fill_all(place),
    }
}

#[test]
fn the_counter_counts() {
    let (_, calls) = counted(|| drop(core::hint::black_box(Box::new(1_u64))));
    assert_eq!(calls, Calls { allocations: 1, frees: 1 });
}

#[test]
fn a_hundred_thousand_mixed_events_allocate_nothing() {
    let inputs = script(100_000);
    let mut core = Core::new(&plan());
    let mut out = Outputs::new();
    let (outputs, calls) = counted(|| {
        let mut outputs = 0;
        for record in &inputs {
            out.clear();
            core.step(record, &mut out);
            outputs += out.as_slice().len();
        }
        outputs
    });
    assert_eq!(calls, NOTHING);
    assert!(outputs > 1000, "{outputs}");
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Stamp {
        Stamp(0)
    }
    fn wall(&self) -> WallNs {
        world::NOON
    }
}

#[test]
fn turns_of_the_stage_allocate_nothing() {
    let inputs = script(20_000);
    let (mut market, market_in) = ring("md", 64, Full::DropNew);
    let (_reports, reports_in) = ring("ack", 64, Full::Halt);
    let (_commands, commands) = ring("cmd", 8, Full::Halt);
    let (mut adopt, versions) = ring("versions", 64, Full::Halt);
    let (retired, mut free) = ring("retired", 64, Full::Halt);
    let (orders, mut orders_in) = ring("ord", 64, Full::Halt);
    let links = Links {
        reports: vec![reports_in],
        market: vec![market_in],
        commands,
        versions,
        retired,
        routes: [Some(0); VenueId::COUNT],
        gateways: vec![orders],
        gauges: Vec::new(),
    };
    let tools =
        Instruments { journal: None, meter: Writer::detached(), notices: NoticeSender::detached() };
    let mut stage = StrategyStage::new(Core::new(&plan()), links, tools, Still);
    for step in 1..=40 {
        let next = Plan { version: plan().version + step, ..plan() };
        adopt.push(Prepared::new(&next)).unwrap();
    }
    let (sent, calls) = counted(|| {
        let mut sent = 0;
        for record in &inputs {
            market.push(*record).unwrap();
            stage.turn(record.stamp);
            stage.housekeep(record.stamp);
            while orders_in.pop().is_some() {
                sent += 1;
            }
        }
        sent
    });
    assert_eq!(calls, NOTHING);
    assert!(sent > 100, "{sent}");
    assert_eq!(stage.core().plan().version, plan().version + 40);
    let retired = std::iter::from_fn(|| free.pop()).count();
    assert_eq!(retired, 40, "freed elsewhere");
}
