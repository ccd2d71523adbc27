use super::*;
use crate::engine::world;
use crate::rules::Rules;
use base::Product;
use proptest::prelude::*;

fn rows(product: Product) -> Vec<Row> {
    Rules::new(&world::plan(&[(VenueId::Okx, product), (VenueId::Bybit, Product::Perpetual)], 1))
        .rows
}

fn money(text: &str) -> Money {
    Money::parse(text.as_bytes()).unwrap()
}

fn perpetual() -> (Ledger, Row) {
    let rows = rows(Product::Perpetual);
    (Ledger::new(3, rows.len()), rows[0])
}

#[test]
fn a_round_trip_realises_the_difference_of_its_prices() {
    let (mut ledger, row) = perpetual();
    ledger.fill(&row, Side::Buy, Price(5_000_000), Qty(100_000));
    ledger.fill(&row, Side::Sell, Price(5_001_050), Qty(100_000));
    let book = ledger.book(row.id).unwrap();
    assert_eq!((book.qty, book.realised, book.cost), (Qty::ZERO, money("10.5"), Money::ZERO));
    assert_eq!(ledger.account(VenueId::Okx, AssetId(0)).unwrap().moved(), money("10.5"));
    assert!(ledger.held().is_empty());
}

#[test]
fn a_reduction_realises_its_share_at_average_cost() {
    let (mut ledger, row) = perpetual();
    ledger.fill(&row, Side::Buy, Price(100), Qty(100_000));
    ledger.fill(&row, Side::Buy, Price(200), Qty(100_000));
    ledger.fill(&row, Side::Sell, Price(300), Qty(100_000));
    let book = ledger.book(row.id).unwrap();
    assert_eq!((book.qty, book.cost, book.realised), (Qty(100_000), money("1.5"), money("1.5")));
}

#[test]
fn a_fill_through_zero_closes_the_old_and_opens_the_new() {
    let (mut ledger, row) = perpetual();
    ledger.fill(&row, Side::Buy, Price(100), Qty(100_000));
    ledger.fill(&row, Side::Sell, Price(300), Qty(300_000));
    let book = ledger.book(row.id).unwrap();
    assert_eq!((book.qty, book.cost, book.realised), (Qty(-200_000), money("-6"), money("2")));
}

#[test]
fn spot_moves_both_assets_in_cash() {
    let rows = rows(Product::Spot);
    let mut ledger = Ledger::new(3, rows.len());
    ledger.fill(&rows[0], Side::Buy, Price(5_000_000), Qty(50_000));
    assert_eq!(ledger.account(VenueId::Okx, AssetId(0)).unwrap().spot, money("-25000"));
    assert_eq!(ledger.account(VenueId::Okx, AssetId(1)).unwrap().spot, money("0.5"));
}

#[test]
fn a_fee_in_the_base_asset_is_a_sale_against_the_fee_column() {
    let rows = rows(Product::Spot);
    let mut ledger = Ledger::new(3, rows.len());
    ledger.fill(&rows[0], Side::Buy, Price(5_000_000), Qty(100_000));
    let taken = ledger.fee(&rows[0], AssetId(1), money("0.001"), Price(5_000_000));
    assert_eq!(taken, Qty(100));
    let book = ledger.book(rows[0].id).unwrap();
    assert_eq!((book.qty, book.fees), (Qty(99_900), money("-50")));
    let pnl = ledger.pnl(&rows, |_| Some(Price(5_000_000)));
    assert_eq!((pnl.trading, pnl.fees, pnl.total), (Money::ZERO, money("-50"), money("-50")));
    assert_eq!(ledger.account(VenueId::Okx, AssetId(1)).unwrap().moved(), money("0.999"));
}

#[test]
fn a_base_fee_finer_than_a_unit_is_rounded_up_in_quantity_and_exact_in_cash() {
    let rows = rows(Product::Spot);
    let mut ledger = Ledger::new(3, rows.len());
    ledger.fill(&rows[0], Side::Buy, Price(5_000_000), Qty(100_000));
    assert_eq!(ledger.fee(&rows[0], AssetId(1), money("0.000001"), Price(1)), Qty(1));
    assert_eq!(ledger.fee(&rows[0], AssetId(1), money("0.000002"), Price(1)), Qty(0));
    assert_eq!(ledger.fee(&rows[0], AssetId(1), money("0.000008"), Price(1)), Qty(1));
    assert_eq!(ledger.account(VenueId::Okx, AssetId(1)).unwrap().fees, money("-0.000011"));
}

