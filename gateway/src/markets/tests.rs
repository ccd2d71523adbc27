use super::Markets;
use crate::samples;
use base::{Price, Product, Qty, VenueId};

#[test]
fn instruments_are_found_by_symbol_and_kind() {
    let instruments = samples::instruments();
    let markets = Markets::new(VenueId::Bybit, &instruments).unwrap();
    let spot = markets.find(Product::Spot, b"BTCUSDT").unwrap();
    let perpetual = markets.find(Product::Perpetual, b"BTCUSDT").unwrap();
    assert_ne!(spot.id, perpetual.id);
    assert_eq!(markets.get(spot.id).unwrap().symbol(), b"BTCUSDT");
    assert!(markets.find(Product::Spot, b"BTCUSDC").is_none());
    assert_eq!(markets.asset(b"USDT"), instruments.asset_id("USDT"));
    assert_eq!(markets.asset(b"NOPE"), None);
}

#[test]
fn numbers_are_written_with_the_decimals_of_their_step() {
    let instruments = samples::instruments();
    let markets = Markets::new(VenueId::BinanceUsdm, &instruments).unwrap();
    let market = markets.find(Product::Perpetual, b"BTCUSDT").unwrap();
    // Scale 1e-2 and 1e-8; tick 0.10, lot 0.001.
    assert_eq!(market.price_digits(Price(6_180_010)), Some((618_001, 1)));
    assert_eq!(market.price_digits(Price(6_180_011)), None, "between two ticks");
    assert_eq!(market.price_digits(Price(0)), None);
    assert_eq!(market.price_digits(Price(-10)), None);
    assert_eq!(market.size_digits(Qty(2_500_000)), Some((25, 3)));
    assert_eq!(market.size_digits(Qty(2_500_001)), None);
}

#[test]
fn contracts_are_written_in_the_venues_unit() {
    let instruments = samples::instruments();
    let markets = Markets::new(VenueId::Okx, &instruments).unwrap();
    let market = markets.find_any(b"BTC-USDT-SWAP").unwrap();
    // 0.01 BTC a contract, lots of 0.01 contracts: 0.0123 BTC are 1.23 contracts.
    assert_eq!(market.size_digits(Qty(1_230_000)), Some((123, 2)));
    assert_eq!(market.edge.qty(b"1.23"), Ok(Qty(1_230_000)));
}

#[test]
fn a_symbol_that_does_not_fit_is_refused_by_name() {
    let mut instruments = samples::instruments();
    instruments.list[0].symbol = "X".repeat(31);
    let name = instruments.list[0].name.clone();
    assert_eq!(Markets::new(instruments.list[0].venue, &instruments).err(), Some(name));
}
