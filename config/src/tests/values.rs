//! What loads, and what it means.

use super::{dir, load, seed};
use crate::plan::{
    AlertAction, AlertKind, Class, Environment, ExchangeName, Layout, LogFormat, LogOutput, Mode,
    Symbol,
};
use crate::{Override, load_with};
use base::{Money, Product, Rate, Span, VenueId};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn what_is_shipped_loads_alone_and_is_the_simulation() {
    let config = load(None, &[]).unwrap();
    assert_eq!(config.system.mode, Mode::Sim);
    assert_eq!(config.system.instance.as_str(), "ARB1");
    assert_eq!(config.nodes.layout, Layout::Auto);
    assert_eq!(config.nodes.granted_cpus, None);
    assert_eq!(config.nodes.pages_dir, None);
    assert_eq!(config.nodes.journal.segment_bytes, 64 << 20);
    assert!(!config.nodes.require_exclusive);
    assert_eq!((config.api.rest_host.as_str(), config.api.rest_port), ("127.0.0.1", 8000));
    assert_eq!(
        (config.monitoring.prometheus_host.as_str(), config.monitoring.prometheus_port),
        ("127.0.0.1", 9090)
    );
    assert!(config.strategies.iter().all(|strategy| strategy.enabled));
    assert_eq!(config.warnings, Vec::new());
    for venue in VenueId::ALL {
        let exchange = config.venue(venue).unwrap_or_else(|| panic!("{venue}"));
        assert!(exchange.funding, "{venue}");
        assert!(!exchange.public_trades && !exchange.index_price, "{venue}: nobody reads them");
    }
    let wishes = [("exchanges.okx.features.public_trades", "true")];
    let config = load(None, &wishes).unwrap();
    let okx = config.venue(VenueId::Okx).unwrap();
    assert!(okx.public_trades && !okx.index_price);
}

#[test]
fn paper_begins_with_what_is_listed_and_each_asset_is_listed_once() {
    let config = load(None, &[]).unwrap();
    assert_eq!(config.paper.latency, Span::from_millis(20));
    let own = [("paper.balances", "[2500.5 USDT, 0.25 BTC]"), ("paper.latency_ms", "0")];
    let config = load(None, &own).unwrap();
    let balances: Vec<_> =
        config.paper.balances.iter().map(|b| (b.asset.as_str(), b.amount.to_string())).collect();
    assert_eq!(balances, [("USDT", "2500.5".to_owned()), ("BTC", "0.25".to_owned())]);
    let twice = load(None, &[("paper.balances", "[1 USDT, 2 BTC, 3 USDT]")]).unwrap_err();
    assert!(twice.to_string().contains("paper.balances: USDT is named twice"), "{twice}");
    let none = load(None, &[("paper.balances", "[USDT 5]")]).unwrap_err();
    assert!(none.to_string().contains("such as 10000 USDT"), "{none}");
    assert_eq!(load(None, &[("paper.balances", "[]")]).unwrap().paper.balances, []);
}

#[test]
fn paper_needs_no_keys() {
    let config = load(None, &[("system.mode", "paper")]).unwrap();
    assert_eq!(config.system.mode, Mode::Paper);
    assert!(config.exchanges.iter().all(|exchange| exchange.api_key.is_empty()));
}

#[test]
fn the_shipped_strategies_have_the_seeds_parameters_exactly() {
    let config = load(None, &[]).unwrap();
    let [funding, basis] = &config.strategies[..] else { panic!("two strategies") };
    let Class::FundingRate(p) = &funding.class else { panic!("{funding:?}") };
    let bp = |bps: i64| Rate(bps * Rate::BP.0);
    assert_eq!((p.min_spread, p.max_spread), (bp(1), bp(100)));
    assert_eq!((p.position_size, p.max_positions), (Money::from_whole(1000), 5));
    assert_eq!((p.stop_loss, p.take_profit, p.funding_threshold), (bp(50), bp(30), bp(5)));
    assert_eq!(p.horizon, Span::from_secs(28_800));
    let Class::Basis(p) = &basis.class else { panic!("{basis:?}") };
    assert_eq!((p.min_basis, p.max_basis), (bp(20), bp(200)));
    assert_eq!((p.position_size, p.max_positions), (Money::from_whole(500), 3));
    assert_eq!((p.exit_basis, p.stop_loss, p.take_profit), (bp(2), Some(bp(50)), None));
}

