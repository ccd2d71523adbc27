use crate::dec::Dec;
use crate::testing::{Venues, Ws};
use crate::wire::sign;
use serde_json::{Value, json};

const KEY: &str = "simBinanceUsdmHmacKey0000000000000000000000000000000000000000001";
const SECRET: &str = "simBinanceUsdmHmacSecret000000000000000000000000000000000000001";

fn rest(venues: &Venues, method: &str, path: &str, fields: &str) -> (u16, Value) {
    let query = format!("{fields}&timestamp={}", venues.now_ms());
    let query = query.trim_start_matches('&');
    let target = format!("{path}?{query}&signature={}", sign::hex(SECRET, query));
    let (status, _, body) =
        venues.http("binance-usdm", method, &target, &[("X-MBX-APIKEY", KEY)], "");
    (status, serde_json::from_str(&body).unwrap_or_else(|why| panic!("{why}: {body}")))
}

fn public(venues: &Venues, target: &str) -> Value {
    let (_, _, body) = venues.http("binance-usdm", "GET", target, &[], "");
    serde_json::from_str(&body).unwrap_or_else(|why| panic!("{why}: {body}"))
}

fn listen(venues: &Venues, extra: &str) -> (Ws, String) {
    let key = ("X-MBX-APIKEY", KEY);
    let (_, _, body) = venues.http("binance-usdm", "POST", "/fapi/v1/listenKey", &[key], "");
    let json: Value = serde_json::from_str(&body).expect("JSON");
    let key = json["listenKey"].as_str().expect("a key").to_owned();
    assert_eq!(key.len(), 64);
    (venues.ws("binance-usdm", &format!("/private/ws?listenKey={key}{extra}")), key)
}

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

#[test]
fn a_stream_of_the_other_group_is_acknowledged_and_never_sent() {
    let venues = Venues::start("calm", 10);
    let mut ws = venues.ws("binance-usdm", "/public/stream");
    ws.send(
        r#"{"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s","btcusdt@bookTicker"],"id":1}"#,
    );
    assert_eq!(ws.json(), json!({"result": null, "id": 1}));
    for _ in 0..500 {
        assert_eq!(ws.json()["stream"], "btcusdt@bookTicker");
    }
    let mut ws = venues
        .ws("binance-usdm", "/market/ws/btcusdt@markPrice@1s/ethusdt@aggTrade/btcusdt@depth@100ms");
    let mark = ws.until(|message| message["e"] == "markPriceUpdate");
    assert_eq!((&mark["s"], &mark["T"]), (&json!("BTCUSDT"), &json!(1_723_161_600_000_i64)));
    assert_eq!(mark["st"], 1);
    let trade = ws.until(|message| message["e"] == "aggTrade");
    assert_eq!(trade["s"], "ETHUSDT");
}

#[test]
fn what_anybody_may_ask() {
    let venues = Venues::start("faults", 10);
    let info = loop {
        // The scenario answers some requests with 503.
        let info = public(&venues, "/fapi/v1/exchangeInfo");
        if info["symbols"].is_array() {
            break info;
        }
    };
    let bitcoin = &info["symbols"][0];
    assert_eq!(
        (&bitcoin["symbol"], &bitcoin["contractType"]),
        (&json!("BTCUSDT"), &json!("PERPETUAL"))
    );
    let filter = |name: &str| {
        bitcoin["filters"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|f| f["filterType"] == name)
            .cloned()
    };
    assert_eq!(filter("PRICE_FILTER").expect("a filter")["tickSize"], "0.10");
    assert_eq!(filter("MIN_NOTIONAL").expect("a filter")["notional"], "50");
    assert_eq!(public(&venues, "/fapi/v1/fundingInfo"), json!([]));
    let premium = public(&venues, "/fapi/v1/premiumIndex?symbol=BTCUSDT");
    assert_eq!(premium["nextFundingTime"], 1_723_161_600_000_i64);
    let rates = public(&venues, "/fapi/v1/fundingRate?symbol=BTCUSDT&limit=3");
    let times: Vec<i64> = rates
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|r| r["fundingTime"].as_i64())
        .collect();
    assert_eq!(times, [1_723_075_200_000, 1_723_104_000_000, 1_723_132_800_000]);
    let depth = public(&venues, "/fapi/v1/depth?symbol=ETHUSDT&limit=20");
    assert_eq!(depth["bids"].as_array().map(Vec::len), Some(20));
}

