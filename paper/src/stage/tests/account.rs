//! Money: what orders may use, funding, and what is told of the account.

use super::*;

#[test]
fn the_account_is_told_as_a_whole_before_anything_else() {
    let held = vec![(PERP, Qty(-500), money("-499.5"))];
    let mut world = World::with(&Opening { held, ..opening(10_000, 0) }, 4_096);
    world.step();
    let heard = world.heard();
    let sessions: Vec<_> = heard
        .iter()
        .take_while(|input| matches!(input, Input::SessionState(s) if s.orders && s.account && s.budget && !s.slow))
        .collect();
    assert_eq!(sessions.len(), 2);
    let phases: Vec<_> = heard
        .iter()
        .filter_map(|input| match input {
            Input::Reconcile(r) => Some((r.venue, r.phase)),
            _ => None,
        })
        .collect();
    let whole = |venue| [(venue, ReconcilePhase::Begin), (venue, ReconcilePhase::End)];
    assert_eq!(phases, [whole(VenueId::BinanceSpot), whole(VenueId::BinanceUsdm)].concat());
    let position = position(&heard).unwrap();
    assert_eq!((position.qty, position.entry), (Qty(-500), Some(Price(9_990))));
    for venue in [VenueId::BinanceSpot, VenueId::BinanceUsdm] {
        assert_eq!(balance(&heard, venue, BTC).unwrap().total, Money::ZERO);
        assert_eq!(balance(&heard, venue, USDT).unwrap().total, money("10000"));
    }
    // A short of 499.5 at ten times needs 49.95.
    let usdm = balance(&heard, VenueId::BinanceUsdm, USDT).unwrap();
    assert_eq!(usdm.available, Some(money("9950.05")));
    world.step();
    assert_eq!(world.heard(), []);
    world.wait(30_000);
    world.step();
    let again = world.heard();
    assert!(again.len() > 6 && !matches!(again[0], Input::SessionState(_)), "{again:?}");
}

#[test]
fn what_rests_is_named_when_the_account_is_told() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 9_000, 100);
    world.trade(Place { style: Style::Limit, ..place });
    world.wait(30_000);
    world.step();
    let open = world.heard().into_iter().find_map(|input| match input {
        Input::OpenOrder(open) => Some((open.order, open.qty, open.filled)),
        _ => None,
    });
    assert_eq!(open, Some((place.order, Qty(100), Qty(0))));
}

#[test]
fn a_spot_order_needs_what_it_spends() {
    let mut world = World::trading();
    world.quote(SPOT, (9_999, 50_000), (10_001, 50_000));
    let place = world.order(SPOT, Side::Buy, 10_001, 10_000);
    assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Funds), "10001 of 10000");
    let place = world.order(SPOT, Side::Sell, 9_999, 1_001);
    assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Funds), "1.001 of 1");
    let place = world.order(SPOT, Side::Sell, 9_999, 1_000);
    assert_eq!(fills(&world.trade(place)), [(9_999, 1_000)]);
    let place = world.order(SPOT, Side::Buy, 10_001, 10_000);
    assert_eq!(fills(&world.trade(place)), [(10_001, 10_000)]);
}

#[test]
fn what_rests_is_set_aside() {
    let mut world = World::trading();
    let place = world.order(SPOT, Side::Buy, 9_000, 10_000);
    let heard = world.trade(Place { style: Style::Limit, ..place });
    let cash = balance(&heard, VenueId::BinanceSpot, USDT).unwrap();
    assert_eq!((cash.total, cash.available), (money("10000"), Some(money("1000"))));
    let second = world.order(SPOT, Side::Buy, 10_001, 1_000);
    assert_eq!(refusal(&world.trade(second)), Some(RejectClass::Funds));
    let (venue, instrument) = (VenueId::BinanceSpot, SPOT);
    world.intend(Output::CancelAll(CancelAll { venue, instrument }));
    world.arrive();
    let cash = balance(&world.heard(), venue, USDT).unwrap();
    assert_eq!(cash.available, Some(money("10000")));
}

