//! Answers to requests, written after the venues' own.

use super::super::{Usage, UsageRule};
use super::*;

fn answered(request: u64, order: Option<OrderId>, venue_order: u64) -> Seen {
    Seen::Answer { request: Some(request), order, venue_order, refusal: None }
}

fn refused(request: Option<u64>, code: i64, status: u16, words: &str) -> Seen {
    let refusal = Some((code, status, words.to_owned()));
    Seen::Answer { request, order: None, venue_order: 0, refusal }
}

#[test]
fn a_spot_order_that_took_at_once_gives_its_fills_fees_and_state() {
    let text = format!(
        r#"{{"id":"17","status":200,"result":{{"symbol":"BTCUSDT","orderId":12569099453,"clientOrderId":"{CLIENT}","transactTime":1660801715793,"price":"23416.10000000","origQty":"0.00847000","executedQty":"0.00635000","cummulativeQuoteQty":"148.69223500","status":"EXPIRED","timeInForce":"IOC","type":"LIMIT","side":"SELL","fills":[{{"price":"23416.10000000","qty":"0.00635000","commission":"0.00010000","commissionAsset":"BNB","tradeId":1650422481}}]}},"rateLimits":[{{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,"count":1}},{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":-1}}]}}"#
    );
    let venue_time = WallNs::from_millis(1_660_801_715_793);
    let (venue, instrument, order) = (VenueId::BinanceSpot, SPOT, ORDER);
    let (trade_id, venue_order, filled) = (1_650_422_481, 12_569_099_453, Qty(635_000));
    let wanted = [
        // A count of -1 says nothing.
        Seen::Usage(Usage { rule: UsageRule::Orders(10), used: 1, limit: 50 }),
        answered(17, Some(ORDER), venue_order),
        Seen::Fill(Fill {
            venue,
            instrument,
            order,
            side: Side::Sell,
            maker: false,
            price: Price(2_341_610),
            qty: filled,
            trade_id,
            venue_time,
        }),
        Seen::Fee(Fee {
            venue,
            instrument,
            order,
            trade_id,
            asset: AssetId(2),
            amount: money("0.0001"),
        }),
        Seen::Order(OrderNews {
            instrument,
            order,
            status: OrderStatus::Expired,
            filled,
            venue_order,
            venue_time,
        }),
    ];
    assert_eq!(must_read(venue, &text), wanted);
}

#[test]
fn a_cancel_answer_names_the_order_that_was_cancelled_and_not_the_cancel() {
    let spot = format!(
        r#"{{"id":18,"status":200,"result":{{"symbol":"BTCUSDT","origClientOrderId":"{CLIENT}","orderId":5,"clientOrderId":"91fe37ce9e69c90d6358c0","transactTime":1,"executedQty":"0.001","status":"CANCELED","side":"BUY"}}}}"#
    );
    let usdm = format!(
        r#"{{"id":"18","status":200,"result":{{"orderId":5,"symbol":"BTCUSDT","status":"CANCELED","clientOrderId":"{CLIENT}","price":"32323.00","origQty":"1.000","executedQty":"0.001","cumQty":"0.001","side":"BUY","updateTime":1}}}}"#
    );
    let cases = [(VenueId::BinanceSpot, spot, SPOT), (VenueId::BinanceUsdm, usdm, USDM)];
    for (venue, text, instrument) in cases {
        let news = OrderNews {
            instrument,
            order: ORDER,
            status: OrderStatus::Cancelled,
            filled: Qty(100_000),
            venue_order: 5,
            venue_time: WallNs::from_millis(1),
        };
        assert_eq!(must_read(venue, &text), [answered(18, Some(ORDER), 5), Seen::Order(news)]);
    }
}

#[test]
fn a_cancel_of_everything_lists_each_order() {
    let text = format!(
        r#"{{"id":"9","status":200,"result":[{{"symbol":"BTCUSDT","origClientOrderId":"{CLIENT}","orderId":5,"executedQty":"0","status":"CANCELED","transactTime":7}},{{"symbol":"ETHUSDT","origClientOrderId":"x","orderId":6,"executedQty":"0","status":"CANCELED"}}]}}"#
    );
    let seen = must_read(VenueId::BinanceSpot, &text);
    let [Seen::Answer { .. }, Seen::Order(news), Seen::Skipped(Skipped::Symbol)] = seen.as_slice()
    else {
        panic!("{seen:?}")
    };
    assert_eq!((news.order, news.status), (ORDER, OrderStatus::Cancelled));
}

