mod lists;
mod scales;

use super::*;
use base::{Money, Price, Qty, Rate, Span};
use lists::*;

fn names(page: &Page) -> Vec<&str> {
    page.listings.iter().map(|listing| listing.name.as_str()).collect()
}

macro_rules! body {
    ($name:literal) => {
        include_bytes!(concat!("../../testdata/catalog/", $name)).as_slice()
    };
}

#[test]
fn a_live_usdm_list_gives_its_perpetuals_and_leaves_out_what_expires() {
    let page = parse_binance_usdm(body!("binance-usdm-exchange-info-20210722.json")).unwrap();
    assert_eq!(
        names(&page),
        ["BTC/USDT:USDT", "DEFI/USDT:USDT", "AKRO/USDT:USDT", "1000SHIB/USDT:USDT"]
    );
    assert!(page.unread.is_empty());
    let btc = page.listings[0].rules.as_ref().unwrap();
    assert_eq!(btc.tick.to_string(), "0.01");
    assert_eq!(btc.lot.to_string(), "0.001");
    assert_eq!(btc.notional_min.to_string(), "5");
    assert_eq!(btc.price_max.map(|p| p.to_string()).as_deref(), Some("1000000"));
    let shib = &page.listings[3];
    assert_eq!((shib.base.as_str(), shib.multiplier_exp), ("SHIB", 3));
    assert_eq!(shib.plain_name(), "SHIB/USDT:USDT");
}

#[test]
fn the_market_order_maximum_bounds_every_order() {
    let page = parse_binance_usdm(body!("binance-usdm-exchange-info.json")).unwrap();
    let blz = page.listings[0].rules.as_ref().unwrap();
    assert_eq!(blz.size_max.map(|s| s.to_string()).as_deref(), Some("590119"));
}

#[test]
fn a_spot_symbol_without_filters_is_listed_and_cannot_be_traded() {
    let page = parse_binance_spot(body!("binance-spot-exchange-info.json")).unwrap();
    assert_eq!(names(&page), ["ETH/BTC"]);
    assert_eq!(page.listings[0].rules, Err("PRICE_FILTER is missing".to_owned()));
    let wanted = [want(VenueId::BinanceSpot, "ETH/BTC")];
    let refusals = build(&page.listings, &[], &wanted, &Fees::default()).unwrap_err();
    assert_eq!(
        refusals[0].to_string(),
        "binance-spot ETH/BTC: its rules cannot be used: PRICE_FILTER is missing"
    );
}

#[test]
fn okx_and_bybit_lists_are_read_as_documented() {
    let okx = parse_okx(body!("okx-instruments-spot.json")).unwrap();
    assert_eq!(names(&okx), ["BTC/USDT"]);
    let rules = okx.listings[0].rules.as_ref().unwrap();
    assert_eq!(rules.lot.to_string(), "0.00000001");
    assert_eq!(rules.size_min.to_string(), "0.00001");

    let linear = parse_bybit_linear(body!("bybit-instruments-linear.json")).unwrap();
    assert_eq!(names(&linear), ["BTC/USDT:USDT"]);
    assert_eq!(linear.next, None);

    let spot = parse_bybit_spot(body!("bybit-instruments-spot.json")).unwrap();
    assert_eq!(names(&spot), ["BTC/USDT"]);
    assert_eq!(spot.listings[0].rules.as_ref().unwrap().lot.to_string(), "0.000001");

    let early = parse_bybit_linear(body!("bybit-instruments-linear-prelaunch.json")).unwrap();
    assert_eq!(early.listings[0].state, State::Closed("PreLaunch".to_owned()));
}

