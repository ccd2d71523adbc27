use super::Exchange;
use crate::dec::Dec;
use crate::event::{AccountEvent, Change, Event};
use crate::faults::{FaultKind, FaultRule};
use crate::order::{DoneReason, NewOrder, OrderKind, OrderRef, Placed, Refusal, Status, Stp, Tif};
use crate::scenario::Scenario;
use crate::spec::Spec;
use crate::tape::Tape;
use base::{Side, VenueId, WallNs};
use proptest::prelude::*;

const SECOND: i64 = 1_000_000_000;

fn dec(text: &str) -> Dec {
    Dec::parse(text).expect("a number")
}

fn venue(venue: VenueId) -> Exchange {
    let scenario = Scenario::load("calm").expect("a built-in scenario");
    let tape = Tape::built_in().expect("the captures the program was built with");
    Exchange::new(venue, &scenario, tape).expect("a listing")
}

fn now(exchange: &Exchange) -> WallNs {
    exchange.market().now()
}

fn limit(row: usize, side: Side, price: Dec, qty: &str) -> NewOrder {
    NewOrder {
        row,
        side,
        kind: OrderKind::Limit,
        tif: Tif::Gtc,
        price: Some(price),
        qty: dec(qty),
        quote_qty: None,
        reduce_only: false,
        stp: Stp::CancelMaker,
        client_id: String::new(),
        tag: String::new(),
    }
}

fn market(row: usize, side: Side, qty: &str) -> NewOrder {
    NewOrder {
        kind: OrderKind::Market,
        tif: Tif::Ioc,
        price: None,
        ..limit(row, side, Dec::ONE, qty)
    }
}

fn place(exchange: &mut Exchange, new: NewOrder) -> Result<Placed, Refusal> {
    let at = now(exchange);
    exchange.place(at, 0, new)
}

fn bitcoin(exchange: &Exchange, name: &str) -> Spec {
    exchange.specs().by_name(name).expect("a listed instrument").clone()
}

/// A price far on the passive side, on the tick and within the band.
fn passive(exchange: &Exchange, spec: &Spec, side: Side) -> Dec {
    let top = exchange.market().top(spec.row);
    let price =
        if side == Side::Buy { top.bid.times(dec("0.98")) } else { top.ask.times(dec("1.02")) };
    price.cut_to(spec.tick)
}

#[test]
fn a_taker_eats_the_displayed_book_and_not_the_same_level_twice() {
    let mut exchange = venue(VenueId::BinanceUsdm);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    let asks = exchange.market().levels(spec.row, Side::Sell, 10);
    let first = place(&mut exchange, market(spec.row, Side::Buy, "1")).expect("it trades");
    assert_eq!(first.order.status, Status::Filled);
    assert_eq!(first.fills[0].price, asks[0].price);
    // Everything else the best level shows, and a bit of the next.
    let rest = asks[0].qty - dec("1") + asks[1].qty;
    let second = place(&mut exchange, NewOrder { qty: rest, ..market(spec.row, Side::Buy, "1") });
    let second = second.expect("it trades");
    let prices: Vec<Dec> = second.fills.iter().map(|fill| fill.price).collect();
    assert_eq!(prices, [asks[0].price, asks[1].price]);
    assert_eq!(second.fills[0].qty, asks[0].qty - dec("1"));
}

#[test]
fn fees_are_the_venues_and_in_the_asset_received() {
    let mut exchange = venue(VenueId::BinanceSpot);
    let spec = bitcoin(&exchange, "BTC/USDT");
    let bought = place(&mut exchange, market(spec.row, Side::Buy, "0.1")).expect("it trades");
    assert_eq!((bought.order.fee_asset.as_str(), bought.order.fee), ("BTC", dec("0.0001")));
    let sold = place(&mut exchange, market(spec.row, Side::Sell, "0.1")).expect("it trades");
    assert_eq!(sold.order.fee_asset, "USDT");
    assert_eq!(sold.order.fee, sold.order.filled_value.times(dec("0.001")).cut_places(8));
    assert_eq!(exchange.balance(0, "BTC").total, dec("0.9999"));
}

