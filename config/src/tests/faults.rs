//! Every way to be wrong, word for word.

use super::{dir, lines, load, told};
use crate::load_with;
use proptest::prelude::*;

#[test]
fn unknown_keys_are_faults_that_name_the_nearest_known_one() {
    assert_eq!(
        told(&[(
            "main.yaml",
            "sytem: {name: x}\nlogging:\n  levle: INFO\n  rotation:\n    max_sizes: 1MB\n    colour: red\n",
        )]),
        [
            "DIR/main.yaml:1:1: sytem: unknown key; did you mean system?",
            "DIR/main.yaml:3:3: logging.levle: unknown key; did you mean level?",
            "DIR/main.yaml:5:5: logging.rotation.max_sizes: unknown key; did you mean max_size?",
            "DIR/main.yaml:6:5: logging.rotation.colour: unknown key; known here: max_size, max_files, max_age",
        ]
    );
}

#[test]
fn all_faults_of_all_files_come_at_once_in_order() {
    assert_eq!(
        told(&[
            (
                "strategies.yaml",
                "strategies:\n  funding_rate_arbitrage:\n    parameters:\n      min_spread: 1e-4\n      max_positions: 0\n      take_profit: 0,003\n",
            ),
            (
                "risk.yaml",
                "risk_management:\n  global_limits:\n    max_drawdown: 10%\n    max_leverage: 500\n"
            ),
            ("nodes.yaml", "nodes:\n  layout: fuzed\n  journal: {segment_size: 64}\n"),
            ("main.yaml", "system: {mode: real, instance: arb1, debug: yes}\n"),
        ]),
        [
            "DIR/main.yaml:1:16: system.mode: \"real\" is not allowed; allowed: one of sim, paper, live",
            "DIR/main.yaml:1:32: system.instance: \"arb1\" is not allowed; allowed: four characters of A-Z and 0-9",
            "DIR/main.yaml:1:45: system.debug: \"yes\" is not allowed; allowed: true or false",
            "DIR/nodes.yaml:2:11: nodes.layout: \"fuzed\" is not allowed; allowed: one of auto, fused, paired, split",
            "DIR/nodes.yaml:3:27: nodes.journal.segment_size: \"64\" is not allowed; allowed: a size from 1MB to 16GB, such as 100MB",
            "DIR/risk.yaml:3:19: risk_management.global_limits.max_drawdown: \"10%\" is not allowed; allowed: a decimal number from 0.000001 to 1 of at most 12 decimals",
            "DIR/risk.yaml:4:19: risk_management.global_limits.max_leverage: \"500\" is not allowed; allowed: a decimal number from 0.01 to 125 of at most 12 decimals",
            "DIR/strategies.yaml:4:19: strategies.funding_rate_arbitrage.parameters.min_spread: \"1e-4\" is not allowed; allowed: a decimal number from 0 to 1 of at most 12 decimals",
            "DIR/strategies.yaml:5:22: strategies.funding_rate_arbitrage.parameters.max_positions: \"0\" is not allowed; allowed: a whole number from 1 to 1000",
            "DIR/strategies.yaml:6:20: strategies.funding_rate_arbitrage.parameters.take_profit: \"0,003\" is not allowed; allowed: a decimal number from 0 to 1 of at most 12 decimals",
        ]
    );
}

#[test]
fn texts_where_sections_or_lists_belong_and_the_other_way_round_say_so() {
    assert_eq!(
        told(&[
            ("main.yaml", "system: on\nlogging: {level: [INFO], rotation: 7}\n"),
            ("exchanges.yaml", "exchanges:\n  okx:\n    symbols: BTC/USDT\n    api_key: [x]\n  bybit: [1]\n"),
        ]),
        [
            "DIR/exchanges.yaml:3:14: exchanges.okx.symbols: \"BTC/USDT\" is not allowed; allowed: a list, each a unified name such as BTC/USDT or BTC/USDT:USDT",
            "DIR/exchanges.yaml:4:14: exchanges.okx.api_key: a list or section is not allowed; allowed: a text",
            "DIR/exchanges.yaml:5:10: exchanges.bybit: a list is not allowed; allowed: a section of keys",
            "DIR/main.yaml:1:9: system: \"on\" is not allowed; allowed: a section of keys",
            "DIR/main.yaml:2:18: logging.level: a list is not allowed; allowed: one of DEBUG, INFO, WARNING, WARN, ERROR",
            "DIR/main.yaml:2:36: logging.rotation: 7 is not allowed; allowed: a section of keys",
        ]
        .map(|line| line.replace("rotation: 7 is", "rotation: \"7\" is"))
    );
}

