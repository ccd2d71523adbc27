//! Books rebuilt from captures, against digests computed by an independent program.

use crate::engine::{complete, program, stderr, stdout};
use serde_json::Value;

/// Venue, capture, symbol, messages applied, digest.
#[rustfmt::skip]
const EXPECTED: &[(&str, &str, Option<&str>, u64, &str)] = &[
    ("binance-spot", "binance-spot-btcusdt-20240808.rec.gz", None, 3449,
     "a26f433a925d38fc70e3bc2b5e52320cf57fb1ebece1c6f5aac68d609f5cd282"),
    ("binance-usdm", "binance-usdm-btcusdt-20240808.rec.gz", None, 6547,
     "13aebb9e8eff9179885531e5ae0839eea78941789b7dfd510f16b9334de46f6b"),
    ("okx", "okx-20220513.rec.gz", Some("BTC-USDT"), 98,
     "e43a49fd0aa03c83345bcbdee6e06df2434bf82417f5d131ac3a47c028643e9c"),
    ("okx", "okx-20220513.rec.gz", Some("UNI-USD-SWAP"), 93,
     "074a922c415e9f0f730fe514cf990efcee83d710acd0d5bc1e83328e170330b8"),
];

#[test]
fn every_capture_gives_the_expected_books() {
    let captures = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/captures/");
    for (venue, file, symbol, applied, digest) in EXPECTED {
        let mut command = program();
        command.args(["books", "--venue", venue]);
        if let Some(symbol) = symbol {
            command.args(["--symbol", symbol]);
        }
        let output = complete(command.arg(format!("{captures}{file}")));
        assert!(output.status.success(), "{}", stderr(&output));
        let rebuilt: Value = serde_json::from_str(&stdout(&output)).expect("a result in JSON");
        assert_eq!(rebuilt["digest"], *digest, "{file}: {rebuilt}");
        assert_eq!(rebuilt["applied"], *applied, "{file}");
        for none in ["gaps", "crossed", "refused"] {
            assert_eq!(rebuilt[none], 0, "{file} {none}");
        }
    }
}
