//! Values that are each allowed and do not go together.

mod limits;
mod pairs;

use super::{Config, Exchange, ExchangeName, Mode, Strategy};
use crate::fault::{Fault, FaultKind, Place, Warning};
use crate::layer::join;
use crate::raw::{Node, Value};

/// Looks only at what could be read: a fault that follows from another one helps nobody.
pub(super) fn check(
    config: &Config,
    tree: &Node,
    warnings: &mut Vec<Warning>,
    faults: &mut Vec<Fault>,
) {
    let read: Vec<String> = faults.iter().map(|fault| fault.key.clone()).collect();
    let sound = |path: &str| !read.iter().any(|key| key.starts_with(path));
    let mut clash = |path: &[&str], why: String| {
        let key = path.iter().fold(String::new(), |path, key| join(&path, key));
        faults.push(Fault { at: place(tree, path), key, kind: FaultKind::Clash(why) });
    };
    let exchanges = sound("exchanges");
    for strategy in config.strategies.iter().filter(|s| sound(&join("strategies", &s.name))) {
        if strategy.enabled {
            check_strategy(config, strategy, &sound, &mut clash);
        }
        if strategy.enabled && exchanges {
            pairs::check(config, strategy, &mut clash);
        }
        if sound("risk_management") {
            limits::check_size(config, strategy, &mut clash);
        }
    }
    if sound("risk_management") {
        limits::check(config, &mut clash);
    }
    if config.system.mode == Mode::Live {
        for exchange in config.exchanges.iter().filter(|exchange| exchange.enabled) {
            if sound(&join("exchanges", exchange.name.key())) {
                check_keys(exchange, &mut clash);
            }
        }
    }
    if exchanges && sound("nodes.lease") {
        check_lease(config, &mut clash);
    }
    if sound("api") && sound("monitoring.prometheus") {
        check_ports(config, &mut clash);
    }
    let mut warn = |path: &[&str], what: String| {
        let key = path.iter().fold(String::new(), |path, key| join(&path, key));
        warnings.push(Warning { at: place(tree, path), key, what });
    };
    if read.is_empty() {
        limits::warn(config, &mut warn);
        pairs::warn(config, &mut warn);
    }
}

fn check_strategy(
    config: &Config,
    strategy: &Strategy,
    sound: &impl Fn(&str) -> bool,
    clash: &mut impl FnMut(&[&str], String),
) {
    let find = |name: ExchangeName| config.exchanges.iter().find(|e| e.name == name);
    let readable = |e: &&Exchange| sound(&join("exchanges", e.name.key()));
    for exchange in strategy.exchanges.iter().filter_map(|name| find(*name)).filter(readable) {
        let name = exchange.name.key();
        if !exchange.enabled {
            let why = format!("{name} is not enabled (exchanges.{name}.enabled)");
            clash(&["strategies", &strategy.name, "exchanges"], why);
            continue;
        }
        for symbol in &strategy.symbols {
            // A pair listed on the exchange stands for its perpetual too.
            let listed = exchange.symbols.iter().any(|known| {
                known.base == symbol.base
                    && known.quote == symbol.quote
                    && (symbol.perpetual_only || !known.perpetual_only)
            });
            if !listed {
                let shown = if symbol.perpetual_only { ":" } else { "" };
                let quote = if symbol.perpetual_only { symbol.quote.as_str() } else { "" };
                let why = format!(
                    "{}/{}{shown}{quote} is not among exchanges.{name}.symbols",
                    symbol.base, symbol.quote
                );
                clash(&["strategies", &strategy.name, "symbols"], why);
            }
        }
    }
}

fn check_keys(exchange: &Exchange, clash: &mut impl FnMut(&[&str], String)) {
    let name = exchange.name.key();
    let mut needed = vec![("api_key", &exchange.api_key), ("secret_key", &exchange.secret_key)];
    if exchange.name == ExchangeName::Okx {
        needed.push(("passphrase", &exchange.passphrase));
    }
    for (key, secret) in needed {
        if secret.is_empty() {
            let why = format!("empty; mode live needs it, or {key}_file");
            clash(&["exchanges", name, key], why);
        }
    }
}

/// What one holder of the Lease sent last must be refused by the venue before another may send.
fn check_lease(config: &Config, clash: &mut impl FnMut(&[&str], String)) {
    let lease = &config.nodes.lease;
    let gap = lease.gap().0 / 1_000_000;
    for exchange in config.exchanges.iter().filter(|exchange| exchange.enabled && lease.enabled) {
        let window = u64::from(exchange.recv_window_ms);
        if window > gap {
            let why = format!(
                "of it {gap} ms lie between the last order of one engine and the first of another: \
                 less than exchanges.{}.recv_window_ms ({window}), for which an order stays good; \
                 {} would do",
                exchange.name.key(),
                (window * 3).div_ceil(1_000)
            );
            clash(&["nodes", "lease", "duration_s"], why);
        }
    }
}

/// Two listeners cannot share a port, unless each takes any free one.
fn check_ports(config: &Config, clash: &mut impl FnMut(&[&str], String)) {
    let (api, monitoring) = (&config.api, &config.monitoring);
    if api.rest_port == api.websocket_port {
        let why = format!("{} is api.rest.port too", api.websocket_port);
        clash(&["api", "websocket", "port"], why);
    }
    for (port, of) in [(api.rest_port, "api.rest"), (api.websocket_port, "api.websocket")] {
        if monitoring.prometheus_port == port && port > 0 {
            let why = format!("{port} is {of}.port too");
            clash(&["monitoring", "prometheus", "port"], why);
        }
    }
}

/// Where a key stands, or the nearest section above it that stands somewhere.
pub(super) fn place(tree: &Node, path: &[&str]) -> Place {
    let mut node = tree;
    for key in path {
        let Value::Map(entries) = &node.value else { break };
        match entries.iter().find(|entry| entry.key == *key) {
            Some(entry) => node = &entry.node,
            None => break,
        }
    }
    node.at.clone()
}
