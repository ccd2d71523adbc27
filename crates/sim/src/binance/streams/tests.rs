use super::{Channel, Gate, Group, Streams, parse};
use crate::event::Stream;
use crate::scenario::{Scenario, list};
use crate::server::{ConnId, Outbox};
use base::{VenueId, WallNs};

#[test]
fn names_mean_what_the_venue_says() {
    let scenario = Scenario::load("calm").expect("a built-in scenario");
    let spot = list(&scenario, VenueId::BinanceSpot).expect("a listing");
    let usdm = list(&scenario, VenueId::BinanceUsdm).expect("a listing");
    #[rustfmt::skip]
    let cases = [
        (&spot, "btcusdt@bookTicker",   Some((0, Channel::Captured(Stream::BookTicker)))),
        (&spot, "btcusdt@depth@100ms",  Some((0, Channel::Captured(Stream::Depth)))),
        (&spot, "btcusdt@depth",        Some((0, Channel::Captured(Stream::Depth)))),
        (&spot, "ethusdt@depth20@100ms", Some((1, Channel::Partial(20, 100)))),
        (&spot, "ethusdt@depth5",       Some((1, Channel::Partial(5, 1_000)))),
        (&usdm, "ethusdt@depth5",       Some((1, Channel::Partial(5, 250)))),
        (&usdm, "btcusdt@markPrice",    Some((0, Channel::Mark(3_000)))),
        (&usdm, "btcusdt@markPrice@1s", Some((0, Channel::Mark(1_000)))),
        (&spot, "btcusdt@markPrice",    None),
        (&spot, "BTCUSDT@bookTicker",   None),
        (&spot, "xxxusdt@bookTicker",   None),
        (&spot, "btcusdt",              None),
    ];
    for (specs, name, expected) in cases {
        assert_eq!(parse(name, specs), expected, "{name}");
    }
}

#[test]
fn a_gate_opens_again_each_second() {
    let mut gate = Gate::new(2);
    let at = |ms: i64| WallNs::from_millis(ms);
    assert_eq!([gate.pass(at(0)), gate.pass(at(1)), gate.pass(at(999))], [true, true, false]);
    assert!(gate.pass(at(1_000)));
}

#[test]
fn garbage_is_answered_and_forgotten() {
    let scenario = Scenario::load("calm").expect("a built-in scenario");
    let specs = list(&scenario, VenueId::BinanceSpot).expect("a listing");
    let (mut streams, mut out) = (Streams::default(), Outbox::default());
    streams.open(ConnId(1), Group::All, false, &[], &specs);
    for text in [
        "",
        "{",
        "[]",
        "\u{0}",
        r#"{"method":5}"#,
        r#"{"method":"SUBSCRIBE","params":{"a":1},"id":1}"#,
    ] {
        assert!(streams.on_text(ConnId(1), text, &specs, &mut out), "{text}");
    }
    assert_eq!(out.texts().count(), 6);
    assert!(!streams.on_text(ConnId(2), "{}", &specs, &mut out));
}
