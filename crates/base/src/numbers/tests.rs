use super::*;
use proptest::prelude::*;

const BTC: Scale = Scale { price_exp: 2, qty_exp: 8 };

#[test]
fn notionals_are_exact() {
    let price = Price(6_183_763);
    assert_eq!(BTC.checked_notional(price, Qty(100_000_000)), Money::parse(b"61837.63").ok());
    assert_eq!(BTC.checked_notional(price, Qty(-1)).unwrap().to_string(), "-0.0006183763");
    let fine = Scale { price_exp: 12, qty_exp: 0 };
    let bttc = fine.checked_notional(Price(563_200), Qty(1_123_473_760_214)).unwrap();
    assert_eq!(bttc.to_string(), "632740.4217525248");
}

#[test]
fn qty_for_never_exceeds_the_notional() {
    let qty = BTC.qty_for(Money::from_whole(1000), Price(6_183_763));
    assert!(BTC.notional(Price(6_183_763), qty) <= Money::from_whole(1000));
    assert!(BTC.notional(Price(6_183_763), Qty(qty.0 + 1)) > Money::from_whole(1000));
    assert_eq!(BTC.qty_for(Money::from_whole(1000), Price::ZERO), Qty::ZERO);
}

#[test]
fn okx_rates_of_sixteen_digits_round_half_even() {
    assert_eq!(Rate::parse(b"0.0001875391284828"), Ok(Rate(187_539_128)));
    assert_eq!(Rate::parse(b"0.0000000000005"), Ok(Rate(0)));
    assert_eq!(Rate::parse(b"0.0000000000015"), Ok(Rate(2)));
    assert_eq!(Rate::parse(b"-0.00375"), Ok(Rate(-3_750_000_000)));
}

#[test]
fn ticks_round_to_the_named_side() {
    let tick = Price(10);
    assert_eq!(Price(123).round_passive(tick, Side::Buy), Price(120));
    assert_eq!(Price(123).round_passive(tick, Side::Sell), Price(130));
    assert_eq!(Price(123).round_aggressive(tick, Side::Buy), Price(130));
    assert_eq!(Price(120).round_aggressive(tick, Side::Sell), Price(120));
    assert_eq!(Qty(129).floor_to(Qty(10)), Qty(120));
}

proptest! {
    #[test]
    fn money_words_read_back(value in any::<i128>()) {
        prop_assert_eq!(Money::from_words(Money(value).to_words()), Money(value));
    }

    #[test]
    fn a_rate_of_money_is_its_rounded_product(units in -1_000_000_000_000_i64..1_000_000_000_000, rate in -2_000_000_000_000_i64..2_000_000_000_000) {
        let money = Money(i128::from(units) * 1_000_003);
        let exact = money.0 * i128::from(rate);
        let want = div_half_even(exact, i128::from(Rate::ONE.0));
        prop_assert_eq!(money.checked_mul_rate(Rate(rate)), Some(Money(want)));
    }

    #[test]
    fn money_text_reads_back(value in any::<i128>()) {
        prop_assume!(value != i128::MIN);
        let text = Money(value).to_string();
        prop_assert_eq!(Money::parse(text.as_bytes()), Ok(Money(value)));
    }
}
