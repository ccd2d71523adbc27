//! OKX v5 /private: the session is signed once, orders are not.

use base::{Product, Side, output::Style};
use venue::credentials::Credentials;
use venue::sign;

use super::{Moment, Named, Ticket};
use crate::markets::Market;
use crate::text::Draft;

/// Most orders one batch request cancels, so that its text stays below the common limit.
pub const BATCH: usize = 10;

/// `op: order`. The venue discards it when it arrives after `at` plus the window.
#[inline]
pub fn place(ticket: &Ticket<'_>, at: Moment, window_ms: u64, out: &mut [u8]) -> usize {
    let mut text = begin(at, b"\",\"op\":\"order\",\"args\":[{", out);
    instrument(ticket.market, &mut text);
    order(ticket, &mut text);
    text.put(b"],\"expTime\":\"");
    text.number(at.venue_ms.saturating_add(window_ms));
    text.put(b"\"}");
    text.length().unwrap_or(0)
}

/// The body of `POST /api/v5/trade/order`, where the instrument goes by its name.
pub(crate) fn order_body(ticket: &Ticket<'_>, out: &mut [u8]) -> usize {
    let mut text = Draft::new(out);
    text.put(b"{\"instId\":\"");
    text.padded(&ticket.market.symbol);
    text.put(b"\"");
    order(ticket, &mut text);
    text.length().unwrap_or(0)
}

/// An order behind its instrument.
#[inline]
fn order(ticket: &Ticket<'_>, text: &mut Draft<'_>) {
    let is_spot = ticket.market.product == Product::Spot;
    // Each piece in an arm of its own: its length is known where it is copied.
    if is_spot {
        text.put(b",\"tdMode\":\"cash\"");
    } else {
        text.put(b",\"tdMode\":\"cross\"");
    }
    match ticket.side {
        Side::Buy => text.put(b",\"side\":\"buy\""),
        Side::Sell => text.put(b",\"side\":\"sell\""),
    }
    match ticket.style {
        Style::Limit => text.put(b",\"ordType\":\"limit\",\"sz\":\""),
        Style::Ioc => text.put(b",\"ordType\":\"ioc\",\"sz\":\""),
        Style::PostOnly => text.put(b",\"ordType\":\"post_only\",\"sz\":\""),
        Style::Market if is_spot => {
            text.put(b",\"ordType\":\"market\",\"tgtCcy\":\"base_ccy\",\"sz\":\"");
        }
        Style::Market => text.put(b",\"ordType\":\"market\",\"sz\":\""),
    }
    text.padded(&ticket.size);
    if ticket.style != Style::Market {
        text.put(b"\",\"px\":\"");
        text.padded(&ticket.price);
    }
    text.put(b"\",\"clOrdId\":\"");
    text.put(ticket.client.as_bytes());
    if ticket.reduce_only {
        text.put(b"\",\"reduceOnly\":true}");
    } else {
        text.put(b"\"}");
    }
}

/// `op: cancel-order`.
pub fn cancel(order: &Named<'_>, at: Moment, out: &mut [u8]) -> usize {
    let mut text = begin(at, b"\",\"op\":\"cancel-order\",\"args\":[{", out);
    named(order, &mut text);
    text.put(b"}]}");
    text.length().unwrap_or(0)
}

/// `op: batch-cancel-orders`, at most [`BATCH`] of them.
pub fn cancel_batch<'m>(
    orders: impl Iterator<Item = Named<'m>>,
    at: Moment,
    out: &mut [u8],
) -> usize {
    let mut text = begin(at, b"\",\"op\":\"batch-cancel-orders\",\"args\":[", out);
    for (index, order) in orders.take(BATCH).enumerate() {
        text.put(if index == 0 { b"{" } else { b",{".as_slice() });
        named(&order, &mut text);
        text.put(b"}");
    }
    text.put(b"]}");
    text.length().unwrap_or(0)
}

#[inline]
fn begin<'a>(at: Moment, op: &[u8], out: &'a mut [u8]) -> Draft<'a> {
    let mut text = Draft::new(out);
    text.put(b"{\"id\":\"");
    text.number(at.request);
    text.put(op);
    text
}

fn named(order: &Named<'_>, text: &mut Draft<'_>) {
    instrument(order.market, text);
    text.put(b",\"clOrdId\":\"");
    text.put(order.client.as_bytes());
    text.put(b"\"");
}

/// The number WebSocket order entry wants; the name where the venue gave no number.
#[inline]
fn instrument(market: &Market, text: &mut Draft<'_>) {
    if market.code == 0 {
        text.put(b"\"instId\":\"");
        text.padded(&market.symbol);
        text.put(b"\"");
    } else {
        text.put(b"\"instIdCode\":");
        text.padded(&market.code_text);
    }
}

/// `op: login`, good for 30 s.
pub fn login(credentials: &Credentials, venue_ms: u64, out: &mut [u8]) -> usize {
    let Some(key) = credentials.hmac() else { return 0 };
    let mut digits = [0; 20];
    let mut seconds = Draft::new(&mut digits);
    seconds.number(venue_ms / 1_000);
    let signature = sign::okx::login(key, seconds.written());
    let mut text = Draft::new(out);
    text.put(b"{\"op\":\"login\",\"args\":[{\"apiKey\":\"");
    text.put(credentials.key.expose().as_bytes());
    text.put(b"\",\"passphrase\":\"");
    let passphrase = credentials.passphrase.as_ref().map_or("", |hidden| hidden.expose());
    for byte in passphrase.bytes() {
        if matches!(byte, b'"' | b'\\') {
            text.put(b"\\");
        }
        text.put(&[byte]);
    }
    text.put(b"\",\"timestamp\":\"");
    text.put(seconds.written());
    text.put(b"\",\"sign\":\"");
    text.put(&signature);
    text.put(b"\"}]}");
    text.length().unwrap_or(0)
}

/// The account's channels; each is acknowledged by itself.
pub const SUBSCRIBE: &[u8] = b"{\"op\":\"subscribe\",\"args\":[\
    {\"channel\":\"orders\",\"instType\":\"ANY\"},\
    {\"channel\":\"positions\",\"instType\":\"ANY\"},\
    {\"channel\":\"account\"},\
    {\"channel\":\"balance_and_position\"}]}";

/// How many acknowledgements [`SUBSCRIBE`] brings.
pub const SUBSCRIPTIONS: u32 = 4;
