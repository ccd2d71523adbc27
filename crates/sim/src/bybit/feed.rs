//! Bybit's public topics: what each has shown, when it is next due, and its messages whole.
//!
//! All subscribers of a topic see one sequence: a new one gets a snapshot of what was pushed last, with
//! that update id, and the next delta follows it. Field order differs between level 1, spot and the
//! rest, as it does at Bybit.

use super::rows;
use crate::dec::Dec;
use crate::event::{Level, MarketEvent};
use crate::market::Market;
use crate::spec::{Row, Spec};
use crate::wire::day::Day;
use crate::wire::json::{Obj, list};
use crate::wire::ladder::Ladder;
use base::Side;
use std::collections::VecDeque;

/// The depths that are served with their push intervals in milliseconds.
pub(crate) const DEPTHS: [(usize, i64); 4] = [(1, 10), (50, 20), (200, 100), (1_000, 200)];
/// Level 1 says every so often that it has not changed.
const LEVEL1_REPEAT_MS: i64 = 3_000;
const TICKER_LINEAR_MS: i64 = 100;
const TICKER_SPOT_MS: i64 = 50;

/// A topic of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `orderbook.{depth}`: its place in [`DEPTHS`].
    Book(usize),
    /// `publicTrade`.
    Trades,
    /// `tickers`.
    Ticker,
    /// `allLiquidation`: accepted, and nothing ever happens on it here.
    Liquidations,
}

impl Topic {
    /// The topic of a text such as `orderbook.50.BTCUSDT`, and its symbol.
    pub(crate) fn parse(text: &str) -> Option<(Self, &str)> {
        let (name, rest) = text.split_once('.')?;
        match name {
            "orderbook" => {
                let (depth, symbol) = rest.split_once('.')?;
                let at = DEPTHS.iter().position(|(known, _)| known.to_string() == depth)?;
                Some((Self::Book(at), symbol))
            }
            "publicTrade" => Some((Self::Trades, rest)),
            "tickers" => Some((Self::Ticker, rest)),
            "allLiquidation" => Some((Self::Liquidations, rest)),
            _ => None,
        }
    }

    /// Its text for an instrument.
    pub(crate) fn text(self, symbol: &str) -> String {
        match self {
            Self::Book(at) => {
                format!("orderbook.{}.{symbol}", DEPTHS.get(at).map_or(0, |(depth, _)| *depth))
            }
            Self::Trades => format!("publicTrade.{symbol}"),
            Self::Ticker => format!("tickers.{symbol}"),
            Self::Liquidations => format!("allLiquidation.{symbol}"),
        }
    }
}

/// Where one instrument's topics stand.
#[derive(Debug)]
pub(crate) struct Feed {
    row: Row,
    seq: i64,
    book_ms: i64,
    books: [Book; DEPTHS.len()],
    trades: Vec<Trade>,
    recent: VecDeque<Trade>,
    last: Dec,
    last_tick: &'static str,
    ticker: Ticker,
    pub(crate) day: Day,
}

/// One depth.
#[derive(Debug, Default)]
struct Book {
    shown: Ladder,
    update: i64,
    seq: i64,
    next_ms: i64,
    sent_ms: i64,
    shown_ms: i64,
    live: bool,
    restart: bool,
}

/// The ticker as last shown.
#[derive(Debug, Default)]
struct Ticker {
    shown: Vec<(&'static str, String)>,
    cross: i64,
    next_ms: i64,
    live: bool,
}

/// A trade waiting to be pushed.
#[derive(Clone, Copy, Debug)]
struct Trade {
    id: u64,
    price: Dec,
    qty: Dec,
    taker: Side,
    ms: i64,
    tick: &'static str,
    seq: i64,
}

/// A message of a topic.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) topic: Topic,
    pub(crate) text: String,
    /// Whether it is a piece of a sequence, which a fault may swallow.
    pub(crate) sequenced: bool,
}

