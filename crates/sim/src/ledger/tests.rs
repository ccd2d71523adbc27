use super::{Ledger, Reason};
use crate::dec::Dec;
use crate::order::Fill;
use crate::scenario::{Scenario, list};
use base::{Side, VenueId, WallNs};

fn dec(text: &str) -> Dec {
    Dec::parse(text).expect("a number")
}

#[test]
fn the_dump_holds_sums_by_instrument_and_reason_as_exact_text() {
    let scenario = Scenario::load("calm").expect("a built-in scenario");
    let specs = list(&scenario, VenueId::BinanceUsdm).expect("a listing");
    let mut ledger = Ledger::default();
    ledger.post(Reason::Deposit, "USDT", dec("100"), WallNs(1));
    ledger.post(Reason::Fee, "USDT", dec("-0.00000003"), WallNs(2));
    ledger.post(Reason::Fee, "USDT", Dec::ZERO, WallNs(2));
    let fill = Fill {
        trade_id: 9,
        order_id: 4,
        row: 0,
        side: Side::Sell,
        price: dec("61800.1"),
        qty: dec("0.001"),
        fee: dec("0.00000003"),
        fee_asset: "USDT".into(),
        fee_rate: dec("0.0005"),
        maker: false,
        realised: Dec::ZERO,
        at: WallNs(2),
    };
    ledger.fill(&fill);
    let json = ledger.to_json(&specs);
    assert_eq!(json["cash"]["USDT"]["total"], "99.99999997");
    assert_eq!(json["cash"]["USDT"]["fee"], "-0.00000003");
    assert_eq!(json["house"]["USDT"], "-99.99999997");
    let sums = &json["instruments"]["BTC/USDT:USDT"];
    assert_eq!((&sums["position"], &sums["sold_value"]), (&"-0.001".into(), &"61.8001".into()));
    assert_eq!(json["fills"][0]["value"], "61.8001");
    assert_eq!(ledger.postings.len(), 2);
}
