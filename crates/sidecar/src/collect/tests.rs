#![allow(clippy::unwrap_used)]
use super::{PageCollector, edges};
use crate::own::{METRICS, Own};
use crate::run::tests::exposition::check;
use prometheus::{Registry, TextEncoder};
use std::sync::Arc;
use telemetry::hist::{bucket_low, bucket_of};
use telemetry::{Counter, Hist, Page, Regime};
use tempfile::tempdir;

fn text(page: &Page) -> String {
    let registry = Registry::new();
    let reader = Arc::new(page.reader().unwrap());
    registry.register(Box::new(PageCollector::new(reader).unwrap())).unwrap();
    let own = Own::register(&registry).unwrap();
    own.pnl.with_label_values(&["total"]).set(-1.5);
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

#[test]
fn the_page_is_a_valid_exposition_with_the_numbers_in_it() {
    let dir = tempdir().unwrap();
    let rings = [("md-okx", 64), ("ord-okx", 32)];
    let path = dir.path().join("page");
    let page = Page::create_with_rings(&path, &["feed-okx", "hot"], &rings).unwrap();
    let writer = page.writer("hot").unwrap();
    writer.at_home(tuning::thread_id().unwrap(), Some(0));
    writer.beat(base::Stamp(1));
    writer.add(Counter::FeedGaps, 7);
    writer.charge(Regime::Busy, 1_500_000_000);
    [50, 100, 100, 1_000, 40_000_000_000]
        .iter()
        .for_each(|ns| writer.record(Hist::TickToOrder, *ns));
    page.ring("md-okx").unwrap().publish(5, 2);
    let text = text(&page);
    let series = check(&text);
    #[rustfmt::skip]
    let expected = [
        (r#"arb_feed_books_lost_total{reason="gap",stage="hot"}"#,          7.0),
        (r#"arb_feed_books_lost_total{reason="gap",stage="feed-okx"}"#,     0.0),
        (r#"arb_stage_regime_seconds_total{regime="busy",stage="hot"}"#,    1.5),
        (r#"arb_stage_regime_seconds_total{regime="caught-up",stage="hot"}"#, 0.0),
        (r#"arb_ring_fill{ring="md-okx"}"#,                                  5.0),
        (r#"arb_ring_full_total{ring="md-okx"}"#,                            2.0),
        (r#"arb_ring_depth{ring="ord-okx"}"#,                                32.0),
        (r#"arb_stage_cpu{stage="hot"}"#,                                    0.0),
        (r#"arb_tick_to_order_seconds_count{stage="hot"}"#,                  5.0),
        (r#"arb_tick_to_order_seconds_bucket{le="0.000000064",stage="hot"}"#, 1.0),
        (r#"arb_tick_to_order_seconds_bucket{le="0.000000128",stage="hot"}"#, 3.0),
        (r#"arb_tick_to_order_seconds_bucket{le="0.000001024",stage="hot"}"#, 4.0),
        (r#"arb_tick_to_order_seconds_bucket{le="+Inf",stage="hot"}"#,       5.0),
        (r#"arb_pnl{kind="total"}"#,                                         -1.5),
    ];
    for (name, value) in expected {
        assert_eq!(series.get(name), Some(&value), "{name} in\n{text}");
    }
    for name in ["involuntary_switches", "run_delay_seconds", "steal_seconds"] {
        assert!(
            series.contains_key(&format!(r#"arb_stage_{name}_total{{stage="hot"}}"#)),
            "{name}"
        );
    }
    assert!(
        !text.contains(r#"arb_tick_to_order_seconds_count{stage="feed-okx"}"#),
        "empty ones are left out"
    );
}

#[test]
fn edges_lie_on_the_pages_buckets() {
    let mut last = 0;
    for edge in edges() {
        assert_eq!(bucket_low(bucket_of(edge)), edge);
        assert!(edge > last);
        last = edge;
    }
    assert_eq!(last, 1 << 34);
}

#[test]
fn own_metrics_have_help_and_house_names() {
    for (name, help) in METRICS {
        assert!(name.starts_with("arb_") && !help.is_empty(), "{name}");
    }
}
