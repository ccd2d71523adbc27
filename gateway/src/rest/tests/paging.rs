//! Lists longer than a page: read to their end, and each call is one that was paid for.

use super::*;

fn trades(ids: std::ops::Range<u64>, order: impl Fn(u64) -> u64) -> &'static str {
    let one = |id: u64| {
        let order = order(id);
        format!(
            r#"{{"symbol":"BTCUSDT","id":{id},"orderId":{order},"price":"61800.10","qty":"0.001","commission":"0.1","commissionAsset":"USDT","time":1499865549590,"isBuyer":true,"isMaker":true,"side":"BUY"}}"#
        )
    };
    format!("[{}]", ids.map(one).collect::<Vec<_>>().join(",")).leak()
}

const OURS: &str = r#"{"symbol":"BTCUSDT","orderId":9,"clientOrderId":"ARB10000300000007","status":"FILLED","executedQty":"1"}"#;

fn fills(told: &[News]) -> Vec<(OrderId, u64)> {
    let fill = |news: &News| match news {
        News::Item(Input::Fill(fill)) => Some((fill.order, fill.trade_id)),
        _ => None,
    };
    told.iter().filter_map(fill).collect()
}

#[test]
fn binance_fills_are_read_on_by_trade_number_until_a_page_is_short() {
    for (venue, weight) in [(VenueId::BinanceSpot, 4), (VenueId::BinanceUsdm, 1)] {
        let task = Task::Fills { instrument: first(venue), since: SINCE };
        let answers = [
            Answer::Body(200, trades(1..1_001, |_| 9)),
            Answer::Body(200, OURS),
            Answer::Body(200, trades(1_001..2_001, |_| 9)),
            Answer::Body(200, trades(2_001..2_004, |_| 9)),
        ];
        let made = make(&mut rest(venue), task, answers);
        let begins: Vec<_> = made.calls.iter().map(|call| query(&call.path)[1]).collect();
        let wanted = [
            ("startTime", "1699999000000"),
            ("orderId", "9"),
            ("fromId", "1001"),
            ("fromId", "2001"),
        ];
        assert_eq!(begins, wanted, "{venue}");
        assert_eq!(made.spends, [Spend::Read(weight), Spend::Trades, Spend::Trades], "{venue}");
        let told = fills(&made.told);
        assert_eq!(told.len(), 2_003, "{venue}: each once");
        assert!(told.iter().zip(1..).all(|((order, trade), id)| (*order, *trade) == (ORDER, id)));
    }
}

#[test]
fn every_look_up_of_an_order_is_a_call_of_its_own() {
    let task = Task::Fills { instrument: first(VenueId::BinanceSpot), since: SINCE };
    let gone = r#"{"code":-2013,"msg":"Order does not exist."}"#;
    let answers = [
        Answer::Body(200, trades(1..5, |id| id % 3)),
        Answer::Body(200, OURS),
        Answer::Body(400, gone),
    ];
    let made = make(&mut rest(VenueId::BinanceSpot), task, answers);
    assert_eq!(made.spends, [Spend::Read(4), Spend::Read(4)]);
    let foreign = OrderId::FOREIGN;
    assert_eq!(fills(&made.told), [(ORDER, 1), (ORDER, 4), (foreign, 2)]);
    assert!(made.told.contains(&News::Skipped(Skipped::Shape)), "trade 3 names no order");
}

fn payments(ids: std::ops::Range<u64>, time: impl Fn(u64) -> u64) -> &'static str {
    let one = |id: u64| {
        let time = time(id);
        format!(
            r#"{{"symbol":"BTCUSDT","incomeType":"FUNDING_FEE","income":"0.1","asset":"USDT","time":{time},"tranId":{id}}}"#
        )
    };
    format!("[{}]", ids.map(one).collect::<Vec<_>>().join(",")).leak()
}

