use super::{Outcome::*, Verdict, classify, classify_status};
use base::VenueId::{self, BinanceSpot, BinanceUsdm, Bybit, Okx};
use base::input::RejectClass as Class;
use proptest::prelude::*;

#[rustfmt::skip]
const NAMED: &[(VenueId, &[i64], super::Outcome, Class)] = &[
    // Binance spot.
    (BinanceSpot, &[-1003, -1015],                       RateLimited, Class::RateLimit),
    (BinanceSpot, &[-1000, -1006, -1007],                Unknown,     Class::Unavailable),
    (BinanceSpot, &[-1008, -1016, -1121],                Rejected,    Class::Unavailable),
    (BinanceSpot, &[-1013, -1111],                       Rejected,    Class::Rules),
    (BinanceSpot, &[-1021],                              Clock,       Class::Auth),
    (BinanceSpot, &[-1022, -2014, -2015, -2028, -1193],  Auth,        Class::Auth),
    (BinanceSpot, &[-1100, -1101, -1102, -1103, -1104, -1105, -1106], Rejected, Class::Other),
    (BinanceSpot, &[-2011, -2013, -2026],                NotFound,    Class::NotFound),
    (BinanceSpot, &[-2010, -2021, -2022],                Rejected,    Class::Other),
    // Binance USD-M.
    (BinanceUsdm, &[-1003, -1015],                       RateLimited, Class::RateLimit),
    (BinanceUsdm, &[-1007],                              Unknown,     Class::Unavailable),
    (BinanceUsdm, &[-1008],                              Rejected,    Class::Unavailable),
    (BinanceUsdm, &[-1021, -5028],                       Clock,       Class::Auth),
    (BinanceUsdm, &[-1022],                              Auth,        Class::Auth),
    (BinanceUsdm, &[-2011, -2013],                       NotFound,    Class::NotFound),
    (BinanceUsdm, &[-2018, -2019],                       Rejected,    Class::Funds),
    (BinanceUsdm, &[-2022, -4400, -4401],                Rejected,    Class::ReduceOnly),
    (BinanceUsdm, &[-2021, -2025, -2027, -1111, -4003, -4004, -4005, -4013, -4014, -4023, -4164, -5021],
                                                         Rejected,    Class::Rules),
    (BinanceUsdm, &[-4061],                              Rejected,    Class::Auth),
    (BinanceUsdm, &[-4015, -4067, -4068, -4120, -4192], Rejected, Class::Other),
    (BinanceUsdm, &[-4116],                              Duplicate,   Class::Duplicate),
    (BinanceUsdm, &[-4131],                              Rejected,    Class::PriceBand),
    (BinanceUsdm, &[-4059, -4046],                       NoChange,    Class::Other),
    (BinanceUsdm, &[-5022],                              Rejected,    Class::WouldTake),
    // OKX.
    (Okx, &[0],                                          Done,        Class::Other),
    (Okx, &[50001, 50004, 50026, 63999],                 Unknown,     Class::Unavailable),
    (Okx, &[50011, 50061, 51071, 60014],                 RateLimited, Class::RateLimit),
    (Okx, &[50013],                                      Rejected,    Class::Unavailable),
    (Okx, &[50102, 60006],                               Clock,       Class::Auth),
    (Okx, &[50111, 50113, 60001, 60005, 60007, 60009, 60011, 60032], Auth, Class::Auth),
    (Okx, &[51000, 51001, 60012, 60013, 60018, 64003],   Rejected,    Class::Other),
    (Okx, &[51004, 51020, 51121],                        Rejected,    Class::Rules),
    (Okx, &[51006, 54084, 54085],                        Rejected,    Class::PriceBand),
    (Okx, &[51008],                                      Rejected,    Class::Funds),
    (Okx, &[51010],                                      Rejected,    Class::Auth),
    (Okx, &[51169],                                      Rejected,    Class::ReduceOnly),
    (Okx, &[51016],                                      Duplicate,   Class::Duplicate),
    (Okx, &[51019],                                      Rejected,    Class::WouldTake),
    (Okx, &[51400, 51401, 51402, 51503],                 NotFound,    Class::NotFound),
    // Bybit.
    (Bybit, &[0],                                        Done,        Class::Other),
    (Bybit, &[10000, 10016, 170007],                     Unknown,     Class::Unavailable),
    (Bybit, &[10001, 10404],                             Rejected,    Class::Other),
    (Bybit, &[10002],                                    Clock,       Class::Auth),
    (Bybit, &[10003, 10004, 10005, 10010, 20001],        Auth,        Class::Auth),
    (Bybit, &[10006, 10403, 20003, 170005],              RateLimited, Class::RateLimit),
    (Bybit, &[10014, 20006, 110072, 170141],             Duplicate,   Class::Duplicate),
    (Bybit, &[10019, 10429, 110063, 110079],             Rejected,    Class::Unavailable),
    (Bybit, &[110001, 110008, 110010, 170139, 170142, 170143], NotFound, Class::NotFound),
    (Bybit, &[110003],                                   Rejected,    Class::PriceBand),
    (Bybit, &[110004, 110006, 110007, 110012, 170131],   Rejected,    Class::Funds),
    (Bybit, &[110017],                                   Rejected,    Class::ReduceOnly),
    (Bybit, &[110020, 110094, 170134, 170136, 170137, 170140], Rejected, Class::Rules),
    (Bybit, &[110025],                                   NoChange,    Class::Other),
    (Bybit, &[110024, 110028],                           Rejected,    Class::Other),
];

