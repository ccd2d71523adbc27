use super::*;
use proptest::prelude::*;

const MS: u64 = 1_000_000;

/// A venue whose clock reads `ahead` more than our monotonic one, in nanoseconds.
fn told(at: u64, ahead: i64) -> WallNs {
    let exact = at.cast_signed() + ahead;
    WallNs(exact - exact.rem_euclid(1_000_000))
}

#[test]
fn nothing_is_known_before_an_answer_and_after_too_long_without_one() {
    let mut clock = OffsetEstimator::new(VenueId::Okx, 1);
    assert_eq!(clock.estimate(Stamp(5)), None);
    assert_eq!(clock.stamp(Stamp(5)), None);
    let ahead = 1_786_000_000_000_000_000;
    assert!(clock.sample(Stamp(10 * MS), Stamp(12 * MS), told(11 * MS, ahead)));
    assert!(clock.estimate(Stamp(20 * MS)).is_some());
    assert_eq!(clock.estimate(Stamp(400_000 * MS)), None);
}

#[test]
fn a_symmetric_answer_is_right_to_half_its_round_trip_and_the_venues_millisecond() {
    let mut clock = OffsetEstimator::new(VenueId::Bybit, 1);
    let ahead = 1_786_000_000_000_000_000;
    clock.sample(Stamp(10 * MS), Stamp(14 * MS), told(12 * MS, ahead));
    let known = clock.estimate(Stamp(12 * MS)).unwrap();
    assert!(known.venue.0.abs_diff((12 * MS).cast_signed() + ahead) <= MS);
    assert_eq!(known.bound, Span(2 * MS + 1 + MS / 2));
}

#[test]
fn a_shorter_round_trip_is_believed_over_a_newer_longer_one_until_it_has_aged() {
    let mut clock = OffsetEstimator::new(VenueId::Okx, 1);
    let ahead = 1_786_000_000_000_000_000;
    clock.sample(Stamp(100 * MS), Stamp(101 * MS), told(100 * MS, ahead));
    clock.sample(Stamp(200 * MS), Stamp(260 * MS), told(201 * MS, ahead));
    assert!(clock.estimate(Stamp(300 * MS)).unwrap().bound.0 < 2 * MS);
    // Six minutes of drift later the sharp one is forgotten and only the blunt one speaks.
    clock.sample(Stamp(350_000 * MS), Stamp(350_060 * MS), told(350_001 * MS, ahead));
    let late = clock.estimate(Stamp(350_100 * MS)).unwrap();
    assert!(late.bound.0 > 30 * MS, "{late:?}");
}

#[test]
fn what_cannot_be_an_answer_is_left_out() {
    let mut clock = OffsetEstimator::new(VenueId::Okx, 1);
    assert!(!clock.sample(Stamp(20), Stamp(10), WallNs(5)), "received before it was sent");
    assert!(!clock.sample(Stamp(0), Stamp(9_000 * MS), WallNs(5)), "a stall");
    assert!(!clock.sample(Stamp(0), Stamp(10), WallNs(0)), "no time");
    assert!(!clock.sample(Stamp(0), Stamp(10), WallNs(-5)), "before 1970");
    assert!(clock.estimate(Stamp(10)).is_none());
}

#[test]
fn a_venue_that_sets_its_clock_makes_the_older_answers_worthless() {
    let mut clock = OffsetEstimator::new(VenueId::BinanceSpot, 1);
    let ahead = 1_786_000_000_000_000_000;
    clock.sample(Stamp(100 * MS), Stamp(101 * MS), told(100 * MS, ahead));
    let back = ahead - 2_000 * MS.cast_signed();
    clock.sample(Stamp(200 * MS), Stamp(220 * MS), told(210 * MS, back));
    let known = clock.estimate(Stamp(300 * MS)).unwrap();
    let real = (300 * MS).cast_signed() + back;
    assert!(known.venue.0.abs_diff(real) <= known.bound.0, "{known:?}");
    // And what is signed follows it down: two seconds ahead would be refused.
    clock.last = (300 * MS).cast_signed() + ahead;
    assert!(clock.stamp(Stamp(300 * MS)).unwrap().0.abs_diff(real) <= known.bound.0);
}

