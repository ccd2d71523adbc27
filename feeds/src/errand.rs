//! What only REST can say: book snapshots, funding intervals, the venues' time.
//!
//! Runs on cold threads. Answers are small pieces, so that the hot thread takes a snapshot of a thousand
//! levels in many short steps. Every question is counted before it is asked, and a venue that wants to be
//! left alone is.

mod allowance;
mod parse;

use crate::json::Reader;
use crate::message::Level;
use crate::plan::FeedPlan;
use crate::symbols::Row;
use allowance::Allowance;
use base::{Clock, Edge, Span, Stamp, VenueId, WallNs};
use net::{Errand, HttpClient, HttpError, HttpRequest, HttpResponse, Method};
use venue::catalog::{RateLimit, parse_funding_info};
use venue::endpoints::{binance_spot, binance_usdm, bybit, okx};
use venue::limits::snapshot_weight;
use venue::{Endpoints, Spend};

/// Levels in one piece of a snapshot.
pub const PIECE: usize = 16;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// A venue's time.
    Time(VenueId),
    /// A book of that many levels a side.
    Snapshot {
        /// Of what.
        row: Row,
        /// How deep.
        levels: u16,
    },
    /// The funding intervals of USD-M.
    Intervals,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "travels in a ring: its places are all alike")]
pub enum Answer {
    /// A venue's time, and when the question left and the answer came.
    Time {
        /// Whose.
        venue: VenueId,
        /// When it was asked.
        sent: Stamp,
        /// When the answer was there.
        received: Stamp,
        /// What it said.
        time: WallNs,
    },
    /// A snapshot begins.
    Begin {
        /// Of what.
        row: Row,
        /// The update it is the book of.
        last_update: i64,
    },
    /// Some of its levels, the best first.
    Levels {
        /// Of what.
        row: Row,
        /// Whether they are bids.
        bids: bool,
        /// How many of them count.
        count: u8,
        /// They.
        levels: [Level; PIECE],
    },
    /// The snapshot is whole.
    End {
        /// Of what.
        row: Row,
        /// Whether it is as deep as was asked, so that more may lie beyond.
        cut: bool,
    },
    /// One instrument's funding interval.
    Interval {
        /// Of what.
        row: Row,
        /// How long.
        interval: Span,
    },
    /// It was not asked: the venue allows no more now, or wants to be left alone.
    Held {
        /// What was to be asked.
        job: Job,
        /// Not before this.
        until: Stamp,
    },
    /// Nothing came of it.
    Failed {
        /// What was asked.
        job: Job,
        /// The HTTP status; 0 when there was none or the answer could not be read.
        status: u16,
    },
}

