use super::{Moment, Named, Ticket, binance, bybit, okx};
use crate::markets::{Market, Markets};
use crate::samples;
use base::output::{Place, Style};
use base::{Instance, OrderId, PairId, Price, Product, Qty, Side, Stamp, VenueId};
use serde_json::{Value, json};
use std::sync::Arc;
use venue::credentials::Credentials;
use venue::sign::HmacKey;

const KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const AT: Moment = Moment { request: 17, venue_ms: 1_700_000_000_123 };
const CLIENT: &str = "ARB10000300000007";

fn instance() -> Instance {
    Instance::new("ARB1").unwrap()
}

fn markets(venue: VenueId) -> Markets {
    Markets::new(venue, &samples::instruments()).unwrap()
}

fn market(markets: &Markets, product: Product) -> &Market {
    markets.iter().find(|market| market.product == product).unwrap()
}

fn place(market: &Market, side: Side, style: Style, reduce_only: bool) -> Place {
    Place {
        venue: market.venue,
        instrument: market.id,
        order: OrderId::new(3, 7),
        side,
        style,
        reduce_only,
        price: Price(6_180_010),
        qty: Qty(2_500_000),
        cause: Stamp(0),
        pair: PairId(1),
        version: 1,
    }
}

fn text(write: impl FnOnce(&mut [u8]) -> usize) -> Value {
    let mut out = [0; super::TEXT_MAX];
    let length = write(&mut out);
    assert!(length > 0, "nothing was written");
    serde_json::from_slice(&out[..length]).expect("JSON")
}

fn binance(venue: VenueId, secret: &str) -> binance::Requests {
    let credentials = Credentials::new(KEY, secret, None).unwrap();
    binance::Requests::new(venue, Arc::new(credentials), 5_000).unwrap()
}

/// What the venue's page says the signature covers: every parameter but itself, sorted by name,
/// `k=v` joined with `&`. serde_json's map is sorted.
fn signed_text(params: &Value) -> String {
    let pairs = params.as_object().unwrap().iter().filter(|(name, _)| *name != "signature");
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    pairs.map(|(name, value)| format!("{name}={}", shown(value))).collect::<Vec<_>>().join("&")
}

fn assert_signed(request: &Value) {
    let params = &request["params"];
    let wanted = HmacKey::new(SECRET.as_bytes()).sign(signed_text(params).as_bytes());
    let hex: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(params["signature"], json!(hex), "{}", signed_text(params));
    assert_eq!(params["apiKey"], json!(KEY));
}

/// The parameters but key and signature.
fn params(request: &Value) -> Value {
    let mut params = request["params"].clone();
    let map = params.as_object_mut().unwrap();
    map.remove("apiKey");
    map.remove("signature");
    params
}

