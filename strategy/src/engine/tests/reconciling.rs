use crate::engine::world::*;
use crate::risk::{Gate, Mode};
use base::input::{Action, OrderStatus};
use base::output::{AlarmCode, PairPhase, PairReason};
use base::{InstrumentId, Money, OrderId, Output, Product, Qty, Side, VenueId};

#[test]
fn positions_found_at_the_start_are_adopted_and_paired() {
    let mut world = World::new(&two_perpetuals());
    world.after(1);
    for venue in [VenueId::Okx, VenueId::Bybit] {
        world.session(venue, true);
    }
    world.reconcile(VenueId::Okx, &[(0, 1980, 5_000_000)]);
    world.take();
    world.reconcile(VenueId::Bybit, &[(1, -1980, 5_040_000)]);
    let outputs = world.take();
    assert_eq!(codes(&outputs), [AlarmCode::PositionMismatch]);
    let change = changes(&outputs)[0];
    assert_eq!((change.phase, change.reason), (PairPhase::Open, PairReason::Recovered));
    assert_eq!((change.long_qty, change.short_qty), (Qty(1980), Qty(1980)));
    let view = world.core.view();
    assert_eq!((view.positions[0].orphan.as_str(), view.positions[1].orphan.as_str()), ("0", "0"));
    assert_eq!(view.pnl.total, Money::ZERO, "they are taken over at their entry");
}

#[test]
fn a_position_that_fits_no_pair_is_named_and_stops_new_pairs_until_it_is_gone() {
    let mut world = with_orphan(500);
    let told = alarms(&world.take());
    let orphan: Vec<_> = told.iter().filter(|alarm| alarm.code == AlarmCode::Orphan).collect();
    assert_eq!(orphan.len(), 1, "once: {told:?}");
    assert_eq!((orphan[0].instrument, orphan[0].seen), (InstrumentId(0), 500));
    // Not even pairs of other instruments: the exposure is the account's.
    for (id, price) in [(2, 5_000_000), (3, 5_040_000)] {
        world.quote(id, price - 10, price);
    }
    assert!(world.places().is_empty());
    assert!(world.core.refused(Gate::Orphan) > 0);
    // A person closes it.
    world.fill_of(0, OrderId::FOREIGN, Side::Sell, (5_000_000, 500), 901);
    world.after(20);
    for (id, price) in [(2, 5_000_000), (3, 5_040_000)] {
        world.quote(id, price - 10, price);
    }
    assert_eq!(world.places().len(), 2);
}

#[test]
fn flatten_closes_what_no_pair_holds_reduce_only() {
    for (held, side) in [(500, Side::Sell), (-500, Side::Buy)] {
        let mut world = with_orphan(held);
        world.apart();
        world.take();
        assert!(world.places().is_empty(), "nobody asked for it");
        world.command(Action::Flatten);
        world.after(1);
        let outputs = world.take();
        let close = places(&outputs)[0];
        assert_eq!((close.instrument.0, close.side, close.qty), (0, side, Qty(500)));
        assert!(close.reduce_only);
        world.fill_all(&close);
        assert_eq!(phases(&world.take()), [PairPhase::Closed]);
        assert_eq!(world.core.view().positions[0].qty, "0");
        assert!(!world.core.ledger.has_orphans());
    }
}

/// Two assets on two venues, and a position of the first that was there before and fits nothing.
fn with_orphan(held: i64) -> World {
    let markets = [(VenueId::Okx, Product::Perpetual), (VenueId::Bybit, Product::Perpetual)];
    let mut world = World::ready(&plan(&markets, 2));
    world.session(VenueId::Okx, false);
    world.session(VenueId::Okx, true);
    world.reconcile(VenueId::Okx, &[(0, held, 5_000_000)]);
    world.after(8);
    world
}

