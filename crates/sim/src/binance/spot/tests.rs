use crate::dec::Dec;
use crate::testing::{Venues, Ws};
use crate::wire::sign;
use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

const KEY: &str = "simBinanceSpotHmacKey0000000000000000000000000000000000000000001";
const SECRET: &str = "simBinanceSpotHmacSecret000000000000000000000000000000000000001";
const ED_KEY: &str = "simBinanceSpotEd25519Key000000000000000000000000000000000000002";

/// A signed REST call.
fn rest(venues: &Venues, method: &str, path: &str, fields: &str) -> (u16, Value) {
    let query = format!("{fields}&timestamp={}", venues.now_ms());
    let query = query.trim_start_matches('&');
    let target = format!("{path}?{query}&signature={}", sign::hex(SECRET, query));
    let (status, _, body) =
        venues.http("binance-spot", method, &target, &[("X-MBX-APIKEY", KEY)], "");
    (status, serde_json::from_str(&body).unwrap_or_else(|why| panic!("{why}: {body}")))
}

/// Parameters with key, time and HMAC signature.
fn signed(venues: &Venues, mut params: Value) -> Value {
    params["apiKey"] = KEY.into();
    params["timestamp"] = venues.now_ms().into();
    let payload: Vec<String> = params
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| {
            format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    params["signature"] = sign::hex(SECRET, &payload.join("&")).into();
    params
}

/// Asks and waits for the answer, keeping the events that come before it.
fn ask(ws: &mut Ws, id: u64, method: &str, params: &Value, events: &mut Vec<Value>) -> Value {
    ws.send(json!({"id": id, "method": method, "params": params}).to_string());
    ws.until(|message| {
        if message["event"].is_object() {
            events.push(message["event"].clone());
        }
        message["id"] == id
    })
}

fn top(venues: &Venues) -> (Dec, Dec) {
    let (_, _, body) =
        venues.http("binance-spot", "GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT", &[], "");
    let json: Value = serde_json::from_str(&body).expect("JSON");
    let price = |name: &str| Dec::parse(json[name].as_str().expect("text")).expect("a number");
    (price("bidPrice"), price("askPrice"))
}

#[test]
fn the_captured_frames_arrive_byte_for_byte_over_tls() {
    let venues = Venues::start("calm", 10);
    let mut ws = venues
        .ws("binance-spot", "/stream?streams=btcusdt@bookTicker/btcusdt@trade/btcusdt@depth@100ms");
    let tape = crate::tape::Tape::built_in().expect("the captures the program was built with");
    let frames = &tape.sources[0].frames;
    let first = ws.next().expect("a frame");
    let at =
        frames.iter().position(|frame| frame.whole.as_str() == first).expect("a captured frame");
    for frame in frames.iter().skip(at + 1).take(2_000) {
        assert_eq!(ws.next().as_deref(), Some(frame.whole.as_str()));
    }
}

#[test]
fn streams_are_acknowledged_whatever_they_are() {
    let venues = Venues::start("calm", 10);
    let mut ws = venues.ws("binance-spot", "/ws");
    ws.send(r#"{"method":"SUBSCRIBE","params":["btcusdt@bookTicker","nosuch@thing"],"id":"x"}"#);
    assert_eq!(ws.next().as_deref(), Some(r#"{"result":null,"id":"x"}"#));
    let ticker = ws.until(|message| message["u"].is_u64());
    assert!(ticker["e"].is_null() && ticker["s"] == "BTCUSDT");
    ws.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":2}"#);
    let listed = ws.until(|message| message["id"] == 2);
    assert_eq!(listed["result"], json!(["btcusdt@bookTicker", "nosuch@thing"]));
    ws.send(r#"{"method":"UNSUBSCRIBE","params":["btcusdt@bookTicker"],"id":3}"#);
    ws.until(|message| message["id"] == 3);
    ws.send(r#"{"method":"WHAT","id":4}"#);
    assert_eq!(ws.json()["error"]["code"], 2);
}

#[test]
fn a_client_that_talks_too_much_is_cut() {
    let venues = Venues::start("calm", 1);
    let mut ws = venues.ws("binance-spot", "/ws");
    for id in 0..12 {
        ws.send(format!(r#"{{"method":"LIST_SUBSCRIPTIONS","id":{id}}}"#));
    }
    let answers = std::iter::from_fn(|| ws.next()).count();
    assert!((5..12).contains(&answers), "{answers} answers");
}

#[test]
fn an_order_lives_over_rest() {
    let venues = Venues::start("calm", 10);
    let (bid, _) = top(&venues);
    let price = bid.times(Dec::scaled(98, 2)).cut_places(2);
    let order = format!(
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.00100000&price={price}&newClientOrderId=abc1"
    );
    let (status, placed) = rest(&venues, "POST", "/api/v3/order", &order);
    assert_eq!(
        (status, &placed["status"], &placed["clientOrderId"]),
        (200, &json!("NEW"), &json!("abc1")),
        "{placed}"
    );
    let (status, again) = rest(&venues, "POST", "/api/v3/order", &order);
    assert_eq!(
        (status, &again["code"], &again["msg"]),
        (400, &json!(-2010), &json!("Duplicate order sent."))
    );
    let (_, open) = rest(&venues, "GET", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(open[0]["orderId"], placed["orderId"]);
    let (_, account) = rest(&venues, "GET", "/api/v3/account", "omitZeroBalances=true");
    let locked = account["balances"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|b| b["asset"] == "USDT")
        .expect("USDT");
    let held = price.times(Dec::scaled(1, 3)).fixed(8).to_string();
    assert_eq!(locked["locked"], held);
    let (status, gone) =
        rest(&venues, "DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=abc1");
    assert_eq!((status, &gone["status"]), (200, &json!("CANCELED")));
    let (status, unknown) =
        rest(&venues, "DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=abc1");
    assert_eq!((status, &unknown["code"]), (400, &json!(-2011)));
    let (status, missing) =
        rest(&venues, "GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=nope");
    assert_eq!((status, &missing["code"]), (400, &json!(-2013)));
}

#[test]
fn bad_requests_get_the_venues_codes() {
    let venues = Venues::start("calm", 10);
    let order = |rest: &str| format!("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&{rest}");
    #[rustfmt::skip]
    let cases = [
        ("POST", "/api/v3/order", "symbol=NOPE&side=BUY&type=MARKET&quantity=1".to_owned(), -1121),
        ("POST", "/api/v3/order", order("quantity=0.001&price=60000.001"),                  -1013),
        ("POST", "/api/v3/order", order("quantity=0.000001&price=60000"),                   -1013),
        ("POST", "/api/v3/order", order("quantity=0.00005&price=60000"),                    -1013),
        ("POST", "/api/v3/order", order("quantity=0.001000001&price=60000"),                -1111),
        ("POST", "/api/v3/order", order("quantity=5&price=60000"),                          -2010),
        ("POST", "/api/v3/order", order("quantity=0.001"),                                  -1102),
        ("POST", "/api/v3/order", order("quantity=x&price=1"),                              -1100),
        ("POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=STRANGE&quantity=1".to_owned(), -1116),
        ("POST", "/api/v3/userDataStream", String::new(),                                   -1000),
    ];
    for (method, path, fields, expected) in cases {
        let (_, answer) = rest(&venues, method, path, &fields);
        assert_eq!(answer["code"], expected, "{path} {fields}: {answer}");
    }
    let late = format!("timestamp={}", venues.now_ms() - 900_000);
    let target = format!("/api/v3/account?{late}&signature={}", sign::hex(SECRET, &late));
    let (status, _, body) =
        venues.http("binance-spot", "GET", &target, &[("X-MBX-APIKEY", KEY)], "");
    assert!(status == 400 && body.contains("-1021"), "{body}");
    let (status, _, body) = venues.http(
        "binance-spot",
        "GET",
        "/api/v3/account?timestamp=1",
        &[("X-MBX-APIKEY", "x")],
        "",
    );
    assert!(status == 401 && body.contains("-2015"), "{body}");
}

#[test]
fn orders_and_events_over_the_websocket_api() {
    let venues = Venues::start("calm", 10);
    let mut ws = venues.ws("binance-spot", "/ws-api/v3");
    let mut events = Vec::new();
    let subscribed = ask(
        &mut ws,
        1,
        "userDataStream.subscribe.signature",
        &signed(&venues, json!({})),
        &mut events,
    );
    assert_eq!(subscribed["result"]["subscriptionId"], 0, "{subscribed}");
    let order = json!({"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.00200000","newClientOrderId":"m1"});
    let placed = ask(&mut ws, 2, "order.place", &signed(&venues, order), &mut events);
    assert_eq!(
        (&placed["status"], &placed["result"]["status"]),
        (&json!(200), &json!("FILLED")),
        "{placed}"
    );
    assert_eq!(placed["rateLimits"].as_array().map(Vec::len), Some(3));
    let fill = &placed["result"]["fills"][0];
    assert_eq!(
        (&fill["commission"], &fill["commissionAsset"]),
        (&json!("0.00000200"), &json!("BTC"))
    );
    // The balances after the fill are the last of what is told.
    let is_last = |event: &Value| event["B"][0]["f"] == "1.00199800";
    if !events.iter().any(is_last) {
        ws.until(|message| {
            events.push(message["event"].clone());
            is_last(&message["event"])
        });
    }
    let new = events.iter().find(|event| event["x"] == "NEW").expect("a NEW report");
    assert_eq!((&new["c"], &new["N"], &new["t"]), (&json!("m1"), &Value::Null, &json!(-1)));
    let trade = events.iter().find(|event| event["x"] == "TRADE").expect("a TRADE report");
    assert_eq!(trade["X"], "FILLED");
    assert_eq!(
        (&trade["t"], &trade["n"], &trade["z"]),
        (&fill["tradeId"], &json!("0.00000200"), &json!("0.00200000"))
    );
    let trades = rest(&venues, "GET", "/api/v3/myTrades", "symbol=BTCUSDT").1;
    assert_eq!(trades[0]["id"], fill["tradeId"]);
}

#[test]
fn a_session_is_logged_on_with_ed25519_only() {
    let venues = Venues::start("calm", 10);
    let mut ws = venues.ws("binance-spot", "/ws-api/v3?returnRateLimits=false");
    let mut events = Vec::new();
    let refused = ask(&mut ws, 1, "session.logon", &signed(&venues, json!({})), &mut events);
    assert_eq!(refused["error"]["code"], -2028);
    let refused = ask(&mut ws, 2, "userDataStream.subscribe", &json!({}), &mut events);
    assert_eq!(refused["error"]["code"], -1193);
    let ms = venues.now_ms();
    let payload = format!("apiKey={ED_KEY}&timestamp={ms}");
    let signature = SigningKey::from_bytes(&[1; 32]).sign(payload.as_bytes()).to_bytes();
    let signature = base64::engine::general_purpose::STANDARD.encode(signature);
    let logon = json!({"apiKey": ED_KEY, "timestamp": ms, "signature": signature});
    let logged = ask(&mut ws, 3, "session.logon", &logon, &mut events);
    assert_eq!(logged["result"]["apiKey"], ED_KEY, "{logged}");
    assert!(logged["rateLimits"].is_null());
    let subscribed = ask(&mut ws, 4, "userDataStream.subscribe", &json!({}), &mut events);
    assert_eq!(subscribed["result"]["subscriptionId"], 0);
    let order = json!({"symbol":"ETHUSDT","side":"SELL","type":"LIMIT_MAKER","quantity":"0.1","price":"2750.00","timestamp":venues.now_ms()});
    let placed = ask(&mut ws, 5, "order.place", &order, &mut events);
    assert_eq!(placed["status"], 200, "{placed}");
    let id = placed["result"]["orderId"].clone();
    let amend =
        json!({"symbol":"ETHUSDT","orderId":id,"newQty":"0.05","timestamp":venues.now_ms()});
    let amended = ask(&mut ws, 6, "order.amend.keepPriority", &amend, &mut events);
    assert_eq!(amended["result"]["amendedOrder"]["origQty"], "0.05000000", "{amended}");
    let all = json!({"symbol":"ETHUSDT","timestamp":venues.now_ms()});
    let cancelled = ask(&mut ws, 7, "openOrders.cancelAll", &all, &mut events);
    assert_eq!(cancelled["result"][0]["status"], "CANCELED", "{cancelled}");
    let gone = json!({"symbol":"ETHUSDT","orderId":id,"timestamp":venues.now_ms()});
    assert_eq!(ask(&mut ws, 8, "order.cancel", &gone, &mut events)["error"]["code"], -2011);
    ws.send("nonsense");
    assert_eq!(
        ws.until(|message| message["id"].is_null() && message["status"] == 400)["error"]["code"],
        -1000
    );
    // Whoever withdraws the key ends its session.
    venues.running().withdraw(ED_KEY);
    // bound: each message is waited for with a deadline
    while ws.next().is_some() {}
}
