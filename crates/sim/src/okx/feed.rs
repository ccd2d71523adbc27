//! OKX's public channels: what each has shown, when it is next due, and the rows it shows.
//!
//! One [`Feed`] stands for one instrument. All subscribers of a channel get the same messages, so that
//! one sequence holds for all: a new one gets the snapshot of what was pushed last, and the next update
//! follows it. Sequence numbers rise by more than one on purpose: only `prevSeqId` joins two updates.

use super::rows;
use crate::dec::Dec;
use crate::event::{Level, MarketEvent, Top};
use crate::market::Market;
use crate::spec::{Row, Spec};
use crate::wire::day::Day;
use crate::wire::json::{Obj, list};
use crate::wire::ladder::Ladder;
use base::Side;
use std::collections::VecDeque;

/// Levels of `books` on each side.
const BOOKS_DEPTH: usize = 400;
/// Milliseconds between two pushes of one channel.
const BBO_MS: i64 = 10;
const BOOK_MS: i64 = 100;
const TICKER_MS: i64 = 100;
const MARK_MS: i64 = 200;
const FUNDING_MS: i64 = 60_000;
/// A quiet book says every minute that it is still there.
const KEEPALIVE_MS: i64 = 60_000;

/// Trades that REST shows.
const RECENT: usize = 500;

/// The channels of one instrument that are pushed on change, in the order OKX promises.
pub(crate) const CHANNELS: [&str; 10] = [
    "bbo-tbt",
    "books",
    "books5",
    "trades",
    "trades-all",
    "tickers",
    "mark-price",
    "index-tickers",
    "price-limit",
    "funding-rate",
];

/// Where one instrument's channels stand.
#[derive(Debug)]
pub(crate) struct Feed {
    row: Row,
    seq: i64,
    book_ms: i64,
    bbo: Paced<Top>,
    books: Books,
    books5: Paced<Ladder>,
    trades: Vec<Trade>,
    recent: VecDeque<Trade>,
    ticker: Paced<String>,
    mark: Paced<Dec>,
    index: Paced<Dec>,
    limit: Paced<Dec>,
    funding: Paced<String>,
    pub(crate) day: Day,
}

/// A value with the time from which it may be pushed again.
#[derive(Clone, Debug, Default)]
struct Paced<T> {
    shown: T,
    next_ms: i64,
}

impl<T: PartialEq> Paced<T> {
    /// Whether `value` is to be pushed now; remembers it if so.
    fn offer(&mut self, now_ms: i64, every_ms: i64, value: T) -> bool {
        if now_ms < self.next_ms || self.shown == value {
            return false;
        }
        self.shown = value;
        self.next_ms = now_ms + every_ms;
        true
    }
}

/// The `books` channel.
#[derive(Debug, Default)]
struct Books {
    shown: Ladder,
    seq: i64,
    next_ms: i64,
    sent_ms: i64,
    live: bool,
    /// The venue has just been maintained: the next update starts the numbers again.
    reset: bool,
}

/// A trade waiting to be pushed.
#[derive(Clone, Copy, Debug)]
struct Trade {
    id: u64,
    price: Dec,
    qty: Dec,
    taker: Side,
    ms: i64,
    count: u32,
}

/// One message of a channel, without its `arg`.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) channel: &'static str,
    /// `snapshot` or `update`, for the channels that say so.
    pub(crate) action: Option<&'static str>,
    /// The rows of `data`.
    pub(crate) data: String,
    /// Whether it is a piece of a sequence, which a fault may swallow.
    pub(crate) sequenced: bool,
}

impl Trade {
    fn fields(&self, spec: &Spec) -> Obj {
        Obj::new()
            .text("instId", &spec.symbol)
            .text("tradeId", self.id)
            .text("px", self.price)
            .text("sz", spec.to_contracts(self.qty))
            .text("side", rows::side(self.taker))
            .text("ts", self.ms)
    }
}

impl Push {
    fn plain(channel: &'static str, row: String) -> Self {
        Self { channel, action: None, data: list([row]), sequenced: false }
    }
}

impl Feed {
    /// An instrument nobody has looked at yet.
    pub(crate) fn new(row: Row, start_ms: i64) -> Self {
        let first = i64::try_from(row).unwrap_or(0) * 1_000_000 + 363_996_337;
        Self {
            row,
            seq: first,
            book_ms: start_ms,
            bbo: Paced::default(),
            books: Books::default(),
            books5: Paced::default(),
            trades: Vec::new(),
            recent: VecDeque::new(),
            ticker: Paced::default(),
            mark: Paced::default(),
            index: Paced::default(),
            limit: Paced::default(),
            funding: Paced::default(),
            day: Day::default(),
        }
    }