#[test]
fn an_order_fills_and_everybody_is_told() {
    let venues = Venues::start("calm", 10);
    let (mut private, _) = listen(&venues, "");
    let mut api = venues.ws("binance-usdm", "/ws-fapi/v1");
    let order = json!({"symbol":"BTCUSDT","side":"SELL","type":"MARKET","quantity":"0.010","newClientOrderId":"f1","newOrderRespType":"RESULT"});
    api.send(
        json!({"id": 7, "method": "order.place", "params": signed(&venues, order)}).to_string(),
    );
    let placed = api.json();
    assert_eq!(
        (&placed["id"], &placed["result"]["status"]),
        (&json!(7), &json!("FILLED")),
        "{placed}"
    );
    assert!(placed["result"]["avgPrice"].is_null() && placed["result"]["cumQty"] == "0.010");
    let new = private.until(|m| m["o"]["x"] == "NEW");
    assert!(new["o"]["n"].is_null() && new["o"]["c"] == "f1");
    let lite = private.until(|m| m["e"] == "TRADE_LITE");
    let trade = private.until(|m| m["o"]["x"] == "TRADE");
    assert_eq!((&lite["t"], &lite["L"]), (&trade["o"]["t"], &trade["o"]["L"]));
    assert_eq!(trade["o"]["N"], "USDT");
    let update = private.until(|m| m["e"] == "ACCOUNT_UPDATE");
    assert_eq!(
        (&update["a"]["m"], &update["a"]["P"][0]["pa"]),
        (&json!("ORDER"), &json!("-0.010"))
    );
    let (_, risk) = rest(&venues, "GET", "/fapi/v3/positionRisk", "");
    assert_eq!(risk[0]["positionAmt"], "-0.010");
    let (_, all) = rest(&venues, "GET", "/fapi/v2/positionRisk", "");
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let (_, trades) = rest(&venues, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    assert_eq!(trades[0]["id"], trade["o"]["t"]);
    let (_, fees) = rest(&venues, "GET", "/fapi/v1/income", "incomeType=COMMISSION");
    let fee = trade["o"]["n"].as_str().expect("text");
    assert_eq!(fees[0]["income"], format!("-{fee}"));
    let (_, balance) = rest(&venues, "GET", "/fapi/v3/balance", "");
    let wallet = Dec::parse(balance[0]["balance"].as_str().expect("text")).expect("a number");
    assert_eq!(wallet, Dec::whole(100_000) - Dec::parse(fee).expect("a number"));
}

#[test]
fn funding_arrives_as_an_account_update_at_midnight() {
    let venues = Venues::start("calm", 100);
    let (mut private, _) = listen(&venues, "&events=ACCOUNT_UPDATE");
    let (status, placed) = rest(
        &venues,
        "POST",
        "/fapi/v1/order",
        "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.010&recvWindow=60000",
    );
    assert_eq!(status, 200, "{placed}");
    let paid = private.until(|m| {
        assert_eq!(m["e"], "ACCOUNT_UPDATE");
        m["a"]["m"] == "FUNDING_FEE"
    });
    assert_eq!((&paid["T"], &paid["a"]["P"]), (&json!(1_723_161_600_000_i64), &json!([])));
    // A long pays when the rate is above zero.
    assert!(
        paid["a"]["B"][0]["bc"].as_str().is_some_and(|text| text.starts_with("-0.0")),
        "{paid}"
    );
    let ledger = venues.running().ledger();
    let ours = &ledger["venues"][1]["accounts"][0]["funding"][0];
    let told = Dec::parse(paid["a"]["B"][0]["bc"].as_str().expect("text"));
    assert_eq!(told, Dec::parse(ours["amount"].as_str().expect("text")));
}

#[test]
fn modify_cancel_and_countdown() {
    let venues = Venues::start("calm", 10);
    let place = |id: &str| {
        let fields = format!(
            "symbol=ETHUSDT&side=BUY&type=LIMIT&timeInForce=GTX&quantity=0.100&price=2600.00&newClientOrderId={id}"
        );
        rest(&venues, "POST", "/fapi/v1/order", &fields)
    };
    let (status, placed) = place("c.1");
    assert_eq!(
        (status, &placed["status"], &placed["timeInForce"]),
        (200, &json!("NEW"), &json!("GTX")),
        "{placed}"
    );
    assert_eq!(place("c.1").1["code"], -4116);
    let fields = "symbol=ETHUSDT&side=BUY&quantity=0.200&price=2601.00&origClientOrderId=c.1";
    let (_, modified) = rest(&venues, "PUT", "/fapi/v1/order", fields);
    assert_eq!(
        (&modified["origQty"], &modified["price"]),
        (&json!("0.200"), &json!("2601.00")),
        "{modified}"
    );
    assert_eq!(rest(&venues, "PUT", "/fapi/v1/order", fields).1["code"], -5027);
    let (_, gone) =
        rest(&venues, "DELETE", "/fapi/v1/order", "symbol=ETHUSDT&origClientOrderId=c.1");
    assert_eq!(gone["status"], "CANCELED");
    assert_eq!(
        rest(&venues, "DELETE", "/fapi/v1/order", "symbol=ETHUSDT&origClientOrderId=c.1").1["code"],
        -2011
    );
    // The dead man's switch: nobody calls again.
    let (mut private, _) = listen(&venues, "");
    place("c.2");
    let (_, armed) =
        rest(&venues, "POST", "/fapi/v1/countdownCancelAll", "symbol=ETHUSDT&countdownTime=200");
    assert_eq!(armed, json!({"symbol": "ETHUSDT", "countdownTime": "200"}));
    let cancelled = private.until(|m| m["o"]["x"] == "CANCELED");
    assert_eq!(cancelled["o"]["c"], "c.2");
    assert_eq!(rest(&venues, "GET", "/fapi/v1/openOrders", "").1, json!([]));
}

#[test]
fn bad_requests_get_the_venues_codes() {
    let venues = Venues::start("calm", 10);
    let limit = |rest: &str| format!("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&{rest}");
    #[rustfmt::skip]
    let cases = [
        ("POST", "/fapi/v1/order", limit("quantity=0.010&price=61000.05"),  -4014),
        ("POST", "/fapi/v1/order", limit("quantity=0.0101&price=61000"),    -1111),
        ("POST", "/fapi/v1/order", limit("quantity=0&price=61000"),         -4003),
        ("POST", "/fapi/v1/order", limit("quantity=2000&price=61000"),      -4005),
        ("POST", "/fapi/v1/order", limit("quantity=0.001&price=40000"),     -4164),
        ("POST", "/fapi/v1/order", limit("quantity=900&price=61000"),       -2019),
        ("POST", "/fapi/v1/order", limit("quantity=0.01&price=61000&reduceOnly=true"), -2022),
        ("POST", "/fapi/v1/order", limit("quantity=0.01&price=61000&positionSide=LONG"), -4061),
        ("POST", "/fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&quantity=0.01&price=62500".to_owned(), -5022),
        ("POST", "/fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=STOP_MARKET&quantity=0.01&stopPrice=1".to_owned(), -4120),
        ("GET",  "/fapi/v1/order", "symbol=BTCUSDT&orderId=1".to_owned(),   -2013),
        ("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=500".to_owned(), -4028),
        ("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED".to_owned(), -4046),
        ("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=false".to_owned(), -4059),
        ("GET",  "/fapi/v1/premiumIndex", "symbol=NOPE".to_owned(),         -1121),
    ];
    for (method, path, fields, expected) in cases {
        let (_, answer) = rest(&venues, method, path, &fields);
        assert_eq!(answer["code"], expected, "{path} {fields}: {answer}");
    }
}

#[test]
fn a_listen_key_that_expires_says_so_and_then_nothing() {
    let venues = Venues::start("calm", 10);
    let (mut private, key) = listen(&venues, "");
    let fault = crate::faults::FaultRule {
        kind: crate::faults::FaultKind::ListenKeyExpiry,
        venue: None,
        instrument: None,
        from_s: 0,
        until_s: None,
        percent: 100,
        every_s: None,
        times: Some(1),
        delay_ms: 0,
    };
    venues.running().inject(&fault);
    let expired = private.json();
    assert_eq!((&expired["e"], &expired["listenKey"]), (&json!("listenKeyExpired"), &json!(key)));
    assert!(expired["E"].is_string());
    let (_, again) = listen(&venues, "");
    assert_ne!(again, key);
    let keep =
        venues.http("binance-usdm", "PUT", "/fapi/v1/listenKey", &[("X-MBX-APIKEY", KEY)], "");
    assert_eq!(keep.0, 200);
}
