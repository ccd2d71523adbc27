//! The venues' limits as tables, and which of them a request falls under.

use super::{Shape, Spend};
use Shape::{Fixed, Rolling};
use base::{InstrumentId, Product, Span, VenueId};

/// One limit.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) limit: u32,
    pub(super) span: Span,
    pub(super) shape: Shape,
}

const fn rule(name: &'static str, limit: u32, seconds: u64, shape: Shape) -> Rule {
    Rule { name, limit, span: Span::from_secs(seconds), shape }
}

/// However long a window is, one refusal shuts it no longer.
pub(super) const REFUSED_MAX: Span = Span::from_secs(60);

#[rustfmt::skip]
const SPOT: &[Rule] = &[
    rule("weight-1m",      6_000,     60, Fixed),
    rule("orders-10s",       100,     10, Fixed),
    rule("orders-1d",    200_000, 86_400, Fixed),
    rule("requests-5m",  300_000,    300, Fixed),
];
#[rustfmt::skip]
const USDM: &[Rule] = &[
    rule("weight-1m",      2_400,     60, Fixed),
    rule("orders-1m",      1_200,     60, Fixed),
    rule("orders-10s",       300,     10, Fixed),
    rule("funding-5m",       500,    300, Rolling),
];
#[rustfmt::skip]
const OKX: &[Rule] = &[
    rule("orders-2s",      1_000,      2, Rolling),
    rule("batch-2s",         300,      2, Rolling),
    rule("open-orders-2s",    60,      2, Rolling),
    rule("account-2s",        10,      2, Rolling),
    rule("fills-2s",          60,      2, Rolling),
    rule("dead-man-1s",        1,      1, Rolling),
    rule("public-2s",         20,      2, Rolling),
    rule("time-2s",           10,      2, Rolling),
    rule("funding-2s",        10,      2, Rolling),
];
#[rustfmt::skip]
const OKX_INSTRUMENT: &[Rule] = &[
    rule("order-2s",          60,      2, Rolling),
    rule("cancel-2s",         60,      2, Rolling),
    rule("query-2s",          60,      2, Rolling),
];
#[rustfmt::skip]
const BYBIT: &[Rule] = &[
    rule("create-spot-1s",    20,      1, Rolling),
    rule("create-linear-1s",  10,      1, Rolling),
    rule("cancel-spot-1s",    20,      1, Rolling),
    rule("cancel-linear-1s",  10,      1, Rolling),
    rule("cancel-all-1s",     10,      1, Rolling),
    rule("orders-read-1s",    50,      1, Rolling),
    rule("account-1s",        50,      1, Rolling),
    rule("fills-1s",          50,      1, Rolling),
    rule("dead-man-1s",        5,      1, Rolling),
    rule("requests-5s",      600,      5, Rolling),
];

/// What the owner of the account allows, beside the venue.
pub(super) const fn own(a_minute: u32) -> Rule {
    rule("configured-1m", a_minute, 60, Rolling)
}

/// The rules of account and address, and those each instrument has for itself.
pub(super) const fn of(venue: VenueId) -> (&'static [Rule], &'static [Rule]) {
    match venue {
        VenueId::BinanceSpot => (SPOT, &[]),
        VenueId::BinanceUsdm => (USDM, &[]),
        VenueId::Okx => (OKX, OKX_INSTRUMENT),
        VenueId::Bybit => (BYBIT, &[]),
    }
}

/// Where a toll is paid.
#[derive(Clone, Copy)]
pub(super) enum At {
    /// A row of the venue's table.
    Wide(usize),
    /// A row of the instrument's own table.
    Instrument(usize),
}

/// What a request costs in one window.
#[derive(Clone, Copy)]
pub(super) struct Toll {
    pub(super) at: At,
    pub(super) cost: u32,
}

/// All of a request's tolls; the one most its own comes first.
pub(super) struct Tolls([Option<Toll>; 4]);

impl Tolls {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Toll> {
        self.0.iter().flatten()
    }

    fn wide<const N: usize>(tolls: [(usize, u32); N]) -> Self {
        let mut all = [None; 4];
        for (place, (row, cost)) in all.iter_mut().zip(tolls) {
            *place = Some(Toll { at: At::Wide(row), cost });
        }
        Self(all)
    }

    fn own(row: usize, wide: Option<(usize, u32)>) -> Self {
        let wide = wide.map(|(row, cost)| Toll { at: At::Wide(row), cost });
        Self([Some(Toll { at: At::Instrument(row), cost: 1 }), wide, None, None])
    }
}

/// The tolls of a request. `instrument` may stand for all.
pub(super) fn tolls(
    venue: VenueId,
    spend: Spend,
    product: Option<Product>,
    instrument: InstrumentId,
) -> Tolls {
    let all = instrument == InstrumentId::ALL;
    match venue {
        VenueId::BinanceSpot => spot(spend, all),
        VenueId::BinanceUsdm => usdm(spend, all),
        VenueId::Okx => okx(spend, all),
        VenueId::Bybit => bybit(spend, product == Some(Product::Spot)),
    }
}

fn spot(spend: Spend, all: bool) -> Tolls {
    let weight = match spend {
        Spend::Place | Spend::Exit => return Tolls::wide([(1, 1), (2, 1), (0, 1), (3, 1)]),
        Spend::Cancel | Spend::CancelAll | Spend::Clock | Spend::DeadMan => 1,
        Spend::Session => 2,
        Spend::Query => 4,
        Spend::OpenOrders => {
            if all {
                80
            } else {
                6
            }
        }
        Spend::Account | Spend::Trades => 20,
        Spend::Funding => 1,
        Spend::Read(weight) => u32::from(weight),
    };
    Tolls::wide([(0, weight), (3, 1)])
}

