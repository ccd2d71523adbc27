//! Connecting, logging on, pinging, replacing.

use super::*;

#[test]
fn what_may_be_done_is_said_whenever_it_changes() {
    for (venue, _) in VENUES {
        let mut world = World::new(venue);
        assert_eq!(world.inputs(), [world.session(false, false, true)], "{venue}");
        world.connect();
        let inputs = world.inputs();
        assert!(inputs.contains(&world.session(true, true, true)), "{venue}: {inputs:?}");
        world.orders.close(CloseReason::Eof);
        world.step();
        world.step();
        let inputs = world.inputs();
        let account_stays = matches!(venue, VenueId::BinanceUsdm | VenueId::Bybit);
        assert!(inputs.contains(&world.session(false, account_stays, true)), "{venue}: {inputs:?}");
    }
}

#[test]
fn a_reconnected_session_logs_on_again_before_orders_leave() {
    for (venue, _) in [VENUES[2], VENUES[3]] {
        let mut world = World::up(venue);
        world.orders.close(CloseReason::Socket(104));
        world.step();
        world.orders.open();
        world.step();
        world.place(Style::Limit);
        let by_rest = |job: &Job| matches!(job.task, Task::Place { .. });
        assert!(world.jobs().iter().any(by_rest), "{venue}: not logged on yet");
        let sent = format!("{:?}", world.take_sent());
        assert!(sent.contains("login") || sent.contains("auth"), "{venue}: {sent}");
        world.tell(r#"{"event":"login","code":"0","msg":"","retCode":0,"op":"auth"}"#);
        world.step();
        world.take_sent();
        world.place(Style::Limit);
        assert_eq!(world.take_sent().len(), 1, "{venue}");
    }
}

#[test]
fn a_binance_order_needs_no_log_on_with_an_hmac_key() {
    for (venue, _) in [VENUES[0], VENUES[1]] {
        let mut world = World::new(venue);
        world.orders.open();
        world.step();
        world.take_sent();
        world.place(Style::Limit);
        assert!(world.one_sent()["params"]["signature"].is_string(), "{venue}");
    }
}

#[test]
fn a_refused_log_on_waits_before_it_is_tried_again() {
    let mut world = World::new(VenueId::Okx);
    world.orders.open();
    world.step();
    world.tell(r#"{"event":"error","code":"60032","msg":"API key doesn't exist","connId":"a"}"#);
    world.pass(Span::from_secs(4));
    assert_eq!(world.orders.dials(), 1);
    world.pass(Span::from_secs(2));
    assert_eq!(world.orders.dials(), 2);
    assert!(
        !world.inputs().iter().any(|input| matches!(input, Input::SessionState(s) if s.orders))
    );
}

#[test]
fn a_log_on_without_answer_is_begun_anew() {
    for (venue, _) in [VENUES[0], VENUES[2], VENUES[3]] {
        let mut world = World::new(venue);
        world.orders.open();
        world.step();
        for _ in 0..11 {
            world.advance(Span::from_secs(1));
            world.step();
        }
        assert_eq!(world.orders.dials(), 2, "{venue}");
    }
}

#[test]
fn a_refused_subscription_keeps_the_account_down() {
    let mut world = World::new(VenueId::BinanceSpot);
    world.orders.open();
    world.step();
    let request = world.one_sent();
    world.tell(&refuse(VenueId::BinanceSpot, &request, 401, -2015, "Invalid API-key"));
    world.step();
    world.step();
    assert!(
        !world.inputs().iter().any(|input| matches!(input, Input::SessionState(s) if s.account))
    );
}

#[test]
fn okx_and_bybit_are_pinged_in_their_own_way_and_given_up_when_silent() {
    for (venue, ping) in [(VenueId::Okx, "ping"), (VenueId::Bybit, r#"{"op":"ping"}"#)] {
        let mut world = World::up(venue);
        world.orders.discard_sent();
        for _ in 0..16 {
            world.advance(Span::from_secs(1));
            world.step();
        }
        assert!(world.orders.take_all_sent().contains(&ping.to_owned()), "{venue}");
        let dials = world.orders.dials();
        for _ in 0..14 {
            world.advance(Span::from_secs(1));
            world.step();
        }
        assert_eq!(world.orders.dials(), dials + 1, "{venue}: nothing came for 28 seconds");
    }
}

#[test]
fn bybit_is_pinged_every_twenty_seconds_also_while_data_flows() {
    let mut world = World::up(VenueId::Bybit);
    let account = world.account.clone().unwrap();
    account.discard_sent();
    let mut pings = 0;
    for _ in 0..61 {
        account.text(br#"{"topic":"greeks","data":[]}"#);
        world.tell(r#"{"op":"pong"}"#);
        world.advance(Span::from_secs(1));
        world.step();
        pings += account.take_all_sent().iter().filter(|text| text.contains("ping")).count();
    }
    assert!((2..=3).contains(&pings), "{pings}");
}

#[test]
fn an_announced_end_is_met_by_a_second_connection_first() {
    let cases = [
        (VenueId::BinanceSpot, r#"{"e":"serverShutdown","E":1}"#),
        (
            VenueId::Okx,
            r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed"}"#,
        ),
    ];
    for (venue, notice) in cases {
        let mut world = World::up(venue);
        let order = world.place(Style::Limit);
        let request = world.one_sent();
        world.tell(notice);
        world.step();
        assert!(world.orders.is_dialing(), "{venue}");
        world.orders.open();
        world.step();
        // The answer to what was sent before comes on the old connection.
        world.orders.trailing(ack(venue, &request, order).as_bytes());
        world.step();
        let inputs = world.inputs();
        let acked = inputs.iter().find(|input| matches!(input, Input::Ack(_)));
        assert!(
            matches!(acked, Some(Input::Ack(ack)) if ack.order == order),
            "{venue}: {inputs:?}"
        );
        assert_eq!(unknowns(&inputs), [], "{venue}");
        assert_eq!(world.orders.settled(), 0, "{venue}: the new one has not joined yet");
        join_again(&mut world);
        world.pass(Span::from_millis(2));
        assert_eq!(world.orders.settled(), 1, "{venue}");
        let inputs = world.inputs();
        let went = |input: &Input| matches!(input, Input::SessionState(s) if !s.account);
        assert!(!inputs.iter().any(went), "{venue}: the account never went down: {inputs:?}");
        world.take_sent();
        world.place(Style::Limit);
        assert_eq!(world.take_sent().len(), 1, "{venue}");
    }
}

/// Answers the log-on and the subscription of a renewed order connection.
fn join_again(world: &mut World) {
    match world.venue {
        VenueId::BinanceSpot => world.tell_subscribed(),
        VenueId::BinanceUsdm => {}
        VenueId::Okx => {
            world.tell(r#"{"event":"login","code":"0","msg":""}"#);
            world.step();
            for _ in 0..4 {
                world.tell(r#"{"event":"subscribe","arg":{"channel":"x"}}"#);
            }
        }
        VenueId::Bybit => world.tell(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"b"}"#),
    }
    world.step();
}

/// A renewal begun by age; the new connection is open and has not logged on.
fn renewing(venue: VenueId) -> World {
    let mut world = World::up(venue);
    world.advance(Span::from_secs(23 * 3_600 + 31 * 60));
    // Both connections were heard from lately.
    world.tell(if venue == VenueId::Okx { "pong" } else { r#"{"op":"pong"}"# });
    world.push(if venue == VenueId::Okx { "pong" } else { r#"{"op":"pong"}"# });
    let now = world.now();
    world.stage.turn(now);
    world.step();
    world.orders.open();
    world.step();
    world.jobs();
    world.inputs();
    world
}

#[test]
fn order_entry_stays_up_on_the_old_connection_until_the_new_one_has_logged_on() {
    for (venue, _) in [VENUES[2], VENUES[3]] {
        let mut world = renewing(venue);
        assert!(!world.take_sent().is_empty(), "{venue}: a log-on is under way on the new one");
        let order = world.place(Style::Limit);
        assert_eq!(world.take_sent(), [] as [Value; 0], "{venue}: nothing else on the new one");
        let on_old = world.orders.take_all_trailing();
        assert!(on_old.len() == 1 && on_old[0].contains(&client(order)), "{venue}: {on_old:?}");
        world.cancel(order);
        assert_eq!(world.orders.take_all_trailing().len(), 1, "{venue}: cancels, too");
        join_again(&mut world);
        world.step();
        let went = |input: &Input| matches!(input, Input::SessionState(s) if !s.orders || s.slow);
        assert!(!world.inputs().iter().any(went), "{venue}: order entry never went down");
        assert_eq!(world.orders.settled(), 0, "{venue}: an answer is awaited on the old one");
        let request: Value = serde_json::from_str(&on_old[0]).unwrap();
        world.orders.trailing(ack(venue, &request, order).as_bytes());
        world.pass(Span::from_millis(2_100)); // the cancel is given up
        assert_eq!(world.orders.settled(), 1, "{venue}");
        world.take_sent();
        world.place(Style::Limit);
        assert_eq!(world.take_sent().len(), 1, "{venue}");
    }
}

#[test]
fn an_old_connection_that_goes_before_the_new_one_has_logged_on_takes_order_entry_with_it() {
    for (venue, _) in [VENUES[2], VENUES[3]] {
        let mut world = renewing(venue);
        world.orders.end_trailing();
        world.step();
        let inputs = world.inputs();
        let slow = world.slow_session(true);
        assert!(inputs.contains(&slow), "{venue}: {inputs:?}");
        join_again(&mut world);
        world.step();
        assert!(world.inputs().contains(&world.session(true, true, true)), "{venue}");
    }
}

#[test]
fn a_connection_is_replaced_before_its_day_is_over() {
    let mut world = World::up(VenueId::BinanceSpot);
    world.advance(Span::from_secs(23 * 3_600 + 31 * 60));
    world.step();
    assert!(world.orders.is_dialing());
    assert!(world.orders.is_open_for_tests());
}

trait IsOpen {
    fn is_open_for_tests(&self) -> bool;
}

impl IsOpen for MemoryPeer {
    /// A renewal leaves the first connection as it is: nothing unread was thrown away.
    fn is_open_for_tests(&self) -> bool {
        self.dials() == 2 && self.unread() == 0
    }
}

#[test]
fn usdm_waits_for_its_listen_key_before_it_joins() {
    let mut world = World::new(VenueId::BinanceUsdm);
    let account = world.account.clone().unwrap();
    assert_eq!(account.dials(), 0);
    let jobs = world.jobs();
    assert!(matches!(jobs.as_slice(), [Job { task: Task::ListenKey, .. }]), "{jobs:?}");
    let (outcome, class) = (venue::Outcome::Unknown, RejectClass::Unavailable);
    let failure = crate::rest::Failure { outcome, class, status: 0, code: 503, retry_after_ms: 0 };
    world.reply(jobs[0], News::Failed(failure));
    world.pass(Span::from_millis(1_990));
    assert_eq!(world.jobs(), []);
    world.pass(Span::from_millis(50));
    let again = world.jobs();
    assert_eq!(again.len(), 1, "asked again after two seconds");
    world.finish(again[0]);
    world.step();
    assert_eq!(account.dials(), 1);
    assert_eq!(account.path(), "/private/ws?listenKey=pqia91ma19a5s61cv6a81va65sd");
}

#[test]
fn a_listen_key_the_venue_refuses_is_asked_for_anew() {
    let mut world = World::up(VenueId::BinanceUsdm);
    let account = world.account.clone().unwrap();
    account.close(CloseReason::Eof);
    world.step();
    world.jobs();
    account.close(CloseReason::Dial(net::DialFault::Status(401)));
    world.step();
    world.step();
    let jobs = world.jobs();
    assert!(matches!(jobs.as_slice(), [Job { task: Task::ListenKey, .. }]), "{jobs:?}");
    world.reply(jobs[0], News::ListenKey(ListenKey::new(b"fresh").unwrap()));
    world.step();
    assert_eq!(account.path(), "/private/ws?listenKey=fresh");
}

#[test]
fn a_session_the_venue_forgot_is_begun_anew_and_one_that_restarts_is_replaced() {
    let mut okx = World::up(VenueId::Okx);
    okx.place(Style::Limit);
    let request = okx.one_sent();
    let dials = okx.orders.dials();
    okx.tell(
        &json!({"id": request["id"], "event": "error", "code": "60011", "msg": "Please log in"})
            .to_string(),
    );
    okx.step();
    assert_eq!(okx.orders.dials(), dials + 1);
    let mut bybit = World::up(VenueId::Bybit);
    let order = bybit.place(Style::Limit);
    let request = bybit.one_sent();
    bybit.tell(&refuse(VenueId::Bybit, &request, 0, 10_019, "Trade WS is restarting"));
    bybit.step();
    assert!(bybit.orders.is_dialing());
    assert!(!bybit.inputs().contains(&bybit.session(false, true, true)), "{order:?}");
    // It goes on saying so, to the next order, too: one replacement is enough.
    let dials = bybit.orders.dials();
    bybit.orders.open();
    bybit.step();
    let login = bybit.one_sent();
    bybit.tell(&json!({"reqId": login["req_id"], "retCode": 0, "op": "auth"}).to_string());
    bybit.step();
    bybit.place(Style::Limit);
    let request = bybit.one_sent();
    bybit.tell(&refuse(VenueId::Bybit, &request, 0, 10_019, "Trade WS is restarting"));
    bybit.step();
    assert_eq!((bybit.orders.is_dialing(), bybit.orders.dials()), (false, dials));
    bybit.pass(Span::from_secs(6));
    bybit.take_sent();
    bybit.place(Style::Limit);
    let request = bybit.one_sent();
    bybit.tell(&refuse(VenueId::Bybit, &request, 0, 10_019, "Trade WS is restarting"));
    bybit.step();
    assert!(bybit.orders.is_dialing(), "but not for ever");
}

/// An Ed25519 key in PKCS#8: that of RFC 8032, test 1.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";

#[test]
fn an_ed25519_session_is_logged_on_once_and_orders_are_then_not_signed() {
    let mut world = World::with_key(VenueId::BinanceUsdm, 1_024, Settings::default(), PEM);
    world.orders.open();
    world.step();
    let logon = world.one_sent();
    assert_eq!(logon["method"], "session.logon");
    world.place(Style::Limit);
    assert!(world.one_sent()["params"]["signature"].is_string(), "signed one by one until then");
    world.tell(
        &json!({"id": logon["id"], "status": 200, "result": {"authorizedSince": 1}}).to_string(),
    );
    world.step();
    // The account's connection coming up later does not undo it.
    world.finish_jobs();
    world.account.as_ref().unwrap().open();
    world.step();
    world.place(Style::Limit);
    assert_eq!(world.one_sent()["params"].get("signature"), None);
    world.orders.close(CloseReason::Eof);
    world.step();
    world.orders.open();
    world.step();
    assert_eq!(world.one_sent()["method"], "session.logon", "a new session, a new log-on");
}

#[test]
fn a_refused_log_on_leaves_the_orders_signed_one_by_one() {
    let mut world = World::with_key(VenueId::BinanceSpot, 1_024, Settings::default(), PEM);
    world.orders.open();
    world.step();
    let logon = world.one_sent();
    world.tell(&refuse(VenueId::BinanceSpot, &logon, 400, -1193, "Feature not available"));
    world.step();
    assert_eq!(world.one_sent()["method"], "userDataStream.subscribe.signature");
    world.place(Style::Limit);
    assert!(world.one_sent()["params"]["signature"].is_string());
}
