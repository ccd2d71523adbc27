use super::{Budget, PATIENCE, Verdict, Window};
use base::WallNs;

const WEIGHT: Window = Window::new("REQUEST_WEIGHT", "MINUTE", 1, 10, "1m", 60);
const ORDERS: [Window; 2] = [
    Window::new("ORDERS", "SECOND", 10, 2, "10s", 10),
    Window::new("ORDERS", "MINUTE", 1, 3, "1m", 60),
];

fn at(second: i64) -> WallNs {
    WallNs(second * 1_000_000_000)
}

#[test]
fn weight_is_counted_in_fixed_minutes() {
    let mut budget = Budget::new(WEIGHT, ORDERS);
    assert_eq!(budget.request(at(59), 10), Verdict::Fine);
    assert_eq!(budget.used().1, 10);
    assert_eq!(budget.request(at(59), 1), Verdict::TooMuch(1));
    assert_eq!(budget.request(at(60), 1), Verdict::Fine);
    assert_eq!(budget.used().1, 1);
}

#[test]
fn who_goes_on_after_being_told_is_banned() {
    let mut budget = Budget::new(WEIGHT, ORDERS);
    budget.request(at(0), 11);
    let answers: Vec<Verdict> = (0..PATIENCE).map(|_| budget.request(at(1), 1)).collect();
    assert_eq!(answers.last(), Some(&Verdict::Banned(121_000)));
    assert_eq!(budget.request(at(100), 1), Verdict::Banned(121_000));
    assert_eq!(budget.request(at(121), 1), Verdict::Fine);
}

#[test]
fn orders_are_counted_by_account_and_given_back_when_filled() {
    let mut budget = Budget::new(WEIGHT, ORDERS);
    assert_eq!([budget.order(at(0), 0), budget.order(at(0), 0)], [Verdict::Fine; 2]);
    assert_eq!(budget.order(at(0), 0), Verdict::TooManyOrders(ORDERS[0]));
    assert_eq!(budget.order(at(0), 1), Verdict::Fine);
    budget.filled(0);
    budget.filled(0);
    assert_eq!(budget.order(at(0), 0), Verdict::Fine);
    assert_eq!(budget.used_orders(at(11), 0).map(|(_, used)| used), [0, 1]);
}

#[test]
fn limits_are_listed_with_their_counts() {
    let mut budget = Budget::new(WEIGHT, ORDERS);
    budget.request(at(0), 4);
    let text = budget.json(at(0), 0, false);
    assert_eq!(
        text,
        r#"[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":10,"count":4}]"#
    );
    assert_eq!(budget.listing().len(), 3);
}