fn usdm(spend: Spend, all: bool) -> Tolls {
    let weight = match spend {
        Spend::Place | Spend::Exit => return Tolls::wide([(2, 1), (1, 1)]),
        Spend::Funding => return Tolls::wide([(3, 1), (0, 1)]),
        Spend::Cancel | Spend::CancelAll | Spend::Query | Spend::Clock => 1,
        Spend::Session => 2,
        Spend::OpenOrders => {
            if all {
                40
            } else {
                1
            }
        }
        Spend::Account | Spend::Trades => 5,
        Spend::DeadMan => 10,
        Spend::Read(weight) => u32::from(weight),
    };
    Tolls::wide([(0, weight)])
}

fn okx(spend: Spend, all: bool) -> Tolls {
    match spend {
        Spend::Place | Spend::Exit => Tolls::own(0, Some((0, 1))),
        Spend::Cancel => Tolls::own(1, None),
        // One batch of twenty.
        Spend::CancelAll => Tolls::wide([(1, 20)]),
        Spend::Query if !all => Tolls::own(2, None),
        Spend::Query | Spend::OpenOrders => Tolls::wide([(2, 1)]),
        Spend::Account => Tolls::wide([(3, 1)]),
        Spend::Trades => Tolls::wide([(4, 1)]),
        Spend::DeadMan => Tolls::wide([(5, 1)]),
        Spend::Read(_) => Tolls::wide([(6, 1)]),
        Spend::Clock => Tolls::wide([(7, 1)]),
        Spend::Funding => Tolls::wide([(8, 1)]),
        // Logins and subscriptions are counted per connection: see `StreamRules`.
        Spend::Session => Tolls::wide([]),
    }
}

fn bybit(spend: Spend, spot: bool) -> Tolls {
    let row = match (spend, spot) {
        (Spend::Place | Spend::Exit, true) => 0,
        (Spend::Place | Spend::Exit, false) => 1,
        (Spend::Cancel, true) => 2,
        (Spend::Cancel, false) => 3,
        (Spend::CancelAll, _) => 4,
        (Spend::Query | Spend::OpenOrders, _) => 5,
        (Spend::Account, _) => 6,
        (Spend::Trades, _) => 7,
        (Spend::DeadMan, _) => 8,
        (Spend::Session | Spend::Clock | Spend::Funding | Spend::Read(_), _) => {
            return Tolls::wide([(9, 1)]);
        }
    };
    Tolls::wide([(row, 1), (9, 1)])
}

/// The window a Binance `rateLimits` row speaks of.
pub(super) fn binance_meter(
    venue: VenueId,
    kind: &[u8],
    interval: &[u8],
    count: u16,
) -> Option<&'static str> {
    let name = match (kind, interval, count) {
        (b"REQUEST_WEIGHT", b"MINUTE", 1) => "weight-1m",
        (b"ORDERS", b"SECOND", 10) => "orders-10s",
        (b"ORDERS", b"MINUTE", 1) => "orders-1m",
        (b"ORDERS", b"DAY", 1) => "orders-1d",
        (b"RAW_REQUESTS", b"MINUTE", 5) => "requests-5m",
        _ => return None,
    };
    of(venue).0.iter().any(|rule| rule.name == name).then_some(name)
}

/// What a venue allows on its WebSocket connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamRules {
    /// New connections per address...
    pub connects: u32,
    /// ...in that long.
    pub connect_span: Span,
    /// Messages from us on one connection (pings and pongs count)...
    pub messages: u32,
    /// ...in that long.
    pub message_span: Span,
    /// Topics on one connection.
    pub topics: u32,
    /// Topics in one subscribe request.
    pub topics_per_request: u32,
    /// Bytes of all topic names in one request (OKX) or on one connection (Bybit).
    pub topic_bytes: u32,
    /// After how long the venue cuts every connection; `None` where it does not say.
    pub life: Option<Span>,
}

/// The WebSocket rules of a venue.
#[must_use]
pub const fn stream_rules(venue: VenueId) -> StreamRules {
    const DAY: Span = Span::from_secs(86_400);
    const MANY: u32 = u32::MAX;
    match venue {
        VenueId::BinanceSpot => StreamRules {
            connects: 300,
            connect_span: Span::from_secs(300),
            messages: 5,
            message_span: Span::from_secs(1),
            topics: 1_024,
            topics_per_request: 200,
            topic_bytes: MANY,
            life: Some(DAY),
        },
        VenueId::BinanceUsdm => StreamRules {
            connects: 300,
            connect_span: Span::from_secs(300),
            messages: 10,
            message_span: Span::from_secs(1),
            topics: 1_024,
            topics_per_request: 200,
            topic_bytes: MANY,
            life: Some(DAY),
        },
        VenueId::Okx => StreamRules {
            connects: 3,
            connect_span: Span::from_secs(1),
            messages: 480,
            message_span: Span::from_secs(3_600),
            topics: MANY,
            topics_per_request: MANY,
            topic_bytes: 64 * 1_024,
            life: None,
        },
        VenueId::Bybit => StreamRules {
            connects: 500,
            connect_span: Span::from_secs(300),
            messages: MANY,
            message_span: Span::from_secs(1),
            topics: MANY,
            topics_per_request: 10,
            topic_bytes: 21_000,
            life: None,
        },
    }
}
