//! Reconciliations: what the account holds, agreed with the venue.

use super::*;
use crate::rest::Failure;
use base::input::{Balance, FundingPaid, OpenOrder, Position};
use base::{AssetId, Money};
use venue::Outcome;

/// Up, with a reconciliation begun and its jobs taken.
fn reconciling(venue: VenueId) -> (World, Vec<Job>) {
    let mut world = World::new(venue);
    world.connect();
    world.step();
    let jobs = world.jobs();
    world.take_sent();
    (world, jobs)
}

fn of(jobs: &[Job], wanted: fn(&Task) -> bool) -> Job {
    *jobs.iter().find(|job| wanted(&job.task)).expect("asked for")
}

#[test]
fn a_new_stream_is_followed_by_the_whole_account_between_brackets() {
    for (venue, instrument) in VENUES {
        let (mut world, jobs) = reconciling(venue);
        let asks = |wanted: fn(&Task) -> bool| jobs.iter().any(|job| wanted(&job.task));
        assert!(asks(|task| matches!(task, Task::OpenOrders)), "{venue}: {jobs:?}");
        assert!(asks(|task| matches!(task, Task::Positions)), "{venue}");
        assert!(asks(|task| matches!(task, Task::Balances)), "{venue}");
        assert!(asks(|task| matches!(task, Task::Fills { .. })), "{venue}");
        let pays = asks(|task| matches!(task, Task::Funding { .. }));
        assert_eq!(pays, venue != VenueId::BinanceSpot, "{venue}");
        world.inputs();
        let open = OpenOrder {
            venue,
            instrument,
            order: OrderId::new(2, 4),
            side: Side::Sell,
            price: Price(6_200_000),
            qty: Qty(1_000_000),
            filled: Qty(0),
            venue_order: 91,
        };
        let foreign = OpenOrder { order: OrderId::FOREIGN, venue_order: 92, ..open };
        let position =
            Position { venue, instrument, qty: Qty(5), entry: None, venue_time: WallNs::NONE };
        let balance = Balance { venue, asset: AssetId(1), total: Money::ONE, available: None };
        let orders = of(&jobs, |task| matches!(task, Task::OpenOrders));
        world.reply(orders, News::Item(Input::OpenOrder(open)));
        world.reply(orders, News::Item(Input::OpenOrder(foreign)));
        let positions = of(&jobs, |task| matches!(task, Task::Positions));
        world.reply(positions, News::Item(Input::Position(position)));
        let balances = of(&jobs, |task| matches!(task, Task::Balances));
        world.reply(balances, News::Item(Input::Balance(balance)));
        let (last, others) = jobs.split_last().unwrap();
        others.iter().for_each(|job| world.finish(*job));
        world.step();
        let wanted = [
            Input::OpenOrder(open),
            Input::OpenOrder(foreign),
            Input::Position(position),
            Input::Balance(balance),
        ];
        assert_eq!(world.inputs(), wanted, "{venue}: not the end yet");
        world.finish(*last);
        world.step();
        assert_eq!(phases(&world.inputs()), [ReconcilePhase::End], "{venue}");
        assert_eq!(world.stage.orders_out(), 1, "{venue}: the one of our former start");
    }
}

#[test]
fn a_reconciliation_that_misses_a_part_has_failed_and_is_tried_again() {
    for (venue, _) in VENUES {
        let (mut world, jobs) = reconciling(venue);
        world.inputs();
        let (first, others) = jobs.split_first().unwrap();
        let (outcome, class) = (Outcome::Unknown, RejectClass::Unavailable);
        let failure = Failure { outcome, class, status: 0, code: 502, retry_after_ms: 0 };
        world.reply(*first, News::Failed(failure));
        others.iter().for_each(|job| world.finish(*job));
        world.step();
        assert_eq!(phases(&world.inputs()), [ReconcilePhase::Failed], "{venue}");
        world.pass(Span::from_millis(600));
        assert_eq!(phases(&world.inputs()), [ReconcilePhase::Begin], "{venue}");
    }
}

