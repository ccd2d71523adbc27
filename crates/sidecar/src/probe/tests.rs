#![allow(clippy::unwrap_used)]
use super::{Facts, Verdict, health, ready};
use crate::world::{self, World};
use base::input::Action;
use base::{Span, Stamp, VenueId};
use strategy::View;
use telemetry::{Counter, Page};
use tempfile::{TempDir, tempdir};

const SILENCE: Span = Span::from_secs(5);
const BOUND: Span = Span::from_millis(500);

fn page() -> (TempDir, Page) {
    let dir = tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["feed-okx", "feed-bybit", "hot"]).unwrap();
    (dir, page)
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.reasons.iter().map(|reason| reason.code).collect()
}

#[test]
fn a_thread_that_stopped_moving_is_unhealthy_and_named() {
    let (_dir, page) = page();
    let reader = page.reader().unwrap();
    let now = Stamp(60_000_000_000);
    assert!(health(&reader, now, SILENCE).is_yes(), "threads that have not begun are not wedged");
    let thread = page.writer("hot").unwrap();
    thread.at_home(1, Some(0));
    thread.beat(Stamp(now.0 - SILENCE.0));
    assert!(health(&reader, now, SILENCE).is_yes());
    let later = Stamp(now.0 + 1);
    let verdict = health(&reader, later, SILENCE);
    assert_eq!(codes(&verdict), ["silent"]);
    assert!(
        verdict.reasons[0].detail.contains("hot") && verdict.reasons[0].detail.contains("5000 ms")
    );
    thread.retire();
    assert!(health(&reader, later, SILENCE).is_yes(), "a thread that ended is not wedged");
}

fn judge(page: &Page, view: Option<&View>, faults: &[(&'static str, String)]) -> Verdict {
    let facts = Facts { view, clock_bound: BOUND, faults };
    ready(&page.reader().unwrap().snapshot(), &facts)
}

/// A page of feeds whose books are all known.
fn synced() -> (TempDir, Page, telemetry::Writer) {
    let (dir, page) = page();
    let feed = page.writer("feed-okx").unwrap();
    feed.set(Counter::FeedBooks, 4);
    feed.set(Counter::FeedBooksKnown, 4);
    (dir, page, feed)
}

#[test]
fn books_that_are_not_known_are_counted() {
    let (_dir, page) = page();
    assert_eq!(codes(&judge(&page, None, &[])), ["books"], "no feed has subscribed");
    let (_dir, page, feed) = synced();
    assert!(judge(&page, None, &[]).is_yes());
    feed.set(Counter::FeedBooksKnown, 3);
    let verdict = judge(&page, None, &[]);
    assert_eq!(verdict.reasons[0].detail, "feed-okx: 3 of 4 books are known");
}

#[test]
fn an_engine_that_could_trade_is_ready() {
    let (_dir, page, _feed) = synced();
    let world = World::ready(&world::two_perpetuals());
    assert_eq!(judge(&page, Some(&world.core.view()), &[]).reasons, []);
}

#[test]
fn sessions_clocks_reconciliation_and_mode_speak_against_it() {
    let (_dir, page, _feed) = synced();
    let fresh = World::new(&world::two_perpetuals());
    let verdict = judge(&page, Some(&fresh.core.view()), &[]);
    let mut codes_of: Vec<_> = codes(&verdict);
    codes_of.dedup();
    assert_eq!(codes_of[..3], ["reconcile", "session", "clock"], "{verdict:?}");

    let mut world = World::ready(&world::two_perpetuals());
    world.session(VenueId::Okx, false);
    let verdict = judge(&page, Some(&world.core.view()), &[]);
    assert!(codes(&verdict).contains(&"session") && verdict.reasons[0].detail.contains("okx"));

    let mut world = World::ready(&world::two_perpetuals());
    world.command(Action::Stop);
    assert_eq!(codes(&judge(&page, Some(&world.core.view()), &[])), ["mode"]);

    let mut view = World::ready(&world::two_perpetuals()).core.view();
    view.venues[0].clock_bound_ns = Some(BOUND.0 + 1);
    assert_eq!(codes(&judge(&page, Some(&view), &[])), ["clock"]);
}

#[test]
fn a_halted_core_and_faults_of_the_sidecar_speak_against_it() {
    let (_dir, page, _feed) = synced();
    page.writer("hot").unwrap().set(Counter::CoreHalted, 1);
    let verdict = judge(&page, None, &[("diverged", "at record 5".into())]);
    assert_eq!(codes(&verdict), ["halted", "diverged"]);
    let json: serde_json::Value = serde_json::from_str(&verdict.json("ready")).unwrap();
    assert_eq!(json["ready"], false);
    assert_eq!(json["reasons"][1]["detail"], "at record 5");
}

#[test]
fn an_account_that_is_set_up_so_that_it_cannot_be_traded_is_named_with_what_to_do() {
    let cases = [
        (Counter::AccountsHedged, "one-way"),
        (Counter::AccountsLevel, "unified"),
        (Counter::AccountsNoTrading, "API key"),
    ];
    for (gauge, what) in cases {
        let (_dir, page, _feed) = synced();
        let gateway = page.writer("hot").unwrap();
        gateway.set(gauge, 1);
        let verdict = judge(&page, None, &[]);
        assert_eq!(codes(&verdict), ["account"]);
        let detail = &verdict.reasons[0].detail;
        assert!(detail.starts_with("hot: ") && detail.contains(what), "{detail}");
    }
}