#[test]
fn the_seeds_files_load_and_mean_what_the_seed_says() {
    let config = load(Some(&seed()), &[]).unwrap();
    assert!(config.system.debug);
    assert_eq!(config.system.environment, Environment::Development);
    assert_eq!(config.logging.format, LogFormat::Json);
    assert_eq!(config.logging.output, LogOutput::Stdout);
    assert_eq!((config.logging.rotate_bytes, config.logging.rotate_files), (100 << 20, 10));
    assert_eq!(config.api.rest_host, "0.0.0.0");
    assert_eq!(config.api.cors_origins, ["*"]);
    assert_eq!(config.database.postgresql.port, 5432);
    assert_eq!(config.database.postgresql.username, "postgres");
    assert_eq!(config.database.influxdb.retention_policy, "30d");
    assert_eq!(config.database.redis.pool_size, 20);
    assert_eq!(config.messaging.stream_prefix, "funding_arb");
    assert_eq!(config.monitoring.email.smtp_port, 587);
    assert!(config.monitoring.grafana);

    let by = |name| config.exchanges.iter().find(|e| e.name == name).unwrap();
    let limits = ExchangeName::ALL.map(|name| by(name).rate_limit);
    assert_eq!(limits, [1200, 1000, 600]);
    assert_eq!(by(ExchangeName::Okx).timeout, Span::from_secs(30));
    assert_eq!(by(ExchangeName::Binance).symbols.len(), 3);
    let bybit = by(ExchangeName::Bybit).addresses(VenueId::Bybit);
    assert_eq!(bybit.rest.as_deref(), Some("https://api.bybit.com"));

    let enabled: Vec<bool> = config.strategies.iter().map(|s| s.enabled).collect();
    assert_eq!(enabled, [true, false]);
    assert_eq!(config.risk.max_daily_loss, Money::from_whole(5000));
    assert_eq!(config.risk.max_leverage, Rate(5 * Rate::ONE.0));
    assert_eq!(config.risk.var.confidence, Rate(950_000_000_000));
    assert_eq!(config.risk.positions[1].max_position, Money::from_whole(50));
    let alerts: Vec<_> = config.risk.alerts.iter().map(|a| (a.kind, a.action)).collect();
    assert_eq!(
        alerts,
        [
            (AlertKind::Var, AlertAction::Warn),
            (AlertKind::Position, AlertAction::ReducePosition),
            (AlertKind::DailyLoss, AlertAction::EmergencyStop),
        ]
    );
    // What the seed does not know keeps its shipped value.
    assert_eq!(config.risk.max_open_pairs, 8);
    assert_eq!(config.system.mode, Mode::Sim);
    let keys: Vec<_> = config
        .warnings
        .iter()
        .filter(|warning| warning.what == "has no effect in this version")
        .map(|warning| warning.key.as_str())
        .collect();
    assert_eq!(keys.len(), config.warnings.len(), "{:?}", config.warnings);
    for key in ["system.timezone", "redis", "messaging"] {
        assert!(keys.contains(&key), "{keys:?}");
    }
    assert!(!keys.iter().any(|key| key.ends_with(".funding_rate")), "a strategy may need it");
}

#[test]
fn a_file_of_ones_own_replaces_single_keys_and_lists_as_a_whole() {
    let mine = dir(&[
        ("risk.yaml", "risk_management: {global_limits: {max_daily_loss: 12.5}}\n"),
        (
            "exchanges.yaml",
            "exchanges:\n  okx:\n    symbols: [SOL/USDT]\n    ca_file: ~\n    timeout: ~\n    fees:\n",
        ),
        (
            "strategies.yaml",
            "strategies:\n  funding_rate_arbitrage:\n    exchanges: [binance, bybit]\n  basis_arbitrage: {enabled: false}\n",
        ),
    ]);
    let config = load(Some(mine.path()), &[]).unwrap();
    assert_eq!(config.risk.max_daily_loss.to_string(), "12.5");
    assert_eq!(config.risk.max_position_size, Money::from_whole(10_000));
    let okx = config.venue(VenueId::Okx).unwrap();
    assert_eq!(okx.symbols, [Symbol::parse("SOL/USDT").unwrap()]);
    assert_eq!(okx.ca_file, None);
    // Nothing written leaves what is below.
    assert_eq!(okx.timeout, Span::from_secs(30));
    assert_eq!(okx.fees(Product::Spot).taker, Rate(10 * Rate::BP.0));
    assert!(!config.strategies[1].enabled);
}

