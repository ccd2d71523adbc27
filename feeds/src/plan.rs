//! Which connections a feed stage needs and what is subscribed on each: decided once, at start.

use crate::decode::{Dialect, Directory};
use crate::options::FeedOptions;
use crate::symbols::{Listing, Row};
use base::{Instrument, Instruments, Product, Span, VenueId};
use venue::Endpoints;

/// A kind of place to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Binance spot's streams.
    Spot,
    /// USD-M's `/public` streams: quotes, books, trades.
    UsdmPublic,
    /// USD-M's `/market` streams: marks and funding. Asked on the other line they are acknowledged and
    /// never come.
    UsdmMarket,
    /// OKX's public channels.
    Okx,
    /// Bybit's spot topics.
    BybitSpot,
    /// Bybit's linear topics.
    BybitLinear,
}

impl Line {
    /// Whose it is.
    #[must_use]
    pub const fn venue(self) -> VenueId {
        match self {
            Self::Spot => VenueId::BinanceSpot,
            Self::UsdmPublic | Self::UsdmMarket => VenueId::BinanceUsdm,
            Self::Okx => VenueId::Okx,
            Self::BybitSpot | Self::BybitLinear => VenueId::Bybit,
        }
    }

    /// How its messages are read.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self.venue() {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => Dialect::Binance,
            VenueId::Okx => Dialect::Okx,
            VenueId::Bybit => Dialect::Bybit,
        }
    }

    /// Most subscriptions of one connection. Below the venues' own limits: Binance 1024 streams, OKX
    /// advises fewer than 30 deep channels, Bybit 21,000 characters.
    pub(crate) const fn subs_max(self) -> usize {
        match self {
            Self::Spot | Self::UsdmPublic | Self::UsdmMarket => 600,
            Self::Okx => 150,
            Self::BybitSpot | Self::BybitLinear => 600,
        }
    }

    /// Most subscriptions of one request.
    pub(crate) const fn subs_per_request(self) -> usize {
        match self {
            Self::Spot | Self::UsdmPublic | Self::UsdmMarket | Self::Okx => 100,
            Self::BybitSpot => 10,
            Self::BybitLinear => 100,
        }
    }

    /// Least time between two requests: Binance takes 5 (USD-M 10) messages a second, pongs included; OKX
    /// 480 requests an hour.
    pub(crate) const fn request_gap(self) -> Span {
        match self {
            Self::Spot => Span::from_millis(300),
            Self::UsdmPublic | Self::UsdmMarket => Span::from_millis(150),
            Self::Okx => Span::from_millis(200),
            Self::BybitSpot | Self::BybitLinear => Span::from_millis(50),
        }
    }

    /// Most requests of a connection within an hour; past them it is opened afresh.
    pub(crate) const fn requests_per_hour(self) -> u32 {
        match self {
            Self::Okx => 400,
            _ => u32::MAX,
        }
    }

    fn url(self, endpoints: &Endpoints) -> String {
        match self {
            Self::Spot | Self::UsdmPublic => format!("{}/ws", endpoints.public),
            Self::UsdmMarket => format!("{}/ws", endpoints.market),
            Self::Okx | Self::BybitSpot => endpoints.public.clone(),
            Self::BybitLinear => endpoints.market.clone(),
        }
    }
}

/// What a subscription brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Channel {
    /// Best bid and offer.
    Best = 0,
    /// Book changes.
    Book = 1,
    /// Mark price and what comes with it.
    Mark = 2,
    /// Funding rate, where it has a channel of its own.
    Funding = 3,
    /// Public trades.
    Trades = 4,
    /// Index price; its row counts indices.
    Index = 5,
}

impl Channel {
    /// How many there are.
    pub const COUNT: usize = 6;
}

/// One subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sub {
    /// On which connection, by its place in [`FeedPlan::sessions`].
    pub session: usize,
    /// What it brings.
    pub channel: Channel,
    /// Of which instrument (or index).
    pub row: Row,
    /// Its argument in a request, as JSON.
    pub text: String,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPlan {
    /// What kind of place.
    pub line: Line,
    /// Where: the whole `wss://` address.
    pub url: String,
}

/// An index price and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPlan {
    /// The venue's name of it.
    pub name: String,
    /// The instruments it is the index of.
    pub members: Vec<Row>,
}

/// Everything a feed stage subscribes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPlan {
    /// The stage's name.
    pub name: &'static str,
    /// The instruments, by [`Row`].
    pub rows: Vec<Instrument>,
    /// The connections, in the order in which the stage wants their channels.
    pub sessions: Vec<SessionPlan>,
    /// Every subscription.
    pub subs: Vec<Sub>,
    /// The indices, by the rows of index subscriptions.
    pub indices: Vec<IndexPlan>,
}

impl FeedPlan {
    /// The plan for the instruments of some venues; `endpoints` says where each venue is.
    #[must_use]
    pub fn new(
        name: &'static str,
        venues: &[VenueId],
        instruments: &Instruments,
        endpoints: impl Fn(VenueId) -> Endpoints,
        options: &FeedOptions,
    ) -> Self {
        let rows: Vec<_> =
            instruments.list.iter().filter(|i| venues.contains(&i.venue)).cloned().collect();
        let mut plan =
            Self { name, rows, sessions: Vec::new(), subs: Vec::new(), indices: Vec::new() };
        if options.index {
            plan.find_indices();
        }
        for line in [
            Line::Spot,
            Line::UsdmPublic,
            Line::UsdmMarket,
            Line::Okx,
            Line::BybitSpot,
            Line::BybitLinear,
        ] {
            if venues.contains(&line.venue()) {
                plan.add_line(line, &line.url(&endpoints(line.venue())), options);
            }
        }
        plan
    }

