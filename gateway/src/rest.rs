//! What only REST can do, run on a thread that may wait: reconciliations, queries and cancels without
//! a WebSocket way, listen keys, dead-man switches.
//!
//! The hot thread submits a [`Job`] and polls [`Reply`]s. A call that may have been processed without
//! an answer is never made twice from here; reading calls are, by whoever asked.

use std::sync::Arc;

use base::input::{Input, RejectClass};
use base::{Clock, Instance, InstrumentId, OrderId, VenueId, WallNs};
use net::{HttpClient, HttpError, HttpRequest, HttpResponse, Method};
use venue::credentials::Credentials;
use venue::errors::{Outcome, Verdict, classify, classify_status};

use crate::decode::{Context, Event, OrderNews, Skipped};
use crate::markets::Markets;

mod binance;
mod bybit;
mod okx;

/// Most pages of one list that are read; a longer list is a failure, not a short list.
const PAGES_MAX: usize = 40;

/// Longest listen key.
pub const LISTEN_KEY_MAX: usize = 128;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// List every open order.
    OpenOrders,
    /// List every position.
    Positions,
    /// List every balance.
    Balances,
    /// List the fills of one instrument (all of them with `ALL`, where the venue can) since then.
    Fills {
        /// Of what.
        instrument: InstrumentId,
        /// From when on, venue time.
        since: WallNs,
    },
    /// List the funding payments since then.
    Funding {
        /// From when on, venue time.
        since: WallNs,
    },
    /// What became of this order.
    Query {
        /// Of what.
        instrument: InstrumentId,
        /// Which.
        order: OrderId,
    },
    /// Cancel this order.
    Cancel {
        /// Of what.
        instrument: InstrumentId,
        /// Which.
        order: OrderId,
    },
    /// Cancel everything of this instrument.
    CancelAll {
        /// Of what.
        instrument: InstrumentId,
    },
    /// Make a listen key, or learn the one there is.
    ListenKey,
    /// Prolong the listen key.
    KeepListenKey,
    /// Have the venue cancel everything unless this is done again in time; 0 switches it off.
    DeadMan {
        /// Of what, where it is per instrument.
        instrument: InstrumentId,
        /// After this many milliseconds.
        after_ms: u32,
    },
}

/// A task with what its request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// What.
    pub task: Task,
    /// The reconciliation it belongs to; 0 for none.
    pub tag: u32,
    /// Venue wall time minus this machine's.
    pub offset_ns: i64,
}

/// One thing a job gave. Every job ends in one `Done`, `Failed`, or `ListenKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The job.
    pub job: Job,
    /// What it gave.
    pub news: News,
}

/// What a job gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// An open order, position, balance, fill, fee or payment.
    Item(Input),
    /// Where an order of ours is in its life.
    Order(OrderNews),
    /// An entry was left out.
    Skipped(Skipped),
    /// The venue took it, and that was all of it.
    Done {
        /// Request weight used so far in the venue's minute, where it says so.
        weight: Option<u32>,
    },
    /// The venue refused it, or nobody knows.
    Failed(Failure),
    /// The listen key.
    ListenKey(ListenKey),
}

/// Why a job failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is known of it.
    pub outcome: Outcome,
    /// Why.
    pub class: RejectClass,
    /// The HTTP status; 0 when there was no response.
    pub status: u16,
    /// The venue's code, else the HTTP status, else 0.
    pub code: i64,
    /// How long the venue wants to be left alone; 0 when it did not say.
    pub retry_after_ms: u32,
}

/// A listen key as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ListenKey {
    text: [u8; LISTEN_KEY_MAX],
    length: u8,
}

impl ListenKey {
    /// The key of that text; `None` when it is empty, too long, or nothing for a URL.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        let mut text = [0; LISTEN_KEY_MAX];
        text.get_mut(..key.len())?.copy_from_slice(key);
        let length = u8::try_from(key.len()).ok().filter(|length| *length > 0)?;
        key.iter().all(u8::is_ascii_alphanumeric).then_some(Self { text, length })
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }
}

impl core::fmt::Debug for ListenKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ListenKey([redacted])")
    }
}

/// What the errand thread of one venue knows.
#[derive(Debug)]
pub struct Rest<C> {
    /// Which.
    pub venue: VenueId,
    /// Scheme and host.
    pub base: String,
    /// Signs.
    pub credentials: Arc<Credentials>,
    /// Its instruments.
    pub markets: Markets,
    /// Whose client order ids are ours.
    pub instance: Instance,
    /// Time here.
    pub clock: C,
    /// How long a request may be on its way, milliseconds.
    pub recv_window_ms: u32,
    /// OKX demo trading.
    pub simulated_header: bool,
    /// Client ids by venue order number, for fill lists that name only those.
    known: std::collections::HashMap<(InstrumentId, u64), OrderId>,
}

/// One HTTP call, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// Makes calls: the real client, or a test's.
pub(crate) type Exchange<'x> = dyn FnMut(&Call) -> Result<HttpResponse, HttpError> + 'x;

/// Where a task's news go.
pub(crate) type Tell<'t> = dyn FnMut(News) + 't;

