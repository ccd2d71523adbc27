use super::*;
use crate::faults::FaultKind;
use std::collections::BTreeMap;

const SWAP: &str = "BTC-USDT-SWAP";

type Sides = [BTreeMap<String, String>; 2];

fn apply(sides: &mut Sides, row: &Value) {
    for (side, name) in sides.iter_mut().zip(["bids", "asks"]) {
        for level in row[name].as_array().expect("levels") {
            let text = |at: usize| level[at].as_str().expect("text").to_owned();
            if text(1) == "0" {
                assert!(side.remove(&text(0)).is_some(), "a level nobody was shown is taken away");
            } else {
                side.insert(text(0), text(1));
            }
        }
    }
}

#[test]
fn updates_join_the_snapshot_and_a_late_comer_joins_the_same_sequence() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "books", SWAP);
    bench.run(1_000);
    bench.open(10, "/ws/v5/public");
    subscribe(&mut bench, 10, "books", SWAP);
    bench.run(2_000);
    let mut books: Vec<(Sides, i64)> = Vec::new();
    for conn in [9, 10] {
        let messages = rows(&bench.heard(conn), "books");
        assert!(messages.len() > 10, "{} messages", messages.len());
        assert_eq!(messages[0]["prevSeqId"], -1);
        let mut sides = Sides::default();
        let mut last = -1;
        for row in &messages {
            assert_eq!(row["prevSeqId"], last);
            assert_eq!(row["checksum"], 0);
            let seq = row["seqId"].as_i64().expect("a number");
            assert!(last < 0 || seq > last + 1, "numbers rise by more than one");
            last = seq;
            apply(&mut sides, row);
        }
        books.push((sides, last));
    }
    assert_eq!(books[0], books[1]);
}

#[test]
fn a_snapshot_after_nobody_listened_is_of_its_own_time() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "books", SWAP);
    bench.run(500);
    bench.close(9);
    bench.run(3_000);
    bench.open(10, "/ws/v5/public");
    subscribe(&mut bench, 10, "books", SWAP);
    let row = rows(&bench.heard(10), "books").remove(0);
    let age = bench.now.millis()
        - row["ts"].as_str().and_then(|ts| ts.parse::<i64>().ok()).expect("a time");
    assert!(age < 1_000, "{age} ms old");
    let top = bench.venue.exchange.market().top(1);
    assert_eq!(bench.venue.exchange.spec(1).symbol, SWAP);
    assert_eq!(row["asks"][0][0], top.ask.to_string());
}

#[test]
fn a_swallowed_message_shows_as_a_gap_and_nothing_else() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "books", SWAP);
    bench.run(500);
    bench.strike(FaultKind::SequenceGap, 0);
    bench.run(2_000);
    let messages = rows(&bench.heard(9), "books");
    let joined = |pair: &[Value]| pair[1]["prevSeqId"] == pair[0]["seqId"];
    assert_eq!(messages.windows(2).filter(|pair| !joined(pair)).count(), 1);
}

#[test]
fn a_silent_instrument_says_nothing_and_goes_on_where_it_was() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "books", SWAP);
    subscribe(&mut bench, 9, "bbo-tbt", SWAP);
    bench.run(500);
    let before = rows(&bench.heard(9), "books").pop().expect("messages");
    bench.strike(FaultKind::SilentChannel, 1_000);
    bench.run(900);
    assert!(bench.heard(9).is_empty());
    bench.run(1_000);
    let heard = bench.heard(9);
    assert_eq!(rows(&heard, "books")[0]["prevSeqId"], before["seqId"]);
    assert!(!rows(&heard, "bbo-tbt").is_empty());
}

#[test]
fn a_quiet_book_says_every_minute_that_it_is_still_there() {
    let mut bench = start();
    let market = bench.venue.exchange.market();
    let mut feed = super::super::feed::Feed::new(1, 0);
    let all = |_: &str| true;
    let first = feed.first("books", 0, market).expect("a snapshot");
    let snapshot: Value = serde_json::from_str(&first.data).expect("JSON");
    let books = |feed: &mut super::super::feed::Feed, ms: i64| {
        feed.due(ms, market, &all)
            .into_iter()
            .filter(|push| push.channel == "books")
            .collect::<Vec<_>>()
    };
    assert!(books(&mut feed, 59_900).is_empty());
    let pushes = books(&mut feed, 60_000);
    let row: Value = serde_json::from_str(&pushes[0].data).expect("JSON");
    assert_eq!(row[0]["seqId"], snapshot[0]["seqId"]);
    assert_eq!(row[0]["prevSeqId"], snapshot[0]["seqId"]);
    assert_eq!((row[0]["bids"].clone(), row[0]["asks"].clone()), (json!([]), json!([])));
    assert!(books(&mut feed, 60_100).is_empty());
    bench.tick(1);
}

