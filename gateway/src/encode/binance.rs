//! Binance WebSocket APIs: every request signed by itself, or a session logged on once.
//!
//! The signed text is all parameters in the order of their names; the JSON has them in the same
//! order, so both are written side by side.

use std::sync::Arc;

use base::{Side, VenueId, output::Style};
use venue::credentials::{Credentials, Secret};
use venue::sign::{self, PADDING, Prefix};
use zeroize::Zeroizing;

use super::{Moment, Named, Ticket};
use crate::markets::Market;
use crate::text::{Draft, Padded, Short, decimal};

/// Longest API key that fits its place.
pub const KEY_MAX: usize = 128;

/// The text that is signed: all parameters of one request, and what is behind the key's last whole block.
const SIGNED_MAX: usize = 512;

/// Requests are good for so long unless they say something else: milliseconds.
const USUAL_WINDOW: u32 = 5_000;

/// Writes the requests of one account at one of the two venues.
pub struct Requests {
    credentials: Arc<Credentials>,
    /// The HMAC state after `apiKey=...`, where the key is of that kind.
    prefix: Option<Prefix>,
    /// What of it the state has not taken in yet.
    prefix_rest: Zeroizing<Padded<64>>,
    /// `"apiKey":"...",` and `apiKey=...`.
    key_json: Zeroizing<Box<[u8]>>,
    key_signed: Zeroizing<Box<[u8]>>,
    /// From behind the size to the symbol, by side and whether only to reduce.
    sides: [[Piece; 2]; 2],
    window: Piece,
    is_spot: bool,
    /// Whether the session is logged on: requests then carry neither key nor signature.
    logged_on: bool,
}

impl core::fmt::Debug for Requests {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Requests").field("logged_on", &self.logged_on).finish_non_exhaustive()
    }
}

/// The same parameter in both texts.
struct Piece {
    json: Padded<PIECE>,
    signed: Padded<PIECE>,
}

/// Room of a [`Piece`] in each text.
const PIECE: usize = 96;

impl Piece {
    fn new(json: &str, signed: &str) -> Option<Self> {
        Some(Self { json: Padded::new(json.as_bytes())?, signed: Padded::new(signed.as_bytes())? })
    }

    /// What stands between size and symbol. The usual window is not said: a block less to sign.
    fn of_side(side: &str, reduces: bool, window_ms: u32) -> Option<Self> {
        let (mut json, mut signed) = (String::from("\","), String::new());
        if window_ms != USUAL_WINDOW {
            json += &format!("\"recvWindow\":{window_ms},");
            signed += &format!("&recvWindow={window_ms}");
        }
        if reduces {
            json += "\"reduceOnly\":\"true\",";
            signed += "&reduceOnly=true";
        }
        json += &format!("\"side\":\"{side}\",\"symbol\":\"");
        signed += &format!("&side={side}&symbol=");
        Self::new(&json, &signed)
    }
}

/// Both texts being written.
struct Both<'a, 'b> {
    json: Draft<'a>,
    signed: Draft<'b>,
}

impl Both<'_, '_> {
    #[inline]
    fn put(&mut self, json: &[u8], signed: &[u8]) {
        self.json.put(json);
        self.signed.put(signed);
    }

    #[inline]
    fn piece(&mut self, piece: &Piece) {
        self.json.padded(&piece.json);
        self.signed.padded(&piece.signed);
    }

    #[inline]
    fn value(&mut self, value: &[u8]) {
        self.put(value, value);
    }

    #[inline]
    fn padded(&mut self, text: &Short) {
        self.json.padded(text);
        self.signed.padded(text);
    }

    #[inline]
    fn number(&mut self, value: u64) {
        self.padded(&decimal(value, 0));
    }
}