#[test]
fn a_resting_order_fills_at_its_price_when_the_market_trades_through() {
    let mut exchange = venue(VenueId::BinanceUsdm);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    let price = exchange.market().top(spec.row).bid - spec.tick - spec.tick;
    let placed = place(&mut exchange, limit(spec.row, Side::Buy, price, "0.05")).expect("it rests");
    assert_eq!(placed.order.status, Status::New);
    let start = now(&exchange);
    exchange.advance(WallNs(start.0 + 120 * SECOND));
    let order = exchange.order(0, &OrderRef::Id(placed.order.id)).expect("our order").clone();
    assert_eq!(order.status, Status::Filled);
    assert_eq!(order.average(), price);
    let fill = exchange.fills(0).iter().find(|fill| fill.order_id == order.id).expect("a fill");
    assert!(fill.maker);
    assert_eq!(fill.fee, price.times(fill.qty).times(dec("0.0002")).cut_places(8));
}

#[test]
fn times_in_force_do_what_they_say() {
    let mut exchange = venue(VenueId::Okx);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    let top = exchange.market().top(spec.row);
    let huge = "900";
    let order = |tif, price, qty: &str| NewOrder { tif, ..limit(spec.row, Side::Buy, price, qty) };
    let ioc = place(&mut exchange, order(Tif::Ioc, top.bid, "0.01")).expect("accepted").order;
    assert_eq!(
        (ioc.status, ioc.done_reason, ioc.filled),
        (Status::Cancelled, Some(DoneReason::Ioc), Dec::ZERO)
    );
    exchange.set_leverage(0, spec.row, 125);
    let fok = place(&mut exchange, order(Tif::Fok, top.ask, "60")).expect("accepted").order;
    assert_eq!((fok.done_reason, fok.filled), (Some(DoneReason::Fok), Dec::ZERO));
    let post = place(&mut exchange, order(Tif::PostOnly, top.ask, "0.01")).expect("accepted").order;
    assert_eq!((post.done_reason, post.filled), (Some(DoneReason::PostOnly), Dec::ZERO));
    assert_eq!(place(&mut exchange, order(Tif::Gtc, top.bid, huge)).err(), Some(Refusal::Balance));
    let mut binance = venue(VenueId::BinanceUsdm);
    let spec = bitcoin(&binance, "BTC/USDT:USDT");
    let top = binance.market().top(spec.row);
    let order = |tif, qty: &str| NewOrder { tif, ..limit(spec.row, Side::Buy, top.ask, qty) };
    assert_eq!(place(&mut binance, order(Tif::PostOnly, "0.01")).err(), Some(Refusal::PostOnly));
    assert_eq!(place(&mut binance, order(Tif::Fok, "30")).err(), Some(Refusal::Fok));
}

#[test]
fn every_rule_of_an_instrument_has_its_refusal() {
    let mut exchange = venue(VenueId::BinanceUsdm);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    let price = passive(&exchange, &spec, Side::Buy);
    let order = |price, qty: &str| limit(spec.row, Side::Buy, price, qty);
    let cases = [
        (limit(99, Side::Buy, price, "1"), Refusal::Instrument),
        (order(price + dec("0.05"), "0.01"), Refusal::PriceTick),
        (order(Dec::ZERO, "0.01"), Refusal::PriceTick),
        (order(price.times(dec("1.1")).cut_to(spec.tick), "0.01"), Refusal::PriceBand),
        (
            limit(spec.row, Side::Sell, price.times(dec("0.9")).cut_to(spec.tick), "0.01"),
            Refusal::PriceBand,
        ),
        (order(price, "0.0005"), Refusal::QtyLot),
        (order(price, "0"), Refusal::QtyLot),
        (order(price, "1001"), Refusal::QtyMax),
        (market(spec.row, Side::Buy, "126"), Refusal::QtyMax),
        (order(price, "900"), Refusal::Balance),
        (NewOrder { reduce_only: true, ..order(price, "0.01") }, Refusal::ReduceOnly),
    ];
    for (new, expected) in cases {
        assert_eq!(place(&mut exchange, new.clone()).err(), Some(expected), "{new:?}");
    }
    let spot = bitcoin(&venue(VenueId::BinanceSpot), "BTC/USDT");
    let mut exchange = venue(VenueId::BinanceSpot);
    let price = passive(&exchange, &spot, Side::Buy);
    assert_eq!(
        place(&mut exchange, limit(spot.row, Side::Buy, price, "0.00005")).err(),
        Some(Refusal::NotionalMin)
    );
    assert_eq!(
        place(&mut exchange, limit(spot.row, Side::Sell, price, "2")).err(),
        Some(Refusal::Balance)
    );
}

