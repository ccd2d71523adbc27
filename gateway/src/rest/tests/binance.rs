use super::*;

/// The signature covers the query as it was sent, and the key is in its header.
#[track_caller]
fn assert_signed(call: &Call) {
    let (_, query) = call.path.split_once('?').expect("a query");
    let (signed, signature) = query.split_once("&signature=").expect("signed last");
    let wanted = sign::text::hex(&HmacKey::new(b"secret").sign(signed.as_bytes()));
    assert_eq!(signature.as_bytes(), wanted);
    assert_eq!(header(call, "X-MBX-APIKEY"), "key");
    // The clock of the venue is a second ahead.
    assert!(signed.contains("recvWindow=5000&timestamp=1700000001123"), "{signed}");
}

#[test]
fn open_orders_are_listed_ours_and_foreign() {
    let body = r#"[{"symbol":"BTCUSDT","orderId":5,"clientOrderId":"ARB10000300000007","price":"61800.10","origQty":"0.025","executedQty":"0.010","status":"PARTIALLY_FILLED","side":"SELL","time":1},
        {"symbol":"BTCUSDT","orderId":6,"clientOrderId":"web_1","price":"1.00","origQty":"1","executedQty":"0","status":"NEW","side":"BUY","time":1},
        {"symbol":"NOPE","orderId":7,"clientOrderId":"x","price":"1","origQty":"1","executedQty":"0","status":"NEW","side":"BUY"}]"#;
    for (venue, path) in [
        (VenueId::BinanceSpot, "/api/v3/openOrders?"),
        (VenueId::BinanceUsdm, "/fapi/v1/openOrders?"),
    ] {
        let (calls, told) = run(&mut rest(venue), Task::OpenOrders, ok(body));
        assert!(calls[0].path.starts_with(path) && calls[0].method == Method::Get);
        assert_signed(&calls[0]);
        let [
            News::Item(Input::OpenOrder(ours)),
            News::Item(Input::OpenOrder(other)),
            News::Skipped(Skipped::Symbol),
            end,
        ] = told.as_slice()
        else {
            panic!("{told:?}")
        };
        assert_eq!((ours.order, ours.side, ours.price), (ORDER, Side::Sell, Price(6_180_010)));
        assert_eq!((ours.qty, ours.filled, ours.venue_order), (Qty(2_500_000), Qty(1_000_000), 5));
        assert_eq!((other.order, other.venue_order), (OrderId::FOREIGN, 6));
        assert_eq!(*end, News::Done);
    }
}

#[test]
fn fills_are_joined_with_the_order_they_belong_to_which_is_looked_up_once() {
    let fills = r#"[{"symbol":"BTCUSDT","id":28457,"orderId":100234,"price":"61800.10","qty":"0.012","commission":"0.1","commissionAsset":"USDT","time":1499865549590,"isBuyer":true,"isMaker":true},
        {"symbol":"BTCUSDT","id":28458,"orderId":100234,"price":"61800.20","qty":"0.013","commission":"0.1","commissionAsset":"USDT","time":1499865549591,"isBuyer":true,"isMaker":false}]"#;
    let order = r#"{"symbol":"BTCUSDT","orderId":100234,"clientOrderId":"ARB10000300000007","status":"FILLED","executedQty":"0.025"}"#;
    let mut rest = rest(VenueId::BinanceSpot);
    let task = Task::Fills { instrument: InstrumentId(0), since: SINCE };
    let answers = [Answer::Body(200, fills), Answer::Body(200, order)];
    let (calls, told) = run(&mut rest, task, answers);
    assert!(calls[0].path.starts_with("/api/v3/myTrades?symbol=BTCUSDT&startTime=1699999000000&"));
    assert!(calls[1].path.starts_with("/api/v3/order?symbol=BTCUSDT&orderId=100234&"));
    calls.iter().for_each(assert_signed);
    let [
        News::Item(Input::Fill(a)),
        News::Item(Input::Fee(fee)),
        News::Item(Input::Fill(b)),
        News::Item(Input::Fee(_)),
        _,
    ] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((a.order, a.trade_id, a.side, a.maker), (ORDER, 28_457, Side::Buy, true));
    assert_eq!(
        (b.order, b.trade_id, b.price, b.qty),
        (ORDER, 28_458, Price(6_180_020), Qty(1_300_000))
    );
    assert_eq!((fee.amount, fee.asset), (money("0.1"), USDT));
    let (again, _) = run(&mut rest, task, ok(fills));
    assert_eq!(again.len(), 1, "the order is known now");
}