#[test]
fn a_later_difference_is_adopted_only_when_it_stands() {
    let mut world = super::pairs::opened();
    // A fill may be on its way: the first look only remembers.
    world.reconcile(VenueId::Bybit, &[(1, -980, 5_040_000)]);
    assert!(codes(&world.take()).is_empty());
    assert_eq!(world.core.view().positions[1].qty, "-0.0198");
    world.refresh();
    world.after(1100);
    world.refresh();
    world.reconcile(VenueId::Bybit, &[(1, -980, 5_040_000)]);
    let outputs = world.take();
    assert!(codes(&outputs).contains(&AlarmCode::PositionMismatch));
    assert_eq!(world.core.view().positions[1].qty, "-0.0098");
    // A thousand of the short leg is gone: so much of the long one goes, too.
    let unwind = places(&outputs)[0];
    assert_eq!((unwind.instrument.0, unwind.side, unwind.qty.0), (0, Side::Sell, 1000));
}

#[test]
fn a_position_that_differs_for_five_seconds_is_told() {
    let mut world = super::pairs::opened();
    world.position(0, 1980, 5_000_000);
    world.position(1, -980, 5_040_000);
    world.after(4900);
    assert!(codes(&world.take()).is_empty());
    world.after(200);
    let told = alarms(&world.take());
    assert_eq!(
        (told[0].code, told[0].seen, told[0].limit),
        (AlarmCode::PositionMismatch, -980, -1980)
    );
    world.after(6000);
    assert!(codes(&world.take()).is_empty(), "once");
}

/// Bybit's session was gone for a moment; its account is being read again.
fn rereading() -> World {
    let mut world = super::pairs::opened();
    world.position(1, -1980, 5_040_000);
    world.after(4000);
    world.session(VenueId::Bybit, false);
    world.session(VenueId::Bybit, true);
    world.refresh();
    world.take();
    world.begin(VenueId::Bybit);
    world.balance(VenueId::Bybit, 100_000);
    world
}

#[test]
fn a_list_that_was_read_before_a_fill_of_the_stream_undoes_nothing() {
    let mut world = rereading();
    // While the list is on its way the short leg is bought back.
    world.fill_of(1, OrderId::FOREIGN, Side::Buy, (5_040_000, 980), 77);
    world.take();
    world.position(1, -1980, 5_040_000);
    world.end(VenueId::Bybit);
    assert_eq!(world.core.view().positions[1].qty, "-0.01");
    assert!(!codes(&world.take()).contains(&AlarmCode::PositionMismatch));
    // It stands, and the next whole reading says so again: then it is believed.
    world.after(3500);
    world.refresh();
    world.reconcile(VenueId::Bybit, &[(1, -1980, 5_040_000)]);
    assert_eq!(world.core.view().positions[1].qty, "-0.0198");
}

#[test]
fn what_happened_while_the_session_was_gone_is_taken_over_at_once() {
    let mut world = rereading();
    world.position(1, -980, 5_040_000);
    world.end(VenueId::Bybit);
    assert_eq!(world.core.view().positions[1].qty, "-0.0098");
}

#[test]
fn of_two_reports_of_a_position_the_later_one_by_the_venues_clock_counts() {
    let mut world = super::pairs::opened();
    let then = world.wall;
    world.after(10);
    world.position(0, 1980, 5_000_000);
    world.position(1, -1980, 5_040_000);
    let now = std::mem::replace(&mut world.wall, then);
    world.position(1, -980, 5_040_000);
    world.wall = now;
    world.after(5200);
    assert!(codes(&world.take()).is_empty(), "nothing differs");
    assert_eq!(world.core.view().positions[1].reported.as_deref(), Some("-0.0198"));
}

#[test]
fn an_adopted_fill_that_comes_later_is_not_counted_again() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&sell);
    // Done by report, the fill lost; the reconciliation finds the position.
    world.state(&buy, OrderStatus::Filled, buy.qty.0);
    let orders = world.core.view().orders;
    assert_eq!((orders.len(), orders[0].state.as_str()), (1, "filled"), "its fill is missing");
    world.session(VenueId::Okx, false);
    world.session(VenueId::Okx, true);
    world.reconcile(VenueId::Okx, &[(0, buy.qty.0, 5_002_500)]);
    world.take();
    assert_eq!(world.core.view().positions[0].qty, "0.0198");
    let long = |w: &World| w.core.view().pairs[0].long_qty.clone();
    assert_eq!(long(&world), "0.0198");
    assert!(world.core.view().orders.is_empty(), "nothing more is expected of it");
    // And then it comes.
    world.fill(&buy, buy.qty.0);
    let view = world.core.view();
    assert_eq!((view.positions[0].qty.as_str(), long(&world).as_str()), ("0.0198", "0.0198"));
    assert_eq!(view.positions[0].orphan, "0");
    assert!(places(&world.take()).is_empty());
    assert!(world.core.ledger.book(InstrumentId(0)).unwrap().missing.is_zero());
}

