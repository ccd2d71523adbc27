//! One instrument as its feed knows it: book, best quote, facts, and whether all that may be traded on.

mod facts;

use crate::book::{Book, Probe, Top};
use crate::message::{Best, BookChange, Level, Scratch};
use crate::options::FeedOptions;
use crate::outbox::{Newest, Outbox};
use crate::plan::Channel;
use crate::sequence::{Rule, Sequence, Step};
use crate::symbols::Row;
use base::input::{BookHealth, BookState, Depth, Quote, Sweep};
use base::{Input, Instrument, InstrumentId, Span, Stamp, VenueId, WallNs};
pub(crate) use facts::Facts;

/// A venue whose numbers go back while its time goes on by this much has started numbering afresh.
const RENUMBERED_AFTER_NS: i64 = 1_000_000_000;

/// A book that stood for this long is not one that is lost again and again.
const STOOD_FOR: Span = Span::from_secs(10);

/// What a book message asks of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing.
    Fine,
    /// It was older than the book.
    Stale,
    /// It waits for a snapshot: keep it.
    Hold,
    /// The book is unknown and must be asked for afresh.
    Resync {
        /// What should have come, and what came.
        expected: i64,
        got: i64,
    },
}

/// The best bid and ask that is or will be told.
#[derive(Clone, Copy, Debug)]
struct Told {
    bid: Level,
    ask: Level,
    order: i64,
    venue_time: WallNs,
}

/// When and by whom something came: what every update carries with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// When its bytes left the socket.
    pub(crate) recv: Stamp,
    /// Venue times before this are too old.
    pub(crate) stale_before: WallNs,
}

/// One instrument.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) row: Row,
    pub(crate) venue: VenueId,
    pub(crate) instrument: InstrumentId,
    pub(crate) edge: base::Edge,
    pub(crate) book: Book,
    pub(crate) sequence: Sequence,
    pub(crate) facts: Facts,
    /// Its place among the subscriptions, by channel.
    pub(crate) subs: [Option<u16>; Channel::COUNT],
    /// Resyncs so far.
    pub(crate) resyncs: u32,
    /// Whether it waits for its turn to be resynced.
    pub(crate) queued: bool,
    /// Losses in quick succession.
    losses: u32,
    lost_at: Stamp,
    /// Since when the quotes are of no use.
    trouble_since: Stamp,
    probe: Option<Probe>,
    repeat_after: Span,
    best_health: BookHealth,
    book_health: BookHealth,
    published: BookHealth,
    /// Both sides of the quote channel as last heard, for deltas of one side.
    heard: [Option<Level>; 2],
    quote: Option<Told>,
    quote_due: bool,
    quoted_at: Stamp,
    depth: [Option<Sweep>; 2],
    depth_time: WallNs,
    depth_due: bool,
    probed_at: Stamp,
}

impl Tracked {
    pub(crate) fn new(row: Row, instrument: &Instrument, options: &FeedOptions) -> Self {
        let rule = match instrument.venue {
            VenueId::BinanceSpot => Rule::BinanceSpot,
            VenueId::BinanceUsdm => Rule::BinanceFutures,
            VenueId::Okx => Rule::Okx,
            VenueId::Bybit => Rule::Bybit,
        };
        Self {
            row,
            venue: instrument.venue,
            instrument: instrument.id,
            edge: instrument.edge,
            book: Book::with_capacity(options.book_levels),
            sequence: Sequence::new(rule),
            facts: Facts::new(instrument, options.index),
            subs: [None; Channel::COUNT],
            resyncs: 0,
            queued: false,
            losses: 0,
            lost_at: Stamp(0),
            trouble_since: Stamp(0),
            probe: Probe::new(options.probe, instrument.scale),
            repeat_after: options.repeat_after,
            best_health: BookHealth::Starting,
            book_health: BookHealth::Starting,
            published: BookHealth::Starting,
            heard: [None; 2],
            quote: None,
            quote_due: false,
            quoted_at: Stamp(0),
            depth: [None; 2],
            depth_time: WallNs::NONE,
            depth_due: false,
            probed_at: Stamp(0),
        }
    }

    /// What the core was told last.
    pub(crate) const fn published(&self) -> BookHealth {
        self.published
    }

    /// The place of one of its subscriptions among all.
    #[inline(always)]
    pub(crate) fn sub(&self, channel: Channel) -> Option<usize> {
        self.subs.get(channel as usize).copied().flatten().map(usize::from)
    }

