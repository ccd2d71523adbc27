use super::*;

#[test]
fn a_day_knows_its_extremes_and_what_was_traded() {
    let mut day = Day::default();
    for (price, qty) in [(100, 1), (90, 2), (110, 1)] {
        day.trade(Dec::whole(price), Dec::whole(qty));
    }
    let found = [day.open, day.high, day.low, day.volume, day.value];
    assert_eq!(found, [100, 110, 90, 4, 390].map(Dec::whole));
}