#[test]
fn an_order_that_a_whole_reading_does_not_name_is_gone() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&sell);
    world.after(800);
    world.refresh();
    world.take();
    world.reconcile(VenueId::Okx, &[]);
    let outputs = world.take();
    assert_eq!(world.core.view().orders.len(), places(&outputs).len());
    // The short leg stands alone and its time is over: it is unwound.
    let unwind = places(&outputs)[0];
    assert_eq!((unwind.instrument.0, unwind.side, unwind.reduce_only), (1, Side::Buy, true));
    assert_ne!(unwind.order, buy.order);
}

#[test]
fn a_young_order_that_a_reading_does_not_name_is_not_gone() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, _] = world.both();
    world.reconcile(VenueId::Okx, &[]);
    assert!(world.core.view().orders.iter().any(|o| o.order == buy.order.0));
}

#[test]
fn a_failed_reading_proves_nothing() {
    let mut world = World::ready(&two_perpetuals());
    world.session(VenueId::Okx, false);
    world.session(VenueId::Okx, true);
    world.begin(VenueId::Okx);
    world.give(base::Input::Reconcile(base::input::Reconcile {
        venue: VenueId::Okx,
        phase: base::input::ReconcilePhase::Failed,
    }));
    world.end(VenueId::Okx);
    world.take();
    world.apart();
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::NotReconciled), 1);
}

#[test]
fn our_order_that_nobody_remembers_is_cancelled_and_told() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.begin(VenueId::Okx);
    let forgotten = OrderId::new(3, 17);
    world.open_order(0, forgotten, 500);
    let outputs = world.take();
    assert_eq!(codes(&outputs), [AlarmCode::OrderUnknown]);
    assert!(outputs.iter().any(|o| matches!(o, Output::Cancel(c) if c.order == forgotten)));
    world.open_order(0, OrderId::FOREIGN, 500);
    assert!(world.take().is_empty(), "other people's orders are theirs");
}

#[test]
fn a_restart_asks_for_what_was_on_its_way_and_goes_on_with_what_stands() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    // Killed here: the other leg is on its way.
    let mut records = Vec::new();
    world.core.save(&mut records);
    let mut plan = two_perpetuals();
    plan.epoch += 1;
    let mut again = World::new(&plan);
    again.core = crate::engine::Core::restore(&plan, &records).unwrap();
    assert_eq!(again.core.mode(), Mode::Disarmed);
    again.after(1);
    assert!(queries(&again.take()).is_empty(), "nobody could answer yet");
    again.session(VenueId::Okx, true);
    again.session(VenueId::Bybit, true);
    again.after(2000);
    let asked = queries(&again.take());
    assert!(!asked.is_empty() && asked.iter().all(|q| q.order == sell.order));
    assert!(again.core.view().pairs[0].phase == "stuck" || again.core.view().pairs.len() == 1);
    // The venue had filled it.
    again.fill(&sell, sell.qty.0);
    again.reconcile(VenueId::Okx, &[(0, buy.qty.0, 5_002_500)]);
    again.reconcile(VenueId::Bybit, &[(1, -sell.qty.0, 5_037_480)]);
    let outputs = again.take();
    assert!(!codes(&outputs).contains(&AlarmCode::PositionMismatch), "{outputs:?}");
    assert!(again.core.is_reconciled());
    again.command(Action::Arm);
    assert_eq!(again.core.view().positions[1].qty, "-0.0198");
}

#[test]
fn balances_a_reading_does_not_name_are_zero() {
    let mut world = World::ready(&two_perpetuals());
    world.begin(VenueId::Okx);
    world.end(VenueId::Okx);
    world.take();
    world.apart();
    assert!(world.places().is_empty());
    assert_eq!(world.core.refused(Gate::BalanceShort), 1);
}
