use super::*;
use crate::faults::FaultKind;

#[test]
fn an_auth_is_checked_and_may_not_be_repeated_on_the_trade_line() {
    let mut bench = start();
    let now = bench.now.millis();
    let auth = |key: &str, expires: i64, secret: &str| {
        let signature = sign::hex(secret, &format!("GET/realtime{expires}"));
        json!({"reqId": "1", "op": "auth", "args": [key, expires, signature]}).to_string()
    };
    let cases = [
        (auth("nobody", now + 5_000, SECRET), 10_003),
        (auth(KEY, now - 1, SECRET), 10_004),
        (auth(KEY, now + 5_000, "wrong"), 10_004),
        (auth(KEY, now + 5_000, SECRET), 0),
        (auth(KEY, now + 5_000, SECRET), 20_001),
    ];
    bench.open(9, "/v5/trade");
    bench.open(10, "/v5/private");
    for (text, code) in cases {
        bench.say(9, &text);
        let heard = bench.heard(9);
        assert_eq!(
            (heard[0]["op"].as_str(), heard[0]["retCode"].as_i64()),
            (Some("auth"), Some(code))
        );
        bench.say(10, &text);
        assert_eq!(bench.heard(10)[0]["success"], code == 0 || code == 20_001, "{code}");
    }
}

#[test]
fn a_rest_request_is_checked_header_by_header() {
    let mut bench = start();
    let now = bench.now.millis();
    let target = "/v5/account/fee-rate?category=linear&symbol=BTCUSDT";
    let sign_at = |timestamp: i64| {
        sign::hex(SECRET, &format!("{timestamp}{KEY}5000category=linear&symbol=BTCUSDT"))
    };
    #[rustfmt::skip]
    let cases = [
        (KEY,      now,         sign_at(now),         0),
        (KEY,      now - 5_000, sign_at(now - 5_000), 0),
        (KEY,      now - 5_001, sign_at(now - 5_001), 10_002),
        (KEY,      now + 999,   sign_at(now + 999),   0),
        (KEY,      now + 1_000, sign_at(now + 1_000), 10_002),
        ("nobody", now,         sign_at(now),         10_003),
        (KEY,      now,         sign_at(now - 1),     10_004),
    ];
    for (key, timestamp, signature, code) in cases {
        let timestamp = timestamp.to_string();
        let headers = [
            ("X-BAPI-API-KEY", key),
            ("X-BAPI-TIMESTAMP", &timestamp),
            ("X-BAPI-RECV-WINDOW", "5000"),
            ("X-BAPI-SIGN", &signature),
        ];
        let (status, answer) = body(bench.http("GET", target, &headers, ""));
        assert_eq!((status, answer["retCode"].as_i64()), (200, Some(code)));
    }
    assert_eq!(body(bench.http("GET", target, &[], "")).0, 401, "without signature");
}

#[test]
fn a_pong_is_different_on_every_line() {
    let mut bench = start();
    let ping = r#"{"req_id":"77","op":"ping"}"#;
    for (conn, path) in [(9, "/v5/public/linear"), (10, "/v5/public/spot")] {
        bench.open(conn, path);
        bench.say(conn, ping);
        let pong = bench.heard(conn).remove(0);
        assert_eq!(
            (pong["op"].as_str(), pong["ret_msg"].as_str()),
            (Some("ping"), Some("pong")),
            "op stays ping"
        );
        assert_eq!(pong["req_id"], "77");
    }
    bench.open(11, "/v5/private");
    bench.say(11, ping);
    let pong = bench.heard(11).remove(0);
    assert_eq!(pong["op"], "pong");
    assert!(pong["args"][0].as_str().is_some_and(|ms| ms.parse::<i64>().is_ok()));
    bench.open(12, "/v5/trade");
    bench.say(12, r#"{"op":"ping"}"#);
    let pong = bench.heard(12).remove(0);
    assert_eq!((pong["op"].as_str(), pong["retCode"].as_i64()), (Some("pong"), Some(0)));
    assert!(pong["data"][0].is_string());
}

#[test]
fn one_bad_topic_fails_the_whole_request() {
    let mut bench = start();
    bench.open(9, "/v5/public/linear");
    bench.say(9, r#"{"op":"subscribe","args":["orderbook.50.BTCUSDT","orderbook.50.NOPE"]}"#);
    let heard = bench.heard(9);
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0]["success"], false);
    assert!(heard[0]["ret_msg"].as_str().is_some_and(|msg| msg.starts_with("Invalid topic")));
    bench.open(10, "/v5/private");
    subscribe(&mut bench, 10, "order");
    assert_eq!(bench.heard(10)[0]["success"], false, "before the auth");
    private(&mut bench, 11);
    bench.heard(11);
    subscribe(&mut bench, 11, "order.linear");
    assert_eq!(bench.heard(11)[0]["success"], false, "order and order.linear");
    bench.open(12, "/v5/public/spot");
    let many: Vec<String> = (0..11).map(|_| "tickers.BTCUSDT".to_owned()).collect();
    bench.say(12, &json!({"op": "subscribe", "args": many}).to_string());
    assert_eq!(bench.heard(12)[0]["success"], false, "eleven topics on spot");
}