#[test]
fn options_replace_both_and_take_lists() {
    let mine = dir(&[("nodes.yaml", "nodes: {layout: split}\n")]);
    let with = |overrides: &[(&str, &str)]| load(Some(mine.path()), overrides).unwrap();
    assert_eq!(with(&[]).nodes.layout, Layout::Split);
    assert_eq!(with(&[("nodes.layout", "fused")]).nodes.layout, Layout::Fused);
    let config = with(&[
        ("exchanges.bybit.symbols", "[BTC/USDT, ETH/USDT, XRP/USDT]"),
        ("system.instance", "0042"),
        ("api.rest.port", "18000"),
    ]);
    assert_eq!(config.venue(VenueId::Bybit).unwrap().symbols.len(), 3);
    assert_eq!(config.system.instance.as_str(), "0042");
    assert_eq!(config.api.rest_port, 18_000);
}

#[test]
fn variables_are_filled_in_from_the_environment_else_from_their_default() {
    let mine = dir(&[(
        "main.yaml",
        "system:\n  name: \"${A}-${B:b}-${EMPTY:}x\"\nlogging: {output: '${OUT:stderr}'}\n",
    )]);
    let variables = |name: &str| (name == "A").then(|| "one ${B} two".to_owned());
    let config = load_with(Some(mine.path()), &[], &variables).unwrap();
    // What a variable holds is not looked into again.
    assert_eq!(config.system.name, "one ${B} two-b-x");
    assert_eq!(config.logging.output, LogOutput::Stderr);
}

#[test]
fn what_a_variable_holds_never_becomes_structure() {
    let mine = dir(&[("exchanges.yaml", "exchanges: {okx: {api_key: \"${K}\"}}\n")]);
    let evil = "x\nsandbox: true\n- [a]: {b}";
    let config =
        load_with(Some(mine.path()), &[], &|name| (name == "K").then(|| evil.to_owned())).unwrap();
    let okx = config.venue(VenueId::Okx).unwrap();
    assert_eq!(okx.api_key.expose(), evil);
    assert!(!okx.sandbox);
}

