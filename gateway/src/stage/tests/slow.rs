//! The slow way: orders by REST, jobs of several calls, and what they cost.

use super::*;
use crate::rest::{Counted, Failure};
use base::output::CancelAll;
use venue::{Outcome, Spend};

/// Up, and then without its order connection.
fn down(venue: VenueId) -> World {
    let mut world = World::up(venue);
    world.orders.close(CloseReason::Eof);
    world.step();
    world.step();
    world.jobs();
    world.inputs();
    world
}

/// The order that was handed to the errand thread.
fn handed(world: &mut World) -> Job {
    let is_place = |job: &Job| matches!(job.task, Task::Place { .. });
    let jobs = world.jobs();
    let places: Vec<_> = jobs.into_iter().filter(is_place).collect();
    assert_eq!(places.len(), 1, "{places:?}");
    places[0]
}

fn failure(outcome: Outcome, class: RejectClass, code: i64) -> Failure {
    Failure { outcome, class, status: 200, code, retry_after_ms: 0 }
}

#[test]
fn an_order_goes_by_rest_under_the_same_name_while_the_session_is_down() {
    for (venue, instrument) in VENUES {
        let mut world = down(venue);
        let order = world.place(Style::Ioc);
        let job = handed(&mut world);
        let Task::Place { place, until, .. } = job.task else { panic!("{job:?}") };
        assert_eq!((place.order, place.instrument), (order, instrument), "{venue}");
        assert_eq!(until, world.now() + Span::from_millis(500), "{venue}: not later than that");
        assert_eq!(world.stage.page.get(telemetry::Counter::OrdersSlow), 1);
        world.reply(job, News::Placed { venue_order: 55, venue_time: WallNs::from_millis(7) });
        world.reply(job, News::Done);
        world.step();
        let inputs = world.inputs();
        let acked = |input: &Input| matches!(input, Input::Ack(ack) if ack.order == order && ack.venue_order == 55);
        assert!(inputs.iter().any(acked), "{venue}: {inputs:?}");
        world.pass(Span::from_secs(3));
        assert_eq!(unknowns(&world.inputs()), [], "{venue}: it was answered");
        assert_eq!(world.take_sent(), [] as [Value; 0], "{venue}: and nothing is sent twice");
    }
}

#[test]
fn what_the_core_is_told_of_a_slow_order_is_what_the_codes_prove() {
    for (venue, _) in VENUES {
        let mut world = down(venue);
        let order = world.place(Style::Ioc);
        let job = handed(&mut world);
        world.reply(job, News::Failed(failure(Outcome::Rejected, RejectClass::Funds, 51_008)));
        world.step();
        assert_eq!(rejects(&world.inputs()), [(order, RejectClass::Funds, 51_008)], "{venue}");

        let order = world.place(Style::Ioc);
        let job = handed(&mut world);
        world.reply(job, News::Failed(failure(Outcome::Unknown, RejectClass::Unavailable, 50_004)));
        world.step();
        let inputs = world.inputs();
        assert_eq!((unknowns(&inputs), rejects(&inputs)), (vec![order], vec![]), "{venue}");

        let order = world.place(Style::Ioc);
        let job = handed(&mut world);
        world.reply(job, News::Failed(failure(Outcome::Duplicate, RejectClass::Duplicate, 51_016)));
        world.step();
        assert_eq!(rejects(&world.inputs()), [], "{venue}");
        world.pass(Span::from_millis(2));
        let asks = |job: &Job| matches!(job.task, Task::Query { order: of, .. } if of == order);
        assert!(world.jobs().iter().any(asks), "{venue}: a duplicate is asked for");
    }
}

#[test]
fn a_slow_order_without_answer_is_unknown_and_not_found_proves_nothing_before_it_must_have_arrived()
{
    let mut world = down(VenueId::Okx);
    let order = world.place(Style::Ioc);
    handed(&mut world);
    world.pass(Span::from_millis(2_001));
    assert_eq!(unknowns(&world.inputs()), [order]);
    let gone = failure(Outcome::NotFound, RejectClass::NotFound, 51_603);
    let mut found_out = None;
    for tenth in 20..120 {
        world.query(order);
        for job in world.jobs() {
            if matches!(job.task, Task::Query { .. }) {
                world.reply(job, News::Failed(gone));
            }
        }
        world.pass(Span::from_millis(100));
        if !states(&world.inputs()).is_empty() {
            found_out.get_or_insert(tenth);
        }
    }
    // Half a second to leave, five in the venue's window, three of quiet.
    assert!(found_out.is_some_and(|tenth| tenth >= 85), "{found_out:?}");
}

#[test]
fn a_slow_order_is_not_given_up_because_the_connection_is_lost_again() {
    let mut world = down(VenueId::Bybit);
    let order = world.place(Style::Limit);
    let job = handed(&mut world);
    world.orders.close(CloseReason::Eof);
    world.step();
    assert_eq!(unknowns(&world.inputs()), [], "it has nothing to do with {order:?}");
    world.reply(job, News::Placed { venue_order: 55, venue_time: WallNs::NONE });
    world.step();
    assert!(world.inputs().iter().any(|input| matches!(input, Input::Ack(_))));
}

#[test]
fn without_a_rest_answer_there_is_no_slow_way() {
    for (venue, _) in VENUES {
        let mut world = down(venue);
        let order = world.place(Style::Limit);
        let job = handed(&mut world);
        let lost = Failure { status: 0, ..failure(Outcome::Rejected, RejectClass::Unavailable, 0) };
        world.reply(job, News::Failed(lost));
        world.step();
        world.step();
        let inputs = world.inputs();
        assert_eq!(rejects(&inputs), [(order, RejectClass::Unavailable, 0)], "{venue}");
        let gone = |input: &Input| matches!(input, Input::SessionState(s) if !s.orders && !s.slow);
        assert!(inputs.iter().any(gone), "{venue}: {inputs:?}");
        let next = world.place(Style::Limit);
        assert_eq!(rejects(&world.inputs()), [(next, RejectClass::Unavailable, 0)], "{venue}");
    }
}

