use super::*;
use crate::plan::{BasisPlan, FundingRatePlan};
use base::Price;
use proptest::prelude::*;

const BP: i64 = Rate::BP.0;

fn funding() -> Class {
    Class::FundingRate(FundingRatePlan::default())
}

fn basis() -> Class {
    Class::Basis(BasisPlan { take_profit: Some(Rate(30 * BP)), ..BasisPlan::default() })
}

fn edge(spread: i64, carry: i64, net: i64) -> Edge {
    Edge {
        spread: Rate(spread),
        crossing: Rate::ZERO,
        carry: Rate(carry),
        fees: Rate::ZERO,
        net: Rate(net),
        long_price: Price(1),
        short_price: Price(1),
    }
}

#[test]
fn entries_of_the_funding_strategy() {
    let cases = [
        // spread, carry, edge in basis points
        (1, 0, 1, Verdict::Enter),
        (0, 5, 1, Verdict::Enter),
        (-20, 30, 1, Verdict::Enter),
        (0, 4, 1, Verdict::Pass),
        (1, 0, 0, Verdict::Pass),
        (100, 0, 1, Verdict::Enter),
        (101, 0, 1, Verdict::Incredible),
        (-101, 500, 1, Verdict::Incredible),
    ];
    for (spread, carry, net, expected) in cases {
        let edge = edge(spread * BP, carry * BP, net * BP);
        assert_eq!(entry(&funding(), &edge), expected, "{spread} {carry} {net}");
    }
}

#[test]
fn entries_of_the_basis_strategy() {
    let cases = [
        (20, 1, Verdict::Enter),
        (19, 1, Verdict::Pass),
        (20, 0, Verdict::Pass),
        (201, 1, Verdict::Incredible),
    ];
    for (spread, net, expected) in cases {
        assert_eq!(entry(&basis(), &edge(spread * BP, 0, net * BP)), expected, "{spread} {net}");
    }
}

fn standing() -> Standing {
    Standing {
        notional: Money::from_whole(1000),
        trading: Money::ZERO,
        fees: Money::from_whole(2),
        funding: Money::ZERO,
        basis: Rate(20 * BP),
        carry: Some(Rate::ZERO),
        over: false,
    }
}

#[test]
fn exits_of_the_funding_strategy() {
    let s = standing();
    let profit = Standing { trading: Money::from_whole(5), ..s };
    let loss = Standing { trading: Money::from_whole(-5), ..s };
    let converged = Standing { basis: Rate::ZERO, trading: Money::from_whole(2), ..s };
    let turned = Standing { carry: Some(Rate(-20 * BP)), ..s };
    let unknown = Standing { basis: Rate::ZERO, carry: None, ..s };
    let collected = Standing { over: true, carry: Some(Rate(4 * BP)), ..s };
    let paying = Standing { over: true, carry: Some(Rate(5 * BP)), ..s };
    let cases = [
        (s, None),
        (profit, Some(PairReason::TakeProfit)),
        (loss, Some(PairReason::StopLoss)),
        (converged, Some(PairReason::TakeProfit)),
        (turned, Some(PairReason::Funding)),
        (unknown, None),
        (collected, Some(PairReason::Funding)),
        (paying, None),
    ];
    for (standing, expected) in cases {
        assert_eq!(exit(&funding(), &standing), expected, "{standing:?}");
    }
}

#[test]
fn fees_alone_never_stop_a_loss() {
    let s = Standing { fees: Money::from_whole(50), ..standing() };
    assert_eq!(exit(&funding(), &s), None);
}

#[test]
fn funding_received_counts_against_the_loss() {
    let s =
        Standing { trading: Money::from_whole(-5), funding: Money::from_whole(1), ..standing() };
    assert_eq!(exit(&funding(), &s), None);
}

#[test]
fn exits_of_the_basis_strategy() {
    let s = standing();
    assert_eq!(exit(&basis(), &s), None);
    let converged = Standing { basis: Rate(2 * BP), ..s };
    assert_eq!(exit(&basis(), &converged), Some(PairReason::TakeProfit));
    let unknown = Standing { carry: None, ..converged };
    assert_eq!(exit(&basis(), &unknown), Some(PairReason::TakeProfit));
    let loss = Standing { trading: Money::from_whole(-5), ..s };
    assert_eq!(exit(&basis(), &loss), Some(PairReason::StopLoss));
    let profit = Standing { trading: Money::from_whole(5), ..s };
    assert_eq!(exit(&basis(), &profit), Some(PairReason::TakeProfit));
}

#[test]
fn without_a_known_carry_no_spread_is_worth_a_look() {
    assert_eq!(hurdle(&funding(), None, Rate::ZERO), None);
}

proptest! {
    #[test]
    fn no_entry_lies_below_its_hurdle(
        spread in -200_i64..200, crossing in 0_i64..50, carry in -200_i64..200, fees in 0_i64..60,
        takes_basis: bool,
    ) {
        let class = if takes_basis { basis() } else { funding() };
        let (carry, fees) = (Rate(carry * BP), Rate(fees * BP));
        let net = Rate(spread * BP - crossing * BP) + carry - fees;
        let edge = Edge {
            spread: Rate(spread * BP),
            crossing: Rate(crossing * BP),
            carry,
            fees,
            net,
            long_price: Price(1),
            short_price: Price(1),
        };
        let least = hurdle(&class, Some(carry), fees).unwrap();
        if entry(&class, &edge) == Verdict::Enter {
            prop_assert!(edge.spread >= least, "{edge:?} {least:?}");
        }
    }

    #[test]
    fn what_was_just_entered_is_not_left_at_the_same_prices(
        spread in 1_i64..100, crossing in 0_i64..10, carry in -20_i64..40, fees in 10_i64..40,
    ) {
        let (carry, fees) = (Rate(carry * BP), Rate(fees * BP));
        let entered = edge(spread * BP, carry.0, (spread - crossing) * BP + carry.0 - fees.0);
        prop_assume!(entry(&funding(), &entered) == Verdict::Enter);
        let worth = |bp: i64| Money::from_whole(1000).checked_mul_rate(Rate(bp * BP)).unwrap();
        let s = Standing {
            notional: Money::from_whole(1000),
            trading: -worth(crossing),
            fees: worth(fees.0 / BP),
            funding: Money::ZERO,
            basis: Rate((spread + crossing / 2) * BP),
            carry: Some(carry),
            over: false,
        };
        prop_assert_eq!(exit(&funding(), &s), None);
    }
}
