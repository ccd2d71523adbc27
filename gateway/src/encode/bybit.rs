//! Bybit v5 /v5/trade and /v5/private: the session is signed once, orders carry only a time stamp.

use base::{Product, Side, output::Style};
use venue::credentials::Credentials;
use venue::sign;

use super::{Moment, Named, Ticket};
use crate::markets::Market;
use crate::text::Draft;

/// `op: order.create`.
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
    text.put(match (ticket.side, ticket.style) {
        (Side::Buy, Style::Market) => b"\",\"side\":\"Buy\",\"orderType\":\"Market\",\"qty\":\"",
        (Side::Sell, Style::Market) => {
            b"\",\"side\":\"Sell\",\"orderType\":\"Market\",\"qty\":\"".as_slice()
        }
        (Side::Buy, _) => b"\",\"side\":\"Buy\",\"orderType\":\"Limit\",\"qty\":\"",
        (Side::Sell, _) => b"\",\"side\":\"Sell\",\"orderType\":\"Limit\",\"qty\":\"",
    });
    text.fixed(ticket.size.0, ticket.size.1);
    if ticket.style != Style::Market {
        text.put(b"\",\"price\":\"");
        text.fixed(ticket.price.0, ticket.price.1);
    }
    text.put(match ticket.style {
        Style::Limit => b"\",\"timeInForce\":\"GTC\"".as_slice(),
        Style::Ioc => b"\",\"timeInForce\":\"IOC\"",
        Style::PostOnly => b"\",\"timeInForce\":\"PostOnly\"",
        Style::Market if is_spot => b"\",\"marketUnit\":\"baseCoin\"",
        Style::Market => b"\"",
    });
    // One-way mode, of contracts only.
    text.put(if is_spot { b"".as_slice() } else { b",\"positionIdx\":0" });
    text.put(if ticket.reduce_only {
        b",\"reduceOnly\":true,\"orderLinkId\":\"".as_slice()
    } else {
        b",\"orderLinkId\":\""
    });
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
    text.put(match market.product {
        Product::Spot => b"\"category\":\"spot\",\"symbol\":\"".as_slice(),
        Product::Perpetual => b"\"category\":\"linear\",\"symbol\":\"",
    });
    text.put(market.symbol());
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