#[test]
fn a_client_id_is_free_again_on_binance_and_never_elsewhere() {
    for (id, again) in [(VenueId::BinanceUsdm, true), (VenueId::Bybit, false)] {
        let mut exchange = venue(id);
        let spec = bitcoin(&exchange, "BTC/USDT:USDT");
        let price = passive(&exchange, &spec, Side::Buy);
        let order =
            NewOrder { client_id: "abc".into(), ..limit(spec.row, Side::Buy, price, "0.01") };
        place(&mut exchange, order.clone()).expect("it rests");
        assert_eq!(place(&mut exchange, order.clone()).err(), Some(Refusal::DuplicateId));
        let at = now(&exchange);
        exchange.cancel(at, 0, None, &OrderRef::Client("abc".into())).expect("it was open");
        let gone = exchange.cancel(at, 0, None, &OrderRef::Client("abc".into())).err();
        assert_eq!(gone, Some(Refusal::AlreadyCancelled));
        assert_eq!(place(&mut exchange, order).is_ok(), again);
        assert_eq!(exchange.account(0).ledger.client_ids, ["abc", "abc", "abc"]);
    }
}

#[test]
fn cancelling_gives_back_what_was_held() {
    let mut exchange = venue(VenueId::BinanceSpot);
    let spec = bitcoin(&exchange, "BTC/USDT");
    let price = passive(&exchange, &spec, Side::Buy);
    let placed = place(&mut exchange, limit(spec.row, Side::Buy, price, "0.5")).expect("it rests");
    assert_eq!(exchange.balance(0, "USDT").held, price.times(dec("0.5")));
    let at = now(&exchange);
    let smaller =
        exchange.amend(at, 0, None, &OrderRef::Id(placed.order.id), None, Some(dec("0.2")));
    assert_eq!(smaller.expect("it gets smaller").order.qty, dec("0.2"));
    assert_eq!(exchange.balance(0, "USDT").held, price.times(dec("0.2")));
    assert_eq!(exchange.cancel_all(at, 0, None, DoneReason::CancelAll).len(), 1);
    assert_eq!(exchange.balance(0, "USDT").held, Dec::ZERO);
}

#[test]
fn self_trade_prevention_decides_who_goes() {
    let cases = [
        (Stp::CancelMaker, Status::Cancelled, Status::New),
        (Stp::CancelTaker, Status::New, Status::Cancelled),
        (Stp::CancelBoth, Status::Cancelled, Status::Cancelled),
        (Stp::None, Status::Filled, Status::Filled),
    ];
    for (stp, resting, arriving) in cases {
        let mut exchange = venue(VenueId::Bybit);
        let spec = bitcoin(&exchange, "BTC/USDT:USDT");
        let top = exchange.market().top(spec.row);
        // Between the best prices, where nobody else stands.
        let inside = top.bid + spec.tick;
        if inside >= top.ask {
            let start = now(&exchange);
            exchange.advance(WallNs(start.0 + SECOND));
        }
        let top = exchange.market().top(spec.row);
        let price = top.ask.min(top.bid + spec.tick);
        let sell = limit(spec.row, Side::Sell, price.max(top.bid + spec.tick), "0.01");
        let maker = place(&mut exchange, sell).expect("it rests").order;
        // Everything displayed up to there first, then ours.
        let shown = exchange.takeable(spec.row, Side::Buy, maker.price);
        let buy = NewOrder {
            stp,
            qty: shown + dec("0.01"),
            ..limit(spec.row, Side::Buy, maker.price, "1")
        };
        let taker = place(&mut exchange, buy).expect("accepted").order;
        let status = |id| exchange.order(0, &OrderRef::Id(id)).expect("our order").status;
        let arrived = if shown.is_zero() || arriving != Status::New {
            arriving
        } else {
            Status::PartiallyFilled
        };
        assert_eq!((status(maker.id), status(taker.id)), (resting, arrived), "{stp:?}");
    }
}

#[test]
fn a_reduce_only_order_never_opens_the_other_way() {
    let mut exchange = venue(VenueId::BinanceUsdm);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    place(&mut exchange, market(spec.row, Side::Buy, "0.01")).expect("it trades");
    let close = NewOrder { reduce_only: true, ..market(spec.row, Side::Sell, "0.5") };
    let closed = place(&mut exchange, close).expect("it trades").order;
    assert_eq!(closed.filled, dec("0.01"));
    assert_eq!(closed.done_reason, Some(DoneReason::ReduceOnly));
    assert_eq!(exchange.position(0, spec.row).qty, Dec::ZERO);
}

