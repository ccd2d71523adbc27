//! Venue texts to what they say, the same words for every venue.
//!
//! A text is checked as a whole before anything is taken from it, and each entry of a list is read
//! whole before anything of it is reported. What cannot be read is a counted refusal; a field or
//! enum value nobody knew when this was written is passed over. Nothing panics on any bytes.

use base::input::OrderStatus;
use base::input::{Balance, Fee, Fill, FundingPaid, Position};
use base::{AssetId, ClientOrderId, Instance, InstrumentId, OrderId, Qty, WallNs};

use crate::json::Value;
use crate::markets::{Market, Markets};

pub mod binance;
pub mod bybit;
pub(crate) mod field;
pub mod okx;

/// What a decoder needs to know besides the text.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The venue's instruments and the assets.
    pub markets: &'a Markets,
    /// Whose client order ids are ours.
    pub instance: Instance,
}

/// One thing a text said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The answer to a request of ours.
    Answer(Answer<'a>),
    /// Where an order of ours is in its life.
    Order(OrderNews),
    /// A fill, ours or foreign.
    Fill(Fill),
    /// Its fee.
    Fee(Fee),
    /// Funding charged or paid out, with its amount.
    Funding(FundingPaid),
    /// Funding was charged or paid out; how much of which instrument must be asked for.
    FundingDue,
    /// A position.
    Position(Position),
    /// A balance.
    Balance(Balance),
    /// How much of a rate limit is used up.
    Usage(Usage),
    /// Something about the session itself.
    Session(Session),
    /// An entry was left out; the others of its text stand.
    Skipped(Skipped),
}

/// The answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The number the request was sent with; `None` when the venue did not echo one.
    pub request: Option<u64>,
    /// The order the answer names, if it names one of ours.
    pub order: Option<OrderId>,
    /// A number for the venue's order id; 0 when it gave none.
    pub venue_order: u64,
    /// The venue's time; `NONE` when it does not say.
    pub venue_time: WallNs,
    /// Done, or refused and why.
    pub refusal: Option<Refusal<'a>>,
    /// What the venue still allows of such requests, where it says so.
    pub allowance: Option<Allowance>,
}

/// How much of a request's own rate limit is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// In its window.
    pub limit: u32,
    /// Of it.
    pub left: u32,
}

/// Why a venue refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The venue's code.
    pub code: i64,
    /// The HTTP-like status where there is one, else 0.
    pub status: u16,
    /// The venue's words: one code can mean several things.
    pub message: &'a [u8],
    /// How long the venue wants to be left alone, milliseconds; 0 when it did not say.
    pub retry_after_ms: u32,
}

/// What a venue says of an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderNews {
    /// Of what.
    pub instrument: InstrumentId,
    /// Which.
    pub order: OrderId,
    /// Where in its life.
    pub status: OrderStatus,
    /// All that was filled so far.
    pub filled: Qty,
    /// A number for the venue's order id.
    pub venue_order: u64,
    /// When.
    pub venue_time: WallNs,
}

impl OrderNews {
    /// What OKX and Bybit say of an order, if it is one of ours.
    fn read(
        cx: &Context<'_>,
        market: &Market,
        client: Option<Value<'_>>,
        status: Option<OrderStatus>,
        filled: Option<Value<'_>>,
        (venue_order, updated): (u64, Option<Value<'_>>),
    ) -> Result<Option<Self>, Skipped> {
        let order = cx.order(client);
        if order == OrderId::FOREIGN {
            return Ok(None);
        }
        Ok(Some(Self {
            instrument: market.id,
            order,
            status: status.ok_or(Skipped::Value)?,
            filled: field::qty(market, filled)?,
            venue_order,
            venue_time: field::time(updated),
        }))
    }
}

/// A rate limit as the venue counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of what.
    pub rule: UsageRule,
    /// Used so far in its window.
    pub used: u32,
    /// Allowed in its window; 0 when not said.
    pub limit: u32,
}

/// What a rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageRule {
    /// Request weight in this many seconds.
    Weight(u32),
    /// Orders in this many seconds.
    Orders(u32),
}

/// What a text said about its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// The login was accepted.
    LoggedIn,
    /// The login was refused with this code.
    LoginRefused(i64),
    /// One subscription was accepted.
    Subscribed,
    /// A subscription was refused with this code.
    SubscribeRefused(i64),
    /// The venue answers a ping.
    Pong,
    /// The venue will close this connection soon.
    Leaving,
    /// The listen key or the subscription has ended: the user stream must be made anew.
    StreamEnded,
    /// An error that belongs to no request of ours.
    Error(i64),
}

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// An instrument that is not configured.
    Symbol,
    /// An enum value that is not known.
    Value,
    /// A fee in an asset that is not configured.
    Asset,
    /// A position of a hedge-mode account.
    Hedged,
    /// A mandatory field is absent or of the wrong type.
    Shape,
    /// A number that is malformed or finer than its scale.
    Decimal,
}

/// Why a text gave nothing at all. Each is a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not JSON.
    Json,
    /// JSON, but no message of this venue.
    Unknown,
}

/// Where decoders put what they read.
pub type Emit<'e> = dyn FnMut(Event<'_>) + 'e;

impl Context<'_> {
    /// The order a client id names: one of ours, or `FOREIGN`.
    #[inline]
    pub(crate) fn order(&self, client_id: Option<Value<'_>>) -> OrderId {
        client_id
            .and_then(Value::text)
            .and_then(|text| ClientOrderId::parse(self.instance, text))
            .unwrap_or(OrderId::FOREIGN)
    }

    /// The asset a field names.
    #[inline]
    pub(crate) fn asset(&self, name: Option<Value<'_>>) -> Option<AssetId> {
        self.markets.asset(name?.text()?)
    }
}

#[cfg(test)]
pub(crate) mod tests;
