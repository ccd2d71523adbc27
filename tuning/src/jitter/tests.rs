use super::{JitterFloor, measure};
use base::{Clock, Span, Stamp, WallNs};
use std::cell::RefCell;

/// A clock that advances by the given gaps, then by 10 ns for ever.
struct Gaps(RefCell<(u64, Vec<u64>)>);

impl Clock for Gaps {
    fn now(&self) -> Stamp {
        let mut state = self.0.borrow_mut();
        let now = state.0;
        state.0 += state.1.pop().unwrap_or(10);
        Stamp(now)
    }
    fn wall(&self) -> WallNs {
        WallNs::NONE
    }
}

#[test]
fn gaps_are_counted_by_their_length() {
    let clock = Gaps(RefCell::new((5, vec![10, 30_000, 10, 1_001, 1_000, 20])));
    let mut seen = Vec::new();
    let floor = measure(&clock, Span(40_000), |gap| seen.push(gap));
    assert_eq!(seen[..6], [20, 1_000, 1_001, 10, 30_000, 10]);
    let expected = JitterFloor {
        readings: seen.len() as u64,
        max_ns: 30_000,
        gaps: 2,
        long_gaps: 1,
        stolen_ns: 31_001,
        measured_ns: seen.iter().sum(),
    };
    assert_eq!(floor, expected);
    assert!(floor.measured_ns >= 40_000);
    assert_eq!(floor.stolen_ppm(), 31_001 * 1_000_000 / floor.measured_ns);
}

#[test]
fn no_time_is_no_floor() {
    let floor = measure(&Gaps(RefCell::new((0, vec![]))), Span(0), |_| {});
    assert_eq!((floor, floor.stolen_ppm()), (JitterFloor::default(), 0));
}
