//! OKX v5: the shapes of its public messages.
//!
//! Everything comes as `{"arg":{"channel":..,"instId":..},..,"data":[..]}`; numbers and times are strings,
//! sequence numbers are integers.

use crate::message::{Best, BookAction, BookChange, Event, Level, PublicTrade, Scratch, Ticker};
use crate::scan::Cursor;
use crate::symbols::{Listing, Symbols};
use crate::wire::{level, levels, time};
use base::{Price, Qty, Side};

pub(crate) mod full;

/// The names OKX uses: of instruments, and of indices (which name no instrument).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) instruments: &'a Symbols,
    pub(crate) indices: &'a Symbols,
}

/// Reads a message of the documented shape; `None` sends it to the full parser.
#[inline(always)]
pub(crate) fn scan(bytes: &[u8], names: Names<'_>, scratch: &mut Scratch) -> Option<Event> {
    let mut at = Cursor::new(bytes);
    if at.literal(b"{\"arg\":{\"channel\":\"").is_none() {
        return (bytes == b"pong").then_some(Event::Control(crate::message::Control::Pong));
    }
    let instruments = names.instruments;
    let event = if at.literal(b"bbo-tbt\",\"instId\":\"").is_some() {
        best(&mut at, instruments)?
    } else if at.literal(b"books\",\"instId\":\"").is_some() {
        books(&mut at, instruments, scratch)?
    } else if at.literal(b"trades\",\"instId\":\"").is_some() {
        trades(&mut at, instruments, scratch)?
    } else if at.literal(b"mark-price\",\"instId\":\"").is_some() {
        mark(&mut at, instruments)?
    } else {
        at.literal(b"index-tickers\",\"instId\":\"")?;
        index(&mut at, names.indices)?
    };
    at.literal(b"]}")?;
    at.end()?;
    Some(event)
}

/// `ID"},"data":[{"asks":[[p,q,"0",n]],"bids":[[..]],"ts":"t"[,"seqId":n]}`.
#[inline(always)]
fn best(at: &mut Cursor<'_>, symbols: &Symbols) -> Option<Event> {
    let listing = symbols.find(at.name()?)?;
    at.literal(b"},\"data\":[{\"asks\":[")?;
    let ask = one_level(at, &listing)?;
    at.literal(b",\"bids\":[")?;
    let bid = one_level(at, &listing)?;
    at.literal(b",\"ts\":\"")?;
    let matched = at.integer()?;
    at.literal(b"\",\"seqId\":")?;
    let order = at.integer()?;
    at.literal(b"}")?;
    let venue_time = time(matched);
    Some(Event::Best(Best { row: listing.row, bid, ask, order, venue_time, partial: false }))
}

