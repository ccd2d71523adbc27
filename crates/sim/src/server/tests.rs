use crate::testing::{Venues, request};
use std::io::{Read, Write};

#[test]
fn one_connection_serves_many_requests() {
    let venues = Venues::start("calm", 10);
    let mut tls = venues.tls("binance-spot");
    for _ in 0..3 {
        let (status, head, body) = request(&mut tls, "GET", "/api/v3/ping", &[], "");
        assert_eq!((status, body.as_str()), (200, "{}"));
        assert!(head.contains("x-mbx-used-weight-1m: "), "{head}");
    }
    let (status, ..) = request(&mut tls, "GET", "/nothing/here", &[("connection", "close")], "");
    assert_eq!(status, 404);
    assert_eq!(tls.read(&mut [0]).expect("a goodbye"), 0);
}

#[test]
fn two_requests_in_one_segment_get_two_answers() {
    let venues = Venues::start("calm", 10);
    let mut tls = venues.tls("binance-usdm");
    let one = "GET /fapi/v1/ping HTTP/1.1\r\nhost: x\r\n\r\n";
    tls.write_all(one.repeat(2).as_bytes()).expect("sent");
    let mut text = String::new();
    let mut chunk = [0; 512];
    while text.matches("HTTP/1.1 200 OK").count() < 2 {
        let count = tls.read(&mut chunk).expect("an answer");
        assert_ne!(count, 0, "{text}");
        text.push_str(std::str::from_utf8(&chunk[..count]).expect("text"));
    }
}

#[test]
fn what_is_no_request_is_answered_400_and_closed() {
    let venues = Venues::start("calm", 10);
    let mut tls = venues.tls("okx");
    tls.write_all(b"\x00\x01\x02\r\n\r\n").expect("sent");
    let mut text = Vec::new();
    // The end may come as a goodbye or as a broken line.
    let _ = tls.read_to_end(&mut text);
    assert!(text.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn a_client_that_does_not_trust_our_authority_gets_nowhere() {
    let venues = Venues::start("calm", 10);
    let other = crate::server::Authority::make().expect("an authority");
    let dir = tempfile::tempdir().expect("a folder");
    let ca = dir.path().join("other.pem");
    std::fs::write(&ca, other.ca_pem).expect("written");
    let mut tls = crate::testing::connect(venues.port("bybit"), &ca);
    assert!(tls.write_all(b"GET / HTTP/1.1\r\n\r\n").and_then(|()| tls.flush()).is_err());
}

#[test]
fn a_path_that_is_no_websocket_is_not_upgraded() {
    let venues = Venues::start("calm", 10);
    let url = format!("wss://localhost:{}/no/such/door", venues.port("binance-spot"));
    let refused = tungstenite::client(url, venues.tls("binance-spot"));
    assert!(matches!(refused, Err(tungstenite::HandshakeError::Failure(_))));
}

#[test]
fn a_connection_that_goes_away_harms_nobody() {
    let venues = Venues::start("calm", 10);
    for _ in 0..5 {
        let mut ws = venues.ws("binance-spot", "/ws/btcusdt@bookTicker");
        ws.json();
        drop(ws);
    }
    let (status, ..) = venues.http("binance-spot", "GET", "/api/v3/time", &[], "");
    assert_eq!(status, 200);
    assert!(venues.running().is_alive());
}
