//! Rate budgets, the kill flag, and coming to rest.

use super::*;
use base::output::CancelAll;
use venue::catalog::RateLimit;

#[test]
fn v12_too_many_requests_stops_new_orders_until_the_time_is_over() {
    let mut world = World::up(VenueId::BinanceSpot);
    let order = world.place(Style::Limit);
    let request = world.one_sent();
    let text = json!({"id": request["id"], "status": 429, "error": {"code": -1003, "msg": "Too many",
        "data": {"serverTime": 1_000, "retryAfter": 6_000}}});
    world.tell(&text.to_string());
    world.step();
    world.step();
    let inputs = world.inputs();
    assert_eq!(rejects(&inputs), [(order, RejectClass::RateLimit, -1003)], "it had no effect");
    assert!(inputs.contains(&world.session(true, true, false)), "{inputs:?}");
    let held = world.place(Style::Limit);
    assert_eq!(rejects(&world.inputs()), [(held, RejectClass::RateLimit, 0)]);
    assert_eq!(world.take_sent(), [] as [Value; 0], "refused before any byte");
    world.pass(Span::from_millis(5_100));
    assert!(world.inputs().contains(&world.session(true, true, true)));
    world.place(Style::Limit);
    assert_eq!(world.take_sent().len(), 1);
}

/// The query of an order is refused so; says whether new orders may still leave.
fn after_a_refused_query(status: u16, code: i64) -> bool {
    let mut world = World::up(VenueId::Okx);
    let order = world.resting();
    world.query(order);
    let asked = |job: &Job| matches!(job.task, Task::Query { .. });
    let job = world.jobs().into_iter().find(asked).expect("asked");
    let (outcome, class) = (venue::Outcome::RateLimited, RejectClass::RateLimit);
    let failure = crate::rest::Failure { outcome, class, status, code, retry_after_ms: 0 };
    world.reply(job, News::Failed(failure));
    world.step();
    world.inputs();
    // The query itself is made again when its own window is over.
    world.pass(Span::from_millis(2_200));
    let again = world.jobs().iter().any(asked);
    assert_eq!(again, code == 50_011, "HTTP {status}, code {code}");
    world.place(Style::Limit);
    rejects(&world.inputs()).is_empty()
}

#[test]
fn a_refused_kind_of_request_stops_that_kind_and_a_refused_address_stops_all() {
    assert!(after_a_refused_query(200, 50_011));
    // OKX says its codes of this kind with that status: every endpoint has a count of its own.
    assert!(after_a_refused_query(429, 50_011));
    assert!(!after_a_refused_query(429, 429));
    assert!(!after_a_refused_query(403, 403));
}

#[test]
fn a_budget_is_counted_before_sending_and_cancels_keep_a_reserve() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let resting = world.resting();
        let mut sent = 0;
        // bound: the largest of the venues' limits
        for _ in 0..400 {
            world.place(Style::Limit);
            let requests = world.take_sent();
            if requests.is_empty() {
                break;
            }
            sent += 1;
            let request = &requests[0];
            world.tell(&refuse(venue, request, 400, refusal_code(venue), "x"));
            world.stage.turn(world.now());
        }
        let inputs = world.inputs();
        let last = *rejects(&inputs).last().unwrap();
        assert_eq!((last.1, last.2), (RejectClass::RateLimit, 0), "{venue}: after {sent} orders");
        world.step();
        assert!(world.inputs().contains(&world.session(true, true, false)), "{venue}");
        world.cancel(resting);
        assert_eq!(world.take_sent().len(), 1, "{venue}: a cancel still leaves");
        world.pass(Span::from_secs(11));
        world.jobs();
        let back = world.session(true, true, true);
        assert!(world.inputs().contains(&back), "{venue}: the window is over");
    }
}

#[test]
fn a_limit_that_the_venue_states_at_the_start_is_the_one_counted_against() {
    let limits = vec![RateLimit { meter: "orders-10s", limit: 10 }];
    let settings = Settings { limits, ..Settings::default() };
    let mut world = World::with(VenueId::BinanceSpot, 1_024, settings);
    world.connect();
    world.finish_jobs();
    world.step();
    world.take_sent();
    let left = (0..20).filter(|_| {
        world.place(Style::Limit);
        !world.take_sent().is_empty()
    });
    assert_eq!(left.count(), 9, "ten, less the one kept for exits");
}

/// A code that proves that the order has no effect.
fn refusal_code(venue: VenueId) -> i64 {
    match venue {
        VenueId::BinanceSpot => -1013,
        VenueId::BinanceUsdm => -2019,
        VenueId::Okx => 51_008,
        VenueId::Bybit => 110_007,
    }
}

#[test]
fn after_the_kill_flag_no_order_leaves_and_everything_is_cancelled() {
    for (venue, instrument) in VENUES {
        let mut world = World::up(venue);
        let resting = world.resting();
        world.kill.set();
        let order = world.place(Style::Limit);
        let inputs = world.inputs();
        assert_eq!(rejects(&inputs), [(order, RejectClass::Local, 0)], "{venue}");
        let sent = format!("{:?}", world.take_sent());
        assert!(!sent.contains("order.place") && !sent.contains("order.create"), "{venue}: {sent}");
        let by_socket = matches!(venue, VenueId::BinanceSpot | VenueId::Okx);
        if by_socket {
            assert!(sent.contains("cancelAll") || sent.contains("batch-cancel-orders"), "{sent}");
        } else {
            let jobs = world.jobs();
            let wanted = Task::CancelAll { instrument };
            assert!(jobs.iter().any(|job| job.task == wanted), "{venue}: {jobs:?}");
        }
        // What is still out is cancelled one by one, again and again.
        world.pass(Span::from_millis(1_200));
        let again = format!("{:?}", world.take_sent());
        assert!(again.contains(&client(resting)) && again.contains("cancel"), "{venue}: {again}");
        world.kill.clear();
        world.step();
        world.inputs();
        world.place(Style::Limit);
        assert_eq!(rejects(&world.inputs()), [], "{venue}: re-armed");
    }
}

