use crate::binance;
use crate::exchange::Exchange;
use crate::faults::{FaultKind, FaultRule};
use crate::scenario::Scenario;
use crate::server::{ConnId, Outbox, Protocol, Reply, Request};
use crate::tape::Tape;
use crate::wire::sign;
use base::{VenueId, WallNs};

const KEY: &str = "simBinanceUsdmHmacKey0000000000000000000000000000000000000000001";
const SECRET: &str = "simBinanceUsdmHmacSecret000000000000000000000000000000000000001";

/// USD-M without sockets, and a clock turned by hand.
struct Bench {
    venue: Box<dyn Protocol>,
    now: WallNs,
    out: Outbox,
}

impl Bench {
    fn new() -> Self {
        let scenario = Scenario::load("calm").expect("a built-in scenario");
        let tape = Tape::built_in().expect("the captures the program was built with");
        let now = WallNs(tape.start);
        let exchange = Exchange::new(VenueId::BinanceUsdm, &scenario, tape).expect("a listing");
        Self { venue: binance::usdm(exchange, 1), now, out: Outbox::default() }
    }

    fn strike(&mut self, kind: FaultKind, delay_ms: u64) {
        let rule = FaultRule {
            kind,
            venue: None,
            instrument: None,
            from_s: 0,
            until_s: None,
            percent: 100,
            every_s: None,
            times: Some(1),
            delay_ms,
        };
        self.venue.exchange().faults.inject(rule);
    }

    fn call(&mut self, method: &str, path: &str, fields: &str) -> Reply {
        let query = format!("{fields}&timestamp={}", self.now.millis());
        let target = format!("{path}?{query}&signature={}", sign::hex(SECRET, &query));
        let request = Request::new(ConnId(1), method, &target, &[("x-mbx-apikey", KEY)], "");
        self.venue.on_http(self.now, &request, &mut self.out)
    }

    fn open(&mut self, conn: u64, target: &str) {
        let headers = [("upgrade", "websocket"), ("sec-websocket-key", "x")];
        let request = Request::new(ConnId(conn), "GET", target, &headers, "");
        assert!(matches!(self.venue.on_http(self.now, &request, &mut self.out), Reply::Upgrade));
        self.venue.on_open(self.now, &request, &mut self.out);
    }

    fn tick(&mut self, ms: i64) {
        self.now = WallNs(self.now.0 + ms * 1_000_000);
        self.venue.on_tick(self.now, &mut self.out);
    }

    fn orders(&mut self) -> usize {
        self.venue.exchange().orders(0, None).count()
    }
}

const ORDER: &str =
    "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.010&price=60500.0";

#[test]
fn a_lost_answer_leaves_the_order_live_or_not() {
    for (kind, live) in [(FaultKind::LostAckLive, 1), (FaultKind::LostAckDead, 0)] {
        let mut bench = Bench::new();
        bench.strike(kind, 0);
        assert!(matches!(bench.call("POST", "/fapi/v1/order", ORDER), Reply::Cut));
        assert_eq!(bench.orders(), live);
        assert!(
            matches!(bench.call("POST", "/fapi/v1/order", ORDER), Reply::Response(r) if r.status == 200)
        );
    }
}

#[test]
fn an_unknown_outcome_is_said_to_be_unknown() {
    for (kind, live) in [(FaultKind::UnknownLive, 1), (FaultKind::UnknownDead, 0)] {
        let mut bench = Bench::new();
        bench.strike(kind, 0);
        let Reply::Response(answer) = bench.call("POST", "/fapi/v1/order", ORDER) else {
            panic!("an answer")
        };
        assert_eq!(answer.status, 504);
        assert!(answer.body.contains("-1007"), "{}", answer.body);
        assert_eq!(bench.orders(), live);
    }
}

#[test]
fn a_delayed_answer_comes_later_but_the_order_is_live() {
    let mut bench = Bench::new();
    bench.strike(FaultKind::DelayedAck, 700);
    let Reply::Later(at, answer) = bench.call("POST", "/fapi/v1/order", ORDER) else {
        panic!("later")
    };
    assert_eq!((at.0 - bench.now.0, answer.status), (700_000_000, 200));
    assert_eq!(bench.orders(), 1);
}

#[test]
fn a_banned_client_stays_banned_for_a_while() {
    let mut bench = Bench::new();
    bench.strike(FaultKind::Banned, 0);
    for _ in 0..2 {
        let Reply::Response(answer) = bench.call("GET", "/fapi/v1/ping", "a=1") else {
            panic!("an answer")
        };
        assert_eq!(answer.status, 418);
        assert!(answer.body.contains("IP banned until"), "{}", answer.body);
    }
    bench.tick(121_000);
    assert!(
        matches!(bench.call("GET", "/fapi/v1/ping", "a=1"), Reply::Response(r) if r.status == 200)
    );
}