#[test]
fn a_stream_lost_in_the_middle_fails_the_reconciliation_and_its_late_parts_are_no_states() {
    for (venue, instrument) in VENUES {
        let (mut world, jobs) = reconciling(venue);
        world.inputs();
        let peer = world.account.clone().unwrap_or_else(|| world.orders.clone());
        peer.close(CloseReason::Eof);
        world.step();
        assert_eq!(phases(&world.inputs()), [ReconcilePhase::Failed], "{venue}");
        let job = of(&jobs, |task| matches!(task, Task::Positions));
        let venue_time = WallNs::NONE;
        let position = Position { venue, instrument, qty: Qty(5), entry: None, venue_time };
        world.reply(job, News::Item(Input::Position(position)));
        jobs.iter().for_each(|job| world.finish(*job));
        world.step();
        let inputs = world.inputs();
        assert!(
            !inputs.iter().any(|input| matches!(input, Input::Position(_))),
            "{venue}: {inputs:?}"
        );
        assert_eq!(phases(&inputs), [], "{venue}");
    }
}

#[test]
fn a_late_entry_of_a_former_reconciliation_is_no_state_of_the_next() {
    let (mut world, jobs) = reconciling(VenueId::BinanceUsdm);
    world.advance(Span::from_secs(31));
    let now = world.now();
    world.stage.housekeep(now); // it has failed
    world.pass(Span::from_millis(600));
    assert_eq!(phases(&world.inputs()).last(), Some(&ReconcilePhase::Begin), "the next one");
    let job = of(&jobs, |task| matches!(task, Task::Positions));
    let (venue, instrument, venue_time) = (VenueId::BinanceUsdm, world.instrument, WallNs::NONE);
    let position = Position { venue, instrument, qty: Qty(5), entry: None, venue_time };
    world.reply(job, News::Item(Input::Position(position)));
    jobs.iter().for_each(|job| world.finish(*job));
    world.step();
    assert_eq!(world.inputs(), [], "neither the entry nor an end");
}

#[test]
fn a_reconciliation_without_end_fails_in_time() {
    let (mut world, _) = reconciling(VenueId::Bybit);
    world.inputs();
    world.advance(Span::from_secs(31));
    let now = world.now();
    world.stage.housekeep(now);
    assert_eq!(phases(&world.inputs()), [ReconcilePhase::Failed]);
}

#[test]
fn it_is_done_often_while_orders_are_out_and_seldom_else() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        world.pass(Span::from_secs(6));
        assert_eq!(phases(&world.inputs()), [], "{venue}: nothing is out");
        world.resting();
        world.step();
        world.finish_jobs();
        world.inputs();
        let mut begun = 0;
        for _ in 0..11 {
            world.pass(Span::from_secs(1));
            world.finish_jobs();
            let inputs = world.inputs();
            begun += phases(&inputs).iter().filter(|p| **p == ReconcilePhase::Begin).count();
        }
        assert!(begun >= 2, "{venue}: {begun} in eleven seconds");
    }
}