#[test]
fn a_request_id_is_used_once_and_its_time_must_be_near() {
    let mut bench = start();
    trade(&mut bench, 9);
    let request = |bench: &Bench<Bybit>, id: &str, behind: i64| {
        let header = json!({"X-BAPI-TIMESTAMP": (bench.now.millis() - behind).to_string(), "X-BAPI-RECV-WINDOW": "1000"});
        let args = json!([{"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "nobody"}]);
        json!({"reqId": id, "header": header, "op": "order.cancel", "args": args}).to_string()
    };
    for (id, behind, code) in
        [("a", 0, 110_001), ("a", 0, 20_006), ("b", 1_500, 10_002), ("c", -2_000, 10_002)]
    {
        let text = request(&bench, id, behind);
        bench.say(9, &text);
        let answer = bench.heard(9).remove(0);
        assert_eq!((answer["reqId"].as_str(), answer["retCode"].as_i64()), (Some(id), Some(code)));
    }
    bench.say(9, r#"{"reqId":"d","op":"order.dance","args":[{}]}"#);
    assert_eq!(bench.heard(9)[0]["retCode"], 10_404);
    bench.open(10, "/v5/trade");
    let text = request(&bench, "e", 0);
    bench.say(10, &text);
    assert_eq!(bench.heard(10)[0]["retCode"], 10_007, "not authenticated");
}

#[test]
fn ten_silent_minutes_end_a_connection() {
    let mut bench = start();
    bench.open(9, "/v5/private");
    bench.open(10, "/v5/private");
    bench.tick(599_000);
    bench.say(10, r#"{"op":"ping"}"#);
    bench.tick(2_000);
    assert!(bench.has_ended(9));
    assert!(!bench.has_ended(10));
}

#[test]
fn a_restart_begins_the_books_at_one_and_refuses_orders_until_the_lines_close() {
    let mut bench = start();
    trade(&mut bench, 9);
    bench.open(10, "/v5/public/linear");
    subscribe(&mut bench, 10, "orderbook.50.BTCUSDT");
    bench.run(500);
    bench.heard(10);
    bench.strike(FaultKind::Shutdown, 1_000);
    bench.run(100);
    let heard = bench.heard(10);
    let books = of(&heard, "orderbook.50.BTCUSDT");
    let again = books.iter().position(|m| m["type"] == "snapshot").expect("a snapshot");
    assert_eq!(books[again]["data"]["u"], 1);
    assert_eq!(books[again + 1]["data"]["u"], 2);
    let header = json!({"X-BAPI-TIMESTAMP": bench.now.millis().to_string()});
    let args = json!([{"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "x"}]);
    bench.say(
        9,
        &json!({"reqId": "r", "header": header, "op": "order.cancel", "args": args}).to_string(),
    );
    assert_eq!(bench.heard(9)[0]["retCode"], 10_019);
    bench.tick(1_000);
    assert!(bench.has_ended(9) && bench.has_ended(10));
}
