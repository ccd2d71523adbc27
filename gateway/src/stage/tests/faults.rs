//! The fault catalogue's venue rows that a gateway sees.

use super::*;
use crate::rest::Failure;
use venue::Outcome;

#[test]
fn v01_a_reject_is_a_reject_with_its_class_and_code() {
    let cases = [
        (
            VenueId::BinanceSpot,
            400,
            -2010,
            "Account has insufficient balance for requested action.",
            RejectClass::Funds,
        ),
        (VenueId::BinanceSpot, 400, -1013, "Filter failure: PRICE_FILTER", RejectClass::Rules),
        (VenueId::BinanceUsdm, 400, -2019, "Margin is insufficient.", RejectClass::Funds),
        (
            VenueId::BinanceUsdm,
            400,
            -5022,
            "Due to the order could not be executed as maker",
            RejectClass::WouldTake,
        ),
        (
            VenueId::BinanceUsdm,
            400,
            -2022,
            "ReduceOnly Order is rejected.",
            RejectClass::ReduceOnly,
        ),
        (VenueId::Okx, 0, 51_008, "Insufficient balance", RejectClass::Funds),
        (VenueId::Bybit, 0, 110_007, "ab not enough for new order", RejectClass::Funds),
    ];
    for (venue, status, code, words, class) in cases {
        let mut world = World::up(venue);
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        world.tell(&refuse(venue, &request, status, code, words));
        world.step();
        assert_eq!(rejects(&world.inputs()), [(order, class, code)], "{venue} {code}");
        assert_eq!(world.stage.orders_out(), 0);
    }
}

#[test]
fn v02_silence_after_a_partial_fill_is_ended_by_a_reconciliation() {
    for (venue, instrument) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.push(&pushed_fill(venue, &client(order), 77));
        world.step();
        world.inputs();
        world.jobs();
        world.pass(Span::from_secs(6));
        let jobs = world.jobs();
        let listed = |wanted: fn(&Task) -> bool| jobs.iter().any(|job| wanted(&job.task));
        assert!(listed(|task| matches!(task, Task::OpenOrders)), "{venue}: {jobs:?}");
        assert!(listed(|task| matches!(task, Task::Fills { .. })), "{venue}: {jobs:?}");
        // The list has another fill that the stream never told.
        let job = *jobs.iter().find(|job| matches!(job.task, Task::Fills { .. })).unwrap();
        let missed = base::input::Fill {
            venue,
            instrument,
            order,
            side: Side::Buy,
            maker: true,
            price: Price(6_180_010),
            qty: Qty(500_000),
            trade_id: 78,
            venue_time: WallNs::NONE,
        };
        world.reply(job, News::Item(Input::Fill(missed)));
        world.reply(job, News::Item(Input::Fill(base::input::Fill { trade_id: 77, ..missed })));
        world.step();
        assert_eq!(fills(&world.inputs()), [(order, Qty(500_000), 78)], "{venue}");
    }
}

#[test]
fn v03_a_fill_before_its_ack_is_reported_in_the_order_it_came() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        world.push(&pushed_fill(venue, &client(order), 77));
        world.step();
        assert_eq!(fills(&world.inputs()), [(order, Qty(1_000_000), 77)], "{venue}");
        world.tell(&ack(venue, &request, order));
        world.step();
        assert!(matches!(world.inputs().first(), Some(Input::Ack(ack)) if ack.order == order));
    }
}

#[test]
fn v04_a_fill_after_the_cancel_is_still_a_fill() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.push(&pushed_state(venue, &client(order), OrderStatus::Cancelled, 0));
        world.push(&pushed_fill(venue, &client(order), 77));
        world.step();
        let inputs = world.inputs();
        assert_eq!(states(&inputs)[0], (order, OrderStatus::Cancelled, Qty(0)), "{venue}");
        assert_eq!(fills(&inputs), [(order, Qty(1_000_000), 77)], "{venue}");
    }
}

#[test]
fn v05_a_fill_told_twice_counts_once_also_over_a_list() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        for _ in 0..3 {
            world.push(&pushed_fill(venue, &client(order), 77));
        }
        world.step();
        assert_eq!(fills(&world.inputs()).len(), 1, "{venue}");
        assert_eq!(world.stage.page.get(telemetry::Counter::FillsRepeated), 2, "{venue}");
    }
}

