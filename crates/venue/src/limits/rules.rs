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
        // Logins and subscriptions are counted per connection, of which there are few.
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

/// How often a venue lets its WebSocket connections be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamRules {
    /// New connections per address...
    pub connects: u32,
    /// ...in that long.
    pub connect_span: Span,
}

/// The WebSocket rules of a venue.
#[must_use]
pub const fn stream_rules(venue: VenueId) -> StreamRules {
    let (connects, seconds) = match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => (300, 300),
        VenueId::Okx => (3, 1),
        VenueId::Bybit => (500, 300),
    };
    StreamRules { connects, connect_span: Span::from_secs(seconds) }
}