#[test]
fn what_a_strategy_of_ones_own_leaves_out_is_missing_with_what_could_stand_there() {
    assert_eq!(
        told(&[(
            "strategies.yaml",
            "strategies:\n  mine:\n    enabled: true\n    class: BasisArbitrage\n    parameters:\n      min_spread: 0.1\n",
        )]),
        [
            "DIR/strategies.yaml:3:5: strategies.mine.priority: missing; allowed: a whole number from 1 to 1000",
            "DIR/strategies.yaml:3:5: strategies.mine.symbols: an enabled strategy needs at least one",
            "DIR/strategies.yaml:3:5: strategies.mine.exchanges: an enabled strategy needs at least one",
            "DIR/strategies.yaml:4:12: strategies.mine.class: \"BasisArbitrage\" is not allowed; allowed: one of FundingRateArbitrageStrategy, BasisArbitrageStrategy",
        ]
    );
}

#[test]
fn values_that_do_not_go_together_are_told_where_they_stand() {
    assert_eq!(
        told(&[
            (
                "strategies.yaml",
                "strategies:\n  funding_rate_arbitrage:\n    symbols: [BTC/USDT, DOGE/USDT, 'PEPE/USDT:USDT']\n    exchanges: [binance, okx]\n    parameters: {}\n  basis_arbitrage:\n    exchanges: [bybit]\n",
            ),
            (
                "exchanges.yaml",
                "exchanges:\n  okx:\n    base_url: https://a.example\n    endpoints: {rest: https://b.example/}\n  bybit:\n    enabled: false\n"
            ),
            ("main.yaml", "api:\n  websocket:\n    port: 9090\n"),
        ]),
        [
            "(built in) main.yaml: monitoring.prometheus.port: 9090 is api.websocket.port too",
            "DIR/exchanges.yaml:3:15: exchanges.okx.base_url: given beside endpoints.rest; give one of them",
            "DIR/strategies.yaml:3:14: strategies.funding_rate_arbitrage.symbols: DOGE/USDT is not among exchanges.binance.symbols",
            "DIR/strategies.yaml:3:14: strategies.funding_rate_arbitrage.symbols: PEPE/USDT:USDT is not among exchanges.binance.symbols",
            "DIR/strategies.yaml:7:16: strategies.basis_arbitrage.exchanges: bybit is not enabled (exchanges.bybit.enabled)",
        ]
    );
    assert_eq!(
        told(&[(
            "strategies.yaml",
            "strategies:\n  funding_rate_arbitrage:\n    parameters:\n      min_spread: 0.02\n",
        )]),
        [
            "DIR/strategies.yaml:4:19: strategies.funding_rate_arbitrage.parameters.min_spread: 0.02 is not below max_spread (0.01)"
        ]
    );
}

#[test]
fn live_needs_the_keys_of_every_enabled_exchange() {
    let mine = dir(&[("main.yaml", "system: {mode: live}\n")]);
    let faults = load(
        Some(mine.path()),
        &[
            ("exchanges.bybit.enabled", "false"),
            ("strategies.funding_rate_arbitrage.exchanges", "[binance, okx]"),
            ("strategies.basis_arbitrage.exchanges", "[okx]"),
            ("exchanges.binance.api_key", "k"),
            ("exchanges.binance.secret_key", "s"),
        ],
    )
    .unwrap_err();
    let told = lines(&faults);
    assert_eq!(
        told,
        [
            "(built in) exchanges.yaml: exchanges.okx.api_key: empty; mode live needs it, or api_key_file",
            "(built in) exchanges.yaml: exchanges.okx.secret_key: empty; mode live needs it, or secret_key_file",
            "(built in) exchanges.yaml: exchanges.okx.passphrase: empty; mode live needs it, or passphrase_file",
        ]
    );
}

#[test]
fn variables_without_a_value_and_texts_that_look_like_one_are_told_together() {
    assert_eq!(
        told(&[(
            "main.yaml",
            "system:\n  name: ${NO_SUCH_VARIABLE}\n  version: \"${1X:y}\"\n  timezone: \"${OPEN\"\n  environment: \"${A:${B}}\"\n",
        )]),
        [
            "DIR/main.yaml:2:9: system.name: the variable NO_SUCH_VARIABLE is not set and has no default (${NO_SUCH_VARIABLE:default} would give one)",
            "DIR/main.yaml:3:12: system.version: a ${ that begins no variable; allowed: ${NAME} or ${NAME:default}, NAME of letters, digits and _",
            "DIR/main.yaml:4:13: system.timezone: a ${ that begins no variable; allowed: ${NAME} or ${NAME:default}, NAME of letters, digits and _",
            "DIR/main.yaml:5:16: system.environment: a ${ that begins no variable; allowed: ${NAME} or ${NAME:default}, NAME of letters, digits and _",
        ]
    );
}

