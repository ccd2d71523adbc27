use super::*;
use base::WallNs;

fn job(step: u32, tag: u32) -> Job {
    Job { task: Task::Funding { since: WallNs(1) }, tag, step, offset_ns: 0 }
}

#[test]
fn a_job_goes_on_where_it_was_and_begins_anew_when_asked_to() {
    let mut walks = Walks::default();
    assert!(walks.take(job(1, 0)).is_none(), "never begun");
    let mut walk = walks.take(job(0, 0)).unwrap();
    walk.leg = 7;
    walks.keep(job(0, 0), walk);
    assert!(walks.take(job(1, 9)).is_none(), "another reconciliation's");
    assert_eq!(walks.take(job(1, 0)).unwrap().leg, 7);
    walks.keep(job(1, 0), Walk { leg: 8, ..Walk::default() });
    assert_eq!(walks.take(job(0, 0)).unwrap().leg, 0);
    assert!(walks.take(job(2, 0)).is_none(), "the new beginning is what counts");
}

#[test]
fn what_was_interrupted_and_never_asked_for_again_is_forgotten() {
    let mut walks = Walks::default();
    for tag in 1..=1_000 {
        walks.keep(job(0, tag), Walk::default());
    }
    assert_eq!(walks.0.len(), WALKS_MAX);
    assert!(walks.take(job(1, 1)).is_none());
    assert!(walks.take(job(1, 1_000)).is_some());
}

#[test]
fn order_numbers_are_remembered_within_bounds_the_newest_ones() {
    let mut known = Known::default();
    let order = OrderId::new(3, 7);
    for number in 0..3 * KNOWN_MAX as u64 {
        known.put(InstrumentId(1), number, order);
        known.put(InstrumentId(1), number, order);
    }
    assert_eq!((known.orders.len(), known.oldest.len()), (KNOWN_MAX, KNOWN_MAX));
    assert_eq!(known.get(InstrumentId(1), 0), None);
    assert_eq!(known.get(InstrumentId(1), 3 * KNOWN_MAX as u64 - 1), Some(order));
}
