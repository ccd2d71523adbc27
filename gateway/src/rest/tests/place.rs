//! Orders by REST: the same name, the same behaviour, and what their answers mean.

use super::*;
use base::PairId;
use base::output::{Place, Style};

fn order(venue: VenueId, style: Style, reduce_only: bool) -> Place {
    Place {
        venue,
        instrument: first(venue),
        order: ORDER,
        side: Side::Sell,
        style,
        reduce_only,
        price: Price(6_180_010),
        qty: Qty(2_500_000),
        cause: Stamp(0),
        pair: PairId(1),
        version: 1,
    }
}

fn task(place: Place) -> Task {
    Task::Place { place, request: 17, until: Stamp(1) }
}

/// What a venue says when it took the order.
fn taken(venue: VenueId) -> &'static str {
    match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => {
            r#"{"symbol":"BTCUSDT","orderId":55,"clientOrderId":"ARB10000300000007","transactTime":7,"updateTime":7,"executedQty":"0","status":"NEW","side":"SELL"}"#
        }
        VenueId::Okx => {
            r#"{"code":"0","msg":"","data":[{"clOrdId":"ARB10000300000007","ordId":"55","ts":"7","sCode":"0","sMsg":""}]}"#
        }
        VenueId::Bybit => {
            r#"{"retCode":0,"retMsg":"OK","result":{"orderId":"55","orderLinkId":"ARB10000300000007"},"time":7}"#
        }
    }
}

#[test]
fn an_order_leaves_once_under_its_own_name_and_its_answer_is_its_ack() {
    for venue in VenueId::ALL {
        let place = order(venue, Style::Ioc, false);
        let made = make(&mut rest(venue), task(place), ok(taken(venue)));
        assert_eq!((made.calls.len(), made.calls[0].method), (1, Method::Post), "{venue}");
        let call = format!("{} {}", made.calls[0].path, made.calls[0].body);
        assert!(call.contains(CLIENT), "{venue}: {call}");
        let venue_time = WallNs::from_millis(7);
        assert_eq!(made.told[0], News::Placed { venue_order: 55, venue_time }, "{venue}");
        assert_eq!(made.told.last(), Some(&News::Done), "{venue}");
    }
}

#[test]
fn binance_orders_are_queries_with_the_parameters_of_the_connection() {
    let cases = [
        (Style::Limit, false, "type=LIMIT&timeInForce=GTC", "&price=61800.10"),
        (Style::Ioc, true, "type=LIMIT&timeInForce=IOC", "&price=61800.1&reduceOnly=true"),
        (Style::PostOnly, false, "type=LIMIT_MAKER", "&price=61800.10"),
        (Style::PostOnly, true, "type=LIMIT&timeInForce=GTX", "&price=61800.1&reduceOnly=true"),
        (Style::Market, false, "type=MARKET", ""),
    ];
    for (style, on_usdm, kind, rest_of) in cases {
        let venue = if on_usdm { VenueId::BinanceUsdm } else { VenueId::BinanceSpot };
        let place = order(venue, style, on_usdm);
        let (calls, _) = run(&mut rest(venue), task(place), ok(taken(venue)));
        let (path, quantity, answer) = if on_usdm {
            ("/fapi/v1/order", "0.025", "RESULT")
        } else {
            ("/api/v3/order", "0.02500", "FULL")
        };
        let wanted = format!(
            "{path}?symbol=BTCUSDT&side=SELL&{kind}&quantity={quantity}{rest_of}&newClientOrderId={CLIENT}&newOrderRespType={answer}&recvWindow=5000&timestamp=1700000001123&signature="
        );
        assert!(calls[0].path.starts_with(&wanted), "{} {wanted}", calls[0].path);
    }
}

#[test]
fn okx_orders_name_their_instrument_and_say_until_when_they_are_good() {
    let place = order(VenueId::Okx, Style::Ioc, true);
    let (calls, _) = run(&mut rest(VenueId::Okx), task(place), ok(taken(VenueId::Okx)));
    assert_eq!(calls[0].path, "/api/v5/trade/order");
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).unwrap();
    let wanted = serde_json::json!({"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "sell", "ordType": "ioc",
        "sz": "2.50", "px": "61800.1", "clOrdId": CLIENT, "reduceOnly": true});
    assert_eq!(body, wanted);
    assert_eq!(header(&calls[0], "expTime"), "1700000006123");
}

#[test]
fn bybit_orders_are_those_of_the_connection() {
    let place = order(VenueId::Bybit, Style::PostOnly, true);
    let (calls, _) = run(&mut rest(VenueId::Bybit), task(place), ok(taken(VenueId::Bybit)));
    assert_eq!(calls[0].path, "/v5/order/create");
    let body: serde_json::Value = serde_json::from_str(&calls[0].body).unwrap();
    let wanted = serde_json::json!({"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit",
        "qty": "0.025", "price": "61800.1", "timeInForce": "PostOnly", "positionIdx": 0, "reduceOnly": true,
        "orderLinkId": CLIENT});
    assert_eq!(body, wanted);
}

