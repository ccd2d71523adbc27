//! Orders that take what is shown.

use super::*;

#[test]
fn an_order_is_acknowledged_filled_and_paid_for_in_the_order_of_a_venue() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    let heard = world.trade(place);
    let kinds: Vec<_> = heard.iter().map(|input| input.record(Stamp(0)).kind().unwrap()).collect();
    use base::Kind;
    let usual = [Kind::Ack, Kind::Fill, Kind::Fee, Kind::OrderState, Kind::Position, Kind::Balance];
    assert_eq!(kinds, usual);
    assert_eq!(fills(&heard), [(10_001, 400)], "at the price shown, not at its limit");
    assert_eq!(states(&heard), [(OrderStatus::Filled, 400)]);
    let held = position(&heard).unwrap();
    assert_eq!((held.qty, held.entry), (Qty(400), Some(Price(10_001))));
    // 400.04 cost 0.05 %.
    let cash = balance(&heard, VenueId::BinanceUsdm, USDT).unwrap();
    assert_eq!(cash.total, money("9999.79998"));
}

#[test]
fn an_order_meets_the_book_as_it_is_when_it_arrives() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    world.intend(Output::Place(place));
    world.stage.turn(world.now());
    world.wait(LATENCY_MS - 1);
    world.quote(PERP, (9_999, 1_000), (10_003, 100));
    // The turn is late: the order arrived before this quote all the same.
    world.wait(2);
    world.quote(PERP, (9_999, 1_000), (10_000, 1_000));
    world.wait(500);
    world.step();
    let heard = world.heard();
    assert_eq!(fills(&heard), [(10_003, 100)]);
    assert_eq!(states(&heard), [(OrderStatus::Expired, 100)], "the rest is cancelled");
}

#[test]
fn an_order_is_not_early() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    world.intend(Output::Place(place));
    world.stage.turn(world.now());
    world.wait(LATENCY_MS - 1);
    world.step();
    assert_eq!(world.heard(), []);
    world.wait(1);
    world.step();
    assert_eq!(fills(&world.heard()), [(10_001, 400)]);
}

#[test]
fn no_fill_is_worse_than_the_limit() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_000, 400);
    let heard = world.trade(place);
    assert_eq!(fills(&heard), []);
    assert_eq!(states(&heard), [(OrderStatus::Expired, 0)]);
    let place = world.order(PERP, Side::Sell, 10_000, 400);
    assert_eq!(fills(&world.trade(place)), []);
    let place = world.order(PERP, Side::Sell, 9_999, 400);
    assert_eq!(fills(&world.trade(place)), [(9_999, 400)]);
}

#[test]
fn two_orders_do_not_take_the_same_twice() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_005, 700);
    assert_eq!(fills(&world.trade(place)), [(10_001, 700)]);
    let place = world.order(PERP, Side::Buy, 10_005, 700);
    let heard = world.trade(place);
    assert_eq!(fills(&heard), [(10_001, 300)]);
    assert_eq!(states(&heard), [(OrderStatus::Expired, 300)]);
}

#[test]
fn what_lies_beyond_the_best_level_is_taken_at_the_worst_price_of_it() {
    let mut world = World::trading();
    world.quote(PERP, (9_999, 1_000), (10_001, 100));
    let sweep = Sweep { average: Price(10_010), limit: Price(10_020) };
    let (venue, instrument) = (VenueId::BinanceUsdm, PERP);
    let depth = Depth { venue, instrument, bid: None, ask: Some(sweep), venue_time: WallNs::NONE };
    world.tell(Input::Depth(depth));
    // The probe of 1000 buys 0.999 at 1001.0, 0.100 of it at the best price.
    let place = world.order(PERP, Side::Buy, 10_030, 2_000);
    let heard = world.trade(place);
    assert_eq!(fills(&heard), [(10_001, 100), (10_020, 899)]);
    let place = world.order(PERP, Side::Buy, 10_030, 2_000);
    assert_eq!(fills(&world.trade(place)), [], "all of it is taken");
}

#[test]
fn a_market_order_takes_at_any_price_shown() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 1, 400);
    let heard = world.trade(Place { style: Style::Market, ..place });
    assert_eq!(fills(&heard), [(10_001, 400)]);
}

#[test]
fn a_book_that_is_not_known_fills_nothing() {
    let mut world = World::trading();
    let (venue, instrument) = (VenueId::BinanceUsdm, PERP);
    let lost = BookState { venue, instrument, state: BookHealth::Gap };
    world.tell(Input::BookState(lost));
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    let heard = world.trade(place);
    assert_eq!(refusal(&heard), Some(RejectClass::Unavailable));
    assert_eq!(heard.len(), 1);
    // The other book stands.
    let place = world.order(SPOT, Side::Buy, 10_005, 400);
    assert_eq!(fills(&world.trade(place)), [(10_001, 400)]);
    world.quote(PERP, (9_999, 1_000), (10_001, 1_000));
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    assert_eq!(fills(&world.trade(place)), [(10_001, 400)]);
}

#[test]
fn an_old_quote_fills_nothing() {
    let mut world = World::trading();
    world.wait(1_000);
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Unavailable));
}

#[test]
fn records_that_were_lost_on_the_way_make_every_book_unknown() {
    let mut world = World::trading();
    let (venue, instrument) = (VenueId::BinanceSpot, InstrumentId::ALL);
    world.tell(Input::BookState(BookState { venue, instrument, state: BookHealth::Gap }));
    for id in [PERP, SPOT] {
        let place = world.order(id, Side::Buy, 10_005, 400);
        assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Unavailable), "{id:?}");
    }
}

#[test]
fn fills_of_different_starts_have_different_numbers() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_005, 400);
    let heard = world.trade(place);
    let Some(Input::Fill(Fill { trade_id, .. })) = heard.get(1) else { panic!("{heard:?}") };
    assert_eq!(trade_id >> 32, 7, "the epoch");
}

#[test]
fn an_instrument_of_another_stage_is_refused_here() {
    let mut world = World::trading();
    let place = world.order(ELSEWHERE, Side::Buy, 10_005, 400);
    world.intend(Output::Place(place));
    world.stage.turn(world.now());
    assert_eq!(refusal(&world.heard()), Some(RejectClass::Local));
}