#[test]
fn v06_a_fill_of_another_epoch_keeps_its_id_and_a_strangers_is_foreign() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let old = OrderId::new(2, 9);
        world.push(&pushed_fill(venue, &client(old), 1));
        world.push(&pushed_fill(venue, "web-7f3a", 2));
        world.push(&pushed_fill(venue, "ARB20000300000007", 3));
        world.step();
        let told = fills(&world.inputs());
        let foreign = OrderId::FOREIGN;
        let wanted = [(old, 1), (foreign, 2), (foreign, 3)];
        assert_eq!(told.iter().map(|fill| (fill.0, fill.2)).collect::<Vec<_>>(), wanted, "{venue}");
    }
}

/// An order whose ack never came; what is known of it is taken note of.
fn without_ack(venue: VenueId) -> (World, OrderId) {
    let mut world = World::up(venue);
    let order = world.place(Style::Limit);
    world.one_sent();
    world.pass(Span::from_millis(1_999));
    assert_eq!(unknowns(&world.inputs()), [], "{venue}: a slow answer is no lost answer");
    world.pass(Span::from_millis(2));
    assert_eq!(unknowns(&world.inputs()), [order], "{venue}");
    assert_eq!(world.stage.orders_out(), 1, "{venue}: it may well be out");
    world.jobs();
    (world, order)
}

/// The query that was just sent is answered: the order is live, or nobody has heard of it.
fn answer_query(world: &mut World, order: OrderId, found: bool) {
    let venue = world.venue;
    if matches!(venue, VenueId::BinanceSpot | VenueId::BinanceUsdm) {
        let request = world.one_sent();
        assert_eq!(request["method"], "order.status");
        let text = if found {
            ack(venue, &request, order)
        } else {
            refuse(venue, &request, 400, -2013, "Order does not exist.")
        };
        world.tell(&text);
    } else {
        let jobs = world.jobs();
        let job = *jobs.iter().find(|job| matches!(job.task, Task::Query { .. })).expect("asked");
        let news = if found {
            News::Order(crate::decode::OrderNews {
                instrument: world.instrument,
                order,
                status: OrderStatus::Live,
                filled: Qty(0),
                venue_order: 55,
                venue_time: WallNs::NONE,
            })
        } else {
            let (outcome, class) = (Outcome::NotFound, RejectClass::NotFound);
            News::Failed(Failure { outcome, class, status: 0, code: 51_603, retry_after_ms: 0 })
        };
        world.reply(job, news);
    }
    world.step();
}

#[test]
fn v07_an_order_whose_ack_was_lost_is_found_by_asking() {
    for (venue, _) in VENUES {
        let (mut world, order) = without_ack(venue);
        world.query(order);
        answer_query(&mut world, order, true);
        assert_eq!(states(&world.inputs()), [(order, OrderStatus::Live, Qty(0))], "{venue}");
    }
}

#[test]
fn v08_not_found_is_proof_only_after_a_quiet_time() {
    for (venue, _) in VENUES {
        let (mut world, order) = without_ack(venue);
        world.query(order);
        answer_query(&mut world, order, false);
        let early = world.inputs();
        assert_eq!(states(&early), [], "{venue}: two seconds after it was sent it proves nothing");
        // It is asked for again by itself when the quiet time is over.
        world.pass(Span::from_secs(2));
        answer_query(&mut world, order, false);
        assert_eq!(states(&world.inputs()), [(order, OrderStatus::NotFound, Qty(0))], "{venue}");
        assert_eq!(world.stage.orders_out(), 0);
    }
}

#[test]
fn a_late_answer_still_tells_what_became_of_the_order() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        world.pass(Span::from_millis(2_100));
        assert_eq!(unknowns(&world.inputs()), [order]);
        world.tell(&ack(venue, &request, order));
        world.step();
        let inputs = world.inputs();
        assert!(
            matches!(inputs.first(), Some(Input::Ack(ack)) if ack.order == order),
            "{venue}: {inputs:?}"
        );
    }
}

#[test]
fn v09_a_lost_cancel_makes_the_order_unknown_and_not_cancelled() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.cancel(order);
        world.pass(Span::from_millis(2_100));
        let inputs = world.inputs();
        assert_eq!(unknowns(&inputs), [order], "{venue}");
        assert_eq!(states(&inputs), [], "{venue}");
        assert_eq!(world.stage.orders_out(), 1);
    }
}