impl Requests {
    /// For the account of `credentials`; `None` when its key is longer than [`KEY_MAX`].
    #[must_use]
    pub fn new(venue: VenueId, credentials: Arc<Credentials>, recv_window_ms: u32) -> Option<Self> {
        let key = credentials.key.expose();
        if key.len() > KEY_MAX {
            return None;
        }
        let key_json = format!("\"apiKey\":\"{key}\",").into_bytes();
        let key_signed = format!("apiKey={key}").into_bytes();
        let prefix = credentials.hmac().map(|hmac| hmac.prefix(&key_signed));
        let side = |name, reduces| Piece::of_side(name, reduces, recv_window_ms);
        let sides = [
            [side("BUY", false)?, side("BUY", true)?],
            [side("SELL", false)?, side("SELL", true)?],
        ];
        Some(Self {
            prefix_rest: Zeroizing::new(Padded::new(prefix.as_ref().map_or(&[], Prefix::rest))?),
            prefix,
            key_json: Zeroizing::new(key_json.into_boxed_slice()),
            key_signed: Zeroizing::new(key_signed.into_boxed_slice()),
            sides,
            window: Piece::new(
                &format!("\"recvWindow\":{recv_window_ms}"),
                &format!("&recvWindow={recv_window_ms}"),
            )?,
            is_spot: venue == VenueId::BinanceSpot,
            credentials,
            logged_on: false,
        })
    }

    /// Whether this key may log a session on, after which requests need no signature.
    #[must_use]
    pub fn can_log_on(&self) -> bool {
        matches!(self.credentials.secret, Secret::Ed25519(_))
    }

    /// Says whether the session is logged on.
    pub fn set_logged_on(&mut self, logged_on: bool) {
        self.logged_on = logged_on;
    }

    /// `order.place`.
    #[inline]
    pub fn place(&self, ticket: &Ticket<'_>, at: Moment, out: &mut [u8]) -> usize {
        self.request(
            b"\",\"method\":\"order.place\",\"params\":{",
            at,
            self.logged_on,
            out,
            |both| {
                both.put(b"\"newClientOrderId\":\"", b"&newClientOrderId=");
                both.value(ticket.client.as_bytes());
                if self.is_spot {
                    both.put(b"\",\"newOrderRespType\":\"FULL", b"&newOrderRespType=FULL");
                } else {
                    both.put(b"\",\"newOrderRespType\":\"RESULT", b"&newOrderRespType=RESULT");
                }
                if ticket.style != Style::Market {
                    both.put(b"\",\"price\":\"", b"&price=");
                    both.padded(&ticket.price);
                }
                both.put(b"\",\"quantity\":\"", b"&quantity=");
                both.padded(&ticket.size);
                let [whole, reducing] = match ticket.side {
                    Side::Buy => &self.sides[0],
                    Side::Sell => &self.sides[1],
                };
                both.piece(if ticket.reduce_only { reducing } else { whole });
                both.padded(&ticket.market.symbol);
                let (tif, kind) = self.style(ticket.style);
                both.put(tif.0, tif.1);
                both.number(at.venue_ms);
                both.put(kind.0, kind.1);
            },
        )
    }

    /// What stands before the time stamp, and the order type after it.
    #[inline]
    fn style(&self, style: Style) -> (Pair, Pair) {
        const LIMIT: Pair = (b",\"type\":\"LIMIT\"", b"&type=LIMIT");
        const NO_TIF: Pair = (b"\",\"timestamp\":", b"&timestamp=");
        match style {
            Style::Limit => (
                (b"\",\"timeInForce\":\"GTC\",\"timestamp\":", b"&timeInForce=GTC&timestamp="),
                LIMIT,
            ),
            Style::Ioc => (
                (b"\",\"timeInForce\":\"IOC\",\"timestamp\":", b"&timeInForce=IOC&timestamp="),
                LIMIT,
            ),
            Style::PostOnly if self.is_spot => {
                (NO_TIF, (b",\"type\":\"LIMIT_MAKER\"", b"&type=LIMIT_MAKER"))
            }
            Style::PostOnly => (
                (b"\",\"timeInForce\":\"GTX\",\"timestamp\":", b"&timeInForce=GTX&timestamp="),
                LIMIT,
            ),
            Style::Market => (NO_TIF, (b",\"type\":\"MARKET\"", b"&type=MARKET")),
        }
    }

    /// `order.cancel`.
    pub fn cancel(&self, order: &Named<'_>, at: Moment, out: &mut [u8]) -> usize {
        let method = b"\",\"method\":\"order.cancel\",\"params\":{";
        self.named(method, order, at, out)
    }

    /// `order.status`.
    pub fn query(&self, order: &Named<'_>, at: Moment, out: &mut [u8]) -> usize {
        let method = b"\",\"method\":\"order.status\",\"params\":{";
        self.named(method, order, at, out)
    }

