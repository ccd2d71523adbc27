//! Mark, index and funding of one instrument, merged from whatever messages carry them.

use crate::message::Ticker;
use crate::outbox::{Newest, Outbox};
use crate::symbols::Row;
use base::input::{Funding, Mark};
use base::{Input, Instrument, InstrumentId, Price, Product, Rate, Span, Stamp, VenueId, WallNs};

/// Where an instrument's funding interval comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interval {
    /// The messages say it (OKX, Bybit).
    Stated(Option<Span>),
    /// The venue is asked for it (Binance); `None` until it answered.
    Asked(Option<Span>),
}

/// What is known of marks and funding. What a venue has not said, or took back, is unknown.
#[derive(Debug)]
pub(crate) struct Facts {
    venue: VenueId,
    instrument: InstrumentId,
    is_perpetual: bool,
    /// Whether anybody wants to be told of the index.
    with_index: bool,
    mark: Option<Price>,
    index: Option<Price>,
    rate: Option<Rate>,
    next: WallNs,
    interval: Interval,
    /// The last funding told, so that a repetition is not told again before its time.
    told: Option<(Option<Rate>, WallNs, Option<Span>)>,
    told_at: Stamp,
}

/// An unchanged funding estimate is told again after this long: the core sees that it lives.
const REPEAT_AFTER: Span = Span::from_secs(1);

impl Facts {
    pub(crate) fn new(instrument: &Instrument, with_index: bool) -> Self {
        let asked = instrument.venue == VenueId::BinanceUsdm;
        Self {
            venue: instrument.venue,
            instrument: instrument.id,
            is_perpetual: instrument.product == Product::Perpetual,
            with_index,
            mark: None,
            index: None,
            rate: None,
            next: WallNs::NONE,
            interval: if asked { Interval::Asked(None) } else { Interval::Stated(None) },
            told: None,
            told_at: Stamp(0),
        }
    }

    /// The interval, while it is known.
    pub(crate) const fn interval(&self) -> Option<Span> {
        match self.interval {
            Interval::Stated(interval) | Interval::Asked(interval) => interval,
        }
    }

    /// Takes what a message says. `true` when the settlements disagree with the interval that was asked for:
    /// it is unknown and must be asked for again.
    pub(crate) fn on_ticker(
        &mut self,
        row: Row,
        ticker: &Ticker,
        now: Stamp,
        outbox: &mut Outbox,
    ) -> bool {
        if ticker.snapshot {
            (self.mark, self.index) = (None, None);
            (self.rate, self.next) = (None, WallNs::NONE);
            if let Interval::Stated(interval) = &mut self.interval {
                *interval = None;
            }
        }
        let index = ticker.index.filter(|_| self.with_index);
        if ticker.mark.is_some() || index.is_some() || ticker.snapshot {
            self.mark = ticker.mark.or(self.mark);
            self.index = index.or(self.index);
            self.tell_mark(row, ticker.venue_time, now, outbox);
        }
        if !self.is_perpetual {
            return false;
        }
        if let (Some(stated), Interval::Stated(interval)) = (ticker.interval, &mut self.interval) {
            *interval = stated;
        }
        self.rate = ticker.rate.unwrap_or(self.rate);
        let changed = ticker.next.is_some_and(|next| self.settles_at(next));
        let says_funding =
            ticker.rate.is_some() || ticker.next.is_some() || ticker.interval.is_some();
        if says_funding || ticker.snapshot {
            self.tell_funding(row, ticker.venue_time, now, outbox);
        }
        changed
    }

    /// The next settlement; `true` when it is not one interval after the one before.
    fn settles_at(&mut self, next: WallNs) -> bool {
        let between = next.0.saturating_sub(self.next.0);
        let moved = self.next != WallNs::NONE && next != WallNs::NONE && between > 0;
        self.next = next;
        if let Interval::Asked(interval) = &mut self.interval
            && moved
            && interval.is_some_and(|known| known.0.cast_signed() != between)
        {
            *interval = None;
            return true;
        }
        false
    }

    /// An index price of its pair came.
    pub(crate) fn on_index(
        &mut self,
        row: Row,
        index: Price,
        venue_time: WallNs,
        now: Stamp,
        outbox: &mut Outbox,
    ) {
        self.index = Some(index);
        self.tell_mark(row, venue_time, now, outbox);
    }

    /// The venue answered what the interval is.
    pub(crate) fn on_interval(
        &mut self,
        row: Row,
        interval: Span,
        now: Stamp,
        outbox: &mut Outbox,
    ) {
        if let Interval::Asked(known) = &mut self.interval
            && *known != Some(interval)
        {
            *known = Some(interval);
            if self.rate.is_some() {
                self.tell_funding(row, WallNs::NONE, now, outbox);
            }
        }
    }

    /// Mark and index are unknown from now on.
    pub(crate) fn lose_mark(&mut self, row: Row, now: Stamp, outbox: &mut Outbox) {
        if self.mark.is_some() || self.index.is_some() {
            (self.mark, self.index) = (None, None);
            self.tell_mark(row, WallNs::NONE, now, outbox);
        }
    }

    /// The index alone is unknown from now on.
    pub(crate) fn lose_index(&mut self, row: Row, now: Stamp, outbox: &mut Outbox) {
        if self.index.take().is_some() {
            self.tell_mark(row, WallNs::NONE, now, outbox);
        }
    }

    /// Funding is unknown from now on.
    pub(crate) fn lose_funding(&mut self, row: Row, now: Stamp, outbox: &mut Outbox) {
        if self.rate.take().is_some() {
            self.next = WallNs::NONE;
            self.tell_funding(row, WallNs::NONE, now, outbox);
        }
    }

    fn tell_mark(&self, row: Row, venue_time: WallNs, now: Stamp, outbox: &mut Outbox) {
        let (venue, instrument) = (self.venue, self.instrument);
        let mark = Mark { venue, instrument, mark: self.mark, index: self.index, venue_time };
        outbox.newest(row, Newest::Mark, Input::Mark(mark).record(now));
    }

    /// Without a rate or a settlement nothing is known, and the absent interval says so.
    fn tell_funding(&mut self, row: Row, venue_time: WallNs, now: Stamp, outbox: &mut Outbox) {
        let known = self.rate.filter(|_| self.next != WallNs::NONE);
        let interval = self.interval().filter(|_| known.is_some());
        let news = (known, self.next, interval);
        if self.told == Some(news) && now - self.told_at < REPEAT_AFTER {
            return;
        }
        let never_known = self.told.is_none() && known.is_none();
        self.told = Some(news);
        self.told_at = now;
        if never_known {
            return;
        }
        let funding = Funding {
            venue: self.venue,
            instrument: self.instrument,
            rate: known.unwrap_or_default(),
            interval,
            next: if known.is_some() { self.next } else { WallNs::NONE },
            venue_time,
        };
        outbox.newest(row, Newest::Funding, Input::Funding(funding).record(now));
    }
}
