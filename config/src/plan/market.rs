//! What is configured against what the venues list: known only once their instruments are.

use super::Config;
use crate::fault::Place;
use base::{Instrument, Instruments, Money, Price, Qty};
use std::fmt;

/// A size that does not fit an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where the size stands.
    pub at: Place,
    /// The key with its whole path.
    pub key: String,
    /// What is wrong, with the instrument, its venue and its rule.
    pub what: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.at, self.key, self.what)
    }
}

/// Every enabled strategy's `position_size` against smallest orders and size steps of its instruments.
/// `price` is what an instrument costs now, where that is known; without it only values are compared.
#[must_use]
pub fn misfits(
    config: &Config,
    instruments: &Instruments,
    price: &dyn Fn(&Instrument) -> Option<Price>,
) -> Vec<Misfit> {
    let mut all = Vec::new();
    for (strategy, at) in config.strategies.iter().zip(&config.sizes).filter(|(s, _)| s.enabled) {
        let wanted = config.wanted_by(strategy);
        let listed = wanted.iter().filter_map(|(venue, name)| instruments.by_name(*venue, name));
        for instrument in listed {
            if let Some(what) =
                misfit(strategy.class.position_size(), instrument, price(instrument))
            {
                let key = format!("strategies.{}.parameters.position_size", strategy.name);
                all.push(Misfit { at: at.clone(), key, what });
            }
        }
    }
    all
}

/// What is wrong with a size.
fn misfit(size: Money, i: &Instrument, price: Option<Price>) -> Option<String> {
    let place = format!("{} on {}", i.name, i.venue);
    if size < i.notional_min {
        let least = i.notional_min;
        return Some(format!("{size} is below the smallest order of {place} ({least})"));
    }
    let price = price?;
    let asked = i.scale.qty_for(size, price);
    let qty = asked.floor_to(i.lot);
    let worth = |qty: Qty| i.scale.notional(price, qty);
    let least = i.qty_min.max(i.lot);
    if qty < least {
        let what =
            format!("{size} does not buy the smallest order of {place} (worth {})", worth(least));
        return Some(what);
    }
    if qty > i.qty_max {
        let what =
            format!("{size} is above the largest order of {place} (worth {})", worth(i.qty_max));
        return Some(what);
    }
    if worth(qty) < i.notional_min {
        let (left, least) = (worth(qty), i.notional_min);
        let what = format!(
            "{size} becomes {left} by the size steps of {place}, below its smallest order ({least})"
        );
        return Some(what);
    }
    // A tenth lost by rounding is no longer the size that was asked for.
    let tenth = Money(size.0 / 10);
    let left = worth(qty);
    (size - left > tenth).then(|| format!("{size} becomes {left} by the size steps of {place}"))
}
