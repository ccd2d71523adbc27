//! What a run of the venues is made of: instruments, accounts, basis and funding paths, faults, clock.
//!
//! A scenario is a YAML file. Three are built in (`default`, `calm`, `faults`); every key they use is
//! commented in `scenarios/default.yaml`. The same scenario and seed give the same market, always.

use crate::dec::Dec;
use crate::faults::FaultRule;
use base::VenueId;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod listing;

pub use listing::list;

/// A scenario as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it was asked for by: a built-in name, or a file.
    #[serde(skip)]
    pub name: String,
    /// Seed of every random path; the command line may replace it.
    pub seed: u64,
    /// Scenario seconds in one real second; the command line may replace it.
    pub speed: u32,
    /// Where the scenario's time begins: at the captured minutes, or at this host's wall time (for
    /// clients that sign with their own clock; captured frames then carry shifted times).
    #[serde(default)]
    pub start: Start,
    /// Added to every captured time; set when the venues start.
    #[serde(skip)]
    pub shift_ns: i64,
    /// Assets made of the captured bitcoin market; `BTC` itself is always there.
    #[serde(default)]
    pub assets: BTreeMap<String, Asset>,
    /// What each venue lists and how it deviates; a venue left out is not started.
    pub venues: BTreeMap<VenueId, Listing>,
    /// Accounts, the same on every venue.
    pub accounts: Vec<AccountPlan>,
    /// Faults to inject.
    #[serde(default)]
    pub faults: Vec<FaultRule>,
}

/// Where a scenario's time begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// At the first captured frame, 2024-08-08 23:54:15 UTC.
    #[default]
    Capture,
    /// Now.
    Now,
}

/// How an asset's market is made of bitcoin's: prices and sizes times a factor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its price in bitcoin's.
    pub price_factor: Dec,
    /// Its sizes in bitcoin's.
    pub size_factor: Dec,
}

/// What a venue lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// By unified name.
    pub instruments: BTreeMap<String, Listed>,
    /// Fee of resting orders of spot; the venue's public tier when left out.
    #[serde(default)]
    pub fee_maker: Option<Dec>,
    /// Fee of taking orders of spot; the venue's public tier when left out.
    #[serde(default)]
    pub fee_taker: Option<Dec>,
}

/// How one listed instrument moves away from the captured market.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The deviation of its price; none when left out (and never on Binance's captured BTC).
    #[serde(default)]
    pub basis: Basis,
    /// Funding of a perpetual.
    #[serde(default)]
    pub funding: FundingPlan,
}

/// A seeded path of deviations in basis points: steady noise and, now and then, a dislocation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Basis {
    /// Where it lies on average.
    pub offset_bps: Dec,
    /// How far it wanders either way.
    pub noise_bps: Dec,
    /// Seconds between dislocations, from and to; no dislocations when empty.
    pub every_s: Vec<u32>,
    /// Size of a dislocation, from and to.
    pub size_bps: Vec<Dec>,
    /// Seconds it holds, from and to.
    pub hold_s: Vec<u32>,
    /// `up`, `down`, or either when left out.
    pub direction: Option<Direction>,
}

/// Which way dislocations go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Dearer than elsewhere.
    Up,
    /// Cheaper than elsewhere.
    Down,
}

/// A perpetual's funding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FundingPlan {
    /// The estimate it hovers around, a share per interval.
    pub rate: Dec,
    /// How far the estimate wanders either way.
    pub noise: Dec,
    /// Hours between settlements, at whole multiples after midnight UTC.
    pub hours: u32,
    /// Changes during the run, by the scenario second from which they hold.
    pub steps: Vec<FundingStep>,
}

impl Default for FundingPlan {
    fn default() -> Self {
        let (rate, noise) = (Dec::scaled(1, 4), Dec::scaled(1, 5));
        Self { rate, noise, hours: 8, steps: Vec::new() }
    }
}

/// A change of funding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingStep {
    /// Scenario seconds after the start.
    pub at_s: u64,
    /// The new estimate.
    #[serde(default)]
    pub rate: Option<Dec>,
    /// The new interval in hours.
    #[serde(default)]
    pub hours: Option<u32>,
}