#[test]
fn keys_come_from_variables_or_files_and_a_key_in_the_clear_is_warned_about() {
    let keys = dir(&[("okx-secret", "s3cretFromFile\n")]);
    let file = keys.path().join("okx-secret");
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let mine = dir(&[(
        "exchanges.yaml",
        &format!(
            "exchanges:\n  okx:\n    api_key: plainInFile\n    secret_key_file: {}\n    passphrase: \"${{P}}\"\n",
            file.display()
        ),
    )]);
    let variables = |name: &str| (name == "P").then(|| "passFromEnv".to_owned());
    let config = load_with(Some(mine.path()), &[], &variables).unwrap();
    let okx = config.venue(VenueId::Okx).unwrap();
    assert_eq!(okx.secret_key.expose(), "s3cretFromFile");
    assert_eq!(okx.passphrase.expose(), "passFromEnv");
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(
        warning
            .to_string()
            .contains("exchanges.yaml:3:14: exchanges.okx.api_key stands in the file in the clear"),
        "{warning}"
    );
    let shown = format!("{config:?} {warning}");
    for secret in ["plainInFile", "s3cretFromFile", "passFromEnv"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}

#[test]
fn decimals_are_what_is_written_to_the_last_digit() {
    // 0.1 + 0.2 and their like: none of these survives a float.
    for (text, exact) in [
        ("0.000000000001", "0.000000000001"),
        ("0.123456789012", "0.123456789012"),
        ("\"0.300000000000\"", "0.3"),
        ("1", "1"),
    ] {
        let config = load(None, &[("risk_management.global_limits.max_drawdown", text)]);
        let shown = config.map(|c| c.risk.max_drawdown.to_string());
        match exact {
            // Below the least that makes sense.
            "0.000000000001" => assert!(shown.is_err()),
            _ => assert_eq!(shown.as_deref(), Ok(exact), "{text}"),
        }
    }
    let key = "risk_management.position_limits.BTC/USDT.max_position";
    let config = load(None, &[(key, "12345678901.123456789012345678901234")]).unwrap();
    let limit = config.risk.positions[0].max_position.to_string();
    assert_eq!(limit, "12345678901.123456789012345678901234");
}

#[test]
fn a_pair_means_its_perpetual_too_where_that_is_traded() {
    let mine = dir(&[
        (
            "exchanges.yaml",
            "exchanges:\n  binance: {symbols: [BTC/USDT, ETH/USDT]}\n  okx:\n    symbols: [BTC/USDT, 'ETH/USDT:USDT']\n  bybit:\n    enabled: false\n",
        ),
        (
            "strategies.yaml",
            "strategies:\n  funding_rate_arbitrage: {symbols: [BTC/USDT, 'ETH/USDT:USDT'], exchanges: [binance, okx]}\n  basis_arbitrage: {symbols: [BTC/USDT], exchanges: [binance, okx]}\n",
        ),
    ]);
    let config =
        load(Some(mine.path()), &[("exchanges.binance.features.spot_trading", "false")]).unwrap();
    let names: Vec<String> =
        config.wanted().into_iter().map(|(venue, name)| format!("{venue} {name}")).collect();
    assert_eq!(
        names,
        [
            "binance-usdm BTC/USDT:USDT",
            "binance-usdm ETH/USDT:USDT",
            "okx BTC/USDT",
            "okx BTC/USDT:USDT",
            "okx ETH/USDT:USDT",
        ]
    );
    assert!(config.venue(VenueId::BinanceSpot).is_none());
    assert!(config.venue(VenueId::Bybit).is_none());
    let basis = config.wanted_by(&config.strategies[1]);
    assert_eq!(basis.len(), 3, "{basis:?}");
    let okx = config.venue(VenueId::Okx).unwrap();
    assert_eq!(okx.fees(Product::Spot).maker, Rate(8 * Rate::BP.0));
    assert_eq!(okx.fees(Product::Perpetual).taker, Rate(5 * Rate::BP.0));
}

#[test]
fn a_strategy_of_ones_own_stands_beside_the_shipped_ones_by_priority() {
    let mine = dir(&[(
        "strategies.yaml",
        "strategies:\n  mine:\n    enabled: true\n    class: BasisArbitrageStrategy\n    priority: 1\n    symbols: [BTC/USDT]\n    exchanges: [okx]\n    parameters: {min_basis: 0.001, max_basis: 0.05, position_size: 20.5, max_positions: 1}\n  funding_rate_arbitrage: {priority: 7}\n",
    )]);
    let config = load(Some(mine.path()), &[]).unwrap();
    let names: Vec<&str> = config.strategies.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["mine", "basis_arbitrage", "funding_rate_arbitrage"]);
    let Class::Basis(p) = &config.strategies[0].class else { panic!("a basis strategy") };
    assert_eq!(p.position_size.to_string(), "20.5");
    assert_eq!((p.stop_loss, p.horizon), (None, Span::from_secs(28_800)));
}

#[test]
fn every_key_that_is_shipped_is_commented_right_above() {
    for (name, text) in crate::layer::SHIPPED {
        assert!(text.starts_with('#'), "{name} says what it is for");
        let mut above = "";
        for (number, line) in (1..).zip(text.lines()) {
            assert!(line.len() <= 110 && !line.contains('\t'), "{name}:{number}");
            let (line, before) = (line.trim_start(), std::mem::replace(&mut above, line));
            if !line.is_empty() && !line.starts_with(['#', '-']) {
                assert!(before.trim_start().starts_with('#'), "{name}:{number}: {line}");
            }
        }
    }
}

#[test]
fn an_option_with_an_empty_value_is_an_empty_text() {
    let option = Override {
        key: "exchanges.okx.api_key".into(),
        value: String::new(),
        source: "--set exchanges.okx.api_key".into(),
    };
    let config = load_with(None, &[option], &|_| Some("set".into())).unwrap_err();
    // Variables all set to a word: only ports complain, and the emptied key does not.
    assert!(config.list().iter().all(|fault| !fault.key.contains("okx")), "{config}");
}