#[test]
fn every_code_the_venues_name_for_orders_is_read_as_they_mean_it() {
    for (venue, codes, outcome, class) in NAMED {
        for code in *codes {
            let verdict = classify(*venue, *code, b"");
            assert_eq!(verdict, Verdict::new(*outcome, *class), "{venue} {code}");
        }
    }
}

#[test]
fn where_one_code_means_many_things_the_words_decide() {
    #[rustfmt::skip]
    let cases: &[(VenueId, i64, &str, super::Outcome, Class)] = &[
        (BinanceSpot, -2010, "Account has insufficient balance for requested action.", Rejected,  Class::Funds),
        (BinanceSpot, -2010, "Duplicate order sent.",                                  Duplicate, Class::Duplicate),
        (BinanceSpot, -2010, "Order would immediately match and take.",                Rejected,  Class::WouldTake),
        (BinanceSpot, -2010, "Market is closed.",                                      Rejected,  Class::Unavailable),
        (BinanceSpot, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE",                  Rejected,  Class::PriceBand),
        (BinanceSpot, -1013, "Filter failure: LOT_SIZE",                               Rejected,  Class::Rules),
        (BinanceUsdm, -2028, "Leverage is smaller than permitted: insufficient margin balance.", Rejected, Class::Rules),
        (BinanceUsdm, -2028, "Session log-on needs another kind of key.",              Auth,      Class::Auth),
        (Bybit,       110017, "orderQty will be truncated to zero",                    Rejected,  Class::Rules),
        (Bybit,       10001,  "position idx not match position mode",                  Rejected,  Class::Auth),
        (Bybit,       10001,  "params error: symbol invalid",                          Rejected,  Class::Other),
        (Bybit,       110017, "Reduce-only rule not satisfied",                        Rejected,  Class::ReduceOnly),
    ];
    for (venue, code, message, outcome, class) in cases {
        let verdict = classify(*venue, *code, message.as_bytes());
        assert_eq!(verdict, Verdict::new(*outcome, *class), "{venue} {code} {message}");
    }
}

#[test]
fn a_time_out_in_any_of_the_venues_words_is_never_a_rejection() {
    #[rustfmt::skip]
    let cases: &[(VenueId, &[i64])] = &[
        (BinanceSpot, &[-1000, -1001, -1006, -1007]),
        (BinanceUsdm, &[-1000, -1001, -1006, -1007]),
        (Okx,         &[1, 2, 50001, 50004, 50026, 51054, 51149, 51410, 63999, 64008]),
        (Bybit,       &[10000, 10016, 170001, 170007, 170032, 170035, 170146, 170147, 170212, 170234, 170310]),
    ];
    for (venue, codes) in cases {
        for code in *codes {
            let verdict = classify(*venue, *code, b"anything at all");
            assert_eq!(verdict.outcome, Unknown, "{venue} {code}");
            assert!(!verdict.proves_absence(), "{venue} {code}");
        }
    }
}

#[test]
fn neither_a_duplicate_nor_a_missing_order_proves_that_a_new_one_does_not_exist() {
    for (venue, code) in
        [(BinanceUsdm, -4116), (Okx, 51016), (Bybit, 110_072), (BinanceSpot, -2013)]
    {
        assert!(!classify(venue, code, b"").proves_absence(), "{venue} {code}");
    }
    for (venue, code) in [(BinanceUsdm, -2019), (Okx, 51008), (Bybit, 10006), (BinanceSpot, -1021)]
    {
        assert!(classify(venue, code, b"").proves_absence(), "{venue} {code}");
    }
}

#[test]
fn a_status_without_a_code_proves_nothing_when_it_is_the_venues_trouble() {
    #[rustfmt::skip]
    let cases = [
        (200, Done), (429, RateLimited), (418, RateLimited), (403, RateLimited), (401, Auth), (400, Rejected),
        (408, Unknown), (500, Unknown), (502, Unknown), (503, Unknown), (504, Unknown), (302, Unknown), (0, Unknown),
    ];
    for venue in VenueId::ALL {
        for (status, outcome) in cases {
            assert_eq!(classify_status(venue, status).outcome, outcome, "{venue} {status}");
        }
    }
}

proptest! {
    #[test]
    fn a_code_nobody_wrote_down_proves_nothing_outside_the_families_of_complaints(code in any::<i64>(), message in prop::collection::vec(any::<u8>(), 0..60)) {
        for venue in VenueId::ALL {
            let verdict = classify(venue, code, &message);
            let complaint = match venue {
                BinanceSpot | BinanceUsdm => (-5_099..=-1_000).contains(&code),
                Okx => (50_000..=64_999).contains(&code),
                Bybit => (429..=200_000).contains(&code),
            };
            if !complaint && code != 0 {
                prop_assert_eq!(verdict.outcome, Unknown);
            }
        }
    }
}