/// An account with its keys. They are made up, printed in the documentation, and open nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPlan {
    /// Its name in the ledger.
    pub name: String,
    /// Balances by venue and asset.
    pub balances: BTreeMap<VenueId, BTreeMap<String, Dec>>,
    /// Keys by venue.
    pub keys: BTreeMap<VenueId, Vec<KeyPlan>>,
}

/// An API key.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPlan {
    /// The public half.
    pub api_key: String,
    /// The secret for HMAC-SHA256; empty for an Ed25519 key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret: String,
    /// The 32-byte seed of an Ed25519 key in hexadecimal; empty for an HMAC key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ed25519_seed: String,
    /// OKX's third secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub passphrase: String,
}

impl KeyPlan {
    /// The 32 bytes of an Ed25519 key; `None` for an HMAC key.
    #[must_use]
    pub fn seed(&self) -> Option<[u8; 32]> {
        let mut bytes = [0_u8; 32];
        if self.ed25519_seed.len() != 64 {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = self.ed25519_seed.get(2 * index..2 * index + 2)?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(bytes)
    }
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// No such file and no such built-in.
    #[error("there is no scenario `{0}`: give a file or one of default, calm, faults")]
    Unknown(String),
    /// The file cannot be read.
    #[error("cannot read the scenario {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// The text is not a scenario.
    #[error("the scenario {0} is wrong: {1}")]
    Parse(String, String),
    /// It asks for something that cannot be.
    #[error("the scenario {0} cannot be played: {1}")]
    Content(String, String),
}

const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../scenarios/default.yaml")),
    ("calm", include_str!("../scenarios/calm.yaml")),
    ("faults", include_str!("../scenarios/faults.yaml")),
];

impl Scenario {
    /// The built-in scenario of that name, or the file.
    ///
    /// # Errors
    /// [`ScenarioError`], with what to change.
    pub fn load(name: &str) -> Result<Self, ScenarioError> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Self::parse(name, text);
        }
        let path = Path::new(name);
        if !path.exists() {
            return Err(ScenarioError::Unknown(name.to_owned()));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|why| ScenarioError::Read(path.to_owned(), why))?;
        Self::parse(name, &text)
    }

    /// Reads a scenario's text; `name` is for the error message.
    ///
    /// # Errors
    /// [`ScenarioError`], with what to change.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = serde_saphyr::from_str(text)
            .map_err(|why| ScenarioError::Parse(name.to_owned(), why.to_string()))?;
        name.clone_into(&mut scenario.name);
        scenario.check().map_err(|why| ScenarioError::Content(name.to_owned(), why))?;
        Ok(scenario)
    }

    /// The names of the built-in scenarios.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=1_000).contains(&self.speed) {
            return Err(format!("speed {} is not within 1 to 1000", self.speed));
        }
        for venue in self.venues.keys() {
            list(self, *venue)?;
        }
        for (name, path) in self.venues.values().flat_map(|l| &l.instruments) {
            path.basis.check().map_err(|why| format!("{name}: {why}"))?;
            let hours = path.funding.steps.iter().filter_map(|s| s.hours);
            if let Some(bad) =
                hours.chain([path.funding.hours]).find(|h| !matches!(h, 1 | 2 | 4 | 6 | 8))
            {
                return Err(format!("{name}: funding every {bad} h; use 1, 2, 4, 6 or 8"));
            }
        }
        Ok(())
    }
}

impl Basis {
    fn check(&self) -> Result<(), String> {
        let pairs = [
            ("every_s", self.every_s.len()),
            ("hold_s", self.hold_s.len()),
            ("size_bps", self.size_bps.len()),
        ];
        let wanted = if self.every_s.is_empty() { 0 } else { 2 };
        for (key, length) in pairs {
            if length != wanted {
                return Err(format!("basis {key} has {length} numbers, not {wanted}"));
            }
        }
        let ordered = |pair: &[u32]| pair.first() <= pair.last() && pair.first() != Some(&0);
        if !ordered(&self.every_s) || !ordered(&self.hold_s) {
            return Err(
                "basis every_s and hold_s go from a small number above 0 to a larger one".into()
            );
        }
        if self.size_bps.first() > self.size_bps.last() {
            return Err("basis size_bps goes from a small number to a larger one".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