    /// One more loss; those before count no more when it stood for a while since.
    pub(crate) fn note_loss(&mut self, now: Stamp) {
        self.losses = if now - self.lost_at > STOOD_FOR { 1 } else { self.losses + 1 };
        self.lost_at = now;
    }

    /// Losses in quick succession.
    pub(crate) const fn losses(&self) -> u32 {
        self.losses
    }

    /// What the quotes have that no resync of the book cures, and since when.
    pub(crate) fn best_trouble(&self) -> Option<(BookHealth, Stamp)> {
        let trouble = [BookHealth::Stale, BookHealth::Crossed, BookHealth::Empty];
        trouble.contains(&self.best_health).then_some((self.best_health, self.trouble_since))
    }

    /// The trouble is being seen to: it counts from now on again.
    pub(crate) const fn note_trouble(&mut self, now: Stamp) {
        self.trouble_since = now;
    }

    /// What is wrong with the book itself, whatever the quotes say.
    pub(crate) const fn book_health(&self) -> BookHealth {
        self.book_health
    }

    /// A best bid and offer came.
    #[inline(always)]
    pub(crate) fn on_best(&mut self, best: &Best, arrival: Arrival, outbox: &mut Outbox) {
        let (bid, ask) = if best.partial {
            (best.bid.or(self.heard[0]), best.ask.or(self.heard[1]))
        } else {
            (best.bid, best.ask)
        };
        self.heard = [bid, ask];
        let old = self.is_old(best.order, best.venue_time);
        let health = match (bid, ask) {
            (Some(bid), Some(ask)) if bid.price < ask.price => {
                if is_stale(best.venue_time, arrival) {
                    BookHealth::Stale
                } else {
                    self.offer(bid, ask, best.order, best.venue_time, arrival.recv);
                    BookHealth::Known
                }
            }
            (Some(_), Some(_)) => BookHealth::Crossed,
            _ => BookHealth::Empty,
        };
        // An old one proves that the channel lives, and nothing against what is newer.
        if !old || health == BookHealth::Known {
            if self.best_health != health {
                self.trouble_since = arrival.recv;
            }
            self.best_health = health;
            self.publish(arrival.recv, outbox);
        }
    }

    /// A book message came, its levels in `scratch`.
    #[inline(always)]
    pub(crate) fn on_book(
        &mut self,
        change: &BookChange,
        scratch: &Scratch,
        arrival: Arrival,
        outbox: &mut Outbox,
    ) -> After {
        let (bids, asks) = (scratch.bids.as_slice(), scratch.asks.as_slice());
        match self.sequence.step(change) {
            Step::Apply => self.book.apply(bids, asks),
            Step::Replace => self.book.replace(bids, asks),
            Step::Stale => return After::Stale,
            Step::Waiting if self.sequence.wants_rest() => return After::Hold,
            Step::Waiting => return After::Fine,
            Step::Gap { expected, got } => {
                return self.lose_book(BookHealth::Gap, expected, got, arrival.recv, outbox);
            }
        }
        if change.checksum != 0 {
            let ours = self.book.checksum(&self.edge);
            if ours != change.checksum {
                let (expected, got) = (i64::from(change.checksum), i64::from(ours));
                return self.lose_book(BookHealth::Gap, expected, got, arrival.recv, outbox);
            }
        }
        self.look_at_book(change.order, change.venue_time, arrival, outbox)
    }

    /// The book changed: judges its top and tells what follows from it.
    #[inline(always)]
    pub(crate) fn look_at_book(
        &mut self,
        order: i64,
        venue_time: WallNs,
        arrival: Arrival,
        outbox: &mut Outbox,
    ) -> After {
        let (Top::Known(bid), Top::Known(ask)) = (self.book.bid(), self.book.ask()) else {
            return self.lose_book(BookHealth::Empty, 0, 0, arrival.recv, outbox);
        };
        if bid.price >= ask.price {
            let (expected, got) = (bid.price.0, ask.price.0);
            return self.lose_book(BookHealth::Crossed, expected, got, arrival.recv, outbox);
        }
        self.book_health = if is_stale(venue_time, arrival) {
            BookHealth::Stale
        } else {
            self.offer(bid, ask, order, venue_time, arrival.recv);
            self.sweep(venue_time, arrival.recv);
            BookHealth::Known
        };
        self.publish(arrival.recv, outbox);
        After::Fine
    }

