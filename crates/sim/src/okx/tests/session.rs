use super::*;
use crate::faults::FaultKind;

#[test]
fn a_login_is_checked_field_by_field() {
    let mut bench = start();
    let now_s = bench.now.millis() / 1_000;
    let login = |key: &str, passphrase: &str, timestamp: String, secret: &str| {
        let sign = sign::base64(secret, &format!("{timestamp}GET/users/self/verify"));
        let args = json!([{"apiKey": key, "passphrase": passphrase, "timestamp": timestamp, "sign": sign}]);
        json!({"op": "login", "args": args}).to_string()
    };
    let cases = [
        (login("nobody", PASSPHRASE, now_s.to_string(), SECRET), "60005"),
        (login(KEY, PASSPHRASE, "soon".to_owned(), SECRET), "60004"),
        (login(KEY, PASSPHRASE, (now_s - 31).to_string(), SECRET), "60006"),
        (login(KEY, PASSPHRASE, (now_s * 1_000).to_string(), SECRET), "60006"),
        (login(KEY, "wrong", now_s.to_string(), SECRET), "60024"),
        (login(KEY, PASSPHRASE, now_s.to_string(), "wrong"), "60007"),
    ];
    for (conn, (text, code)) in (10_u64..).zip(cases) {
        bench.tick(1_000);
        bench.open(conn, "/ws/v5/private");
        bench.say(conn, &text);
        let heard = bench.heard(conn);
        assert_eq!(
            (heard[0]["event"].as_str(), heard[0]["code"].as_str()),
            (Some("error"), Some(code)),
            "{text}"
        );
    }
    bench.tick(1_000);
    bench.open(30, "/ws/v5/private");
    for wanted in ["login", "error"] {
        let text = login_text(&bench);
        bench.say(30, &text);
        assert_eq!(bench.heard(30)[0]["event"], wanted, "the second login is one too many");
    }
}

#[test]
fn a_rest_request_is_checked_header_by_header() {
    let mut bench = start();
    let target = "/api/v5/account/config";
    let good = iso(bench.now.millis());
    let late = iso(bench.now.millis() - 31_000);
    let sign_of = |timestamp: &str| sign::base64(SECRET, &format!("{timestamp}GET{target}"));
    let (right, of_late) = (sign_of(&good), sign_of(&late));
    #[rustfmt::skip]
    let cases: [(&str, &str, &str, &str, &str); 8] = [
        (KEY,      &right,   &good,       PASSPHRASE, "0"),
        ("",       &right,   &good,       PASSPHRASE, "50103"),
        (KEY,      "",       &good,       PASSPHRASE, "50106"),
        (KEY,      &right,   "",          PASSPHRASE, "50107"),
        ("nobody", &right,   &good,       PASSPHRASE, "50111"),
        (KEY,      &right,   "yesterday", PASSPHRASE, "50112"),
        (KEY,      &of_late, &late,       PASSPHRASE, "50102"),
        (KEY,      "wrong",  &good,       PASSPHRASE, "50113"),
    ];
    for (key, sign, timestamp, passphrase, code) in cases {
        let headers = [
            ("OK-ACCESS-KEY", key),
            ("OK-ACCESS-SIGN", sign),
            ("OK-ACCESS-TIMESTAMP", timestamp),
            ("OK-ACCESS-PASSPHRASE", passphrase),
        ];
        let (status, answer) = body(bench.http("GET", target, &headers, ""));
        assert_eq!(answer["code"], code);
        assert_eq!(status, if code == "0" { 200 } else { 401 }, "{code}");
        bench.tick(500);
    }
}

#[test]
fn ping_and_pong_are_bare_text() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    bench.say(9, "ping");
    assert_eq!(bench.texts(9), ["pong"]);
}

#[test]
fn thirty_silent_seconds_end_a_connection_and_a_ping_keeps_it() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    bench.open(10, "/ws/v5/public");
    bench.tick(29_000);
    bench.say(10, "ping");
    bench.tick(2_000);
    assert!(bench.has_ended(9));
    assert!(!bench.has_ended(10));
}

#[test]
fn silence_is_judged_by_the_wall_when_the_scenario_runs_faster() {
    let mut bench =
        Bench::start(VenueId::Okx, |exchange, scenario| Okx::new(exchange, scenario, 10));
    bench.open(9, "/ws/v5/public");
    bench.tick(299_000);
    assert!(!bench.has_ended(9), "29.9 real seconds");
    bench.tick(2_000);
    assert!(bench.has_ended(9));
}

#[test]
fn a_wrong_subscription_names_what_is_wrong() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    bench.tick(1_000);
    bench.open(10, "/ws/v5/private");
    #[rustfmt::skip]
    let cases = [
        (9,  json!({"channel": "nothing", "instId": "BTC-USDT"}),              "60018"),
        (9,  json!({"channel": "books", "instId": "NOPE-USDT"}),               "60018"),
        (9,  json!({"channel": "books-l2-tbt", "instId": "BTC-USDT"}),         "64003"),
        (9,  json!({"channel": "funding-rate", "instId": "BTC-USDT"}),         "60018"),
        (9,  json!({"channel": "orders", "instType": "ANY"}),                  "60018"),
        (10, json!({"channel": "orders", "instType": "ANY"}),                  "60011"),
        (10, json!({"channel": "books", "instId": "BTC-USDT"}),                "60018"),
        (9,  json!({"instId": "BTC-USDT"}),                                    "60013"),
    ];
    for (conn, arg, code) in cases {
        bench.say(conn, &json!({"id": "7", "op": "subscribe", "args": [arg]}).to_string());
        let heard = bench.heard(conn);
        assert_eq!(
            (heard[0]["event"].as_str(), heard[0]["code"].as_str()),
            (Some("error"), Some(code)),
            "{arg}"
        );
        assert_eq!(heard[0]["id"], "7");
        assert!(heard[0]["connId"].is_string());
    }
    bench.say(9, "{not json");
    assert_eq!(bench.heard(9)[0]["code"], "60012");
}

#[test]
fn private_channels_tell_how_many_connections_share_them() {
    let mut bench = start();
    private(&mut bench, 9);
    bench.tick(1_000);
    private(&mut bench, 10);
    let heard = bench.heard(10);
    let count =
        heard.iter().find(|m| m["event"] == "channel-conn-count" && m["channel"] == "orders");
    assert_eq!(count.expect("a count")["connCount"], "2");
}

#[test]
fn a_fourth_connection_in_one_second_is_refused() {
    let mut bench = start();
    (10..13).for_each(|conn| bench.open(conn, "/ws/v5/public"));
    let upgrade = [("upgrade", "websocket"), ("sec-websocket-key", "x")];
    let (status, _) = body(bench.http("GET", "/ws/v5/public", &upgrade, ""));
    assert_eq!(status, 429);
    bench.tick(1_000);
    bench.open(13, "/ws/v5/public");
}

#[test]
fn a_shutdown_is_announced_and_then_everybody_is_closed() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "books", "BTC-USDT");
    bench.run(300);
    bench.heard(9);
    bench.strike(FaultKind::Shutdown, 2_000);
    bench.run(500);
    let heard = bench.heard(9);
    let notice = heard.iter().find(|m| m["event"] == "notice").expect("a notice");
    assert_eq!(notice["code"], "64008");
    let reset = rows(&heard, "books")
        .into_iter()
        .find(|row| row["seqId"].as_i64() < row["prevSeqId"].as_i64());
    assert!(reset.is_some(), "maintenance begins the sequence again");
    assert!(!bench.has_ended(9));
    bench.tick(2_000);
    assert!(bench.has_ended(9));
}