#[test]
fn a_refused_order_is_read_by_the_same_codes_as_on_the_connection() {
    let cases = [
        (
            VenueId::BinanceSpot,
            400,
            r#"{"code":-2010,"msg":"Account has insufficient balance for requested action."}"#,
            Outcome::Rejected,
            RejectClass::Funds,
        ),
        (
            VenueId::BinanceUsdm,
            400,
            r#"{"code":-4116,"msg":"ClientOrderId is duplicated."}"#,
            Outcome::Duplicate,
            RejectClass::Duplicate,
        ),
        (
            VenueId::BinanceUsdm,
            503,
            r#"{"code":-1008,"msg":"busy"}"#,
            Outcome::Unknown,
            RejectClass::Unavailable,
        ),
        (
            VenueId::Okx,
            200,
            r#"{"code":"1","data":[{"clOrdId":"x","ordId":"","sCode":"51008","sMsg":""}]}"#,
            Outcome::Rejected,
            RejectClass::Funds,
        ),
        (
            VenueId::Okx,
            200,
            r#"{"code":"50004","msg":"","data":[]}"#,
            Outcome::Unknown,
            RejectClass::Unavailable,
        ),
        (
            VenueId::Bybit,
            200,
            r#"{"retCode":110072,"retMsg":"OrderLinkedID is duplicate","result":{}}"#,
            Outcome::Duplicate,
            RejectClass::Duplicate,
        ),
    ];
    for (venue, status, body, outcome, class) in cases {
        let place = order(venue, Style::Ioc, false);
        let (_, told) = run(&mut rest(venue), task(place), [Answer::Body(status, body)]);
        assert_eq!(
            (failed(&told).outcome, failed(&told).class),
            (outcome, class),
            "{venue} {body}"
        );
    }
    for venue in VenueId::ALL {
        let place = order(venue, Style::Ioc, false);
        let lost = [Answer::Lost(HttpError::Unknown(fault()))];
        let (_, told) = run(&mut rest(venue), task(place), lost);
        assert_eq!(failed(&told).outcome, Outcome::Unknown, "{venue}: it may be out");
    }
}

#[test]
fn an_order_that_waited_too_long_or_was_killed_meanwhile_is_not_sent() {
    for venue in VenueId::ALL {
        let place = order(venue, Style::Limit, false);
        let kill = Flag::new();
        let mut rest = rest_with(venue, kill.clone());
        kill.set();
        let (calls, told) = run(&mut rest, task(place), []);
        let seen = (calls.len(), failed(&told).outcome, failed(&told).class);
        assert_eq!(seen, (0, Outcome::Rejected, RejectClass::Local), "{venue}");
        kill.clear();
        let mut late = Rest::new(rest_parts(venue, kill, Late));
        let mut told = Vec::new();
        let job = Job { task: task(place), tag: 0, step: 0, offset_ns: 0 };
        late.work(job, &mut |_| panic!("sent"), &mut |reply| told.push(reply.news));
        let seen = (failed(&told).outcome, failed(&told).class);
        assert_eq!(seen, (Outcome::Rejected, RejectClass::Unavailable), "{venue}");
    }
}

#[test]
fn behind_a_shut_fence_questions_are_asked_and_nothing_is_changed() {
    for venue in VenueId::ALL {
        let place = order(venue, Style::Limit, false);
        let (order, instrument, all) = (place.order, place.instrument, InstrumentId::ALL);
        let parts = rest_parts(venue, Flag::new(), Fixed);
        let mut rest = Rest::new(RestParts { fence: Fence::shut(), ..parts });
        for changing in [
            task(place),
            Task::Cancel { instrument, order },
            Task::CancelAll { instrument },
            Task::DeadMan { instrument: all, after_ms: 4_000 },
        ] {
            let (calls, told) = run(&mut rest, changing, []);
            let seen = (calls.len(), failed(&told).outcome, failed(&told).class);
            let wanted = (0, Outcome::Rejected, RejectClass::Unavailable);
            assert_eq!(seen, wanted, "{venue}: {changing:?}");
        }
        let lost = HttpError::NotSent(HttpFault { kind: HttpFaultKind::Io, detail: String::new() });
        let (calls, _) = run(&mut rest, Task::Query { instrument, order }, [Answer::Lost(lost)]);
        assert_eq!(calls.len(), 1, "{venue}");
    }
}

/// A clock past the time an order is good until.
#[derive(Debug)]
struct Late;

impl Clock for Late {
    fn now(&self) -> Stamp {
        Stamp(2)
    }
    fn wall(&self) -> WallNs {
        Fixed.wall()
    }
}