/// No level or one, behind `[`; the closing bracket is stepped over.
#[inline(always)]
#[expect(clippy::option_option, reason = "the outer one is the scanner giving up")]
fn one_level(at: &mut Cursor<'_>, listing: &Listing) -> Option<Option<Level>> {
    if at.literal(b"]").is_some() {
        return Some(None);
    }
    at.literal(b"[\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"")?;
    let size = at.decimal(listing.edge.size_exp)?;
    at.literal(b",\"0\",\"")?;
    at.digits()?;
    at.literal(b"]]")?;
    level(price, size, &listing.edge)
}

/// `ID"},"action":"..","data":[{"asks":[..],"bids":[..],"ts":"t","checksum":n,"prevSeqId":n,"seqId":n}`.
#[inline(always)]
fn books(at: &mut Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let listing = symbols.find(at.name()?)?;
    at.literal(b"},\"action\":\"")?;
    let action = if at.literal(b"update\",\"data\":[{\"asks\":[").is_some() {
        BookAction::Delta
    } else {
        at.literal(b"snapshot\",\"data\":[{\"asks\":[")?;
        BookAction::Snapshot
    };
    levels::<true>(at, &listing.edge, &mut scratch.asks)?;
    at.literal(b",\"bids\":[")?;
    levels::<true>(at, &listing.edge, &mut scratch.bids)?;
    at.literal(b",\"ts\":\"")?;
    let matched = time(at.integer()?);
    at.literal(b"\",\"checksum\":")?;
    let checksum = i32::try_from(at.signed()?).ok()?;
    at.literal(b",\"prevSeqId\":")?;
    let prev = at.signed()?;
    at.literal(b",\"seqId\":")?;
    let last = at.integer()?;
    at.literal(b"}")?;
    Some(Event::Book(BookChange {
        row: listing.row,
        action,
        first: last,
        last: Some(last),
        prev: Some(prev),
        order: last,
        checksum,
        venue_time: matched,
        sent: matched,
    }))
}

/// `ID"},"data":[{"instId":"ID","tradeId":"n","px":"p","sz":"q","side":"buy","ts":"t"[,"count":"n"]..},..`.
#[inline(always)]
fn trades(at: &mut Cursor<'_>, symbols: &Symbols, scratch: &mut Scratch) -> Option<Event> {
    let name = at.name()?;
    let listing = symbols.find(name)?;
    at.literal(b"},\"data\":[")?;
    let mut count = 0;
    for place in scratch.trades.places() {
        *place = one_trade(at, name, &listing)?;
        count += 1;
        if at.literal(b",").is_none() {
            scratch.trades.keep(count);
            return Some(Event::Trades(listing.row));
        }
    }
    None
}

#[inline(always)]
fn one_trade(at: &mut Cursor<'_>, name: &[u8], listing: &Listing) -> Option<PublicTrade> {
    at.literal(b"{\"instId\":\"")?;
    at.matches(name)?;
    at.literal(b"\",\"tradeId\":\"")?;
    let id = at.integer()?;
    at.literal(b"\",\"px\":\"")?;
    let price = at.decimal(listing.edge.price_exp)?;
    at.literal(b",\"sz\":\"")?;
    let qty = at.decimal(listing.edge.size_exp)?.checked_mul(listing.edge.size_factor)?;
    at.literal(b",\"side\":\"")?;
    let taker = if at.literal(b"buy\",\"ts\":\"").is_some() {
        Side::Buy
    } else {
        at.literal(b"sell\",\"ts\":\"")?;
        Side::Sell
    };
    let matched = at.integer()?;
    at.literal(b"\"")?;
    if at.literal(b",\"count\":\"").is_some() {
        at.digits()?;
    }
    if at.literal(b",\"source\":\"").is_some() {
        at.text()?;
    }
    if at.literal(b",\"seqId\":").is_some() {
        at.integer()?;
    }
    at.literal(b"}")?;
    if price == 0 || qty == 0 {
        return None;
    }
    Some(PublicTrade {
        taker,
        price: Price(price),
        qty: Qty(qty),
        id: id.cast_unsigned(),
        venue_time: time(matched),
    })
}

/// `ID"},"data":[{"instType":"SWAP","instId":"ID","markPx":"p","ts":"t"}`, the first two also swapped.
#[inline(always)]
fn mark(at: &mut Cursor<'_>, symbols: &Symbols) -> Option<Event> {
    let name = at.name()?;
    let listing = symbols.find(name)?;
    at.literal(b"},\"data\":[{\"inst")?;
    if at.literal(b"Type\":\"").is_some() {
        at.text()?;
        at.literal(b",\"instId\":\"")?;
        at.matches(name)?;
        at.literal(b"\"")?;
    } else {
        at.literal(b"Id\":\"")?;
        at.matches(name)?;
        at.literal(b"\",\"instType\":\"")?;
        at.text()?;
    }
    at.literal(b",\"markPx\":\"")?;
    let mark = Price(at.rounded(listing.edge.price_exp)?);
    at.literal(b",\"ts\":\"")?;
    let mut ticker = Ticker::new(listing.row, time(at.integer()?));
    at.literal(b"\"}")?;
    ticker.mark = Some(mark);
    (mark.0 > 0).then_some(Event::Ticker(ticker))
}

/// `ID"},"data":[{"instId":"ID","idxPx":"p",`five prices`,"ts":"t"}`.
#[inline(always)]
fn index(at: &mut Cursor<'_>, indices: &Symbols) -> Option<Event> {
    let name = at.name()?;
    let listing = indices.find(name)?;
    at.literal(b"},\"data\":[{\"instId\":\"")?;
    at.matches(name)?;
    at.literal(b"\",\"idxPx\":\"")?;
    let price = Price(at.rounded(listing.edge.price_exp)?);
    if at.literal(b",\"open24h\":\"").is_some() {
        at.text()?;
    }
    at.literal(b",\"high24h\":\"")?;
    at.text()?;
    at.literal(b",\"low24h\":\"")?;
    at.text()?;
    if at.literal(b",\"open24h\":\"").is_some() {
        at.text()?;
    }
    at.literal(b",\"sodUtc0\":\"")?;
    at.text()?;
    at.literal(b",\"sodUtc8\":\"")?;
    at.text()?;
    at.literal(b",\"ts\":\"")?;
    let venue_time = time(at.integer()?);
    at.literal(b"\"}")?;
    (price.0 > 0).then_some(Event::Index { index: listing.row, price, venue_time })
}