#[test]
fn what_a_variable_brought_in_is_judged_like_what_was_written() {
    let mine = dir(&[("main.yaml", "api: {rest: {port: '${PORT:8000}'}}\n")]);
    let faults =
        load_with(Some(mine.path()), &[], &|name| (name == "PORT").then(|| "99999".to_owned()))
            .unwrap_err();
    assert!(
        faults.to_string().ends_with("main.yaml:1:20: api.rest.port: \"99999\" is not allowed; allowed: a whole number from 0 to 65535"),
        "{faults}"
    );
}

#[test]
fn yaml_that_is_none_or_does_what_a_configuration_does_without() {
    let one = |text: &str| told(&[("main.yaml", text)]).remove(0);
    assert_eq!(
        one("system: &anchor {name: x}\n"),
        "DIR/main.yaml:1:17: system: anchors, aliases and merge keys (&, *, <<) are not taken; write it out"
    );
    assert_eq!(
        one("system: !!str x\n"),
        "DIR/main.yaml:1:15: system: tags (!) are not taken; write the plain value"
    );
    assert_eq!(
        one("system: {name: x}\n---\nsystem: {}\n"),
        "DIR/main.yaml:2:1: a second document; a configuration file holds one"
    );
    assert_eq!(
        one("- a\n- b\n"),
        "DIR/main.yaml:1:1: a list is not allowed; allowed: sections such as system:"
    );
    assert_eq!(
        one("system:\n  name: a\n  name: b\n"),
        "DIR/main.yaml:3:3: system.name: given twice; first on line 2"
    );
    for (text, place) in [
        ("system: {name: x\n", "DIR/main.yaml:1:9: system: not YAML: unclosed bracket '{'"),
        ("system:\n\tname: x\n", "DIR/main.yaml:2:"),
        ("system:\n  name: \"x\n", "DIR/main.yaml:"),
        ("? [a, b]\n: c\n", "DIR/main.yaml:1:3: a key must be a plain word"),
        ("%YAML 1.1\n---\nsystem: {}\n", "DIR/main.yaml:1:1: not YAML: "),
    ] {
        let told = one(text);
        assert!(told.starts_with(place), "{text:?}: {told}");
    }
}

#[test]
fn bombs_and_giants_are_refused_and_not_swallowed() {
    let deep = format!("system: {}1{}\n", "[".repeat(400), "]".repeat(400));
    let block: String = (0..60).map(|depth| format!("{}k:\n", " ".repeat(depth))).collect();
    let giant = format!("# {}\n", "x".repeat(2 << 20));
    let many = "a: [".to_owned() + &"x, ".repeat(50_000) + "]\n";
    let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n".to_owned();
    for text in [deep, block, many, laughs] {
        assert!(!told(&[("main.yaml", &text)]).is_empty());
    }
    assert_eq!(
        told(&[("main.yaml", &giant)]),
        ["DIR/main.yaml: 2097155 bytes; at most 1048576 are read"]
    );
}

#[test]
fn sections_and_lists_together_are_no_deeper_than_either() {
    let keys: String = (0..12).map(|depth| format!("{}k:\n", " ".repeat(depth))).collect();
    let text = format!("{keys}{}{}1{}\n", " ".repeat(12), "[".repeat(12), "]".repeat(12));
    assert_eq!(
        told(&[("main.yaml", &text)]),
        [
            "DIR/main.yaml:13:18: k.k.k.k.k.k.k.k.k.k.k.k[0][0][0][0][0]: nested deeper than 16 levels"
        ]
    );
}

#[test]
fn an_exchange_that_lists_the_perpetual_alone_does_not_have_the_pair() {
    let exchange = "exchanges: {okx: {symbols: [BTC/USDT, 'ETH/USDT:USDT']}}\n";
    let missing = "ETH/USDT is not among exchanges.okx.symbols";
    assert_eq!(
        told(&[("exchanges.yaml", exchange)]),
        [
            format!(
                "(built in) strategies.yaml: strategies.funding_rate_arbitrage.symbols: {missing}"
            ),
            format!("(built in) strategies.yaml: strategies.basis_arbitrage.symbols: {missing}"),
        ]
    );
}

