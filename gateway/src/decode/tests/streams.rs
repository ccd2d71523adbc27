//! Orders and fills as the streams tell them, written after the venues' own. A field given twice is
//! the last one's: so a case only names what differs.

use super::*;

fn execution_report(fields: &str) -> Vec<Seen> {
    let text = format!(
        r#"{{"subscriptionId":0,"event":{{"e":"executionReport","E":1,"s":"BTCUSDT","c":"{CLIENT}","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000","p":"61800.10000000","C":"","x":"NEW","X":"NEW","r":"NONE","i":4293153,"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0","N":null,"T":1499405658657,"t":-1,"I":8641984,"w":true,"m":false,"O":1499405658657{fields}}}}}"#
    );
    must_read(VenueId::BinanceSpot, &text)
}

fn order_trade_update(fields: &str) -> Vec<Seen> {
    let text = format!(
        r#"{{"e":"ORDER_TRADE_UPDATE","T":1568879465651,"E":"1568879465651","o":{{"s":"BTCUSDT","c":"{CLIENT}","S":"SELL","o":"LIMIT","f":"GTC","q":"0.010","p":"7100.50","ap":"0","sp":"0","x":"NEW","X":"NEW","i":8886774,"l":"0","z":"0","L":"0","T":1568879465651,"t":0,"b":"0","a":"0","m":false,"R":false,"ps":"BOTH","st":1{fields}}}}}"#
    );
    must_read(VenueId::BinanceUsdm, &text)
}

fn okx_order(fields: &str) -> String {
    format!(
        r#"{{"accFillSz":"0","avgPx":"","cancelSource":"","category":"normal","clOrdId":"{CLIENT}","execType":"","fillFee":"0","fillFeeCcy":"","fillPx":"","fillSz":"0","fillTime":"","instId":"BTC-USDT-SWAP","instType":"SWAP","ordId":"2510789768709120","ordType":"limit","posSide":"net","px":"61800.1","reduceOnly":"false","side":"buy","state":"live","sz":"2.5","tdMode":"cross","tradeId":"","uTime":"1746947317402"{fields}}}"#
    )
}