#[test]
fn funding_is_cash_on_the_position_at_the_mark() {
    let mut exchange = venue(VenueId::Bybit);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    place(&mut exchange, market(spec.row, Side::Sell, "0.2")).expect("it trades");
    let before = exchange.balance(0, "USDT").total;
    let start = now(&exchange);
    exchange.advance(WallNs(start.0 + 350 * SECOND));
    let paid = exchange.account(0).ledger.funding.clone();
    assert_eq!(paid.len(), 1);
    // A short receives when the rate is above zero.
    let expected = dec("0.2").times(paid[0].mark).times(paid[0].rate).cut_places(8);
    assert_eq!(paid[0].amount, expected);
    assert!(expected.is_positive());
    assert_eq!(exchange.balance(0, "USDT").total, before + expected);
    let told = exchange.take_events();
    let told = told.iter().filter(|e| matches!(e, Event::Account(AccountEvent::Funding { .. })));
    assert_eq!(told.count(), 1);
}

#[test]
fn faults_refuse_and_shorten() {
    let mut exchange = venue(VenueId::BinanceUsdm);
    let spec = bitcoin(&exchange, "BTC/USDT:USDT");
    let rule = |kind| FaultRule {
        kind,
        venue: None,
        instrument: None,
        from_s: 0,
        until_s: None,
        percent: 100,
        every_s: None,
        times: Some(1),
        delay_ms: 0,
    };
    exchange.faults.inject(rule(FaultKind::Reject));
    assert_eq!(
        place(&mut exchange, market(spec.row, Side::Buy, "0.03")).err(),
        Some(Refusal::Injected)
    );
    exchange.faults.inject(rule(FaultKind::PartialFill));
    let short = place(&mut exchange, market(spec.row, Side::Buy, "0.03")).expect("accepted").order;
    assert_eq!((short.filled, short.done_reason), (dec("0.01"), Some(DoneReason::NoLiquidity)));
    let price = passive(&exchange, &spec, Side::Buy);
    place(&mut exchange, limit(spec.row, Side::Buy, price, "0.01")).expect("it rests");
    let at = now(&exchange);
    assert!(exchange.cancel_silently(at));
    assert!(!exchange.cancel_silently(at));
}

/// One thing a client may do.
#[derive(Clone, Debug)]
enum Step {
    Place(bool, bool, u8, i64, i64, u8),
    CancelOldest,
    Amend(i64, i64),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = (any::<bool>(), any::<bool>(), 0_u8..5, -40_i64..40, 1_i64..400, 0_u8..4)
        .prop_map(|(perp, buy, tif, away, lots, stp)| Step::Place(perp, buy, tif, away, lots, stp));
    let other = prop_oneof![
        Just(Step::CancelOldest),
        (-20_i64..20, 1_i64..400).prop_map(|(away, lots)| Step::Amend(away, lots)),
        (1_i64..4_000).prop_map(Step::Wait),
    ];
    prop::collection::vec(prop_oneof![3 => place, 2 => other], 1..60)
}

fn run(exchange: &mut Exchange, step: &Step) {
    let at = now(exchange);
    match step {
        Step::Place(perp, buy, tif, away, lots, stp) => {
            let spec = bitcoin(exchange, if *perp { "BTC/USDT:USDT" } else { "BTC/USDT" });
            let side = if *buy { Side::Buy } else { Side::Sell };
            let top = exchange.market().top(spec.row);
            let price = (top.bid + spec.tick.repeat(i128::from(*away) * 8)).cut_to(spec.tick);
            let tifs = [Tif::Gtc, Tif::Ioc, Tif::Fok, Tif::PostOnly, Tif::Ioc];
            let stps = [Stp::None, Stp::CancelMaker, Stp::CancelTaker, Stp::CancelBoth];
            let new = NewOrder {
                kind: if *tif == 4 { OrderKind::Market } else { OrderKind::Limit },
                tif: tifs[usize::from(*tif)],
                qty: Dec::scaled(*lots, 3),
                stp: stps[usize::from(*stp)],
                reduce_only: *perp && lots % 7 == 0,
                ..limit(spec.row, side, price, "1")
            };
            // Refusals are fine: nothing may have happened then.
            let _ = exchange.place(at, 0, new);
        }
        Step::CancelOldest => {
            let oldest = exchange.open_orders(0, None).first().map(|order| order.id);
            if let Some(id) = oldest {
                exchange.cancel(at, 0, None, &OrderRef::Id(id)).expect("it was open");
            }
        }
        Step::Amend(away, lots) => {
            let oldest = exchange.open_orders(0, None).first().map(|order| (order.id, order.row));
            if let Some((id, row)) = oldest {
                let spec = exchange.spec(row).clone();
                let top = exchange.market().top(row);
                let price = (top.bid + spec.tick.repeat(i128::from(*away) * 8)).cut_to(spec.tick);
                let _ = exchange.amend(
                    at,
                    0,
                    None,
                    &OrderRef::Id(id),
                    Some(price),
                    Some(Dec::scaled(*lots, 3)),
                );
            }
        }
        Step::Wait(ms) => exchange.advance(WallNs(at.0 + ms * 1_000_000)),
    }
}