#[test]
fn binance_orders_are_written_as_the_venues_want_them_and_signed() {
    let cases = [
        (
            VenueId::BinanceSpot,
            Style::Limit,
            false,
            json!({"type": "LIMIT", "timeInForce": "GTC", "price": "61800.1"}),
        ),
        (
            VenueId::BinanceSpot,
            Style::Ioc,
            false,
            json!({"type": "LIMIT", "timeInForce": "IOC", "price": "61800.1"}),
        ),
        (
            VenueId::BinanceSpot,
            Style::PostOnly,
            false,
            json!({"type": "LIMIT_MAKER", "price": "61800.1"}),
        ),
        (VenueId::BinanceSpot, Style::Market, false, json!({"type": "MARKET"})),
        (
            VenueId::BinanceUsdm,
            Style::Limit,
            false,
            json!({"type": "LIMIT", "timeInForce": "GTC", "price": "61800.1"}),
        ),
        (
            VenueId::BinanceUsdm,
            Style::Ioc,
            true,
            json!({"type": "LIMIT", "timeInForce": "IOC", "price": "61800.1", "reduceOnly": "true"}),
        ),
        (
            VenueId::BinanceUsdm,
            Style::PostOnly,
            false,
            json!({"type": "LIMIT", "timeInForce": "GTX", "price": "61800.1"}),
        ),
        (
            VenueId::BinanceUsdm,
            Style::Market,
            true,
            json!({"type": "MARKET", "reduceOnly": "true"}),
        ),
    ];
    for (venue, style, reduce_only, particular) in cases {
        for (side, name) in [(Side::Buy, "BUY"), (Side::Sell, "SELL")] {
            let markets = markets(venue);
            let market = markets.iter().next().unwrap();
            let requests = binance(venue, SECRET);
            let ticket =
                Ticket::new(market, instance(), &place(market, side, style, reduce_only)).unwrap();
            let request = text(|out| requests.place(&ticket, AT, out));
            assert_eq!((&request["id"], &request["method"]), (&json!("17"), &json!("order.place")));
            assert_signed(&request);
            let answer = if venue == VenueId::BinanceSpot { "FULL" } else { "RESULT" };
            let mut wanted = json!({
                "symbol": "BTCUSDT", "side": name, "quantity": "0.025", "newClientOrderId": CLIENT,
                "newOrderRespType": answer, "timestamp": 1_700_000_000_123_u64,
            });
            wanted.as_object_mut().unwrap().extend(particular.as_object().unwrap().clone());
            if particular.get("price").is_some() && venue == VenueId::BinanceSpot {
                wanted["price"] = json!("61800.10"); // its tick is 0.01
            }
            wanted["quantity"] =
                json!(if venue == VenueId::BinanceSpot { "0.02500" } else { "0.025" });
            assert_eq!(params(&request), wanted);
        }
    }
}

#[test]
fn a_window_is_said_where_it_is_not_the_usual_one() {
    let markets = markets(VenueId::BinanceUsdm);
    let market = markets.iter().next().unwrap();
    let ticket =
        Ticket::new(market, instance(), &place(market, Side::Sell, Style::Ioc, true)).unwrap();
    for (window, said) in [(5_000, Value::Null), (60_000, json!(60_000))] {
        let credentials = Arc::new(Credentials::new(KEY, SECRET, None).unwrap());
        let requests = binance::Requests::new(VenueId::BinanceUsdm, credentials, window).unwrap();
        let request = text(|out| requests.place(&ticket, AT, out));
        assert_eq!(request["params"]["recvWindow"], said);
        assert_signed(&request);
    }
}

#[test]
fn binance_cancels_queries_and_subscriptions_are_signed_over_all_their_parameters() {
    let markets = markets(VenueId::BinanceSpot);
    let named = Named::new(markets.iter().next().unwrap(), instance(), OrderId::new(3, 7));
    let requests = binance(VenueId::BinanceSpot, SECRET);
    let time = json!(1_700_000_000_123_u64);
    let by_order = json!({"symbol": "BTCUSDT", "origClientOrderId": CLIENT, "recvWindow": 5000, "timestamp": time});
    let cases = [
        (text(|out| requests.cancel(&named, AT, out)), "order.cancel", by_order.clone()),
        (text(|out| requests.query(&named, AT, out)), "order.status", by_order),
        (
            text(|out| requests.cancel_all(named.market, AT, out)),
            "openOrders.cancelAll",
            json!({"symbol": "BTCUSDT", "recvWindow": 5000, "timestamp": time}),
        ),
        (
            text(|out| requests.subscribe(AT, out)),
            "userDataStream.subscribe.signature",
            json!({"timestamp": time}),
        ),
        (
            text(|out| requests.log_on(AT, out)),
            "session.logon",
            json!({"recvWindow": 5000, "timestamp": time}),
        ),
    ];
    for (request, method, wanted) in cases {
        assert_eq!(request["method"], json!(method));
        assert_signed(&request);
        assert_eq!(params(&request), wanted);
    }
}

/// The Ed25519 key of RFC 8032, test 1, in PKCS#8.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";