#[test]
fn refusals_keep_the_venues_code_and_words() {
    let funds = "Account has insufficient balance for requested action.";
    let spot = format!(r#"{{"id":"17","status":400,"error":{{"code":-2010,"msg":"{funds}"}}}}"#);
    let cases = [
        (VenueId::BinanceSpot, spot.as_str(), refused(Some(17), -2010, 400, funds)),
        (
            VenueId::BinanceUsdm,
            r#"{"id":null,"status":400,"error":{"code":-1000,"msg":"Invalid JSON request."}}"#,
            refused(None, -1000, 400, "Invalid JSON request."),
        ),
        (VenueId::BinanceUsdm, r#"{"id":"17","status":503}"#, refused(Some(17), 0, 503, "")),
        (
            VenueId::Okx,
            r#"{"id":"17","op":"order","data":[],"code":"60013","msg":"Invalid args","inTime":"1"}"#,
            refused(Some(17), 60_013, 0, "Invalid args"),
        ),
        (
            VenueId::Okx,
            r#"{"id":"17","event":"error","code":"60012","msg":"Invalid request","connId":"a"}"#,
            refused(Some(17), 60_012, 0, "Invalid request"),
        ),
        (
            VenueId::Bybit,
            r#"{"reqId":"17","retCode":110003,"retMsg":"price is invalid","op":"order.create","data":{},"retExtInfo":{}}"#,
            refused(Some(17), 110_003, 0, "price is invalid"),
        ),
        (
            VenueId::Bybit,
            r#"{"reqId":"17","retCode":20006,"retMsg":"Duplicated request id"}"#,
            refused(Some(17), 20_006, 0, "Duplicated request id"),
        ),
    ];
    for (venue, text, wanted) in cases {
        assert_eq!(must_read(venue, text), [wanted], "{text}");
    }
}

#[test]
fn an_okx_refusal_is_the_entrys_and_names_the_order() {
    let text = format!(
        r#"{{"code":"1","data":[{{"clOrdId":"{CLIENT}","ordId":"","sCode":"51016","sMsg":"Duplicated client order ID","tag":""}}],"id":"17","msg":"","op":"order"}}"#
    );
    let refusal = Some((51_016, 0, "Duplicated client order ID".to_owned()));
    let wanted = Seen::Answer { request: Some(17), order: Some(ORDER), venue_order: 0, refusal };
    assert_eq!(must_read(VenueId::Okx, &text), [wanted]);
}

#[test]
fn a_bybit_answer_tells_what_is_left_of_its_limit() {
    let text = format!(
        r#"{{"reqId":"17","retCode":0,"retMsg":"OK","op":"order.create","data":{{"orderId":"a4c1718e","orderLinkId":"{CLIENT}"}},"header":{{"X-Bapi-Limit":"10","X-Bapi-Limit-Status":"9","Timenow":"1711001595209"}},"connId":"c"}}"#
    );
    let markets = markets(VenueId::Bybit);
    let cx = Context { markets: &markets, instance: Instance::new("ARB1").unwrap() };
    let mut told = None;
    bybit::decode(&cx, text.as_bytes(), &mut |event| {
        let Event::Answer(answer) = event else { panic!("{event:?}") };
        let allowance = answer.allowance.map(|allowance| (allowance.limit, allowance.left));
        told = Some((allowance, answer.order, answer.venue_time));
    })
    .unwrap();
    let time = WallNs::from_millis(1_711_001_595_209);
    assert_eq!(told, Some((Some((10, 9)), Some(ORDER), time)));
}

#[test]
fn a_ban_says_how_long_it_lasts() {
    let text = r#"{"id":"17","status":418,"error":{"code":-1003,"msg":"Way too much","data":{"serverTime":1000,"retryAfter":121000}}}"#;
    let markets = markets(VenueId::BinanceSpot);
    let cx = Context { markets: &markets, instance: Instance::new("ARB1").unwrap() };
    let mut wait = None;
    binance::decode(&cx, text.as_bytes(), &mut |event| {
        let Event::Answer(answer) = event else { panic!("{event:?}") };
        wait = answer.refusal.map(|refusal| refusal.retry_after_ms);
    })
    .unwrap();
    assert_eq!(wait, Some(120_000));
}
