use super::*;
use proptest::prelude::*;

const QTY: Qty = Qty(10);

fn fresh() -> Order {
    Order { id: OrderId::new(1, 1), qty: QTY, life: Life::Sent, ..Order::default() }
}

/// Every kind of event, with the quantities that matter.
const EVENTS: [Event; 15] = [
    Event::Ack,
    Event::Reject(RejectClass::Funds),
    Event::Reject(RejectClass::Duplicate),
    Event::Report(OrderStatus::Live, Qty(0)),
    Event::Report(OrderStatus::Partial, Qty(4)),
    Event::Report(OrderStatus::Filled, Qty(10)),
    Event::Report(OrderStatus::Cancelled, Qty(4)),
    Event::Report(OrderStatus::Rejected, Qty(0)),
    Event::NotFound { proof: false },
    Event::NotFound { proof: true },
    Event::Unknown,
    Event::Fill(Qty(4)),
    Event::Fill(Qty(6)),
    Event::CancelRefused,
    Event::Gone,
];

/// What must hold after every event, whatever came before.
fn check(before: &Order, event: Event, after: &Order, change: Change) {
    assert!(after.filled() >= before.filled(), "the quantity never falls: {before:?} {event:?}");
    assert!(after.filled() <= after.qty, "nor exceeds the order's: {before:?} {event:?}");
    assert!(after.fills >= before.fills && after.reported >= before.reported);
    assert_eq!(change.grown, after.filled() - before.filled());
    assert_eq!(change.done, after.life.is_done() && !before.life.is_done());
    if before.life.is_done() {
        assert_eq!(after.life, before.life, "terminal states absorb: {event:?}");
    }
    if after.filled() == after.qty {
        assert!(after.life.is_done());
    }
    if after.life.is_done() {
        assert_eq!(after.remaining(), Qty::ZERO);
    } else {
        assert_eq!(after.remaining(), after.qty - after.filled(), "the worst case is reserved");
    }
    let proof = matches!(
        event,
        Event::Reject(_)
            | Event::Report(..)
            | Event::NotFound { proof: true }
            | Event::Fill(_)
            | Event::Gone
    );
    if before.life == Life::Unknown && after.life.is_done() {
        assert!(proof, "unknown ended without proof by {event:?}");
    }
    if after.life == Life::Absent && before.life != Life::Absent {
        assert!(!before.proven && before.filled().is_zero());
        assert_eq!(event, Event::NotFound { proof: true });
    }
}

fn walk(order: &Order, unused: u32, depth: u32, seen: &mut u64) {
    if depth == 0 {
        return;
    }
    for (number, event) in EVENTS.into_iter().enumerate() {
        if unused & (1 << number) == 0 {
            continue;
        }
        let mut next = *order;
        let change = next.apply(event);
        check(order, event, &next, change);
        *seen += 1;
        walk(&next, unused & !(1 << number), depth - 1, seen);
    }
}

#[test]
fn every_order_of_up_to_six_different_events_keeps_the_rules() {
    let mut seen = 0;
    walk(&fresh(), (1 << EVENTS.len()) - 1, 6, &mut seen);
    // 15 + 15 x 14 + ... : every permutation was walked.
    assert_eq!(seen, 15 + 210 + 2_730 + 32_760 + 360_360 + 3_603_600);
}

#[test]
fn every_seven_events_that_race_in_practice_keep_the_rules() {
    let racing = [0, 4, 6, 7, 9, 10, 11, 12].into_iter().fold(0, |bits, n| bits | 1 << n);
    let mut seen = 0;
    walk(&fresh(), racing, 7, &mut seen);
    assert_eq!(seen, 8 + 56 + 336 + 1_680 + 6_720 + 20_160 + 40_320);
}

#[test]
fn every_pair_of_state_and_event_is_defined() {
    for life in Life::ALL {
        for event in EVENTS {
            let before = Order { life, ..fresh() };
            let mut after = before;
            let change = after.apply(event);
            check(&before, event, &after, change);
        }
    }
}

#[test]
fn a_time_out_is_never_a_rejection() {
    let mut order = fresh();
    order.apply(Event::Unknown);
    order.apply(Event::NotFound { proof: false });
    assert_eq!(order.life, Life::Unknown);
    assert_eq!(order.remaining(), QTY);
    order.apply(Event::Fill(QTY));
    assert_eq!(order.life, Life::Filled);
}

#[test]
fn an_order_that_was_acknowledged_is_never_absent() {
    let mut order = fresh();
    order.apply(Event::Ack);
    order.apply(Event::NotFound { proof: true });
    assert_eq!(order.life, Life::Unknown);
}

#[test]
fn a_duplicate_id_is_no_proof_that_the_order_does_not_exist() {
    let mut order = fresh();
    order.apply(Event::Reject(RejectClass::Duplicate));
    assert_eq!(order.life, Life::Unknown);
}

#[test]
fn fills_before_the_acknowledgement_count() {
    let mut order = fresh();
    let change = order.apply(Event::Fill(QTY));
    assert!(change.done);
    assert_eq!(order.apply(Event::Ack), Change::default());
    assert_eq!(order.life, Life::Filled);
}

#[test]
fn a_report_finds_a_missing_fill_and_the_fill_does_not_count_again() {
    let mut order = fresh();
    let change = order.apply(Event::Report(OrderStatus::Cancelled, Qty(4)));
    assert_eq!((change.grown, order.missing()), (Qty(4), Qty(4)));
    let change = order.apply(Event::Fill(Qty(4)));
    assert_eq!((change.grown, order.missing()), (Qty::ZERO, Qty::ZERO));
}

#[test]
fn more_than_was_ordered_is_odd_and_not_counted() {
    let mut order = fresh();
    order.apply(Event::Fill(Qty(6)));
    let change = order.apply(Event::Fill(Qty(6)));
    assert_eq!(change.odd, Some(Odd::Excess));
    assert_eq!(order.filled(), Qty(6));
    let change = order.apply(Event::Report(OrderStatus::Partial, Qty(11)));
    assert_eq!((change.odd, order.filled()), (Some(Odd::Excess), QTY));
}

#[test]
fn a_fill_of_a_refused_order_is_odd_and_counted() {
    let mut order = fresh();
    order.apply(Event::Reject(RejectClass::Funds));
    let change = order.apply(Event::Fill(Qty(4)));
    assert_eq!((change.odd, change.grown), (Some(Odd::Impossible), Qty(4)));
    assert_eq!(order.life, Life::Rejected);
}

fn any_event() -> impl Strategy<Value = Event> {
    let qty = prop_oneof![-3_i64..14, any::<i64>()].prop_map(Qty);
    let status = proptest::sample::select(OrderStatus::ALL);
    let class = proptest::sample::select(RejectClass::ALL);
    prop_oneof![
        Just(Event::Ack),
        class.prop_map(Event::Reject),
        (status, qty.clone()).prop_map(|(s, q)| Event::Report(s, q)),
        any::<bool>().prop_map(|proof| Event::NotFound { proof }),
        Just(Event::Unknown),
        qty.prop_map(Event::Fill),
        Just(Event::CancelRefused),
        Just(Event::Gone),
    ]
}

proptest! {
    #[test]
    fn any_events_keep_the_rules(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut order = fresh();
        for event in events {
            let before = order;
            let change = order.apply(event);
            check(&before, event, &order, change);
        }
    }
}
