//! A cancel of everything is pursued until nothing of it is out.

use super::*;
use crate::rest::Failure;
use base::output::CancelAll;

fn cancel_all(world: &mut World) {
    let (venue, instrument) = (world.venue, world.instrument);
    world.intend(Output::CancelAll(CancelAll { venue, instrument }));
}

/// Whether anything that cancels `order` was sent or handed over by now.
fn asked(world: &mut World, order: OrderId) -> bool {
    let sent = format!("{:?}", world.take_sent());
    let instrument = world.instrument;
    let jobs = world.jobs();
    sent.contains("cancel") && (sent.contains(&client(order)) || sent.contains("cancelAll"))
        || jobs.iter().any(|job| {
            job.task == Task::CancelAll { instrument }
                || matches!(job.task, Task::Cancel { order: of, .. } if of == order)
        })
}

#[test]
fn a_cancel_of_everything_that_found_no_budget_is_asked_again_until_it_is_done() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        // The venue wants to be left alone for two seconds.
        let (outcome, class) = (venue::Outcome::RateLimited, RejectClass::RateLimit);
        let failure = Failure { outcome, class, status: 429, code: 429, retry_after_ms: 2_000 };
        let job = Job { task: Task::Positions, tag: 0, step: 0, offset_ns: 0 };
        world.reply(job, News::Failed(failure));
        world.step();
        cancel_all(&mut world);
        assert!(!asked(&mut world, order), "{venue}: nothing can leave now");
        let mut seen = false;
        for _ in 0..40 {
            world.pass(Span::from_millis(100));
            seen |= asked(&mut world, order);
        }
        assert!(seen, "{venue}: asked again by itself");
        world.push(&pushed_state(venue, &client(order), OrderStatus::Cancelled, 0));
        world.step();
        world.jobs();
        world.take_sent();
        world.pass(Span::from_millis(600));
        assert!(!asked(&mut world, order), "{venue}: it is over");
    }
}

#[test]
fn a_cancel_of_everything_leaves_later_orders_alone() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let old = world.resting();
        cancel_all(&mut world);
        assert!(asked(&mut world, old), "{venue}");
        let new = world.resting();
        world.pass(Span::from_millis(600));
        let sent = format!("{:?}", world.take_sent());
        assert!(sent.contains(&client(old)) && sent.contains("cancel"), "{venue}: pursued: {sent}");
        assert!(!sent.contains(&client(new)), "{venue}: {sent}");
        assert_eq!(world.stage.orders_out(), 2);
    }
}

#[test]
fn with_its_socket_down_okx_cancels_by_rest() {
    let mut world = World::up(VenueId::Okx);
    let order = world.resting();
    world.orders.close(CloseReason::Eof);
    world.step();
    world.jobs();
    cancel_all(&mut world);
    let instrument = world.instrument;
    let jobs = world.jobs();
    assert!(jobs.iter().any(|job| job.task == Task::CancelAll { instrument }), "{jobs:?}");
    world.pass(Span::from_millis(600));
    let jobs = world.jobs();
    let one = Task::Cancel { instrument, order };
    assert!(jobs.iter().any(|job| job.task == one), "and one by one after that: {jobs:?}");
    assert_eq!(world.take_sent(), [] as [Value; 0]);
}

#[test]
fn an_order_that_turns_up_after_everything_was_to_be_cancelled_is_cancelled_too() {
    let mut world = World::up(VenueId::Okx);
    cancel_all(&mut world);
    let old = OrderId::new(2, 9);
    world.push(&pushed_state(VenueId::Okx, &client(old), OrderStatus::Live, 0));
    world.step();
    world.pass(Span::from_millis(600));
    assert!(asked(&mut world, old));
}

#[test]
fn what_was_cancelled_and_agreed_with_the_venue_is_not_pursued_for_ever() {
    let mut world = World::up(VenueId::Okx);
    cancel_all(&mut world);
    for _ in 0..31 {
        world.tell("pong");
        world.advance(Span::from_secs(1));
        world.step();
    }
    assert_eq!(phases(&world.inputs()), [ReconcilePhase::Begin]);
    world.finish_jobs();
    world.step();
    let old = OrderId::new(2, 9);
    world.push(&pushed_state(VenueId::Okx, &client(old), OrderStatus::Live, 0));
    world.step();
    world.pass(Span::from_millis(600));
    assert!(!asked(&mut world, old), "another order of another time");
}