#[test]
fn a_fee_in_a_third_asset_stays_in_its_own_account() {
    let (mut ledger, row) = perpetual();
    ledger.fee(&row, AssetId(2), money("0.7"), Price(1));
    ledger.other_fee(None);
    assert_eq!(ledger.account(VenueId::Okx, AssetId(2)).unwrap().fees, money("-0.7"));
    assert_eq!((ledger.unvalued, ledger.book(row.id).unwrap().fees), (1, Money::ZERO));
}

#[test]
fn funding_expected_and_funding_paid_are_two_columns() {
    let (mut ledger, row) = perpetual();
    let at = WallNs::from_millis(1_795_176_000_006);
    ledger.accrue(row.id, money("-1.2"), at);
    ledger.accrue(row.id, money("-1.2"), at);
    assert_eq!(ledger.book(row.id).unwrap().accrued, money("-1.2"));
    assert_eq!(ledger.book(row.id).unwrap().funding, Money::ZERO);
    let paid_at = WallNs::from_millis(1_795_176_000_028);
    let expected = ledger.funding(&row, AssetId(0), money("-1.19"), paid_at);
    assert_eq!(expected, Some(money("-1.2")));
    let book = ledger.book(row.id).unwrap();
    assert_eq!((book.accrued, book.funding), (Money::ZERO, money("-1.19")));
    ledger.accrue(row.id, money("-1.2"), at);
    assert_eq!(ledger.book(row.id).unwrap().accrued, Money::ZERO, "paid is not expected again");
}

#[test]
fn the_opening_balance_is_the_first_report_without_our_own_moves() {
    let (mut ledger, row) = perpetual();
    ledger.fill(&row, Side::Buy, Price(100), Qty(100_000));
    ledger.fill(&row, Side::Sell, Price(300), Qty(100_000));
    ledger.balance(VenueId::Okx, AssetId(0), money("102"), None, Money::ZERO);
    ledger.balance(VenueId::Okx, AssetId(0), money("90"), None, Money::ZERO);
    let account = ledger.account(VenueId::Okx, AssetId(0)).unwrap();
    assert_eq!((account.opening, account.reported), (Some(money("100")), Some(money("90"))));
}

#[test]
fn the_share_of_a_large_cost_does_not_overflow() {
    let whole = Money(i128::MAX / 2);
    assert_eq!(share(whole, Qty(i64::MAX), Qty(i64::MAX)), whole);
    assert_eq!(share(Money(8), Qty(1), Qty(3)), Money(3));
    assert_eq!(share(Money(-8), Qty(1), Qty(3)), Money(-3));
    assert_eq!(share(Money(7), Qty(1), Qty(3)), Money(2));
}

proptest! {
    #[test]
    fn flow_and_cost_always_make_the_realised_result(
        fills in proptest::collection::vec((any::<bool>(), 1_i64..1_000_000, 1_i64..1_000_000), 1..60),
        mark in 1_i64..1_000_000,
    ) {
        let (mut ledger, row) = perpetual();
        let (mut qty, mut flow) = (0_i128, 0_i128);
        for (buys, price, size) in fills {
            let side = if buys { Side::Buy } else { Side::Sell };
            ledger.fill(&row, side, Price(price), Qty(size));
            let sign = i128::from(side.sign());
            qty += sign * i128::from(size);
            flow -= sign * i128::from(price) * i128::from(size);
            let book = *ledger.book(row.id).unwrap();
            prop_assert_eq!(book.realised, book.flow + book.cost);
            prop_assert_eq!(i128::from(book.qty.0), qty);
            prop_assert_eq!(book.qty.is_zero(), ledger.held().is_empty());
            if book.qty.is_zero() {
                prop_assert_eq!(book.cost, Money::ZERO);
            }
        }
        // Price units are 10^-2, quantity units 10^-5: the sum counts 10^-7.
        let total = Money((flow + qty * i128::from(mark)) * 10_i128.pow(17));
        let pnl = ledger.pnl(&[row], |_| Some(Price(mark)));
        prop_assert_eq!(pnl.total, total);
        prop_assert_eq!(pnl.realised + pnl.unrealised, total);
        let cash = ledger.account(VenueId::Okx, AssetId(0)).unwrap();
        prop_assert_eq!(cash.realised, pnl.realised);
    }
}