#[test]
fn payments_are_read_on_by_time_and_those_of_the_last_moment_are_told_once() {
    let task = Task::Funding { since: SINCE };
    // Two of the first page's last moment come again at the head of the second page.
    let time = |id: u64| 1_700_000_000_000 + 60_000 * (id / 2);
    let answers = [
        Answer::Body(200, payments(0..1_000, time)),
        Answer::Body(200, payments(998..1_010, time)),
    ];
    let made = make(&mut rest(VenueId::BinanceUsdm), task, answers);
    assert_eq!(query(&made.calls[1].path)[1].1, time(999).to_string());
    assert_eq!(made.spends, [Spend::Read(30)]);
    let told = made.told.iter().filter(|news| matches!(news, News::Item(_))).count();
    assert_eq!(told, 1_010);
}

#[test]
fn a_page_of_payments_that_leads_nowhere_is_a_failure_and_no_endless_loop() {
    let task = Task::Funding { since: SINCE };
    let answers = [Answer::Body(200, payments(0..1_000, |_| 1_699_999_000_000))];
    let (_, told) = run(&mut rest(VenueId::BinanceUsdm), task, answers);
    assert_eq!(failed(&told).outcome, Outcome::Unknown);
}

#[test]
fn okx_cancels_everything_of_ours_by_list_and_batches() {
    let entry = |id: u32| {
        let client =
            if id.is_multiple_of(10) { "web".to_owned() } else { format!("ARB1000030000{id:04X}") };
        format!(r#"{{"instId":"BTC-USDT-SWAP","clOrdId":"{client}","ordId":"{id}","side":"buy"}}"#)
    };
    let page = |ids: std::ops::Range<u32>| -> &'static str {
        let rows: Vec<_> = ids.map(entry).collect();
        format!(r#"{{"code":"0","msg":"","data":[{}]}}"#, rows.join(",")).leak()
    };
    // One of them is gone already, which is what was wanted.
    let some = r#"{"code":"2","msg":"","data":[{"clOrdId":"x","sCode":"51400"},{"clOrdId":"y","sCode":"0"}]}"#;
    let mut answers = vec![Answer::Body(200, page(1..101)), Answer::Body(200, page(101..111))];
    answers.extend((0..5).map(|_| Answer::Body(200, some)));
    let task = Task::CancelAll { instrument: first(VenueId::Okx) };
    let made = make(&mut rest(VenueId::Okx), task, answers);
    assert_eq!(made.calls[0].path, "/api/v5/trade/orders-pending?limit=100&instId=BTC-USDT-SWAP");
    assert!(made.calls[1].path.ends_with("&after=100"));
    let batches = &made.calls[2..];
    assert!(batches.iter().all(|call| call.path == "/api/v5/trade/cancel-batch-orders"));
    let named: Vec<serde_json::Value> =
        batches.iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect();
    let sizes: Vec<_> = named.iter().map(|batch| batch.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [20, 20, 20, 20, 19], "99 of the 110 are ours");
    assert_eq!(named[0][0]["clOrdId"], "ARB10000300000001");
    assert_eq!(made.spends[0], Spend::OpenOrders);
    assert!(made.spends[1..].iter().all(|spend| *spend == Spend::CancelAll), "{:?}", made.spends);
    assert_eq!(made.told, [News::Done]);
    let none = r#"{"code":"0","msg":"","data":[]}"#;
    assert_eq!(run(&mut rest(VenueId::Okx), task, ok(none)).1, [News::Done], "nothing to cancel");
}

#[test]
fn the_venues_own_counts_come_back_with_every_answer() {
    let done = r#"{"code":"0","retCode":0,"data":[],"result":{"list":[]}}"#;
    let made = make(&mut rest(VenueId::Okx), Task::Positions, ok(done));
    assert_eq!(made.counted[0].weight_1m, Some(41));
    let response = HttpResponse {
        status: 200,
        headers: [
            ("x-mbx-order-count-10s", "12"),
            ("x-mbx-order-count-1m", "70"),
            ("x-mbx-order-count-1d", "900"),
            ("x-bapi-limit", "50"),
            ("x-bapi-limit-status", "3"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        body: Vec::new(),
    };
    let allowance = Some(crate::decode::Allowance { limit: 50, left: 3 });
    let wanted = Counted {
        weight_1m: None,
        orders_10s: Some(12),
        orders_1m: Some(70),
        orders_1d: Some(900),
        allowance,
    };
    assert_eq!(Counted::of(&response), wanted);
}
