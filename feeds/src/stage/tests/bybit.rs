//! Bybit: level 1 as quotes, books by their numbers, tickers merged.

use super::*;
use crate::options::{FeedOptions, Silence};

const PERP: u16 = 6;
const SPOT: u16 = 5;

fn text(topic: &str, kind: &str, bids: &str, asks: &str, u: i64, seq: i64, at: i64) -> String {
    format!(
        r#"{{"topic":"{topic}.BTCUSDT","type":"{kind}","ts":{at},"data":{{"s":"BTCUSDT","b":[{bids}],"a":[{asks}],"u":{u},"seq":{seq}}},"cts":{at}}}"#
    )
}

fn known() -> Rig {
    let mut rig = Rig::new(&[VenueId::Bybit]);
    rig.pass(20);
    for line in [Line::BybitSpot, Line::BybitLinear] {
        rig.say(
            line,
            r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"1","op":"subscribe"}"#,
        );
    }
    let at = rig.wall_ms();
    let (bid, ask) = (r#"["100","4"]"#, r#"["101","5"]"#);
    rig.say(Line::BybitLinear, &text("orderbook.50", "snapshot", bid, ask, 10, 1_000, at));
    rig.say(Line::BybitLinear, &text("orderbook.1", "snapshot", bid, ask, 77, 1_001, at));
    let inputs = rig.market();
    assert_eq!(healths(&inputs, PERP), [BookHealth::Known]);
    assert!(healths(&inputs, SPOT).is_empty(), "the same symbol on the other line is another one");
    rig
}

