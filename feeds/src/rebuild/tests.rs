//! The captures against books that somebody else's code built from them.

use super::*;

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/captures").join(name)
}

fn rebuilt(venue: Recorded, symbol: Option<&str>, name: &str) -> Rebuilt {
    files(venue, symbol, &[capture(name)]).expect("a capture of the repository")
}

fn last(rebuilt: &Rebuilt) -> [String; 4] {
    let (_, bid, bid_qty, ask, ask_qty) = rebuilt.last.clone().expect("a last line");
    [bid, bid_qty, ask, ask_qty]
}

#[test]
fn the_spot_capture_gives_the_expected_books() {
    let found = rebuilt(Recorded::BinanceSpot, None, "binance-spot-btcusdt-20240808.rec.gz");
    assert_eq!((found.frames, found.applied, found.stale), (41_249, 3_449, 2));
    assert_eq!((found.gaps, found.crossed, found.refused), (0, 0, 0));
    assert_eq!(last(&found), ["61685.99", "1.0087", "61686", "2.29327"]);
    assert_eq!(found.last.map(|last| last.0), Some(Key::Number(50_093_421_584)));
    assert_eq!(found.digest, "a26f433a925d38fc70e3bc2b5e52320cf57fb1ebece1c6f5aac68d609f5cd282");
}

#[test]
fn the_futures_capture_gives_the_expected_books() {
    let name = "binance-usdm-btcusdt-20240808.rec.gz";
    let found = rebuilt(Recorded::BinanceUsdm, Some("BTCUSDT"), name);
    assert_eq!((found.frames, found.applied, found.stale), (93_954, 6_547, 4));
    assert_eq!((found.gaps, found.crossed, found.refused), (0, 0, 0));
    assert_eq!(last(&found), ["61659.7", "1.486", "61659.8", "0.981"]);
    assert_eq!(found.digest, "13aebb9e8eff9179885531e5ae0839eea78941789b7dfd510f16b9334de46f6b");
}

#[test]
fn the_okx_capture_gives_the_expected_books_and_every_checksum_holds() {
    let name = "okx-20220513.rec.gz";
    let spot = rebuilt(Recorded::Okx, Some("BTC-USDT"), name);
    assert_eq!((spot.frames, spot.applied, spot.gaps, spot.refused), (299, 98, 0, 0));
    assert_eq!(last(&spot), ["30236.1", "0.18050747", "30236.2", "0.001"]);
    assert_eq!(spot.last.map(|last| last.0), Some(Key::Text("1652459236096".to_owned())));
    assert_eq!(spot.digest, "e43a49fd0aa03c83345bcbdee6e06df2434bf82417f5d131ac3a47c028643e9c");
    let swap = rebuilt(Recorded::Okx, Some("UNI-USD-SWAP"), name);
    assert_eq!((swap.applied, swap.gaps, swap.refused), (93, 0, 0));
    assert_eq!(last(&swap), ["5.137", "20", "5.145", "50"]);
    assert_eq!(swap.digest, "074a922c415e9f0f730fe514cf990efcee83d710acd0d5bc1e83328e170330b8");
}

#[test]
fn small_coins_start_from_snapshots_beside_the_frames() {
    let name = "binance-usdm-small-coins-20210722.rec.gz";
    for (symbol, applied, stale, digest) in [
        ("SUSHIUSDT", 252, 3, "3f8e6c9de42c5435fff2b09e2b15ec6df311e62acf3afdb920efe4a2e44a59f9"),
        ("AKROUSDT", 188, 1, "705abf1c81763a688c8aa524efa8834e0ebb4ad1c4ccc2e0b0eddbc23f1d4e14"),
        ("KEEPUSDT", 132, 3, "48cefe501cd21b6b14d9243e46c719ece8e929836ff0015c07b486216921e5c3"),
        ("CTKUSDT", 180, 5, "1575625223e6751d8fc055d4df3e14f6ee4969da3f3c43c97bc849dcf21e137e"),
    ] {
        let found = rebuilt(Recorded::BinanceUsdm, Some(symbol), name);
        assert_eq!((found.frames, found.refused, found.crossed, found.gaps), (1_535, 0, 0, 0));
        assert_eq!((found.applied, found.stale), (applied, stale), "{symbol}");
        assert_eq!(found.digest, digest, "{symbol}");
    }
}
