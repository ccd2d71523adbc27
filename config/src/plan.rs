//! The configuration as the program uses it: typed, within its bounds, never changed after.

pub mod exchanges;
pub mod market;
pub mod nodes;
pub mod risk;
pub mod services;
pub mod strategies;
pub mod system;

mod check;
mod form;
mod section;
pub(crate) mod unused;

pub use form::{Numbers, Shape};

pub use exchanges::{Addresses, Exchange, ExchangeName, FeeTier, Silence, Symbol};
pub use nodes::{JournalPlan, Layout, LeasePlan, Nodes};
pub use risk::{AlertAction, AlertKind, Risk};
pub use services::{Api, Database, Messaging, Monitoring};
pub use strategies::{Class, Strategy};
pub use system::{Balance, Environment, Level, LogFormat, LogOutput, Logging, Mode, Paper, System};

use crate::fault::{Fault, Place, Warning};
use crate::keys::Recorder;
use crate::raw::Node;
use base::VenueId;
use section::Section;

/// Everything that is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Who and in which mode.
    pub system: System,
    /// How orders are filled in mode paper.
    pub paper: Paper,
    /// What is logged and how.
    pub logging: Logging,
    /// The exchanges, enabled or not.
    pub exchanges: Vec<Exchange>,
    /// The strategies by priority, enabled or not.
    pub strategies: Vec<Strategy>,
    /// Limits over everything.
    pub risk: Risk,
    /// Where and how the engine runs on its node.
    pub nodes: Nodes,
    /// The program's own HTTP and WebSocket servers.
    pub api: Api,
    /// Metrics and alarms.
    pub monitoring: Monitoring,
    /// Where history is kept, beside the journal.
    pub database: Database,
    /// The message bus.
    pub messaging: Messaging,
    /// What is allowed and not wise.
    pub warnings: Vec<Warning>,
    /// Where the size of each strategy stands, in their order: what is wrong with it is known only once the
    /// venues' lists are.
    pub sizes: Vec<Place>,
}

impl Config {
    /// The exchange a venue belongs to, if it is enabled and trades what the venue is for.
    #[must_use]
    pub fn venue(&self, venue: VenueId) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.has(venue))
    }

    /// Forgets every secret, once those who sign with them have theirs.
    pub fn forget_secrets(&mut self) {
        for exchange in &mut self.exchanges {
            exchange.api_key.clear();
            exchange.secret_key.clear();
            exchange.passphrase.clear();
        }
        self.monitoring.webhook.clear();
        self.monitoring.email.password.clear();
        self.database.postgresql.password.clear();
        self.database.influxdb.password.clear();
        self.database.redis.password.clear();
    }

    /// Every instrument that some enabled exchange is configured with, by its unified name.
    #[must_use]
    pub fn wanted(&self) -> Vec<(VenueId, String)> {
        let mut all = Vec::new();
        for exchange in self.exchanges.iter().filter(|exchange| exchange.enabled) {
            for symbol in &exchange.symbols {
                all.extend(exchange.instruments(symbol));
            }
        }
        dedup(all)
    }

    /// Every instrument one strategy may trade.
    #[must_use]
    pub fn wanted_by(&self, strategy: &Strategy) -> Vec<(VenueId, String)> {
        let mut all = Vec::new();
        for exchange in self
            .exchanges
            .iter()
            .filter(|exchange| exchange.enabled && strategy.exchanges.contains(&exchange.name))
        {
            for symbol in &strategy.symbols {
                all.extend(exchange.instruments(symbol));
            }
        }
        dedup(all)
    }
}

/// Without repetitions, in the order of the first of each.
fn dedup(all: Vec<(VenueId, String)>) -> Vec<(VenueId, String)> {
    let mut once: Vec<(VenueId, String)> = Vec::with_capacity(all.len());
    for instrument in all {
        if !once.contains(&instrument) {
            once.push(instrument);
        }
    }
    once
}

/// Reads the whole tree. With faults the result is only there to go on looking for more of them.
pub(crate) fn read(tree: &Node, recorder: Option<Recorder>, faults: &mut Vec<Fault>) -> Config {
    let mut warnings = Vec::new();
    let mut root = Section::root(tree, recorder, faults);
    let mut config = Config {
        system: system::read_system(root.section("system", faults), faults),
        paper: system::read_paper(root.section("paper", faults), faults),
        logging: system::read_logging(root.section("logging", faults), faults),
        exchanges: exchanges::read(root.section("exchanges", faults), &mut warnings, faults),
        strategies: strategies::read(&root.section("strategies", faults), faults),
        risk: risk::read(root.section("risk_management", faults), faults),
        nodes: nodes::read(root.section("nodes", faults), faults),
        api: services::read_api(root.section("api", faults), faults),
        monitoring: services::read_monitoring(root.section("monitoring", faults), faults),
        database: services::read_database(
            root.section("database", faults),
            root.section("redis", faults),
            faults,
        ),
        messaging: services::read_messaging(root.section("messaging", faults), faults),
        warnings,
        sizes: Vec::new(),
    };
    let size =
        |s: &Strategy| check::place(tree, &["strategies", &s.name, "parameters", "position_size"]);
    config.sizes = config.strategies.iter().map(size).collect();
    root.finish(faults);
    unused::warn(tree, &mut config.warnings);
    let mut unwise = Vec::new();
    check::check(&config, tree, &mut unwise, faults);
    config.warnings.append(&mut unwise);
    config
}
