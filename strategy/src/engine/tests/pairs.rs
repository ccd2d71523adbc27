use crate::engine::world::*;
use base::input::{Input, OrderStatus, RejectClass, SessionState};
use base::output::{AlarmCode, PairPhase, PairReason, Style};
use base::{AssetId, InstrumentId, Money, Side, Span, VenueId};

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
fn the_missing_part_of_a_leg_is_sent_again_from_the_cumulative_difference() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.expire(&sell, 500);
    let outputs = world.take();
    assert_eq!(phases(&outputs), [PairPhase::Hedging]);
    let hedge = places(&outputs)[0];
    assert_eq!((hedge.instrument, hedge.side, hedge.qty.0), (InstrumentId(1), Side::Sell, 1480));
    assert!(!hedge.reduce_only);
    world.fill_all(&hedge);
    assert_eq!(phases(&world.take()), [PairPhase::Open]);
}

#[test]
fn a_refused_leg_unwinds_the_filled_one() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.reject(&sell, RejectClass::Funds);
    let outputs = world.take();
    assert!(codes(&outputs).contains(&AlarmCode::OrderRejected));
    let unwind = places(&outputs)[0];
    assert_eq!((unwind.instrument, unwind.side, unwind.qty.0), (InstrumentId(0), Side::Sell, 1980));
    assert!(unwind.reduce_only);
    world.fill_all(&unwind);
    assert_eq!(phases(&world.take()), [PairPhase::Closed]);
}

#[test]
fn two_refused_legs_are_abandoned() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.reject(&buy, RejectClass::Rules);
    world.reject(&sell, RejectClass::Rules);
    let outputs = world.take();
    assert_eq!(phases(&outputs), [PairPhase::Abandoned]);
    assert!(places(&outputs).is_empty());
}

#[test]
fn a_leg_refused_for_a_passing_reason_is_tried_again() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.reject(&sell, RejectClass::Unavailable);
    world.after(19);
    assert!(world.places().is_empty(), "not at once: it would be refused again");
    world.after(1);
    let hedge = world.one();
    assert_eq!((hedge.instrument, hedge.side), (InstrumentId(1), Side::Sell));
}

#[test]
fn refusals_that_pass_are_met_less_and_less_often_and_never_deeper() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.reject(&sell, RejectClass::RateLimit);
    let mut prices = Vec::new();
    for _ in 0..100 {
        world.after(20);
        world.apart();
        for place in world.places() {
            prices.push((place.instrument.0, place.price.0));
            world.reject(&place, RejectClass::RateLimit);
        }
    }
    // Within two seconds: a hedge or two, then unwinding, at pauses of 20, 40, ... 1280 ms.
    assert!((5..=8).contains(&prices.len()), "{prices:?}");
    let of = |id| prices.iter().filter(move |p| p.0 == id).map(|p| p.1);
    assert!(of(1).all(|price| price == of(1).next().unwrap()), "{prices:?}");
    assert!(of(0).all(|price| price == of(0).next().unwrap()), "{prices:?}");
}

#[test]
fn a_venue_that_refused_both_legs_for_a_passing_reason_is_left_alone_for_a_while() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    for place in world.both() {
        world.reject(&place, RejectClass::Unavailable);
    }
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Abandoned));
    world.after(490);
    world.apart();
    assert!(world.places().is_empty());
    world.after(20);
    world.apart();
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
fn the_ladder_re_prices_then_unwinds_then_calls_a_person() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.expire(&sell, 0);
    let mut last = world.one();
    assert_eq!((last.instrument.0, last.side), (1, Side::Sell));
    let mut sent = Vec::new();
    let mut outputs = Vec::new();
    for _ in 0..400 {
        world.expire(&last, 0);
        world.refresh();
        world.after(10);
        let new = world.take();
        if let Some(place) = places(&new).last() {
            last = *place;
            sent.push(last);
        }
        outputs.extend(new);
    }
    // Twice more the missing leg, deeper each time, then only the leg that is ahead.
    let hedges: Vec<_> = sent.iter().take_while(|p| p.instrument.0 == 1).collect();
    assert_eq!(hedges.len(), 2);
    assert!(hedges[1].price < hedges[0].price);
    let rest = &sent[2..];
    assert!(rest.iter().all(|p| p.instrument.0 == 0 && p.side == Side::Sell && p.reduce_only));
    assert!(phases(&outputs).contains(&PairPhase::Stuck));
    assert!(codes(&outputs).contains(&AlarmCode::Legged));
    assert_eq!(world.core.counts().pairs_stuck, 1);
    // It goes on trying to get out, slowly, and ends when it succeeds.
    world.fill_all(&last);
    world.after(2);
    assert!(world.core.view().pairs.is_empty());
}

