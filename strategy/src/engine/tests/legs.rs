use super::pairs::opened;
use crate::engine::world::*;
use base::input::RejectClass;
use base::output::{AlarmCode, PairPhase};
use base::{AssetId, InstrumentId, Side};

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
