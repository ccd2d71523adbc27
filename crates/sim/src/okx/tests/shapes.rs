//! The recorded messages of testdata/okx against what is said here: names and types of every field.

use super::*;
use crate::wire::bench::{assert_shape, golden};

const SWAP: &str = "BTC-USDT-SWAP";
/// Fields of the recorded messages that OKX has since removed, or that belong to what is not simulated
/// (take-profit and stop-loss orders, options, margin loans).
const GONE: [&str; 11] = [
    "slTriggerPxType",
    "tpTriggerPxType",
    "fillPxVol",
    "fillPxUsd",
    "fillMarkVol",
    "fillFwdPx",
    "fillMarkPx",
    "liqPx",
    "uid",
    "closeOrderAlgo",
    "prevSeqId",
];

fn first(messages: &[Value], channel: &str) -> Value {
    let found = messages.iter().find(|m| m["arg"]["channel"] == channel && m["data"].is_array());
    found.unwrap_or_else(|| panic!("nothing on {channel}")).clone()
}

#[test]
fn public_messages_have_every_recorded_field() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    let channels =
        ["bbo-tbt", "books5", "tickers", "trades", "mark-price", "price-limit", "funding-rate"];
    for channel in channels {
        subscribe(&mut bench, 9, channel, SWAP);
    }
    subscribe(&mut bench, 9, "index-tickers", "BTC-USDT");
    bench.say(9, r#"{"op":"subscribe","args":[{"channel":"instruments","instType":"SPOT"}]}"#);
    bench.run(3_000);
    let heard = bench.heard(9);
    for channel in channels.into_iter().chain(["index-tickers", "instruments"]) {
        let ours = first(&heard, channel);
        for number in 1..=2 {
            let name = format!("{channel}-{number}");
            let there = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("testdata/okx/{name}.json"));
            if number == 1 || there.exists() {
                assert_shape(&golden("okx", &name), &ours, &GONE, &name);
            }
        }
    }
}

#[test]
fn private_messages_have_every_recorded_field() {
    let mut bench = start();
    private(&mut bench, 9);
    let code = bench.venue.exchange.specs().by_symbol(SWAP, None).expect("listed").code;
    let args = json!({"instIdCode": code, "tdMode": "cross", "side": "buy", "ordType": "market", "sz": "1", "clOrdId": "s1"});
    bench.say(9, &json!({"id": "1", "op": "order", "args": [args]}).to_string());
    let heard = bench.heard(9);
    for channel in ["orders", "account", "balance_and_position", "fills"] {
        assert_shape(
            &golden("okx", &format!("{channel}-1")),
            &first(&heard, channel),
            &GONE,
            channel,
        );
    }
    let position = heard.iter().rfind(|m| m["arg"]["channel"] == "positions").expect("a position");
    assert_shape(&golden("okx", "positions-1"), position, &GONE, "positions");
    let login = heard.iter().find(|m| m["event"] == "login").expect("a login");
    assert_shape(&golden("okx", "event.login-1"), login, &GONE, "login");
    let answer = |heard: &[Value], op: &str| {
        heard.iter().find(|m| m["op"] == op).expect("an answer").clone()
    };
    assert_shape(&golden("okx", "op.order-1"), &answer(&heard, "order"), &GONE, "order");
    for (op, fields) in [("amend-order", json!({"newSz": "2"})), ("cancel-order", json!({}))] {
        let mut args = fields;
        (args["instIdCode"], args["clOrdId"]) = (code.into(), "s1".into());
        bench.say(9, &json!({"id": "2", "op": op, "args": [args]}).to_string());
        assert_shape(
            &golden("okx", &format!("op.{op}-1")),
            &answer(&bench.heard(9), op),
            &GONE,
            op,
        );
    }
}
