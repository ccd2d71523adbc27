//! What is asked about the account itself.

use super::*;

#[test]
fn an_account_that_is_as_it_must_be_is_told_of_in_silence() {
    let cases: [(VenueId, &[&str], &[&str]); 4] = [
        (VenueId::BinanceSpot, &["/api/v3/account?"], &[r#"{"canTrade":true,"balances":[]}"#]),
        (
            VenueId::BinanceUsdm,
            &["/fapi/v1/positionSide/dual?"],
            &[r#"{"dualSidePosition":false}"#],
        ),
        (
            VenueId::Okx,
            &["/api/v5/account/config"],
            &[
                r#"{"code":"0","data":[{"acctLv":"2","posMode":"net_mode","perm":"read_only,trade"}]}"#,
            ],
        ),
        (
            VenueId::Bybit,
            &["/v5/account/info", "/v5/position/list?category=linear&symbol=BTCUSDT"],
            &[
                r#"{"retCode":0,"result":{"unifiedMarginStatus":5,"marginMode":"REGULAR_MARGIN"}}"#,
                r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","positionIdx":0,"size":"0"}]}}"#,
            ],
        ),
    ];
    for (venue, paths, bodies) in cases {
        let answers: Vec<_> = bodies.iter().map(|body| Answer::Body(200, leak(body))).collect();
        let made = make(&mut rest(venue), Task::Account, answers);
        for (call, path) in made.calls.iter().zip(paths) {
            assert!(call.path.starts_with(path) && call.method == Method::Get, "{}", call.path);
        }
        assert_eq!(made.told, [News::Done], "{venue}");
        assert_eq!(made.spends.len(), paths.len() - 1, "{venue}: each call is paid for");
    }
}

fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

#[test]
fn what_makes_an_account_unfit_is_named() {
    let okx = |level: &str, mode: &str, perm: &str| {
        leak(&format!(
            r#"{{"code":"0","data":[{{"acctLv":"{level}","posMode":"{mode}","perm":"{perm}"}}]}}"#
        ))
    };
    let hedged = r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","positionIdx":1,"size":"0"},{"symbol":"BTCUSDT","positionIdx":2,"size":"0"}]}}"#;
    let unified = r#"{"retCode":0,"result":{"unifiedMarginStatus":6}}"#;
    let cases: Vec<(VenueId, Vec<&'static str>, Unfit)> = vec![
        (VenueId::BinanceSpot, vec![r#"{"canTrade":false}"#], Unfit::NoTrading),
        (VenueId::BinanceUsdm, vec![r#"{"dualSidePosition":true}"#], Unfit::Hedged),
        (VenueId::Okx, vec![okx("2", "long_short_mode", "trade")], Unfit::Hedged),
        (VenueId::Okx, vec![okx("1", "net_mode", "trade")], Unfit::Level(1)),
        (VenueId::Okx, vec![okx("3", "net_mode", "read_only")], Unfit::NoTrading),
        (
            VenueId::Bybit,
            vec![r#"{"retCode":0,"result":{"unifiedMarginStatus":1}}"#],
            Unfit::Level(1),
        ),
        (VenueId::Bybit, vec![unified, hedged], Unfit::Hedged),
    ];
    for (venue, bodies, unfit) in cases {
        let answers = bodies.into_iter().map(|body| Answer::Body(200, body));
        let (_, told) = run(&mut rest(venue), Task::Account, answers);
        assert_eq!(told, [News::Unfit(unfit), News::Done], "{venue}");
    }
}

#[test]
fn an_answer_that_does_not_say_leaves_the_account_unknown() {
    for venue in VenueId::ALL {
        let body = r#"{"code":"0","retCode":0,"data":[{}],"result":{}}"#;
        let (_, told) = run(&mut rest(venue), Task::Account, ok(body));
        assert_eq!(failed(&told).outcome, Outcome::Unknown, "{venue}");
    }
}

#[test]
fn fees_are_read_for_each_instrument_as_what_is_charged() {
    let cases: [(VenueId, &[&str], (i64, i64)); 4] = [
        (
            VenueId::BinanceSpot,
            &[
                r#"{"symbol":"BTCUSDT","standardCommission":{"maker":"0.00100000","taker":"0.00120000"}}"#,
            ],
            (1_000_000_000, 1_200_000_000),
        ),
        (
            VenueId::BinanceUsdm,
            &[
                r#"{"symbol":"BTCUSDT","makerCommissionRate":"0.000200","takerCommissionRate":"0.000500"}"#,
            ],
            (200_000_000, 500_000_000),
        ),
        (
            VenueId::Okx,
            &[
                r#"{"code":"0","data":[{"instType":"SPOT","maker":"-0.0008","taker":"-0.001","makerU":"","takerU":""}]}"#,
                r#"{"code":"0","data":[{"instType":"SWAP","maker":"-0.0001","taker":"-0.0004","makerU":"-0.0002","takerU":"-0.0005"}]}"#,
            ],
            (200_000_000, 500_000_000),
        ),
        (
            VenueId::Bybit,
            &[
                r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","makerFeeRate":"0.001","takerFeeRate":"0.001"},{"symbol":"NOPE","makerFeeRate":"1","takerFeeRate":"1"}]}}"#,
                r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","makerFeeRate":"0.0002","takerFeeRate":"0.00055"}]}}"#,
            ],
            (200_000_000, 550_000_000),
        ),
    ];
    for (venue, bodies, (maker, taker)) in cases {
        let answers = bodies.iter().map(|body| Answer::Body(200, leak(body)));
        let (_, told) = run(&mut rest(venue), Task::Fees, answers);
        let (instrument, maker, taker) = (first(venue), base::Rate(maker), base::Rate(taker));
        let wanted = News::Fees { instrument, maker, taker };
        assert!(told.contains(&wanted), "{venue}: {told:?}");
        assert_eq!(told.last(), Some(&News::Done));
    }
}