    /// The names that messages of one of its connections may carry.
    #[must_use]
    pub fn directory(&self, line: Line) -> Directory {
        let mut directory = Directory::with_room(self.rows.len().max(self.indices.len()));
        for (row, instrument) in self.numbered().filter(|(_, i)| is_of(line, i)) {
            let listing = Listing { row, edge: instrument.edge };
            directory.instruments.insert(instrument.symbol.as_bytes(), listing);
        }
        for (at, index) in self.indices.iter().enumerate() {
            let edge = index.members.first().and_then(|row| self.rows.get(row.index()));
            let row = u16::try_from(at).ok().map(Row);
            if let (Some(edge), Some(row)) = (edge.map(|i| i.edge), row) {
                directory.indices.insert(index.name.as_bytes(), Listing { row, edge });
            }
        }
        directory
    }

    fn numbered(&self) -> impl Iterator<Item = (Row, &Instrument)> {
        (0..).map(Row).zip(&self.rows)
    }

    /// OKX names an index by its currencies; spot and swap of the same pair share it.
    fn find_indices(&mut self) {
        let mut indices: Vec<IndexPlan> = Vec::new();
        for (row, instrument) in self.numbered().filter(|(_, i)| i.venue == VenueId::Okx) {
            let name = instrument.symbol.trim_end_matches("-SWAP");
            let same_edge = |index: &&mut IndexPlan| {
                let first = index.members.first().and_then(|row| self.rows.get(row.index()));
                index.name == name
                    && first.is_some_and(|i| i.edge.price_exp == instrument.edge.price_exp)
            };
            match indices.iter_mut().find(same_edge) {
                Some(index) => index.members.push(row),
                None => indices.push(IndexPlan { name: name.to_owned(), members: vec![row] }),
            }
        }
        self.indices = indices;
    }

    fn add_line(&mut self, line: Line, url: &str, options: &FeedOptions) {
        let mut wanted: Vec<(Channel, Row, String)> = Vec::new();
        for (row, instrument) in self.numbered().filter(|(_, i)| is_of(line, i)) {
            for channel in channels(line, instrument.product, options.trades) {
                wanted.push((*channel, row, argument(line, *channel, &instrument.symbol)));
            }
        }
        if line == Line::Okx {
            for (row, index) in (0..).map(Row).zip(&self.indices) {
                wanted.push((Channel::Index, row, argument(line, Channel::Index, &index.name)));
            }
        }
        for part in wanted.chunks(line.subs_max()) {
            let session = self.sessions.len();
            self.sessions.push(SessionPlan { line, url: url.to_owned() });
            self.subs.extend(part.iter().map(|(channel, row, text)| Sub {
                session,
                channel: *channel,
                row: *row,
                text: text.clone(),
            }));
        }
    }
}

/// Whether an instrument's messages come on a line.
fn is_of(line: Line, instrument: &Instrument) -> bool {
    let product = match line {
        Line::BybitSpot => Some(Product::Spot),
        Line::BybitLinear => Some(Product::Perpetual),
        _ => None,
    };
    instrument.venue == line.venue() && product.is_none_or(|product| product == instrument.product)
}

/// What is subscribed of an instrument on a line.
fn channels(line: Line, product: Product, trades: bool) -> &'static [Channel] {
    use Channel::{Best, Book, Funding, Mark, Trades};
    match (line, product, trades) {
        (Line::UsdmMarket, _, _) => &[Mark],
        (Line::Okx, Product::Perpetual, true) => &[Best, Book, Mark, Funding, Trades],
        (Line::Okx, Product::Perpetual, false) => &[Best, Book, Mark, Funding],
        (Line::BybitLinear, _, true) => &[Best, Book, Mark, Trades],
        (Line::BybitLinear, _, false) => &[Best, Book, Mark],
        (_, _, true) => &[Best, Book, Trades],
        (_, _, false) => &[Best, Book],
    }
}

/// A subscription's argument as the line's requests want it.
fn argument(line: Line, channel: Channel, symbol: &str) -> String {
    match line {
        Line::Spot | Line::UsdmPublic | Line::UsdmMarket => {
            let stream = match channel {
                Channel::Best => "bookTicker",
                Channel::Book => "depth@100ms",
                Channel::Trades => "trade",
                Channel::Mark | Channel::Funding | Channel::Index => "markPrice@1s",
            };
            format!("\"{}@{stream}\"", symbol.to_lowercase())
        }
        Line::Okx => {
            let name = match channel {
                Channel::Best => "bbo-tbt",
                Channel::Book => "books",
                Channel::Trades => "trades",
                Channel::Mark => "mark-price",
                Channel::Funding => "funding-rate",
                Channel::Index => "index-tickers",
            };
            format!("{{\"channel\":\"{name}\",\"instId\":\"{symbol}\"}}")
        }
        Line::BybitSpot | Line::BybitLinear => {
            let topic = match channel {
                Channel::Best => "orderbook.1",
                Channel::Book => "orderbook.50",
                Channel::Trades => "publicTrade",
                Channel::Mark | Channel::Funding | Channel::Index => "tickers",
            };
            format!("\"{topic}.{symbol}\"")
        }
    }
}

#[cfg(test)]
mod tests;
