use crate::engine::world::*;
use base::Span;

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