#[test]
fn v10_a_cancel_that_came_too_late_is_refused_and_proves_nothing() {
    let codes = [
        (-2011, "Unknown order sent."),
        (-2011, "Unknown order sent."),
        (51_400, "gone"),
        (110_001, "order not exists or too late to cancel"),
    ];
    for ((venue, _), (code, words)) in VENUES.into_iter().zip(codes) {
        let mut world = World::up(venue);
        let order = world.resting();
        world.cancel(order);
        let request = world.one_sent();
        world.tell(&refuse(venue, &request, 400, code, words));
        world.step();
        let inputs = world.inputs();
        let [Input::CancelReject(reject)] = inputs.as_slice() else {
            panic!("{venue}: {inputs:?}")
        };
        assert_eq!((reject.order, reject.class, reject.code), (order, RejectClass::NotFound, code));
        assert_eq!(world.stage.orders_out(), 1, "{venue}");
    }
}

#[test]
fn v11_what_proves_nothing_makes_an_order_unknown() {
    let cases = [
        (VenueId::BinanceSpot, 500, -1006, "An unexpected response"),
        (VenueId::BinanceSpot, 500, -1007, "Timeout waiting for response"),
        (VenueId::BinanceSpot, 400, -1007, "Timeout waiting for response"),
        (VenueId::BinanceSpot, 503, -1013, "a code that would prove something, but for the status"),
        (VenueId::BinanceUsdm, 503, -1001, "Internal error"),
        (VenueId::BinanceUsdm, 408, -1007, "Timeout"),
        (VenueId::Okx, 0, 50_004, "Endpoint request timeout"),
        (VenueId::Bybit, 0, 10_000, "Server Timeout"),
        (VenueId::Bybit, 0, 10_016, "Internal server error"),
        (VenueId::Bybit, 0, 987_654, "a code of next year"),
        (VenueId::Okx, 0, 59_999, "a code of next year"),
    ];
    for (venue, status, code, words) in cases {
        let mut world = World::up(venue);
        let order = world.place(Style::Ioc);
        let request = world.one_sent();
        world.tell(&refuse(venue, &request, status, code, words));
        world.step();
        let inputs = world.inputs();
        assert_eq!(unknowns(&inputs), [order], "{venue} {code}: {inputs:?}");
        assert_eq!(rejects(&inputs), [], "{venue} {code}");
        assert_eq!(world.stage.orders_out(), 1);
    }
}

#[test]
fn a_duplicate_client_id_is_asked_for_and_never_a_reject() {
    let codes = [
        (-2010, "Duplicate order sent."),
        (-4116, "ClientOrderId is duplicated."),
        (51_016, "Duplicated client order ID"),
        (110_072, "OrderLinkedID is duplicate"),
    ];
    for ((venue, _), (code, words)) in VENUES.into_iter().zip(codes) {
        let mut world = World::up(venue);
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        world.tell(&refuse(venue, &request, 400, code, words));
        world.step();
        world.step();
        assert_eq!(rejects(&world.inputs()), [], "{venue}");
        answer_query(&mut world, order, true);
        assert_eq!(states(&world.inputs()), [(order, OrderStatus::Live, Qty(0))], "{venue}");
        assert_eq!(world.take_sent(), [] as [Value; 0], "{venue}: nothing is sent again");
    }
}

#[test]
fn every_order_under_way_is_unknown_when_its_connection_is_lost() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let resting = world.resting();
        let (a, b) = (world.place(Style::Limit), world.place(Style::Ioc));
        world.orders.close(CloseReason::Eof);
        world.step();
        let inputs = world.inputs();
        assert_eq!(unknowns(&inputs), [a, b], "{venue}: {resting:?} rests and is not in doubt");
        world.step();
        assert!(world.orders.is_dialing(), "{venue}");
        let account_stays = matches!(venue, VenueId::BinanceUsdm | VenueId::Bybit);
        let slow = world.slow_session(account_stays);
        assert!(world.inputs().contains(&slow), "{venue}: only the slow way is left");
    }
}

