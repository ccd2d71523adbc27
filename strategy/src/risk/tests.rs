use super::*;
use crate::engine::world;

#[test]
fn a_minute_of_openings_is_counted_from_its_first() {
    let mut risk = Risk::new(&world::two_perpetuals());
    risk.note_open(0, Stamp(5));
    risk.note_open(0, Stamp(MINUTE));
    assert_eq!((risk.opens(0, Stamp(MINUTE + 4)), risk.opens(1, Stamp(6))), (2, 0));
    assert_eq!(risk.opens(0, Stamp(MINUTE + 5)), 0);
    risk.note_open(0, Stamp(2 * MINUTE));
    assert_eq!(risk.opens(0, Stamp(2 * MINUTE)), 1);
}

#[test]
fn an_alert_speaks_once_each_time_its_threshold_is_reached() {
    let mut plan = world::two_perpetuals();
    let threshold = Rate(800_000_000_000);
    let action = crate::plan::AlertAction::Warn;
    plan.risk.alerts.push(crate::plan::Alert { limit: Limit::DailyLoss, threshold, action });
    let mut risk = Risk::new(&plan);
    let mut speaks = |share| {
        risk.use_of(Limit::DailyLoss, Rate(share));
        risk.speak(0, threshold, Limit::DailyLoss)
    };
    let spoken =
        [0, 800_000_000_000, 900_000_000_000, 799_999_999_999, 800_000_000_000].map(&mut speaks);
    assert_eq!(spoken, [false, true, false, false, true]);
}

#[test]
fn the_result_of_a_day_begins_again_at_midnight_utc() {
    let mut risk = Risk::new(&world::two_perpetuals());
    risk.day(WallNs(DAY - 1), Money(5));
    assert_eq!(risk.day_began, Money::ZERO, "the first day began before the first look");
    risk.day(WallNs(DAY), Money(7));
    risk.day(WallNs(2 * DAY - 1), Money(9));
    assert_eq!(risk.day_began, Money(7));
}

#[test]
fn a_restart_keeps_what_a_limit_or_an_operator_had_stopped() {
    let mut risk = Risk::new(&world::two_perpetuals());
    for (before, after) in [
        (Mode::Armed, Mode::Disarmed),
        (Mode::Disarmed, Mode::Disarmed),
        (Mode::Stopped, Mode::Disarmed),
        (Mode::Halted, Mode::Halted),
        (Mode::Flattening, Mode::Flattening),
    ] {
        risk.mode = before;
        risk.restart();
        assert_eq!(risk.mode, after, "after {before:?}");
    }
}

#[test]
fn what_exceeds_a_limit_is_what_its_share_says_close_to_it_and_far_from_it() {
    let mut state = 7_u64;
    let mut next = |bits: u32| {
        state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        i128::from(state >> 1) >> (63 - bits)
    };
    let mut beyond = 0;
    for round in 0..20_000_u32 {
        let whole = Money(next(63) << (round % 50));
        let limit = Rate(i64::try_from(next(round % 60 + 1)).unwrap());
        let share = by_one(whole.0).saturating_mul(i128::from(limit.0));
        let parts = [
            0,
            share - 1,
            share,
            share.saturating_add(i128::from(Rate::ONE.0)),
            share.saturating_mul(2),
            share / 2,
            next(60) << 60,
        ];
        for part in parts.map(Money) {
            let exceeded = exceeds(part, whole, limit);
            assert_eq!(exceeded, share_of(part, whole) > limit, "{part:?} of {whole:?}, {limit}");
            beyond += u32::from(exceeded);
        }
    }
    assert!(beyond > 20_000, "{beyond}");
    assert!(exceeds(Money(1), Money(0), Rate(5)) && !exceeds(Money(0), Money(0), Rate(5)));
    assert!(!exceeds(Money(-1), Money(1), Rate(0)));
}
