//! What is configured of a feed.

use base::{Money, Span, VenueId};

/// How long a channel may be without data before what it feeds is unknown. Zero: as long as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Best bid and offer.
    pub best: Span,
    /// Book changes.
    pub book: Span,
    /// Mark price; on Bybit the tickers, which carry index and funding too.
    pub mark: Span,
    /// Index price (OKX).
    pub index: Span,
    /// Funding rate (OKX).
    pub funding: Span,
}

impl Silence {
    /// What a venue's own rhythm makes sensible for an instrument that trades all the time.
    #[must_use]
    pub const fn of(venue: VenueId) -> Self {
        let s = Span::from_secs;
        match venue {
            VenueId::BinanceSpot | VenueId::BinanceUsdm => {
                Self { best: s(15), book: s(15), mark: s(10), index: s(0), funding: s(0) }
            }
            // The book channel says that it lives every 60 s, funding comes every 30 to 90 s.
            VenueId::Okx => {
                Self { best: s(20), book: s(75), mark: s(30), index: s(60), funding: s(150) }
            }
            // Level 1 is sent again every 3 s.
            VenueId::Bybit => {
                Self { best: s(10), book: s(15), mark: s(15), index: s(0), funding: s(0) }
            }
        }
    }
}

/// What is configured of a feed stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedOptions {
    /// The notional, in the quote asset, of which a [`base::input::Depth`] says what it would trade at.
    pub probe: Money,
    /// Levels a book keeps on each side.
    pub book_levels: usize,
    /// Levels asked for in a REST snapshot (Binance: 5, 10, 20, 50, 100, 500 or 1000).
    pub snapshot_levels: u16,
    /// Whether public trades are subscribed and told: no strategy reads them, so they cost without use unless
    /// somebody wants them in the journal.
    pub trades: bool,
    /// Whether index prices are subscribed and told; as trades.
    pub index: bool,
    /// By [`VenueId::index`].
    pub silence: [Silence; VenueId::COUNT],
    /// Oldest venue time that data may carry, beyond the error of the clock estimate.
    pub age_max: Span,
    /// Longest message read.
    pub message_max: usize,
    /// How many times as fast as real time the venues' clocks run: 1 but for a scenario.
    pub speed: u32,
    /// How often each venue is asked for its time.
    pub clock_every: Span,
    /// How often funding intervals are asked for again.
    pub intervals_every: Span,
    /// How long an unchanged quote or depth is not repeated to the core.
    pub repeat_after: Span,
    /// Whether everything the core is told goes on the ring to the gateways too, not the clocks alone: in paper
    /// mode, where what stands in their place fills orders against the market.
    pub market_too: bool,
    /// After this long a Binance connection is renewed: the venue cuts it at 24 hours.
    pub renew_after: Span,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            probe: Money::from_whole(1_000),
            book_levels: 1_000,
            snapshot_levels: 1_000,
            trades: false,
            index: false,
            silence: VenueId::ALL.map(Silence::of),
            age_max: Span::from_secs(2),
            message_max: 512 << 10,
            speed: 1,
            clock_every: Span::from_secs(5),
            intervals_every: Span::from_secs(300),
            repeat_after: Span::from_millis(500),
            market_too: false,
            renew_after: Span::from_secs(23 * 3600),
        }
    }
}