/// What must always hold between balances, postings, positions, fills and orders.
fn consistent(exchange: &Exchange) {
    let account = exchange.account(0);
    for (asset, balance) in &account.balances {
        assert_eq!(balance.total, account.ledger.total(asset), "{asset}");
        assert_eq!(balance.total + account.ledger.house[asset], Dec::ZERO, "{asset} and the house");
        let held: Dec = exchange
            .open_orders(0, None)
            .iter()
            .filter(|o| {
                let spec = exchange.spec(o.row);
                !spec.is_perpetual()
                    && asset == if o.side == Side::Buy { &spec.quote } else { &spec.base }
            })
            .map(|o| o.held)
            .sum();
        assert_eq!(balance.held, held, "{asset} held");
        assert!(!balance.free().is_negative() || asset == "USDT", "{asset} {balance:?}");
    }
    for (row, sums) in &account.ledger.sums {
        let fills: Vec<_> = account.ledger.fills.iter().filter(|fill| fill.row == *row).collect();
        let signed = |side: Side, qty: Dec| if side == Side::Buy { qty } else { -qty };
        let net: Dec = fills.iter().map(|fill| signed(fill.side, fill.qty)).sum();
        assert_eq!(sums.bought - sums.sold, net);
        if exchange.spec(*row).is_perpetual() {
            let position = exchange.position(0, *row);
            assert_eq!(position.qty, net);
            let cash: Dec =
                fills.iter().map(|fill| -signed(fill.side, fill.price.times(fill.qty))).sum();
            assert_eq!(cash, position.realised - position.cost);
            assert_eq!(sums.realised, position.realised);
        }
    }
    for order in exchange.orders(0, None) {
        let fills = account.ledger.fills.iter().filter(|fill| fill.order_id == order.id);
        let (qty, fee) =
            fills.fold((Dec::ZERO, Dec::ZERO), |(q, f), fill| (q + fill.qty, f + fill.fee));
        assert_eq!((order.filled, order.fee), (qty, fee));
        assert!(order.filled <= order.qty);
        assert_eq!(
            order.status == Status::Filled,
            order.left().is_zero() && order.done_reason.is_none()
        );
        assert_eq!(order.done_reason.is_some(), order.status == Status::Cancelled);
        assert_eq!(exchange.open[order.row].contains(&order.id), order.status.is_open());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn money_and_positions_are_conserved_whatever_a_client_does(steps in steps()) {
        let mut exchange = venue(VenueId::Okx);
        for step in &steps {
            run(&mut exchange, step);
            consistent(&exchange);
        }
        // Each order's story is told once: accepted, filled as often as it has fills, ended once.
        let (mut accepted, mut filled, mut done) = (0, 0, 0);
        for event in exchange.take_events() {
            if let Event::Account(AccountEvent::Order { change, .. }) = event {
                match change {
                    Change::Accepted => accepted += 1,
                    Change::Filled(_) => filled += 1,
                    Change::Done(_) => done += 1,
                    Change::Amended => {}
                }
            }
        }
        prop_assert_eq!(accepted, exchange.orders(0, None).count());
        prop_assert_eq!(filled, exchange.fills(0).len());
        prop_assert_eq!(done, exchange.orders(0, None).filter(|o| o.status == Status::Cancelled).count());
    }
}
