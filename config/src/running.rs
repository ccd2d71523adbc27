//! Which keys may change while the engine runs: those whose values live in the core's plan, or on cold
//! threads that can take another one, and API keys, which are proved and tried before they are used.
//! Everything else shapes threads, connections or tables that are made at start.

use crate::plan::unused::{covers, is_unused};

/// Keys, or whole sections; `*` is any one name.
const RUNNING: &[&str] = &[
    "logging.level",
    "system.debug",
    "strategies.*.enabled",
    "strategies.*.parameters",
    "exchanges.*.fees",
    "exchanges.*.api_key",
    "exchanges.*.api_key_file",
    "exchanges.*.secret_key",
    "exchanges.*.secret_key_file",
    "exchanges.*.passphrase",
    "exchanges.*.passphrase_file",
    "risk_management.global_limits",
    "risk_management.position_limits",
    "risk_management.risk_alerts",
    "risk_management.freshness_ms.receive_age",
    "risk_management.freshness_ms.venue_age",
    "risk_management.freshness_ms.funding_age",
    "risk_management.legging",
    "risk_management.orders.slippage",
    "risk_management.orders.collar",
    "risk_management.orders.confirm_ms",
    "risk_management.orders.stop_loss_pause_ms",
];

/// Whether a key, written with dots, may get another value without a restart. Keys without effect may.
#[must_use]
pub fn may_change(key: &str) -> bool {
    let path: Vec<&str> = key.split('.').collect();
    RUNNING.iter().any(|pattern| covers(pattern, &path)) || is_unused(&path)
}

/// The exchange whose credentials a key holds. Those in files have their digest under the same key.
#[must_use]
pub fn credential_of(key: &str) -> Option<&str> {
    let (exchange, key) = key.strip_prefix("exchanges.")?.split_once('.')?;
    matches!(key, "api_key" | "secret_key" | "passphrase").then_some(exchange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{ANY, Keys, Kind};

    #[test]
    fn what_shapes_the_start_needs_one() {
        for key in [
            "system.mode",
            "nodes.layout",
            "nodes.pages_dir",
            "exchanges.okx.symbols",
            "exchanges.okx.endpoints.trade",
            "strategies.basis_arbitrage.symbols",
            "strategies.basis_arbitrage.priority",
            "risk_management.orders.probe",
            "risk_management.freshness_ms.clock_bound",
            "api.rest.port",
        ] {
            assert!(!may_change(key), "{key}");
        }
        for key in [
            "strategies.mine.parameters.position_size",
            "strategies.mine.enabled",
            "risk_management.position_limits.BTC/USDT.max_position",
            "risk_management.risk_alerts.daily_loss_breach.action",
            "database.postgresql.host",
            "exchanges.okx.api_key",
            "exchanges.bybit.secret_key_file",
        ] {
            assert!(may_change(key), "{key}");
        }
    }

    #[test]
    fn credentials_name_their_exchange() {
        assert_eq!(credential_of("exchanges.okx.passphrase"), Some("okx"));
        assert_eq!(credential_of("exchanges.okx.passphrase_file"), None);
        assert_eq!(credential_of("exchanges.okx.fees.spot.maker"), None);
        assert_eq!(credential_of("api_key"), None);
    }

    #[test]
    fn every_pattern_covers_a_key_that_there_is() {
        let keys: Vec<Vec<&str>> = Keys::all()
            .list()
            .iter()
            .filter(|key| !matches!(key.kind, Kind::Section | Kind::Named))
            .map(|key| key.path.clone())
            .collect();
        assert!(keys.iter().any(|path| path.contains(&ANY)));
        for pattern in RUNNING {
            assert!(keys.iter().any(|path| covers(pattern, path)), "{pattern}");
        }
    }
}