#[test]
fn funding_intervals_come_from_funding_info_and_are_eight_hours_elsewhere() {
    let info = parse_funding_info(body!("binance-usdm-funding-info.json")).unwrap();
    assert_eq!(info.known, [("BLZUSDT".to_owned(), Span::from_secs(8 * 3_600))]);

    let body = br#"[{"symbol":"AAUSDT","fundingIntervalHours":4},
                    {"symbol":"BBUSDT","fundingIntervalHours":0},
                    {"symbol":"CCUSDT","fundingIntervalHours":"1"}]"#;
    let info = parse_funding_info(body).unwrap();
    let of = |base| info.of(&format!("{base}USDT")).map(|span| span.0 / 3_600_000_000_000);
    // What could not be read is unknown, not the default.
    assert_eq!(["AA", "BB", "CC", "DD"].map(of), [Some(4), None, None, Some(8)]);
    for body in ["{}", "7", "[", r#"{"code":-1003,"msg":"Too many requests."}"#] {
        assert!(parse_funding_info(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn the_limits_that_a_live_list_states_are_read() {
    let limits = |page: &Page| -> Vec<(&str, u32)> {
        page.limits.iter().map(|limit| (limit.meter, limit.limit)).collect()
    };
    let page = parse_binance_usdm(body!("binance-usdm-exchange-info-20210722.json")).unwrap();
    assert_eq!(limits(&page), [("weight-1m", 2_400), ("orders-1m", 1_200), ("orders-10s", 300)]);
    let row = |kind: &str, interval: &str, count: u32, limit: i64| {
        format!(
            r#"{{"rateLimitType":"{kind}","interval":"{interval}","intervalNum":{count},"limit":{limit}}}"#
        )
    };
    let rows = [
        row("REQUEST_WEIGHT", "MINUTE", 1, 6_000),
        row("ORDERS", "SECOND", 10, 100),
        row("ORDERS", "DAY", 1, 200_000),
        row("RAW_REQUESTS", "MINUTE", 5, 300_000),
        row("ORDERS", "MINUTE", 1, -1),
        row("CONNECTIONS", "MINUTE", 5, 300),
        row("ORDERS", "FORTNIGHT", 1, 7),
        "{}".to_owned(),
    ];
    let body = format!(r#"{{"rateLimits":[{}],"symbols":[]}}"#, rows.join(","));
    let page = parse_binance_spot(body.as_bytes()).unwrap();
    assert_eq!(
        limits(&page),
        [
            ("weight-1m", 6_000),
            ("orders-10s", 100),
            ("orders-1d", 200_000),
            ("requests-5m", 300_000)
        ]
    );
    assert_eq!(page.unread.len(), 2, "{:?}", page.unread);
    let told = page.unread[0].to_string();
    assert!(told.contains("ORDERS in 1 FORTNIGHT is not counted here"), "{told}");
}

#[test]
fn a_stated_limit_is_what_the_budget_counts_against() {
    let body = r#"{"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":100}],"symbols":[]}"#;
    let page = parse_binance_spot(body.as_bytes()).unwrap();
    let mut budget = crate::Budget::new(VenueId::BinanceSpot, &base::Instruments::default(), None);
    for limit in &page.limits {
        budget.observe(limit.meter, 0, limit.limit, base::Stamp(0));
    }
    let fits = |budget: &mut crate::Budget| {
        let all = base::InstrumentId::ALL;
        budget.try_spend(crate::Spend::Read(50), all, base::Stamp(1)).is_ok()
    };
    // A tenth of the hundred is kept for cancels.
    assert_eq!((fits(&mut budget), fits(&mut budget)), (true, false));
}

#[test]
fn bybit_pages_carry_their_cursor() {
    let page = |cursor: &str| {
        let body = format!(
            r#"{{"retCode":0,"retMsg":"OK","result":{{"category":"linear","list":[],"nextPageCursor":{cursor}}}}}"#
        );
        parse_bybit_linear(body.as_bytes()).unwrap().next
    };
    assert_eq!(page("\"first%3DA%26last%3DB\"").as_deref(), Some("first%3DA%26last%3DB"));
    assert_eq!(page("\"\""), None);
    assert_eq!(page("null"), None);
}

#[test]
fn a_bad_entry_costs_itself_and_not_the_list() {
    let good = usdm_symbol("ETH", "0.01", "0.001", "10000", "100000");
    let bad = r#"{"symbol":"XXUSDT","status":7}"#.to_owned();
    let nameless = "[]".to_owned();
    let body = format!(r#"{{"symbols":[{bad},{good},{nameless}]}}"#);
    let page = parse_binance_usdm(body.as_bytes()).unwrap();
    assert_eq!(names(&page), ["ETH/USDT:USDT"]);
    let unread: Vec<&str> = page.unread.iter().map(|u| u.symbol.as_str()).collect();
    assert_eq!(unread, ["XXUSDT", "(no symbol)"]);

    let odd = usdm_symbol("ETH", "1e-2", "0.001", "NaN", "100000");
    let page = parse_binance_usdm(format!(r#"{{"symbols":[{odd}]}}"#).as_bytes()).unwrap();
    let why = page.listings[0].rules.as_ref().unwrap_err();
    assert!(why.contains("LOT_SIZE.maxQty \"NaN\""), "{why}");
}

#[test]
fn a_body_that_is_no_list_says_what_it_is() {
    let text = |result: Result<Page, CatalogError>| result.unwrap_err().to_string();
    assert_eq!(
        text(parse_binance_spot(br#"{"code":-1003,"msg":"Too many requests."}"#)),
        "binance-spot: the instrument list was refused with code -1003: Too many requests."
    );
    assert_eq!(
        text(parse_okx(br#"{"code":"50011","msg":"Too Many Requests","data":[]}"#)),
        "okx: the instrument list was refused with code 50011: Too Many Requests"
    );
    assert_eq!(
        text(parse_bybit_spot(br#"{"retCode":10006,"retMsg":"Too many visits!"}"#)),
        "bybit: the instrument list was refused with code 10006: Too many visits!"
    );
    for body in [&b""[..], b"<html>", b"{", b"[]", b"null", b"{\"symbols\":3}"] {
        assert!(text(parse_binance_usdm(body)).contains("not of the documented shape"));
        assert!(text(parse_okx(body)).contains("not of the documented shape"));
        assert!(text(parse_bybit_linear(body)).contains("not of the documented shape"));
    }
    assert!(text(parse_bybit_linear(br#"{"retCode":0}"#)).contains("no result"));
}

#[test]
fn inverse_dated_and_oddly_settled_contracts_are_never_perpetuals() {
    let inverse = okx_swap("BTC-USD", "100", "1", "1", "0.1").replace("linear", "inverse");
    assert!(okx(&[inverse]).is_empty());

    // A linear swap whose value is in dollars, or that settles elsewhere, has no quantity we know.
    let dollars = okx_swap("BTC-USDT", "100", "1", "1", "0.1")
        .replace("\"ctValCcy\":\"BTC\"", "\"ctValCcy\":\"USD\"");
    assert_eq!(okx(&[dollars])[0].rules, Err("ctValCcy is \"USD\", not BTC".to_owned()));
    let elsewhere = okx_swap("BTC-USDT", "0.01", "1", "1", "0.1")
        .replace("\"settleCcy\":\"USDT\"", "\"settleCcy\":\"USDC\"");
    assert_eq!(okx(&[elsewhere])[0].rules, Err("settled in \"USDC\", not USDT".to_owned()));

    let dated =
        bybit_symbol("BTC", "0.1", "0.001", "100").replace("LinearPerpetual", "LinearFutures");
    assert!(bybit_linear(&[dated]).is_empty());
    let coin = usdm_symbol("BTC", "0.1", "0.001", "100", "1000")
        .replace("\"marginAsset\":\"USDT\"", "\"marginAsset\":\"BTC\"");
    assert!(usdm(&[coin]).is_empty());
}

#[test]
fn multipliers_are_told_from_names_that_only_look_like_them() {
    #[rustfmt::skip]
    let cases = [
        ("1000PEPE",        "PEPE",        3),
        ("10000SATS",       "SATS",        4),
        ("1000000BABYDOGE", "BABYDOGE",    6),
        ("1MBABYDOGE",      "BABYDOGE",    6),
        ("1000000MOG",      "MOG",         6),
        ("SHIB1000",        "SHIB",        3),
        ("1000X",           "X",           3),
        ("1000BONK",        "BONK",        3),
        ("BTC",             "BTC",         0),
        ("1INCH",           "1INCH",       0),
        ("1MX",             "1MX",         0),
        ("1MIL",            "1MIL",        0),
        ("100X",            "100X",        0),
        ("10SET",           "10SET",       0),
        ("1000",            "1000",        0),
        ("2000PEPE",        "2000PEPE",    0),
        ("10003X",          "10003X",      0),
        ("币安人生",         "币安人生",     0),
        ("",                "",            0),
    ];
    for (listed, base, exp) in cases {
        assert_eq!(multiplied(listed), Multiplied { base, exp }, "{listed}");
    }
}

#[test]
fn an_instrument_carries_its_venues_rules_in_the_assets_units() {
    let mut listings = usdm(&[usdm_symbol("BTC", "0.10", "0.001", "1000", "1000000")]);
    listings.extend(okx(&[okx_swap("BTC-USDT", "0.01", "1", "0.01", "0.1")]));
    let wanted = [want(VenueId::BinanceUsdm, "BTC/USDT:USDT"), want(VenueId::Okx, "BTC/USDT:USDT")];
    let built = build(&listings, &[], &wanted, &Fees::default()).unwrap();
    let [usdm, okx] = &built.list[..] else { panic!("two instruments") };
    assert_eq!(usdm.scale, okx.scale);
    assert_eq!((usdm.scale.price_exp, usdm.scale.qty_exp), (1, 8));
    assert_eq!((usdm.tick, usdm.lot), (Price(1), Qty(100_000)));
    assert_eq!(usdm.notional_min, Money::from_whole(5));
    assert_eq!((usdm.fee_maker, usdm.fee_taker), (Rate(2 * Rate::BP.0), Rate(5 * Rate::BP.0)));
    // One hundredth of a contract of one hundredth of a coin.
    assert_eq!((okx.lot, okx.qty_min), (Qty(10_000), Qty(10_000)));
    assert_eq!(okx.code, 10_459);
    assert_eq!(okx.edge.qty(b"12.34"), Ok(Qty(12_340_000)));
    let mut text = [0; 41];
    let length = okx.edge.write_size(Qty(12_340_000), &mut text);
    assert_eq!(&text[..length], b"12.34");
    assert_eq!(built.asset_name(usdm.base), "BTC");
    assert_eq!(usdm.base, okx.base);
}

#[test]
fn what_is_not_there_is_refused_with_what_is_and_all_refusals_come_at_once() {
    let mut listings = usdm(&[
        usdm_symbol("1000PEPE", "0.0000001", "1", "1000000", "200"),
        usdm_symbol("LUNA", "0.01", "1", "1000", "10").replace("TRADING", "SETTLING"),
    ]);
    listings.extend(spot(&[spot_symbol("BTC", "0.01", "0.00001", "9000", "1000000")]));
    let wanted = [
        want(VenueId::BinanceUsdm, "PEPE/USDT"),
        want(VenueId::BinanceUsdm, "LUNA/USDT:USDT"),
        want(VenueId::Okx, "BTC/USDT"),
        want(VenueId::BinanceSpot, "BTC/USDT"),
    ];
    let (made, refusals) = sort_out(&listings, &[], &wanted, &Fees::default());
    let text: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "binance-usdm PEPE/USDT: not listed by the venue as spot or linear perpetual; it lists 1000PEPE/USDT:USDT",
            "binance-usdm LUNA/USDT:USDT: the venue takes no orders for it now (status SETTLING)",
            "okx BTC/USDT: not listed by the venue as spot or linear perpetual",
        ]
    );
    assert_eq!(made.list.len(), 1);
    assert_eq!(build(&listings, &[], &wanted, &Fees::default()), Err(refusals));
}

#[test]
fn a_wanted_instrument_whose_entry_cannot_be_read_is_refused_for_that() {
    let entry = |venue, symbol: &str| Unread {
        venue,
        symbol: symbol.to_owned(),
        why: "invalid type: integer `7`".to_owned(),
    };
    let unread = [
        entry(VenueId::BinanceUsdm, "XXUSDT"),
        entry(VenueId::Okx, "XX-USDT-SWAP"),
        entry(VenueId::Bybit, "XXUSDT"),
    ];
    let wanted = [
        want(VenueId::BinanceUsdm, "XX/USDT:USDT"),
        want(VenueId::Okx, "XX/USDT:USDT"),
        want(VenueId::Okx, "XX/USDT"),
        want(VenueId::Bybit, "XX/USDT"),
        want(VenueId::BinanceSpot, "XX/USDT"),
    ];
    let refusals = build(&[], &unread, &wanted, &Fees::default()).unwrap_err();
    let is_unread: Vec<bool> =
        refusals.iter().map(|refusal| matches!(refusal.reason, Reason::Unread(_))).collect();
    assert_eq!(is_unread, [true, true, false, true, false]);
    assert_eq!(
        refusals[0].to_string(),
        "binance-usdm XX/USDT:USDT: its entry in the venue's list cannot be read: invalid type: integer `7`"
    );
    assert_eq!(
        unread[1].to_string(),
        "okx XX-USDT-SWAP: its entry in the venue's list cannot be read: invalid type: integer `7`"
    );
}

#[test]
fn the_same_instrument_wanted_twice_or_by_both_its_names_is_made_once() {
    let listings = usdm(&[usdm_symbol("1000PEPE", "0.0000001", "1", "1000000", "200")]);
    let wanted = [
        want(VenueId::BinanceUsdm, "PEPE/USDT:USDT"),
        want(VenueId::BinanceUsdm, "1000PEPE/USDT:USDT"),
        want(VenueId::BinanceUsdm, "PEPE/USDT:USDT"),
    ];
    let built = build(&listings, &[], &wanted, &Fees::default()).unwrap();
    assert_eq!(built.list.len(), 1);
    assert_eq!(built.list[0].name, "1000PEPE/USDT:USDT");
}