impl Feed {
    /// An instrument nobody has looked at yet.
    pub(crate) fn new(row: Row, start_ms: i64) -> Self {
        let first = i64::try_from(row).unwrap_or(0) * 1_000_000_000 + 66_544_703_342;
        Self {
            row,
            seq: first,
            book_ms: start_ms,
            books: [Book::default(), Book::default(), Book::default(), Book::default()],
            trades: Vec::new(),
            recent: VecDeque::new(),
            last: Dec::ZERO,
            last_tick: "ZeroPlusTick",
            ticker: Ticker::default(),
            day: Day::default(),
        }
    }

    /// The cross sequence of now.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// When the book last changed.
    pub(crate) fn book_ms(&self) -> i64 {
        self.book_ms
    }

    /// The last trades, newest first, as REST shows them.
    pub(crate) fn recent(&self, spec: &Spec, limit: usize) -> Vec<String> {
        self.recent.iter().take(limit).map(|trade| trade.rest(spec)).collect()
    }

    /// The direction of the last trade's price.
    pub(crate) fn last_tick(&self) -> &'static str {
        self.last_tick
    }

    /// Takes notice of something in the market.
    pub(crate) fn on_event(&mut self, event: &MarketEvent) {
        match event {
            MarketEvent::Top { at, .. } | MarketEvent::Depth { at, .. } => {
                self.seq += 1 + self.seq % 4;
                self.book_ms = at.millis();
            }
            MarketEvent::Trade { at, id, price, qty, taker, .. } => {
                self.seq += 1;
                self.last_tick = tick_direction(self.last, *price, self.last_tick);
                self.last = *price;
                self.day.trade(*price, *qty);
                let (tick, seq, ms) = (self.last_tick, self.seq, at.millis());
                let trade =
                    Trade { id: *id, price: *price, qty: *qty, taker: *taker, ms, tick, seq };
                self.trades.push(trade);
                self.recent.push_front(trade);
                self.recent.truncate(RECENT);
            }
            _ => {}
        }
    }

    /// The service behind the books has been restarted: every book begins again with `u` 1.
    pub(crate) fn restart(&mut self) {
        for book in &mut self.books {
            book.restart = book.live;
        }
    }

    /// Nobody listens: what was shown is forgotten, so that the next snapshot is of its own time.
    pub(crate) fn sleep(&mut self) {
        self.trades.clear();
        self.ticker.live = false;
        for book in &mut self.books {
            book.live = false;
        }
    }

    /// What is due now on the topics somebody wants.
    pub(crate) fn due(
        &mut self,
        now_ms: i64,
        market: &Market,
        wanted: &dyn Fn(Topic) -> bool,
    ) -> Vec<Push> {
        let mut out = Vec::new();
        let Some(spec) = market.specs().get(self.row).cloned() else {
            return out;
        };
        for at in 0..DEPTHS.len() {
            let live = wanted(Topic::Book(at)) && self.books.get(at).is_some_and(|book| book.live);
            if let Some(book) = self.books.get_mut(at) {
                book.live = live;
            }
            if live {
                out.extend(self.book_update(at, now_ms, &spec, market));
            }
        }
        self.push_trades(&spec, now_ms, wanted, &mut out);
        self.ticker.live &= wanted(Topic::Ticker);
        if self.ticker.live && now_ms >= self.ticker.next_ms {
            out.extend(self.ticker_update(now_ms, &spec, market));
        }
        out
    }

    /// The first message a new subscriber gets.
    pub(crate) fn first(&mut self, topic: Topic, now_ms: i64, market: &Market) -> Option<Push> {
        let spec = market.specs().get(self.row)?.clone();
        match topic {
            Topic::Book(at) => {
                let (seq, row, book_ms) = (self.seq, self.row, self.book_ms);
                let (depth, every) = DEPTHS.get(at).copied()?;
                let book = self.books.get_mut(at)?;
                if !book.live {
                    let shown = ladder(market, row, depth);
                    let (next_ms, update) =
                        (now_ms + every, book.update.max(first_update(row, at)));
                    *book = Book {
                        shown,
                        update,
                        seq,
                        next_ms,
                        sent_ms: now_ms,
                        shown_ms: book_ms,
                        live: true,
                        restart: false,
                    };
                }
                let text = book.text("snapshot", at, now_ms, &spec, &book.shown);
                Some(Push { topic, text, sequenced: false })
            }
            Topic::Ticker => {
                if !self.ticker.live {
                    self.ticker.shown = rows::ticker_fields(&spec, market, self);
                    self.ticker.cross = self.seq;
                    self.ticker.next_ms = now_ms + ticker_every(&spec);
                    self.ticker.live = true;
                }
                let text = self.ticker.text("snapshot", now_ms, &spec, &self.ticker.shown);
                Some(Push { topic, text, sequenced: false })
            }
            Topic::Trades | Topic::Liquidations => None,
        }
    }

    fn book_update(
        &mut self,
        at: usize,
        now_ms: i64,
        spec: &Spec,
        market: &Market,
    ) -> Option<Push> {
        let (depth, every) = DEPTHS.get(at).copied()?;
        let (seq, row, book_ms) = (self.seq, self.row, self.book_ms);
        let book = self.books.get_mut(at)?;
        if now_ms < book.next_ms && !book.restart {
            return None;
        }
        book.next_ms = now_ms + every;
        let changes = book.shown.advance(ladder(market, row, depth));
        let topic = Topic::Book(at);
        if book.restart {
            *book = Book {
                shown: std::mem::take(&mut book.shown),
                update: 1,
                seq,
                shown_ms: book_ms,
                restart: false,
                ..*book
            };
            book.sent_ms = now_ms;
            let text = book.text("snapshot", at, now_ms, spec, &book.shown);
            return Some(Push { topic, text, sequenced: false });
        }
        if changes.is_empty() {
            if depth > 1 || now_ms < book.sent_ms + LEVEL1_REPEAT_MS {
                return None;
            }
            book.sent_ms = now_ms;
            let text = book.text("snapshot", at, now_ms, spec, &book.shown);
            return Some(Push { topic, text, sequenced: false });
        }
        book.update += 1;
        (book.seq, book.sent_ms, book.shown_ms) = (seq, now_ms, book_ms);
        let text = if depth == 1 {
            book.text("snapshot", at, now_ms, spec, &book.shown)
        } else {
            book.text("delta", at, now_ms, spec, &changes)
        };
        Some(Push { topic, text, sequenced: depth > 1 })
    }

    fn push_trades(
        &mut self,
        spec: &Spec,
        now_ms: i64,
        wanted: &dyn Fn(Topic) -> bool,
        out: &mut Vec<Push>,
    ) {
        let trades = std::mem::take(&mut self.trades);
        if !wanted(Topic::Trades) {
            return;
        }
        for chunk in trades.chunks(TRADES_MAX) {
            let data = list(chunk.iter().map(|trade| trade.json(spec)));
            let head = Obj::new().quoted("topic", &Topic::Trades.text(&spec.symbol));
            let head = if spec.is_perpetual() {
                head.text("type", "snapshot").raw("ts", now_ms)
            } else {
                head.raw("ts", now_ms).text("type", "snapshot")
            };
            out.push(Push {
                topic: Topic::Trades,
                text: head.raw("data", data).end(),
                sequenced: false,
            });
        }
    }

    fn ticker_update(&mut self, now_ms: i64, spec: &Spec, market: &Market) -> Option<Push> {
        self.ticker.next_ms = now_ms + ticker_every(spec);
        let fields = rows::ticker_fields(spec, market, self);
        let changed: Vec<_> =
            fields.iter().filter(|field| !self.ticker.shown.contains(field)).cloned().collect();
        if changed.is_empty() {
            return None;
        }
        self.ticker.shown = fields;
        self.ticker.cross = self.seq;
        let text = if spec.is_perpetual() {
            let symbol = [("symbol", spec.symbol.clone())];
            let delta: Vec<_> = symbol.into_iter().chain(changed).collect();
            self.ticker.text("delta", now_ms, spec, &delta)
        } else {
            self.ticker.text("snapshot", now_ms, spec, &self.ticker.shown)
        };
        Some(Push { topic: Topic::Ticker, text, sequenced: false })
    }
}

