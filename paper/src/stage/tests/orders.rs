//! Orders that rest, and what ends them.

use super::*;

/// An order of one coin that waits at 1000.0.
fn waiting(world: &mut World, side: Side, style: Style) -> Place {
    let place = world.order(PERP, side, 10_000, 1_000);
    let place = Place { style, ..place };
    let heard = world.trade(place);
    assert!(matches!(heard.first(), Some(Input::Ack(_))), "{heard:?}");
    assert_eq!(fills(&heard), []);
    place
}

fn traded(world: &mut World, taker: Side, price: i64, qty: i64) -> Vec<Input> {
    world.tell(Input::Trade(Trade {
        venue: VenueId::BinanceUsdm,
        instrument: PERP,
        taker,
        price: Price(price),
        qty: Qty(qty),
        trade_id: 1,
        venue_time: WallNs::NONE,
    }));
    world.step();
    world.heard()
}

#[test]
fn a_trade_through_its_price_fills_what_rests_at_its_own_price() {
    let mut world = World::trading();
    waiting(&mut world, Side::Buy, Style::Limit);
    assert_eq!(traded(&mut world, Side::Sell, 10_000, 5_000), [], "others were there first");
    assert_eq!(traded(&mut world, Side::Buy, 9_999, 5_000), [], "nobody sold to us");
    let heard = traded(&mut world, Side::Sell, 9_999, 300);
    assert_eq!(fills(&heard), [(10_000, 300)]);
    assert_eq!(states(&heard), [(OrderStatus::Partial, 300)]);
    // A maker pays 0.02 % of 300.
    assert_eq!(balance(&heard, VenueId::BinanceUsdm, USDT).unwrap().total, money("9999.94"));
    let heard = traded(&mut world, Side::Sell, 9_998, 5_000);
    assert_eq!(fills(&heard), [(10_000, 700)]);
    assert_eq!(states(&heard), [(OrderStatus::Filled, 1_000)]);
    assert_eq!(traded(&mut world, Side::Sell, 9_998, 5_000), []);
}

#[test]
fn one_trade_fills_no_more_than_was_traded() {
    let mut world = World::trading();
    for _ in 0..3 {
        waiting(&mut world, Side::Sell, Style::PostOnly);
    }
    let heard = traded(&mut world, Side::Buy, 10_001, 1_500);
    assert_eq!(fills(&heard), [(10_000, 1_000), (10_000, 500)], "the first of them first");
}

#[test]
fn a_book_that_moved_through_fills_as_much_as_it_shows() {
    let mut world = World::trading();
    waiting(&mut world, Side::Buy, Style::Limit);
    world.quote(PERP, (9_990, 1_000), (10_000, 600));
    world.step();
    assert_eq!(world.heard(), [], "touching is not going through");
    world.quote(PERP, (9_990, 1_000), (9_999, 600));
    world.step();
    assert_eq!(fills(&world.heard()), [(10_000, 600)]);
    world.quote(PERP, (9_991, 1_000), (9_999, 600));
    world.step();
    assert_eq!(world.heard(), [], "that level is taken");
}

#[test]
fn a_book_that_is_not_known_fills_nothing_that_rests() {
    let mut world = World::trading();
    waiting(&mut world, Side::Buy, Style::Limit);
    let (venue, instrument) = (VenueId::BinanceUsdm, PERP);
    world.tell(Input::BookState(BookState { venue, instrument, state: BookHealth::Silent }));
    assert_eq!(traded(&mut world, Side::Sell, 9_990, 5_000), []);
}

#[test]
fn a_limit_order_takes_first_and_rests_with_what_is_left() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_001, 1_500);
    let heard = world.trade(Place { style: Style::Limit, ..place });
    assert_eq!(fills(&heard), [(10_001, 1_000)]);
    assert_eq!(states(&heard), [(OrderStatus::Partial, 1_000)]);
    let heard = traded(&mut world, Side::Sell, 10_000, 5_000);
    assert_eq!(fills(&heard), [(10_001, 500)]);
}

#[test]
fn a_post_only_order_that_would_take_is_refused() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_001, 100);
    let heard = world.trade(Place { style: Style::PostOnly, ..place });
    assert_eq!(refusal(&heard), Some(RejectClass::WouldTake));
    assert_eq!(heard.len(), 1);
}

#[test]
fn a_cancel_ends_what_rests_and_is_refused_for_what_does_not() {
    let mut world = World::trading();
    let Place { venue, instrument, order, cause, .. } =
        waiting(&mut world, Side::Buy, Style::Limit);
    let cancel = Cancel { venue, instrument, order, cause };
    world.intend(Output::Cancel(cancel));
    world.stage.turn(world.now());
    assert_eq!(world.heard(), [], "it takes its time too");
    world.arrive();
    assert_eq!(states(&world.heard()), [(OrderStatus::Cancelled, 0)]);
    world.intend(Output::Cancel(cancel));
    world.arrive();
    let heard = world.heard();
    let Some(Input::CancelReject(reject)) = heard.first() else { panic!("{heard:?}") };
    assert_eq!(reject.class, RejectClass::NotFound);
}

