//! Messages of the venues as client libraries keep them: see testdata/SOURCES.md.

use super::*;

const FILES: [(VenueId, &str); 4] = [
    (VenueId::BinanceSpot, include_str!("../../../testdata/binance-spot.jsonl")),
    (VenueId::BinanceUsdm, include_str!("../../../testdata/binance-usdm.jsonl")),
    (VenueId::Okx, include_str!("../../../testdata/okx.jsonl")),
    (VenueId::Bybit, include_str!("../../../testdata/bybit.jsonl")),
];

/// The `line`-th message of a venue's file, from 1 as in SOURCES.md.
fn message(venue: VenueId, line: usize) -> &'static str {
    let (_, file) = FILES.iter().find(|(of, _)| *of == venue).expect("all venues");
    file.lines().nth(line - 1).expect("that many lines")
}

pub(super) fn all() -> impl Iterator<Item = (VenueId, &'static str)> {
    FILES.iter().flat_map(|(venue, file)| file.lines().map(|line| (*venue, line)))
}

#[test]
fn every_message_is_read() {
    for (venue, text) in all() {
        must_read(venue, text);
    }
}

#[test]
fn a_foreign_fill_on_okx_is_reported_as_foreign_with_its_fee() {
    let seen = must_read(VenueId::Okx, message(VenueId::Okx, 1));
    let fill = Fill {
        venue: VenueId::Okx,
        instrument: OKX_SPOT,
        order: OrderId::FOREIGN,
        side: Side::Sell,
        maker: true,
        price: Price(3_152_710),
        qty: Qty(100_000),
        trade_id: 242_589_207,
        venue_time: WallNs::from_millis(1_654_084_353_263),
    };
    let fee = Fee {
        venue: VenueId::Okx,
        instrument: OKX_SPOT,
        order: OrderId::FOREIGN,
        trade_id: 242_589_207,
        asset: USDT,
        amount: money("0.02522168"),
    };
    assert_eq!(seen, [Seen::Fill(fill), Seen::Fee(fee)]);
}

#[test]
fn usdm_short_form_of_a_fill_is_understood_and_a_strangers_new_order_is_no_news() {
    let seen = must_read(VenueId::BinanceUsdm, message(VenueId::BinanceUsdm, 2));
    let [Seen::Fill(fill)] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((fill.trade_id, fill.price), (109_100_866, Price(6_408_920)));
    assert_eq!((fill.qty, fill.side, fill.order), (Qty(4_000_000), Side::Buy, OrderId::FOREIGN));
    assert_eq!(must_read(VenueId::BinanceUsdm, message(VenueId::BinanceUsdm, 1)), []);
}

#[test]
fn positions_of_a_hedge_mode_account_are_left_out_and_said_so() {
    let seen = must_read(VenueId::BinanceUsdm, message(VenueId::BinanceUsdm, 3));
    let hedged = seen.iter().filter(|seen| **seen == Seen::Skipped(Skipped::Hedged)).count();
    assert_eq!(hedged, 2);
    let (venue, instrument, qty) = (VenueId::BinanceUsdm, USDM, Qty(0));
    let venue_time = WallNs::from_millis(1_564_745_798_938);
    let flat = Position { venue, instrument, qty, entry: None, venue_time };
    assert!(seen.contains(&Seen::Position(flat)));
    let total = money("122624.12345678");
    let balance = Balance { venue, asset: USDT, total, available: None };
    assert!(seen.contains(&Seen::Balance(balance)));
}

#[test]
fn balances_are_read_exactly() {
    let cases = [
        (VenueId::Okx, 4, USDT, "4750.426970691436", "4734.371190691436"),
        (VenueId::Bybit, 5, BTC, "0.00102964", "0.00102964"),
    ];
    for (venue, line, asset, total, available) in cases {
        let (total, available) = (money(total), Some(money(available)));
        let wanted = Balance { venue, asset, total, available };
        assert!(must_read(venue, message(venue, line)).contains(&Seen::Balance(wanted)), "{venue}");
    }
}

#[test]
fn answers_and_session_texts_are_told_apart() {
    let cases = [
        (VenueId::Bybit, 8, Session::LoggedIn),
        (VenueId::Bybit, 9, Session::LoggedIn),
        (VenueId::Bybit, 11, Session::Subscribed),
        (VenueId::Okx, 8, Session::LoggedIn),
    ];
    for (venue, line, said) in cases {
        assert_eq!(must_read(venue, message(venue, line)), [Seen::Session(said)]);
    }
    let placed = must_read(VenueId::Okx, message(VenueId::Okx, 5));
    let (request, venue_order) = (Some(1), 12_345_689);
    assert_eq!(placed, [Seen::Answer { request, order: None, venue_order, refusal: None }]);
}