    /// The sequence number of the book as it is.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// Takes notice of something in the market.
    pub(crate) fn on_event(&mut self, event: &MarketEvent) {
        match event {
            MarketEvent::Top { at, .. } | MarketEvent::Depth { at, .. } => {
                self.seq += 2 + self.seq % 3;
                self.book_ms = at.millis();
            }
            MarketEvent::Trade { at, id, price, qty, taker, .. } => {
                self.day.trade(*price, *qty);
                let trade = Trade {
                    id: *id,
                    price: *price,
                    qty: *qty,
                    taker: *taker,
                    ms: at.millis(),
                    count: 1,
                };
                self.recent.push_front(trade);
                self.recent.truncate(RECENT);
                match self.trades.last_mut() {
                    Some(last)
                        if (last.price, last.taker, last.ms)
                            == (trade.price, trade.taker, trade.ms) =>
                    {
                        last.qty += trade.qty;
                        last.id = trade.id;
                        last.count += 1;
                    }
                    _ => self.trades.push(trade),
                }
            }
            MarketEvent::Settled { .. } | MarketEvent::Funding { .. } => self.funding.next_ms = 0,
            MarketEvent::Frame { .. } | MarketEvent::Mark { .. } => {}
        }
    }

    /// After maintenance the numbers begin again, lower.
    pub(crate) fn reset_sequence(&mut self) {
        self.books.reset = self.books.live;
        self.seq = self.seq / 2 + 1;
    }

    /// Nobody listens: what was shown is forgotten, so that the next snapshot is of its own time.
    pub(crate) fn sleep(&mut self) {
        self.trades.clear();
        self.books.live = false;
    }

