//! Balances, positions, funding and session texts.

use super::*;

#[test]
fn spot_balances_are_free_plus_locked() {
    let text = r#"{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1,"u":1,"B":[{"a":"BTC","f":"1.5","l":"0.25"},{"a":"XYZ","f":"1","l":"1"}]}}"#;
    let (venue, total) = (VenueId::BinanceSpot, money("1.75"));
    let balance = Balance { venue, asset: BTC, total, available: Some(money("1.5")) };
    assert_eq!(must_read(venue, text), [Seen::Balance(balance)]);
}

#[test]
fn usdm_funding_with_one_instrument_named_is_told_at_once_and_asked_for() {
    let text = r#"{"e":"ACCOUNT_UPDATE","E":1568880000008,"T":1568880000006,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT","wb":"100.5","cw":"100.5","bc":"-0.25"}],"P":[{"s":"BTCUSDT","pa":"-0.010","ep":"7100.50","ps":"BOTH"}]}}"#;
    let seen = must_read(VenueId::BinanceUsdm, text);
    let paid = FundingPaid {
        venue: VenueId::BinanceUsdm,
        instrument: USDM,
        asset: USDT,
        amount: money("-0.25"),
        settled: WallNs::from_millis(1_568_880_000_000),
    };
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[2..], [Seen::Funding(paid), Seen::FundingDue]);
}

#[test]
fn usdm_funding_without_an_instrument_is_only_asked_for() {
    let text = r#"{"e":"ACCOUNT_UPDATE","T":1568880000006,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT","wb":"100.5","bc":"-0.25"}]}}"#;
    let seen = must_read(VenueId::BinanceUsdm, text);
    assert!(matches!(seen.as_slice(), [Seen::Balance(_), Seen::FundingDue]), "{seen:?}");
}

#[test]
fn okx_funding_is_announced_without_its_amount() {
    let text = r#"{"arg":{"channel":"balance_and_position","uid":"1"},"data":[{"pTime":"1597026383085","eventType":"funding_fee","balData":[{"ccy":"USDT","cashBal":"1","uTime":"1597026383085"}],"posData":[],"trades":[]}]}"#;
    assert_eq!(must_read(VenueId::Okx, text), [Seen::FundingDue]);
    assert_eq!(must_read(VenueId::Okx, &text.replace("funding_fee", "snapshot")), []);
}

#[test]
fn positions_have_a_sign_on_every_venue() {
    let okx = r#"{"arg":{"channel":"positions","instType":"SWAP"},"data":[{"instId":"BTC-USDT-SWAP","pos":"-2.5","posSide":"net","avgPx":"61800.123456","uTime":"7"}]}"#;
    let bybit = r#"{"topic":"position","data":[{"category":"linear","symbol":"BTCUSDT","side":"Sell","size":"0.025","entryPrice":"61800.1","positionIdx":0,"updatedTime":"7"}]}"#;
    let cases = [
        (VenueId::Okx, OKX_SWAP, okx, Price(6_180_012)),
        (VenueId::Bybit, BYBIT_LINEAR, bybit, Price(6_180_010)),
    ];
    for (venue, instrument, text, entry) in cases {
        let (qty, entry, venue_time) = (Qty(-2_500_000), Some(entry), WallNs::from_millis(7));
        let position = Position { venue, instrument, qty, entry, venue_time };
        assert_eq!(must_read(venue, text), [Seen::Position(position)]);
    }
    let flat = r#"{"topic":"position","data":[{"category":"linear","symbol":"BTCUSDT","side":"","size":"0","entryPrice":"0","positionIdx":0,"updatedTime":"7"}]}"#;
    let seen = must_read(VenueId::Bybit, flat);
    assert!(matches!(seen.as_slice(), [Seen::Position(Position { qty: Qty(0), entry: None, .. })]));
}

#[test]
fn a_hedge_mode_position_is_refused_unless_it_is_flat() {
    let okx = r#"{"arg":{"channel":"positions"},"data":[{"instId":"BTC-USDT-SWAP","pos":"1","posSide":"long","avgPx":"","uTime":"7"}]}"#;
    assert_eq!(must_read(VenueId::Okx, okx), [Seen::Skipped(Skipped::Hedged)]);
    assert_eq!(must_read(VenueId::Okx, &okx.replace("\"1\"", "\"0\"")), []);
    let bybit = r#"{"topic":"position","data":[{"category":"linear","symbol":"BTCUSDT","side":"Buy","size":"1","positionIdx":2}]}"#;
    assert_eq!(must_read(VenueId::Bybit, bybit), [Seen::Skipped(Skipped::Hedged)]);
}

