//! Another API key while orders flow.

use super::*;

/// A key nobody else uses: what carries its name was made with it.
const OTHER: &str = "another";

impl World {
    fn offer(&mut self, key: &str) {
        let credentials = Arc::new(Credentials::new(key, "its", Some("its phrase")).unwrap());
        let keys = Keys::new(self.venue, credentials, 5_000).unwrap();
        self.offered.push(keys).expect("room");
        self.step();
        self.step();
    }

    /// What became of the key that came back.
    fn verdict(&mut self) -> Option<Verdict> {
        self.step();
        self.spent.pop().and_then(|keys| keys.verdict())
    }

    /// The connection of the account's events.
    fn account_peer(&self) -> MemoryPeer {
        self.account.clone().unwrap_or_else(|| self.orders.clone())
    }

    /// Opens what is dialed for the key that is tried; the log-ons on it, as sent.
    fn open_for_trial(&mut self) -> Vec<String> {
        if self.venue == VenueId::BinanceUsdm {
            let jobs = self.jobs();
            let job = jobs.into_iter().find(|job| job.task == Task::ListenKey).expect("asked for");
            let key = ListenKey::new(b"another1listen1key").unwrap();
            self.reply(job, News::ListenKey(key));
            self.step();
        }
        self.orders.open();
        if let Some(account) = &self.account {
            account.open();
        }
        let now = self.now();
        self.stage.turn(now);
        let mut sent = self.orders.take_all_sent();
        sent.extend(self.account.iter().flat_map(MemoryPeer::take_all_sent));
        sent
    }