#[test]
fn orders_beyond_the_count_are_refused_until_the_window_turns() {
    let mut bench = Bench::new();
    let mut statuses = Vec::new();
    for _ in 0..301 {
        // Refused for their price, counted all the same.
        let Reply::Response(answer) =
            bench.call("POST", "/fapi/v1/order", &ORDER.replace("60500.0", "0.1"))
        else {
            panic!("an answer")
        };
        statuses.push((answer.status, answer.body.contains("-1015")));
    }
    assert_eq!(statuses.last(), Some(&(429, true)));
    assert_eq!(statuses.iter().filter(|(status, _)| *status == 429).count(), 1);
    bench.tick(10_000);
    assert!(
        matches!(bench.call("POST", "/fapi/v1/order", ORDER), Reply::Response(r) if r.status == 200)
    );
}

#[test]
fn a_gap_leaves_out_one_depth_frame_and_nothing_else() {
    let mut bench = Bench::new();
    bench.open(2, "/public/ws/btcusdt@depth@100ms");
    let links = |bench: &Bench| -> Vec<(u64, u64)> {
        let number = |json: &serde_json::Value, key: &str| json[key].as_u64().expect("a number");
        let texts = bench.out.texts().map(|(_, text)| serde_json::from_str(text).expect("JSON"));
        texts.map(|json: serde_json::Value| (number(&json, "pu"), number(&json, "u"))).collect()
    };
    bench.tick(2_000);
    let before = links(&bench).last().expect("frames").1;
    bench.out.clear();
    bench.strike(FaultKind::SequenceGap, 0);
    bench.tick(3_000);
    let after = links(&bench);
    assert_ne!(after[0].0, before, "the first frame after the fault follows the last before it");
    assert!(after.windows(2).all(|pair| pair[1].0 == pair[0].1));
    assert!(after.len() > 20);
}

#[test]
fn a_silent_channel_is_silent_while_the_connection_lives() {
    let mut bench = Bench::new();
    bench.open(2, "/public/ws/btcusdt@bookTicker/ethusdt@bookTicker");
    bench.venue.exchange().faults.inject(FaultRule {
        kind: FaultKind::SilentChannel,
        venue: None,
        instrument: Some("BTC/USDT:USDT".into()),
        from_s: 0,
        until_s: None,
        percent: 100,
        every_s: None,
        times: Some(1),
        delay_ms: 5_000,
    });
    bench.tick(3_000);
    let of = |bench: &Bench, symbol: &str| {
        bench.out.texts().filter(|(_, text)| text.contains(symbol)).count()
    };
    assert_eq!(of(&bench, "BTCUSDT"), 0);
    assert!(of(&bench, "ETHUSDT") > 0);
    bench.tick(4_000);
    bench.out.clear();
    bench.tick(2_000);
    assert!(of(&bench, "BTCUSDT") > 0);
}

#[test]
fn connections_are_broken_and_shutdowns_announced() {
    let mut bench = Bench::new();
    bench.open(2, "/public/stream?streams=btcusdt@bookTicker");
    bench.open(3, "/ws-fapi/v1");
    for kind in [FaultKind::DropPublic, FaultKind::DropPrivate] {
        bench.strike(kind, 0);
    }
    bench.tick(1);
    let acts = format!("{:?}", bench.out.acts);
    assert!(acts.contains("Cut(ConnId(2))") && acts.contains("Cut(ConnId(3))"), "{acts}");
    bench.out.clear();
    bench.strike(FaultKind::Shutdown, 60_000);
    bench.tick(1);
    assert!(bench.out.texts().any(|(_, text)| text.starts_with(r#"{"stream":"!serverShutdown""#)));
    assert!(
        bench.out.texts().any(|(_, text)| text.starts_with(r#"{"event":{"e":"serverShutdown""#))
    );
    assert_eq!(bench.out.later.len(), 2);
}

#[test]
fn a_client_that_never_pongs_is_cut_and_one_a_day_old_is_closed() {
    let mut bench = Bench::new();
    bench.open(2, "/public/ws");
    bench.tick(181_000);
    assert!(format!("{:?}", bench.out.acts).contains("Ping(ConnId(2)"));
    bench.tick(420_000);
    assert!(format!("{:?}", bench.out.acts).contains("Cut(ConnId(2))"));
}