    fn named(&self, method: &[u8], order: &Named<'_>, at: Moment, out: &mut [u8]) -> usize {
        self.request(method, at, self.logged_on, out, |both| {
            both.put(b"\"origClientOrderId\":\"", b"&origClientOrderId=");
            both.value(order.client.as_bytes());
            both.put(b"\",", b"");
            self.symbol_and_time(both, order.market, at);
        })
    }

    /// `openOrders.cancelAll`, spot only.
    pub fn cancel_all(&self, market: &Market, at: Moment, out: &mut [u8]) -> usize {
        let method = b"\",\"method\":\"openOrders.cancelAll\",\"params\":{";
        self.request(method, at, self.logged_on, out, |both| {
            self.symbol_and_time(both, market, at);
        })
    }

    fn symbol_and_time(&self, both: &mut Both<'_, '_>, market: &Market, at: Moment) {
        both.piece(&self.window);
        both.put(b",\"symbol\":\"", b"&symbol=");
        both.padded(&market.symbol);
        both.put(b"\",\"timestamp\":", b"&timestamp=");
        both.number(at.venue_ms);
    }

    /// `session.logon`, signed whatever the session's state.
    pub fn log_on(&self, at: Moment, out: &mut [u8]) -> usize {
        self.request(b"\",\"method\":\"session.logon\",\"params\":{", at, false, out, |both| {
            both.piece(&self.window);
            both.put(b",\"timestamp\":", b"&timestamp=");
            both.number(at.venue_ms);
        })
    }

    /// The spot user stream, on this very connection.
    pub fn subscribe(&self, at: Moment, out: &mut [u8]) -> usize {
        if self.logged_on {
            let mut json = Draft::new(out);
            json.put(b"{\"id\":\"");
            json.number(at.request);
            json.put(b"\",\"method\":\"userDataStream.subscribe\",\"params\":{}}");
            return json.length().unwrap_or(0);
        }
        let method = b"\",\"method\":\"userDataStream.subscribe.signature\",\"params\":{";
        self.request(method, at, false, out, |both| {
            both.put(b"\"timestamp\":", b"&timestamp=");
            both.number(at.venue_ms);
        })
    }

    /// One request: its number and method, what `write` puts between them and the signature.
    #[inline]
    fn request(
        &self,
        method: &[u8],
        at: Moment,
        unsigned: bool,
        out: &mut [u8],
        write: impl FnOnce(&mut Both<'_, '_>),
    ) -> usize {
        let mut signed = [0; SIGNED_MAX + PADDING];
        let mut both = Both { json: Draft::new(out), signed: Draft::new(&mut signed) };
        both.json.put(b"{\"id\":\"");
        both.json.number(at.request);
        both.json.put(method);
        if unsigned {
            write(&mut both);
            both.json.put(b"}}");
            return both.json.length().unwrap_or(0);
        }
        both.json.put(&self.key_json);
        both.signed.padded(&self.prefix_rest);
        write(&mut both);
        both.json.put(b",\"signature\":\"");
        let Both { mut json, signed: whole } = both;
        let Some(length) = whole.length() else {
            return 0; // never a signature over half of the text
        };
        if self.sign(&mut signed, length, &mut json).is_none() {
            return 0;
        }
        json.put(b"\"}}");
        json.length().unwrap_or(0)
    }

    /// `text[..length]` is what follows the whole blocks of the key, with room behind it.
    #[inline]
    fn sign(&self, text: &mut [u8], length: usize, json: &mut Draft<'_>) -> Option<()> {
        if let (Some(hmac), Some(prefix)) = (self.credentials.hmac(), &self.prefix) {
            let mac = hmac.sign_after(prefix, text, length)?;
            json.put(&sign::text::hex(&mac));
            return Some(());
        }
        self.sign_slowly(text.get(..length)?, json);
        Some(())
    }

    /// Ed25519: at a log-on, or for each order of a session that refused one.
    #[cold]
    #[inline(never)]
    fn sign_slowly(&self, rest: &[u8], json: &mut Draft<'_>) {
        let mut whole = [0; KEY_MAX + SIGNED_MAX + 8];
        let mut draft = Draft::new(&mut whole);
        draft.put(&self.key_signed);
        draft.put(rest);
        let mut signature = [0; sign::binance::SIGNATURE_MAX];
        let length = sign::binance::sign(&self.credentials.secret, draft.written(), &mut signature);
        json.put(signature.get(..length).unwrap_or_default());
    }
}

/// The same piece for the JSON and for the signed text.
type Pair = (&'static [u8], &'static [u8]);
