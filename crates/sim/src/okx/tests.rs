mod orders;
mod public;
mod session;
mod shapes;

use super::Okx;
use crate::server::Reply;
use crate::wire::bench::{Bench, body};
use crate::wire::sign;
use base::VenueId;
use serde_json::{Value, json};

const KEY: &str = "51a0c0de-0000-4000-8000-00000000000a";
const SECRET: &str = "51A0C0DE51A0C0DE51A0C0DE51A0C0DE";
const PASSPHRASE: &str = "sim-Passphrase-1";

fn start() -> Bench<Okx> {
    Bench::start(VenueId::Okx, |exchange, scenario| Okx::new(exchange, scenario, 1))
}

/// The bench's time as OKX wants it in a header.
fn iso(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // The scenario plays on two days only.
    let date = match days {
        19_943 => "2024-08-08",
        19_944 => "2024-08-09",
        other => panic!("day {other}"),
    };
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    format!("{date}T{hour:02}:{minute:02}:{:02}.{:03}Z", rest / 1_000 % 60, rest % 1_000)
}

fn signed(bench: &mut Bench<Okx>, method: &str, target: &str, text: &str) -> Reply {
    let timestamp = iso(bench.now.millis());
    let signature = sign::base64(SECRET, &format!("{timestamp}{method}{target}{text}"));
    let headers = [
        ("OK-ACCESS-KEY", KEY),
        ("OK-ACCESS-SIGN", &signature),
        ("OK-ACCESS-TIMESTAMP", &timestamp),
        ("OK-ACCESS-PASSPHRASE", PASSPHRASE),
    ];
    bench.http(method, target, &headers, text)
}

fn get(bench: &mut Bench<Okx>, target: &str) -> Value {
    let reply = signed(bench, "GET", target, "");
    body(reply).1
}

fn post(bench: &mut Bench<Okx>, target: &str, args: &Value) -> Value {
    let reply = signed(bench, "POST", target, &args.to_string());
    body(reply).1
}

fn login_text(bench: &Bench<Okx>) -> String {
    let timestamp = (bench.now.millis() / 1_000).to_string();
    let signature = sign::base64(SECRET, &format!("{timestamp}GET/users/self/verify"));
    let args = json!([{"apiKey": KEY, "passphrase": PASSPHRASE, "timestamp": timestamp, "sign": signature}]);
    json!({"op": "login", "args": args}).to_string()
}

/// A private connection, logged in and subscribed to everything.
fn private(bench: &mut Bench<Okx>, conn: u64) {
    bench.open(conn, "/ws/v5/private");
    let text = login_text(bench);
    bench.say(conn, &text);
    let args = json!([
        {"channel": "orders", "instType": "ANY"},
        {"channel": "positions", "instType": "SWAP"},
        {"channel": "account"},
        {"channel": "balance_and_position"},
        {"channel": "fills"},
    ]);
    bench.say(conn, &json!({"op": "subscribe", "args": args}).to_string());
}

fn subscribe(bench: &mut Bench<Okx>, conn: u64, channel: &str, inst: &str) {
    bench.say(
        conn,
        &json!({"op": "subscribe", "args": [{"channel": channel, "instId": inst}]}).to_string(),
    );
}

/// The rows of a channel's pushes.
fn rows(messages: &[Value], channel: &str) -> Vec<Value> {
    let pushes = messages.iter().filter(|m| m["arg"]["channel"] == channel && m["data"].is_array());
    pushes.flat_map(|m| m["data"].as_array().cloned().unwrap_or_default()).collect()
}

fn ask(bench: &mut Bench<Okx>, inst: &str) -> crate::dec::Dec {
    let row = bench.venue.exchange.specs().by_symbol(inst, None).expect("listed").row;
    bench.venue.exchange.market().top(row).ask
}