    /// What is due now on the channels somebody wants.
    pub(crate) fn due(
        &mut self,
        now_ms: i64,
        market: &Market,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Vec<Push> {
        let mut out = Vec::new();
        let Some(spec) = market.specs().get(self.row).cloned() else {
            return out;
        };
        if wanted("bbo-tbt") && self.bbo.offer(now_ms, BBO_MS, market.top(self.row)) {
            out.push(Push::plain("bbo-tbt", self.bbo_row(&spec)));
        }
        self.books.live &= wanted("books");
        if self.books.live && now_ms >= self.books.next_ms {
            out.extend(self.books_update(now_ms, &spec, market));
        }
        if wanted("books5")
            && now_ms >= self.books5.next_ms
            && self.books5.offer(now_ms, BOOK_MS, ladder(market, self.row, 5))
        {
            out.push(Push::plain("books5", self.books5_row(&spec)));
        }
        self.push_trades(&spec, wanted, &mut out);
        if wanted("tickers") && now_ms >= self.ticker.next_ms {
            let row = self.ticker_row(&spec, market);
            if self.ticker.offer(now_ms, TICKER_MS, row) {
                out.push(Push::plain("tickers", self.ticker.shown.clone()));
            }
        }
        self.push_prices(now_ms, &spec, market, wanted, &mut out);
        out
    }

    /// The first message a new subscriber of `channel` gets.
    pub(crate) fn first(&mut self, channel: &str, now_ms: i64, market: &Market) -> Option<Push> {
        let spec = market.specs().get(self.row)?.clone();
        let channel = *CHANNELS.iter().find(|known| **known == channel)?;
        let row = match channel {
            "books" => return Some(self.books_snapshot(now_ms, &spec, market)),
            "bbo-tbt" => {
                self.bbo.shown = market.top(self.row);
                self.bbo_row(&spec)
            }
            "books5" => {
                self.books5.shown = ladder(market, self.row, 5);
                self.books5_row(&spec)
            }
            "tickers" => self.ticker_row(&spec, market),
            "mark-price" => rows::mark(&spec, market, now_ms),
            "index-tickers" => rows::index(&spec, market, &self.day, now_ms),
            "price-limit" => rows::price_limit(&spec, market, now_ms),
            "funding-rate" => rows::funding(&spec, market, now_ms)?,
            _ => return None,
        };
        Some(Push::plain(channel, row))
    }

    fn push_trades(&mut self, spec: &Spec, wanted: &dyn Fn(&str) -> bool, out: &mut Vec<Push>) {
        for trade in std::mem::take(&mut self.trades) {
            let row = trade.fields(spec);
            if wanted("trades") {
                let row =
                    row.clone().text("count", trade.count).text("source", 0).raw("seqId", self.seq);
                out.push(Push::plain("trades", row.end()));
            }
            if wanted("trades-all") {
                out.push(Push::plain("trades-all", row.text("source", 0).end()));
            }
        }
    }

    fn push_prices(
        &mut self,
        now_ms: i64,
        spec: &Spec,
        market: &Market,
        wanted: &dyn Fn(&str) -> bool,
        out: &mut Vec<Push>,
    ) {
        let (mark, index) = (market.mark(self.row), market.index(self.row));
        if spec.is_perpetual() && wanted("mark-price") && self.mark.offer(now_ms, MARK_MS, mark) {
            out.push(Push::plain("mark-price", rows::mark(spec, market, now_ms)));
        }
        if wanted("index-tickers") && self.index.offer(now_ms, TICKER_MS, index) {
            out.push(Push::plain("index-tickers", rows::index(spec, market, &self.day, now_ms)));
        }
        if wanted("price-limit") && self.limit.offer(now_ms, MARK_MS, mark) {
            out.push(Push::plain("price-limit", rows::price_limit(spec, market, now_ms)));
        }
        if wanted("funding-rate") && now_ms >= self.funding.next_ms {
            self.funding.next_ms = now_ms + FUNDING_MS;
            out.extend(
                rows::funding(spec, market, now_ms).map(|row| Push::plain("funding-rate", row)),
            );
        }
    }

    fn books_snapshot(&mut self, now_ms: i64, spec: &Spec, market: &Market) -> Push {
        if !self.books.live {
            self.books = Books {
                shown: ladder(market, self.row, BOOKS_DEPTH),
                seq: self.seq,
                next_ms: now_ms + BOOK_MS,
                sent_ms: now_ms,
                live: true,
                reset: false,
            };
        }
        let data = list([self.books_row(spec, &self.books.shown, -1)]);
        Push { channel: "books", action: Some("snapshot"), data, sequenced: false }
    }

    fn books_update(&mut self, now_ms: i64, spec: &Spec, market: &Market) -> Option<Push> {
        self.books.next_ms = now_ms + BOOK_MS;
        let changes = self.books.shown.advance(ladder(market, self.row, BOOKS_DEPTH));
        let quiet = changes.is_empty() && !self.books.reset;
        if quiet && now_ms < self.books.sent_ms + KEEPALIVE_MS {
            return None;
        }
        let before = self.books.seq;
        if !quiet {
            self.books.seq = self.seq;
            self.books.reset = false;
        }
        self.books.sent_ms = now_ms;
        let data = list([self.books_row(spec, &changes, before)]);
        Some(Push { channel: "books", action: Some("update"), data, sequenced: true })
    }

    fn books_row(&self, spec: &Spec, sides: &Ladder, before: i64) -> String {
        Obj::new()
            .raw("asks", rows::levels(spec, &sides.asks))
            .raw("bids", rows::levels(spec, &sides.bids))
            .text("ts", self.book_ms)
            .raw("checksum", 0)
            .raw("prevSeqId", before)
            .raw("seqId", self.books.seq)
            .end()
    }

    fn bbo_row(&self, spec: &Spec) -> String {
        let top = self.bbo.shown;
        let side = |price, qty| rows::levels(spec, &[Level { price, qty }]);
        Obj::new()
            .raw("asks", side(top.ask, top.ask_qty))
            .raw("bids", side(top.bid, top.bid_qty))
            .text("ts", self.book_ms)
            .raw("seqId", self.seq)
            .end()
    }

    fn books5_row(&self, spec: &Spec) -> String {
        Obj::new()
            .raw("asks", rows::levels(spec, &self.books5.shown.asks))
            .raw("bids", rows::levels(spec, &self.books5.shown.bids))
            .text("instId", &spec.symbol)
            .text("ts", self.book_ms)
            .raw("seqId", self.seq)
            .end()
    }

    /// The row of `tickers`, stamped with the book it shows.
    pub(crate) fn ticker_row(&self, spec: &Spec, market: &Market) -> String {
        rows::ticker(spec, market, &self.day, self.book_ms)
    }

    /// The last trades, newest first.
    pub(crate) fn recent(&self, spec: &Spec, limit: usize) -> Vec<String> {
        self.recent
            .iter()
            .take(limit)
            .map(|trade| trade.fields(spec).text("source", 0).end())
            .collect()
    }

    /// When the book last changed.
    pub(crate) fn book_ms(&self) -> i64 {
        self.book_ms
    }
}

/// Both sides of the market's book, cut to `depth` levels.
pub(crate) fn ladder(market: &Market, row: Row, depth: usize) -> Ladder {
    Ladder {
        bids: market.levels(row, Side::Buy, depth),
        asks: market.levels(row, Side::Sell, depth),
    }
}
