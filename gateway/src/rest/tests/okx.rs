use super::*;

#[track_caller]
fn assert_signed(call: &Call) {
    assert_eq!(header(call, "OK-ACCESS-TIMESTAMP"), "2023-11-14T22:13:21.123Z");
    let text = format!("2023-11-14T22:13:21.123Z{}{}{}", call.method.name(), call.path, call.body);
    let wanted = sign::text::base64_32(&HmacKey::new(b"secret").sign(text.as_bytes()));
    assert_eq!(header(call, "OK-ACCESS-SIGN").as_bytes(), wanted);
    assert_eq!(header(call, "OK-ACCESS-PASSPHRASE"), "phrase");
}

#[test]
fn open_orders_are_read_page_by_page() {
    let entry = |id: u32| {
        format!(
            r#"{{"instId":"BTC-USDT-SWAP","clOrdId":"{CLIENT}","ordId":"{id}","px":"61800.1","sz":"2.5","accFillSz":"1","side":"sell","state":"live","uTime":"1"}}"#
        )
    };
    let entries: Vec<_> = (1..=100).map(entry).collect();
    let full = format!(r#"{{"code":"0","msg":"","data":[{}]}}"#, entries.join(",")).leak();
    let rest_of = r#"{"code":"0","msg":"","data":[]}"#;
    let answers = [Answer::Body(200, full), Answer::Body(200, rest_of)];
    let (calls, told) = run(&mut rest(VenueId::Okx), Task::OpenOrders, answers);
    assert_eq!(calls[0].path, "/api/v5/trade/orders-pending?limit=100");
    assert_eq!(calls[1].path, "/api/v5/trade/orders-pending?limit=100&after=100");
    calls.iter().for_each(assert_signed);
    assert_eq!(told.len(), 101);
    let News::Item(Input::OpenOrder(open)) = told[0] else { panic!("{:?}", told[0]) };
    assert_eq!((open.order, open.qty, open.filled), (ORDER, Qty(2_500_000), Qty(1_000_000)));
    assert_eq!((open.price, open.side, open.venue_order), (Price(6_180_010), Side::Sell, 1));
}

#[test]
fn fills_positions_balances_and_bills_are_listed() {
    let fills = r#"{"code":"0","data":[{"instId":"BTC-USDT-SWAP","clOrdId":"ARB10000300000007","tradeId":"77","fillPx":"61800.1","fillSz":"1","side":"buy","execType":"M","fee":"-0.2","feeCcy":"USDT","fillTime":"7","billId":"1"}]}"#;
    let task = Task::Fills { instrument: InstrumentId::ALL, since: SINCE };
    let (calls, told) = run(&mut rest(VenueId::Okx), task, ok(fills));
    assert_eq!(calls[0].path, "/api/v5/trade/fills?limit=100&begin=1699999000000");
    let [News::Item(Input::Fill(fill)), News::Item(Input::Fee(fee)), _] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(
        (fill.order, fill.qty, fill.trade_id, fill.maker),
        (ORDER, Qty(1_000_000), 77, true)
    );
    assert_eq!(fee.amount, money("0.2"), "negative is charged");

    let positions = r#"{"code":"0","data":[{"instId":"BTC-USDT-SWAP","pos":"-2.5","posSide":"net","avgPx":"61800.1","uTime":"7"}]}"#;
    let (_, told) = run(&mut rest(VenueId::Okx), Task::Positions, ok(positions));
    let [News::Item(Input::Position(position)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(position.qty, Qty(-2_500_000));

    let balances =
        r#"{"code":"0","data":[{"details":[{"ccy":"USDT","cashBal":"100","availBal":"90"}]}]}"#;
    let (_, told) = run(&mut rest(VenueId::Okx), Task::Balances, ok(balances));
    let [News::Item(Input::Balance(balance)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((balance.total, balance.available), (money("100"), Some(money("90"))));

    let bills = r#"{"code":"0","data":[{"instId":"BTC-USDT-SWAP","ccy":"USDT","balChg":"0.125","type":"8","subType":"174","ts":"1570608000006","billId":"3"}]}"#;
    let (calls, told) = run(&mut rest(VenueId::Okx), Task::Funding { since: SINCE }, ok(bills));
    assert_eq!(calls[0].path, "/api/v5/account/bills?limit=100&type=8&begin=1699999000000");
    let [News::Item(Input::FundingPaid(paid)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (paid.amount, paid.settled),
        (money("0.125"), WallNs::from_millis(1_570_608_000_000))
    );
}

#[test]
fn an_order_is_asked_for_and_cancelled_by_our_id() {
    let (instrument, order) = (InstrumentId(3), ORDER);
    let body = r#"{"code":"0","data":[{"instId":"BTC-USDT-SWAP","clOrdId":"ARB10000300000007","ordId":"5","accFillSz":"1","state":"canceled","cancelSource":"1","uTime":"9"}]}"#;
    let task = Task::Query { instrument, order };
    let (calls, told) = run(&mut rest(VenueId::Okx), task, ok(body));
    assert_eq!(calls[0].path, format!("/api/v5/trade/order?instId=BTC-USDT-SWAP&clOrdId={CLIENT}"));
    let [News::Order(news), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((news.status, news.filled), (OrderStatus::Cancelled, Qty(1_000_000)));
    let gone = r#"{"code":"51603","msg":"Order does not exist","data":[]}"#;
    let (_, told) = run(&mut rest(VenueId::Okx), task, ok(gone));
    assert_eq!(failed(&told).outcome, Outcome::NotFound);

    let refused = r#"{"code":"1","msg":"","data":[{"clOrdId":"x","ordId":"","sCode":"51401","sMsg":"Already cancelled"}]}"#;
    let task = Task::Cancel { instrument, order };
    let (calls, told) = run(&mut rest(VenueId::Okx), task, ok(refused));
    let body = format!(r#"{{"instId":"BTC-USDT-SWAP","clOrdId":"{CLIENT}"}}"#);
    assert_eq!((calls[0].method, calls[0].body.as_str()), (Method::Post, body.as_str()));
    assert_signed(&calls[0]);
    assert_eq!((failed(&told).outcome, failed(&told).code), (Outcome::NotFound, 51_401));
}

#[test]
fn the_switch_is_fed_in_seconds() {
    let task = Task::DeadMan { instrument: InstrumentId::ALL, after_ms: 60_000 };
    let (calls, _) = run(&mut rest(VenueId::Okx), task, ok(r#"{"code":"0","data":[{}]}"#));
    assert_eq!(calls[0].path, "/api/v5/trade/cancel-all-after");
    assert_eq!(calls[0].body, r#"{"timeOut":"60"}"#);
}

#[test]
fn a_demo_account_says_so() {
    let mut rest = rest(VenueId::Okx);
    rest.parts.simulated_header = true;
    let (calls, _) = run(&mut rest, Task::Positions, ok(r#"{"code":"0","data":[]}"#));
    assert_eq!(header(&calls[0], "x-simulated-trading"), "1");
}