#[test]
fn byte_order_marks_and_windows_line_ends_are_no_fault() {
    let mine = dir(&[("main.yaml", "\u{feff}system:\r\n  name: \"x y\"\r\n")]);
    assert_eq!(load(Some(mine.path()), &[]).unwrap().system.name, "x y");
    let empty = dir(&[("main.yaml", ""), ("risk.yaml", "# nothing\n"), ("nodes.yaml", "~\n")]);
    assert!(load(Some(empty.path()), &[]).is_ok());
}

#[test]
fn directories_and_files_that_cannot_be_read_are_told_with_their_path() {
    let faults = load(Some("/no/such/directory".as_ref()), &[]).unwrap_err().to_string();
    assert_eq!(
        faults,
        "the configuration has a fault:\n  /no/such/directory: the directory cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!(
        told(&[("strategy.yaml", ""), ("notes.txt", "x"), ("extra.yml", "")]),
        [
            "DIR/extra.yml: no file of a configuration; known here: main.yaml, exchanges.yaml, strategies.yaml, risk.yaml, nodes.yaml",
            "DIR/strategy.yaml: no file of a configuration; did you mean strategies.yaml?",
        ]
    );
    let binary = tempfile::tempdir().unwrap();
    std::fs::write(binary.path().join("main.yaml"), [b'a', 0xc3, 0x28]).unwrap();
    let faults = load(Some(binary.path()), &[]).unwrap_err().to_string();
    assert!(
        faults.ends_with("main.yaml:1:2: a byte that is no UTF-8; save the file as UTF-8"),
        "{faults}"
    );
}

#[test]
fn one_key_in_two_files_is_told_at_the_second() {
    assert_eq!(
        told(&[
            ("main.yaml", "nodes: {layout: fused}\n"),
            ("nodes.yaml", "nodes: {layout: split}\n")
        ]),
        ["DIR/nodes.yaml:1:1: nodes: given in two files; also at DIR/main.yaml:1:1"]
    );
}

#[test]
fn options_are_told_as_they_were_written_and_without_their_value() {
    let faults = load(
        None,
        &[("nodes.layuot", "fused"), ("exchanges.okx.api_key.x", "hush"), ("system..name", "x")],
    )
    .unwrap_err();
    let told = lines(&faults);
    assert_eq!(
        told,
        [
            "--set exchanges.okx.api_key.x: exchanges.okx.api_key: a list or section is not allowed; allowed: a text",
            "--set nodes.layuot: nodes.layuot: unknown key; did you mean layout?",
            "--set system..name: system..name: a key has an empty part",
        ]
    );
}

#[test]
fn no_fault_shows_a_secret() {
    let hush = "Zq9PlantedXw7";
    let text = format!(
        "exchanges:\n  okx:\n    api_key: [{hush}]\n    secret_key: \"{hush}${{\"\n    passphrase: {hush}\n    passphrase_file: /no/such\nmonitoring:\n  alerting: {{webhook_url: \"ftp://{hush}\"}}\n"
    );
    let mine = dir(&[("exchanges.yaml", &text)]);
    let faults = load(Some(mine.path()), &[]).unwrap_err();
    assert_eq!(faults.list().len(), 4, "{faults}");
    assert!(!format!("{faults} {faults:?}").contains("Planted"), "{faults}");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", lines in prop::collection::vec("[a-z_]{1,8}: ?[\\[\\]{}&*!|>'\"%@`a-z0-9.$:#-]{0,12}", 0..12)) {
        for text in [text, lines.join("\n"), lines.join("\n  ")] {
            let mine = dir(&[("main.yaml", &text)]);
            let _ = load(Some(mine.path()), &[]);
        }
    }

    #[test]
    fn a_misspelt_key_always_finds_its_way_back(at in 0_usize..17, cut in any::<prop::sample::Index>()) {
        let keys = ["enabled", "sandbox", "api_key", "secret_key", "passphrase", "api_key_file", "secret_key_file", "passphrase_file", "ca_file", "symbols", "fees", "rate_limit", "timeout", "order_timeout_ms", "recv_window_ms", "dead_man_s", "silence_ms"];
        let key = keys[at];
        prop_assume!(key.len() > 4);
        let cut = cut.index(key.len());
        let typo = format!("{}{}", &key[..cut], &key[cut + 1..]);
        let faults = told(&[("exchanges.yaml", &format!("exchanges:\n  okx:\n    {typo}: 1\n"))]);
        let hint = format!("unknown key; did you mean {key}?");
        prop_assert!(faults.iter().any(|fault| fault.ends_with(&hint)), "{typo}: {faults:?}");
    }
}
