//! What wins over what, and that one can see it.

use super::dir;
use crate::explain::explain;
use crate::fault::Source;
use crate::keys::{Keys, Kind};
use crate::show::{self, HIDDEN, Listing};
use crate::{Inputs, Inspected, Override, comments, init, inspect, report};
use std::fs;
use std::path::Path;

/// What comes of a directory, variables and options.
fn of(dir: Option<&Path>, variables: &[(&str, &str)], options: &[&str]) -> Inspected {
    let settings: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let overrides: Vec<Override> =
        options.iter().map(|text| Override::of_option(text).expect("key=value")).collect();
    let variable = |name: &str| settings.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    inspect(&Inputs { dir, settings: &settings, overrides: &overrides, variable: &variable })
}

fn told(inspected: &Inspected, dir: &Path) -> Vec<String> {
    let Err(faults) = &inspected.faults else { return Vec::new() };
    let dir = dir.display().to_string();
    super::lines(faults).into_iter().map(|line| line.replace(&dir, "DIR")).collect()
}

/// A directory with an overlay for each environment.
fn layered() -> tempfile::TempDir {
    let mine = dir(&[
        ("main.yaml", "system: {environment: '${STAGE:staging}'}\n"),
        (
            "risk.yaml",
            "risk_management: {global_limits: {max_daily_loss: 100, max_open_pairs: 12}}\n",
        ),
    ]);
    fs::create_dir(mine.path().join("environments")).expect("a directory");
    for (name, loss) in [("staging", 200), ("production", 300)] {
        let text = format!("risk_management: {{global_limits: {{max_daily_loss: {loss}}}}}\n");
        fs::write(mine.path().join(format!("environments/{name}.yaml")), text).expect("a file");
    }
    mine
}

const LOSS: &str = "FUNDING_ARB__RISK_MANAGEMENT__GLOBAL_LIMITS__MAX_DAILY_LOSS";

#[test]
fn options_win_over_the_environment_over_the_overlay_over_files_over_what_is_built_in() {
    let mine = layered();
    let option = "risk_management.global_limits.max_daily_loss=500";
    let staging = |variables: &[(&str, &str)], options: &[&str]| {
        let config = of(Some(mine.path()), variables, options).into_config().expect("no fault");
        config.risk.max_daily_loss.to_string()
    };
    assert_eq!(
        of(None, &[], &[]).into_config().expect("no fault").risk.max_daily_loss.to_string(),
        "5000"
    );
    assert_eq!(staging(&[("STAGE", "development")], &[]), "100");
    assert_eq!(staging(&[], &[]), "200");
    assert_eq!(staging(&[("STAGE", "production")], &[]), "300");
    assert_eq!(staging(&[("FUNDING_ARB__SYSTEM__ENVIRONMENT", "production")], &[]), "300");
    assert_eq!(staging(&[], &["system.environment=production"]), "300");
    assert_eq!(staging(&[(LOSS, "400")], &[]), "400");
    let short = "FUNDING_ARB__RISK__GLOBAL_LIMITS__MAX_DAILY_LOSS";
    assert_eq!(staging(&[(short, "401")], &[]), "401");
    assert_eq!(staging(&[(LOSS, "400")], &[option]), "500");
    assert_eq!(staging(&[], &[option, "risk_management.global_limits.max_daily_loss=600"]), "600");
}

#[test]
fn an_overlay_may_not_choose_itself_and_one_that_nobody_would_read_is_told() {
    let mine = layered();
    let overlay = mine.path().join("environments/staging.yaml");
    fs::write(&overlay, "system: {environment: production}\n").expect("a file");
    fs::write(mine.path().join("environments/prodution.yaml"), "").expect("a file");
    assert_eq!(
        told(&of(Some(mine.path()), &[], &[]), mine.path()),
        [
            "DIR/environments/prodution.yaml: no file of a configuration; did you mean production.yaml?",
            "DIR/environments/staging.yaml:1:23: system.environment: this file is read because it is staging; set it elsewhere",
        ]
    );
}

