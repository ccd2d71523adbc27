use super::*;

#[test]
fn a_thousand_pepe_and_a_hundredth_of_a_bitcoin_convert_exactly() {
    // 1000PEPEUSDT with a tick of 0.0000001: PEPE's own price has ten decimals, read at seven.
    let pepe = Edge { price_exp: 7, size_exp: 0, size_factor: 1000 };
    assert_eq!(pepe.price(b"0.0123456"), Ok(Price(123_456)));
    assert_eq!(pepe.qty(b"17"), Ok(Qty(17_000)));
    // BTC-USDT-SWAP: 0.01 BTC a contract, lots of 0.01 contract, BTC in units of 10^-8.
    let swap = Edge { price_exp: 2, size_exp: 2, size_factor: 10_000 };
    assert_eq!(swap.qty(b"1"), Ok(Qty(1_000_000)));
    assert_eq!(swap.qty(b"0.01"), Ok(Qty(10_000)));
    let mut out = [0; decimal::TEXT_MAX];
    let length = swap.write_size(Qty(1_230_000), &mut out);
    assert_eq!(&out[..length], b"1.23");
    let length = pepe.write_price(Price(123_456), &mut out);
    assert_eq!(&out[..length], b"0.0123456");
}

#[test]
fn sizes_beyond_the_integer_are_refused() {
    let edge = Edge { price_exp: 2, size_exp: 0, size_factor: i64::MAX };
    assert_eq!(edge.qty(b"2"), Err(DecimalError::TooLarge));
}
