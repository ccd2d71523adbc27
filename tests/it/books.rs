//! Books rebuilt from captures, against figures computed by an independent program.

use crate::engine::{complete, program, stderr, stdout};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where captures lie that may not be kept in the repository: see `testdata/captures/SOURCES.md`.
const MORE: &str = "FUNDING_ARB_CAPTURES";

/// What a capture must come to.
struct Expected {
    venue: &'static str,
    file: &'static str,
    symbol: Option<&'static str>,
    frames: u64,
    applied: u64,
    stale: u64,
    last: Value,
    digest: &'static str,
}

#[rustfmt::skip]
fn kept() -> [Expected; 4] {
    [
        Expected {
            venue: "binance-spot", file: "binance-spot-btcusdt-20240808.rec.gz", symbol: None,
            frames: 41_249, applied: 3_449, stale: 2,
            last: json!([50_093_421_584_u64, "61685.99", "1.0087", "61686", "2.29327"]),
            digest: "a26f433a925d38fc70e3bc2b5e52320cf57fb1ebece1c6f5aac68d609f5cd282",
        },
        Expected {
            venue: "binance-usdm", file: "binance-usdm-btcusdt-20240808.rec.gz", symbol: None,
            frames: 93_954, applied: 6_547, stale: 4,
            last: json!([5_123_135_475_514_u64, "61659.7", "1.486", "61659.8", "0.981"]),
            digest: "13aebb9e8eff9179885531e5ae0839eea78941789b7dfd510f16b9334de46f6b",
        },
        Expected {
            venue: "okx", file: "okx-20220513.rec.gz", symbol: Some("BTC-USDT"),
            frames: 299, applied: 98, stale: 0,
            last: json!(["1652459236096", "30236.1", "0.18050747", "30236.2", "0.001"]),
            digest: "e43a49fd0aa03c83345bcbdee6e06df2434bf82417f5d131ac3a47c028643e9c",
        },
        Expected {
            venue: "okx", file: "okx-20220513.rec.gz", symbol: Some("UNI-USD-SWAP"),
            frames: 299, applied: 93, stale: 0,
            last: json!(["1652459236094", "5.137", "20", "5.145", "50"]),
            digest: "074a922c415e9f0f730fe514cf990efcee83d710acd0d5bc1e83328e170330b8",
        },
    ]
}

#[rustfmt::skip]
fn not_kept() -> Expected {
    Expected {
        venue: "bybit", file: "bybit-linear-xrpusdt-20241201.jsonl.gz", symbol: None,
        frames: 30, applied: 30, stale: 0,
        last: json!([1_733_011_203_490_u64, "1.9535", "3915", "1.9536", "7040"]),
        digest: "3df9fdf6d6950044c5e2833dd25fa3568f2da7355153184efa8cdcf5d9984585",
    }
}

fn check(folder: &Path, expected: &Expected) {
    let mut command = program();
    command.args(["books", "--venue", expected.venue]);
    if let Some(symbol) = expected.symbol {
        command.args(["--symbol", symbol]);
    }
    let output = complete(command.arg(folder.join(expected.file)));
    assert!(output.status.success(), "{}", stderr(&output));
    let rebuilt: Value = serde_json::from_str(&stdout(&output)).expect("a result in JSON");
    let wanted = json!({
        "frames": expected.frames,
        "applied": expected.applied,
        "stale": expected.stale,
        "gaps": 0,
        "crossed": 0,
        "refused": 0,
        "final": expected.last,
        "digest": expected.digest,
    });
    assert_eq!(rebuilt, wanted, "{} {:?}", expected.file, expected.symbol);
}

#[test]
fn every_capture_gives_the_expected_books() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    for expected in kept() {
        check(&captures, &expected);
    }
}

#[test]
fn a_capture_that_may_not_be_kept_here_gives_the_expected_books_where_it_is() {
    let Some(folder) = std::env::var_os(MORE).map(PathBuf::from) else {
        eprintln!("skipped: {MORE} names no folder with {}", not_kept().file);
        return;
    };
    check(&folder, &not_kept());
}