#[test]
fn partial_fills_of_an_exit_are_followed_until_nothing_is_left() {
    let mut world = opened();
    world.quote(1, 5_000_000, 5_000_010);
    let places_ = world.places();
    let [sell, buy] = places_[..] else { panic!() };
    world.expire(&sell, 980);
    world.fill_all(&buy);
    world.refresh();
    world.after(30);
    let rest = world.one();
    assert_eq!((rest.instrument.0, rest.side, rest.qty.0), (0, Side::Sell, 1000));
    assert!(rest.reduce_only);
    world.fill_all(&rest);
    assert_eq!(phases(&world.take()), [PairPhase::Closed]);
}

#[test]
fn a_fill_after_the_cancel_is_unwound_even_when_the_pair_is_gone() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.expire(&buy, 0);
    world.expire(&sell, 0);
    assert_eq!(phases(&world.take()), [PairPhase::Abandoned]);
    // The spread is gone, so that nothing new opens.
    world.quote(1, 5_000_000, 5_000_010);
    world.fill(&buy, 700);
    let back = world.one();
    assert_eq!((back.instrument.0, back.side, back.qty.0), (0, Side::Sell, 700));
    assert!(back.reduce_only);
    world.fill_all(&back);
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Closed));
}

#[test]
fn the_fee_in_the_base_asset_is_not_sold() {
    let mut world = World::ready(&spot_and_perpetual());
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_060_000, 5_060_010);
    let [buy, sell] = world.both();
    assert_eq!(buy.instrument.0, 0);
    world.ack(&buy);
    let trade = world.fill(&buy, buy.qty.0);
    world.fee(&buy, trade, AssetId(1), "0.0000197");
    world.fill_all(&sell);
    world.take();
    // Converged: the spot leg sells what is there, in whole lots, without reduce-only.
    world.quote(1, 5_000_000, 5_000_010);
    let outputs = world.take();
    let spot = places(&outputs).into_iter().find(|p| p.instrument.0 == 0).unwrap();
    // 0.0197 bought, 0.0000197 taken in fees: 0.01968 is left, 0.0196 in lots.
    assert_eq!((spot.side, spot.qty.0, spot.reduce_only), (Side::Sell, buy.qty.0 - 10, false));
}

#[test]
fn a_lost_perpetual_leg_takes_the_other_one_along() {
    let mut world = opened();
    // The venue liquidates the short leg: a fill nobody ordered.
    world.fill_of(1, base::OrderId::FOREIGN, Side::Buy, (5_040_000, 1980), 900);
    let outputs = world.take();
    assert!(codes(&outputs).contains(&AlarmCode::ForeignFill));
    let unwind = places(&outputs)[0];
    assert_eq!((unwind.instrument.0, unwind.side, unwind.qty.0), (0, Side::Sell, 1980));
    world.fill_all(&unwind);
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Closed));
}

