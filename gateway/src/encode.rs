//! Intents to request texts, written in place.
//!
//! What is constant is put together once; what remains is copying a few pieces and the digits of
//! price, size and time. A price or size that is no multiple of its step is not written at all: the
//! caller checks with [`Ticket::new`] before a byte goes anywhere.

use base::{ClientOrderId, Instance, OrderId, Side, output::Place, output::Style};

use crate::markets::Market;
use crate::text::{Short, decimal};

pub mod binance;
pub mod bybit;
pub mod okx;

/// Room that every request text fits into.
pub const TEXT_MAX: usize = 1_024;

/// A place intent whose numbers can be written.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'m> {
    /// What is traded.
    pub market: &'m Market,
    /// The name the venue will know the order by.
    pub client: ClientOrderId,
    /// Which way.
    pub side: Side,
    /// How it behaves.
    pub style: Style,
    /// Only to reduce a position.
    pub reduce_only: bool,
    /// Nothing for a market order.
    price: Short,
    size: Short,
}

impl<'m> Ticket<'m> {
    /// Checks that price and size are positive multiples of their steps; `None` when not, or when a
    /// spot order asks to only reduce.
    #[must_use]
    #[inline]
    pub fn new(market: &'m Market, instance: Instance, place: &Place) -> Option<Self> {
        let price = match place.style {
            Style::Market => (0, 0),
            _ => market.price_digits(place.price)?,
        };
        let size = market.size_digits(place.qty)?;
        if place.reduce_only && market.product == base::Product::Spot {
            return None;
        }
        Some(Self {
            market,
            client: ClientOrderId::new(instance, place.order),
            side: place.side,
            style: place.style,
            reduce_only: place.reduce_only,
            price: decimal(price.0, price.1),
            size: decimal(size.0, size.1),
        })
    }

    /// The price as text, for requests that are put together off the hot path.
    pub(crate) fn price(&self) -> String {
        shown(&self.price)
    }

    /// The size as text.
    pub(crate) fn size(&self) -> String {
        shown(&self.size)
    }
}

fn shown(text: &Short) -> String {
    String::from_utf8_lossy(text.as_bytes()).into_owned()
}

/// An order that is named to a venue: to cancel it or to ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'m> {
    /// Where it trades.
    pub market: &'m Market,
    /// The venue's name for it, given by us.
    pub client: ClientOrderId,
}

impl<'m> Named<'m> {
    /// The order of `instance`.
    #[must_use]
    #[inline]
    pub fn new(market: &'m Market, instance: Instance, order: OrderId) -> Self {
        Self { market, client: ClientOrderId::new(instance, order) }
    }
}

/// When a request is made and how long it may be on its way.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The number its answer will carry.
    pub request: u64,
    /// The venue's time, milliseconds.
    pub venue_ms: u64,
}

#[cfg(test)]
mod tests;