#[test]
fn a_better_answer_does_not_turn_the_signed_time_back() {
    let mut clock = OffsetEstimator::new(VenueId::Okx, 1);
    let ahead = 1_786_000_000_000_000_000;
    // The answer came back fast, the question went slowly: the middle is too late.
    clock.sample(Stamp(100 * MS), Stamp(140 * MS), told(139 * MS, ahead));
    let first = clock.stamp(Stamp(150 * MS)).unwrap();
    clock.sample(Stamp(150 * MS), Stamp(152 * MS), told(151 * MS, ahead));
    let second = clock.stamp(Stamp(153 * MS)).unwrap();
    let plain = clock.estimate(Stamp(153 * MS)).unwrap().venue;
    assert!(plain < first, "the test means something");
    assert!(second == first || second.0 - plain.0 <= 3 * MS.cast_signed());
}

#[test]
fn the_core_reads_the_difference_of_both_walls() {
    let mut clock = OffsetEstimator::new(VenueId::Okx, 1);
    let ahead = 1_786_000_000_000_000_000;
    clock.sample(Stamp(10 * MS), Stamp(12 * MS), told(11 * MS, ahead));
    // Our wall is 1.27 s behind the venue's.
    let wall = WallNs((20 * MS).cast_signed() + ahead - 1_270_000_000);
    let state = clock.state(Stamp(20 * MS), wall).unwrap();
    assert!(state.offset_ns.abs_diff(1_270_000_000) <= state.bound.0);
    assert_eq!(state.venue, VenueId::Okx);
}

#[test]
fn a_scenario_clock_runs_faster_and_its_bound_with_it() {
    let mut clock = OffsetEstimator::new(VenueId::Okx, 60);
    clock.sample(Stamp(0), Stamp(2 * MS), WallNs(1_786_000_000_000 * MS.cast_signed()));
    let later = clock.estimate(Stamp(101 * MS)).unwrap();
    let expected = 1_786_000_000_000 * MS.cast_signed() + (60 * 100 * MS).cast_signed();
    assert!(later.venue.0.abs_diff(expected) <= later.bound.0);
    assert!(later.bound.0 >= 60 * MS);
    clock.forget();
    assert_eq!(clock.estimate(Stamp(101 * MS)), None);
}

proptest! {
    /// Whatever the ways there and back, the drift inside its allowance and the moment asked about: the
    /// venue's true time is within the bound.
    #[test]
    fn the_bound_is_true(
        trips in prop::collection::vec((0_u64..20_000, 0_u64..3_000, 0_u64..3_000), 1..60),
        drift_ppm in -100_i64..=100,
        later in prop_oneof![Just(0_u64), 0_u64..200_000],
        speed in prop::sample::select(vec![1_u32, 60, 480]),
    ) {
        let start: i64 = 1_786_000_000_000_000_000;
        let real = |at: u64| {
            let run = i128::from(at) * i128::from(speed);
            start + i64::try_from(run + run * i128::from(drift_ppm) / 1_000_000).unwrap()
        };
        let mut clock = OffsetEstimator::new(VenueId::Okx, speed);
        let mut now = 0;
        for (wait, there, back) in trips {
            now += wait * MS;
            let sent = now;
            let venue = real(sent + there * MS / 1_000);
            now = sent + (there + back) * MS / 1_000;
            clock.sample(Stamp(sent), Stamp(now), WallNs(venue - venue.rem_euclid(1_000_000)));
        }
        now += later * MS;
        if let Some(known) = clock.estimate(Stamp(now)) {
            let wrong = known.venue.0.abs_diff(real(now));
            prop_assert!(wrong <= known.bound.0 + 1, "{wrong} beyond {:?}", known.bound);
        }
    }
}