#[test]
fn usdm_fills_name_their_side_otherwise() {
    let fills = r#"[{"symbol":"BTCUSDT","id":698759,"orderId":25851813,"side":"SELL","price":"7819.01","qty":"0.002","commission":"-0.07","commissionAsset":"USDT","time":1569514978020,"maker":true,"buyer":false,"positionSide":"BOTH"}]"#;
    let order = r#"{"symbol":"BTCUSDT","orderId":25851813,"clientOrderId":"android_x","status":"FILLED","executedQty":"1"}"#;
    let task = Task::Fills { instrument: InstrumentId(1), since: SINCE };
    let answers = [Answer::Body(200, fills), Answer::Body(200, order)];
    let (calls, told) = run(&mut rest(VenueId::BinanceUsdm), task, answers);
    assert!(calls[0].path.starts_with("/fapi/v1/userTrades?symbol=BTCUSDT&"));
    let [News::Item(Input::Fill(fill)), News::Item(Input::Fee(fee)), _] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((fill.order, fill.side, fill.maker), (OrderId::FOREIGN, Side::Sell, true));
    assert_eq!(fee.amount, money("-0.07"), "a rebate");
}

#[test]
fn positions_and_balances_are_listed() {
    let positions = r#"[{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"-0.025","entryPrice":"61800.123","updateTime":7},
        {"symbol":"BTCUSDT","positionSide":"LONG","positionAmt":"0.000","entryPrice":"0","updateTime":7}]"#;
    let (calls, told) = run(&mut rest(VenueId::BinanceUsdm), Task::Positions, ok(positions));
    assert!(calls[0].path.starts_with("/fapi/v3/positionRisk?"));
    let [News::Item(Input::Position(position)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((position.qty, position.entry), (Qty(-2_500_000), Some(Price(6_180_012))));

    let balances = r#"[{"asset":"USDT","balance":"122607.35137903","availableBalance":"23.72469206"},{"asset":"XYZ","balance":"1"}]"#;
    let (calls, told) = run(&mut rest(VenueId::BinanceUsdm), Task::Balances, ok(balances));
    assert!(calls[0].path.starts_with("/fapi/v3/balance?"));
    let [News::Item(Input::Balance(balance)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (balance.total, balance.available),
        (money("122607.35137903"), Some(money("23.72469206")))
    );

    let account = r#"{"balances":[{"asset":"BTC","free":"1.5","locked":"0.5"}]}"#;
    let (calls, told) = run(&mut rest(VenueId::BinanceSpot), Task::Balances, ok(account));
    assert!(calls[0].path.starts_with("/api/v3/account?"));
    let [News::Item(Input::Balance(balance)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((balance.total, balance.available), (money("2"), Some(money("1.5"))));

    let (calls, told) = run(&mut rest(VenueId::BinanceSpot), Task::Positions, []);
    assert_eq!((calls.len(), told), (0, vec![News::Done]), "spot has none");
}

#[test]
fn funding_is_listed_by_income() {
    let income = r#"[{"symbol":"BTCUSDT","incomeType":"FUNDING_FEE","income":"-0.25","asset":"USDT","time":1570608000006,"tranId":1},
        {"symbol":"BTCUSDT","incomeType":"TRANSFER","income":"1","asset":"USDT","time":1570608000006}]"#;
    let task = Task::Funding { since: SINCE };
    let (calls, told) = run(&mut rest(VenueId::BinanceUsdm), task, ok(income));
    let wanted = [("incomeType", "FUNDING_FEE"), ("startTime", "1699999000000"), ("limit", "1000")];
    assert_eq!(query(&calls[0].path)[..3], wanted);
    let [News::Item(Input::FundingPaid(paid)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((paid.amount, paid.asset), (money("-0.25"), USDT));
    assert_eq!(paid.settled, WallNs::from_millis(1_570_608_000_000));
}

#[test]
fn an_order_is_asked_for_and_cancelled_by_our_id() {
    let order = r#"{"symbol":"BTCUSDT","orderId":5,"clientOrderId":"ARB10000300000007","price":"1","origQty":"1","executedQty":"0.010","status":"CANCELED","side":"SELL","updateTime":9}"#;
    let instrument = InstrumentId(1);
    let task = Task::Query { instrument, order: ORDER };
    let (calls, told) = run(&mut rest(VenueId::BinanceUsdm), task, ok(order));
    let wanted = format!("/fapi/v1/order?symbol=BTCUSDT&origClientOrderId={CLIENT}&");
    assert!(calls[0].path.starts_with(&wanted));
    let [News::Order(news), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (news.order, news.status, news.filled),
        (ORDER, OrderStatus::Cancelled, Qty(1_000_000))
    );

    let gone = [Answer::Body(400, r#"{"code":-2013,"msg":"Order does not exist."}"#)];
    let (_, told) = run(&mut rest(VenueId::BinanceUsdm), task, gone);
    assert_eq!(failed(&told).outcome, Outcome::NotFound);

    let task = Task::Cancel { instrument, order: ORDER };
    let (calls, told) = run(&mut rest(VenueId::BinanceUsdm), task, ok("{}"));
    assert_eq!((calls[0].method, told), (Method::Delete, vec![News::Done]));
    assert_signed(&calls[0]);
}

#[test]
fn everything_is_cancelled_by_instrument_and_the_switch_is_fed_by_instrument() {
    let instrument = InstrumentId(1);
    let (calls, _) = run(&mut rest(VenueId::BinanceUsdm), Task::CancelAll { instrument }, ok("{}"));
    assert!(calls[0].path.starts_with("/fapi/v1/allOpenOrders?symbol=BTCUSDT&"));
    assert_eq!(calls[0].method, Method::Delete);
    let task = Task::DeadMan { instrument, after_ms: 60_000 };
    let (calls, _) = run(&mut rest(VenueId::BinanceUsdm), task, ok("{}"));
    let wanted = "/fapi/v1/countdownCancelAll?symbol=BTCUSDT&countdownTime=60000&";
    assert!(calls[0].path.starts_with(wanted) && calls[0].method == Method::Post);
    let (calls, told) = run(&mut rest(VenueId::BinanceSpot), task, []);
    assert_eq!((calls.len(), told), (0, vec![News::Done]), "spot has none");
}

#[test]
fn listen_keys_are_made_and_kept_with_the_key_alone() {
    let mut rest = rest(VenueId::BinanceUsdm);
    let (calls, told) = run(&mut rest, Task::ListenKey, ok(r#"{"listenKey":"pqia91ma"}"#));
    assert_eq!((calls[0].method, calls[0].path.as_str()), (Method::Post, "/fapi/v1/listenKey"));
    assert_eq!(told, [News::ListenKey(ListenKey::new(b"pqia91ma").unwrap())]);
    let (calls, _) = run(&mut rest, Task::KeepListenKey, ok("{}"));
    assert_eq!(calls[0].method, Method::Put);
    let (_, told) = run(&mut rest, Task::ListenKey, ok(r#"{"listenKey":"a b"}"#));
    assert_eq!(failed(&told).outcome, Outcome::Unknown);
}
