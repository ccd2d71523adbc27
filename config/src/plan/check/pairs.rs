//! What a strategy trades against what: whether its exchanges have the instruments it needs, and whether
//! what it looks for can pay what trading costs.

use crate::plan::{Class, Config, Exchange, Strategy, Symbol};
use base::{Product, Rate};

/// An instrument that one leg could be.
struct Leg<'c> {
    exchange: &'c Exchange,
    product: Product,
    /// Base and quote.
    pair: (&'c str, &'c str),
}

/// Every enabled exchange of a strategy must trade each of its symbols, and each pair of assets must
/// have two legs.
pub(super) fn check(config: &Config, strategy: &Strategy, clash: &mut impl FnMut(&[&str], String)) {
    let symbols = ["strategies", &strategy.name, "symbols"];
    for exchange in exchanges(config, strategy) {
        let name = exchange.name.key();
        for symbol in &strategy.symbols {
            if exchange.instruments(symbol).is_empty() {
                let shown = symbol.name(product_of(symbol));
                let why = format!(
                    "{shown} is not traded on {name}: it needs exchanges.{name}.features.{}",
                    if symbol.perpetual_only {
                        "futures_trading"
                    } else {
                        "spot_trading or futures_trading"
                    }
                );
                clash(&symbols, why);
            }
        }
        if matches!(strategy.class, Class::FundingRate(_)) && exchange.futures && !exchange.funding
        {
            let why = format!(
                "{name} does not follow funding rates: it needs exchanges.{name}.features.funding_rate"
            );
            clash(&["strategies", &strategy.name, "exchanges"], why);
        }
    }
    let legs = legs(config, strategy);
    let mut told: Vec<(&str, &str)> = Vec::new();
    for symbol in &strategy.symbols {
        let pair = (symbol.base.as_str(), symbol.quote.as_str());
        let there = legs.iter().any(|leg| leg.pair == pair);
        if there && !told.contains(&pair) && cheapest(strategy, &legs, Some(pair)).is_none() {
            told.push(pair);
            let needed = match strategy.class {
                Class::FundingRate(_) => {
                    "a perpetual, and another perpetual or spot to hold against it"
                }
                Class::Basis(_) => "spot and a perpetual",
            };
            let why =
                format!("no two legs of {}/{} on its exchanges; it needs {needed}", pair.0, pair.1);
            clash(&symbols, why);
        }
    }
}

/// A spread that is never believed cannot be the one that pays.
pub(super) fn warn(config: &Config, warn: &mut impl FnMut(&[&str], String)) {
    for strategy in config.strategies.iter().filter(|strategy| strategy.enabled) {
        let Some(fees) = cheapest(strategy, &legs(config, strategy), None) else { continue };
        let (key, most) = match &strategy.class {
            Class::FundingRate(p) => ("max_spread", p.max_spread),
            Class::Basis(p) => ("max_basis", p.max_basis - p.exit_basis.max(Rate::ZERO)),
        };
        if most <= fees {
            let what = format!(
                "leaves at most {most} to earn, and the cheapest round trip costs {fees} in fees: without \
                 funding no pair can pay"
            );
            warn(&["strategies", &strategy.name, "parameters", key], what);
        }
    }
}

fn exchanges<'c>(config: &'c Config, strategy: &'c Strategy) -> impl Iterator<Item = &'c Exchange> {
    config.exchanges.iter().filter(|e| e.enabled && strategy.exchanges.contains(&e.name))
}

const fn product_of(symbol: &Symbol) -> Product {
    if symbol.perpetual_only { Product::Perpetual } else { Product::Spot }
}

fn legs<'c>(config: &'c Config, strategy: &'c Strategy) -> Vec<Leg<'c>> {
    let mut legs = Vec::new();
    for exchange in exchanges(config, strategy) {
        for symbol in &strategy.symbols {
            let pair = (symbol.base.as_str(), symbol.quote.as_str());
            if exchange.spot && !symbol.perpetual_only {
                legs.push(Leg { exchange, product: Product::Spot, pair });
            }
            if exchange.futures {
                legs.push(Leg { exchange, product: Product::Perpetual, pair });
            }
        }
    }
    legs
}

/// What the cheapest pair costs to open and close; `None` if there is no pair.
fn cheapest(strategy: &Strategy, legs: &[Leg<'_>], of: Option<(&str, &str)>) -> Option<Rate> {
    let perpetuals = legs.iter().filter(|leg| leg.product == Product::Perpetual);
    let perpetuals = perpetuals.filter(|leg| of.is_none_or(|pair| leg.pair == pair));
    let costs = perpetuals.flat_map(|short| {
        let against = legs.iter().filter(move |leg| {
            let fits = match (&strategy.class, leg.product) {
                (_, Product::Spot) => true,
                (Class::FundingRate(_), Product::Perpetual) => {
                    leg.exchange.name != short.exchange.name
                }
                (Class::Basis(_), Product::Perpetual) => false,
            };
            fits && leg.pair == short.pair
        });
        against.map(move |leg| {
            let way =
                leg.exchange.fees(leg.product).taker + short.exchange.fees(short.product).taker;
            way + way
        })
    });
    costs.min()
}
