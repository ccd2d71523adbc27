//! The recorded messages of testdata/bybit against what is said here: names and types of every field.

use super::*;
use crate::wire::bench::{assert_shape, golden};

/// Fields of the recorded messages that Bybit has since removed.
const GONE: [&str; 1] = ["orderIv"];

fn first(messages: &[Value], topic: &str) -> Value {
    (*of(messages, topic).first().unwrap_or_else(|| panic!("nothing on {topic}"))).clone()
}

#[test]
fn public_messages_have_every_recorded_field() {
    let mut bench = start();
    bench.open(9, "/v5/public/linear");
    bench.open(10, "/v5/public/spot");
    for conn in [9, 10] {
        subscribe(&mut bench, conn, "tickers.BTCUSDT");
        subscribe(&mut bench, conn, "publicTrade.BTCUSDT");
    }
    bench.run(3_000);
    let (linear, spot) = (bench.heard(9), bench.heard(10));
    assert_shape(
        &golden("bybit", "publicTrade-1"),
        &first(&linear, "publicTrade.BTCUSDT"),
        &GONE,
        "publicTrade",
    );
    assert_shape(
        &golden("bybit", "tickers-1"),
        &first(&linear, "tickers.BTCUSDT"),
        &GONE,
        "linear ticker",
    );
    assert_shape(
        &golden("bybit", "tickers-2"),
        &first(&spot, "tickers.BTCUSDT"),
        &GONE,
        "spot ticker",
    );
    let ack = linear.iter().find(|m| m["op"] == "subscribe").expect("an acknowledgement");
    assert_shape(&golden("bybit", "op.subscribe-1"), ack, &GONE, "subscribe");
}

#[test]
fn private_messages_have_every_recorded_field() {
    let mut bench = start();
    private(&mut bench, 9);
    trade(&mut bench, 10);
    let header = json!({"X-BAPI-TIMESTAMP": bench.now.millis().to_string()});
    let args = json!([{"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.002"}]);
    bench.say(
        10,
        &json!({"reqId": "1", "header": header, "op": "order.create", "args": args}).to_string(),
    );
    let heard = bench.heard(9);
    for (name, topic) in [
        ("order-1", "order"),
        ("execution-1", "execution.fast"),
        ("execution-2", "execution"),
        ("position-1", "position"),
        ("wallet-1", "wallet"),
    ] {
        assert_shape(&golden("bybit", name), &first(&heard, topic), &GONE, topic);
    }
    assert_shape(&golden("bybit", "op.order.create-1"), &bench.heard(10)[0], &GONE, "order.create");
}
