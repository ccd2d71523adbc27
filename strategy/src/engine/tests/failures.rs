//! What cost others money, each by name.

use crate::engine::world::*;
use crate::risk::Gate;
use base::input::{Action, Input, OrderStatus, OrderUnknown, RejectClass};
use base::output::{AlarmCode, PairPhase, Place};
use base::{Money, OrderId, Output, Price, Product, Rate, Side, VenueId, WallNs};

fn half_open() -> (World, Place, Place) {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    (world, buy, sell)
}

fn lost(world: &mut World, place: &Place) {
    let (venue, instrument, order) = (place.venue, place.instrument, place.order);
    world.give(Input::OrderUnknown(OrderUnknown { venue, instrument, order }));
}

#[test]
fn a_timeout_taken_for_a_rejection_would_have_hedged_twice() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    lost(&mut world, &sell);
    for _ in 0..300 {
        world.refresh();
        world.after(10);
    }
    let outputs = world.take();
    assert!(places(&outputs).is_empty(), "an unknown leg is never sent again");
    assert!(queries(&outputs).iter().all(|q| q.order == sell.order));
    assert!(queries(&outputs).len() >= 3, "it is asked for");
    assert!(codes(&outputs).contains(&AlarmCode::Legged));
    assert!(phases(&outputs).contains(&PairPhase::Stuck), "and a person is called");
    // The venue had it all the time.
    world.fill_all(&sell);
    world.refresh();
    world.after(1);
    assert_eq!(world.core.view().positions[1].qty, "-0.0198");
}

#[test]
fn a_stuck_pair_acts_as_soon_as_what_it_waits_for_is_known() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    lost(&mut world, &sell);
    for _ in 0..251 {
        world.refresh();
        world.after(10);
    }
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Stuck));
    world.refresh();
    world.state(&sell, OrderStatus::NotFound, 0);
    let back = world.one();
    assert_eq!((back.instrument.0, back.side, back.reduce_only), (0, Side::Sell, true));
}

#[test]
fn a_stuck_pair_that_holds_only_dust_is_over() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    lost(&mut world, &sell);
    for _ in 0..251 {
        world.refresh();
        world.after(10);
    }
    world.take();
    world.refresh();
    world.state(&sell, OrderStatus::NotFound, 0);
    let back = world.one();
    world.expire(&back, back.qty.0 - 5);
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Closed), "half a lot is no pair");
}

#[test]
fn silence_is_asked_about_and_reserved_not_resent() {
    let (mut world, buy, sell) = half_open();
    world.after(249);
    assert!(queries(&world.take()).is_empty());
    world.after(1);
    let asked: Vec<OrderId> = queries(&world.take()).iter().map(|q| q.order).collect();
    assert_eq!(asked, [buy.order, sell.order]);
    let (long, short) = world.core.worst(buy.instrument);
    assert_eq!((long, short), (buy.qty, base::Qty::ZERO), "the worst case stays reserved");
}

#[test]
fn not_found_right_after_sending_is_no_proof() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    world.after(250);
    world.take();
    // The venue's replica is behind.
    world.state(&sell, OrderStatus::NotFound, 0);
    assert!(world.places().is_empty());
    assert_eq!(world.core.view().orders[0].state, "unknown");
    world.after(500);
    world.refresh();
    world.take();
    world.state(&sell, OrderStatus::NotFound, 0);
    // Proven now: the missing leg may be dealt with, here by unwinding, for the time is over.
    let place = world.one();
    assert_eq!((place.instrument.0, place.side, place.reduce_only), (0, Side::Sell, true));
}

#[test]
fn not_found_for_an_order_that_was_acknowledged_is_not_believed() {
    let (mut world, buy, _) = half_open();
    world.ack(&buy);
    world.after(2000);
    world.state(&buy, OrderStatus::NotFound, 0);
    assert!(world.core.view().orders.iter().any(|o| o.order == buy.order.0));
}

#[test]
fn a_duplicate_id_refusal_means_that_the_first_one_arrived() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    world.reject(&sell, RejectClass::Duplicate);
    assert!(world.places().is_empty());
    world.fill_all(&sell);
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Open));
}

#[test]
fn a_fill_counted_twice_would_have_doubled_the_position() {
    let (mut world, buy, sell) = half_open();
    world.ack(&buy);
    let trade = world.fill(&buy, 1000);
    for _ in 0..3 {
        world.fill_again(&buy, 1000, trade);
    }
    assert_eq!(world.core.counts().duplicates, 3);
    assert_eq!(world.core.view().positions[0].qty, "0.01");
    // The same number on another venue is another fill.
    world.fill_again(&sell, 1000, trade);
    assert_eq!(world.core.counts().fills, 2);
}

