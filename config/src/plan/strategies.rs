//! The strategies and their parameters.

use super::exchanges::{ExchangeName, Symbol, symbol};
use super::form::{amount_above_zero, choice, flag, name, ratio, seconds, whole};
use super::section::Section;
use crate::fault::Fault;
use base::{Money, Rate, Span};

/// One strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Its key in the file.
    pub name: String,
    /// Whether it opens pairs.
    pub enabled: bool,
    /// A lower one decides first.
    pub priority: u16,
    /// What it looks for.
    pub class: Class,
    /// What it may trade.
    pub symbols: Vec<Symbol>,
    /// Where.
    pub exchanges: Vec<ExchangeName>,
}

/// The classes of strategies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Perpetual against perpetual across venues, and spot against perpetual.
    FundingRate(FundingRate),
    /// Spot against perpetual.
    Basis(Basis),
}

impl Class {
    /// Notional of each leg.
    #[must_use]
    pub const fn position_size(&self) -> Money {
        match self {
            Self::FundingRate(p) => p.position_size,
            Self::Basis(p) => p.position_size,
        }
    }

    /// Pairs at once.
    #[must_use]
    pub const fn max_positions(&self) -> u16 {
        match self {
            Self::FundingRate(p) => p.max_positions,
            Self::Basis(p) => p.max_positions,
        }
    }
}

/// Parameters of `FundingRateArbitrageStrategy`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FundingRate {
    /// The smallest executable spread worth a look.
    pub min_spread: Rate,
    /// A larger spread is taken for bad data.
    pub max_spread: Rate,
    /// Notional of each leg.
    pub position_size: Money,
    /// Pairs at once.
    pub max_positions: u16,
    /// Close when the trade lost this much of its notional.
    pub stop_loss: Rate,
    /// Close when it earned this much of its notional.
    pub take_profit: Rate,
    /// The expected funding over the horizon that asks for an entry by itself.
    pub funding_threshold: Rate,
    /// How far ahead settlements are counted.
    pub horizon: Span,
}

/// Parameters of `BasisArbitrageStrategy`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Basis {
    /// The smallest executable basis worth a look.
    pub min_basis: Rate,
    /// A larger basis is taken for bad data.
    pub max_basis: Rate,
    /// Notional of each leg.
    pub position_size: Money,
    /// Pairs at once.
    pub max_positions: u16,
    /// The basis at which it has converged.
    pub exit_basis: Rate,
    /// Close when the trade lost this much of its notional.
    pub stop_loss: Option<Rate>,
    /// Close when it earned this much of its notional.
    pub take_profit: Option<Rate>,
    /// How far ahead settlements are counted.
    pub horizon: Span,
}

/// What stands for a parameter that a strategy of the user's own leaves out.
const HORIZON: Span = Span::from_secs(8 * 3_600);
const EXIT_BASIS: Rate = Rate(2 * Rate::BP.0);

#[derive(Clone, Copy)]
enum ClassName {
    FundingRate,
    Basis,
}

impl ClassName {
    const fn word(self) -> &'static str {
        match self {
            Self::FundingRate => "FundingRateArbitrageStrategy",
            Self::Basis => "BasisArbitrageStrategy",
        }
    }
}

const CLASSES: &[(&str, ClassName)] = &[
    (ClassName::FundingRate.word(), ClassName::FundingRate),
    (ClassName::Basis.word(), ClassName::Basis),
];
const EXCHANGES: &[(&str, ExchangeName)] = &[
    ("binance", ExchangeName::Binance),
    ("okx", ExchangeName::Okx),
    ("bybit", ExchangeName::Bybit),
];

pub(super) fn read(s: &Section<'_>, faults: &mut Vec<Fault>) -> Vec<Strategy> {
    let mut all: Vec<Strategy> = s
        .named(&name(), faults)
        .into_iter()
        .map(|(entry, _, section)| read_one(&entry.key, section, faults))
        .collect();
    // The order in the file decides between equals.
    all.sort_by_key(|strategy| strategy.priority);
    all
}

