use crate::engine::world::*;
use crate::plan::{Alert, AlertAction, Limit, Plan};
use crate::risk::{Gate, Mode, share_of};
use base::input::{Action, Input};
use base::output::{AlarmCode, PairReason};
use base::{Money, Output, Rate, VenueId, WallNs};

fn watched(limit: Limit, threshold: i64, action: AlertAction) -> Plan {
    let mut plan = two_perpetuals();
    let threshold = Rate(threshold * 10_000_000_000);
    plan.risk.alerts.push(Alert { limit, threshold, action });
    plan
}

fn opened(plan: &Plan) -> World {
    let mut world = World::ready(plan);
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.fill_all(&sell);
    world.take();
    world
}

#[test]
fn a_warning_is_told_once_and_again_after_it_was_over() {
    let mut plan = watched(Limit::Position, 80, AlertAction::Warn);
    plan.risk.max_position_size = Money::from_whole(1200);
    let mut world = opened(&plan);
    world.after(300);
    assert_eq!(codes(&world.take()), [AlarmCode::LimitNear]);
    assert_eq!(world.core.mode(), Mode::Armed);
}

#[test]
fn a_limit_that_reduces_closes_the_newest_pair_and_opens_nothing() {
    let mut plan = watched(Limit::Position, 90, AlertAction::ReducePosition);
    plan.risk.max_position_size = Money::from_whole(1100);
    let mut world = opened(&plan);
    world.refresh();
    world.after(110);
    let outputs = world.take();
    assert!(codes(&outputs).contains(&AlarmCode::ReducePosition));
    assert_eq!(changes(&outputs)[0].reason, PairReason::Risk);
    for exit in places(&outputs) {
        assert!(exit.reduce_only);
        world.fill_all(&exit);
    }
    assert_eq!(world.core.counts().pairs_closed, 1);
}

#[test]
fn a_broken_limit_halts_until_armed_by_hand() {
    let mut plan = watched(Limit::DailyLoss, 80, AlertAction::EmergencyStop);
    plan.risk.max_daily_loss = Money::from_whole(4);
    let mut world = opened(&plan);
    // The short leg runs away: 0.0198 x 200 is 3.96.
    world.quote(1, 5_058_000, 5_058_010);
    world.after(110);
    let outputs = world.take();
    assert!(codes(&outputs).contains(&AlarmCode::EmergencyStop));
    assert!(outputs.iter().any(|o| matches!(o, Output::CancelAll(_))));
    assert_eq!(world.core.mode(), Mode::Halted);
    world.after(500);
    assert_eq!(world.core.mode(), Mode::Halted);
    world.command(Action::Arm);
    assert_eq!(world.core.mode(), Mode::Armed);
}

#[test]
fn the_day_begins_at_midnight_utc() {
    let mut plan = two_perpetuals();
    plan.risk.max_daily_loss = Money::from_whole(4);
    let mut world = opened(&plan);
    world.quote(1, 5_060_000, 5_060_010);
    world.after(110);
    assert!(world.core.risk.used(Limit::DailyLoss) > Rate::ZERO);
    // Twelve hours on: another day, and yesterday's loss is yesterday's.
    world.wall = WallNs(NOON.0 + 12 * 3_600_000_000_000);
    world.after(110);
    assert_eq!(world.core.risk.used(Limit::DailyLoss), Rate::ZERO);
}

#[test]
fn a_daily_loss_at_its_limit_refuses_new_pairs() {
    let mut plan = two_perpetuals();
    plan.risk.max_daily_loss = Money::from_whole(1);
    let mut world = opened(&plan);
    world.quote(1, 5_060_000, 5_060_010);
    world.after(110);
    assert!(world.core.risk.used(Limit::DailyLoss) >= Rate::ONE);
    assert_eq!(world.core.refused(Gate::DailyLoss), 0);
}

#[test]
fn drawdown_is_measured_from_the_highest_equity() {
    let mut plan = two_perpetuals();
    plan.risk.max_drawdown = Rate(10_000_000);
    let mut world = opened(&plan);
    world.quote(1, 5_000_000, 5_000_010);
    world.command(Action::Stop);
    world.after(110);
    let high = world.core.risk.peak;
    assert!(high > Money::from_whole(200_000));
    world.quote(1, 5_060_000, 5_060_010);
    world.after(110);
    assert_eq!(world.core.risk.peak, high);
    assert!(world.core.risk.used(Limit::Drawdown) > Rate::ONE);
}

#[test]
fn a_share_of_nothing_is_used_up_by_anything() {
    assert_eq!(share_of(Money(1), Money::ZERO), Rate(i64::MAX));
    assert_eq!(share_of(Money(-5), Money::from_whole(1)), Rate::ZERO);
    assert_eq!(share_of(Money::from_whole(1), Money::from_whole(4)), Rate(250_000_000_000));
    assert_eq!(share_of(Money(i128::MAX), Money(i128::MAX)), Rate::ONE);
}

#[test]
fn funding_belongs_to_the_pairs_that_hold_it_and_a_wrong_one_is_told() {
    let mut world = opened(&two_perpetuals());
    world.mark(1, 5_040_000);
    world.funding(1, 100, 8);
    // An hour later it settles: a short of 997.92 receives 0.099792.
    world.wall_after(3_600_000);
    let accrued = world.core.view().funding_accrued;
    assert_eq!(accrued, Money::parse(b"0.099792").unwrap());
    let at = WallNs(world.wall.0 - 1_000_000);
    world.funding_paid(1, "0.0998", at);
    assert_eq!(world.core.view().funding_accrued, Money::ZERO);
    assert_eq!(world.core.view().pairs[0].funding, Money::parse(b"0.0998").unwrap());
    assert!(!codes(&world.take()).contains(&AlarmCode::FundingMismatch));
    // The next one is paid with the wrong sign.
    world.funding(1, 100, 8);
    world.wall_after(3_600_000);
    let at = WallNs(world.wall.0 - 1_000_000);
    world.funding_paid(1, "-0.0998", at);
    assert!(codes(&world.take()).contains(&AlarmCode::FundingMismatch));
}

#[test]
fn a_balance_set_aside_is_free_again_when_the_order_never_was() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    let reserved = |w: &World| w.core.ledger.account(VenueId::Okx, USDT).unwrap().reserved;
    assert!(reserved(&world) > Money::from_whole(190));
    world.reject(&buy, base::input::RejectClass::Rules);
    assert_eq!(reserved(&world), Money::ZERO);
    world.reject(&sell, base::input::RejectClass::Rules);
    let total = Money::from_whole(5);
    let balance = base::input::Balance { venue: VenueId::Okx, asset: USDT, total, available: None };
    world.give(Input::Balance(balance));
    assert_eq!(reserved(&world), Money::ZERO);
}
