//! The market of one venue: the captured minutes, repeated without a seam, seen through each listed
//! instrument's factor and seeded basis; mark and index prices; funding.
//!
//! [`Market::advance`] plays everything up to a time and appends what happened, in order. Between two
//! calls the market stands still. It is a pure function of tape, scenario and time: all venues, each
//! on its own thread, see the same minutes.

mod basis;
mod funding;
mod player;
mod text;
mod view;

pub use funding::{Funding, Settled};
pub use view::LastTrade;

use crate::dec::Dec;
use crate::event::{Event, Level, MarketEvent, Top};
use crate::scenario::Scenario;
use crate::spec::{Row, Specs};
use crate::tape::{Source, Tape};
use base::{Side, VenueId, WallNs};
use player::Player;
use std::sync::Arc;
use view::View;

/// Everything a venue's instruments show.
#[derive(Debug)]
pub struct Market {
    venue: VenueId,
    specs: Arc<Specs>,
    tape: Arc<Tape>,
    players: [Player; 2],
    views: Vec<View>,
    now: WallNs,
    next_second: i64,
    next_step: i64,
}

/// A depth snapshot whose id fits the diff stream.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Id of the last update in it.
    pub last_update_id: u64,
    /// When that update happened.
    pub at: WallNs,
    /// Best first.
    pub bids: Vec<Level>,
    /// Best first.
    pub asks: Vec<Level>,
}

const SECOND: i64 = 1_000_000_000;
/// How often a basis may move a book.
const STEP: i64 = SECOND / 5;

impl Market {
    /// The market of `venue` before its first frame.
    #[must_use]
    pub fn new(venue: VenueId, specs: Arc<Specs>, tape: Arc<Tape>, scenario: &Scenario) -> Self {
        let start = tape.start + scenario.shift_ns;
        let players = [Source::Spot, Source::Perpetual]
            .map(|source| Player::new(source, &tape, scenario.shift_ns));
        let views = specs.iter().map(|spec| View::new(spec, scenario, start, &players)).collect();
        Self {
            venue,
            specs,
            players,
            views,
            tape,
            now: WallNs(start),
            next_second: (start / SECOND + 1) * SECOND,
            next_step: start + STEP,
        }
    }

    /// Which venue's.
    #[must_use]
    pub fn venue(&self) -> VenueId {
        self.venue
    }

    /// Its instruments.
    #[must_use]
    pub fn specs(&self) -> &Arc<Specs> {
        &self.specs
    }

    /// The time it has been played to.
    #[must_use]
    pub fn now(&self) -> WallNs {
        self.now
    }

    /// Plays everything up to `to` and appends what happened.
    pub fn advance(&mut self, to: WallNs, events: &mut Vec<Event>) {
        if to <= self.now {
            return;
        }
        loop {
            let [spot, perpetual] = [0, 1].map(|which: usize| self.players[which].due(&self.tape));
            let next = spot.min(perpetual).min(self.next_second).min(self.next_step);
            if next > to.0 {
                break;
            }
            self.now = WallNs(next);
            if next == self.next_second {
                self.next_second += SECOND;
                self.second(events);
            } else if next == self.next_step {
                self.next_step += STEP;
                self.step(events);
            } else {
                self.frame(usize::from(perpetual < spot), events);
            }
        }
        self.now = to;
    }

    /// Best bid and offer of an instrument.
    #[must_use]
    pub fn top(&self, row: Row) -> Top {
        self.views.get(row).map_or_else(Top::default, |view| view.top)
    }

    /// Up to `depth` levels of the bids ([`Side::Buy`]) or asks ([`Side::Sell`]), best first.
    #[must_use]
    pub fn levels(&self, row: Row, side: Side, depth: usize) -> Vec<Level> {
        let Some((view, spec)) = self.views.get(row).zip(self.specs.get(row)) else {
            return Vec::new();
        };
        view.levels(spec, &self.players[view.source as usize], side, depth)
    }

    /// A depth snapshot that fits the frames of an instrument (Binance).
    #[must_use]
    pub fn snapshot(&self, row: Row, depth: usize) -> Snapshot {
        let Some(view) = self.views.get(row) else {
            return Snapshot {
                last_update_id: 0,
                at: self.now,
                bids: Vec::new(),
                asks: Vec::new(),
            };
        };
        let player = &self.players[view.source as usize];
        let book = view.sent_book().unwrap_or(&player.book);
        let side = |side| book.levels(side).take(depth).collect();
        Snapshot {
            last_update_id: player.book_id,
            at: WallNs(player.book_at),
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        }
    }

    /// The mark price of a perpetual; of spot, the middle of its book, smoothed alike.
    #[must_use]
    pub fn mark(&self, row: Row) -> Dec {
        self.views.get(row).map_or(Dec::ZERO, |view| view.mark)
    }

    /// The index price.
    #[must_use]
    pub fn index(&self, row: Row) -> Dec {
        self.views.get(row).map_or(Dec::ZERO, |view| view.index)
    }

    /// Funding of a perpetual: the running estimate, the next settlement, those that were.
    #[must_use]
    pub fn funding(&self, row: Row) -> Option<&Funding> {
        self.views.get(row).and_then(|view| view.funding.as_ref())
    }

    /// The last trade.
    #[must_use]
    pub fn last_trade(&self, row: Row) -> LastTrade {
        self.views.get(row).map_or_else(LastTrade::default, |view| view.last_trade)
    }

    /// Plays the next frame of one captured market through every instrument made of it.
    fn frame(&mut self, which: usize, events: &mut Vec<Event>) {
        let tape = Arc::clone(&self.tape);
        let played = self.players[which].play(&tape);
        for (view, spec) in self.views.iter_mut().zip(self.specs.iter()) {
            if view.source as usize == which {
                view.show(spec, &played, &self.players[which], self.now.0, events);
            }
        }
    }

    /// A basis may have moved.
    fn step(&mut self, events: &mut Vec<Event>) {
        for (view, spec) in self.views.iter_mut().zip(self.specs.iter()) {
            view.step(spec, &self.players[view.source as usize], self.now.0, events);
        }
    }

    /// Marks, indices and funding, once a second.
    fn second(&mut self, events: &mut Vec<Event>) {
        let index = self.players[Source::Spot as usize].top().mid();
        for (view, spec) in self.views.iter_mut().zip(self.specs.iter()) {
            view.second(spec, index, self.now.0);
            let (row, at) = (spec.row, self.now);
            events.push(Event::Market(MarketEvent::Mark { row, at }));
            let (mark, Some(funding)) = (view.mark, view.funding.as_mut()) else {
                continue;
            };
            if let Some(settled) = funding.settle(at, mark) {
                let Settled { rate, mark, .. } = settled;
                events.push(Event::Market(MarketEvent::Settled {
                    row,
                    at: settled.at,
                    rate,
                    mark,
                }));
            }
            if funding.second(at) {
                events.push(Event::Market(MarketEvent::Funding { row, at }));
            }
        }
    }
}

#[cfg(test)]
mod tests;
