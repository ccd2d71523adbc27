mod orders;
mod public;
mod session;
mod shapes;

use super::Bybit;
use crate::dec::Dec;
use crate::server::Reply;
use crate::wire::bench::{Bench, body};
use crate::wire::sign;
use base::{Product, VenueId};
use serde_json::{Value, json};

const KEY: &str = "simBybitKey0000001";
const SECRET: &str = "simBybitSecret0000000000000000000001";

fn start() -> Bench<Bybit> {
    Bench::start(VenueId::Bybit, |exchange, scenario| Bybit::new(exchange, scenario, 1))
}

/// A signed request: of a GET the query is signed, of a POST the body.
fn signed(bench: &mut Bench<Bybit>, method: &str, target: &str, text: &str) -> Reply {
    let timestamp = bench.now.millis().to_string();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let payload = if method == "GET" { query } else { text };
    let signature = sign::hex(SECRET, &format!("{timestamp}{KEY}5000{payload}"));
    let headers = [
        ("X-BAPI-API-KEY", KEY),
        ("X-BAPI-TIMESTAMP", &timestamp),
        ("X-BAPI-RECV-WINDOW", "5000"),
        ("X-BAPI-SIGN", &signature),
    ];
    bench.http(method, target, &headers, text)
}

fn get(bench: &mut Bench<Bybit>, target: &str) -> Value {
    let reply = signed(bench, "GET", target, "");
    body(reply).1
}

fn post(bench: &mut Bench<Bybit>, target: &str, args: &Value) -> Value {
    let reply = signed(bench, "POST", target, &args.to_string());
    body(reply).1
}

fn auth_text(bench: &Bench<Bybit>) -> String {
    let expires = bench.now.millis() + 5_000;
    let signature = sign::hex(SECRET, &format!("GET/realtime{expires}"));
    json!({"op": "auth", "args": [KEY, expires, signature]}).to_string()
}

/// A private connection, authenticated and subscribed to everything.
fn private(bench: &mut Bench<Bybit>, conn: u64) {
    bench.open(conn, "/v5/private");
    let text = auth_text(bench);
    bench.say(conn, &text);
    bench.say(
        conn,
        r#"{"op":"subscribe","args":["order","execution","execution.fast","position","wallet"]}"#,
    );
}

/// A trade connection, authenticated.
fn trade(bench: &mut Bench<Bybit>, conn: u64) {
    bench.open(conn, "/v5/trade");
    let text = auth_text(bench);
    bench.say(conn, &text);
    bench.heard(conn);
}

fn subscribe(bench: &mut Bench<Bybit>, conn: u64, topic: &str) {
    bench.say(conn, &json!({"req_id": "1", "op": "subscribe", "args": [topic]}).to_string());
}

/// The messages of a topic.
fn of<'a>(messages: &'a [Value], topic: &str) -> Vec<&'a Value> {
    messages.iter().filter(|m| m["topic"] == topic).collect()
}

/// The rows of a private topic's pushes.
fn rows(messages: &[Value], topic: &str) -> Vec<Value> {
    of(messages, topic)
        .into_iter()
        .flat_map(|m| m["data"].as_array().cloned().unwrap_or_default())
        .collect()
}

fn ask(bench: &Bench<Bybit>, product: Product) -> Dec {
    let row = bench.venue.exchange.specs().by_symbol("BTCUSDT", Some(product)).expect("listed").row;
    bench.venue.exchange.market().top(row).ask
}
