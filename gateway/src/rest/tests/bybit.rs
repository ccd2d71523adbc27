use super::*;

#[track_caller]
fn assert_signed(call: &Call) {
    assert_eq!(header(call, "X-BAPI-TIMESTAMP"), "1700000001123");
    let payload = match call.method {
        Method::Get => call.path.split_once('?').map_or("", |(_, query)| query),
        _ => &call.body,
    };
    let text = format!("1700000001123key5000{payload}");
    let wanted = sign::text::hex(&HmacKey::new(b"secret").sign(text.as_bytes()));
    assert_eq!(header(call, "X-BAPI-SIGN").as_bytes(), wanted);
}

const EMPTY: &str = r#"{"retCode":0,"retMsg":"OK","result":{"list":[],"nextPageCursor":""}}"#;

#[test]
fn open_orders_of_both_kinds_are_listed_page_by_page_without_those_that_ended() {
    let page = r#"{"retCode":0,"retMsg":"OK","result":{"category":"linear","nextPageCursor":"132766%3A2","list":[
        {"symbol":"BTCUSDT","orderId":"a1","orderLinkId":"ARB10000300000007","side":"Sell","price":"61800.1","qty":"0.025","cumExecQty":"0.01","orderStatus":"PartiallyFilled","updatedTime":"1"},
        {"symbol":"BTCUSDT","orderId":"a2","orderLinkId":"","side":"Buy","price":"1","qty":"1","cumExecQty":"1","orderStatus":"Filled"}]}}"#;
    let answers = [Answer::Body(200, EMPTY), Answer::Body(200, page), Answer::Body(200, EMPTY)];
    let (calls, told) = run(&mut rest(VenueId::Bybit), Task::OpenOrders, answers);
    let paths: Vec<_> = calls.iter().map(|call| call.path.as_str()).collect();
    let wanted = [
        "/v5/order/realtime?category=spot&openOnly=0&limit=50",
        "/v5/order/realtime?category=linear&settleCoin=USDT&openOnly=0&limit=50",
        "/v5/order/realtime?category=linear&settleCoin=USDT&openOnly=0&limit=50&cursor=132766%3A2",
    ];
    assert_eq!(paths, wanted);
    calls.iter().for_each(assert_signed);
    let [News::Item(Input::OpenOrder(open)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((open.order, open.instrument), (ORDER, InstrumentId(5)));
    assert_eq!((open.qty, open.filled), (Qty(2_500_000), Qty(1_000_000)));
}

#[test]
fn fills_funding_positions_and_wallet_are_listed() {
    let fills = r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","orderLinkId":"ARB10000300000007","side":"Buy","execId":"e1","execPrice":"61800.1","execQty":"0.01","execFee":"0.2","feeCurrency":"USDT","execType":"Trade","isMaker":true,"execTime":"7"}],"nextPageCursor":""}}"#;
    let task = Task::Fills { instrument: InstrumentId::ALL, since: SINCE };
    let answers = [Answer::Body(200, EMPTY), Answer::Body(200, fills)];
    let (calls, told) = run(&mut rest(VenueId::Bybit), task, answers);
    let wanted =
        "/v5/execution/list?category=linear&execType=Trade&startTime=1699999000000&limit=100";
    assert_eq!(calls[1].path, wanted);
    let [News::Item(Input::Fill(fill)), News::Item(Input::Fee(_)), _] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((fill.order, fill.instrument, fill.qty), (ORDER, InstrumentId(5), Qty(1_000_000)));

    let funding = r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","side":"Sell","execId":"f1","execPrice":"1","execQty":"1","execFee":"-0.5","feeCurrency":"","execType":"Funding","execTime":"1672358400018"}],"nextPageCursor":""}}"#;
    let (_, told) = run(&mut rest(VenueId::Bybit), Task::Funding { since: SINCE }, ok(funding));
    let [News::Item(Input::FundingPaid(paid)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((paid.amount, paid.asset), (money("0.5"), USDT));

    let positions = r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","side":"Sell","size":"0.025","avgPrice":"61800.1","positionIdx":0,"updatedTime":"7"}],"nextPageCursor":""}}"#;
    let (calls, told) = run(&mut rest(VenueId::Bybit), Task::Positions, ok(positions));
    assert_eq!(calls[0].path, "/v5/position/list?category=linear&settleCoin=USDT&limit=200");
    let [News::Item(Input::Position(position)), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((position.qty, position.entry), (Qty(-2_500_000), Some(Price(6_180_010))));

    let wallet = r#"{"retCode":0,"result":{"list":[{"accountType":"UNIFIED","coin":[{"coin":"USDT","walletBalance":"100","availableToWithdraw":"90"}]}]}}"#;
    let (calls, told) = run(&mut rest(VenueId::Bybit), Task::Balances, ok(wallet));
    assert_eq!(calls[0].path, "/v5/account/wallet-balance?accountType=UNIFIED");
    assert!(matches!(told.as_slice(), [News::Item(Input::Balance(_)), _]), "{told:?}");
}

#[test]
fn an_order_is_looked_for_among_the_live_and_then_in_the_history() {
    let found = r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","orderId":"a1","orderLinkId":"ARB10000300000007","orderStatus":"Cancelled","cumExecQty":"0.01","cancelType":"CancelByUser","updatedTime":"9"}]}}"#;
    let task = Task::Query { instrument: InstrumentId(5), order: ORDER };
    let answers = [Answer::Body(200, EMPTY), Answer::Body(200, found)];
    let (calls, told) = run(&mut rest(VenueId::Bybit), task, answers);
    let asked = format!("?category=linear&symbol=BTCUSDT&orderLinkId={CLIENT}");
    assert_eq!(calls[0].path, format!("/v5/order/realtime{asked}"));
    assert_eq!(calls[1].path, format!("/v5/order/history{asked}"));
    let [News::Order(news), _] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((news.status, news.filled), (OrderStatus::Cancelled, Qty(1_000_000)));
    let answers = [Answer::Body(200, EMPTY), Answer::Body(200, EMPTY)];
    let (_, told) = run(&mut rest(VenueId::Bybit), task, answers);
    assert_eq!(failed(&told).outcome, Outcome::NotFound);
}

#[test]
fn cancels_and_the_switch_are_posted() {
    let done_body = r#"{"retCode":0,"retMsg":"OK","result":{}}"#;
    let instrument = InstrumentId(4);
    let (calls, _) = run(&mut rest(VenueId::Bybit), Task::CancelAll { instrument }, ok(done_body));
    assert_eq!(calls[0].path, "/v5/order/cancel-all");
    assert_eq!(calls[0].body, r#"{"category":"spot","symbol":"BTCUSDT"}"#);
    assert_signed(&calls[0]);
    let task = Task::Cancel { instrument: InstrumentId(5), order: ORDER };
    let gone =
        r#"{"retCode":110001,"retMsg":"order not exists or too late to cancel","result":{}}"#;
    let (calls, told) = run(&mut rest(VenueId::Bybit), task, ok(gone));
    let body = format!(r#"{{"category":"linear","symbol":"BTCUSDT","orderLinkId":"{CLIENT}"}}"#);
    assert_eq!(calls[0].body, body);
    assert_eq!((failed(&told).outcome, failed(&told).code), (Outcome::NotFound, 110_001));
    let task = Task::DeadMan { instrument: InstrumentId::ALL, after_ms: 60_000 };
    let answers = [Answer::Body(200, done_body), Answer::Body(200, done_body)];
    let (calls, _) = run(&mut rest(VenueId::Bybit), task, answers);
    assert_eq!(calls[0].body, r#"{"product":"SPOT","timeWindow":60}"#);
    assert_eq!(calls[1].body, r#"{"product":"DERIVATIVES","timeWindow":60}"#);
}
