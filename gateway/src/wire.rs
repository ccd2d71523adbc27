//! One venue's way of writing requests and reading texts, chosen once.

use std::sync::Arc;

use base::VenueId;
use venue::credentials::Credentials;

use crate::decode::{self, Context, Emit, Refused};
use crate::encode::{Moment, Named, Ticket, binance, bybit, okx};
use crate::markets::Market;

/// The codecs of one venue.
#[derive(Debug)]
pub(crate) struct Wire {
    codec: Codec,
    window_ms: u64,
}

#[derive(Debug)]
enum Codec {
    Binance(Box<binance::Requests>),
    Okx(Arc<Credentials>),
    Bybit(Arc<Credentials>),
}

impl Wire {
    /// For an account of `venue`; `None` when its key is of a kind the venue does not take.
    pub(crate) fn new(
        venue: VenueId,
        credentials: Arc<Credentials>,
        recv_window_ms: u32,
    ) -> Option<Self> {
        let codec = match venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => Codec::Binance(Box::new(
                binance::Requests::new(venue, credentials, recv_window_ms)?,
            )),
            VenueId::Okx => {
                credentials.hmac()?;
                credentials.passphrase.as_ref()?;
                Codec::Okx(credentials)
            }
            VenueId::Bybit => {
                credentials.hmac()?;
                Codec::Bybit(credentials)
            }
        };
        Some(Self { codec, window_ms: u64::from(recv_window_ms) })
    }

    #[inline]
    pub(crate) fn place(&self, ticket: &Ticket<'_>, at: Moment, out: &mut [u8]) -> usize {
        match &self.codec {
            Codec::Binance(requests) => requests.place(ticket, at, out),
            Codec::Okx(_) => okx::place(ticket, at, self.window_ms, out),
            Codec::Bybit(_) => bybit::place(ticket, at, self.window_ms, out),
        }
    }

    #[inline]
    pub(crate) fn cancel(&self, order: &Named<'_>, at: Moment, out: &mut [u8]) -> usize {
        match &self.codec {
            Codec::Binance(requests) => requests.cancel(order, at, out),
            Codec::Okx(_) => okx::cancel(order, at, out),
            Codec::Bybit(_) => bybit::cancel(order, at, self.window_ms, out),
        }
    }

    /// Whether an order can be asked for on the order connection.
    pub(crate) fn can_query(&self) -> bool {
        matches!(self.codec, Codec::Binance(_))
    }

    /// 0 where there is no such request: see [`Wire::can_query`].
    pub(crate) fn query(&self, order: &Named<'_>, at: Moment, out: &mut [u8]) -> usize {
        match &self.codec {
            Codec::Binance(requests) => requests.query(order, at, out),
            Codec::Okx(_) | Codec::Bybit(_) => 0,
        }
    }

    /// Everything of one instrument, spot only.
    pub(crate) fn cancel_all(&self, market: &Market, at: Moment, out: &mut [u8]) -> usize {
        match &self.codec {
            Codec::Binance(requests) => requests.cancel_all(market, at, out),
            Codec::Okx(_) | Codec::Bybit(_) => 0,
        }
    }

    /// Whether a session must or can be logged on before it is used.
    pub(crate) fn logs_on(&self) -> bool {
        match &self.codec {
            Codec::Binance(requests) => requests.can_log_on(),
            Codec::Okx(_) | Codec::Bybit(_) => true,
        }
    }

    /// Whether an order needs the log-on: Binance also takes orders signed one by one.
    pub(crate) fn needs_log_on(&self) -> bool {
        !matches!(self.codec, Codec::Binance(_))
    }

    pub(crate) fn log_on(&self, at: Moment, out: &mut [u8]) -> usize {
        match &self.codec {
            Codec::Binance(requests) => requests.log_on(at, out),
            Codec::Okx(credentials) => okx::login(credentials, at.venue_ms, out),
            Codec::Bybit(credentials) => {
                bybit::login(credentials, at.venue_ms, self.window_ms, out)
            }
        }
    }

    pub(crate) fn set_logged_on(&mut self, logged_on: bool) {
        if let Codec::Binance(requests) = &mut self.codec {
            requests.set_logged_on(logged_on);
        }
    }

    pub(crate) fn subscribe(&self, at: Moment, out: &mut [u8]) -> usize {
        let text = match &self.codec {
            Codec::Binance(requests) => return requests.subscribe(at, out),
            Codec::Okx(_) => okx::SUBSCRIBE,
            Codec::Bybit(_) => bybit::SUBSCRIBE,
        };
        let Some(place) = out.get_mut(..text.len()) else { return 0 };
        place.copy_from_slice(text);
        text.len()
    }

    /// How many acknowledgements a subscription brings.
    pub(crate) fn subscriptions(&self) -> u32 {
        match &self.codec {
            Codec::Okx(_) => okx::SUBSCRIPTIONS,
            Codec::Binance(_) | Codec::Bybit(_) => 1,
        }
    }

    /// The venue's own ping, where it wants one.
    pub(crate) fn ping(&self) -> Option<&'static [u8]> {
        match &self.codec {
            Codec::Binance(_) => None,
            Codec::Okx(_) => Some(b"ping"),
            Codec::Bybit(_) => Some(bybit::PING),
        }
    }

    #[inline]
    pub(crate) fn decode(
        &self,
        cx: &Context<'_>,
        text: &[u8],
        emit: &mut Emit<'_>,
    ) -> Result<(), Refused> {
        match &self.codec {
            Codec::Binance(_) => decode::binance::decode(cx, text, emit),
            Codec::Okx(_) => decode::okx::decode(cx, text, emit),
            Codec::Bybit(_) => decode::bybit::decode(cx, text, emit),
        }
    }
}