#[test]
fn variables_find_keys_in_any_case_and_names_that_no_variable_can_hold() {
    let variables = [
        ("FUNDING_ARB__risk_management__position_limits__BTC_USDT__Max_Position", "1.25"),
        ("FUNDING_ARB__EXCHANGES__OKX__SYMBOLS", "[BTC/USDT, ETH/USDT, SOL/USDT]"),
        ("FUNDING_ARB__SYSTEM__NAME", "a: b # c ${X}"),
        ("FUNDING_ARB__EXCHANGES__OKX__API_KEY", "*x: {\"${y}"),
        ("FUNDING_ARB__EXCHANGES__OKX__SECRET_KEY", ""),
    ];
    let config = of(None, &variables, &[]).into_config().expect("no fault");
    assert_eq!(config.risk.positions[0].max_position.to_string(), "1.25");
    let okx = config.venue(base::VenueId::Okx).expect("an exchange");
    assert_eq!(okx.symbols.len(), 3);
    assert_eq!(config.system.name, "a: b # c ${X}", "a value is what it is, to the letter");
    assert_eq!(okx.api_key.expose(), "*x: {\"${y}");
    assert!(okx.secret_key.is_empty());
}

#[test]
fn variables_and_options_that_set_nothing_are_told_by_their_name() {
    let variables = [
        ("FUNDING_ARB__RISK_MANAGMENT__GLOBAL_LIMITS__MAX_DAILY_LOSS", "1"),
        ("FUNDING_ARB__SYSTEM__MODE", "real"),
        ("FUNDING_ARB__SYSTEM__NAME", "caf\u{fffd}"),
        ("FUNDING_ARB__SYSTEM__VERSION", "${LATIN}"),
        ("LATIN", "caf\u{fffd}"),
        ("FUNDING_ARB__SYSTEM____DEBUG", "1"),
        ("FUNDING_ARB__API__REST__PORT", "1"),
        ("FUNDING_ARB__api__rest__port", "2"),
        ("FUNDING_ARB__EXCHANGES__OKX__SYMBOLS", "[BTC"),
    ];
    let inspected = of(None, &variables, &["system.nmae=x", "system.timezone=${LATIN}"]);
    assert_eq!(
        told(&inspected, Path::new("/no/such/directory")),
        [
            "FUNDING_ARB__EXCHANGES__OKX__SYMBOLS: exchanges.okx.symbols: not YAML: unclosed bracket '['",
            "FUNDING_ARB__RISK_MANAGMENT__GLOBAL_LIMITS__MAX_DAILY_LOSS: risk_managment: unknown key; did you mean risk_management?",
            "FUNDING_ARB__SYSTEM__MODE: system.mode: \"real\" is not allowed; allowed: one of sim, paper, live",
            "FUNDING_ARB__SYSTEM__NAME: system.name: the variable FUNDING_ARB__SYSTEM__NAME holds bytes that are no UTF-8",
            "FUNDING_ARB__SYSTEM____DEBUG: system..debug: a key has an empty part",
            "FUNDING_ARB__api__rest__port: api.rest.port: set by two variables; also by FUNDING_ARB__API__REST__PORT",
            "--set system.nmae: system.nmae: unknown key; did you mean name?",
            "--set system.timezone: system.timezone: the variable LATIN holds bytes that are no UTF-8",
        ]
    );
    assert_eq!(
        Override::of_option("nodes.layout"),
        Err("write it as section.key=value".to_owned())
    );
    assert!(Override::of_option(" =x").is_err());
}

#[test]
fn every_effective_value_is_shown_with_where_it_comes_from() {
    let mine = layered();
    let variables = [(LOSS, "400"), ("DB_HOST", "db.example")];
    let inspected = of(Some(mine.path()), &variables, &["nodes.layout=fused"]);
    let values = show::values(&inspected);
    let dir = mine.path().display().to_string();
    let listing = Listing { values: &values, origins: true }.to_string().replace(&dir, "DIR");
    let line = |key: &str| {
        let begin = format!("{key} = ");
        let line = listing.lines().find(|line| line.starts_with(&begin)).expect("a line");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("system.environment"),
        "system.environment = staging DIR/main.yaml:1:23, ${STAGE} (not set: its default)"
    );
    assert_eq!(
        line("risk_management.global_limits.max_daily_loss"),
        format!("risk_management.global_limits.max_daily_loss = 400 {LOSS}")
    );
    assert_eq!(
        line("risk_management.global_limits.max_open_pairs"),
        "risk_management.global_limits.max_open_pairs = 12 DIR/risk.yaml:1:72"
    );
    assert_eq!(line("nodes.layout"), "nodes.layout = fused --set nodes.layout");
    assert!(line("database.postgresql.host").ends_with(", ${DB_HOST} (set)"));
    assert!(line("logging.level").starts_with("logging.level = INFO (built in) main.yaml:"));
    assert!(
        line("exchanges.okx.symbols").contains("= [BTC/USDT, ETH/USDT] (built in) exchanges.yaml:")
    );
    assert!(
        line("exchanges.okx.api_key").contains("= \"\" "),
        "an empty secret is seen to be empty"
    );
    let json = show::to_json(&values, true);
    let loss = &json["risk_management"]["global_limits"]["max_daily_loss"];
    assert_eq!(loss["value"], 400);
    assert_eq!(loss["origin"]["source"], "environment");
    let json = show::to_json(&values, false);
    assert_eq!(json["risk_management"]["position_limits"]["BTC/USDT"]["max_position"], 2.0);
    assert_eq!(json["system"]["debug"], false);
    assert_eq!(json["system"]["version"], "1.0.0");
}

