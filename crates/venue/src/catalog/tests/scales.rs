//! The scale of an asset over all its listings, and what is refused.

use super::super::*;
use super::lists::*;
use base::{Edge, Instrument, Price, Qty, Scale, VenueId};
use proptest::prelude::*;

fn scale(listings: &[Listing]) -> Result<Scale, ScaleFault> {
    scale_of(&listings.iter().collect::<Vec<_>>())
}

fn made(listings: &[Listing], venue: VenueId, name: &str) -> Instrument {
    let built = build(listings, &[], &[want(venue, name)], &Fees::default()).expect("built");
    built.list.into_iter().next().expect("one")
}

fn written(edge: &Edge, qty: Qty) -> String {
    let mut text = [0; 41];
    let length = edge.write_size(qty, &mut text);
    String::from_utf8(text[..length].to_vec()).unwrap()
}

#[test]
fn ticks_of_a_trillionth_fit() {
    let listings = okx(&[okx_spot("BABY-USDT", "1", "0.000000000001", "999999999999999")]);
    let baby = made(&listings, VenueId::Okx, "BABY/USDT");
    assert_eq!((baby.scale.price_exp, baby.scale.qty_exp), (12, 0));
    assert_eq!(baby.tick, Price(1));
    assert_eq!(baby.edge.price(b"0.000000001234"), Ok(Price(1_234)));
    assert_eq!(baby.edge.qty(b"123456789012345"), Ok(Qty(123_456_789_012_345)));
    let notional = baby.scale.checked_notional(Price(1_234), Qty(123_456_789_012_345));
    assert_eq!(notional.map(|n| n.to_string()).as_deref(), Some("152345.67764123373"));
}

#[test]
fn a_trillion_bttc_on_a_book_fit_and_so_does_a_hundred_times_the_largest_order() {
    let mut listings =
        spot(&[spot_symbol("BTTC", "0.00000001", "1.00", "92141578.00", "1.00000000")]);
    let bttc = made(&listings, VenueId::BinanceSpot, "BTTC/USDT");
    assert_eq!(bttc.edge.qty(b"1123473760214.00000000"), Ok(Qty(1_123_473_760_214_000)));
    assert_eq!((bttc.scale.price_exp, bttc.scale.qty_exp), (8, 3));

    listings.extend(okx(&[okx_swap("BTTC-USDT", "10000", "1", "0.1", "0.0000000001")]));
    let finer = made(&listings, VenueId::BinanceSpot, "BTTC/USDT");
    assert_eq!((finer.scale.price_exp, finer.scale.qty_exp), (10, 1));
    assert_eq!(finer.edge.qty(b"1123473760214.00000000"), Ok(Qty(11_234_737_602_140)));
}

#[test]
fn a_thousand_pepe_are_a_thousand_times_one_pepe_on_every_venue() {
    let mut listings = usdm(&[usdm_symbol("1000PEPE", "0.0000001", "1", "100000000", "200")]);
    listings.extend(okx(&[
        okx_swap("PEPE-USDT", "10000000", "1", "0.1", "0.000000001"),
        okx_spot("PEPE-USDT", "1", "0.000000001", "999999999999"),
    ]));
    listings.extend(bybit_linear(&[bybit_symbol("1000PEPE", "0.0000001", "100", "25000000")]));
    let binance = made(&listings, VenueId::BinanceUsdm, "1000PEPE/USDT:USDT");
    let okx_swap = made(&listings, VenueId::Okx, "PEPE/USDT:USDT");
    let okx_spot = made(&listings, VenueId::Okx, "PEPE/USDT");
    let bybit = made(&listings, VenueId::Bybit, "PEPE/USDT:USDT");
    let scale = binance.scale;
    assert!([&okx_swap, &okx_spot, &bybit].iter().all(|i| i.scale == scale));
    assert_eq!(scale.price_exp, 10);

    // The same price and the same quantity, four times.
    let price = okx_spot.edge.price(b"0.0000071234").unwrap();
    assert_eq!(binance.edge.price(b"0.0071234"), Ok(price));
    assert_eq!(okx_swap.edge.price(b"0.0000071234"), Ok(price));
    assert_eq!(bybit.edge.price(b"0.0071234"), Ok(price));
    let million = okx_spot.edge.qty(b"1000000").unwrap();
    assert_eq!(binance.edge.qty(b"1000"), Ok(million));
    assert_eq!(bybit.edge.qty(b"1000"), Ok(million));
    assert_eq!(okx_swap.edge.qty(b"0.1"), Ok(million));
    assert_eq!(written(&binance.edge, million), "1000");
    assert_eq!(written(&okx_swap.edge, million), "0.1");
    // Lots, in coins: 1,000; 1,000,000; 1; 100,000.
    let coins = [&binance, &okx_swap, &okx_spot, &bybit].map(|i| i.lot.0 / (million.0 / 1_000_000));
    assert_eq!(coins, [1_000, 1_000_000, 1, 100_000]);
}

