#![allow(clippy::unwrap_used)]
use super::tsc::{Pair, believed};
use super::{Clock, ClockSource, Counter, Discipline, HostClock, Mutex, SCALE_BITS, Seqlock};
use super::{Stamp, WallNs, monotonic, scaled};

const SECOND: u64 = 1_000_000_000;

/// A counter of exactly 2 GHz at the origin.
fn two_ghz() -> Counter {
    let pair = Pair { ticks: 0, ns: 0 };
    Counter {
        scale: Seqlock::new([0, 0, 1 << (SCALE_BITS - 1)]),
        discipline: Mutex::new(Discipline {
            since: pair,
            next_since: pair,
            last: pair,
            error_ns: 0,
        }),
    }
}

#[test]
fn stamps_are_nanoseconds_of_the_monotonic_clock() {
    for clock in [HostClock::start(), HostClock::monotonic()] {
        // A preempted thread only widens the bracket; the counter may be off by a little at its edges.
        let slack = 200_000;
        let before = monotonic().0;
        let now = clock.now().0;
        let after = monotonic().0;
        assert!(before <= now + slack && now <= after + slack, "{before} {now} {after}");
    }
}

#[test]
fn a_clone_tells_the_same_time() {
    let clock = HostClock::start();
    let other = clock.clone();
    let mut last = Stamp(0);
    for _ in 0..1000 {
        let (a, b) = (clock.now(), other.now());
        assert!(last <= a && a <= b);
        last = b;
    }
}

#[test]
fn the_source_says_what_it_is() {
    assert_eq!(HostClock::monotonic().source(), ClockSource::Monotonic { reason: "asked for" });
    if let ClockSource::Counter { khz } = HostClock::start().source() {
        assert!((100_000..20_000_000).contains(&khz), "{khz}");
    }
}

#[test]
fn a_kernel_that_left_the_counter_is_believed() {
    assert_eq!(believed("tsc"), Ok(()));
    assert_eq!(believed("kvm-clock"), Ok(()));
    assert!(believed("hpet").is_err());
    assert!(believed("acpi_pm").is_err());
}

#[test]
fn ticks_scale_without_overflow_for_a_year() {
    let year = 365 * 86_400 * SECOND;
    assert_eq!(scaled(2 * year, 0, 5, 1 << (SCALE_BITS - 1)), Stamp(year + 5));
    assert_eq!(scaled(3, 10, 5, 1 << SCALE_BITS), Stamp(5), "before the anchor is the anchor");
}

#[test]
fn a_rate_that_is_off_is_corrected_and_the_clock_meets_again() {
    let counter = two_ghz();
    let mut last = Stamp(0);
    // The true rate is 100 ppm slower than measured at start: 2e9 ticks take a second and 100 us.
    for second in 1..=40_u64 {
        let now = Pair { ticks: second * 2 * SECOND, ns: second * (SECOND + 100_000) };
        let here = counter.at(now.ticks);
        assert!(here >= last, "never backwards");
        last = here;
        counter.discipline(now);
        assert!(counter.at(now.ticks) >= here, "a correction does not set it back");
    }
    let error = counter.discipline.lock().unwrap().error_ns;
    assert!(error.abs() < 100, "still {error} ns off");
}

#[test]
fn a_clock_that_runs_ahead_is_slowed_and_never_set_back() {
    let counter = two_ghz();
    let now = Pair { ticks: 2 * SECOND, ns: SECOND - 5_000_000 };
    let before = counter.at(now.ticks);
    assert_eq!(counter.discipline(now), -5_000_000);
    assert_eq!(counter.at(now.ticks), before);
    assert!(counter.at(now.ticks + 2000) > before);
}

#[test]
fn after_a_suspend_it_is_set_forward() {
    let counter = two_ghz();
    let now = Pair { ticks: 2 * SECOND, ns: 61 * SECOND };
    assert_eq!(counter.discipline(now), (60 * SECOND).cast_signed());
    assert_eq!(counter.at(now.ticks), Stamp(61 * SECOND));
}

#[test]
fn corrections_too_close_together_change_nothing() {
    let counter = two_ghz();
    counter.discipline(Pair { ticks: 2 * SECOND, ns: SECOND + 50 });
    let words = counter.scale.read();
    assert_eq!(counter.discipline(Pair { ticks: 2 * SECOND + 2000, ns: SECOND + 9000 }), 50);
    assert_eq!(counter.scale.read(), words);
}

#[test]
fn a_scenario_runs_its_wall_faster_and_leaves_monotonic_time_alone() {
    let start = WallNs::from_millis(1_700_000_000_000);
    let clock = HostClock::monotonic();
    let at = clock.now();
    let fast = clock.with_scenario(start, at, 60);
    let before = fast.now();
    let wall = fast.wall();
    let after = fast.now();
    let passed = (wall.0 - start.0) / 60;
    let range = (before - at).0.cast_signed()..=(after - at).0.cast_signed();
    assert!(range.contains(&passed), "{passed} not in {range:?}");
}

#[test]
fn the_system_wall_is_this_century() {
    let year_2020 = WallNs::from_millis(1_577_836_800_000);
    assert!(HostClock::monotonic().wall() > year_2020);
}