    /// The venue takes every log-on and subscription of the connections that were opened.
    fn accept(&mut self, log_ons: &[String]) {
        match self.venue {
            VenueId::BinanceSpot => {
                let request: Value = serde_json::from_str(&log_ons[0]).unwrap();
                let answer = json!({"id": request["id"], "status": 200, "result": {}});
                self.tell(&answer.to_string());
            }
            VenueId::BinanceUsdm => {}
            VenueId::Okx => {
                self.tell(r#"{"event":"login","code":"0","msg":""}"#);
                for _ in 0..4 {
                    self.tell(r#"{"event":"subscribe","arg":{"channel":"x"}}"#);
                }
            }
            VenueId::Bybit => {
                self.tell(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"b"}"#);
                let account = self.account_peer();
                account.text(br#"{"success":true,"op":"auth"}"#);
                account.text(br#"{"success":true,"op":"subscribe"}"#);
            }
        }
        let now = self.now();
        self.stage.turn(now);
    }

    /// The venue refuses the log-on (or on spot the subscription).
    fn refuse_log_on(&mut self, log_ons: &[String]) {
        match self.venue {
            VenueId::BinanceSpot => {
                let request: Value = serde_json::from_str(&log_ons[0]).unwrap();
                self.tell(&refuse(VenueId::BinanceSpot, &request, 401, -2015, "Invalid API-key"));
            }
            VenueId::BinanceUsdm => unreachable!("its listen key is refused"),
            VenueId::Okx => {
                self.tell(r#"{"event":"error","code":"60005","msg":"Invalid apiKey"}"#);
            }
            // The order connection stands with it already.
            VenueId::Bybit => {
                self.tell(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"b"}"#);
                let account = self.account_peer();
                account.text(br#"{"success":false,"ret_msg":"API key is invalid.","op":"auth"}"#);
            }
        }
        let now = self.now();
        self.stage.turn(now);
    }

    /// Places an order and returns the text that left, wherever it did.
    fn text_of_order(&mut self) -> (OrderId, String) {
        self.orders.discard_sent();
        let order = self.place(Style::Limit);
        let texts = self.orders.take_all_sent().into_iter().chain(self.orders.take_all_trailing());
        let texts: Vec<String> = texts.filter(|text| text.contains(&client(order))).collect();
        assert_eq!(texts.len(), 1, "{}: {texts:?}", self.venue);
        (order, texts[0].clone())
    }

    fn never_went_down(&mut self) {
        let inputs = self.inputs();
        stayed_up(self.venue, &inputs);
    }

    /// The venue answers an order on the connection there is; the session was up all the while.
    fn answers(&mut self, order: OrderId, text: &str) {
        let request: Value = serde_json::from_str(text).unwrap();
        self.tell(&ack(self.venue, &request, order));
        self.step();
        let inputs = self.inputs();
        let acked = |input: &Input| matches!(input, Input::Ack(ack) if ack.order == order);
        assert!(inputs.iter().any(acked), "{}: {inputs:?}", self.venue);
        stayed_up(self.venue, &inputs);
    }

    /// More time than a trial has, in which every connection is heard from.
    fn let_the_trial_pass(&mut self) {
        for _ in 0..21 {
            self.advance(Span::from_secs(1));
            let pong = if self.venue == VenueId::Okx { "pong" } else { r#"{"op":"pong"}"# };
            self.tell(pong);
            self.push(pong);
            let now = self.now();
            self.stage.turn(now);
            self.step();
        }
    }
}

fn stayed_up(venue: VenueId, inputs: &[Input]) {
    let down = |input: &Input| matches!(input, Input::SessionState(s) if !s.orders || !s.account || s.slow);
    assert!(!inputs.iter().any(down), "{venue}: {inputs:?}");
    assert_eq!(unknowns(inputs), [], "{venue}");
}

fn signs_orders(venue: VenueId) -> bool {
    matches!(venue, VenueId::BinanceSpot | VenueId::BinanceUsdm)
}

#[test]
fn orders_leave_on_the_old_session_until_the_new_key_stands_everywhere() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        world.offer(OTHER);
        let (_, text) = world.text_of_order();
        assert!(!text.contains(OTHER), "{venue}: nothing is dialed yet: {text}");
        let log_ons = world.open_for_trial();
        assert!(
            venue == VenueId::BinanceUsdm || log_ons.iter().all(|text| text.contains(OTHER)),
            "{venue}: {log_ons:?}"
        );
        let order = world.place(Style::Limit);
        let on_old = if venue == VenueId::BinanceUsdm {
            world.orders.take_all_sent() // nothing of it hangs on the key: it was not dialed anew
        } else {
            world.orders.take_all_trailing()
        };
        assert_eq!(on_old.len(), 1, "{venue}: {on_old:?}");
        assert!(on_old[0].contains(&client(order)) && !on_old[0].contains(OTHER), "{venue}");
        if venue != VenueId::BinanceUsdm {
            assert_eq!(world.spent.len(), 0, "{venue}");
        }
        world.accept(&log_ons);
        world.step();
        assert_eq!(world.verdict(), Some(Verdict::Stands), "{venue}");
        world.never_went_down();
        let (_, text) = world.text_of_order();
        assert_eq!(text.contains(OTHER), signs_orders(venue), "{venue}: {text}");
        assert_eq!(world.orders.reverted(), 0, "{venue}");
        // What was asked on the old connection is still answered there; then it goes.
        let request: Value = serde_json::from_str(&on_old[0]).unwrap();
        if venue == VenueId::BinanceUsdm {
            world.tell(&ack(venue, &request, order));
        } else {
            world.orders.trailing(ack(venue, &request, order).as_bytes());
        }
        world.pass(Span::from_millis(2_200));
        let inputs = world.inputs();
        let acked = |input: &Input| matches!(input, Input::Ack(ack) if ack.order == order);
        assert!(inputs.iter().any(acked), "{venue}: {inputs:?}");
        assert_eq!(world.account_peer().settled(), 1, "{venue}");
    }
}

#[test]
fn a_refused_key_leaves_everything_as_it_was() {
    for (venue, _) in [VENUES[0], VENUES[2], VENUES[3]] {
        let mut world = World::up(venue);
        world.offer(OTHER);
        let log_ons = world.open_for_trial();
        let (order, text) = world.text_of_order();
        world.refuse_log_on(&log_ons);
        assert!(matches!(world.verdict(), Some(Verdict::Refused(_))), "{venue}");
        assert_eq!(world.account_peer().reverted(), 1, "{venue}");
        assert_eq!(world.orders.reverted(), 1, "{venue}");
        // The answer comes on the connection that is the only one again.
        world.answers(order, &text);
        let (_, text) = world.text_of_order();
        assert!(!text.contains(OTHER), "{venue}: {text}");
        let told: Vec<_> = std::iter::from_fn(|| world.notices.pop()).map(|n| n.code).collect();
        assert!(told.contains(&telemetry::NoticeCode::KeyRefused), "{venue}: {told:?}");
        let dials = world.orders.dials();
        world.pass(Span::from_millis(50));
        assert_eq!(world.orders.dials(), dials, "{venue}: nothing is dialed anew");
    }
}

#[test]
fn a_session_that_stands_with_the_key_is_given_up_again_when_another_is_refused() {
    let mut world = World::up(VenueId::Bybit);
    world.offer(OTHER);
    world.open_for_trial();
    world.tell(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"b"}"#);
    world.pass(Span::from_millis(3));
    assert_eq!(world.orders.settled(), 0, "the old one is kept while the trial lasts");
    let account = world.account_peer();
    account.text(br#"{"success":false,"ret_msg":"API key is invalid.","op":"auth"}"#);
    world.step();
    assert!(matches!(world.verdict(), Some(Verdict::Refused(_))));
    assert_eq!((world.orders.reverted(), account.reverted()), (1, 1));
    world.never_went_down();
}

#[test]
fn a_refused_listen_key_keeps_the_one_there_is() {
    let mut world = World::up(VenueId::BinanceUsdm);
    let path = world.account_peer().path();
    world.offer(OTHER);
    let job = world.jobs().into_iter().find(|job| job.task == Task::ListenKey).expect("asked for");
    let failure = Failure {
        outcome: venue::Outcome::Rejected,
        class: RejectClass::Auth,
        status: 401,
        code: -2015,
        retry_after_ms: 0,
    };
    world.reply(job, News::Failed(failure));
    world.step();
    assert_eq!(world.verdict(), Some(Verdict::Refused(-2015)));
    world.never_went_down();
    assert_eq!(world.account_peer().path(), path);
    assert!(!world.account_peer().is_dialing());
    let (_, text) = world.text_of_order();
    assert!(!text.contains(OTHER), "{text}");
}

#[test]
fn a_connection_that_closes_instead_of_logging_on_leaves_everything_as_it_was() {
    for (venue, _) in [VENUES[0], VENUES[2], VENUES[3]] {
        let mut world = World::up(venue);
        world.offer(OTHER);
        world.open_for_trial();
        let (order, text) = world.text_of_order();
        let dials = world.orders.dials();
        world.orders.close(CloseReason::Peer(1_008));
        let now = world.now();
        world.stage.turn(now);
        assert_eq!(world.verdict(), Some(Verdict::Closed), "{venue}");
        world.answers(order, &text);
        let (_, text) = world.text_of_order();
        assert!(!text.contains(OTHER), "{venue}: {text}");
        assert_eq!(world.orders.dials(), dials, "{venue}: nothing is dialed anew");
    }
}

#[test]
fn a_connection_that_stood_with_the_key_and_closes_while_another_joins_leaves_everything_as_it_was()
{
    let mut world = World::up(VenueId::Bybit);
    world.offer(OTHER);
    world.open_for_trial();
    world.tell(r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"b"}"#);
    world.pass(Span::from_millis(3));
    let (order, text) = world.text_of_order();
    world.orders.close(CloseReason::Peer(1_008));
    let now = world.now();
    world.stage.turn(now);
    assert_eq!(world.verdict(), Some(Verdict::Closed));
    assert_eq!(world.account_peer().reverted(), 1);
    world.answers(order, &text);
}

#[test]
fn a_listen_key_that_comes_when_its_trial_is_over_is_not_joined_with() {
    let mut world = World::up(VenueId::BinanceUsdm);
    let path = world.account_peer().path();
    let asked =
        |world: &mut World| world.jobs().into_iter().find(|job| job.task == Task::ListenKey);
    world.offer(OTHER);
    let job = asked(&mut world).expect("asked for");
    world.let_the_trial_pass();
    assert_eq!(world.verdict(), Some(Verdict::Late));
    // Even when another key is tried by then.
    world.offer("third");
    assert_eq!(asked(&mut world), None, "one at a time");
    world.reply(job, News::ListenKey(ListenKey::new(b"another1listen1key").unwrap()));
    world.step();
    world.never_went_down();
    assert_eq!(world.account_peer().path(), path);
    assert!(!world.account_peer().is_dialing());
    world.pass(Span::from_millis(5));
    let job = asked(&mut world).expect("asked for with the third key");
    world.reply(job, News::ListenKey(ListenKey::new(b"third1listen1key").unwrap()));
    world.step();
    assert!(world.account_peer().path().contains("third1listen1key"));
    assert!(world.account_peer().is_dialing());
    world.never_went_down();
}

#[test]
fn a_key_whose_sessions_never_stand_is_given_back() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        world.offer(OTHER);
        world.step();
        world.let_the_trial_pass();
        assert_eq!(world.verdict(), Some(Verdict::Late), "{venue}");
        // The dial is answered after all: an ordinary replacement, with the key in use.
        let sent = world.open_for_late();
        assert!(!sent.is_empty() || venue == VenueId::BinanceUsdm, "{venue}");
        assert!(sent.iter().all(|text| !text.contains(OTHER)), "{venue}: {sent:?}");
    }
}

impl World {
    fn open_for_late(&mut self) -> Vec<String> {
        self.orders.open();
        let now = self.now();
        self.stage.turn(now);
        self.orders.take_all_sent()
    }
}

#[test]
fn a_key_that_cannot_log_on_any_more_is_replaced_by_one_that_can() {
    let mut world = World::new(VenueId::Okx);
    world.orders.open();
    world.step();
    world.tell(r#"{"event":"error","code":"60005","msg":"Invalid apiKey"}"#);
    world.step();
    world.orders.discard_sent();
    world.offer(OTHER);
    world.step();
    let log_ons = world.open_for_trial();
    assert!(log_ons.len() == 1 && log_ons[0].contains(OTHER), "{log_ons:?}");
    world.accept(&log_ons);
    world.step();
    assert_eq!(world.verdict(), Some(Verdict::Stands));
    world.finish_jobs();
    world.step();
    let inputs = world.inputs();
    assert!(inputs.contains(&world.session(true, true, true)), "{inputs:?}");
}

#[test]
fn what_came_back_puts_the_key_of_before_back_when_it_is_handed_in_again() {
    for (venue, _) in VENUES {
        let mut world = World::up(venue);
        world.offer(OTHER);
        let log_ons = world.open_for_trial();
        world.accept(&log_ons);
        world.step();
        world.step();
        let former = world.spent.pop().expect("it came back");
        assert_eq!(former.verdict(), Some(Verdict::Stands), "{venue}");
        world.pass(Span::from_millis(5)); // the old connection goes
        world.offered.push(former).expect("room");
        world.step();
        world.step();
        let log_ons = world.open_for_trial();
        assert!(log_ons.iter().all(|text| !text.contains(OTHER)), "{venue}: {log_ons:?}");
        world.accept(&log_ons);
        world.step();
        assert_eq!(world.verdict(), Some(Verdict::Stands), "{venue}");
        let (_, text) = world.text_of_order();
        assert!(!text.contains(OTHER), "{venue}: {text}");
    }
}

#[test]
fn a_second_key_is_not_tried_beside_the_first() {
    let mut world = World::up(VenueId::Okx);
    world.offer(OTHER);
    world.offer("third");
    assert_eq!(world.verdict(), Some(Verdict::NotTried));
    let log_ons = world.open_for_trial();
    world.accept(&log_ons);
    world.step();
    assert_eq!(world.verdict(), Some(Verdict::Stands));
}

#[test]
fn a_key_of_another_venue_comes_straight_back() {
    let mut world = World::up(VenueId::Okx);
    let credentials = Arc::new(Credentials::new(OTHER, "its", None).unwrap());
    world.offered.push(Keys::new(VenueId::Bybit, credentials, 5_000).unwrap()).expect("room");
    assert_eq!(world.verdict(), Some(Verdict::NotTried));
}

#[test]
fn a_key_a_venue_cannot_use_is_not_made() {
    let credentials = Arc::new(Credentials::new(OTHER, "its", None).unwrap());
    assert!(Keys::new(VenueId::Okx, credentials, 5_000).is_err(), "no passphrase");
}
