use super::*;
use config::explain::explain;
use config::history::History;
use config::{Inspected, Override};
use std::collections::BTreeMap;

fn inspected(set: &[Override]) -> Inspected {
    let inputs = config::Inputs { dir: None, settings: &[], overrides: set, variable: &|_| None };
    config::inspect(&inputs)
}

struct Bench {
    _state: tempfile::TempDir,
    history: History,
    in_force: InForce,
}

impl Bench {
    /// The shipped configuration in force, on the instruments of the journal that is kept with the sources.
    fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/journal/plan-000001.json.gz");
        let file = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
        let kept: Plan = serde_json::from_reader(file).unwrap();
        let state = tempfile::tempdir().unwrap();
        let history = History::open(state.path()).unwrap();
        let inspected = inspected(&[]);
        let effective = Effective::of(&inspected, None, history.salt()).unwrap();
        let version = crate::versions::record(&history, effective, "start").unwrap();
        let config = inspected.into_config().unwrap();
        let plan = plan::make(&config, kept.instruments, 1, version.number, 10).unwrap();
        let plan = Self::with_fees(plan, &config, &version);
        Self { _state: state, history, in_force: InForce { version, plan } }
    }

    /// The fees of the kept instruments are of their time.
    fn with_fees(plan: Plan, config: &Config, version: &Version) -> Plan {
        let in_force = InForce { version: version.clone(), plan };
        next_plan(&in_force, config, 10).unwrap()
    }

    /// What is thought of the shipped configuration with one other value; `None` where that is no sound
    /// configuration.
    fn judge(&self, key: &str, value: &str) -> Option<Judged> {
        let set = [Override::of_option(&format!("{key}={value}")).ok()?];
        let inspected = inspected(&set);
        let effective = Effective::of(&inspected, None, self.history.salt()).ok()?;
        let config = inspected.into_config().ok()?;
        Some(judge(&self.in_force, config, effective, 10))
    }

    fn values(&self) -> &BTreeMap<String, String> {
        &self.in_force.version.effective.values
    }
}

/// Other values that may be allowed where this one is.
fn others(value: &str) -> Vec<String> {
    match value {
        "true" => vec!["false".to_owned()],
        "false" => vec!["true".to_owned()],
        "warn" => vec!["reduce_position".to_owned()],
        "reduce_position" | "emergency_stop" => vec!["warn".to_owned()],
        _ => match value.parse::<f64>() {
            Ok(number) if value.contains('.') => {
                [0.9, 1.1].map(|share| format!("{:.6}", number * share)).to_vec()
            }
            Ok(number) => [number + 1.0, number - 1.0].map(|n| format!("{n:.0}")).to_vec(),
            Err(_) => Vec::new(),
        },
    }
}

#[test]
fn every_value_that_may_change_while_running_reaches_the_plan_and_no_other_is_let_through() {
    let bench = Bench::new();
    let shipped = inspected(&[]);
    let (mut hot, mut fixed) = (0, 0);
    for (key, value) in bench.values() {
        let Some(judged) = others(value).iter().find_map(|value| bench.judge(key, value)) else {
            continue;
        };
        match judged {
            Judged::Fit(fit) => {
                assert!(may_change(key), "{key}");
                let log = key.starts_with("logging.") || key == "system.debug";
                let plan_changed = fit.plan != bench.in_force.plan;
                let is_idle = explain(key, &shipped).unwrap().unused;
                assert_eq!(plan_changed, !log && !is_idle, "{key}");
                hot += 1;
            }
            Judged::Unfit(why) => {
                assert!(!may_change(key), "{key}: {why:?}");
                assert!(why[0].starts_with(&format!("{key}: {value} -> ")), "{why:?}");
                assert!(why[0].ends_with("needs a restart"), "{why:?}");
                fixed += 1;
            }
            Judged::Same => panic!("{key} is not a part of the version"),
        }
    }
    assert!(hot > 40 && fixed > 20, "{hot} {fixed}");
}

#[test]
fn the_same_configuration_is_no_version() {
    let bench = Bench::new();
    let key = "risk_management.global_limits.max_open_pairs";
    let value = bench.values()[key].clone();
    assert!(matches!(bench.judge(key, &value), Some(Judged::Same)));
}

#[test]
fn what_does_not_fit_the_tables_is_refused() {
    let bench = Bench::new();
    let judged = bench.judge("risk_management.global_limits.max_open_pairs", "33");
    let Some(Judged::Unfit(why)) = judged else { panic!("{judged:?}") };
    assert!(why[0].contains("core.pairs below risk.max_open_pairs"), "{why:?}");
}

#[test]
fn other_credentials_name_their_exchange_and_need_no_restart() {
    let bench = Bench::new();
    for (key, exchange) in [
        ("exchanges.okx.api_key", "okx"),
        ("exchanges.okx.passphrase", "okx"),
        ("exchanges.binance.secret_key", "binance"),
    ] {
        let Some(Judged::Fit(fit)) = bench.judge(key, "another") else { panic!("{key}") };
        assert_eq!(fit.rekeyed, [exchange]);
    }
    let Some(Judged::Fit(fit)) = bench.judge("exchanges.okx.fees.spot.maker", "0.0007") else {
        panic!("fees")
    };
    assert_eq!(fit.rekeyed, [""; 0]);
}
