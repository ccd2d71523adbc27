//! One canonical test a gate, named after it.

use crate::engine::world::*;
use crate::plan::{Limit, Plan};
use crate::risk::Gate;
use base::input::{
    Action, Balance, BookHealth, ClockState, Funding, Input, OrderUnknown, Quote, SessionState,
};
use base::output::AlarmCode;
use base::{InstrumentId, Money, OrderId, Price, Product, Qty, Rate, Side, Span, VenueId, WallNs};

/// A world that would trade if `spoil` did nothing; then only `gate` refuses, and says so.
fn refuses(gate: Gate, plan: &Plan, spoil: impl FnOnce(&mut World)) {
    let mut free = World::ready(plan);
    free.take();
    free.apart();
    let would = free.places().len();
    let mut world = World::ready(plan);
    world.take();
    spoil(&mut world);
    world.take();
    world.apart();
    let outputs = world.take();
    assert!(places(&outputs).is_empty(), "{gate:?} let an order through");
    assert!(world.core.refused(gate) > 0, "{:?}", world.core.view().refusals);
    let view = world.core.view();
    assert_eq!(view.refusals.len(), 1, "{:?}", view.refusals);
    assert_eq!(view.refusals[0].gate, gate.name());
    if gate != Gate::Disarmed {
        let told = alarms(&outputs);
        let told = told.iter().find(|a| a.code == AlarmCode::GateRefused).unwrap();
        assert_eq!(told.seen, gate as i64);
    }
    assert!(would == 2 || plan != &two_perpetuals());
}

/// The same where the plan itself is what refuses.
fn plan_refuses(gate: Gate, change: impl FnOnce(&mut Plan)) {
    let mut plan = two_perpetuals();
    change(&mut plan);
    refuses(gate, &plan, |_| {});
}

#[test]
fn disarmed() {
    refuses(Gate::Disarmed, &two_perpetuals(), |w| w.command(Action::Disarm));
}

#[test]
fn not_reconciled() {
    // The stream was gone and came back: what happened meanwhile is not known.
    refuses(Gate::NotReconciled, &two_perpetuals(), |w| {
        w.session(VenueId::Okx, false);
        w.session(VenueId::Okx, true);
    });
}

#[test]
fn session_down() {
    refuses(Gate::SessionDown, &two_perpetuals(), |w| w.session(VenueId::Bybit, false));
}

#[test]
fn nothing_is_opened_while_orders_go_the_slow_way() {
    refuses(Gate::SessionDown, &two_perpetuals(), |w| {
        let venue = VenueId::Okx;
        let slow = SessionState { venue, orders: true, slow: true, account: true, budget: true };
        w.give(Input::SessionState(slow));
    });
}

#[test]
fn budget_spent() {
    refuses(Gate::BudgetSpent, &two_perpetuals(), |w| {
        let venue = VenueId::Okx;
        let spent = SessionState { venue, orders: true, slow: false, account: true, budget: false };
        w.give(Input::SessionState(spent));
    });
}

#[test]
fn clock_unknown() {
    refuses(Gate::ClockUnknown, &two_perpetuals(), |w| {
        let wide = Span::from_secs(2);
        w.give(Input::ClockState(ClockState { venue: VenueId::Okx, offset_ns: 0, bound: wide }));
    });
}

#[test]
fn book_unknown() {
    // A basis so wide that even an unknown book would look cheap must not slip through.
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.health(0, BookHealth::Gap);
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_040_000, 5_040_010);
    assert!(world.places().is_empty(), "nothing is even looked at");
    assert_eq!(world.core.touch(InstrumentId(0)), None);
    // Known again, the next quote trades.
    world.health(0, BookHealth::Known);
    world.quote(0, 4_999_990, 5_000_000);
    assert_eq!(world.places().len(), 2);
    let row = world.core.rules.rows[0];
    world.health(0, BookHealth::Halted);
    assert_eq!(world.core.fit(&row).unwrap_err(), Gate::BookUnknown);
}

#[test]
fn book_stale() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.after(251);
    world.quote(1, 5_040_000, 5_040_010);
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::BookStale), 1);
}

#[test]
fn venue_stale() {
    for (ahead, refused) in [(-1_004, 0), (-1_006, 1), (1_004, 0), (1_006, 1)] {
        let mut world = World::ready(&two_perpetuals());
        world.take();
        world.quote(1, 5_040_000, 5_040_010);
        world.give(Input::Quote(Quote {
            venue: VenueId::Okx,
            instrument: InstrumentId(0),
            bid: Price(4_999_990),
            bid_qty: Qty(100_000),
            ask: Price(5_000_000),
            ask_qty: Qty(100_000),
            venue_time: WallNs(world.wall.0 + ahead * 1_000_000),
        }));
        assert_eq!(world.core.refused(Gate::VenueStale), refused, "{ahead} ms");
    }
}

