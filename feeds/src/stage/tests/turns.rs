//! When a turn ends, and which connection is read next.

use super::*;
use crate::stage::BURST;
use base::{Stage as _, Work};

const SPOT: u16 = 5;
const PERP: u16 = 6;

fn message(topic: &str, u: i64, bid: i64, at: i64) -> String {
    let bid = format!(r#"["{}.{:02}","4"]"#, bid / 100, bid % 100);
    format!(
        r#"{{"topic":"{topic}.BTCUSDT","type":"snapshot","ts":{at},"data":{{"s":"BTCUSDT","b":[{bid}],"a":[["900","5"]],"u":{u},"seq":{u}}},"cts":{at}}}"#
    )
}

/// Bybit with both its books known.
fn known() -> Rig {
    let mut rig = Rig::new(&[VenueId::Bybit]);
    rig.pass(20);
    let at = rig.wall_ms();
    for line in [Line::BybitSpot, Line::BybitLinear] {
        rig.say(line, &message("orderbook.50", 10, 10_000, at));
        rig.say(line, &message("orderbook.1", 11, 10_001, at));
    }
    let inputs = rig.market();
    assert_eq!(healths(&inputs, SPOT), [BookHealth::Known]);
    assert_eq!(healths(&inputs, PERP), [BookHealth::Known]);
    rig
}

/// Quotes waiting on a line.
fn play(rig: &Rig, line: Line, count: i64) {
    let at = rig.wall_ms();
    for step in 0..count {
        rig.peer(line).text(message("orderbook.1", 20 + step, 20_000 + step, at).as_bytes());
    }
}

#[test]
fn a_turn_ends_with_the_first_message_that_tells_the_core_something() {
    let mut rig = known();
    play(&rig, Line::BybitLinear, 5);
    for step in 0..5 {
        let (work, inputs) = rig.turn();
        assert_eq!(work, Work::Done(1));
        assert_eq!(quotes(&inputs).len(), 1, "quote {step}");
        assert!(rig.stage.has_more(), "quote {step}");
    }
    assert_eq!(rig.turn(), (Work::Idle, vec![]));
    assert!(!rig.stage.has_more());
}

#[test]
fn messages_that_tell_the_core_nothing_end_no_turn() {
    let mut rig = known();
    for _ in 0..5 {
        rig.peer(Line::BybitLinear).text(b"{}");
    }
    play(&rig, Line::BybitLinear, 1);
    let (work, inputs) = rig.turn();
    assert_eq!((work, quotes(&inputs).len()), (Work::Done(6), 1));
}

#[test]
fn a_busy_connection_keeps_another_waiting_no_longer_than_its_share() {
    let mut rig = known();
    play(&rig, Line::BybitLinear, 1_000);
    play(&rig, Line::BybitSpot, 1_000);
    let mut served = [0; 2];
    for _ in 0..4 * BURST {
        for input in rig.turn().1 {
            let Input::Quote(quote) = input else { continue };
            served[usize::from(quote.instrument.0 == PERP)] += 1;
            let [spot, perp] = served;
            assert!(i32::abs_diff(spot, perp) as usize <= BURST / 2, "{served:?}");
        }
    }
    assert_eq!(served[0] + served[1], 4 * i32::try_from(BURST).unwrap());
}