/// Makes a request.
type Call<'a> = &'a mut dyn FnMut(&HttpRequest<'_>) -> Result<HttpResponse, HttpError>;

/// Asks the venues of one feed stage. What several of them ask is counted together.
#[derive(Debug)]
pub struct FeedErrand<C> {
    clock: C,
    allowance: Allowance,
    rest: [String; VenueId::COUNT],
    rows: Vec<Asked>,
    reader: Reader,
}

#[derive(Debug)]
struct Asked {
    row: Row,
    venue: VenueId,
    symbol: String,
    edge: Edge,
    is_perpetual: bool,
}

/// Longest answer read by the reader: a thousand levels a side are 70 kB.
const ANSWER_MAX: usize = 1 << 20;

impl<C: Clock + Clone> FeedErrand<C> {
    /// Two for the instruments of a plan, one for each thread of [`crate::FeedErrands`]. `limits`: what the
    /// venues say they allow, by [`VenueId::index`].
    #[must_use]
    pub fn pair(
        plan: &FeedPlan,
        endpoints: impl Fn(VenueId) -> Endpoints,
        limits: &[Vec<RateLimit>; VenueId::COUNT],
        clock: C,
    ) -> [Self; 2] {
        let allowance = Allowance::new(limits);
        let of = |clock| Self::new(plan, &endpoints, allowance.clone(), clock);
        [of(clock.clone()), of(clock)]
    }
}

impl<C: Clock> FeedErrand<C> {
    fn new(
        plan: &FeedPlan,
        endpoints: &impl Fn(VenueId) -> Endpoints,
        allowance: Allowance,
        clock: C,
    ) -> Self {
        let rows = (0..).map(Row).zip(&plan.rows);
        Self {
            clock,
            allowance,
            rest: VenueId::ALL.map(|venue| endpoints(venue).rest),
            rows: rows
                .map(|(row, instrument)| Asked {
                    row,
                    venue: instrument.venue,
                    symbol: instrument.symbol.clone(),
                    edge: instrument.edge,
                    is_perpetual: instrument.product == base::Product::Perpetual,
                })
                .collect(),
            reader: Reader::new(ANSWER_MAX),
        }
    }

    /// Whom a job asks, and what that counts as; `None` for a row that is not there.
    fn price(&self, job: Job) -> Option<(VenueId, Spend)> {
        match job {
            Job::Time(venue) => Some((venue, Spend::Clock)),
            Job::Intervals => Some((VenueId::BinanceUsdm, Spend::Funding)),
            Job::Snapshot { row, levels } => {
                let venue = self.rows.get(row.index())?.venue;
                Some((venue, Spend::Read(snapshot_weight(venue, levels))))
            }
        }
    }

    /// Does a job, if the venue may be asked now.
    fn perform(&mut self, job: Job, call: Call<'_>, answer: &mut dyn FnMut(Answer)) {
        let Some((venue, spend)) = self.price(job) else {
            return answer(Answer::Failed { job, status: 0 });
        };
        if let Err(until) = self.allowance.take(venue, spend, self.clock.now()) {
            return answer(Answer::Held { job, until });
        }
        let done = match job {
            Job::Time(venue) => self.time(venue, call).map(&mut *answer),
            Job::Snapshot { row, levels } => self.snapshot(row, levels, call, answer),
            Job::Intervals => self.intervals(call, answer),
        };
        if let Err(status) = done {
            answer(Answer::Failed { job, status });
        }
    }

    fn get(&self, call: Call<'_>, venue: VenueId, path_and_query: &str) -> Result<Vec<u8>, u16> {
        let base = self.rest.get(venue.index()).map_or("", String::as_str);
        let request =
            HttpRequest { method: Method::Get, base, path_and_query, headers: &[], body: &[] };
        let response = call(&request).map_err(|_| 0_u16)?;
        self.allowance.heard(venue, &response, self.clock.now());
        if response.status == 200 { Ok(response.body) } else { Err(response.status) }
    }

    fn time(&mut self, venue: VenueId, call: Call<'_>) -> Result<Answer, u16> {
        let path = match venue {
            VenueId::BinanceSpot => binance_spot::TIME,
            VenueId::BinanceUsdm => binance_usdm::TIME,
            VenueId::Okx => okx::TIME,
            VenueId::Bybit => bybit::TIME,
        };
        let sent = self.clock.now();
        let body = self.get(call, venue, path)?;
        let received = self.clock.now();
        let time = self.reader.read(&body, |root| parse::time(venue, root)).ok().flatten();
        time.map(|time| Answer::Time { venue, sent, received, time }).ok_or(0)
    }

    fn snapshot(
        &mut self,
        row: Row,
        levels: u16,
        call: Call<'_>,
        answer: &mut dyn FnMut(Answer),
    ) -> Result<(), u16> {
        let Some(asked) = self.rows.get(row.index()) else { return Err(0) };
        let path = match asked.venue {
            VenueId::BinanceSpot => binance_spot::DEPTH,
            _ => binance_usdm::DEPTH,
        };
        let query = format!("{path}?symbol={}&limit={levels}", asked.symbol);
        let body = self.get(call, asked.venue, &query)?;
        let edge = asked.edge;
        let found = self.reader.read(&body, |root| parse::snapshot(root, &edge)).ok();
        let Some(Ok(book)) = found else { return Err(0) };
        answer(Answer::Begin { row, last_update: book.last_update });
        for (bids, side) in [(true, &book.bids), (false, &book.asks)] {
            for part in side.chunks(PIECE) {
                let mut levels = [Level::default(); PIECE];
                levels.iter_mut().zip(part).for_each(|(place, level)| *place = *level);
                let count = u8::try_from(part.len()).unwrap_or(0);
                answer(Answer::Levels { row, bids, count, levels });
            }
        }
        let cut = book.bids.len().max(book.asks.len()) >= usize::from(levels);
        answer(Answer::End { row, cut });
        Ok(())
    }

    fn intervals(&self, call: Call<'_>, answer: &mut dyn FnMut(Answer)) -> Result<(), u16> {
        let body = self.get(call, VenueId::BinanceUsdm, binance_usdm::FUNDING_INFO)?;
        let stated = parse_funding_info(&body).map_err(|_| 0_u16)?;
        for asked in &self.rows {
            if asked.venue == VenueId::BinanceUsdm
                && asked.is_perpetual
                && let Some(interval) = stated.of(&asked.symbol)
            {
                answer(Answer::Interval { row: asked.row, interval });
            }
        }
        Ok(())
    }
}

impl<C: Clock + Send + 'static> Errand for FeedErrand<C> {
    type Job = Job;
    type Answer = Answer;

    fn run(&mut self, job: Job, http: &HttpClient, answer: &mut dyn FnMut(Answer)) {
        self.perform(job, &mut |request| http.call(request), answer);
    }
}

#[cfg(test)]
mod tests;