#[test]
fn slow_orders_come_out_of_the_same_budget_and_the_kill_flag_stops_them() {
    let mut world = down(VenueId::Bybit);
    for _ in 0..9 {
        world.place(Style::Limit);
    }
    assert_eq!(rejects(&world.inputs()), []);
    let over = world.place(Style::Limit);
    assert_eq!(rejects(&world.inputs()), [(over, RejectClass::RateLimit, 0)]);
    world.pass(Span::from_secs(2));
    world.inputs();
    world.kill.set();
    let killed = world.place(Style::Limit);
    assert_eq!(rejects(&world.inputs()), [(killed, RejectClass::Local, 0)]);
}

/// A job of the reconciliation under way.
fn fills_job(world: &mut World) -> Job {
    let jobs = world.jobs();
    *jobs.iter().find(|job| matches!(job.task, Task::Fills { .. })).expect("asked for")
}

#[test]
fn a_job_of_several_calls_goes_on_as_the_budget_allows_and_no_faster() {
    let mut world = World::new(VenueId::BinanceSpot);
    world.connect();
    world.step();
    let job = fills_job(&mut world);
    let mut job = Job { step: 0, ..job };
    let mut calls = 1;
    // A thousand look-ups of weight four, wanted at once.
    for _ in 0..130_000 {
        if job.step == u32::MAX {
            world.pass(Span::from_millis(1));
        } else {
            world.reply(job, News::More(Spend::Read(4)));
            world.stage.turn(world.now());
        }
        let next = world.jobs().into_iter().find(|next| matches!(next.task, Task::Fills { .. }));
        match next {
            Some(next) => {
                job = next;
                calls += 1;
            }
            None => job.step = u32::MAX,
        }
        if calls == 2_000 {
            break;
        }
    }
    let seconds = world.now().0 / 1_000_000_000;
    assert!(calls >= 2_000, "{calls} calls in {seconds} s: it goes on");
    // 6,000 a minute less a tenth: 1,350 of them in the first minute at most.
    assert!(seconds >= 40, "{calls} calls within {seconds} s");
    assert_eq!(phases(&world.inputs()).last(), Some(&ReconcilePhase::Begin), "slow is not silent");
}

#[test]
fn a_job_of_several_calls_whose_reconciliation_is_over_is_not_gone_on_with() {
    let mut world = World::new(VenueId::BinanceSpot);
    world.connect();
    world.step();
    let job = fills_job(&mut world);
    world.advance(Span::from_secs(31));
    let now = world.now();
    world.stage.housekeep(now); // it has failed
    world.reply(job, News::More(Spend::Trades));
    world.stage.turn(now);
    assert!(!world.jobs().iter().any(|next| next.step > 0));
}

#[test]
fn the_venues_own_counts_correct_the_budget() {
    let cases = [
        (VenueId::BinanceUsdm, Counted { orders_10s: Some(299), ..Counted::default() }),
        (VenueId::BinanceSpot, Counted { weight_1m: Some(5_990), ..Counted::default() }),
    ];
    for (venue, counted) in cases {
        let mut world = World::up(venue);
        world.pass(Span::from_secs(31));
        let job = world.jobs()[0];
        world.reply(job, News::Counted(counted));
        world.step();
        world.inputs();
        let order = world.place(Style::Limit);
        assert_eq!(rejects(&world.inputs()), [(order, RejectClass::RateLimit, 0)], "{venue}");
    }
    let mut world = World::up(VenueId::Bybit);
    let order = world.resting();
    world.intend(Output::CancelAll(CancelAll {
        venue: VenueId::Bybit,
        instrument: world.instrument,
    }));
    let jobs = world.jobs();
    let job = *jobs.iter().find(|job| matches!(job.task, Task::CancelAll { .. })).expect("asked");
    let allowance = Some(crate::decode::Allowance { limit: 10, left: 0 });
    world.reply(job, News::Counted(Counted { allowance, ..Counted::default() }));
    world.step();
    world.intend(Output::CancelAll(CancelAll {
        venue: VenueId::Bybit,
        instrument: world.instrument,
    }));
    let again = world.jobs();
    assert!(
        !again.iter().any(|job| matches!(job.task, Task::CancelAll { .. })),
        "{order:?} {again:?}"
    );
}

#[test]
fn fills_are_listed_of_what_was_traded_since_they_were_last_and_of_nothing_else() {
    let mut world = World::up(VenueId::BinanceUsdm);
    let lists = |world: &mut World| {
        let jobs = world.jobs();
        jobs.iter().for_each(|job| world.finish(*job));
        world.step();
        jobs.iter().filter(|job| matches!(job.task, Task::Fills { .. })).count()
    };
    world.pass(Span::from_secs(31));
    assert_eq!(lists(&mut world), 0, "nothing was ever traded");
    let order = world.resting();
    world.pass(Span::from_secs(6));
    assert_eq!(lists(&mut world), 1);
    world.push(&pushed_state(VenueId::BinanceUsdm, &client(order), OrderStatus::Cancelled, 0));
    world.step();
    world.pass(Span::from_secs(31));
    assert_eq!(lists(&mut world), 1, "it ended since");
    world.pass(Span::from_secs(31));
    assert_eq!(lists(&mut world), 0, "that is known now");
}