/// Trades that REST shows.
const RECENT: usize = 1_000;
/// Most trades in one message.
const TRADES_MAX: usize = 1_024;

impl Book {
    fn text(&self, kind: &str, at: usize, now_ms: i64, spec: &Spec, sides: &Ladder) -> String {
        let data = Obj::new()
            .text("s", &spec.symbol)
            .raw("b", rows::levels(spec, &sides.bids))
            .raw("a", rows::levels(spec, &sides.asks))
            .raw("u", self.update)
            .raw("seq", self.seq)
            .end();
        let head = Obj::new().text("topic", Topic::Book(at).text(&spec.symbol));
        let head = if at > 0 && spec.is_perpetual() {
            head.text("type", kind).raw("ts", now_ms)
        } else {
            head.raw("ts", now_ms).text("type", kind)
        };
        head.raw("data", data).raw("cts", self.shown_ms).end()
    }
}

impl Ticker {
    fn text(
        &self,
        kind: &str,
        now_ms: i64,
        spec: &Spec,
        fields: &[(&'static str, String)],
    ) -> String {
        let data =
            fields.iter().fold(Obj::new(), |object, (name, value)| object.text(name, value)).end();
        let head = Obj::new().text("topic", Topic::Ticker.text(&spec.symbol));
        if spec.is_perpetual() {
            head.text("type", kind).raw("data", data).raw("cs", self.cross).raw("ts", now_ms).end()
        } else {
            head.raw("ts", now_ms).text("type", kind).raw("cs", self.cross).raw("data", data).end()
        }
    }
}

impl Trade {
    fn shown_id(&self, spec: &Spec) -> String {
        if spec.is_perpetual() {
            rows::uuid(&[3, spec.row as u64, self.id])
        } else {
            (2_290_000_000_000_000_000_u64 + self.id).to_string()
        }
    }

    fn rest(&self, spec: &Spec) -> String {
        Obj::new()
            .text("execId", self.shown_id(spec))
            .text("symbol", &spec.symbol)
            .text("price", rows::price(spec, self.price))
            .text("size", rows::qty(spec, self.qty))
            .text("side", rows::side(self.taker))
            .text("time", self.ms)
            .raw("isBlockTrade", false)
            .raw("isRPITrade", false)
            .text("seq", self.seq)
            .end()
    }

    fn json(&self, spec: &Spec) -> String {
        let side = rows::side(self.taker);
        let (price, qty) = (rows::price(spec, self.price), rows::qty(spec, self.qty));
        let object = if spec.is_perpetual() {
            Obj::new()
                .raw("T", self.ms)
                .text("s", &spec.symbol)
                .text("S", side)
                .text("v", qty)
                .text("p", price)
                .text("L", self.tick)
                .text("i", self.shown_id(spec))
        } else {
            Obj::new()
                .text("i", self.shown_id(spec))
                .raw("T", self.ms)
                .text("p", price)
                .text("v", qty)
                .text("S", side)
                .text("s", &spec.symbol)
        };
        object.raw("BT", false).raw("RPI", false).raw("seq", self.seq).end()
    }
}

fn ticker_every(spec: &Spec) -> i64 {
    if spec.is_perpetual() { TICKER_LINEAR_MS } else { TICKER_SPOT_MS }
}

/// A believable first update id.
fn first_update(row: Row, at: usize) -> i64 {
    177_400_507 + i64::try_from(row * 1_000_003 + at * 50_021).unwrap_or(0)
}

/// Which way a price moved, in Bybit's words; the last move counts while the price stands still.
fn tick_direction(last: Dec, price: Dec, before: &'static str) -> &'static str {
    match price.cmp(&last) {
        core::cmp::Ordering::Greater => "PlusTick",
        core::cmp::Ordering::Less => "MinusTick",
        core::cmp::Ordering::Equal if before.ends_with("PlusTick") => "ZeroPlusTick",
        core::cmp::Ordering::Equal => "ZeroMinusTick",
    }
}

/// Both sides of the market's book, cut to `depth` levels.
pub(crate) fn ladder(market: &Market, row: Row, depth: usize) -> Ladder {
    let cut = |side: Side| -> Vec<Level> { market.levels(row, side, depth) };
    Ladder { bids: cut(Side::Buy), asks: cut(Side::Sell) }
}
