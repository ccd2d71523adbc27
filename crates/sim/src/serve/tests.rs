use crate::faults::{FaultKind, FaultRule};
use crate::testing::Venues;
use crate::{SimError, SimOptions, serve};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A plain request to the control port.
fn control(venues: &Venues, request: &str) -> Value {
    let address = venues.venues["control"].as_str().expect("an address");
    let address = address.strip_prefix("http://").expect("plain HTTP");
    let mut socket = TcpStream::connect(address).expect("a listener");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    socket.write_all(request.as_bytes()).expect("sent");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("an answer");
    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[test]
fn everything_a_client_needs_is_in_venues_json() {
    let venues = Venues::start("default", 10);
    let json = &venues.venues;
    assert_eq!(json["clock"]["speed"], 10);
    assert!(json["clock"]["wall_ns"].as_i64() > Some(1_723_161_200_000_000_000));
    for (venue, door) in [
        ("binance-spot", "/ws-api/v3"),
        ("binance-usdm", "/ws-fapi/v1"),
        ("okx", "/ws/v5/private"),
        ("bybit", "/v5/trade"),
    ] {
        let venue = &json["venues"][venue];
        for address in ["rest", "public", "market", "private", "trade"] {
            let text = venue[address].as_str().expect("an address");
            assert!(text.contains("://localhost:"), "{text}");
        }
        assert!(venue["trade"].as_str().is_some_and(|text| text.ends_with(door)));
        assert!(venue["keys"][0]["api_key"].is_string());
    }
    let ca = json["ca"].as_str().expect("a path");
    assert!(std::fs::read_to_string(ca).expect("a file").contains("BEGIN CERTIFICATE"));
}

#[test]
fn stopping_writes_the_ledgers_of_all_venues() {
    let mut venues = Venues::start("calm", 10);
    let dir = std::path::Path::new(venues.venues["ca"].as_str().expect("a path"))
        .parent()
        .expect("a folder")
        .to_owned();
    let ledger = venues.running.take().expect("they run").stop().expect("written");
    let written = std::fs::read_to_string(dir.join("ledger.json")).expect("a file");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), ledger);
    let names: Vec<&str> = ledger["venues"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|v| v["venue"].as_str())
        .collect();
    assert_eq!(names, ["binance-spot", "binance-usdm", "okx", "bybit"]);
    assert_eq!(ledger["venues"][1]["accounts"][0]["cash"]["USDT"]["deposit"], "100000");
}

#[test]
fn the_control_port_shows_ledgers_and_takes_faults() {
    let venues = Venues::start("calm", 10);
    let ledger = control(&venues, "GET /ledger HTTP/1.1\r\n\r\n");
    assert_eq!(ledger["venues"].as_array().map(Vec::len), Some(4));
    let rule = r#"{"kind":"unavailable","venue":"bybit","times":1}"#;
    let post = |body: &str| {
        format!("POST /fault HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    assert_eq!(control(&venues, &post(rule))["ok"], true);
    assert!(
        control(&venues, &post("{}"))["error"].as_str().is_some_and(|why| why.contains("kind"))
    );
    // The rule is armed once the venue's thread has answered a later question.
    control(&venues, "GET /ledger HTTP/1.1\r\n\r\n");
    assert_ne!(venues.http("bybit", "GET", "/v5/market/time", &[], "").0, 200);
    assert_eq!(venues.http("bybit", "GET", "/v5/market/time", &[], "").0, 200);
}

#[test]
fn a_fault_injected_by_hand_strikes_only_its_venue() {
    let venues = Venues::start("calm", 10);
    let rule = FaultRule {
        kind: FaultKind::TooManyRequests,
        venue: Some(base::VenueId::BinanceSpot),
        instrument: None,
        from_s: 0,
        until_s: None,
        percent: 100,
        every_s: None,
        times: Some(1),
        delay_ms: 0,
    };
    venues.running().inject(&rule);
    let _ = venues.running().ledger();
    assert_eq!(venues.http("binance-usdm", "GET", "/fapi/v1/ping", &[], "").0, 200);
    let (status, head, body) = venues.http("binance-spot", "GET", "/api/v3/ping", &[], "");
    assert_eq!(status, 429);
    assert!(head.contains("retry-after: 1") && body.contains("-1003"), "{head}{body}");
}

#[test]
fn a_port_in_use_and_a_missing_capture_say_what_to_do() {
    let venues = Venues::start("calm", 10);
    let dir = tempfile::tempdir().expect("a folder");
    let options =
        SimOptions { scenario: "calm".into(), dir: dir.path().into(), ..SimOptions::default() };
    let port = venues.port("binance-spot");
    let taken = serve(&SimOptions { port, ..options.clone() }).expect_err("it is taken");
    assert!(matches!(taken, SimError::Port(..)), "{taken}");
    assert!(taken.to_string().contains(&format!("127.0.0.1:{port}")), "{taken}");
    let missing = serve(&SimOptions { captures: Some("/nonexistent".into()), ..options })
        .expect_err("none there");
    assert!(missing.to_string().contains("/nonexistent/"), "{missing}");
}