#[test]
fn okx_contracts_are_ct_val_times_ct_mult() {
    let listings = okx(&[okx_swap("ETH-USDT", "0.1", "10", "0.01", "0.01")]);
    let eth = made(&listings, VenueId::Okx, "ETH/USDT:USDT");
    assert_eq!(eth.edge.qty(b"3"), eth.edge.qty(b"3.00"));
    assert_eq!(eth.edge.qty(b"3").unwrap().0, 3 * 10_i64.pow(u32::from(eth.scale.qty_exp)));
    let odd = okx(&[okx_swap("ETH-USDT", "0.05", "3", "1", "0.01")]);
    let eth = made(&odd, VenueId::Okx, "ETH/USDT:USDT");
    // 0.15 coins a contract.
    assert_eq!(eth.edge.size_factor, 15);
    assert_eq!(eth.edge.qty(b"7").unwrap().0, 105 * 10_i64.pow(u32::from(eth.scale.qty_exp)) / 100);
    assert_eq!(written(&eth.edge, eth.edge.qty(b"7").unwrap()), "7");
}

#[test]
fn quantities_get_eight_decimals_where_they_fit_and_no_more() {
    let btc = spot(&[spot_symbol("BTC", "0.01", "0.00001", "9000", "1000000")]);
    assert_eq!(scale(&btc), Ok(Scale { price_exp: 2, qty_exp: 8 }));
    // A lot finer than that is kept.
    let fine = okx(&[okx_spot("BTC-USDT", "0.000000001", "0.1", "10000")]);
    assert_eq!(scale(&fine), Ok(Scale { price_exp: 1, qty_exp: 9 }));
    // A largest order of 9 x 10^11 leaves room for no decimal but three: 9 x 10^13 x 10^5 would not fit.
    let many = spot(&[spot_symbol("MANY", "1000", "1", "900000000000", "1000000")]);
    assert_eq!(scale(&many), Ok(Scale { price_exp: 0, qty_exp: 5 }));
}

#[test]
fn the_scale_does_not_depend_on_what_is_wanted_or_in_which_order_it_is_listed() {
    let mut listings = usdm(&[usdm_symbol("BTC", "0.10", "0.001", "1000", "1000000")]);
    listings.extend(spot(&[spot_symbol("BTC", "0.01", "0.00001", "9000", "1000000")]));
    listings.extend(okx(&[okx_spot("BTC-USDT", "0.00000001", "0.1", "9999999999")]));
    let alone = made(&listings, VenueId::BinanceUsdm, "BTC/USDT:USDT").scale;
    listings.reverse();
    assert_eq!(made(&listings, VenueId::Okx, "BTC/USDT").scale, alone);
    assert_eq!(alone, Scale { price_exp: 2, qty_exp: 8 });
}

#[test]
fn what_cannot_be_exact_is_refused_with_both_listings_that_ask_for_it() {
    let mut listings = okx(&[okx_spot("TOO-USDT", "1", "0.000000000000001", "100")]);
    listings.extend(spot(&[spot_symbol("TOO", "0.01", "0.0000000001", "100", "0.001")]));
    let refusals =
        build(&listings, &[], &[want(VenueId::Okx, "TOO/USDT")], &Fees::default()).unwrap_err();
    assert_eq!(
        refusals[0].to_string(),
        "okx TOO/USDT: no exact scale for TOO: prices need 15 decimals (tick of okx TOO-USDT) and \
         quantities 10 (lot of binance-spot TOOUSDT): together more than 24"
    );
}

#[test]
fn a_price_or_quantity_without_headroom_is_refused_by_name() {
    let mut dear = okx(&[okx_spot("DEAR-USDT", "1", "0.000000000001", "100")]);
    dear.extend(spot(&[spot_symbol("DEAR", "0.01", "1", "100", "100000")]));
    let text = scale(&dear).unwrap_err().to_string();
    assert_eq!(
        text,
        "a hundred times the largest price 100000 (binance-spot DEARUSDT) with 12 decimals (tick of \
         okx DEAR-USDT) does not fit 64 bits"
    );

    let mut many = spot(&[spot_symbol("MANY", "0.01", "1", "900000000000", "100")]);
    many.extend(bybit_linear(&[bybit_symbol("MANY", "0.01", "0.00000001", "100")]));
    let text = scale(&many).unwrap_err().to_string();
    assert_eq!(
        text,
        "a hundred times the largest quantity 900000000000 (binance-spot MANYUSDT) with 8 decimals \
         (lot of bybit MANYUSDT) does not fit 64 bits"
    );

    let zero = spot(&[spot_symbol("ZERO", "0.00", "1", "100", "100")]);
    assert_eq!(
        scale(&zero).unwrap_err().to_string(),
        "binance-spot ZEROUSDT has a tick or lot of zero"
    );
}

