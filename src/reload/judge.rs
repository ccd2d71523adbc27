//! Whether what lies there now can take the place of what is in force, without a restart.

use crate::plan;
use crate::versions::Version;
use base::Product;
use config::Config;
use config::history::{Change, Effective, difference};
use config::running::{credential_of, may_change};
use strategy::{Plan, Prepared};

/// What of the running engine a version must fit.
#[derive(Debug)]
pub(super) struct InForce {
    pub(super) version: Version,
    pub(super) plan: Plan,
}

/// What was found.
#[derive(Debug)]
pub(super) enum Judged {
    /// It says what is in force.
    Same,
    /// It can be adopted.
    Fit(Box<Fit>),
    /// It cannot, for these reasons.
    Unfit(Vec<String>),
}

/// A configuration that can be adopted, but for its number.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) config: Config,
    pub(super) effective: Effective,
    pub(super) changes: Vec<Change>,
    /// Exchanges whose credentials are others.
    pub(super) rekeyed: Vec<String>,
    /// As it will be, with the version that is in force still in it.
    pub(super) plan: Plan,
}

/// Judges a configuration that is sound by itself. `speed` is that of the venues' clocks.
pub(super) fn judge(
    in_force: &InForce,
    config: Config,
    effective: Effective,
    speed: u32,
) -> Judged {
    let changes = difference(&in_force.version.effective.values, &effective.values);
    if changes.is_empty() {
        return Judged::Same;
    }
    let fixed: Vec<String> = changes
        .iter()
        .filter(|change| !may_change(&change.key))
        .map(|change| format!("{change}: needs a restart"))
        .collect();
    if !fixed.is_empty() {
        return Judged::Unfit(fixed);
    }
    let mut rekeyed: Vec<String> =
        changes.iter().filter_map(|c| credential_of(&c.key)).map(str::to_owned).collect();
    rekeyed.dedup();
    match next_plan(in_force, &config, speed) {
        Ok(plan) => Judged::Fit(Box::new(Fit { config, effective, changes, rekeyed, plan })),
        Err(why) => Judged::Unfit(vec![why]),
    }
}

fn next_plan(in_force: &InForce, config: &Config, speed: u32) -> Result<Plan, String> {
    let mut instruments = in_force.plan.instruments.clone();
    for instrument in &mut instruments.list {
        let Some(exchange) = config.venue(instrument.venue) else { continue };
        let tier = match instrument.product {
            Product::Spot => exchange.fees_spot,
            Product::Perpetual => exchange.fees_futures,
        };
        (instrument.fee_maker, instrument.fee_taker) = (tier.maker, tier.taker);
    }
    let epoch = in_force.plan.epoch;
    let plan = plan::make(config, instruments, epoch, in_force.plan.version, speed)
        .map_err(|why| why.to_string())?;
    if Prepared::new(&plan).fits(&in_force.plan) && plan.core == in_force.plan.core {
        Ok(plan)
    } else {
        Err("it shapes the engine's tables anew: needs a restart".to_owned())
    }
}

#[cfg(test)]
mod tests;
