use super::{AckFault, Due, FaultKind, FaultRule, Faults, RequestFault};
use base::{VenueId, WallNs};

const SECOND: i64 = 1_000_000_000;
const BTC: &str = "BTC/USDT";

fn rule(kind: FaultKind) -> FaultRule {
    FaultRule {
        kind,
        venue: None,
        instrument: None,
        from_s: 0,
        until_s: None,
        percent: 100,
        every_s: None,
        times: None,
        delay_ms: 1_000,
    }
}

fn faults(rules: &[FaultRule]) -> Faults {
    Faults::new(VenueId::Okx, rules, WallNs(0), 7)
}

fn at(second: i64) -> WallNs {
    WallNs(second * SECOND)
}

#[test]
fn a_rule_strikes_only_within_its_bounds() {
    let mut bounded = rule(FaultKind::Reject);
    (bounded.from_s, bounded.until_s, bounded.instrument) = (10, Some(20), Some(BTC.to_owned()));
    let mut faults = faults(&[bounded]);
    assert!(!faults.rejects(at(9), BTC));
    assert!(faults.rejects(at(10), BTC));
    assert!(!faults.rejects(at(10), "ETH/USDT"));
    assert!(!faults.rejects(at(20), BTC));
    assert_eq!(faults.injected(), 1);
}

#[test]
fn a_rule_of_another_venue_is_not_armed() {
    let mut elsewhere = rule(FaultKind::Reject);
    elsewhere.venue = Some(VenueId::Bybit);
    assert!(!faults(&[elsewhere]).rejects(at(1), BTC));
}

#[test]
fn a_rule_strikes_no_more_often_than_it_may() {
    let mut twice = rule(FaultKind::TooManyRequests);
    twice.times = Some(2);
    let mut faults = faults(&[twice]);
    let struck = (0..9).filter(|s| faults.request(at(*s)) == Some(RequestFault::TooMany)).count();
    assert_eq!(struck, 2);
}

#[test]
fn a_chance_is_about_what_it_says_and_the_same_every_time() {
    let mut some = rule(FaultKind::LostAckLive);
    some.percent = 30;
    let run = || {
        let mut faults = faults(std::slice::from_ref(&some));
        (0..1_000).map(|s| faults.ack(at(s), BTC).is_some()).collect::<Vec<_>>()
    };
    let first = run();
    let struck = first.iter().filter(|hit| **hit).count();
    assert!((240..360).contains(&struck), "{struck} of 1000");
    assert_eq!(first, run());
}

#[test]
fn what_comes_by_time_comes_once_a_period() {
    let mut gap = rule(FaultKind::SequenceGap);
    (gap.from_s, gap.every_s) = (5, Some(10));
    let mut faults = faults(&[gap]);
    let hits: Vec<i64> = (0..30).filter(|s| faults.skips_book(at(*s), BTC)).collect();
    assert_eq!(hits, [5, 15, 25]);
}

#[test]
fn a_silence_lasts_its_time_and_only_there() {
    let mut silence = rule(FaultKind::SilentChannel);
    (silence.from_s, silence.delay_ms, silence.instrument) = (3, 4_000, Some(BTC.to_owned()));
    let mut faults = faults(&[silence]);
    let silent: Vec<i64> = (0..12).filter(|s| faults.is_silent(at(*s), BTC)).collect();
    assert_eq!(silent, [3, 4, 5, 6]);
    assert!(!faults.is_silent(at(5), "ETH/USDT"));
}

#[test]
fn each_kind_becomes_what_it_is_named() {
    let due = |kind| faults(&[rule(kind)]).due(at(1));
    assert_eq!(due(FaultKind::DropPublic), Some(Due::DropPublic));
    assert_eq!(due(FaultKind::DropPrivate), Some(Due::DropPrivate));
    assert_eq!(due(FaultKind::ListenKeyExpiry), Some(Due::ListenKeyExpiry));
    assert_eq!(due(FaultKind::Shutdown), Some(Due::Shutdown(at(2))));
    assert_eq!(due(FaultKind::SilentCancel), Some(Due::SilentCancel));
    let ack = |kind| faults(&[rule(kind)]).ack(at(1), BTC);
    assert_eq!(ack(FaultKind::DelayedAck), Some(AckFault::Delay(SECOND)));
    assert_eq!(ack(FaultKind::LostAckDead), Some(AckFault::Lost { executed: false }));
    assert_eq!(ack(FaultKind::UnknownLive), Some(AckFault::Unknown { executed: true }));
    assert!(faults(&[rule(FaultKind::PartialFill)]).fills_short(at(1), BTC));
    assert_eq!(faults(&[rule(FaultKind::Banned)]).request(at(1)), Some(RequestFault::Banned));
}