#[test]
fn funding_that_is_announced_is_asked_for_and_told_once() {
    let mut world = World::up(VenueId::Okx);
    world.push(r#"{"arg":{"channel":"balance_and_position"},"data":[{"eventType":"funding_fee","balData":[],"posData":[]}]}"#);
    world.step();
    world.pass(Span::from_millis(250));
    let asks = |job: &Job| matches!(job.task, Task::Funding { .. });
    let job = world.jobs().into_iter().find(asks).expect("asked for");
    let (venue, instrument) = (VenueId::Okx, world.instrument);
    let settled = WallNs::from_millis(DAY_MS);
    let (asset, amount) = (AssetId(1), Money::ONE);
    let paid = FundingPaid { venue, instrument, asset, amount, settled };
    for _ in 0..2 {
        world.reply(job, News::Item(Input::FundingPaid(paid)));
    }
    world.finish(job);
    world.step();
    assert_eq!(world.inputs(), [Input::FundingPaid(paid)]);
    // Lists may lag: it is asked for once more.
    world.pass(Span::from_secs(5));
    assert!(world.jobs().iter().any(asks));
}

#[test]
fn a_cancel_goes_by_rest_while_the_order_connection_is_gone() {
    for (venue, instrument) in [VENUES[1], VENUES[3]] {
        let mut world = World::up(venue);
        let order = world.resting();
        world.orders.close(CloseReason::Eof);
        world.step();
        world.jobs();
        world.cancel(order);
        let jobs = world.jobs();
        let cancel = Task::Cancel { instrument, order };
        let job = *jobs.iter().find(|job| job.task == cancel).expect("by REST");
        world.inputs();
        let (outcome, class) = (Outcome::NotFound, RejectClass::NotFound);
        let failure = Failure { outcome, class, status: 0, code: -2011, retry_after_ms: 0 };
        world.reply(job, News::Failed(failure));
        world.step();
        let inputs = world.inputs();
        let refused = |input: &Input| matches!(input, Input::CancelReject(c) if c.order == order);
        assert!(inputs.iter().any(refused), "{venue}: {inputs:?}");
    }
}

#[test]
fn orders_found_while_killed_are_cancelled_too() {
    let (mut world, jobs) = reconciling(VenueId::Bybit);
    world.kill.set();
    world.step();
    let open = OpenOrder {
        venue: VenueId::Bybit,
        instrument: world.instrument,
        order: OrderId::new(2, 4),
        side: Side::Sell,
        price: Price(6_200_000),
        qty: Qty(1_000_000),
        filled: Qty(0),
        venue_order: 91,
    };
    let orders = of(&jobs, |task| matches!(task, Task::OpenOrders));
    world.reply(orders, News::Item(Input::OpenOrder(open)));
    world.pass(Span::from_millis(600));
    let instrument = world.instrument;
    let all = |job: &Job| job.task == Task::CancelAll { instrument };
    assert!(world.jobs().iter().any(all), "everything of the instrument first");
    world.pass(Span::from_millis(600));
    let sent = format!("{:?}", world.take_sent());
    assert!(sent.contains("order.cancel") && sent.contains(&client(open.order)), "{sent}");
}

#[test]
fn fills_are_asked_for_from_this_start_on_or_from_where_the_journal_ends() {
    let started = WallNs::from_millis(DAY_MS + 1_000);
    let earlier = WallNs::from_millis(DAY_MS - 60_000);
    for (configured, wanted) in [(WallNs::NONE, started), (earlier, earlier)] {
        for (venue, _) in VENUES {
            let settings = Settings {
                fills_since: configured,
                funding_since: configured,
                ..Settings::default()
            };
            let mut world = World::with(venue, 1_024, settings);
            world.connect();
            world.step();
            let mut asked = 0;
            for job in world.jobs() {
                if let Task::Fills { since, .. } | Task::Funding { since } = job.task {
                    assert_eq!(since, wanted, "{venue}");
                    asked += 1;
                }
            }
            assert!(asked >= 1, "{venue}");
        }
    }
}

#[test]
fn a_question_about_an_order_that_is_over_has_the_fills_listed_soon() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        world.resting();
        world.pass(Span::from_millis(2_500));
        let lists = |world: &mut World| {
            world.jobs().iter().filter(|job| matches!(job.task, Task::Fills { .. })).count()
        };
        assert_eq!(lists(&mut world), 0, "{venue}: the stream stands and nothing is asked");
        world.query(OrderId::new(1, 99));
        world.step();
        world.pass(Span::from_millis(100));
        assert!(lists(&mut world) > 0, "{venue}");
    }
}
