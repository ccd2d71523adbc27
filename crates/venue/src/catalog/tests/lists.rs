//! Instrument lists of our own in the venues' shapes.

use super::super::{
    Listing, Wanted, parse_binance_spot, parse_binance_usdm, parse_bybit_linear, parse_okx,
};
use base::VenueId;

pub(super) fn want(venue: VenueId, name: &str) -> Wanted {
    Wanted { venue, name: name.to_owned() }
}

pub(super) fn spot(symbols: &[String]) -> Vec<Listing> {
    let body = format!(r#"{{"symbols":[{}]}}"#, symbols.join(","));
    parse_binance_spot(body.as_bytes()).expect("a list").listings
}

pub(super) fn usdm(symbols: &[String]) -> Vec<Listing> {
    let body = format!(r#"{{"symbols":[{}]}}"#, symbols.join(","));
    parse_binance_usdm(body.as_bytes()).expect("a list").listings
}

pub(super) fn okx(instruments: &[String]) -> Vec<Listing> {
    let body = format!(r#"{{"code":"0","msg":"","data":[{}]}}"#, instruments.join(","));
    parse_okx(body.as_bytes()).expect("a list").listings
}

pub(super) fn bybit_linear(symbols: &[String]) -> Vec<Listing> {
    let body = format!(
        r#"{{"retCode":0,"retMsg":"OK","result":{{"category":"linear","list":[{}],"nextPageCursor":""}}}}"#,
        symbols.join(",")
    );
    parse_bybit_linear(body.as_bytes()).expect("a list").listings
}

pub(super) fn spot_symbol(base: &str, tick: &str, lot: &str, max: &str, price_max: &str) -> String {
    format!(
        r#"{{"symbol":"{base}USDT","status":"TRADING","baseAsset":"{base}","quoteAsset":"USDT","filters":[
            {{"filterType":"PRICE_FILTER","minPrice":"{tick}","maxPrice":"{price_max}","tickSize":"{tick}"}},
            {{"filterType":"LOT_SIZE","minQty":"{lot}","maxQty":"{max}","stepSize":"{lot}"}},
            {{"filterType":"MARKET_LOT_SIZE","minQty":"0.00000000","maxQty":"0.00000000","stepSize":"0.00000000"}},
            {{"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true}},
            {{"filterType":"SOMETHING_NEW","surprise":[1,2]}}]}}"#
    )
}

pub(super) fn usdm_symbol(base: &str, tick: &str, lot: &str, max: &str, price_max: &str) -> String {
    format!(
        r#"{{"symbol":"{base}USDT","contractType":"PERPETUAL","status":"TRADING","baseAsset":"{base}","quoteAsset":"USDT","marginAsset":"USDT","filters":[
            {{"filterType":"PRICE_FILTER","minPrice":"{tick}","maxPrice":"{price_max}","tickSize":"{tick}"}},
            {{"filterType":"LOT_SIZE","minQty":"{lot}","maxQty":"{max}","stepSize":"{lot}"}},
            {{"filterType":"MIN_NOTIONAL","notional":"5"}}]}}"#
    )
}

pub(super) fn okx_swap(pair: &str, value: &str, times: &str, lot: &str, tick: &str) -> String {
    let (base, quote) = pair.split_once('-').expect("BASE-QUOTE");
    format!(
        r#"{{"instType":"SWAP","instId":"{pair}-SWAP","instIdCode":10459,"uly":"{pair}","ctType":"linear","ctVal":"{value}","ctMult":"{times}","ctValCcy":"{base}","settleCcy":"{quote}","baseCcy":"","quoteCcy":"","state":"live","tickSz":"{tick}","lotSz":"{lot}","minSz":"{lot}","maxLmtSz":"100000000","maxMktSz":"12000","maxLmtAmt":"20000000"}}"#
    )
}

pub(super) fn okx_spot(pair: &str, lot: &str, tick: &str, max: &str) -> String {
    let (base, quote) = pair.split_once('-').expect("BASE-QUOTE");
    format!(
        r#"{{"instType":"SPOT","instId":"{pair}","instIdCode":null,"ctVal":"","ctMult":"","ctType":"","ctValCcy":"","settleCcy":"","baseCcy":"{base}","quoteCcy":"{quote}","state":"live","tickSz":"{tick}","lotSz":"{lot}","minSz":"{lot}","maxLmtSz":"{max}","maxMktSz":"1000000","maxLmtAmt":"20000000"}}"#
    )
}

pub(super) fn bybit_symbol(base: &str, tick: &str, lot: &str, max: &str) -> String {
    format!(
        r#"{{"symbol":"{base}USDT","contractType":"LinearPerpetual","status":"Trading","baseCoin":"{base}","quoteCoin":"USDT","settleCoin":"USDT","fundingInterval":240,"priceFilter":{{"minPrice":"{tick}","maxPrice":"1999.9998","tickSize":"{tick}"}},"lotSizeFilter":{{"maxOrderQty":"{max}","minOrderQty":"{lot}","qtyStep":"{lot}","maxMktOrderQty":"{max}","minNotionalValue":"5"}}}}"#
    )
}