impl<C: Clock> Rest<C> {
    /// What `venue`'s errand thread needs to know.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "made in one place, at start")]
    pub fn new(
        venue: VenueId,
        base: String,
        credentials: Arc<Credentials>,
        markets: Markets,
        instance: Instance,
        clock: C,
        recv_window_ms: u32,
        simulated_header: bool,
    ) -> Self {
        let known = std::collections::HashMap::new();
        Self {
            venue,
            base,
            credentials,
            markets,
            instance,
            clock,
            recv_window_ms,
            simulated_header,
            known,
        }
    }

    fn context(&self) -> Context<'_> {
        Context { markets: &self.markets, instance: self.instance }
    }

    /// Does one job through `exchange`; the last thing told ends it.
    pub(crate) fn work(
        &mut self,
        job: Job,
        exchange: &mut Exchange<'_>,
        answer: &mut dyn FnMut(Reply),
    ) {
        let mut weight = None;
        let mut watched = |call: &Call| {
            let response = exchange(call)?;
            let used = response.header("x-mbx-used-weight-1m").and_then(|used| used.parse().ok());
            weight = used.or(weight);
            Ok(response)
        };
        let mut key = None;
        let mut tell = |news: News| match news {
            News::ListenKey(_) => key = Some(news),
            news => answer(Reply { job, news }),
        };
        let done = match self.venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => {
                binance::work(self, job, &mut watched, &mut tell)
            }
            VenueId::Okx => okx::work(self, job, &mut watched, &mut tell),
            VenueId::Bybit => bybit::work(self, job, &mut watched, &mut tell),
        };
        let news = match (done, key) {
            (Ok(()), Some(key)) => key,
            (Ok(()), None) => News::Done { weight },
            (Err(failure), _) => News::Failed(failure),
        };
        answer(Reply { job, news });
    }

    /// The venue's time now, milliseconds.
    fn venue_ms(&self, job: Job) -> u64 {
        let wall = WallNs(self.clock.wall().0.saturating_add(job.offset_ns));
        u64::try_from(wall.millis()).unwrap_or(0)
    }
}

impl<C: Clock + Send + 'static> net::Errand for Rest<C> {
    type Job = Job;
    type Answer = Reply;

    fn run(&mut self, job: Job, http: &HttpClient, answer: &mut dyn FnMut(Reply)) {
        let base = self.base.clone();
        let mut exchange = |call: &Call| {
            let headers: Vec<_> =
                call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            http.call(&HttpRequest {
                method: call.method,
                base: &base,
                path_and_query: &call.path,
                headers: &headers,
                body: call.body.as_bytes(),
            })
        };
        self.work(job, &mut exchange, answer);
    }
}

impl Failure {
    /// Of a call that got no answer.
    fn lost(error: &HttpError) -> Self {
        let outcome = match error {
            HttpError::NotSent(_) => Outcome::Rejected,
            HttpError::Unknown(_) => Outcome::Unknown,
        };
        Self { outcome, class: RejectClass::Unavailable, status: 0, code: 0, retry_after_ms: 0 }
    }

    /// Of an answer that could not be read.
    const fn unreadable() -> Self {
        Self {
            outcome: Outcome::Unknown,
            class: RejectClass::Other,
            status: 0,
            code: 0,
            retry_after_ms: 0,
        }
    }

    fn of(verdict: Verdict, code: i64, response: &HttpResponse) -> Self {
        let seconds: Option<u32> =
            response.header("retry-after").and_then(|text| text.parse().ok());
        Self {
            outcome: verdict.outcome,
            class: verdict.class,
            status: response.status,
            code,
            retry_after_ms: seconds.unwrap_or(0).saturating_mul(1_000),
        }
    }

    /// Of a refusal: by the venue's code where it gave one, else by the status.
    fn refused(venue: VenueId, code: i64, message: &[u8], response: &HttpResponse) -> Self {
        if response.status >= 500 {
            return Self::of(classify_status(venue, response.status), code, response);
        }
        let by_status = matches!(response.status, 429 | 418) || code == 0;
        if by_status && response.status < 300 {
            return Self::unreadable();
        }
        if by_status {
            let code = if code == 0 { i64::from(response.status) } else { code };
            return Self::of(classify_status(venue, response.status), code, response);
        }
        Self::of(classify(venue, code, message), code, response)
    }
}

/// Turns what a decoder reads into news.
fn news(event: Event<'_>) -> Option<News> {
    Some(match event {
        Event::Order(order) => News::Order(order),
        Event::Fill(fill) => News::Item(Input::Fill(fill)),
        Event::Fee(fee) => News::Item(Input::Fee(fee)),
        Event::Funding(paid) => News::Item(Input::FundingPaid(paid)),
        Event::Position(position) => News::Item(Input::Position(position)),
        Event::Balance(balance) => News::Item(Input::Balance(balance)),
        Event::Skipped(why) => News::Skipped(why),
        Event::Answer(_) | Event::FundingDue | Event::Usage(_) | Event::Session(_) => return None,
    })
}

#[cfg(test)]
mod tests;