    /// The book is unknown from now on, for this reason.
    #[cold]
    #[inline(never)]
    pub(crate) fn lose_book(
        &mut self,
        why: BookHealth,
        expected: i64,
        got: i64,
        now: Stamp,
        outbox: &mut Outbox,
    ) -> After {
        self.sequence.reset();
        self.book_health = why;
        self.publish(now, outbox);
        After::Resync { expected, got }
    }

    /// The quote channel says nothing that can be relied on, for this reason.
    #[cold]
    #[inline(never)]
    pub(crate) fn lose_best(&mut self, why: BookHealth, now: Stamp, outbox: &mut Outbox) {
        self.best_health = why;
        self.heard = [None; 2];
        self.publish(now, outbox);
    }

    /// Whether the core has had a newer quote than one of that number and time.
    #[inline(always)]
    fn is_old(&self, order: i64, venue_time: WallNs) -> bool {
        let Some(told) = &self.quote else { return false };
        order < told.order && venue_time.0.saturating_sub(told.venue_time.0) < RENUMBERED_AFTER_NS
    }

    /// A best bid and ask from either source: kept when it is not older than what is known.
    #[inline(always)]
    fn offer(&mut self, bid: Level, ask: Level, order: i64, venue_time: WallNs, now: Stamp) {
        if self.is_old(order, venue_time) {
            return;
        }
        let same = self.quote.is_some_and(|told| told.bid == bid && told.ask == ask);
        self.quote_due |= !same || now - self.quoted_at >= self.repeat_after;
        self.quote = Some(Told { bid, ask, order, venue_time });
    }

    /// What the probe would trade at now.
    #[inline(always)]
    fn sweep(&mut self, venue_time: WallNs, now: Stamp) {
        let Some(probe) = self.probe else { return };
        let depth = [self.book.sell(probe), self.book.buy(probe)];
        self.depth_due |= depth != self.depth || now - self.probed_at >= self.repeat_after;
        self.depth = depth;
        self.depth_time = venue_time;
    }

    /// Tells the core what changed: the quote before the word that it may be relied on.
    #[inline(always)]
    fn publish(&mut self, now: Stamp, outbox: &mut Outbox) {
        let health = match self.book_health {
            BookHealth::Known => self.best_health,
            wrong => wrong,
        };
        if health != BookHealth::Known {
            if health != self.published {
                self.announce(health, now, outbox);
            }
            return;
        }
        if self.quote_due
            && let Some(told) = self.quote
        {
            let quote = Quote {
                venue: self.venue,
                instrument: self.instrument,
                bid: told.bid.price,
                bid_qty: told.bid.qty,
                ask: told.ask.price,
                ask_qty: told.ask.qty,
                venue_time: told.venue_time,
            };
            outbox.newest(self.row, Newest::Quote, Input::Quote(quote).record(now));
            self.quote_due = false;
            self.quoted_at = now;
        }
        if self.depth_due {
            let [bid, ask] = self.depth;
            let (venue, instrument, venue_time) = (self.venue, self.instrument, self.depth_time);
            let depth = Depth { venue, instrument, bid, ask, venue_time };
            outbox.newest(self.row, Newest::Depth, Input::Depth(depth).record(now));
            self.depth_due = false;
            self.probed_at = now;
        }
        if self.published != BookHealth::Known {
            self.announce(BookHealth::Known, now, outbox);
        }
    }

    /// Known or not known from now on; the next quote and depth are told whether they changed or not.
    #[cold]
    #[inline(never)]
    fn announce(&mut self, health: BookHealth, now: Stamp, outbox: &mut Outbox) {
        self.published = health;
        if health != BookHealth::Known {
            self.quote_due = self.quote.is_some();
            self.depth_due = self.probe.is_some();
        }
        let state = BookState { venue: self.venue, instrument: self.instrument, state: health };
        outbox.state(self.row, Input::BookState(state).record(now));
    }
}

/// Whether a venue's own time of the data is too old; a venue that says none cannot be judged so.
#[inline(always)]
fn is_stale(venue_time: WallNs, arrival: Arrival) -> bool {
    venue_time != WallNs::NONE && venue_time.0 < arrival.stale_before.0
}

#[cfg(test)]
mod tests;
