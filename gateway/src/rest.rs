//! What only REST can do, run on a thread that may wait: reconciliations, queries and cancels without
//! a WebSocket way, listen keys, dead-man switches; and orders while their session is down.
//!
//! The hot thread submits a [`Job`] and polls [`Reply`]s. One job is **one call**: what takes more of
//! them (a long list, a second place to look) says so with [`News::More`], and the hot thread hands the
//! job over again when its budget allows the next call. A call that may have been processed without an
//! answer is never made twice from here; reading calls are, by whoever asked.

use base::input::{Input, OpenOrder, RejectClass};
use base::{ClientOrderId, Clock, Instance, InstrumentId, OrderId, Price, VenueId, WallNs};
use net::{HttpClient, HttpError, HttpRequest, HttpResponse, Method};
use rings::{Fence, Flag};
use venue::Spend;

use crate::decode::{Context, Event, Skipped, field};
use crate::json::Value;
use crate::markets::{Market, Markets};
use walk::{Known, Walk, Walks};

mod account;
mod binance;
mod bybit;
mod failure;
mod job;
mod okx;
mod prove;
mod signer;
mod walk;

pub use signer::Signer;

pub use job::{Counted, Failure, Job, LISTEN_KEY_MAX, ListenKey, News, Reply, Task, Unfit};

/// What the errand thread of one venue works with.
#[derive(Clone, Debug)]
pub struct RestParts<C> {
    /// Which.
    pub venue: VenueId,
    /// Scheme and host.
    pub base: String,
    /// Signs; the key may be changed while calls are made.
    pub signer: Signer,
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
    /// After it is set no order leaves.
    pub kill: Flag,
    /// While it is shut nothing leaves that could change an order.
    pub fence: Fence,
}

/// The errand of one venue.
#[derive(Debug)]
pub struct Rest<C> {
    parts: RestParts<C>,
    /// Client ids by venue order number, for fill lists that name only those.
    known: Known,
    /// How far the jobs under way are.
    walks: Walks,
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

/// How a call of a job ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// That was all.
    Done,
    /// Another call is to follow, which counts as this.
    More(Spend),
}

impl<C: Clock> Rest<C> {
    /// The errand of a venue.
    #[must_use]
    pub fn new(parts: RestParts<C>) -> Self {
        Self { parts, known: Known::default(), walks: Walks::default() }
    }

    fn context(&self) -> Context<'_> {
        Context { markets: &self.parts.markets, instance: self.parts.instance }
    }

    /// Makes one call of a job through `exchange`; the last thing told ends it.
    pub(crate) fn work(
        &mut self,
        job: Job,
        exchange: &mut Exchange<'_>,
        answer: &mut dyn FnMut(Reply),
    ) {
        let mut counted = Counted::default();
        let mut watched = |call: &Call| {
            let response = exchange(call)?;
            counted = Counted::of(&response);
            Ok(response)
        };
        let mut key = None;
        let mut tell = |news: News| match news {
            News::ListenKey(_) => key = Some(news),
            news => answer(Reply { job, news }),
        };
        let done = self.step(job, &mut watched, &mut tell);
        if counted != Counted::default() {
            answer(Reply { job, news: News::Counted(counted) });
        }
        let news = match (done, key) {
            (Ok(_), Some(key)) => key,
            (Ok(Step::Done), None) => News::Done,
            (Ok(Step::More(spend)), None) => News::More(spend),
            (Err(failure), _) => News::Failed(failure),
        };
        answer(Reply { job, news });
    }

    fn step(
        &mut self,
        job: Job,
        exchange: &mut Exchange<'_>,
        tell: &mut Tell<'_>,
    ) -> Result<Step, Failure> {
        self.may_still_leave(job.task)?;
        let mut walk = self.walks.take(job).ok_or(Failure::unreadable())?;
        let done = match (job.task, self.parts.venue) {
            (Task::Account | Task::Fees, _) => account::work(self, job, &mut walk, exchange, tell),
            (_, VenueId::BinanceSpot | VenueId::BinanceUsdm) => {
                binance::work(self, job, &mut walk, exchange, tell)
            }
            (_, VenueId::Okx) => okx::work(self, job, &mut walk, exchange, tell),
            (_, VenueId::Bybit) => bybit::work(self, job, &mut walk, exchange, tell),
        }?;
        if let Step::More(_) = done {
            self.walks.keep(job, walk);
        }
        Ok(done)
    }

    /// The last look before the bytes of a request that changes an order: the fence, the kill flag, and
    /// whether a new one has waited too long here.
    fn may_still_leave(&self, task: Task) -> Result<(), Failure> {
        let now = self.parts.clock.now();
        if task.changes_orders() && !self.parts.fence.is_open(now) {
            return Err(Failure::unsent(RejectClass::Unavailable));
        }
        let Task::Place { until, .. } = task else { return Ok(()) };
        if self.parts.kill.is_set() {
            return Err(Failure::unsent(RejectClass::Local));
        }
        if now > until {
            return Err(Failure::unsent(RejectClass::Unavailable));
        }
        Ok(())
    }

    /// The venue's time now, milliseconds.
    fn venue_ms(&self, job: Job) -> u64 {
        u64::try_from(self.venue_wall(job).millis()).unwrap_or(0)
    }

    fn venue_wall(&self, job: Job) -> WallNs {
        WallNs(self.parts.clock.wall().0.saturating_add(job.offset_ns))
    }

    fn market(&self, instrument: InstrumentId) -> Result<&Market, Failure> {
        self.parts.markets.get(instrument).ok_or(Failure::unreadable())
    }

    /// The venue's name of an instrument, and ours of an order.
    fn names(
        &self,
        instrument: InstrumentId,
        order: OrderId,
    ) -> Result<(&Market, ClientOrderId), Failure> {
        Ok((self.market(instrument)?, ClientOrderId::new(self.parts.instance, order)))
    }
}

/// A market's symbol as text.
fn symbol(market: &Market) -> String {
    String::from_utf8_lossy(market.symbol()).into_owned()
}

impl<C: Clock + Send + 'static> net::Errand for Rest<C> {
    type Job = Job;
    type Answer = Reply;

    fn run(&mut self, job: Job, http: &HttpClient, answer: &mut dyn FnMut(Reply)) {
        let base = self.parts.base.clone();
        self.work(job, &mut |call: &Call| send(http, &base, call), answer);
    }
}

/// Makes one call.
fn send(http: &HttpClient, base: &str, call: &Call) -> Result<HttpResponse, HttpError> {
    let headers: Vec<_> =
        call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    http.call(&HttpRequest {
        method: call.method,
        base,
        path_and_query: &call.path,
        headers: &headers,
        body: call.body.as_bytes(),
    })
}

/// The fields of an order that rests, as OKX's and Bybit's lists give them.
struct Resting<'a> {
    client: Option<Value<'a>>,
    side: Option<Value<'a>>,
    price: Option<Value<'a>>,
    size: Option<Value<'a>>,
    filled: Option<Value<'a>>,
    venue_order: u64,
}

impl Resting<'_> {
    fn read(&self, cx: &Context<'_>, market: &Market) -> Result<Input, Skipped> {
        let price = field::number(self.price)?;
        Ok(Input::OpenOrder(OpenOrder {
            venue: market.venue,
            instrument: market.id,
            order: cx.order(self.client),
            side: field::side(self.side)?,
            // A market order that is still open has none.
            price: if price.is_empty() { Price::ZERO } else { market.edge.price(price)? },
            qty: field::qty(market, self.size)?,
            filled: field::qty(market, self.filled)?,
            venue_order: self.venue_order,
        }))
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
