//! Binance's market frames written from numbers: repetitions of the capture, and instruments made of it.
//!
//! Written so that a frame made of a captured frame's own numbers is that frame, byte for byte (a test
//! holds every frame of both captures to it).

use super::player::Diff;
use super::view::LastTrade;
use crate::event::{Level, Top};
use crate::spec::Spec;
use base::Side;
use std::fmt::Write as _;

/// Event and transaction time, milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) event_ms: i64,
    pub(super) transaction_ms: i64,
}

/// A `bookTicker` payload.
pub(super) fn ticker(spec: &Spec, u: u64, times: Times, top: &Top) -> String {
    let mut text = String::with_capacity(192);
    text.push('{');
    if spec.is_perpetual() {
        text.push_str("\"e\":\"bookTicker\",");
    }
    let (price, qty) = (spec.price_places, spec.qty_places);
    let _ = write!(
        text,
        r#""u":{u},"s":"{}","b":"{}","B":"{}","a":"{}","A":"{}""#,
        spec.symbol,
        top.bid.fixed(price),
        top.bid_qty.fixed(qty),
        top.ask.fixed(price),
        top.ask_qty.fixed(qty),
    );
    if spec.is_perpetual() {
        let _ = write!(text, r#","T":{},"E":{}"#, times.transaction_ms, times.event_ms);
    }
    text.push('}');
    text
}

/// A `trade` payload.
pub(super) fn trade(spec: &Spec, times: Times, trade: &LastTrade, taker: Side) -> String {
    let (price, qty) = (trade.price.fixed(spec.price_places), trade.qty.fixed(spec.qty_places));
    let (symbol, id, maker) = (&spec.symbol, trade.id, taker == Side::Sell);
    let Times { event_ms, transaction_ms } = times;
    if spec.is_perpetual() {
        format!(
            r#"{{"e":"trade","E":{event_ms},"T":{transaction_ms},"s":"{symbol}","t":{id},"p":"{price}","q":"{qty}","X":"MARKET","m":{maker}}}"#
        )
    } else {
        format!(
            r#"{{"e":"trade","E":{event_ms},"s":"{symbol}","t":{id},"p":"{price}","q":"{qty}","T":{transaction_ms},"m":{maker},"M":true}}"#
        )
    }
}

/// A `depthUpdate` payload.
pub(super) fn depth(spec: &Spec, times: Times, diff: &Diff<'_>) -> String {
    let mut text = String::with_capacity(160 + 32 * (diff.bids.len() + diff.asks.len()));
    let _ = write!(text, r#"{{"e":"depthUpdate","E":{}"#, times.event_ms);
    if spec.is_perpetual() {
        let _ = write!(text, r#","T":{}"#, times.transaction_ms);
    }
    let _ = write!(text, r#","s":"{}","U":{},"u":{}"#, spec.symbol, diff.first, diff.last);
    if spec.is_perpetual() {
        let _ = write!(text, r#","pu":{}"#, diff.prev);
    }
    for (name, levels) in [("b", &diff.bids), ("a", &diff.asks)] {
        let _ = write!(text, r#","{name}":["#);
        pairs(&mut text, spec, levels);
        text.push(']');
    }
    text.push('}');
    text
}

/// `["price","qty"],…`
fn pairs(text: &mut String, spec: &Spec, levels: &[Level]) {
    for (index, level) in levels.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let (price, qty) = (level.price.fixed(spec.price_places), level.qty.fixed(spec.qty_places));
        let _ = write!(text, r#"["{price}","{qty}"]"#);
    }
}
