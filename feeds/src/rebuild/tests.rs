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

fn read(venue: Recorded, symbol: Option<&str>, lines: &[&str]) -> Rebuilt {
    let mut rebuild = Rebuild::new(venue, symbol);
    rebuild.lines(lines.join("\n").as_bytes()).expect("memory");
    rebuild.finish()
}

fn coin(pu: i64, first: i64, last: i64, bids: &str) -> String {
    format!(
        r#"{{"e":"depthUpdate","E":5,"T":4,"s":"BTCUSD_PERP","ps":"BTCUSD","U":{first},"u":{last},"pu":{pu},"b":[{bids}],"a":[]}}"#
    )
}

#[test]
fn coin_margined_frames_are_read_by_the_rule_of_futures() {
    let snapshot = r#"{"lastUpdateId":100,"E":1,"T":1,"symbol":"BTCUSD_PERP","pair":"BTCUSD","bids":[["30626.7","827"]],"asks":[["30626.8","114"]]}"#;
    let lines = [coin(80, 90, 95, ""), coin(95, 98, 101, r#"["30625","3"]"#)];
    let after = coin(101, 150, 160, r#"["30626.75","9"]"#);
    let found = read(Recorded::BinanceCoinm, None, &[&lines[0], &lines[1], snapshot, &after, ""]);
    assert_eq!((found.frames, found.applied, found.stale), (4, 2, 1));
    assert_eq!(last(&found), ["30626.75", "9", "30626.8", "114"]);
}

#[test]
fn after_a_gap_a_book_waits_for_the_next_snapshot() {
    let snapshot = |id: i64, bid: &str| {
        format!(
            r#"{{"lastUpdateId":{id},"symbol":"BTCUSD_PERP","bids":[["{bid}","1"]],"asks":[["40000","1"]]}}"#
        )
    };
    let lines = [
        snapshot(100, "30000"),
        coin(90, 95, 105, r#"["30001","1"]"#),
        coin(110, 111, 120, r#"["30002","1"]"#),
        coin(120, 121, 130, r#"["30003","1"]"#),
        snapshot(115, "30000"),
        coin(130, 131, 140, r#"["30004","1"]"#),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let found = read(Recorded::BinanceCoinm, Some("BTCUSD_PERP"), &lines);
    assert_eq!((found.applied, found.gaps, found.refused), (4, 1, 0));
    assert_eq!(last(&found)[0], "30004");
}

#[test]
fn a_snapshot_before_every_delta_belongs_to_the_first_instrument() {
    let snapshot = r#"{"lastUpdateId":100,"bids":[["99","1"]],"asks":[["101","1"]]}"#;
    let delta =
        r#"{"e":"depthUpdate","E":5,"s":"ANY","U":101,"u":102,"b":[["99.123456789","2"]],"a":[]}"#;
    let found = read(Recorded::BinanceSpot, None, &[snapshot, delta]);
    assert_eq!((found.applied, found.refused), (1, 0));
    assert_eq!(last(&found), ["99.123456789", "2", "101", "1"]);
}

#[test]
fn frames_that_cannot_be_read_are_counted_and_the_rest_goes_on() {
    let book = |kind: &str, u: i64, bid: &str| {
        format!(
            r#"{{"topic":"orderbook.500.X","type":"{kind}","ts":9,"data":{{"s":"X","b":[["{bid}","1"]],"a":[["2000000","1"]],"u":{u},"seq":{u}}},"cts":8}}"#
        )
    };
    let lines = [
        "17 garbage".to_owned(),
        format!("18 {}", book("snapshot", 5, "1.5")),
        format!("19 {}", book("delta", 6, "1.x")),
        format!("20 {}", book("delta", 6, "1.000000000000000000000001")),
        format!("21 {}", book("delta", 6, "1.75")),
        "22 {\"success\":true,\"op\":\"subscribe\"}".to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let found = read(Recorded::Bybit, None, &lines);
    assert_eq!((found.frames, found.applied, found.refused), (6, 2, 3));
    assert_eq!(last(&found)[0], "1.75");
    assert_eq!(found.last.map(|last| last.0), Some(Key::Number(9)));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = capture("no-such-capture.rec.gz");
    let why = files(Recorded::Okx, None, std::slice::from_ref(&path)).expect_err("no file");
    assert!(why.to_string().contains("no-such-capture.rec.gz"), "{why}");
}
