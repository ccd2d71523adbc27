use super::*;
use proptest::prelude::*;

const SCALE: Scale = Scale { price_exp: 1, qty_exp: 3 };

fn row(is_perpetual: bool) -> Row {
    Row {
        id: InstrumentId(0),
        venue: VenueId::Okx,
        is_perpetual,
        base: AssetId(0),
        quote: AssetId(1),
        scale: SCALE,
        fee_maker: Rate(-100_000_000),
        fee_taker: Rate(1_000_000_000),
    }
}

fn accounts(usdt: i64) -> Accounts {
    let instrument = Instrument {
        id: InstrumentId(0),
        venue: VenueId::Okx,
        product: Product::Perpetual,
        name: String::new(),
        symbol: String::new(),
        code: 0,
        base: AssetId(0),
        quote: AssetId(1),
        scale: SCALE,
        edge: base::Edge { price_exp: 1, size_exp: 3, size_factor: 1 },
        tick: Price(1),
        lot: Qty(1),
        qty_min: Qty(1),
        qty_max: Qty(i64::MAX),
        notional_min: Money::ZERO,
        fee_maker: Rate(0),
        fee_taker: Rate(0),
    };
    let assets = vec!["BTC".to_owned(), "USDT".to_owned()];
    let instruments = Instruments { list: vec![instrument], assets };
    let cash = vec![(VenueId::Okx, AssetId(1), Money::from_whole(usdt))];
    Accounts::new(&instruments, &Opening { cash, held: Vec::new() })
}

fn money(text: &str) -> Money {
    Money::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_spot_trade_moves_both_assets_and_its_fee_is_taken_from_what_is_received() {
    let (mut accounts, row) = (accounts(1_000), row(false));
    let cash =
        |accounts: &Accounts| [0, 1].map(|asset| accounts.cash(VenueId::Okx, AssetId(asset)));
    accounts.fill(&row, Side::Buy, Price(1_000), Qty(2_000));
    let fee = accounts.fee(&row, (Side::Buy, false), Price(1_000), Qty(2_000));
    assert_eq!(fee, (AssetId(0), money("0.002")));
    assert_eq!(cash(&accounts), [money("1.998"), money("800")]);
    accounts.fill(&row, Side::Sell, Price(1_100), Qty(1_000));
    let rebate = accounts.fee(&row, (Side::Sell, true), Price(1_100), Qty(1_000));
    assert_eq!(rebate, (AssetId(1), money("-0.011")));
    assert_eq!(cash(&accounts), [money("0.998"), money("910.011")]);
}

#[test]
fn a_position_turns_to_cash_as_it_is_closed_and_through_zero_opens_anew() {
    let (mut accounts, row) = (accounts(0), row(true));
    let cash = |accounts: &Accounts| accounts.cash(VenueId::Okx, AssetId(1));
    accounts.fill(&row, Side::Buy, Price(1_000), Qty(1_000));
    accounts.fill(&row, Side::Buy, Price(1_100), Qty(1_000));
    assert_eq!(cash(&accounts), Money::ZERO);
    assert_eq!(accounts.held(row.id).entry(SCALE), Some(Price(1_050)));
    accounts.fill(&row, Side::Sell, Price(1_200), Qty(500));
    assert_eq!(cash(&accounts), money("7.5"));
    accounts.fill(&row, Side::Sell, Price(1_000), Qty(2_500));
    assert_eq!(cash(&accounts), Money::ZERO);
    let held = accounts.held(row.id);
    assert_eq!((held.qty, held.cost), (Qty(-1_000), money("-100")));
    assert_eq!(held.entry(SCALE), Some(Price(1_000)));
}

#[test]
fn longs_pay_a_positive_rate_and_a_flat_position_nothing() {
    let (mut accounts, row) = (accounts(10), row(true));
    assert_eq!(accounts.fund(&row, Rate(100_000_000), Price(1_000)), None);
    accounts.fill(&row, Side::Buy, Price(1_000), Qty(1_000));
    assert_eq!(accounts.fund(&row, Rate(100_000_000), Price(2_000)), Some(money("-0.02")));
    assert_eq!(accounts.cash(VenueId::Okx, AssetId(1)), money("9.98"));
    assert_eq!(accounts.fund(&row, Rate(-100_000_000), Price(2_000)), Some(money("0.02")));
}

#[test]
fn a_margin_is_the_worth_divided_by_the_leverage() {
    assert_eq!(
        margin(money("1000"), Rate(3_000_000_000_000)),
        money("333.333333333333333333333333")
    );
    assert_eq!(margin(money("1000"), Rate(2_500_000_000_000)), money("400"));
}

proptest! {
    /// However it got there: cash and what the position cost are together what was paid and received.
    #[test]
    fn nothing_is_lost_between_cash_and_cost(
        trades in prop::collection::vec((any::<bool>(), 1_i64..5_000, 1_i64..9_999), 1..60),
    ) {
        let (mut accounts, row) = (accounts(0), row(true));
        let (mut flow, mut qty) = (Money::ZERO, 0);
        for (buys, price, size) in trades {
            let side = if buys { Side::Buy } else { Side::Sell };
            accounts.fill(&row, side, Price(price), Qty(size));
            flow -= SCALE.notional(Price(price), Qty(size).signed(side));
            qty += size * side.sign();
            let held = accounts.held(row.id);
            prop_assert_eq!(held.qty, Qty(qty));
            prop_assert_eq!(accounts.cash(VenueId::Okx, AssetId(1)), flow + held.cost);
            prop_assert!(qty != 0 || held.cost.is_zero());
        }
    }
}
