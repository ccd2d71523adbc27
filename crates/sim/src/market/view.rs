//! One instrument's look at a captured market: as it is, or moved by a factor and a basis.

use super::basis::BasisPath;
use super::funding::Funding;
use super::player::{Diff, Played, Player, What};
use super::text::{self, Times};
use crate::book::Book;
use crate::dec::Dec;
use crate::event::{Event, Level, MarketEvent, Stream, Top};
use crate::scenario::Scenario;
use crate::spec::Spec;
use crate::tape::Source;
use base::{Side, VenueId, WallNs};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::borrow::Cow;
use tungstenite::Utf8Bytes;

/// Levels a side of a made book that Binance's own protocol publishes.
const SENT_DEPTH: usize = 400;

/// The last trade of an instrument.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastTrade {
    /// Its number.
    pub id: u64,
    /// Its price.
    pub price: Dec,
    /// Its quantity.
    pub qty: Dec,
}

/// The state of one instrument.
#[derive(Debug)]
pub(super) struct View {
    pub(super) source: Source,
    pub(super) top: Top,
    pub(super) mark: Dec,
    pub(super) index: Dec,
    pub(super) funding: Option<Funding>,
    pub(super) last_trade: LastTrade,
    /// Whether Binance frames are made.
    frames: bool,
    /// How prices and sizes are moved; `None` is the captured instrument itself.
    made: Option<Made>,
    price_factor: Dec,
}

/// An instrument made of another.
#[derive(Debug)]
struct Made {
    size_factor: Dec,
    basis: BasisPath,
    /// Price factor times (1 + basis), now.
    factor: Dec,
    /// The book as the diffs sent so far make it (Binance only).
    sent: Book,
}

impl View {
    /// The view of `spec` at the start.
    pub(super) fn new(spec: &Spec, scenario: &Scenario, start: i64, players: &[Player; 2]) -> Self {
        let source = if spec.is_perpetual() { Source::Perpetual } else { Source::Spot };
        let binance = matches!(spec.venue, VenueId::BinanceSpot | VenueId::BinanceUsdm);
        let listed = scenario.venues.get(&spec.venue).and_then(|l| l.instruments.get(&spec.name));
        let listed = listed.cloned().unwrap_or_default();
        let asset = scenario.assets.get(&spec.base).filter(|_| spec.base != "BTC");
        let price_factor = asset.map_or(Dec::ONE, |a| a.price_factor);
        let rng = |purpose| seeded(scenario.seed, spec, purpose);
        let made = (!binance || asset.is_some()).then(|| Made {
            size_factor: asset.map_or(Dec::ONE, |a| a.size_factor),
            basis: BasisPath::new(&listed.basis, rng(1), start),
            factor: price_factor,
            sent: Book::default(),
        });
        let mut view = Self {
            source,
            top: Top::default(),
            mark: Dec::ZERO,
            index: players[Source::Spot as usize]
                .top()
                .mid()
                .times(price_factor)
                .round_to(spec.tick),
            funding: None,
            last_trade: LastTrade::default(),
            frames: binance,
            made,
            price_factor,
        };
        let player = &players[source as usize];
        view.move_basis(start);
        view.top = view.top_of(spec, player);
        view.mark = view.top.mid().cut_places(8);
        view.last_trade = LastTrade { id: 0, price: view.top.bid, qty: spec.lot };
        if let (Some(book), true) = (view.made_book(spec, player), view.frames)
            && let Some(made) = &mut view.made
        {
            made.sent = book;
        }
        let (plan, price) = (&listed.funding, view.mark);
        view.funding =
            spec.is_perpetual().then(|| Funding::new(plan, spec.funding_cap, price, start, rng(2)));
        view
    }

    /// The book that the diffs sent make, for an instrument made of another.
    pub(super) fn sent_book(&self) -> Option<&Book> {
        self.made.as_ref().map(|made| &made.sent)
    }