#[test]
fn a_logged_on_session_carries_neither_key_nor_signature() {
    let markets = markets(VenueId::BinanceUsdm);
    let market = markets.iter().next().unwrap();
    let mut requests = binance(VenueId::BinanceUsdm, PEM);
    assert!(requests.can_log_on());
    let logon = text(|out| requests.log_on(AT, out));
    assert_eq!(logon["params"]["signature"].as_str().unwrap().len(), 88, "base64 of 64 bytes");
    let ticket =
        Ticket::new(market, instance(), &place(market, Side::Buy, Style::Ioc, false)).unwrap();
    let before = text(|out| requests.place(&ticket, AT, out));
    assert!(before["params"]["signature"].is_string(), "signed one by one until logged on");
    requests.set_logged_on(true);
    let after = text(|out| requests.place(&ticket, AT, out));
    assert_eq!(after["params"].get("apiKey"), None);
    assert_eq!(after["params"].get("signature"), None);
    assert_eq!(params(&after), params(&before));
    assert_eq!(
        text(|out| requests.subscribe(AT, out))["method"],
        json!("userDataStream.subscribe")
    );
}

#[test]
fn an_hmac_key_cannot_log_on_and_a_huge_key_is_refused() {
    assert!(!binance(VenueId::BinanceSpot, SECRET).can_log_on());
    let huge = Arc::new(Credentials::new(&"k".repeat(129), SECRET, None).unwrap());
    assert!(binance::Requests::new(VenueId::BinanceSpot, huge, 5_000).is_none());
}

#[test]
fn okx_orders_are_written_as_the_venue_wants_them() {
    let swap = json!({"instIdCode": 10459, "tdMode": "cross", "sz": "2.5", "clOrdId": CLIENT});
    let spot =
        json!({"instIdCode": 10458, "tdMode": "cash", "sz": "0.02500000", "clOrdId": CLIENT});
    let price = json!({"px": "61800.1"});
    let cases = [
        (Product::Perpetual, Style::Limit, false, vec![&price], json!({"ordType": "limit"})),
        (
            Product::Perpetual,
            Style::Ioc,
            true,
            vec![&price],
            json!({"ordType": "ioc", "reduceOnly": true}),
        ),
        (Product::Perpetual, Style::PostOnly, false, vec![&price], json!({"ordType": "post_only"})),
        (
            Product::Perpetual,
            Style::Market,
            true,
            vec![],
            json!({"ordType": "market", "reduceOnly": true}),
        ),
        (Product::Spot, Style::Limit, false, vec![&price], json!({"ordType": "limit"})),
        (
            Product::Spot,
            Style::Market,
            false,
            vec![],
            json!({"ordType": "market", "tgtCcy": "base_ccy"}),
        ),
    ];
    let markets = markets(VenueId::Okx);
    for (product, style, reduce_only, more, particular) in cases {
        for (side, name) in [(Side::Buy, "buy"), (Side::Sell, "sell")] {
            let market = market(&markets, product);
            let ticket =
                Ticket::new(market, instance(), &place(market, side, style, reduce_only)).unwrap();
            let request = text(|out| okx::place(&ticket, AT, 5_000, out));
            let mut wanted = if product == Product::Spot { spot.clone() } else { swap.clone() };
            wanted["side"] = json!(name);
            for part in more.iter().copied().chain([&particular]) {
                wanted.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            }
            if product == Product::Perpetual {
                wanted["sz"] = json!("2.50");
            }
            let whole =
                json!({"id": "17", "op": "order", "args": [wanted], "expTime": "1700000005123"});
            assert_eq!(request, whole);
        }
    }
}

#[test]
fn okx_falls_back_to_the_name_of_an_instrument_without_number() {
    let mut instruments = samples::instruments();
    instruments.list.iter_mut().for_each(|instrument| instrument.code = 0);
    let markets = Markets::new(VenueId::Okx, &instruments).unwrap();
    let named = Named::new(market(&markets, Product::Perpetual), instance(), OrderId::new(3, 7));
    let request = text(|out| okx::cancel(&named, AT, out));
    let arg = json!({"instId": "BTC-USDT-SWAP", "clOrdId": CLIENT});
    assert_eq!(request, json!({"id": "17", "op": "cancel-order", "args": [arg]}));
}