#[test]
fn both_lines_subscribe_their_own_topics() {
    let mut rig = Rig::new(&[VenueId::Bybit]);
    rig.pass(10);
    let spot = rig.peer(Line::BybitSpot).take_all_sent().concat();
    let linear = rig.peer(Line::BybitLinear).take_all_sent().concat();
    assert_eq!(
        spot,
        r#"{"req_id":"1","op":"subscribe","args":["orderbook.1.BTCUSDT","orderbook.50.BTCUSDT","publicTrade.BTCUSDT"]}"#
    );
    assert!(linear.contains(r#""tickers.BTCUSDT""#));
}

#[test]
fn numbers_without_a_gap_continue_the_book_and_others_do_not() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(
        Line::BybitLinear,
        &text("orderbook.50", "delta", r#"["100.5","1"]"#, "", 11, 1_002, at),
    );
    assert_eq!(quotes(&rig.market()), [[10_050, 1_000, 10_100, 5_000]]);
    rig.say(
        Line::BybitLinear,
        &text("orderbook.50", "delta", r#"["100.6","1"]"#, "", 13, 1_004, at),
    );
    assert_eq!(healths(&rig.market(), PERP), [BookHealth::Gap]);
    rig.pass(300);
    let sent = rig.peer(Line::BybitLinear).take_all_sent();
    assert!(
        sent.iter().any(|s| s.contains(r#""op":"unsubscribe","args":["orderbook.50.BTCUSDT"]"#))
    );
    // The number 1 means that the venue began afresh: the message is the book.
    let (bid, ask) = (r#"["100.2","4"]"#, r#"["101","5"]"#);
    rig.say(Line::BybitLinear, &text("orderbook.50", "delta", bid, ask, 1, 1_005, rig.wall_ms()));
    let inputs = rig.market();
    assert_eq!(healths(&inputs, PERP), [BookHealth::Known]);
    assert_eq!(quotes(&inputs).last().map(|quote| quote[0]), Some(10_020));
}

#[test]
fn level_one_repeated_unchanged_keeps_the_instrument_known() {
    let mut rig = known();
    for step in 0..10 {
        let (bid, ask) = (r#"["100","4"]"#, r#"["101","5"]"#);
        let at = rig.wall_ms();
        rig.say(Line::BybitLinear, &text("orderbook.1", "snapshot", bid, ask, 77, 1_001, at));
        rig.say(Line::BybitLinear, &text("orderbook.50", "delta", "", "", 11 + step, 1_001, at));
        rig.say(Line::BybitLinear, r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"100.6"},"cs":1,"ts":1790000000100}"#);
        rig.say(
            Line::BybitLinear,
            r#"{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"0","op":"ping"}"#,
        );
        rig.pass_slowly(Span::from_secs(3), Span::from_millis(100));
    }
    assert!(healths(&rig.market(), PERP).is_empty());
}

#[test]
fn a_level_one_delta_of_one_side_keeps_the_other() {
    let mut rig = known();
    let at = rig.wall_ms();
    let bids = r#"["100","0"],["99.9","2"]"#;
    rig.say(Line::BybitLinear, &text("orderbook.1", "delta", bids, "", 78, 1_010, at));
    assert_eq!(quotes(&rig.market()), [[9_990, 2_000, 10_100, 5_000]]);
}

#[test]
fn tickers_are_merged_and_what_is_absent_is_unchanged() {
    let mut rig = known();
    let ticker = |kind: &str, fields: &str| {
        format!(
            r#"{{"topic":"tickers.BTCUSDT","type":"{kind}","data":{{"symbol":"BTCUSDT"{fields}}},"cs":1,"ts":1790000000100}}"#
        )
    };
    rig.say(Line::BybitLinear, &ticker("snapshot", r#","markPrice":"100.5","indexPrice":"100.4","nextFundingTime":"1790006400000","fundingRate":"0.0001","fundingIntervalHour":"8""#));
    rig.say(Line::BybitLinear, &ticker("delta", r#","markPrice":"100.6""#));
    rig.say(Line::BybitLinear, &ticker("delta", r#","fundingRate":"-0.0002""#));
    rig.say(
        Line::BybitLinear,
        &ticker("delta", r#","nextFundingTime":"1790020800000","fundingIntervalHour":"4""#),
    );
    let inputs = rig.market();
    let marks: Vec<_> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Mark(mark) => Some((mark.mark, mark.index)),
            _ => None,
        })
        .collect();
    let index = Some(Price(10_040));
    assert_eq!(marks, [(Some(Price(10_050)), index), (Some(Price(10_060)), index)]);
    let funding: Vec<_> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Funding(f) => {
                Some((f.rate.0, f.next.millis(), f.interval.map(|i| i.0 / 3_600_000_000_000)))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        funding,
        [
            (100_000_000, 1_790_006_400_000, Some(8)),
            (-200_000_000, 1_790_006_400_000, Some(8)),
            (-200_000_000, 1_790_020_800_000, Some(4)),
        ]
    );
    // A snapshot without funding says that there is none.
    rig.say(Line::BybitLinear, &ticker("snapshot", r#","markPrice":"100.5""#));
    let inputs = rig.market();
    let Some(Input::Funding(funding)) = inputs.last() else { panic!("{inputs:?}") };
    assert_eq!(funding.interval, None);
}

#[test]
fn it_is_pinged_every_twenty_seconds_whatever_comes() {
    let quiet =
        Silence { best: Span(0), book: Span(0), mark: Span(0), index: Span(0), funding: Span(0) };
    let options = FeedOptions { silence: [quiet; VenueId::COUNT], ..FeedOptions::default() };
    let mut rig = Rig::with(&[VenueId::Bybit], options, 1024);
    rig.pass(20);
    rig.peer(Line::BybitLinear).discard_sent();
    for _ in 0..41 {
        rig.say(
            Line::BybitLinear,
            r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"1","op":"subscribe"}"#,
        );
        rig.pass_slowly(Span::from_secs(1), Span::from_millis(100));
    }
    let sent = rig.peer(Line::BybitLinear).take_all_sent();
    let pings = sent.iter().filter(|text| *text == r#"{"req_id":"0","op":"ping"}"#).count();
    assert_eq!(pings, 2, "{sent:?}");
}