#[test]
fn the_flag_is_seen_by_an_order_that_was_already_in_the_ring() {
    let mut world = World::up(VenueId::Bybit);
    let place = Place {
        venue: VenueId::Bybit,
        instrument: world.instrument,
        order: order(1),
        side: Side::Buy,
        style: Style::Limit,
        reduce_only: false,
        price: Price(6_180_010),
        qty: Qty(2_500_000),
        cause: Stamp(0),
        pair: PairId(1),
        version: 1,
    };
    world.intents.push(Output::Place(place).record(Stamp(0))).unwrap();
    world.kill.set();
    world.step();
    assert_eq!(rejects(&world.inputs()), [(order(1), RejectClass::Local, 0)]);
    assert_eq!(world.take_sent(), [] as [Value; 0]);
}

#[test]
fn a_stage_is_quiet_when_the_last_cancel_is_confirmed_and_not_before() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        assert!(world.stage.is_quiet(), "{venue}");
        let order = world.resting();
        assert!(!world.stage.is_quiet());
        world.stage.cancel_all();
        let late = world.place(Style::Limit);
        let refused = rejects(&world.inputs());
        assert_eq!(refused, [(late, RejectClass::Local, 0)], "{venue}: nothing new leaves");
        world.finish_jobs();
        for request in world.take_sent() {
            world.tell(&ack(venue, &request, order));
        }
        world.step();
        assert!(!world.stage.is_quiet(), "{venue}: taken is not done");
        world.push(&pushed_state(venue, &client(order), OrderStatus::Cancelled, 0));
        world.step();
        world.finish_jobs();
        world.pass(Span::from_millis(2_100));
        world.finish_jobs();
        assert!(world.stage.is_quiet(), "{venue}");
    }
}

#[test]
fn cancel_all_of_one_instrument_goes_out_for_that_one() {
    for (venue, instrument) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.intend(Output::CancelAll(CancelAll { venue, instrument: InstrumentId(99) }));
        assert_eq!(world.take_sent(), [] as [Value; 0], "{venue}");
        world.intend(Output::CancelAll(CancelAll { venue, instrument }));
        let sent = format!("{:?}", world.take_sent());
        let jobs = world.jobs();
        let asked = match venue {
            VenueId::BinanceSpot => sent.contains("openOrders.cancelAll"),
            VenueId::Okx => sent.contains("batch-cancel-orders") && sent.contains(&client(order)),
            _ => jobs.iter().any(|job| job.task == Task::CancelAll { instrument }),
        };
        assert!(asked, "{venue}: {sent} {jobs:?}");
    }
}

#[test]
fn many_orders_are_cancelled_in_batches_on_okx() {
    let mut world = World::up(VenueId::Okx);
    for _ in 0..25 {
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        world.tell(&ack(VenueId::Okx, &request, order));
        world.step();
    }
    world.intend(Output::CancelAll(CancelAll {
        venue: VenueId::Okx,
        instrument: InstrumentId::ALL,
    }));
    let sent = world.take_sent();
    let sizes: Vec<_> = sent.iter().map(|text| text["args"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
}

/// How often the switch is set within 46 seconds with an order out, while the core goes on for so long.
fn dead_man_fed(
    (venue, instrument): (VenueId, InstrumentId),
    dead_man: Option<Span>,
    core: Span,
) -> u32 {
    let mut world = World::up_with(venue, Settings { dead_man, ..Settings::default() });
    world.pass(Span::from_secs(1));
    world.core.open_until(world.now() + core);
    world.resting();
    world.step();
    let mut fed = 0;
    for _ in 0..46 {
        for job in world.jobs() {
            if let Task::DeadMan { instrument: of, after_ms } = job.task {
                fed += 1;
                assert_eq!(after_ms, 60_000);
                let per_instrument = venue == VenueId::BinanceUsdm;
                assert_eq!(of, if per_instrument { instrument } else { InstrumentId::ALL });
            }
            world.finish(job);
        }
        // Keeps the connection heard from.
        world.tell(if venue == VenueId::Okx { "pong" } else { r#"{"op":"pong"}"# });
        world.push(if venue == VenueId::Okx { "pong" } else { r#"{"op":"pong"}"# });
        world.advance(Span::from_secs(1));
        world.step();
    }
    fed
}

#[test]
fn the_dead_mans_switch_is_fed_at_a_quarter_of_its_time_while_orders_are_out() {
    for market in VENUES {
        let wanted = if market.0 == VenueId::BinanceSpot { 0 } else { 4 };
        let fed = dead_man_fed(market, Some(Span::from_secs(60)), Span::from_secs(60));
        assert_eq!(fed, wanted, "{}: at 0, 15, 30 and 45 seconds", market.0);
    }
}

#[test]
fn the_dead_mans_switch_is_left_alone_unless_it_is_asked_for() {
    for market in VENUES {
        let fed = dead_man_fed(market, Settings::default().dead_man, Span::from_secs(60));
        assert_eq!(fed, 0, "{}", market.0);
    }
}

#[test]
fn a_core_that_stands_still_is_not_spoken_for() {
    for market in VENUES {
        let wanted = if market.0 == VenueId::BinanceSpot { 0 } else { 2 };
        let fed = dead_man_fed(market, Some(Span::from_secs(60)), Span::from_secs(20));
        assert_eq!(fed, wanted, "{}: at 0 and 15 seconds", market.0);
    }
}