#[test]
fn the_venues_own_clock_judges_its_age() {
    // Bound 5 ms, limit 1 s, and the venue's clock is 2 s behind ours.
    let mut world = World::ready(&two_perpetuals());
    let behind =
        ClockState { venue: VenueId::Okx, offset_ns: -2_000_000_000, bound: Span::from_millis(5) };
    world.give(Input::ClockState(behind));
    world.take();
    world.apart();
    assert!(world.places().is_empty(), "its stamps of our now are two seconds in its future");
    assert_eq!(world.core.refused(Gate::VenueStale), 1);
}

#[test]
fn funding_unknown() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    let unknown = Funding {
        venue: VenueId::Okx,
        instrument: InstrumentId(0),
        rate: Rate::ZERO,
        interval: None,
        next: WallNs(world.wall.0 + 1_000_000_000_000),
        venue_time: world.wall,
    };
    world.give(Input::Funding(unknown));
    world.apart();
    assert!(world.places().is_empty(), "no interval, no hurdle, no look");
    // A rate whose settlement passed since the hurdle was computed is refused at the gate.
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.wall = WallNs(world.wall.0 + 3_600_000_000_001);
    world.core.wall = world.wall;
    world.apart();
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::FundingUnknown), 1);
}

#[test]
fn depth_unknown() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.quote_of(0, 4_999_990, 5_000_000, 1_000);
    world.quote(1, 5_040_000, 5_040_010);
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::DepthUnknown), 1);
}

#[test]
fn spread_incredible() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.quote(0, 4_999_990, 5_000_000);
    world.quote(1, 5_060_000, 5_060_010);
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::SpreadIncredible), 1);
}

#[test]
fn qty_below_min() {
    plan_refuses(Gate::QtyBelowMin, |p| p.instruments.list[1].qty_min = Qty(2000));
}

#[test]
fn a_common_lot_above_the_size_is_below_the_minimum() {
    plan_refuses(Gate::QtyBelowMin, |p| p.instruments.list[1].lot = Qty(100_000));
}

#[test]
fn qty_above_max() {
    plan_refuses(Gate::QtyAboveMax, |p| p.instruments.list[0].qty_max = Qty(1000));
}

#[test]
fn notional_below_min() {
    plan_refuses(Gate::NotionalBelowMin, |p| {
        p.instruments.list[1].notional_min = Money::from_whole(1001);
    });
}

#[test]
fn order_notional() {
    plan_refuses(Gate::OrderNotional, |p| p.risk.max_order_notional = Money::from_whole(900));
}

#[test]
fn price_collar() {
    plan_refuses(Gate::PriceCollar, |p| p.orders.collar = Rate(1));
}

#[test]
fn open_pairs() {
    plan_refuses(Gate::OpenPairs, |p| p.risk.max_open_pairs = 0);
}

#[test]
fn strategy_pairs() {
    plan_refuses(Gate::StrategyPairs, |p| {
        if let crate::plan::Class::FundingRate(f) = &mut p.strategies[0].class {
            f.max_positions = 0;
        }
    });
}

#[test]
fn open_rate() {
    plan_refuses(Gate::OpenRate, |p| p.risk.max_opens_per_minute = 0);
}

#[test]
fn base_position() {
    plan_refuses(Gate::BasePosition, |p| {
        p.risk.bases[0].max_position = Money::parse(b"0.01").unwrap();
    });
}

#[test]
fn concentration() {
    plan_refuses(Gate::Concentration, |p| {
        p.risk.bases[0].max_concentration = Rate(4_000_000_000);
    });
}

#[test]
fn position_size() {
    plan_refuses(Gate::PositionSize, |p| p.risk.max_position_size = Money::from_whole(900));
}

#[test]
fn leverage() {
    plan_refuses(Gate::Leverage, |p| p.risk.max_leverage = Rate(1_000_000_000));
}

#[test]
fn balance_unknown() {
    refuses(Gate::BalanceUnknown, &two_perpetuals(), |w| {
        // A new start: the venue has not said what may be spent.
        w.core.ledger.forget_available();
    });
}