#[test]
fn okx_cancels_in_batches_that_fit() {
    let markets = markets(VenueId::Okx);
    let market = market(&markets, Product::Perpetual);
    let orders = (1..=30).map(|seq| Named::new(market, instance(), OrderId::new(3, seq)));
    let request = text(|out| okx::cancel_batch(orders, AT, out));
    let args = request["args"].as_array().unwrap();
    assert_eq!(args.len(), okx::BATCH);
    assert_eq!(args[9], json!({"instIdCode": 10459, "clOrdId": "ARB1000030000000A"}));
}

#[test]
fn bybit_orders_are_written_as_the_venue_wants_them() {
    let linear = json!({"category": "linear", "symbol": "BTCUSDT", "qty": "0.025", "positionIdx": 0, "orderLinkId": CLIENT});
    let spot =
        json!({"category": "spot", "symbol": "BTCUSDT", "qty": "0.025000", "orderLinkId": CLIENT});
    let cases = [
        (
            Product::Perpetual,
            Style::Limit,
            false,
            json!({"orderType": "Limit", "timeInForce": "GTC"}),
        ),
        (
            Product::Perpetual,
            Style::Ioc,
            true,
            json!({"orderType": "Limit", "timeInForce": "IOC", "reduceOnly": true}),
        ),
        (
            Product::Perpetual,
            Style::PostOnly,
            false,
            json!({"orderType": "Limit", "timeInForce": "PostOnly"}),
        ),
        (
            Product::Perpetual,
            Style::Market,
            true,
            json!({"orderType": "Market", "reduceOnly": true}),
        ),
        (Product::Spot, Style::Limit, false, json!({"orderType": "Limit", "timeInForce": "GTC"})),
        (
            Product::Spot,
            Style::Market,
            false,
            json!({"orderType": "Market", "marketUnit": "baseCoin"}),
        ),
    ];
    let markets = markets(VenueId::Bybit);
    for (product, style, reduce_only, particular) in cases {
        for (side, name) in [(Side::Buy, "Buy"), (Side::Sell, "Sell")] {
            let market = market(&markets, product);
            let ticket =
                Ticket::new(market, instance(), &place(market, side, style, reduce_only)).unwrap();
            let request = text(|out| bybit::place(&ticket, AT, 5_000, out));
            let mut wanted = if product == Product::Spot { spot.clone() } else { linear.clone() };
            wanted["side"] = json!(name);
            if style != Style::Market {
                let price = if product == Product::Spot { "61800.10" } else { "61800.1" };
                wanted["price"] = json!(price);
            }
            wanted.as_object_mut().unwrap().extend(particular.as_object().unwrap().clone());
            let header = json!({"X-BAPI-TIMESTAMP": "1700000000123", "X-BAPI-RECV-WINDOW": "5000"});
            let whole =
                json!({"reqId": "17", "header": header, "op": "order.create", "args": [wanted]});
            assert_eq!(request, whole);
        }
    }
}

#[test]
fn bybit_cancels_by_our_name() {
    let markets = markets(VenueId::Bybit);
    let named = Named::new(market(&markets, Product::Spot), instance(), OrderId::new(3, 7));
    let request = text(|out| bybit::cancel(&named, AT, 5_000, out));
    assert_eq!(request["op"], json!("order.cancel"));
    let arg = json!({"category": "spot", "symbol": "BTCUSDT", "orderLinkId": CLIENT});
    assert_eq!(request["args"], json!([arg]));
}