    /// Up to `depth` levels of a side, best first.
    pub(super) fn levels(
        &self,
        spec: &Spec,
        player: &Player,
        side: Side,
        depth: usize,
    ) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::with_capacity(depth.min(512));
        for level in player.levels(side) {
            let level = self.moved(spec, side, level);
            let full = levels.len() == depth;
            match levels.last_mut() {
                Some(last) if last.price == level.price => last.qty += level.qty,
                _ if full => break,
                _ => levels.push(level),
            }
        }
        levels
    }

    /// Shows a frame that was just played.
    pub(super) fn show(
        &mut self,
        spec: &Spec,
        played: &Played<'_>,
        player: &Player,
        now: i64,
        events: &mut Vec<Event>,
    ) {
        let at = WallNs(now);
        let row = spec.row;
        if self.frames && self.made.is_none() {
            events.push(frame(spec, played));
        }
        let times = Times { event_ms: played.event_ms, transaction_ms: played.transaction_ms };
        match &played.what {
            What::Top { .. } => self.refresh(spec, player, now, events),
            What::Trade { id, price, qty, taker } => {
                let level = Level { price: *price, qty: *qty };
                let Level { price, qty } = self.moved(spec, taker.opposite(), level);
                self.last_trade = LastTrade { id: *id, price, qty };
                if self.frames && self.made.is_some() {
                    let data = text::trade(spec, times, &self.last_trade, *taker);
                    events.push(generated(spec, Stream::Trade, data));
                }
                events.push(Event::Market(MarketEvent::Trade {
                    row,
                    at,
                    id: *id,
                    price,
                    qty,
                    taker: *taker,
                }));
            }
            What::Depth(diff) => {
                self.refresh(spec, player, now, events);
                self.send_made(spec, player, diff, times, events);
                events.push(Event::Market(MarketEvent::Depth { row, at }));
            }
        }
    }

    /// The basis may have moved.
    pub(super) fn step(&mut self, spec: &Spec, player: &Player, now: i64, events: &mut Vec<Event>) {
        if self.move_basis(now) {
            self.refresh(spec, player, now, events);
            events.push(Event::Market(MarketEvent::Depth { row: spec.row, at: WallNs(now) }));
        }
    }

    /// A second has passed: the index follows spot, the mark follows this book, smoothed.
    pub(super) fn second(&mut self, spec: &Spec, spot: Dec, now: i64) {
        let _ = now;
        self.index = spot.times(self.price_factor).cut_places(8);
        let target = self.top.mid();
        self.mark =
            Dec(self.mark.0 + (target.0 - self.mark.0) / 8).cut_places(spec.tick.places().max(2));
    }

    /// Brings the best bid and offer up to date; says so when it changed.
    fn refresh(&mut self, spec: &Spec, player: &Player, now: i64, events: &mut Vec<Event>) {
        let top = self.top_of(spec, player);
        if top == self.top {
            return;
        }
        self.top = top;
        if self.frames && self.made.is_some() {
            let times = Times { event_ms: now / 1_000_000, transaction_ms: now / 1_000_000 };
            let data = text::ticker(spec, player.id(), times, &top);
            events.push(generated(spec, Stream::BookTicker, data));
        }
        events.push(Event::Market(MarketEvent::Top { row: spec.row, at: WallNs(now), top }));
    }

    fn top_of(&self, spec: &Spec, player: &Player) -> Top {
        if self.made.is_none() {
            return player.top();
        }
        let best = |side| self.levels(spec, player, side, 1).first().copied().unwrap_or_default();
        let (bid, ask) = (best(Side::Buy), best(Side::Sell));
        Top { bid: bid.price, bid_qty: bid.qty, ask: ask.price, ask_qty: ask.qty }
    }

    /// Publishes the changes of a made book under the ids of the frame that caused them.
    fn send_made(
        &mut self,
        spec: &Spec,
        player: &Player,
        ids: &Diff<'_>,
        times: Times,
        events: &mut Vec<Event>,
    ) {
        if !self.frames {
            return;
        }
        let Some(book) = self.made_book(spec, player) else {
            return;
        };
        let Some(made) = &mut self.made else {
            return;
        };
        let diff = Diff {
            bids: Cow::Owned(made.sent.changes_to(&book, Side::Buy)),
            asks: Cow::Owned(made.sent.changes_to(&book, Side::Sell)),
            ..*ids
        };
        made.sent = book;
        events.push(generated(spec, Stream::Depth, text::depth(spec, times, &diff)));
    }

    fn made_book(&self, spec: &Spec, player: &Player) -> Option<Book> {
        self.made.as_ref()?;
        let [bids, asks] =
            [Side::Buy, Side::Sell].map(|side| self.levels(spec, player, side, SENT_DEPTH));
        Some(Book::of(&bids, &asks))
    }

    /// A level of the captured market as this instrument shows it: bids rounded down, asks up.
    fn moved(&self, spec: &Spec, side: Side, level: Level) -> Level {
        let Some(made) = &self.made else {
            return level;
        };
        let price = level.price.times(made.factor);
        let down = price.cut_to(spec.tick);
        let price = match side {
            Side::Sell if down != price => down + spec.tick,
            _ => down,
        };
        let qty = level.qty.times(made.size_factor).cut_to(spec.lot).max(spec.lot);
        Level { price, qty }
    }

    /// Takes the basis of now; whether it changed.
    fn move_basis(&mut self, now: i64) -> bool {
        let Some(made) = &mut self.made else {
            return false;
        };
        let bps = made.basis.at(now);
        let factor = self.price_factor.times(Dec::ONE + Dec(bps.0 / 10_000));
        let changed = factor != made.factor;
        made.factor = factor;
        changed
    }
}

/// The frame of the captured instrument: the captured text while it is true, else written anew.
fn frame(spec: &Spec, played: &Played<'_>) -> Event {
    let times = Times { event_ms: played.event_ms, transaction_ms: played.transaction_ms };
    let (stream, write): (Stream, Box<dyn Fn() -> String + '_>) = match &played.what {
        What::Top { u, top } => {
            (Stream::BookTicker, Box::new(move || text::ticker(spec, *u, times, top)))
        }
        What::Trade { id, price, qty, taker } => {
            let trade = LastTrade { id: *id, price: *price, qty: *qty };
            (Stream::Trade, Box::new(move || text::trade(spec, times, &trade, *taker)))
        }
        What::Depth(diff) => (Stream::Depth, Box::new(move || text::depth(spec, times, diff))),
    };
    match played.captured {
        Some((whole, data)) => Event::Market(MarketEvent::Frame {
            row: spec.row,
            stream,
            data: data.clone(),
            whole: Some(whole.clone()),
        }),
        None => generated(spec, stream, write()),
    }
}

fn generated(spec: &Spec, stream: Stream, data: String) -> Event {
    let data = Utf8Bytes::from(data);
    Event::Market(MarketEvent::Frame { row: spec.row, stream, data, whole: None })
}

/// A generator of its own for each instrument and purpose, so that one more of either changes no other.
fn seeded(seed: u64, spec: &Spec, purpose: u64) -> ChaCha8Rng {
    let name = format!("{}/{}", spec.venue, spec.name);
    // FNV-1a: all that is needed is that two names differ.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    ChaCha8Rng::seed_from_u64(seed ^ hash.rotate_left(17) ^ (purpose << 60))
}