#[test]
fn the_best_prices_come_at_most_every_ten_milliseconds() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "bbo-tbt", SWAP);
    bench.heard(9);
    (0..1_000).for_each(|_| bench.tick(1));
    let count = rows(&bench.heard(9), "bbo-tbt").len();
    assert!((5..=100).contains(&count), "{count} in a second");
}

#[test]
fn sizes_of_swaps_are_contracts_of_a_hundredth_of_a_bitcoin() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "bbo-tbt", SWAP);
    let row = rows(&bench.heard(9), "bbo-tbt").remove(0);
    let top = bench.venue.exchange.market().top(1);
    let contracts =
        crate::dec::Dec::parse(row["asks"][0][1].as_str().expect("text")).expect("a number");
    assert_eq!(contracts.times(crate::dec::Dec::scaled(1, 2)), top.ask_qty);
    let listed = get(&mut bench, "/api/v5/public/instruments?instType=SWAP&instId=BTC-USDT-SWAP");
    let row = &listed["data"][0];
    assert_eq!((row["ctVal"].as_str(), row["lotSz"].as_str()), (Some("0.01"), Some("0.01")));
    assert!(row["instIdCode"].as_u64().is_some_and(|code| code > 0));
}

#[test]
fn funding_names_its_next_two_settlements_and_tells_of_each() {
    let mut bench = start();
    bench.open(9, "/ws/v5/public");
    subscribe(&mut bench, 9, "funding-rate", SWAP);
    let row = rows(&bench.heard(9), "funding-rate").remove(0);
    let at = |row: &Value, name: &str| {
        row[name].as_str().and_then(|ms| ms.parse::<i64>().ok()).expect("a time")
    };
    assert_eq!(at(&row, "nextFundingTime") - at(&row, "fundingTime"), 8 * 3_600_000);
    assert_eq!(row["nextFundingRate"], "");
    bench.tick(at(&row, "fundingTime") - bench.now.millis() + 1_000);
    let after = rows(&bench.heard(9), "funding-rate").pop().expect("news of the settlement");
    assert_eq!(at(&after, "fundingTime"), at(&row, "nextFundingTime"));
    assert_eq!(after["settState"], "processing");
    let history =
        get(&mut bench, "/api/v5/public/funding-rate-history?instId=BTC-USDT-SWAP&limit=1");
    assert_eq!(history["data"][0]["fundingTime"], row["fundingTime"]);
    assert_eq!(history["data"][0]["realizedRate"], after["settFundingRate"]);
}

#[test]
fn public_queries_answer_or_say_what_is_missing() {
    let mut bench = start();
    #[rustfmt::skip]
    let cases = [
        ("/api/v5/public/time",                                       "0"),
        ("/api/v5/public/instruments?instType=SPOT",                  "0"),
        ("/api/v5/public/instruments",                                "50014"),
        ("/api/v5/public/instruments?instType=GOLD",                  "51000"),
        ("/api/v5/market/books?instId=BTC-USDT&sz=400",               "0"),
        ("/api/v5/market/books?instId=NOPE",                          "51001"),
        ("/api/v5/market/ticker?instId=BTC-USDT",                     "0"),
        ("/api/v5/market/tickers?instType=SWAP",                      "0"),
        ("/api/v5/market/index-tickers?instId=BTC-USDT",              "0"),
        ("/api/v5/market/index-tickers",                              "50015"),
        ("/api/v5/public/funding-rate?instId=ANY",                    "0"),
        ("/api/v5/public/funding-rate?instId=BTC-USDT",               "51000"),
        ("/api/v5/public/mark-price?instType=SWAP",                   "0"),
        ("/api/v5/public/price-limit?instId=BTC-USDT-SWAP",           "0"),
    ];
    for (target, code) in cases {
        let (_, answer) = body(bench.http("GET", target, &[], ""));
        assert_eq!(answer["code"], code, "{target}");
    }
    let (status, _) = body(bench.http("GET", "/api/v5/nothing/here", &[], ""));
    assert_eq!(status, 404);
}

#[test]
fn too_many_questions_are_refused_for_two_seconds() {
    let mut bench = start();
    let time = |bench: &mut Bench<Okx>| body(bench.http("GET", "/api/v5/public/time", &[], "")).0;
    assert!((0..10).all(|_| time(&mut bench) == 200));
    assert_eq!(time(&mut bench), 429);
    bench.tick(2_000);
    assert_eq!(time(&mut bench), 200);
}