#[test]
fn balance_short() {
    refuses(Gate::BalanceShort, &two_perpetuals(), |w| {
        let total = Money::from_whole(100_000);
        let available = Some(Money::from_whole(199));
        let (venue, asset) = (VenueId::Bybit, USDT);
        w.give(Input::Balance(Balance { venue, asset, total, available }));
    });
}

#[test]
fn a_venue_that_names_no_available_amount_is_asked_for_margin_in_use() {
    let mut world = super::pairs::opened();
    let total = Money::from_whole(201);
    let (venue, asset) = (VenueId::Okx, USDT);
    world.give(Input::Balance(Balance { venue, asset, total, available: None }));
    let row = world.core.rules.rows[0];
    // 990 of notional at a fifth is in use; a few more than three are left.
    let needs = [world.core.need(&row, Price(5_000_000), Qty(10)), Money::from_whole(3)];
    assert!(needs[0] < needs[1]);
    assert_eq!(world.core.spendable(&row).map(|free| free < Money::from_whole(4)), Some(true));
}

#[test]
fn daily_loss() {
    refuses(Gate::DailyLoss, &two_perpetuals(), |w| {
        w.core.risk.use_of(Limit::DailyLoss, Rate::ONE);
    });
}

#[test]
fn drawdown() {
    refuses(Gate::Drawdown, &two_perpetuals(), |w| {
        w.core.risk.use_of(Limit::Drawdown, Rate::ONE);
    });
}

#[test]
fn reducing() {
    refuses(Gate::Reducing, &two_perpetuals(), |w| w.core.risk.reducing = true);
}

#[test]
fn opposed() {
    // A third venue: what is short on Bybit in one pair may not be long there in another.
    let markets = [
        (VenueId::Okx, Product::Perpetual),
        (VenueId::Bybit, Product::Perpetual),
        (VenueId::BinanceUsdm, Product::Perpetual),
    ];
    let mut world = World::ready(&plan(&markets, 1));
    world.take();
    world.apart();
    assert_eq!(world.places().len(), 2);
    world.quote(2, 5_085_000, 5_085_010);
    let outputs = world.take();
    assert!(places(&outputs).iter().all(|p| p.instrument.0 != 1), "{outputs:?}");
    assert!(world.core.refused(Gate::Opposed) > 0, "{:?}", world.core.view().refusals);
}

#[test]
fn disputed() {
    refuses(Gate::Disputed, &two_perpetuals(), |w| {
        w.position(0, 100, 5_000_000);
        w.after(2);
    });
}

#[test]
fn orphan() {
    refuses(Gate::Orphan, &two_perpetuals(), |w| {
        // A position nobody ordered and no pair holds.
        w.fill_of(0, OrderId::FOREIGN, Side::Buy, (5_000_000, 100), 900);
    });
}

#[test]
fn unknown_orders() {
    let mut two = two_perpetuals();
    two.risk.max_unknown_orders = 1;
    let markets = [(VenueId::Okx, Product::Perpetual), (VenueId::Bybit, Product::Perpetual)];
    let mut many = plan(&markets, 2);
    many.risk.max_unknown_orders = 1;
    let mut world = World::ready(&many);
    world.take();
    world.apart();
    let [buy, _] = world.both();
    let (venue, instrument, order) = (buy.venue, buy.instrument, buy.order);
    world.give(Input::OrderUnknown(OrderUnknown { venue, instrument, order }));
    world.quote(2, 4_999_990, 5_000_000);
    world.quote(3, 5_040_000, 5_040_010);
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::UnknownOrders), 1);
}

#[test]
fn table_full() {
    let markets = [(VenueId::Okx, Product::Perpetual), (VenueId::Bybit, Product::Perpetual)];
    let mut small = plan(&markets, 2);
    small.core.orders = 2;
    let mut world = World::ready(&small);
    world.take();
    world.apart();
    assert_eq!(world.places().len(), 2);
    world.quote(2, 4_999_990, 5_000_000);
    world.quote(3, 5_040_000, 5_040_010);
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::TableFull), 1);
}

#[test]
fn a_gate_that_refuses_all_the_time_speaks_once_a_second() {
    let mut plan = two_perpetuals();
    plan.risk.max_open_pairs = 0;
    let mut world = World::ready(&plan);
    world.take();
    for _ in 0..150 {
        world.apart();
        world.after(10);
    }
    let told = codes(&world.take()).len();
    assert_eq!(told, 2);
    assert!(world.core.refused(Gate::OpenPairs) >= 100);
}

#[test]
fn gates_have_numbers_and_names_of_their_own() {
    let mut names: Vec<_> = Gate::ALL.iter().map(|gate| gate.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Gate::ALL.len());
}