#[test]
fn dust_below_the_rules_is_left_and_counted() {
    let mut world = opened();
    world.quote(1, 5_000_000, 5_000_010);
    let exits = world.places();
    let [sell, buy] = exits[..] else { panic!() };
    // Five hundred-thousandths are below a lot.
    world.expire(&sell, 1975);
    world.fill_all(&buy);
    world.after(1);
    assert_eq!(phases(&world.take()), [PairPhase::Closed]);
    assert_eq!(world.core.counts().dust, 1);
    assert_eq!(world.core.view().positions[0].qty, "0.00005");
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

#[test]
fn a_leg_on_the_wrong_side_beside_dust_is_brought_back() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    // Nine are below a lot; and somebody bought where the pair was to be short.
    world.expire(&buy, 9);
    world.expire(&sell, 0);
    world.after(1);
    world.take();
    world.quote(1, 5_000_000, 5_000_010);
    assert!(world.core.view().pairs.is_empty(), "nine alone are dust");
    // A late fill of the other leg, partly: the pair is back, only to be closed.
    world.fill(&sell, 29);
    let back = world.one();
    assert_eq!((back.instrument.0, back.side, back.qty.0), (1, Side::Buy, 20));
    world.fill_all(&back);
    assert_eq!(phases(&world.take()).last(), Some(&PairPhase::Closed));
}

/// Two perpetuals where what is seen must be confirmed.
fn careful() -> World {
    let mut plan = two_perpetuals();
    plan.orders.confirm = Span::from_millis(50);
    let mut world = World::ready(&plan);
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 4_999_990, 5_000_000);
    world.after(10);
    world.take();
    world
}

#[test]
fn a_spread_that_only_one_book_shows_so_far_is_no_spread_yet() {
    // The market jumps, and one venue says so first.
    let mut world = careful();
    world.quote(1, 5_040_000, 5_040_010);
    assert!(world.places().is_empty());
    world.after(3);
    world.quote(0, 5_040_000, 5_040_010);
    world.quote(1, 5_040_000, 5_040_010);
    world.after(100);
    assert!(world.places().is_empty(), "it was the same jump");
    // The other has spoken and stayed: a spread.
    let mut world = careful();
    world.quote(1, 5_040_000, 5_040_010);
    world.after(3);
    world.quote(0, 4_999_990, 5_000_000);
    assert_eq!(world.places().len(), 2);
    // Or it says nothing for so long that it is simply still.
    let mut world = careful();
    world.quote(1, 5_040_000, 5_040_010);
    world.after(49);
    world.quote(1, 5_040_000, 5_040_010);
    assert!(world.places().is_empty());
    world.after(1);
    world.quote(1, 5_040_000, 5_040_010);
    assert_eq!(world.places().len(), 2);
}

#[test]
fn a_spread_that_went_away_and_came_back_is_confirmed_anew() {
    let mut world = careful();
    for _ in 0..20 {
        world.quote(1, 5_040_000, 5_040_010);
        world.after(5);
        world.quote(1, 4_999_990, 5_000_000);
        world.after(5);
    }
    assert!(world.places().is_empty());
}

#[test]
fn a_loss_that_only_one_book_shows_so_far_stops_nothing() {
    let mut world = careful();
    world.quote(1, 5_040_000, 5_040_010);
    world.quote(0, 4_999_990, 5_000_000);
    for place in world.both() {
        world.fill_all(&place);
    }
    world.take();
    world.after(10);
    // Everything rises by two per cent; the short leg's venue says so first.
    world.quote(1, 5_140_000, 5_140_010);
    assert!(world.places().is_empty());
    world.after(3);
    world.quote(0, 5_099_990, 5_100_000);
    world.after(60);
    assert!(world.places().is_empty(), "nothing was lost");
    // This time the long leg's venue has spoken and stayed.
    world.quote(1, 5_240_000, 5_240_010);
    world.after(3);
    world.quote(0, 5_099_990, 5_100_000);
    assert_eq!(world.places().len(), 2);
    assert_eq!(world.core.view().pairs[0].reason, "stop_loss");
}
