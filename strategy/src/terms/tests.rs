use super::*;
use crate::engine::world;
use base::Scale;

/// The same numbers in every run: a multiplicative generator.
fn numbers() -> impl FnMut(u32) -> i64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |bits| {
        state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        i64::try_from(state >> (64 - bits.min(63))).unwrap()
    }
}

#[test]
fn the_product_says_what_the_money_says() {
    let plan = world::two_perpetuals();
    let mut next = numbers();
    for round in 0..20_000 {
        let mut i = plan.instruments.list[0].clone();
        let exp = u8::try_from(round % 13).unwrap();
        i.scale = Scale { price_exp: exp, qty_exp: 12 - exp / 2 };
        i.notional_min = Money(i128::from(next(60)) * i128::from(next(25)));
        let risk = RiskPlan {
            max_order_notional: Money(i128::from(next(60)) * i128::from(next(40))),
            max_position_size: Money(i128::from(next(60)) * i128::from(next(40))),
            ..RiskPlan::default()
        };
        let terms = Terms::new(&i, &risk);
        let bits = u32::try_from(round % 50).unwrap();
        let near = risk.max_order_notional.0 / i.scale.unit().unwrap().0;
        let qty = Qty(next(bits + 1).max(1));
        let at_limit = i64::try_from(near / i128::from(qty.0)).unwrap_or(i64::MAX - 1);
        for price in [Price(next(40)), Price(at_limit), Price(at_limit + 1)] {
            let notional = i.scale.notional(price, qty);
            let said = (
                terms.is_below_least(price, qty),
                terms.is_beyond_order(price, qty),
                terms.is_beyond_position(price, qty),
            );
            let least = notional < i.notional_min;
            let money =
                (least, notional > risk.max_order_notional, notional > risk.max_position_size);
            assert_eq!(said, money, "{price:?} {qty:?} {:?}", i.scale);
        }
    }
}

#[test]
fn what_an_order_needs_is_exact_where_the_leverage_divides_and_never_too_little() {
    let mut i = world::two_perpetuals().instruments.list[0].clone();
    i.scale = Scale { price_exp: 2, qty_exp: 8 };
    i.fee_taker = Rate(500_000_000);
    let need = |i: &Instrument, leverage: i64| {
        let risk = RiskPlan { max_leverage: Rate(leverage), ..RiskPlan::default() };
        Terms::new(i, &risk).need(Price(6_180_010), Qty(1_600_000)).unwrap()
    };
    let notional = i.scale.notional(Price(6_180_010), Qty(1_600_000));
    let fee = notional.checked_mul_rate(i.fee_taker).unwrap();
    assert_eq!(need(&i, 5_000_000_000_000), Money(notional.0 / 5) + fee);
    let third = need(&i, 3_000_000_000_000).0 - (notional.0 / 3 + fee.0);
    assert!(third > 0 && third < Money::ONE.0 / 10_000_000_000, "{third}");
    i.product = Product::Spot;
    assert_eq!(need(&i, 5_000_000_000_000), notional + fee);
    i.fee_taker = Rate(-100_000_000);
    let rebate = notional.checked_mul_rate(i.fee_taker).unwrap();
    assert_eq!(need(&i, 5_000_000_000_000), notional + rebate.abs());
}

#[test]
fn units_too_small_to_round_and_products_too_large_are_left_to_the_long_way() {
    let mut i = world::two_perpetuals().instruments.list[0].clone();
    i.scale = Scale { price_exp: 12, qty_exp: 12 };
    assert_eq!(Terms::new(&i, &RiskPlan::default()).need(Price(1), Qty(1)), None);
    i.scale = Scale { price_exp: 2, qty_exp: 8 };
    let terms = Terms::new(&i, &RiskPlan::default());
    assert_eq!(terms.need(Price(i64::MAX), Qty(2)), None);
    assert!(terms.is_beyond_order(Price(i64::MAX), Qty(i64::MAX)));
}
