#![allow(clippy::unwrap_used)]
use super::metrics_page;
use std::{env, fs};

#[test]
fn the_page_of_metrics_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/METRICS.md");
    if env::var_os("BLESS").is_some() {
        fs::write(path, metrics_page()).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == metrics_page(), "METRICS.md is old: BLESS=1 cargo test -p telemetry");
}