#[test]
fn no_secret_is_shown_wherever_it_comes_from() {
    let hush = "Zq9PlantedXw7";
    let key = format!("exchanges: {{okx: {{api_key: {hush}, secret_key: '${{K}}'}}}}\n");
    let mine = dir(&[("exchanges.yaml", &key)]);
    let variables = [
        ("K", hush),
        ("FUNDING_ARB__REDIS__PASSWORD", hush),
        ("ALERT_WEBHOOK_URL", "https://Zq9Planted"),
    ];
    let options = [format!("exchanges.bybit.secret_key={hush}")];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let inspected = of(Some(mine.path()), &variables, &options);
    inspected.faults.as_ref().expect("no fault");
    let values = show::values(&inspected);
    let mut seen = Listing { values: &values, origins: true }.to_string();
    assert_eq!(seen.matches(HIDDEN).count(), 5, "{seen}");
    for key in [
        "exchanges.okx.api_key",
        "exchanges.okx.secret_key",
        "redis.password",
        "monitoring.alerting.webhook_url",
    ] {
        let explained = explain(key, &inspected).expect("a key");
        seen.push_str(&format!("{explained}{}", explained.to_json()));
    }
    seen.push_str(&show::to_json(&values, true).to_string());
    seen.push_str(&report::to_json(&inspected).to_string());
    seen.push_str(&format!("{:?}", Override::of_option(&format!("a={hush}"))));
    assert!(!seen.contains("Planted"), "{seen}");
    let warnings: Vec<String> = inspected.warnings().iter().map(ToString::to_string).collect();
    assert!(
        warnings.iter().any(|w| w.contains("stands on the command line for all to see")),
        "{warnings:?}"
    );
}

#[test]
fn a_key_is_explained_with_its_meaning_bounds_default_and_every_layer() {
    let mine = layered();
    let inspected = of(Some(mine.path()), &[(LOSS, "400")], &[]);
    let explained =
        explain("risk_management.global_limits.max_daily_loss", &inspected).expect("a key");
    let text = explained.to_string().replace(&mine.path().display().to_string(), "DIR");
    let text: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let shipped = text[5].clone();
    assert!(shipped.starts_with("set 5000 built in: (built in) risk.yaml:"), "{shipped}");
    assert_eq!(
        text,
        [
            "risk_management.global_limits.max_daily_loss",
            "Loss since midnight UTC, in the quote asset.",
            "changes while the engine runs",
            "allowed a decimal number above 0, up to 1000000000000",
            "default 5000",
            &shipped,
            "set 100 files: DIR/risk.yaml:1:51",
            "set 200 overlay staging: DIR/environments/staging.yaml:1:51",
            &format!("set 400 environment: {LOSS}"),
            &format!("effective 400 {LOSS}"),
        ]
    );
    let section = explain("risk_management.legging", &inspected).expect("a key");
    let names: Vec<&str> = section.keys.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(&names[..3], ["hedge_ms", "hedge_tries", "unwind_ms"]);
    assert!(explain("database.postgresql.host", &inspected).expect("a key").unused);
    let unknown = |key| explain(key, &inspected).expect_err("no key");
    assert_eq!(unknown("nodes.layuot"), "no key \"layuot\" in nodes; did you mean layout?");
    assert_eq!(unknown("sytem.name"), "no key \"sytem\"; did you mean system?");
}

