use super::pairs::opened;
use crate::Prepared;
use crate::engine::world::*;
use crate::plan::{Class, Plan};
use crate::risk::Gate;
use base::Money;
use base::input::Action;
use base::output::{AlarmCode, PairReason};

/// The next version of a plan, with a change.
fn next(plan: &Plan, change: impl FnOnce(&mut Plan)) -> Plan {
    let mut next = plan.clone();
    next.version += 1;
    change(&mut next);
    next
}

fn adopt(world: &mut World, plan: &Plan) {
    assert!(world.core.offer(Prepared::new(plan)).is_none());
    world.command_of(Action::Adopt, plan.version);
}

fn size(plan: &mut Plan, whole: i64) {
    for strategy in &mut plan.strategies {
        match &mut strategy.class {
            Class::FundingRate(p) => p.position_size = Money::from_whole(whole),
            Class::Basis(p) => p.position_size = Money::from_whole(whole),
        }
    }
}

#[test]
fn from_the_next_input_on_orders_are_of_the_new_version() {
    let plan = two_perpetuals();
    let mut world = World::ready(&plan);
    adopt(&mut world, &next(&plan, |plan| size(plan, 500)));
    assert_eq!(world.core.take_spare().unwrap().version(), plan.version);
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    assert_eq!([buy.version, sell.version], [plan.version + 1; 2]);
    // 500 USDT at 50,400, in lots of 0.0001.
    assert_eq!(buy.qty.0, 990);
    assert_eq!(world.core.view().version, plan.version + 1);
}

#[test]
fn an_open_pair_ends_by_the_new_parameters() {
    let mut world = opened();
    let plan = world.core.plan().clone();
    world.quote(1, 5_038_000, 5_038_010);
    assert!(world.take().is_empty());
    let strict = next(&plan, |plan| {
        for strategy in &mut plan.strategies {
            if let Class::FundingRate(p) = &mut strategy.class {
                p.stop_loss = base::Rate(1);
            }
        }
    });
    adopt(&mut world, &strict);
    world.quote(1, 5_060_000, 5_060_010);
    let outputs = world.take();
    assert_eq!(changes(&outputs)[0].reason, PairReason::StopLoss);
    assert!(places(&outputs).iter().all(|place| place.version == strict.version));
}

#[test]
fn a_limit_below_what_is_held_is_told_and_only_reductions_pass() {
    let mut world = opened();
    let low = next(&world.core.plan().clone(), |plan| {
        plan.risk.max_position_size = Money::from_whole(600);
    });
    adopt(&mut world, &low);
    assert_eq!(codes(&world.take()), [AlarmCode::LimitPassed]);
    assert_eq!(world.core.view().pairs.len(), 1, "nothing is closed behind anyone's back");
    world.quote(1, 5_000_000, 5_000_010);
    let exits = world.places();
    assert!(exits.iter().all(|place| place.reduce_only));
    for exit in &exits {
        world.fill_all(exit);
    }
    assert_eq!(world.core.counts().pairs_closed, 1);
    world.after(50);
    world.take();
    world.apart();
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::PositionSize), 1);
}

#[test]
fn a_disabled_strategy_opens_nothing_and_looks_after_what_it_has() {
    let mut world = opened();
    let off = next(&world.core.plan().clone(), |plan| plan.strategies[0].enabled = false);
    adopt(&mut world, &off);
    world.quote(1, 5_000_000, 5_000_010);
    for exit in world.places() {
        assert!(exit.reduce_only);
        world.fill_all(&exit);
    }
    world.after(50);
    world.take();
    world.apart();
    assert!(world.places().is_empty(), "it is disabled");
    let on = next(&off, |plan| plan.strategies[0].enabled = true);
    world.core.take_spare();
    adopt(&mut world, &on);
    world.refresh();
    world.after(10);
    world.apart();
    assert_eq!(world.places().len(), 2, "it is enabled again");
}

#[test]
fn what_was_not_made_ready_or_does_not_fit_changes_nothing() {
    let plan = two_perpetuals();
    let mut world = World::ready(&plan);
    world.take();
    world.command_of(Action::Adopt, plan.version + 1);
    assert_eq!(codes(&world.take()), [AlarmCode::BadInput]);
    let other = next(&spot_and_perpetual(), |_| ());
    let other_start = next(&plan, |plan| plan.epoch += 1);
    for strange in [&other, &other_start] {
        assert!(!Prepared::new(strange).fits(&plan));
        adopt(&mut world, strange);
        assert_eq!(world.core.take_spare().unwrap().version(), strange.version);
        assert_eq!(world.core.plan(), &plan);
    }
    // Ready is one version, asked for is another.
    let fits = next(&plan, |_| ());
    world.core.offer(Prepared::new(&fits));
    world.command_of(Action::Adopt, fits.version + 1);
    assert_eq!(world.core.counts().bad_inputs, 4);
    assert_eq!(world.core.plan(), &plan);
}

#[test]
fn the_same_plan_under_another_version_changes_nothing_but_the_version() {
    let play = |adopting: bool| {
        let plan = two_perpetuals();
        let mut world = World::ready(&plan);
        if adopting {
            adopt(&mut world, &next(&plan, |_| ()));
        } else {
            world.command_of(Action::Arm, plan.version);
        }
        world.take();
        world.apart();
        let orders = world.both().map(|order| (order.instrument, order.qty, order.price));
        (orders, world.core.counts().inputs)
    };
    assert_eq!(play(true), play(false));
}