#[test]
fn v25_an_order_the_venue_no_longer_lists_is_asked_for() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        world.pass(Span::from_secs(6));
        assert_eq!(phases(&world.inputs()), [ReconcilePhase::Begin], "{venue}");
        world.finish_jobs();
        world.step();
        assert_eq!(phases(&world.inputs()), [ReconcilePhase::End], "{venue}");
        let client = client(order);
        if matches!(venue, VenueId::BinanceSpot | VenueId::BinanceUsdm) {
            let asked = world.one_sent().to_string();
            assert!(asked.contains("order.status") && asked.contains(&client), "{asked}");
        } else {
            let jobs = world.jobs();
            let asked =
                |job: &Job| matches!(job.task, Task::Query { order: of, .. } if of == order);
            assert!(jobs.iter().any(asked), "{venue}: {jobs:?}");
        }
    }
}

#[test]
fn v27_an_expired_listen_key_is_replaced_and_the_account_reconciled() {
    let mut world = World::up(VenueId::BinanceUsdm);
    world.push(r#"{"e":"listenKeyExpired","E":"1576653824250","listenKey":"x"}"#);
    world.step();
    world.step();
    let gone = world.session(true, false, true);
    assert!(world.inputs().contains(&gone));
    let jobs = world.jobs();
    assert!(matches!(jobs.as_slice(), [Job { task: Task::ListenKey, .. }]), "{jobs:?}");
    let key = ListenKey::new(b"another1").unwrap();
    world.reply(jobs[0], News::ListenKey(key));
    world.step();
    let account = world.account.clone().unwrap();
    assert_eq!(account.path(), "/private/ws?listenKey=another1");
    account.open();
    world.step();
    world.step();
    let inputs = world.inputs();
    assert!(inputs.contains(&world.session(true, true, true)), "{inputs:?}");
    assert_eq!(phases(&inputs), [ReconcilePhase::Begin]);
}

#[test]
fn v27_a_listen_key_is_prolonged_in_time_and_made_anew_when_that_fails() {
    let mut world = World::up(VenueId::BinanceUsdm);
    world.advance(Span::from_secs(25 * 60 + 1));
    world.step();
    let keeps = |job: &&Job| matches!(job.task, Task::KeepListenKey);
    let job = *world.jobs().iter().find(keeps).expect("prolonged");
    let (outcome, class) = (Outcome::Auth, RejectClass::Auth);
    let failure = Failure { outcome, class, status: 0, code: -1125, retry_after_ms: 0 };
    world.reply(job, News::Failed(failure));
    world.step();
    world.step();
    assert!(world.jobs().iter().any(|job| matches!(job.task, Task::ListenKey)));
}

#[test]
fn v28_requests_are_stamped_with_the_venues_time() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let bound = Span::from_millis(5);
        let state = base::input::ClockState { venue, offset_ns: -2_000_000_000, bound };
        world.stage.set_offset(&state);
        world.step();
        world.place(Style::Limit);
        let request = world.one_sent();
        let wanted = world.clock.wall().millis() - 2_000;
        let stamp = match venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => {
                request["params"]["timestamp"].to_string()
            }
            VenueId::Okx => {
                let expires: i64 = request["expTime"].as_str().unwrap().parse().unwrap();
                (expires - 5_000).to_string()
            }
            VenueId::Bybit => request["header"]["X-BAPI-TIMESTAMP"].as_str().unwrap().to_owned(),
        };
        assert_eq!(stamp, wanted.to_string(), "{venue}");
    }
}

#[test]
fn v28_a_refused_time_stamp_is_a_proved_reject() {
    let mut world = World::up(VenueId::BinanceSpot);
    let order = world.place(Style::Limit);
    let request = world.one_sent();
    world.tell(&refuse(VenueId::BinanceSpot, &request, 400, -1021, "Timestamp for this request"));
    world.step();
    assert_eq!(rejects(&world.inputs()), [(order, RejectClass::Auth, -1021)]);
}

#[test]
fn garbage_is_counted_and_changes_nothing() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        let order = world.resting();
        for text in [
            "",
            "{",
            "<html>",
            "[]",
            "{\"id\":\"999999\",\"status\":200}",
            "{\"data\":[{}]}",
            "null",
        ] {
            world.tell(text);
            world.push(text);
        }
        world.step();
        assert_eq!(world.inputs(), [], "{venue}");
        assert_eq!(world.stage.orders_out(), 1);
        assert!(world.stage.page.get(telemetry::Counter::GatewayRefused) >= 8, "{venue}");
        world.push(&pushed_fill(venue, &client(order), 77));
        world.step();
        assert_eq!(fills(&world.inputs()).len(), 1, "{venue}");
    }
}
