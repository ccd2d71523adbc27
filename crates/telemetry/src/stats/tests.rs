#![allow(clippy::unwrap_used)]
use crate::{Counter, Hist, Page, Regime};
use base::Stamp;
use tempfile::tempdir;

#[test]
fn a_person_reads_what_happened() {
    let dir = tempdir().unwrap();
    let rings = [("md-okx", 64)];
    let page =
        Page::create_with_rings(&dir.path().join("page"), &["feed-okx", "b"], &rings).unwrap();
    let writer = page.writer("feed-okx").unwrap();
    writer.at_home(1, Some(5));
    writer.beat(Stamp(1));
    writer.add(Counter::FeedGaps, 3);
    writer.charge(Regime::Busy, 250);
    writer.charge(Regime::CaughtUp, 750);
    (0..100).for_each(|_| writer.record(Hist::Decode, 40));
    page.ring("md-okx").unwrap().publish(2, 0);
    let text = page.reader().unwrap().snapshot().to_string();
    for part in [
        "feed-okx: running, pinned to cpu 5, 1 heartbeats",
        "caught-up 75.0%  busy 25.0%",
        "arb_feed_books_lost_total{reason=\"gap\"}",
        "arb_stage_seconds{step=\"decode\"}",
        "n 100  p50 40  p90 40  p99 40  p999 40  max 40 ns",
        "\nb\n",
        "md-okx                64        2        2          0",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(!text.contains("arb_gateway_fills_total"), "what is zero is left out");
}
