//! What is the same on every line: bursts, a full ring, garbage, many instruments.

use super::*;
use crate::options::FeedOptions;
use crate::stage::BURST;
use base::Work;
use proptest::prelude::*;

fn spot_best(u: i64, bid: &str) -> String {
    format!(r#"{{"u":{u},"s":"BTCUSDT","b":"{bid}","B":"1","a":"101","A":"2"}}"#)
}

#[test]
fn one_turn_reads_at_most_a_burst() {
    let mut rig = Rig::new(&[VenueId::BinanceSpot]);
    rig.pass(10);
    for u in 0..200 {
        rig.peer(Line::Spot).text(spot_best(u, "99").as_bytes());
    }
    let before = rig.peer(Line::Spot).unread();
    let work = rig.pass(1);
    assert_eq!(before - rig.peer(Line::Spot).unread(), BURST);
    assert_eq!(work, Work::Done(u32::try_from(BURST).unwrap()));
}

fn bybit(topic: &str, u: i64, bid: i64, at: i64) -> String {
    let bid = format!(r#"["{}.{:02}","4"]"#, bid / 100, bid % 100);
    let ask = r#"["900","5"]"#;
    format!(
        r#"{{"topic":"{topic}.BTCUSDT","type":"snapshot","ts":{at},"data":{{"s":"BTCUSDT","b":[{bid}],"a":[{ask}],"u":{u},"seq":{u}}},"cts":{at}}}"#
    )
}

#[test]
fn a_full_ring_keeps_the_newest_quote_and_every_change_of_state() {
    let mut rig = Rig::with(&[VenueId::Bybit], FeedOptions::default(), 4);
    rig.answers_time = false;
    rig.pass(20);
    let at = rig.wall_ms();
    rig.say(Line::BybitLinear, &bybit("orderbook.50", 10, 10_000, at));
    rig.say(Line::BybitLinear, &bybit("orderbook.1", 11, 10_001, at));
    // Nobody reads: the ring holds four records.
    for step in 0..50 {
        rig.say(Line::BybitLinear, &bybit("orderbook.1", 12 + step, 10_010 + step, at));
    }
    let crossed = bybit("orderbook.1", 70, 99_900, at);
    rig.say(Line::BybitLinear, &crossed);
    rig.say(Line::BybitLinear, &bybit("orderbook.1", 71, 20_000, at));
    rig.say(Line::BybitLinear, &bybit("orderbook.1", 72, 20_001, at));
    assert_eq!(rig.pass(1), Work::Backpressured);
    let mut inputs = rig.inputs();
    for _ in 0..10 {
        rig.pass(1);
        inputs.extend(rig.inputs());
    }
    use BookHealth::{Crossed, Known};
    assert_eq!(healths(&inputs, 6), [Known, Crossed, Known]);
    let bids: Vec<i64> = quotes(&inputs).iter().map(|quote| quote[0]).collect();
    assert_eq!(bids.last(), Some(&20_001), "the newest is told");
    assert!(bids.is_sorted(), "never an older one behind a newer one: {bids:?}");
    assert!(bids.len() < 10, "those between are lost");
    let known_again = inputs.iter().rposition(|i| matches!(i, Input::BookState(_))).unwrap();
    let last_quote = inputs.iter().rposition(|i| matches!(i, Input::Quote(_))).unwrap();
    assert!(last_quote < known_again, "known is said behind its quote");
    assert_eq!(rig.pass(1), Work::Idle);
}

#[test]
fn garbage_on_every_line_is_refused_and_the_feed_goes_on() {
    for venue in VenueId::ALL {
        let mut rig = Rig::new(&[venue]);
        rig.pass(10);
        for (_, peer) in &rig.peers {
            for text in
                ["", "{", "[]", "null", "{\"e\":\"bookTicker\"}", "\u{0}", "NaN", "{\"topic\":1}"]
            {
                peer.text(text.as_bytes());
            }
            peer.text(&vec![b'['; 100_000]);
            peer.text(&vec![b'{'; 2_000_000]);
        }
        rig.pass(10);
        assert!(rig.market().is_empty(), "{venue}");
        assert_eq!(rig.peers[0].1.unread(), 0);
    }
}

#[test]
fn the_core_is_not_told_what_nobody_wants_to_read() {
    let mut rig = Rig::as_wished(&[VenueId::Bybit], &FeedOptions::default(), 1024);
    rig.pass(20);
    let ticker = |kind: &str, fields: &str| {
        format!(
            r#"{{"topic":"tickers.BTCUSDT","type":"{kind}","data":{{"symbol":"BTCUSDT"{fields}}},"cs":1,"ts":1790000000100}}"#
        )
    };
    let both = r#","markPrice":"100.5","indexPrice":"100.4""#;
    rig.say(Line::BybitLinear, &ticker("snapshot", both));
    rig.say(Line::BybitLinear, &ticker("delta", r#","indexPrice":"100.5""#));
    rig.say(
        Line::BybitLinear,
        r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1790000000100,"data":[{"T":1790000000099,"s":"BTCUSDT","S":"Buy","v":"1","p":"100.5","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false}]}"#,
    );
    let marks: Vec<_> = rig
        .market()
        .iter()
        .filter(|input| !matches!(input, Input::Funding(_)))
        .map(|input| match input {
            Input::Mark(mark) => (mark.mark, mark.index),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(marks, [(Some(Price(10_050)), None)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Messages in any order, lost, repeated: what is told as known is never crossed nor older than before.
    #[test]
    fn whatever_the_order_a_known_quote_is_sane(
        steps in proptest::collection::vec((0_u8..6, 1_i64..40, 9_990_i64..10_010), 1..120),
    ) {
        let mut rig = Rig::new(&[VenueId::Bybit]);
        rig.pass(20);
        let mut health = BookHealth::Starting;
        for (kind, u, price) in steps {
            let at = rig.wall_ms();
            let text = match kind {
                0 => bybit("orderbook.50", u, price, at),
                1 | 2 => bybit("orderbook.50", u, price, at).replace("snapshot", "delta"),
                3 | 4 => bybit("orderbook.1", u, price, at),
                _ => bybit("orderbook.1", u, price, at - 5_000),
            };
            rig.say(Line::BybitLinear, &text);
            for input in rig.market() {
                match input {
                    Input::Quote(quote) => {
                        prop_assert!(quote.bid < quote.ask);
                        prop_assert!(quote.bid_qty.0 > 0 && quote.ask_qty.0 > 0);
                    }
                    Input::BookState(state) => {
                        prop_assert!(state.state != health, "nothing is said twice");
                        health = state.state;
                    }
                    _ => {}
                }
            }
        }
    }
}