#[test]
fn log_ons_sign_what_the_venues_say() {
    let credentials = Credentials::new("key", "secret", Some(r#"pass "word""#)).unwrap();
    let key = HmacKey::new(b"secret");
    let login = text(|out| okx::login(&credentials, AT.venue_ms, out));
    let arg = &login["args"][0];
    assert_eq!(arg["passphrase"], json!(r#"pass "word""#));
    assert_eq!(arg["timestamp"], json!("1700000000"));
    let sign = venue::sign::text::base64_32(&key.sign(b"1700000000GET/users/self/verify"));
    assert_eq!(arg["sign"], json!(std::str::from_utf8(&sign).unwrap()));

    let auth = text(|out| bybit::login(&credentials, AT.venue_ms, 5_000, out));
    let sign = venue::sign::text::hex(&key.sign(b"GET/realtime1700000010123"));
    assert_eq!(
        auth,
        json!({"op": "auth", "args": ["key", 1_700_000_010_123_u64, std::str::from_utf8(&sign).unwrap()]})
    );
}

#[test]
fn the_constant_texts_are_json() {
    for text in [okx::SUBSCRIBE, bybit::SUBSCRIBE, bybit::PING] {
        serde_json::from_slice::<Value>(text).unwrap();
    }
    let channels = serde_json::from_slice::<Value>(okx::SUBSCRIBE).unwrap();
    assert_eq!(channels["args"].as_array().unwrap().len(), okx::SUBSCRIPTIONS as usize);
}

#[test]
fn what_cannot_be_written_exactly_is_not_written() {
    let markets = markets(VenueId::Okx);
    let (spot, swap) = (market(&markets, Product::Spot), market(&markets, Product::Perpetual));
    let good = place(swap, Side::Buy, Style::Limit, false);
    assert!(Ticket::new(swap, instance(), &good).is_some());
    assert!(Ticket::new(swap, instance(), &Place { price: Price(6_180_011), ..good }).is_none());
    assert!(Ticket::new(swap, instance(), &Place { price: Price(0), ..good }).is_none());
    assert!(Ticket::new(swap, instance(), &Place { qty: Qty(2_500_001), ..good }).is_none());
    assert!(Ticket::new(swap, instance(), &Place { qty: Qty(-2_500_000), ..good }).is_none());
    assert!(Ticket::new(spot, instance(), &place(spot, Side::Sell, Style::Limit, true)).is_none());
    let odd = Place { price: Price(6_180_011), ..place(swap, Side::Buy, Style::Market, false) };
    assert!(Ticket::new(swap, instance(), &odd).is_some(), "a market order's price is not sent");
}

#[test]
fn a_text_that_does_not_fit_is_not_sent_in_half() {
    let markets = markets(VenueId::BinanceSpot);
    let market = markets.iter().next().unwrap();
    let ticket =
        Ticket::new(market, instance(), &place(market, Side::Buy, Style::Limit, false)).unwrap();
    let mut small = [0; 100];
    assert_eq!(binance(VenueId::BinanceSpot, SECRET).place(&ticket, AT, &mut small), 0);
    assert_eq!(okx::place(&ticket, AT, 5_000, &mut small), 0);
    assert_eq!(bybit::place(&ticket, AT, 5_000, &mut small), 0);
}

#[test]
fn an_ed25519_log_on_and_the_orders_before_it_are_signed_as_the_public_key_verifies() {
    use ed25519_dalek::{Signature, SigningKey, Verifier as _, pkcs8::DecodePrivateKey as _};
    let public = SigningKey::from_pkcs8_pem(PEM).unwrap().verifying_key();
    // RFC 8032, test 1.
    let known = [0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7];
    assert_eq!(public.as_bytes()[..8], known);
    let markets = markets(VenueId::BinanceUsdm);
    let market = markets.iter().next().unwrap();
    let requests = binance(VenueId::BinanceUsdm, PEM);
    let ticket =
        Ticket::new(market, instance(), &place(market, Side::Buy, Style::Ioc, false)).unwrap();
    for request in
        [text(|out| requests.log_on(AT, out)), text(|out| requests.place(&ticket, AT, out))]
    {
        let signature = from_base64(request["params"]["signature"].as_str().unwrap());
        let signature = Signature::from_slice(&signature).unwrap();
        let signed = signed_text(&request["params"]);
        assert!(signed.starts_with("apiKey="), "{signed}");
        public.verify(signed.as_bytes(), &signature).expect("the venue would take it");
        assert!(public.verify(format!("{signed}0").as_bytes(), &signature).is_err());
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let place = |byte: u8| LETTERS.iter().position(|letter| *letter == byte).unwrap();
    let (mut bits, mut held, mut out) = (0_usize, 0, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        bits = bits << 6 | place(byte);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    out
}