#[test]
fn a_fee_or_a_settlement_told_twice_is_counted_once() {
    let (mut world, buy, sell) = half_open();
    let trade = world.fill(&buy, buy.qty.0);
    world.fee(&buy, trade, USDT, "0.5");
    world.fee(&buy, trade, USDT, "0.5");
    world.fill_all(&sell);
    let at = WallNs(NOON.0 + 6_000_000);
    world.funding_paid(1, "0.2", at);
    world.funding_paid(1, "0.2", WallNs(NOON.0 + 28_000_000));
    let pnl = world.core.view().pnl;
    assert_eq!(pnl.fees, Money::parse(b"-0.5").unwrap());
    assert_eq!(pnl.funding, Money::parse(b"0.2").unwrap());
    assert_eq!(world.core.counts().funding_settlements, 1);
}

#[test]
fn a_fill_before_its_acknowledgement_counts() {
    let (mut world, buy, sell) = half_open();
    world.fill(&buy, buy.qty.0);
    world.fill(&sell, sell.qty.0);
    assert_eq!(phases(&world.take()), [PairPhase::Open]);
    world.ack(&buy);
    world.ack(&sell);
    assert_eq!(world.core.counts().orders_acked, 2);
}

#[test]
fn a_fill_the_stream_dropped_is_found_by_the_order_state() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&sell);
    // The stream says done, the fill itself never came.
    world.state(&buy, OrderStatus::Filled, buy.qty.0);
    let outputs = world.take();
    assert!(places(&outputs).is_empty(), "the leg is not bought a second time");
    assert_eq!(phases(&outputs), [PairPhase::Open]);
    assert_eq!(world.core.view().positions.len(), 1, "the books wait for the fill");
    // It is asked for until it comes, and counted once.
    world.after(300);
    assert!(queries(&world.take()).iter().any(|q| q.order == buy.order));
    world.fill(&buy, buy.qty.0);
    assert_eq!(world.core.view().positions[0].qty, "0.0198");
    assert_eq!(world.core.view().pairs[0].long_qty, "0.0198");
}

#[test]
fn a_late_fill_of_a_leg_that_was_hedged_is_unwound() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    world.expire(&sell, 0);
    let hedge = world.one();
    world.fill_all(&hedge);
    world.take();
    // The first order filled after all.
    world.fill(&sell, sell.qty.0);
    let outputs = world.take();
    let unwind = places(&outputs)[0];
    assert_eq!((unwind.instrument.0, unwind.side), (1, Side::Buy));
    assert_eq!((unwind.qty, unwind.reduce_only), (sell.qty, true));
}

#[test]
fn one_leg_below_the_minimum_stops_both_before_either_is_sent() {
    let mut plan = two_perpetuals();
    plan.instruments.list[1].notional_min = Money::from_whole(2000);
    let mut world = World::ready(&plan);
    world.take();
    world.apart();
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::NotionalBelowMin), 1);
}

#[test]
fn an_hourly_rate_taken_for_eight_hours_would_be_eight_times_too_large() {
    // 0.01 % an hour against 0.08 % in eight: the same, so there is nothing to earn.
    let mut world = World::ready(&two_perpetuals());
    world.funding(0, 100, 1);
    world.funding(1, 800, 8);
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_000_000, 5_000_010);
    let edges = world.core.view().edges;
    assert_eq!(edges[0].carry_per_hour, Some(Rate::ZERO));
    // Within eight hours the hourly one settles eight times, the other once.
    assert_eq!(edges[0].carry, Some(Rate::ZERO));
}

#[test]
fn a_rate_without_its_interval_is_not_traded_on() {
    let mut world = World::ready(&two_perpetuals());
    world.give(Input::Funding(base::input::Funding {
        venue: VenueId::Bybit,
        instrument: base::InstrumentId(1),
        rate: Rate(50_000_000_000),
        interval: None,
        next: WallNs(world.wall.0 + 60_000_000_000),
        venue_time: world.wall,
    }));
    world.take();
    world.apart();
    assert!(world.places().is_empty());
}

#[test]
fn contracts_never_reach_the_core_only_base_quantities_do() {
    // Two venues of one base share a scale; another scale is another market, never compared.
    let mut plan = two_perpetuals();
    plan.instruments.list[1].scale = base::Scale { price_exp: 2, qty_exp: 2 };
    let mut world = World::ready(&plan);
    world.take();
    world.apart();
    assert!(world.places().is_empty());
    assert!(world.core.view().edges.is_empty());
}