#[test]
fn a_bybit_balance_without_an_available_amount_is_what_no_order_and_no_margin_holds() {
    let text = r#"{"topic":"wallet","data":[{"accountType":"UNIFIED","coin":[{"coin":"USDT","walletBalance":"100","availableToWithdraw":"","locked":"10","totalPositionIM":"20.5","totalOrderIM":"4.5"},{"coin":"BTC","walletBalance":"1","availableToWithdraw":"","locked":"0"}]}]}"#;
    let balance = |asset, total, available: Option<&str>| {
        let available = available.map(money);
        Seen::Balance(Balance { venue: VenueId::Bybit, asset, total: money(total), available })
    };
    // Without the margins nobody knows what is free.
    let wanted = [balance(USDT, "100", Some("65")), balance(BTC, "1", None)];
    assert_eq!(must_read(VenueId::Bybit, text), wanted);
}

#[test]
#[rustfmt::skip]
fn session_texts_are_understood() {
    let cases = [
        (VenueId::Okx, "pong", Session::Pong),
        (VenueId::Okx, r#"{"event":"login","code":"0","msg":"","connId":"a"}"#, Session::LoggedIn),
        (VenueId::Okx, r#"{"event":"error","code":"60032","msg":"API key doesn't exist"}"#, Session::LoginRefused(60_032)),
        (VenueId::Okx, r#"{"event":"error","code":"60009","msg":"Login failed"}"#, Session::LoginRefused(60_009)),
        (VenueId::Okx, r#"{"event":"error","code":"60018","msg":"Wrong URL"}"#, Session::SubscribeRefused(60_018)),
        (VenueId::Okx, r#"{"event":"notice","code":"64008","msg":"Soon closed"}"#, Session::Leaving),
        (VenueId::Okx, r#"{"event":"subscribe","arg":{"channel":"account"}}"#, Session::Subscribed),
        (VenueId::Bybit, r#"{"req_id":"1","op":"pong","args":["1675418560633"]}"#, Session::Pong),
        (VenueId::Bybit, r#"{"retCode":0,"retMsg":"OK","op":"pong","data":["1711002002529"]}"#, Session::Pong),
        (VenueId::Bybit, r#"{"success":true,"ret_msg":"pong","req_id":"1","op":"ping"}"#, Session::Pong),
        (VenueId::Bybit, r#"{"retCode":10004,"retMsg":"Invalid sign","op":"auth"}"#, Session::LoginRefused(10_004)),
        (VenueId::Bybit, r#"{"success":false,"ret_msg":"Invalid topic","op":"subscribe"}"#, Session::SubscribeRefused(-1)),
        (VenueId::BinanceUsdm, r#"{"e":"listenKeyExpired","E":"1576653824250","listenKey":"abc"}"#, Session::StreamEnded),
        (VenueId::BinanceUsdm, r#"{"stream":"abc","data":{"e":"listenKeyExpired","E":1}}"#, Session::StreamEnded),
        (VenueId::BinanceSpot, r#"{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}"#, Session::StreamEnded),
        (VenueId::BinanceSpot, r#"{"e":"serverShutdown","E":1}"#, Session::Leaving),
        (VenueId::BinanceSpot, r#"{"event":{"e":"serverShutdown","E":1}}"#, Session::Leaving),
    ];
    for (venue, text, said) in cases {
        assert_eq!(must_read(venue, text), [Seen::Session(said)], "{text}");
    }
}

#[test]
fn what_is_no_message_of_the_venue_is_refused() {
    for venue in VenueId::ALL {
        for text in ["", "<html>502 Bad Gateway</html>", "{", "{\"e\":\"executionReport\"", "ping?"]
        {
            assert_eq!(read(venue, text.as_bytes()), Err(Refused::Json), "{venue} {text}");
        }
        for text in
            ["{}", "[]", "1", "{\"hello\":1}", "{\"e\":\"brandNewEvent\"}", "{\"topic\":\"x\"}"]
        {
            assert_eq!(read(venue, text.as_bytes()), Err(Refused::Unknown), "{venue} {text}");
        }
    }
}