#[test]
fn a_position_needs_its_margin_and_reducing_it_needs_none() {
    let mut world = World::trading();
    world.quote(PERP, (9_999, 200_000), (10_001, 200_000));
    let place = world.order(PERP, Side::Buy, 10_001, 100_000);
    assert_eq!(
        refusal(&world.trade(place)),
        Some(RejectClass::Funds),
        "a tenth of 100010 and a fee"
    );
    let place = world.order(PERP, Side::Buy, 10_001, 99_000);
    assert_eq!(fills(&world.trade(place)), [(10_001, 99_000)]);
    let place = world.order(PERP, Side::Buy, 10_001, 1_000);
    assert_eq!(refusal(&world.trade(place)), Some(RejectClass::Funds));
    let place = world.order(PERP, Side::Sell, 9_999, 99_000);
    assert_eq!(fills(&world.trade(place)), [(9_999, 99_000)]);
}

#[test]
fn a_reduce_only_order_reduces_and_no_more() {
    let mut world = World::trading();
    let reduce = |place| Place { reduce_only: true, ..place };
    let place = world.order(PERP, Side::Sell, 9_999, 100);
    assert_eq!(refusal(&world.trade(reduce(place))), Some(RejectClass::ReduceOnly), "flat");
    let place = world.order(PERP, Side::Buy, 10_005, 300);
    world.trade(place);
    let place = world.order(PERP, Side::Buy, 10_005, 100);
    assert_eq!(refusal(&world.trade(reduce(place))), Some(RejectClass::ReduceOnly), "it would add");
    let place = world.order(PERP, Side::Sell, 9_990, 500);
    let heard = world.trade(reduce(place));
    assert_eq!(fills(&heard), [(9_999, 300)]);
    assert_eq!(states(&heard), [(OrderStatus::Expired, 300)]);
    assert_eq!(position(&heard).map(|position| position.qty), Some(Qty(0)));
    let place = world.order(SPOT, Side::Sell, 9_990, 500);
    assert_eq!(refusal(&world.trade(reduce(place))), Some(RejectClass::Rules), "not for spot");
}

fn paid(heard: &[Input]) -> Vec<FundingPaid> {
    let paid = |input: &Input| match input {
        Input::FundingPaid(paid) => Some(*paid),
        _ => None,
    };
    heard.iter().filter_map(paid).collect()
}

#[test]
fn funding_is_settled_when_its_time_comes_on_the_venues_clock() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Sell, 9_999, 1_000);
    world.trade(place);
    let (venue, instrument) = (VenueId::BinanceUsdm, PERP);
    let settled = WallNs(DAY + 60_000_000_000);
    let rate = |rate| {
        let (interval, venue_time) = (Some(Span::from_secs(8 * 3_600)), WallNs::NONE);
        Input::Funding(Funding {
            venue,
            instrument,
            rate: Rate(rate),
            interval,
            next: settled,
            venue_time,
        })
    };
    let mark = |price| {
        let (index, venue_time) = (None, WallNs::NONE);
        Input::Mark(Mark { venue, instrument, mark: Some(Price(price)), index, venue_time })
    };
    world.tell(rate(999));
    world.tell(mark(1));
    world.tell(rate(100_000_000));
    world.tell(mark(20_000));
    // The venue is two seconds ahead.
    let clock = ClockState { venue, offset_ns: 2_000_000_000, bound: Span(1) };
    world.tell(Input::ClockState(clock));
    world.wait(56_900);
    world.step();
    let before = world.heard();
    assert_eq!(paid(&before), []);
    world.wait(100);
    world.step();
    let heard = world.heard();
    // Shorts receive 0.01 % of 2000, the last mark said.
    let one = FundingPaid { venue, instrument, asset: USDT, amount: money("0.2"), settled };
    assert_eq!(paid(&heard), [one]);
    let cash = balance(&heard, venue, USDT).unwrap().total;
    assert_eq!(cash, money("10000") - money("0.49995") + money("0.2"));
    world.tell(rate(100_000_000));
    world.wait(1);
    world.step();
    world.step();
    assert_eq!(paid(&world.heard()), [], "once");
}

#[test]
fn an_order_state_carries_all_that_was_filled() {
    let mut world = World::trading();
    let place = world.order(PERP, Side::Buy, 10_005, 3_000);
    let heard = world.trade(place);
    let state = heard.iter().find_map(|input| match input {
        Input::OrderState(OrderState { status, filled, .. }) => Some((*status, *filled)),
        _ => None,
    });
    assert_eq!(state, Some((OrderStatus::Expired, Qty(1_000))));
}