fn okx_push(entries: &[String]) -> Vec<Seen> {
    let data = entries.join(",");
    let text =
        format!(r#"{{"arg":{{"channel":"orders","instType":"ANY","uid":"1"}},"data":[{data}]}}"#);
    must_read(VenueId::Okx, &text)
}

fn bybit_order(fields: &str) -> Vec<Seen> {
    let text = format!(
        r#"{{"id":"1","topic":"order","creationTime":1672364262474,"data":[{{"category":"linear","symbol":"BTCUSDT","orderId":"5cf98598-39a7","side":"Sell","orderType":"Limit","cancelType":"UNKNOWN","price":"61800.1","qty":"0.025","timeInForce":"IOC","orderStatus":"New","orderLinkId":"{CLIENT}","leavesQty":"0.025","cumExecQty":"0","positionIdx":0,"updatedTime":"1672364262457","rejectReason":"EC_NoError"{fields}}}]}}"#
    );
    must_read(VenueId::Bybit, &text)
}

fn bybit_execution(topic: &str, fields: &str) -> Vec<Seen> {
    let text = format!(
        r#"{{"id":"1","topic":"{topic}","creationTime":1672364174455,"data":[{{"category":"linear","symbol":"BTCUSDT","execFee":"0.8497","execId":"7e2ae69c-4edf-5800-a352-893d52b446aa","execPrice":"61800.1","execQty":"0.025","execType":"Trade","isMaker":false,"feeRate":"0.00055","leavesQty":"0","orderId":"f6e324ff","orderLinkId":"{CLIENT}","side":"Sell","execTime":"1672364174443","seq":4688002127{fields}}}]}}"#
    );
    must_read(VenueId::Bybit, &text)
}

#[track_caller]
fn assert_state(seen: &Seen, instrument: InstrumentId, status: OrderStatus, filled: i64) {
    let Seen::Order(news) = seen else { panic!("{seen:?}") };
    let found = (news.instrument, news.order, news.status, news.filled);
    assert_eq!(found, (instrument, ORDER, status, Qty(filled)));
}

#[track_caller]
fn assert_only_state(seen: &[Seen], instrument: InstrumentId, status: OrderStatus, filled: i64) {
    let [order] = seen else { panic!("{seen:?}") };
    assert_state(order, instrument, status, filled);
}

#[test]
fn spot_reports_become_states_and_fills() {
    assert_only_state(&execution_report(""), SPOT, OrderStatus::Live, 0);
    let seen = execution_report(
        r#","x":"TRADE","X":"PARTIALLY_FILLED","l":"0.40000000","z":"0.40000000","L":"61800.09000000","n":"0.00040000","N":"BTC","t":77,"m":true"#,
    );
    let [Seen::Fill(fill), Seen::Fee(fee), order] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((fill.order, fill.side, fill.maker), (ORDER, Side::Buy, true));
    assert_eq!((fill.price, fill.qty, fill.trade_id), (Price(6_180_009), Qty(40_000_000), 77));
    assert_eq!((fee.asset, fee.amount, fee.trade_id), (BTC, money("0.0004"), 77));
    assert_state(order, SPOT, OrderStatus::Partial, 40_000_000);
}

#[test]
fn a_spot_cancel_report_names_the_order_in_another_field() {
    let fields =
        format!(r#","c":"cancel-1","C":"{CLIENT}","x":"CANCELED","X":"CANCELED","z":"0.4""#);
    assert_only_state(&execution_report(&fields), SPOT, OrderStatus::Cancelled, 40_000_000);
}

#[test]
fn a_trade_report_without_size_or_trade_id_is_no_fill() {
    for fields in [
        r#","x":"TRADE","X":"PARTIALLY_FILLED","l":"0.00000000","t":77"#,
        r#","x":"TRADE","X":"PARTIALLY_FILLED","l":"0.40000000","t":-1"#,
        r#","x":"TRADE_PREVENTION","X":"EXPIRED_IN_MATCH","l":"0.40000000","t":77"#,
    ] {
        let seen = execution_report(fields);
        assert!(matches!(seen.as_slice(), [Seen::Order(_)]), "{fields}: {seen:?}");
    }
}

#[test]
fn a_state_nobody_knows_is_passed_over_and_its_fill_is_not() {
    let seen = execution_report(
        r#","x":"TRADE","X":"HALF_DONE","l":"0.4","z":"0.4","L":"61800.09","t":77"#,
    );
    assert!(matches!(seen.as_slice(), [Seen::Fill(_), Seen::Skipped(Skipped::Value)]), "{seen:?}");
}

#[test]
fn a_number_that_is_none_or_finer_than_the_scale_gives_no_fill() {
    for wrong in [
        r#""L":"61800.091""#,
        r#""l":"0.400000001""#,
        r#""l":"1e999""#,
        r#""l":"-0.4""#,
        r#""z":"-0.4""#,
        r#""L":"0""#,
        r#""L":"NaN""#,
        r#""L":null"#,
        r#""S":"LONG""#,
        r#""n":"x""#,
    ] {
        let fields = format!(
            r#","x":"TRADE","X":"FILLED","l":"0.4","z":"0.4","L":"61800.09","t":77,{wrong}"#
        );
        let seen = execution_report(&fields);
        assert!(matches!(seen.as_slice(), [Seen::Skipped(_)]), "{wrong}: {seen:?}");
    }
}

#[test]
fn a_fee_in_an_asset_nobody_configured_is_said_and_hides_nothing() {
    let seen = execution_report(
        r#","x":"TRADE","X":"FILLED","l":"1","z":"1","L":"61800.09","n":"0.1","N":"DOGE","t":77"#,
    );
    let [Seen::Fill(_), Seen::Skipped(Skipped::Asset), order] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_state(order, SPOT, OrderStatus::Filled, 100_000_000);
}

#[test]
fn usdm_updates_become_states_and_fills() {
    assert_only_state(&order_trade_update(""), USDM, OrderStatus::Live, 0);
    let seen = order_trade_update(
        r#","x":"TRADE","X":"FILLED","l":"0.010","z":"0.010","L":"7100.50","N":"USDT","n":"0.01000000","t":12345678"#,
    );
    let [Seen::Fill(fill), Seen::Fee(fee), order] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((fill.side, fill.price, fill.qty), (Side::Sell, Price(710_050), Qty(1_000_000)));
    assert_eq!((fee.asset, fee.amount), (USDT, money("0.01")));
    assert_state(order, USDM, OrderStatus::Filled, 1_000_000);
}

#[test]
fn a_liquidation_is_a_foreign_fill() {
    let seen = order_trade_update(
        r#","c":"adl_autoclose","x":"CALCULATED","X":"NEW_ADL","l":"0.005","z":"0.005","L":"42000.00","N":"USDT","n":"0.10500000","t":12346001"#,
    );
    let [Seen::Fill(fill), Seen::Fee(_)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((fill.order, fill.qty), (OrderId::FOREIGN, Qty(500_000)));
}

#[test]
fn okx_counts_in_contracts_and_its_fees_are_negative_when_charged() {
    assert_only_state(&okx_push(&[okx_order("")]), OKX_SWAP, OrderStatus::Live, 0);
    let seen = okx_push(&[okx_order(
        r#","state":"filled","accFillSz":"2.5","fillSz":"2.5","fillPx":"61800.1","fillTime":"1746947317401","tradeId":"1518905529","execType":"T","fillFee":"-0.7725","fillFeeCcy":"USDT""#,
    )]);
    let [Seen::Fill(fill), Seen::Fee(fee), order] = seen.as_slice() else { panic!("{seen:?}") };
    // 2.5 contracts of 0.01 BTC.
    assert_eq!((fill.qty, fill.price), (Qty(2_500_000), Price(6_180_010)));
    assert_eq!(fill.trade_id, 1_518_905_529);
    assert_eq!((fee.amount, fee.asset), (money("0.7725"), USDT));
    assert_state(order, OKX_SWAP, OrderStatus::Filled, 2_500_000);
}

#[test]
fn okx_says_by_whom_an_order_was_cancelled() {
    let cases = [
        ("1", OrderStatus::Cancelled),
        ("20", OrderStatus::Cancelled),
        ("14", OrderStatus::Expired),
        ("31", OrderStatus::Expired),
    ];
    for (source, status) in cases {
        let fields = format!(r#","state":"canceled","cancelSource":"{source}""#);
        assert_only_state(&okx_push(&[okx_order(&fields)]), OKX_SWAP, status, 0);
    }
}

#[test]
fn one_bad_entry_does_not_hide_the_others_of_its_push() {
    let bad = okx_order(r#","accFillSz":"0.001""#);
    let other = okx_order(r#","instId":"PI-USDT-SWAP""#);
    let seen = okx_push(&[bad, other, okx_order("")]);
    let [Seen::Skipped(Skipped::Decimal), Seen::Skipped(Skipped::Symbol), order] = seen.as_slice()
    else {
        panic!("{seen:?}")
    };
    assert_state(order, OKX_SWAP, OrderStatus::Live, 0);
}

#[test]
fn bybit_states_are_told_apart() {
    let cases = [
        ("", OrderStatus::Live, 0),
        (
            r#","orderStatus":"PartiallyFilled","cumExecQty":"0.01""#,
            OrderStatus::Partial,
            1_000_000,
        ),
        (r#","orderStatus":"Filled","cumExecQty":"0.025""#, OrderStatus::Filled, 2_500_000),
        (
            r#","orderStatus":"Cancelled","cumExecQty":"0.01","cancelType":"CancelByUser""#,
            OrderStatus::Cancelled,
            1_000_000,
        ),
        (
            r#","orderStatus":"Cancelled","rejectReason":"EC_PostOnlyWillTakeLiquidity""#,
            OrderStatus::Expired,
            0,
        ),
        (r#","orderStatus":"Rejected","rejectReason":"EC_Others""#, OrderStatus::Rejected, 0),
    ];
    for (fields, status, filled) in cases {
        assert_only_state(&bybit_order(fields), BYBIT_LINEAR, status, filled);
    }
    let conditional = bybit_order(r#","orderStatus":"Untriggered""#);
    assert_eq!(conditional, [Seen::Skipped(Skipped::Value)]);
}

#[test]
fn bybit_executions_are_fills_with_a_fee_in_what_was_received_or_named() {
    let cases = [
        ("", BYBIT_LINEAR, USDT),
        (r#","category":"spot""#, BYBIT_SPOT, USDT),
        (r#","category":"spot","side":"Buy""#, BYBIT_SPOT, BTC),
        (r#","category":"spot","side":"Buy","feeCurrency":"MNT""#, BYBIT_SPOT, AssetId(3)),
    ];
    for (fields, instrument, asset) in cases {
        let seen = bybit_execution("execution", fields);
        let [Seen::Fill(fill), Seen::Fee(fee)] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((fill.instrument, fill.order), (instrument, ORDER));
        assert_eq!((fill.price, fill.qty), (Price(6_180_010), Qty(2_500_000)));
        assert_eq!((fee.asset, fee.amount, fee.trade_id), (asset, money("0.8497"), fill.trade_id));
    }
    assert_eq!(bybit_execution("execution.fast", ""), bybit_execution("execution", ""));
}

#[test]
fn bybit_funding_arrives_as_an_execution() {
    let seen = bybit_execution(
        "execution",
        r#","execType":"Funding","execFee":"-0.1234","execTime":"1672358400018","orderLinkId":"""#,
    );
    let paid = FundingPaid {
        venue: VenueId::Bybit,
        instrument: BYBIT_LINEAR,
        asset: USDT,
        amount: money("0.1234"),
        settled: WallNs::from_millis(1_672_358_400_000),
    };
    assert_eq!(seen, [Seen::Funding(paid)]);
}