fn read_one(name: &str, mut s: Section<'_>, faults: &mut Vec<Fault>) -> Strategy {
    let class: Option<ClassName> = s.need("class", &choice(CLASSES).optional(), faults);
    let class = match class {
        Some(class) => parameters(s.section_of("parameters", class.word(), faults), class, faults),
        None => {
            // Whose parameters they are is not known, so nothing is said of them.
            s.node("parameters");
            Class::FundingRate(FundingRate::default())
        }
    };
    let strategy = Strategy {
        name: name.to_owned(),
        enabled: s.need("enabled", &flag(), faults),
        priority: s.need("priority", &whole(1, 1_000), faults),
        class,
        symbols: s.list("symbols", &symbol(), faults),
        exchanges: s.list("exchanges", &choice(EXCHANGES), faults),
    };
    if strategy.enabled && strategy.symbols.is_empty() {
        s.clash("symbols", "an enabled strategy needs at least one".to_owned(), faults);
    }
    if strategy.enabled && strategy.exchanges.is_empty() {
        s.clash("exchanges", "an enabled strategy needs at least one".to_owned(), faults);
    }
    s.finish(faults);
    strategy
}

fn parameters(p: Section<'_>, class: ClassName, faults: &mut Vec<Fault>) -> Class {
    match class {
        ClassName::FundingRate => Class::FundingRate(funding_rate(p, faults)),
        ClassName::Basis => Class::Basis(basis(p, faults)),
    }
}

fn funding_rate(mut p: Section<'_>, faults: &mut Vec<Fault>) -> FundingRate {
    let parameters = FundingRate {
        min_spread: p.need("min_spread", &ratio("0", "1"), faults),
        max_spread: p.need("max_spread", &ratio("0", "1"), faults),
        position_size: p.need("position_size", &amount_above_zero(SIZE_MAX), faults),
        max_positions: p.need("max_positions", &whole(1, 1_000), faults),
        stop_loss: p.need("stop_loss", &ratio("0", "1"), faults),
        take_profit: p.need("take_profit", &ratio("0", "1"), faults),
        funding_threshold: p.need("funding_threshold", &ratio("0", "1"), faults),
        horizon: p.maybe("horizon_s", &horizon(), faults).unwrap_or(HORIZON),
    };
    ordered(&p, "min_spread", parameters.min_spread, "max_spread", parameters.max_spread, faults);
    p.finish(faults);
    parameters
}

fn basis(mut p: Section<'_>, faults: &mut Vec<Fault>) -> Basis {
    let parameters = Basis {
        min_basis: p.need("min_basis", &ratio("0", "1"), faults),
        max_basis: p.need("max_basis", &ratio("0", "1"), faults),
        position_size: p.need("position_size", &amount_above_zero(SIZE_MAX), faults),
        max_positions: p.need("max_positions", &whole(1, 1_000), faults),
        exit_basis: p.maybe("exit_basis", &ratio("-1", "1"), faults).unwrap_or(EXIT_BASIS),
        stop_loss: p.maybe("stop_loss", &ratio("0", "1"), faults),
        take_profit: p.maybe("take_profit", &ratio("0", "1"), faults),
        horizon: p.maybe("horizon_s", &horizon(), faults).unwrap_or(HORIZON),
    };
    ordered(&p, "min_basis", parameters.min_basis, "max_basis", parameters.max_basis, faults);
    ordered(&p, "exit_basis", parameters.exit_basis, "min_basis", parameters.min_basis, faults);
    p.finish(faults);
    parameters
}

/// The largest notional of one leg.
const SIZE_MAX: i64 = 1_000_000_000;

fn horizon() -> super::form::Form<'static, Span> {
    seconds(1, 7 * 86_400)
}

fn ordered(
    p: &Section<'_>,
    low_key: &str,
    low: Rate,
    high_key: &str,
    high: Rate,
    faults: &mut Vec<Fault>,
) {
    if low >= high && high != Rate::ZERO {
        p.clash(low_key, format!("{low} is not below {high_key} ({high})"), faults);
    }
}