#[test]
fn okx_largest_sizes_that_are_only_large_numbers_do_not_count_beyond_its_largest_value() {
    // 9,999,999,999 BTC a hundredfold at 1e-8 would not fit; 20 million dollars of them do.
    let btc = okx(&[okx_spot("BTC-USDT", "0.00000001", "0.1", "9999999999")]);
    assert_eq!(scale(&btc), Ok(Scale { price_exp: 1, qty_exp: 8 }));
    let instrument = made(&btc, VenueId::Okx, "BTC/USDT");
    assert_eq!(instrument.qty_max, Qty(999_999_999_900_000_000));
}

#[test]
fn a_smallest_size_between_two_lots_is_the_next_whole_one() {
    let odd = bybit_symbol("ABC", "0.01", "0.1", "100")
        .replace(r#""minOrderQty":"0.1""#, r#""minOrderQty":"0.25""#);
    let abc = made(&bybit_linear(&[odd]), VenueId::Bybit, "ABC/USDT:USDT");
    assert_eq!(abc.qty_min, Qty(3 * abc.lot.0));
    assert_eq!(abc.edge.qty(b"0.3"), Ok(abc.qty_min));
}

#[test]
fn a_smallest_size_of_nothing_is_one_lot() {
    let none = bybit_symbol("ABC", "0.01", "0.1", "100")
        .replace(r#""minOrderQty":"0.1""#, r#""minOrderQty":"0""#);
    let abc = made(&bybit_linear(&[none]), VenueId::Bybit, "ABC/USDT:USDT");
    assert_eq!(abc.qty_min, abc.lot);
}

/// A decimal text of one significant digit.
fn step(digit: u32, exp: i32) -> String {
    if exp >= 0 {
        format!("{digit}{}", "0".repeat(exp.unsigned_abs() as usize))
    } else {
        format!("0.{}{digit}", "0".repeat((-exp - 1).unsigned_abs() as usize))
    }
}

proptest! {
    /// Whatever the steps and multipliers: a scale that is given holds every listing's tick, lot and
    /// headroom exactly, and what a venue prints comes back as it was printed.
    #[test]
    fn a_scale_that_is_given_is_exact_for_all(
        tick_a in (1_u32..10, -13_i32..2),
        lot_a in (1_u32..10, -10_i32..4),
        tick_b in (1_u32..10, -13_i32..2),
        lot_b in (1_u32..10, -6_i32..4),
        value in (1_u32..10, -5_i32..8),
        thousand in any::<bool>(),
        steps in 1_i64..1_000,
    ) {
        let name = if thousand { "1000COIN" } else { "COIN" };
        let mut listings = usdm(&[usdm_symbol(
            name, &step(tick_a.0, tick_a.1), &step(lot_a.0, lot_a.1), "100000", &step(9, tick_a.1 + 5),
        )]);
        listings.extend(okx(&[okx_swap(
            "COIN-USDT", &step(value.0, value.1), "1", &step(lot_b.0, lot_b.1), &step(tick_b.0, tick_b.1),
        )]));
        let wanted = [
            want(VenueId::BinanceUsdm, "COIN/USDT:USDT"),
            want(VenueId::Okx, "COIN/USDT:USDT"),
        ];
        match build(&listings, &[], &wanted, &Fees::default()) {
            Ok(built) => for (instrument, listing) in built.list.iter().zip(&listings) {
                let rules = listing.rules.as_ref().unwrap();
                prop_assert!(instrument.scale.price_exp + instrument.scale.qty_exp <= Scale::EXP_SUM_MAX);
                prop_assert!(instrument.tick.0 > 0 && instrument.lot.0 > 0);
                prop_assert_eq!(instrument.edge.price(rules.tick.to_string().as_bytes()), Ok(instrument.tick));
                prop_assert_eq!(instrument.edge.qty(rules.lot.to_string().as_bytes()), Ok(instrument.lot));
                let qty = Qty(instrument.lot.0.checked_mul(steps).unwrap_or(instrument.lot.0));
                let text = written(&instrument.edge, qty);
                prop_assert_eq!(instrument.edge.qty(text.as_bytes()), Ok(qty));
                if let Some(max) = rules.price_max {
                    let units = instrument.edge.price(max.to_string().as_bytes()).unwrap();
                    prop_assert!(units.0.checked_mul(100).is_some());
                }
            },
            Err(refusals) => for refusal in refusals {
                let is_scale = matches!(refusal.reason, Reason::Scale { .. });
                prop_assert!(is_scale, "{}", refusal);
            },
        }
    }

    #[test]
    fn no_bytes_make_a_list_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (parse_binance_spot(&bytes), parse_okx(&bytes), parse_bybit_linear(&bytes), parse_funding_info(&bytes));
    }

    #[test]
    fn an_exact_number_prints_as_it_was_read(value in -1_000_000_000_000_i64..1_000_000_000_000, exp in 0_u8..12) {
        let text = base::decimal::Decimal { value: i128::from(value), exp }.to_string();
        prop_assert_eq!(Exact::parse(&text).unwrap().to_string(), text);
    }
}
