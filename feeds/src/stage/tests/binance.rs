//! Binance: REST snapshots under held changes, two USD-M lines, intervals by REST, age.

use super::*;
use crate::errand::{Answer, Job};
use crate::options::FeedOptions;
use crate::symbols::Row;

const SPOT: u16 = 0;
const PERP: u16 = 1;

fn best(u: i64, bid: &str, ask: &str) -> String {
    format!(r#"{{"u":{u},"s":"BTCUSDT","b":"{bid}","B":"1","a":"{ask}","A":"2"}}"#)
}

fn perp_best(u: i64, bid: &str, ask: &str, at: i64) -> String {
    format!(
        r#"{{"e":"bookTicker","u":{u},"s":"BTCUSDT","b":"{bid}","B":"1","a":"{ask}","A":"2","T":{at},"E":{at},"st":1}}"#
    )
}

fn delta(first: i64, last: i64, bids: &str, asks: &str, at: i64) -> String {
    format!(
        r#"{{"e":"depthUpdate","E":{at},"s":"BTCUSDT","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}"#
    )
}

fn perp_delta(prev: i64, first: i64, last: i64, bids: &str, at: i64) -> String {
    format!(
        r#"{{"e":"depthUpdate","E":{at},"T":{at},"s":"BTCUSDT","U":{first},"u":{last},"pu":{prev},"b":[{bids}],"a":[]}}"#
    )
}

fn mark(rate: &str, next: i64) -> String {
    format!(
        r#"{{"e":"markPriceUpdate","E":1790000001000,"s":"BTCUSDT","p":"100.5","i":"100.4","P":"100","r":"{rate}","T":{next},"st":1}}"#
    )
}

/// A spot stage whose book stands at update 105 and quote at 106.
fn known() -> Rig {
    known_with(FeedOptions::default())
}

fn known_with(options: FeedOptions) -> Rig {
    let mut rig = Rig::with(&[VenueId::BinanceSpot], options, 1024);
    rig.pass(10);
    rig.say(Line::Spot, r#"{"result":null,"id":1}"#);
    let at = rig.wall_ms();
    rig.say(Line::Spot, &delta(98, 101, r#"["99.5","9"]"#, "", at));
    rig.pass(5);
    assert_eq!(rig.snapshot_job(), Some(Job::Snapshot { row: Row(0), levels: 1000 }));
    rig.say(Line::Spot, &delta(102, 105, r#"["99.8","9"]"#, r#"["101.5","0"]"#, at));
    rig.answer_snapshot(Row(0), 100, &[(9_900, 5_000)], &[(10_100, 5_000), (10_150, 1_000)]);
    rig.pass(5);
    rig.say(Line::Spot, &best(106, "99.8", "101"));
    let inputs = rig.market();
    assert_eq!(healths(&inputs, SPOT), [BookHealth::Known]);
    assert_eq!(quotes(&inputs), [[9_980, 1_000, 10_100, 2_000]]);
    rig
}

#[test]
fn changes_held_while_the_snapshot_comes_are_put_on_top_of_it() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Spot, &delta(106, 110, r#"["100","3"]"#, "", at));
    assert_eq!(quotes(&rig.market()), [[10_000, 3_000, 10_100, 5_000]]);
}

#[test]
fn a_gap_asks_for_a_snapshot_and_holds_what_showed_it() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Spot, &delta(112, 115, r#"["100","3"]"#, "", at));
    assert_eq!(healths(&rig.market(), SPOT), [BookHealth::Gap]);
    rig.pass(5);
    assert!(rig.snapshot_job().is_some());
    // A snapshot older than what was held cannot meet it: another one is asked for.
    rig.answer_snapshot(Row(0), 110, &[(9_900, 5_000)], &[(10_100, 5_000)]);
    rig.pass(600);
    assert!(rig.snapshot_job().is_some());
    rig.answer_snapshot(Row(0), 113, &[(9_900, 5_000)], &[(10_100, 5_000)]);
    rig.pass(5);
    let inputs = rig.market();
    assert_eq!(healths(&inputs, SPOT).last(), Some(&BookHealth::Known));
    assert_eq!(quotes(&inputs).last(), Some(&[10_000, 3_000, 10_100, 5_000]));
}

#[test]
fn a_refused_snapshot_is_asked_for_again_and_not_at_once() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Spot, &delta(112, 115, r#"["100","3"]"#, "", at));
    rig.pass(5);
    let job = rig.snapshot_job().expect("asked for");
    rig.data.answer(Answer::Failed { job, status: 429 }).unwrap();
    rig.pass(100);
    assert_eq!(rig.snapshot_job(), None);
    rig.pass(900);
    assert_eq!(rig.snapshot_job(), Some(job));
}

#[test]
fn old_deltas_are_counted_and_change_nothing() {
    let mut rig = known();
    let at = rig.wall_ms();
    rig.say(Line::Spot, &delta(100, 104, r#"["100","3"]"#, "", at));
    assert!(rig.market().is_empty());
}

#[test]
fn futures_lines_are_routed_and_continue_by_pu() {
    let mut rig = Rig::new(&[VenueId::BinanceUsdm]);
    rig.pass(10);
    let public = rig.peer(Line::UsdmPublic).take_all_sent().concat();
    let market = rig.peer(Line::UsdmMarket).take_all_sent().concat();
    assert!(public.contains("btcusdt@bookTicker") && public.contains("btcusdt@depth@100ms"));
    assert!(!public.contains("markPrice") && market.contains("btcusdt@markPrice@1s"));
    assert!(!market.contains("bookTicker"));
    let at = rig.wall_ms();
    rig.say(Line::UsdmPublic, &perp_delta(90, 95, 101, r#"["99","1"]"#, at));
    rig.pass(5);
    assert!(rig.snapshot_job().is_some());
    rig.answer_snapshot(Row(0), 100, &[(9_800, 5_000)], &[(10_100, 5_000)]);
    rig.pass(3);
    rig.say(Line::UsdmPublic, &perp_best(101, "99", "101", at));
    assert_eq!(healths(&rig.inputs(), PERP), [BookHealth::Known]);
    rig.say(Line::UsdmPublic, &perp_delta(101, 110, 120, r#"["99.5","1"]"#, at));
    assert_eq!(quotes(&rig.inputs()).last().map(|quote| quote[0]), Some(9_950));
    rig.say(Line::UsdmPublic, &perp_delta(119, 121, 130, "", at));
    assert_eq!(healths(&rig.inputs(), PERP), [BookHealth::Gap]);
}

#[test]
fn a_funding_interval_is_unknown_until_the_venue_was_asked() {
    let mut rig = Rig::new(&[VenueId::BinanceUsdm]);
    rig.pass(10);
    let next = 1_790_006_400_000;
    let intervals = |rig: &mut Rig| -> Vec<Option<Span>> {
        let of = |input: &Input| match input {
            Input::Funding(funding) if funding.instrument.0 == PERP => Some(funding.interval),
            _ => None,
        };
        rig.inputs().iter().filter_map(of).collect()
    };
    rig.say(Line::UsdmMarket, &mark("0.0001", next));
    assert_eq!(intervals(&mut rig), [None]);
    let asked = core::iter::from_fn(|| rig.data.next_job()).any(|job| job == Job::Intervals);
    assert!(asked);
    let four = Span::from_secs(4 * 3600);
    rig.data.answer(Answer::Interval { row: Row(0), interval: four }).unwrap();
    rig.pass(2);
    assert_eq!(intervals(&mut rig), [Some(four)]);
    // A settlement that is not one interval after the last: the interval changed.
    for _ in 0..11 {
        rig.say(Line::UsdmMarket, &mark("0.0001", next));
        rig.pass_slowly(Span::from_secs(1), Span::from_millis(100));
    }
    rig.say(Line::UsdmMarket, &mark("0.0001", next + 3_600_000));
    assert_eq!(intervals(&mut rig).last(), Some(&None));
    rig.pass(2);
    assert!(core::iter::from_fn(|| rig.data.next_job()).any(|job| job == Job::Intervals));
    rig.say(Line::UsdmMarket, &mark("", 0));
    assert_eq!(intervals(&mut rig).last(), Some(&None));
}

#[test]
fn a_connection_is_renewed_before_the_venue_cuts_it() {
    let options = FeedOptions { renew_after: Span::from_secs(60), ..FeedOptions::default() };
    let mut rig = known_with(options);
    rig.peer(Line::Spot).discard_sent();
    for second in 0..60 {
        assert_eq!(rig.peer(Line::Spot).dials(), 1, "after {second} s");
        rig.say(Line::Spot, &best(200, "99.8", "101"));
        let at = rig.wall_ms();
        rig.say(Line::Spot, &delta(106, 105, "", "", at));
        rig.pass_slowly(Span::from_secs(1), Span::from_millis(50));
    }
    rig.pass(50);
    assert_eq!(rig.peer(Line::Spot).dials(), 2);
    assert_eq!(healths(&rig.inputs(), SPOT), [], "never unknown");
    assert!(rig.peer(Line::Spot).take_all_sent()[0].contains("SUBSCRIBE"));
}

#[test]
fn an_overlap_neither_repeats_nor_misses_a_change() {
    let mut rig = known();
    rig.say(Line::Spot, r#"{"e":"serverShutdown","E":1790000000125}"#);
    rig.pass(5);
    let peer = rig.peer(Line::Spot).clone();
    assert_eq!(peer.dials(), 2);
    let at = rig.wall_ms();
    // The second connection is ahead of the first: what it says cannot continue the book yet.
    peer.text(delta(111, 115, r#"["100.2","1"]"#, "", at).as_bytes());
    peer.trailing(delta(106, 110, r#"["100.1","1"]"#, "", at).as_bytes());
    peer.trailing(delta(111, 115, r#"["100.2","1"]"#, "", at).as_bytes());
    peer.text(delta(116, 120, r#"["100.3","1"]"#, "", at).as_bytes());
    peer.trailing(delta(116, 120, r#"["100.3","1"]"#, "", at).as_bytes());
    peer.text(delta(121, 125, r#"["100.4","1"]"#, "", at).as_bytes());
    rig.pass(1);
    let inputs = rig.market();
    assert!(healths(&inputs, SPOT).is_empty(), "{inputs:?}");
    let bids: Vec<i64> = quotes(&inputs).iter().map(|quote| quote[0]).collect();
    assert_eq!(bids, [10_010, 10_020, 10_030, 10_040]);
}

#[test]
fn a_venues_clock_is_told_with_its_bound() {
    let mut rig = Rig::new(&[VenueId::BinanceSpot]);
    rig.pass(50);
    let states: Vec<_> = rig
        .inputs()
        .into_iter()
        .filter_map(|input| match input {
            Input::ClockState(state) => Some(state),
            _ => None,
        })
        .collect();
    let first = states.first().expect("a clock state");
    assert_eq!(first.venue, VenueId::BinanceSpot);
    assert!(first.offset_ns.unsigned_abs() <= 1_000_000, "{first:?}");
    assert!(first.bound < Span::from_millis(10));
    let to_gateway: Vec<_> =
        std::iter::from_fn(|| rig.told.pop()).map(|r| Input::read(&r)).collect();
    let told: Vec<_> = states.iter().map(|state| Ok(Input::ClockState(*state))).collect();
    assert_eq!(to_gateway, told, "the gateway stamps its requests by the same clock");
}
