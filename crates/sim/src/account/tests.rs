use super::{Account, Position};
use crate::dec::Dec;
use crate::ledger::Reason;
use base::WallNs;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn dec(text: &str) -> Dec {
    Dec::parse(text).expect("a number")
}

#[test]
fn a_position_opens_reduces_and_flips() {
    let mut position = Position::default();
    assert_eq!(position.add(dec("2"), dec("100"), 8), Dec::ZERO);
    assert_eq!(position.add(dec("1"), dec("103"), 8), Dec::ZERO);
    assert_eq!(position.entry(), dec("101"));
    assert_eq!(position.add(dec("-1"), dec("110"), 8), dec("9"));
    assert_eq!((position.qty, position.entry()), (dec("2"), dec("101")));
    // Sells three: closes two, opens one short.
    assert_eq!(position.add(dec("-3"), dec("99"), 8), dec("-4"));
    assert_eq!((position.qty, position.entry()), (dec("-1"), dec("99")));
    assert_eq!(position.open_profit(dec("98")), dec("1"));
}

#[test]
fn a_deposit_is_mirrored_by_the_house() {
    let balances = BTreeMap::from([("USDT".to_owned(), dec("5"))]);
    let mut account = Account::open("main", Vec::new(), &balances, WallNs(1));
    account.pay(Reason::Fee, "USDT", dec("-0.25"), WallNs(2));
    assert_eq!(account.balance("USDT").total, dec("4.75"));
    assert_eq!(account.ledger.house["USDT"], dec("-4.75"));
    assert_eq!(account.ledger.total("USDT"), dec("4.75"));
}

proptest! {
    /// Whatever is traded: once flat, the realised profit is exactly what was sold minus what was bought.
    #[test]
    fn a_flat_position_has_paid_out_everything(
        trades in prop::collection::vec((-500_i64..500, 1_i64..1_000_000), 1..30),
        last in 1_i64..1_000_000,
    ) {
        let mut position = Position::default();
        let (mut cash, mut realised) = (Dec::ZERO, Dec::ZERO);
        let mut trade = |position: &mut Position, qty: Dec, price: Dec| {
            cash += -qty.times(price);
            // Rounded far coarser than any venue does, so that what rounding leaves behind shows.
            realised += position.add(qty, price, 2);
        };
        for (qty, price) in trades {
            if qty != 0 {
                trade(&mut position, Dec::scaled(qty, 3), Dec::scaled(price, 2));
            }
        }
        let rest = -position.qty;
        if !rest.is_zero() {
            trade(&mut position, rest, Dec::scaled(last, 2));
        }
        prop_assert_eq!(position.qty, Dec::ZERO);
        prop_assert_eq!(position.cost, Dec::ZERO);
        prop_assert_eq!(realised, cash);
        prop_assert_eq!(position.realised, realised);
    }

    #[test]
    fn cash_and_cost_always_add_up(trades in prop::collection::vec((-500_i64..500, 1_i64..1_000_000), 1..30)) {
        let mut position = Position::default();
        let (mut cash, mut realised) = (Dec::ZERO, Dec::ZERO);
        for (qty, price) in trades {
            let (qty, price) = (Dec::scaled(qty, 3), Dec::scaled(price, 2));
            cash += -qty.times(price);
            realised += position.add(qty, price, 8);
            // What came in is what was realised, less what the open position cost.
            prop_assert_eq!(cash, realised - position.cost);
        }
    }
}
