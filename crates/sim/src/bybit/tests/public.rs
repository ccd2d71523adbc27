use super::*;
use crate::faults::FaultKind;
use std::collections::BTreeMap;

type Sides = [BTreeMap<String, String>; 2];

fn apply(sides: &mut Sides, data: &Value) {
    for (side, name) in sides.iter_mut().zip(["b", "a"]) {
        for level in data[name].as_array().expect("levels") {
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
fn deltas_count_by_one_and_a_late_comer_joins_the_same_sequence() {
    for (path, product) in
        [("/v5/public/linear", Product::Perpetual), ("/v5/public/spot", Product::Spot)]
    {
        let mut bench = start();
        bench.open(9, path);
        subscribe(&mut bench, 9, "orderbook.50.BTCUSDT");
        bench.run(1_000);
        bench.open(10, path);
        subscribe(&mut bench, 10, "orderbook.50.BTCUSDT");
        bench.run(1_000);
        let mut books: Vec<(Sides, i64)> = Vec::new();
        for conn in [9, 10] {
            let heard = bench.heard(conn);
            let messages = of(&heard, "orderbook.50.BTCUSDT");
            assert!(messages.len() > 10, "{product:?}: {} messages", messages.len());
            let mut sides = Sides::default();
            let mut last = 0;
            for (number, message) in messages.iter().enumerate() {
                let update = message["data"]["u"].as_i64().expect("a number");
                assert_eq!(message["type"], if number == 0 { "snapshot" } else { "delta" });
                assert!(number == 0 || update == last + 1, "{last} then {update}");
                last = update;
                apply(&mut sides, &message["data"]);
                assert!(sides.iter().all(|side| side.len() <= 50));
            }
            books.push((sides, last));
        }
        assert_eq!(books[0], books[1]);
    }
}

#[test]
fn level_one_is_snapshots_only_and_repeats_itself_with_the_same_number() {
    let mut bench = start();
    let market = bench.venue.exchange.market();
    let mut feed = super::super::feed::Feed::new(1, 0);
    let topic = super::super::feed::Topic::Book(0);
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let first = read(&feed.first(topic, 0, market).expect("a snapshot").text);
    let all = |_| true;
    let pushed = |feed: &mut super::super::feed::Feed, ms: i64| {
        let pushes = feed.due(ms, market, &all);
        pushes
            .iter()
            .filter(|push| push.topic == topic)
            .map(|push| read(&push.text))
            .collect::<Vec<_>>()
    };
    assert!(pushed(&mut feed, 2_990).is_empty());
    let again = pushed(&mut feed, 3_000);
    assert_eq!((&again[0]["type"], &again[0]["data"]), (&first["type"], &first["data"]));
    assert!(pushed(&mut feed, 3_010).is_empty());
    bench.open(9, "/v5/public/linear");
    subscribe(&mut bench, 9, "orderbook.1.BTCUSDT");
    bench.run(2_000);
    let heard = bench.heard(9);
    assert!(of(&heard, "orderbook.1.BTCUSDT").iter().all(|m| m["type"] == "snapshot"));
}

#[test]
fn field_order_differs_between_level_one_spot_and_the_rest() {
    let mut bench = start();
    bench.open(9, "/v5/public/linear");
    bench.open(10, "/v5/public/spot");
    for (conn, topic, kind_first) in [
        (9, "orderbook.1.BTCUSDT", false),
        (9, "orderbook.50.BTCUSDT", true),
        (10, "orderbook.1.BTCUSDT", false),
        (10, "orderbook.50.BTCUSDT", false),
    ] {
        subscribe(&mut bench, conn, topic);
        let text = bench
            .texts(conn)
            .into_iter()
            .find(|text| text.contains("\"topic\""))
            .expect("a snapshot");
        let place = |name: &str| text.find(name).expect("a field");
        assert_eq!(place("\"type\"") < place("\"ts\""), kind_first, "{conn} {topic}");
        assert!(place("\"data\"") < place("\"cts\""));
    }
}

#[test]
fn a_swallowed_delta_shows_as_a_gap_and_nothing_else() {
    let mut bench = start();
    bench.open(9, "/v5/public/linear");
    subscribe(&mut bench, 9, "orderbook.50.BTCUSDT");
    bench.run(300);
    bench.strike(FaultKind::SequenceGap, 0);
    bench.run(1_000);
    let heard = bench.heard(9);
    let ids: Vec<i64> = of(&heard, "orderbook.50.BTCUSDT")
        .iter()
        .map(|m| m["data"]["u"].as_i64().expect("a number"))
        .collect();
    assert_eq!(ids.windows(2).filter(|pair| pair[1] != pair[0] + 1).count(), 1);
}

#[test]
fn merged_ticker_deltas_equal_the_snapshot_a_late_comer_gets() {
    let mut bench = start();
    bench.open(9, "/v5/public/linear");
    subscribe(&mut bench, 9, "tickers.BTCUSDT");
    bench.run(5_000);
    bench.open(10, "/v5/public/linear");
    bench.send(10, r#"{"op":"subscribe","args":["tickers.BTCUSDT"]}"#);
    bench.tick(1);
    let heard = bench.heard(9);
    let messages = of(&heard, "tickers.BTCUSDT");
    assert_eq!(messages[0]["type"], "snapshot");
    let mut merged = serde_json::Map::new();
    let mut smaller = 0;
    for message in &messages {
        let data = message["data"].as_object().expect("an object");
        smaller += usize::from(data.len() < 22);
        merged.extend(data.clone());
    }
    assert!(smaller > 5, "deltas leave out what did not change");
    let fresh =
        bench.heard(10).into_iter().find(|m| m["topic"] == "tickers.BTCUSDT").expect("a snapshot");
    assert_eq!(Value::Object(merged), fresh["data"]);
}

#[test]
fn a_spot_ticker_is_whole_and_has_no_best_prices() {
    let mut bench = start();
    bench.open(9, "/v5/public/spot");
    subscribe(&mut bench, 9, "tickers.BTCUSDT");
    bench.run(2_000);
    let heard = bench.heard(9);
    for message in of(&heard, "tickers.BTCUSDT") {
        assert_eq!(message["type"], "snapshot");
        assert!(
            message["data"]["bid1Price"].is_null() && message["data"]["usdIndexPrice"].is_string()
        );
    }
}

#[test]
fn the_same_symbol_is_two_instruments() {
    let mut bench = start();
    let read = |bench: &mut Bench<Bybit>, category: &str| {
        let target = format!("/v5/market/orderbook?category={category}&symbol=BTCUSDT&limit=1");
        body(bench.http("GET", &target, &[], "")).1["result"]["a"][0][0].clone()
    };
    assert_ne!(read(&mut bench, "spot"), read(&mut bench, "linear"));
}

#[test]
fn public_queries_answer_or_say_what_is_wrong() {
    let mut bench = start();
    #[rustfmt::skip]
    let cases = [
        ("/v5/market/time",                                                            0),
        ("/v5/market/instruments-info?category=linear",                                0),
        ("/v5/market/instruments-info?category=gold",                                  10_001),
        ("/v5/market/instruments-info",                                                10_001),
        ("/v5/market/orderbook?category=linear&symbol=BTCUSDT",                        0),
        ("/v5/market/orderbook?category=linear&symbol=NOPE",                           10_001),
        ("/v5/market/orderbook?category=spot",                                         10_001),
        ("/v5/market/tickers?category=spot",                                           0),
        ("/v5/market/funding/history?category=linear&symbol=BTCUSDT",                  0),
        ("/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=1",      10_001),
        ("/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=5",               0),
    ];
    for (target, code) in cases {
        let (status, answer) = body(bench.http("GET", target, &[], ""));
        assert_eq!((status, answer["retCode"].as_i64()), (200, Some(code)), "{target}");
    }
    assert_eq!(body(bench.http("GET", "/v6/market/time", &[], "")).0, 404);
}

#[test]
fn instruments_come_in_pages_and_a_funding_interval_is_in_minutes() {
    let mut bench = start();
    let page = |bench: &mut Bench<Bybit>, cursor: &str| {
        let target = format!("/v5/market/instruments-info?category=linear&limit=1&cursor={cursor}");
        body(bench.http("GET", &target, &[], "")).1["result"].clone()
    };
    let first = page(&mut bench, "");
    let second = page(&mut bench, first["nextPageCursor"].as_str().expect("a cursor"));
    assert_ne!(first["list"][0]["symbol"], second["list"][0]["symbol"]);
    assert_eq!(second["nextPageCursor"], "");
    assert_eq!(first["list"][0]["fundingInterval"], 480);
}