#[test]
fn every_key_has_a_meaning_and_a_form() {
    for key in Keys::all().list() {
        let meaning = comments::meaning(&key.path).or_else(|| {
            let path: Vec<&str> = key
                .path
                .iter()
                .map(|part| match (*part, key.path[0], key.class) {
                    ("*", "strategies", Some("BasisArbitrageStrategy")) => "basis_arbitrage",
                    ("*", "strategies", _) => "funding_rate_arbitrage",
                    ("*", _, _) => "BTC/USDT",
                    (part, _, _) => part,
                })
                .collect();
            comments::meaning(&path)
        });
        let path = key.path.join(".");
        assert!(meaning.is_some_and(|meaning| meaning.ends_with('.')), "{path}");
        let form = !key.shape.texts.is_empty() || matches!(key.kind, Kind::Section);
        assert!(form && !key.allowed.is_empty(), "{path}");
    }
}

#[test]
fn every_key_is_explained_to_people_and_machines() {
    let inspected = of(None, &[], &[]);
    for key in Keys::all().list().iter().filter(|key| !key.path.is_empty()) {
        let own = match (key.path[0], key.class) {
            ("strategies", Some("BasisArbitrageStrategy")) => "basis_arbitrage",
            ("strategies", _) => "funding_rate_arbitrage",
            _ => "BTC/USDT",
        };
        let path: Vec<&str> =
            key.path.iter().map(|part| if *part == "*" { own } else { *part }).collect();
        let path = path.join(".");
        let explained = explain(&path, &inspected).expect(&path);
        let (text, json) = (explained.to_string(), explained.to_json());
        assert!(text.contains("  allowed    ") && json["allowed"].is_string(), "{text}");
        assert!(json["meaning"].as_str().is_some_and(|meaning| meaning.len() > 3), "{path}");
        let section = matches!(key.kind, Kind::Section | Kind::Named);
        assert_eq!(section, !explained.keys.is_empty(), "{path}");
    }
}

#[test]
fn the_report_has_every_fault_and_warning_with_its_place() {
    let mine = dir(&[("main.yaml", "system: {timezone: x, mode: real}\nlogging: {levle: INFO}\n")]);
    let json = report::to_json(&of(Some(mine.path()), &[], &["nodes.layout=none"]));
    assert_eq!(json["sound"], false);
    let faults = json["faults"].as_array().expect("a list");
    assert_eq!(faults.len(), 3);
    let path = mine.path().join("main.yaml").display().to_string();
    assert_eq!(
        faults[0],
        serde_json::json!({
            "source": "file", "name": path, "line": 1, "column": 29, "key": "system.mode",
            "what": "\"real\" is not allowed; allowed: one of sim, paper, live",
            "allowed": "one of sim, paper, live", "near": null,
        })
    );
    assert_eq!((&faults[1]["near"], &faults[1]["line"]), (&"level".into(), &2.into()));
    assert_eq!(
        (&faults[2]["source"], &faults[2]["line"]),
        (&"option".into(), &serde_json::Value::Null)
    );
    assert_eq!(json["warnings"][0]["key"], "system.timezone");
}

#[test]
fn the_starting_set_loads_as_what_is_built_in_and_nothing_is_ever_overwritten() {
    let dir = tempfile::tempdir().expect("a directory");
    let mine = dir.path().join("new/config");
    let files = init::init(&mine).expect("files");
    assert_eq!(files.len(), 10);
    let inspected = of(Some(&mine), &[], &[]);
    inspected.faults.as_ref().expect("no fault");
    assert_eq!(inspected.warnings(), [], "nothing to be said of what nobody has changed");
    let main = fs::read_to_string(mine.join("main.yaml")).expect("a file");
    assert!(main.contains("\n# redis:\n  # # The server.\n  # host: "), "{main}");
    let own = show::to_json(&show::values(&inspected), false);
    assert_eq!(own, show::to_json(&show::values(&of(None, &[], &[])), false));
    let leaf = inspected.tree.at_path(&["nodes", "layout"]).expect("a value");
    assert!(matches!(&*leaf.at.source, Source::File(_)));
    for name in ["schema.json", "overlay.schema.json"] {
        let text = fs::read_to_string(mine.join(name)).expect("a schema");
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    }
    fs::write(mine.join("risk.yaml"), "# mine\n").expect("a file");
    for file in files.iter().filter(|file| !file.ends_with("risk.yaml")) {
        fs::remove_file(file).expect("removed");
    }
    let refused = init::init(&mine).expect_err("something is there").to_string();
    assert!(refused.ends_with("risk.yaml is there already; nothing was written"), "{refused}");
    assert_eq!(fs::read_to_string(mine.join("risk.yaml")).expect("a file"), "# mine\n");
    assert!(!mine.join("main.yaml").exists());
}