#[test]
fn a_zero_or_crossed_price_is_no_price() {
    for (bid, ask) in [(0, 5_000_000), (-5, 5_000_000), (5_000_001, 5_000_000), (10, 10), (10, 0)] {
        let mut world = World::ready(&two_perpetuals());
        world.take();
        world.quote(1, 5_040_000, 5_040_010);
        world.quote(0, bid, ask);
        assert!(world.places().is_empty(), "{bid} {ask}");
        assert_eq!(world.core.touch(base::InstrumentId(0)), None);
    }
}

#[test]
fn a_pair_does_not_flicker_around_one_value() {
    let mut world = super::pairs::opened();
    let mut sent = 0;
    for n in 0..200 {
        world.quote(1, 5_040_000 - n % 3, 5_040_010 - n % 3);
        world.quote(0, 4_999_990, 5_000_000);
        world.after(5);
        sent += world.places().len();
    }
    assert_eq!(sent, 0);
}

#[test]
fn a_hedge_is_never_unpriced_and_never_beyond_the_collar() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    world.expire(&sell, 0);
    for _ in 0..100 {
        world.refresh();
        world.after(10);
        for place in world.places() {
            assert!(place.price > Price(0));
            let mid = if place.instrument.0 == 0 { 4_999_995_i64 } else { 5_040_005 };
            assert!((place.price.0 - mid).abs() * 50 <= mid, "{place:?}");
            world.expire(&place, 0);
        }
    }
}

#[test]
fn a_stale_book_hedges_nothing_until_it_is_fresh() {
    let (mut world, buy, sell) = half_open();
    world.fill_all(&buy);
    world.take();
    world.after(251);
    world.take();
    world.state(&sell, OrderStatus::Expired, 0);
    world.after(5);
    assert!(world.places().is_empty(), "no order on data older than the limit");
    world.refresh();
    assert_eq!(world.places().len(), 1);
}

#[test]
fn a_cancel_refused_as_not_found_is_no_proof_that_it_never_filled() {
    let (mut world, buy, _) = half_open();
    world.ack(&buy);
    world.take();
    world.give(Input::CancelReject(base::input::CancelReject {
        venue: buy.venue,
        instrument: buy.instrument,
        order: buy.order,
        class: RejectClass::NotFound,
        code: -2011,
    }));
    assert_eq!(queries(&world.take())[0].order, buy.order);
    assert!(world.core.view().orders.iter().any(|o| o.order == buy.order.0));
}

#[test]
fn stop_sends_nothing_and_flatten_only_gets_out() {
    let mut world = super::pairs::opened();
    world.command(Action::Stop);
    let outputs = world.take();
    let cancels = outputs.iter().filter(|o| matches!(o, Output::CancelAll(_))).count();
    assert_eq!(cancels, 2);
    world.quote(1, 5_000_000, 5_000_010);
    world.after(100);
    assert!(world.places().is_empty(), "positions stay");
    world.command(Action::Flatten);
    world.refresh();
    world.after(1);
    let exits = world.places();
    assert_eq!(exits.len(), 2);
    assert!(exits.iter().all(|p| p.reduce_only));
    for exit in &exits {
        world.fill_all(exit);
    }
    world.apart();
    assert!(world.places().is_empty(), "flattening opens nothing");
    assert_eq!(world.core.counts().pairs_closed, 1);
}

#[test]
fn disarming_stops_new_pairs_and_lets_hedges_and_exits_go_on() {
    let (mut world, buy, sell) = half_open();
    world.command(Action::Disarm);
    world.fill_all(&buy);
    world.expire(&sell, 0);
    let hedge = world.one();
    world.fill_all(&hedge);
    world.take();
    world.quote(1, 5_000_000, 5_000_010);
    assert_eq!(world.places().len(), 2, "out");
}

#[test]
fn order_ids_are_never_used_twice_not_even_after_a_restart() {
    let mut world = super::pairs::opened();
    let mut plan = two_perpetuals();
    let mut records = Vec::new();
    world.core.save(&mut records);
    plan.epoch += 1;
    let core = crate::engine::Core::restore(&plan, &records).unwrap();
    let old: Vec<u64> = (1..=2).map(|seq| OrderId::new(7, seq).0).collect();
    let mut again = World::ready(&plan);
    again.core = core;
    assert_eq!(again.core.orders.epoch(), 8);
    assert_eq!(again.core.mode(), crate::risk::Mode::Disarmed);
    world.take();
    assert!(!old.contains(&OrderId::new(8, 3).0));
}

#[test]
fn the_strategy_on_top_decides_first() {
    let markets = [(VenueId::Okx, Product::Spot), (VenueId::Okx, Product::Perpetual)];
    let mut world = World::ready(&plan(&markets, 1));
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_045_000, 5_045_010);
    let outputs = world.take();
    let strategies: Vec<u16> = changes(&outputs).iter().map(|c| c.strategy.0).collect();
    assert_eq!(strategies, [0, 1]);
}