#[test]
fn a_question_is_answered() {
    let mut world = World::trading();
    let Place { venue, instrument, order, .. } = waiting(&mut world, Side::Buy, Style::Limit);
    for (order, status) in [(order, OrderStatus::Live), (OrderId(9), OrderStatus::NotFound)] {
        world.intend(Output::Query(Query { venue, instrument, order }));
        world.arrive();
        assert_eq!(states(&world.heard()), [(status, 0)]);
    }
}

#[test]
fn a_cancel_of_everything_ends_what_rests_there_and_nothing_else() {
    let mut world = World::trading();
    waiting(&mut world, Side::Buy, Style::Limit);
    waiting(&mut world, Side::Sell, Style::Limit);
    let spot = world.order(SPOT, Side::Buy, 9_000, 10);
    world.trade(Place { style: Style::Limit, ..spot });
    let (venue, instrument) = (VenueId::BinanceUsdm, InstrumentId::ALL);
    world.intend(Output::CancelAll(CancelAll { venue, instrument }));
    world.arrive();
    let ended = states(&world.heard());
    assert_eq!(ended, [(OrderStatus::Cancelled, 0), (OrderStatus::Cancelled, 0)]);
}

#[test]
fn after_a_kill_everything_is_cancelled_and_nothing_is_taken_until_it_is_lifted() {
    let mut world = World::trading();
    waiting(&mut world, Side::Buy, Style::Limit);
    world.kill.set();
    world.arrive();
    assert_eq!(states(&world.heard()), [(OrderStatus::Cancelled, 0)]);
    let place = world.order(PERP, Side::Buy, 10_005, 100);
    assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Local));
    world.kill.clear();
    let place = world.order(PERP, Side::Buy, 10_005, 100);
    assert_eq!(fills(&world.trade(place)), [(10_001, 100)]);
}

#[test]
fn a_core_that_is_slow_to_listen_loses_nothing_and_no_more_is_begun() {
    // What one order, or one record that fills one resting order, tells at most.
    const STEP: usize = 12;
    let mut world = World::with(&opening(100_000, 1), 16);
    let mut heard = Vec::new();
    for _ in 0..200 {
        world.step();
        heard.extend(world.heard());
    }
    world.quote(PERP, (9_999, 1_000), (10_001, 1_000));
    for number in 0..60 {
        let place = world.order(PERP, Side::Buy, 9_990 - number, 10);
        world.intend(Output::Place(Place { style: Style::Limit, ..place }));
    }
    world.stage.turn(world.now());
    for number in 0..60 {
        let place = world.order(PERP, Side::Buy, 10_005, 10);
        world.intend(Output::Place(Place { style: Style::Ioc, ..place }));
        world.stage.turn(world.now());
        // Each of these goes through one more of those that rest.
        world.wait(1);
        world.quote(PERP, (9_900, 1_000), (9_989 - number, 1_000));
    }
    world.wait(LATENCY_MS);
    let mut refused = 0;
    for turn in 0..4_000 {
        if turn == 2_000 {
            // What was kept in its ring left only now.
            world.wait(LATENCY_MS);
        }
        // One at a time: it never finds more room than that.
        refused += u32::from(world.stage.turn(world.now()) == Work::Backpressured);
        assert!(world.stage.out.held() <= STEP, "{} wait", world.stage.out.held());
        heard.extend(world.reports.pop().map(|record| Input::read(&record).unwrap()));
    }
    assert!(refused > 100, "{refused}");
    assert_eq!(world.stage.out.lost(), 0);
    let ended = states(&heard).iter().filter(|(status, _)| *status == OrderStatus::Filled).count();
    assert_eq!((fills(&heard).len(), ended), (120, 120));
}

#[test]
fn refusals_wait_for_room_as_well() {
    let mut world = World::with(&opening(10_000, 1), 16);
    world.kill.set();
    for _ in 0..60 {
        let place = world.order(PERP, Side::Buy, 10_005, 10);
        world.intend(Output::Place(place));
    }
    let mut heard = Vec::new();
    for _ in 0..100 {
        world.stage.turn(world.now());
        assert!(world.stage.out.held() <= 1);
        heard.extend(world.reports.pop().map(|record| Input::read(&record).unwrap()));
    }
    let refused = heard.iter().filter(|input| matches!(input, Input::Reject(_))).count();
    assert_eq!(refused, 60);
}

#[test]
fn behind_a_shut_fence_nothing_new_is_taken_and_what_rests_can_be_cancelled() {
    let mut world = World::trading();
    let rests = waiting(&mut world, Side::Buy, Style::Limit);
    world.fence.close();
    let place = world.order(PERP, Side::Buy, 10_005, 100);
    assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Unavailable));
    let Place { venue, instrument, order, cause, .. } = rests;
    world.intend(Output::Cancel(Cancel { venue, instrument, order, cause }));
    world.arrive();
    assert_eq!(states(&world.heard()), [(OrderStatus::Cancelled, 0)]);
}
