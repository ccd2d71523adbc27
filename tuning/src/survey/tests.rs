use super::{Unmeasured, survey};
use crate::{Host, JitterFloor, PinError};
use base::Span;
use telemetry::HostClock;

#[test]
fn each_allowed_processor_is_measured_and_one_that_is_not_says_why() {
    let clock = HostClock::monotonic();
    let allowed = Host::allowed().unwrap();
    let mut cpus = allowed.as_slice().to_vec();
    cpus.push(60_000);
    for at_once in [true, false] {
        let seen = survey(&clock, &cpus, Span::from_millis(3), at_once);
        assert_eq!(seen.iter().map(|one| one.cpu).collect::<Vec<_>>(), cpus);
        let (last, measured) = seen.split_last().unwrap();
        assert_eq!(last.seen, Err(Unmeasured::Pin(PinError::Refused { cpu: 60_000 })));
        for one in measured {
            let (floor, gaps) = one.seen.as_ref().unwrap();
            assert!(floor.measured_ns >= 3_000_000 && floor.readings == gaps.count());
            let again = JitterFloor::of(gaps);
            assert_eq!((again.max_ns, again.measured_ns), (floor.max_ns, floor.measured_ns));
        }
    }
}

#[test]
fn a_floor_is_noisy_by_its_long_gaps_or_by_what_was_taken() {
    let second = 1_000_000_000;
    let quiet = JitterFloor {
        measured_ns: second / 5,
        long_gaps: 20,
        stolen_ns: 100_000,
        ..JitterFloor::default()
    };
    assert!(!quiet.is_noisy());
    assert!(JitterFloor { long_gaps: 21, ..quiet }.is_noisy());
    assert!(JitterFloor { stolen_ns: 1_000_000, ..quiet }.is_noisy());
    let five_seconds = JitterFloor { measured_ns: 5 * second, long_gaps: 500, ..quiet };
    assert!(!five_seconds.is_noisy());
    assert!(JitterFloor { long_gaps: 501, ..five_seconds }.is_noisy());
    assert!(!JitterFloor::default().is_noisy());
}
