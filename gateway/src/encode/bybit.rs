//! Bybit v5 /v5/trade and /v5/private: the session is signed once, orders carry only a time stamp.

use base::{Product, Side, output::Style};
use venue::credentials::Credentials;
use venue::sign;

use super::{Moment, Named, Ticket};
use crate::markets::Market;
use crate::text::Draft;

/// `op: order.create`.
#[inline]
pub fn place(ticket: &Ticket<'_>, at: Moment, window_ms: u64, out: &mut [u8]) -> usize {
    let mut text = begin(at, window_ms, b"\"},\"op\":\"order.create\",\"args\":[{", out);
    order(ticket, &mut text);
    text.put(b"]}");
    text.length().unwrap_or(0)
}

/// The body of `POST /v5/order/create`.
pub(crate) fn order_body(ticket: &Ticket<'_>, out: &mut [u8]) -> usize {
    let mut text = Draft::new(out);
    text.put(b"{");
    order(ticket, &mut text);
    text.length().unwrap_or(0)
}

/// An order, up to its closing brace.
#[inline]
fn order(ticket: &Ticket<'_>, text: &mut Draft<'_>) {
    instrument(ticket.market, text);
    let is_spot = ticket.market.product == Product::Spot;
    // Each piece in an arm of its own: its length is known where it is copied.
    match ticket.side {
        Side::Buy => text.put(b"\",\"side\":\"Buy\",\"orderType\":\""),
        Side::Sell => text.put(b"\",\"side\":\"Sell\",\"orderType\":\""),
    }
    match ticket.style {
        Style::Market => text.put(b"Market\",\"qty\":\""),
        _ => text.put(b"Limit\",\"qty\":\""),
    }
    text.padded(&ticket.size);
    if ticket.style != Style::Market {
        text.put(b"\",\"price\":\"");
        text.padded(&ticket.price);
    }
    match ticket.style {
        Style::Limit => text.put(b"\",\"timeInForce\":\"GTC\""),
        Style::Ioc => text.put(b"\",\"timeInForce\":\"IOC\""),
        Style::PostOnly => text.put(b"\",\"timeInForce\":\"PostOnly\""),
        Style::Market if is_spot => text.put(b"\",\"marketUnit\":\"baseCoin\""),
        Style::Market => text.put(b"\""),
    }
    if !is_spot {
        // One-way mode, of contracts only.
        text.put(b",\"positionIdx\":0");
    }
    if ticket.reduce_only {
        text.put(b",\"reduceOnly\":true");
    }
    text.put(b",\"orderLinkId\":\"");
    text.put(ticket.client.as_bytes());
    text.put(b"\"}");
}

/// `op: order.cancel`.
pub fn cancel(order: &Named<'_>, at: Moment, window_ms: u64, out: &mut [u8]) -> usize {
    let mut text = begin(at, window_ms, b"\"},\"op\":\"order.cancel\",\"args\":[{", out);
    instrument(order.market, &mut text);
    text.put(b"\",\"orderLinkId\":\"");
    text.put(order.client.as_bytes());
    text.put(b"\"}]}");
    text.length().unwrap_or(0)
}

#[inline]
fn begin<'a>(at: Moment, window_ms: u64, op: &[u8], out: &'a mut [u8]) -> Draft<'a> {
    let mut text = Draft::new(out);
    text.put(b"{\"reqId\":\"");
    text.number(at.request);
    text.put(b"\",\"header\":{\"X-BAPI-TIMESTAMP\":\"");
    text.number(at.venue_ms);
    text.put(b"\",\"X-BAPI-RECV-WINDOW\":\"");
    text.number(window_ms);
    text.put(op);
    text
}

#[inline]
fn instrument(market: &Market, text: &mut Draft<'_>) {
    match market.product {
        Product::Spot => text.put(b"\"category\":\"spot\",\"symbol\":\""),
        Product::Perpetual => text.put(b"\"category\":\"linear\",\"symbol\":\""),
    }
    text.padded(&market.symbol);
}

/// `op: auth` of both connections, good until ten seconds after `venue_ms`.
pub fn login(credentials: &Credentials, venue_ms: u64, window_ms: u64, out: &mut [u8]) -> usize {
    let Some(key) = credentials.hmac() else { return 0 };
    let mut digits = [0; 20];
    let mut expires = Draft::new(&mut digits);
    expires.number(venue_ms.saturating_add(window_ms.max(10_000)));
    let signature = sign::bybit::auth(key, expires.written());
    let mut text = Draft::new(out);
    text.put(b"{\"op\":\"auth\",\"args\":[\"");
    text.put(credentials.key.expose().as_bytes());
    text.put(b"\",");
    text.put(expires.written());
    text.put(b",\"");
    text.put(&signature);
    text.put(b"\"]}");
    text.length().unwrap_or(0)
}

/// The account's topics, acknowledged together.
pub const SUBSCRIBE: &[u8] =
    b"{\"op\":\"subscribe\",\"args\":[\"order\",\"execution\",\"position\",\"wallet\"]}";

/// Keeps either connection alive.
pub const PING: &[u8] = b"{\"op\":\"ping\"}";
