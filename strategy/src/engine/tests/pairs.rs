use crate::engine::world::*;
use base::input::{Input, OrderStatus, SessionState};
use base::output::{PairPhase, PairReason, Style};
use base::{InstrumentId, Money, Side, Span, VenueId};

/// A world with an open pair: instrument 0 long, instrument 1 short.
pub(super) fn opened() -> World {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.fill_all(&sell);
    assert_eq!(phases(&world.take()), [PairPhase::Open]);
    world
}

#[test]
fn a_spread_that_pays_opens_both_legs_in_one_step() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let outputs = world.take();
    assert_eq!(phases(&outputs), [PairPhase::Opening]);
    let [buy, sell] = places(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!((buy.instrument, buy.side), (InstrumentId(0), Side::Buy));
    assert_eq!((sell.instrument, sell.side), (InstrumentId(1), Side::Sell));
    assert_eq!((buy.style, buy.reduce_only, buy.version), (Style::Ioc, false, 3));
    // 1000 USDT at 50,400: 0.01984, in lots of 0.0001.
    assert_eq!((buy.qty.0, sell.qty.0), (1980, 1980));
    // Five basis points beyond the touch, on the tick.
    assert_eq!((buy.price.0, sell.price.0), (5_002_500, 5_037_480));
    assert_eq!(buy.cause, world.now);
    assert_ne!(buy.order, sell.order);
    assert_eq!(buy.order.epoch(), 7);
}

#[test]
fn a_filled_pair_is_open_and_closes_when_the_spread_has_come_back() {
    let mut world = opened();
    assert_eq!(world.core.counts().pairs_opened, 1);
    world.quote(1, 5_000_000, 5_000_010);
    let outputs = world.take();
    assert_eq!(phases(&outputs), [PairPhase::Closing]);
    assert_eq!(changes(&outputs)[0].reason, PairReason::TakeProfit);
    let [sell, buy] = places(&outputs)[..] else { panic!("{outputs:?}") };
    assert_eq!((sell.side, sell.instrument), (Side::Sell, InstrumentId(0)));
    assert_eq!((buy.side, buy.instrument), (Side::Buy, InstrumentId(1)));
    assert!(sell.reduce_only && buy.reduce_only);
    assert_eq!((sell.qty.0, buy.qty.0), (1980, 1980));
    world.fill_all(&sell);
    world.fill_all(&buy);
    assert_eq!(phases(&world.take()), [PairPhase::Closed]);
    let view = world.core.view();
    assert!(view.pairs.is_empty() && view.orders.is_empty());
    assert_eq!(world.core.counts().pairs_closed, 1);
    // Bought at 50,025.00, sold at 50,374.80, and back at the exit limits.
    assert_eq!(view.pnl.unrealised, Money::ZERO);
    assert!(view.pnl.total > Money::ZERO, "{}", view.pnl.total);
}

#[test]
fn a_spread_that_runs_away_stops_the_loss() {
    let mut world = opened();
    world.quote(1, 5_070_000, 5_070_010);
    let outputs = world.take();
    assert_eq!(changes(&outputs)[0].reason, PairReason::StopLoss);
}

#[test]
fn after_a_stop_loss_the_two_rest() {
    let mut plan = two_perpetuals();
    plan.orders.stop_loss_pause = Span::from_millis(100);
    let mut world = World::ready(&plan);
    world.take();
    world.apart();
    for place in world.both() {
        world.fill_all(&place);
    }
    world.quote(1, 5_070_000, 5_070_010);
    for exit in world.both() {
        world.fill_all(&exit);
    }
    assert_eq!(world.core.view().counts.closed_stop_loss, 1);
    world.take();
    // A spread that would pay is left alone for a while.
    for _ in 0..3 {
        world.after(25);
        world.quote(0, 4_999_990, 5_000_000);
        world.quote(1, 5_040_000, 5_040_010);
        assert!(world.places().is_empty());
    }
    world.after(30);
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_040_000, 5_040_010);
    assert_eq!(world.places().len(), 2);
}

#[test]
fn a_spent_budget_holds_back_what_is_not_reduce_only_and_nothing_else() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    for venue in [VenueId::Okx, VenueId::Bybit] {
        let state = SessionState { venue, orders: true, slow: false, account: true, budget: false };
        world.give(Input::SessionState(state));
    }
    world.expire(&sell, 0);
    let mut outputs = world.take();
    assert!(places(&outputs).is_empty(), "the missing leg would be refused");
    for _ in 0..60 {
        world.after(10);
        world.refresh();
        outputs.extend(world.take());
    }
    let unwind = places(&outputs)[0];
    assert_eq!((unwind.instrument.0, unwind.reduce_only), (0, true));
}

#[test]
fn the_basis_strategy_opens_and_closes_when_the_basis_converged() {
    let mut plan = spot_and_perpetual();
    plan.strategies[0].enabled = false;
    let mut world = World::ready(&plan);
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_030_000, 5_030_010);
    let [buy, sell] = world.both();
    // 500 USDT at 50,300.
    assert_eq!((buy.qty.0, sell.qty.0), (990, 990));
    world.fill_all(&buy);
    world.fill_all(&sell);
    world.take();
    world.quote(1, 5_010_000, 5_010_010);
    assert!(world.places().is_empty());
    world.quote(1, 5_000_900, 5_000_910);
    let outputs = world.take();
    assert_eq!(changes(&outputs)[0].reason, PairReason::TakeProfit);
}

#[test]
fn funding_alone_opens_a_pair_and_ends_it_when_it_turns() {
    let mut world = World::ready(&two_perpetuals());
    world.funding(1, 4000, 8);
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_000_000, 5_000_010);
    let [buy, sell] = world.both();
    assert_eq!((buy.instrument.0, sell.instrument.0), (0, 1));
    world.fill_all(&buy);
    world.fill_all(&sell);
    world.take();
    world.refresh();
    assert!(world.places().is_empty());
    // Shorts pay now.
    world.funding(1, -4000, 8);
    world.refresh();
    let outputs = world.take();
    assert_eq!(changes(&outputs)[0].reason, PairReason::Funding);
    assert_eq!(world.core.view().pairs[0].phase, "closing");
}

#[test]
fn every_venue_keeps_its_own_orders_apart() {
    let world = opened();
    let view = world.core.view();
    let [a, b] = &view.positions[..] else { panic!() };
    assert_eq!((a.venue, a.qty.as_str()), (VenueId::Okx, "0.0198"));
    assert_eq!((b.venue, b.qty.as_str()), (VenueId::Bybit, "-0.0198"));
}

#[test]
fn an_order_that_rests_against_its_nature_is_cancelled_and_asked_for() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.ack(&sell);
    world.state(&sell, OrderStatus::Live, 0);
    world.after(260);
    let outputs = world.take();
    assert!(outputs.iter().any(|o| matches!(o, base::Output::Cancel(c) if c.order == sell.order)));
    assert_eq!(queries(&outputs)[0].order, sell.order);
    assert!(places(&outputs).is_empty(), "nothing is hedged while it may still fill");
}
