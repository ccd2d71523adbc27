use super::{ScenarioClock, monotonic_ns};
use base::WallNs;

const CLOCK: ScenarioClock = ScenarioClock { wall_ns: 1_000, mono_ns: 50, speed: 10 };

#[test]
fn scenario_time_runs_speed_times_as_fast() {
    assert_eq!(CLOCK.at(50), WallNs(1_000));
    assert_eq!(CLOCK.at(53), WallNs(1_030));
    assert_eq!(CLOCK.at(49), WallNs(990));
}

#[test]
fn waiting_is_counted_in_real_time_and_never_wakes_early() {
    assert_eq!(CLOCK.real_until(WallNs(0), WallNs(101)), 11);
    assert_eq!(CLOCK.real_until(WallNs(5), WallNs(5)), 0);
    assert_eq!(CLOCK.real_until(WallNs(6), WallNs(5)), 0);
}

#[test]
fn the_monotonic_clock_never_goes_back() {
    let first = monotonic_ns();
    assert!(monotonic_ns() >= first);
    assert!(ScenarioClock::start(WallNs(7), 0).now() >= WallNs(7));
}
