//! The schema and the loader, asked about the same 10,000 files.
//!
//! A file is made as JSON, which is what a schema sees, and written as YAML, which is what the loader
//! sees. Both must give the same answer. What a schema cannot know is left out of the answer: checks
//! between keys, and files that keys name.

use crate::fault::FaultKind;
use crate::keys::{ANY, Key, Keys, Kind};
use crate::plan::Numbers;
use crate::raw::{Node, Value};
use crate::schema::{For, schema};
use crate::{Inputs, inspect, show};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

const FILES: usize = 10_000;

/// SplitMix64: the same files on every host.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).expect("below its sides")
    }

    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    pub(super) fn once_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

/// Values that are right somewhere and wrong elsewhere.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", " ", "x", "true", "True", "FALSE", "yes", "sim", "SIM", " live ", "Paper\t", "production",
    "stagin", "INFO", "warn", "json", "JSON", "stdout", "stderr", "/var/log/x", "auto", "Fused",
    "split\n", "0", "00", "1", "01", "7", "10", "99", "100", "0100", "1000", "1001", "8000",
    "65535", "65536", "065535", "99999", "1000000", "1000001", "18446744073709551616", "-1", "+1",
    "-0", "-0.0", "0.0", "1.", ".5", ".", "-", "-.01", "0.05", "0.050000000001", "0.0500", "0.5",
    "0.49", "0.9999", "0.99991", "1.0", "1.000000000001", "1.0000000000010", "1e-4", "0,5", "10%",
    "0x10", "0.000001", "0.0000009", "125", "125.0001", "124.999", "0.0000000000001",
    "0.00000000000100000", "1000000000000", "1000000000000.5", "2.5", "1_000", "NaN", "inf",
    "100MB", "1 mb", "64", "1024B", "1KB", "1023B", "1tb", "1GB", "17GB", "16GB", "1048576KB",
    "MB", "1.5MB", "BTC/USDT", "BTC/USDT:USDT", "BTC/USDT:BTC", "btc/usdt", "BTC-USDT", "/USDT",
    "BTC/", "B C/USDT", "币安/USDT", "A/B/C", "BTC/USDT:", "ARB1", "arb1", "ARB12", "0042",
    "https://a.example", "https://a.example/", "https://", "https:///x", "http://a b", "HTTPS://a",
    "wss://a.example/ws", "http://a", "/metrics", "metrics", "binance", "OKX", "bybit ", "kraken",
    "warn", "reduce_position", "emergency_stop", "ccxt", "kafka", "redis_streams",
    "FundingRateArbitrageStrategy", "basisarbitragestrategy", "${", "${1A:x}", "${A", "${A:${B}}",
    "a${}b", "$A", "{a}", "null", "~", "a: b", "- a", "\"", "'", "\\", "#", "\u{a0}", "\u{feff}",
    "é", "\u{2028}", "5\u{a0}", "100 USDT", "0.5\tBTC", "100  USDT", "100USDT", "1 usdt", "-1 USDT",
    "1000000000000 USDT", "1000000000000.1 USDT", "1 USDT 2", "1 A/B", "1 币安", " 7 USDC ", "01.50 USDT",
    "1\nUSDT", "1\u{a0}USDT", "1 \u{a0}USDT",
];

fn any_value(dice: &mut Dice, depth: usize) -> Json {
    #[rustfmt::skip]
    const NUMBERS: &[&str] = &[
        "0", "1", "2", "7", "99", "100", "1000", "1001", "4242", "60000", "65535", "65536",
        "1000000", "1000001", "-1", "0.5", "0.05", "-0.01", "-0.011", "0.0001", "0.9999",
        "0.99995", "1.5", "125", "125.5", "2.25", "1000000000000", "1000000000001", "17179869184",
        "0.000001",
    ];
    match dice.roll(if depth > 2 { 7 } else { 10 }) {
        0..=2 => json!(dice.one(TEXTS)),
        3 | 4 => serde_json::from_str(dice.one::<&str>(NUMBERS)).expect("a number"),
        5 => json!(dice.once_in(2)),
        6 => Json::Null,
        7 | 8 => (0..dice.roll(3)).map(|_| any_value(dice, depth + 1)).collect(),
        _ => {
            let keys = ["enabled", "class", "threshold", "x", "host", "maker"];
            let entry = |dice: &mut Dice| (dice.one(&keys).to_string(), any_value(dice, depth + 1));
            Json::Object((0..dice.roll(3)).map(|_| entry(dice)).collect())
        }
    }
}

/// A value of the key's own form: what is shipped, one of its words, or one at its bounds.
fn fitting(dice: &mut Dice, key: &Key, shipped: Option<&Node>) -> Json {
    let own = shipped.map_or(Json::Null, |node| show::json_of(node, Some(key)));
    let scalar = |dice: &mut Dice| match &key.shape.numbers {
        Numbers::Within { min, max, .. } => {
            let text = dice.one(&[min, max]).to_string();
            let number = serde_json::from_str(&text).expect("a number");
            if dice.once_in(2) { json!(format!(" {text}")) } else { number }
        }
        _ if !key.shape.words.is_empty() => {
            let word = dice.one(&key.shape.words).to_string();
            json!(if dice.once_in(2) { word.to_uppercase() } else { word })
        }
        _ if key.shape.flags => json!(dice.once_in(2)),
        _ => own.clone(),
    };
    match (key.kind, dice.roll(4)) {
        (Kind::List, _) => own,
        (_, 0) => own,
        (_, 1) => variable(dice, &own).unwrap_or(own),
        _ => scalar(dice),
    }
}

/// A variable in place of a text: its default is the text, or it is set to it.
fn variable(dice: &mut Dice, value: &Json) -> Option<Json> {
    let text = match value {
        Json::String(text) if !text.contains(['$', '}']) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    let set = format!("SET_{}", text.bytes().map(|b| format!("{b:02x}")).collect::<String>());
    Some(json!(if dice.once_in(2) { format!("${{{set}}}") } else { format!("${{UNSET:{text}}}") }))
}

/// The variables that [`variable`] takes for set.
fn set(name: &str) -> Option<String> {
    let hex = name.strip_prefix("SET_")?;
    let byte = |at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    String::from_utf8((0..hex.len()).step_by(2).filter_map(byte).collect()).ok()
}

fn name(dice: &mut Dice, path: &[&'static str]) -> String {
    let (good, bad) = match path.first() {
        Some(&"strategies") => (["mine", "basis_arbitrage", "funding_rate_arbitrage"], ["a b", ""]),
        _ => (["SOL/USDT", "BTC/USDT", "ETH/USDT"], ["sol", "SOL/USDT:USD"]),
    };
    if dice.once_in(12) { dice.one(&bad).to_string() } else { dice.one(&good).to_string() }
}

/// Puts a value at a key of a file, sections around it.
fn put(file: &mut Json, path: &[String], value: Json) {
    let mut at = file;
    for part in path {
        if !at.is_object() {
            *at = Json::Object(Map::new());
        }
        at = &mut at[part.as_str()];
    }
    *at = value;
}

/// Puts what a section that is not shipped needs beside a key of it.
fn complete(dice: &mut Dice, keys: &Keys, key: &Key, path: &[String], file: &mut Json) {
    let (_, above) = key.path.split_last().expect("a key");
    for beside in keys.under(above) {
        if beside.needed && beside.kind == Kind::Value {
            let mut path = path.to_vec();
            *path.last_mut().expect("a key") = (*beside.path.last().expect("a key")).to_owned();
            let value = fitting(dice, beside, None);
            put(file, &path, value);
        }
    }
}

fn misspelt(dice: &mut Dice, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if dice.once_in(2) || letters.is_empty() {
        letters.push('s');
    } else {
        letters.remove(dice.roll(letters.len()));
    }
    letters.into_iter().collect()
}

/// A whole strategy of one's own, or one that lacks something.
fn strategy(dice: &mut Dice) -> Json {
    let basis = dice.once_in(2);
    let mut one = json!({
        "enabled": false, "priority": 3, "symbols": ["BTC/USDT"], "exchanges": ["okx"],
        "class": if basis { "BasisArbitrageStrategy" } else { "FundingRateArbitrageStrategy" },
        "parameters": { "position_size": 10, "max_positions": 1 },
    });
    let own: &[(&str, f64)] = if basis {
        &[("min_basis", 0.001), ("max_basis", 0.1)]
    } else {
        &[
            ("min_spread", 0.001),
            ("max_spread", 0.1),
            ("stop_loss", 0.1),
            ("take_profit", 0.1),
            ("funding_threshold", 0.001),
        ]
    };
    for (key, value) in own {
        one["parameters"][key] = json!(value);
    }
    match dice.roll(6) {
        0 => {
            let key = *dice.one(&["enabled", "priority", "class", "parameters", "symbols"]);
            one.as_object_mut().expect("an object").remove(key);
        }
        1 => {
            let key = *dice.one(&["position_size", "min_basis", "min_spread", "max_positions"]);
            one["parameters"].as_object_mut().expect("an object").remove(key);
        }
        2 => one["parameters"] = any_value(dice, 1),
        _ => {}
    }
    one
}

/// One file, and the key it was made for.
fn file(dice: &mut Dice, keys: &Keys, number: usize) -> (Json, usize) {
    let mut file = json!({});
    let first = number % keys.list().len();
    let more = if dice.once_in(3) { dice.roll(5) } else { 0 };
    for turn in 0..=more {
        let index = if turn == 0 { first } else { dice.roll(keys.list().len()) };
        let key = &keys.list()[index];
        let mut path: Vec<String> = Vec::new();
        for part in &key.path {
            path.push(if *part == ANY { name(dice, &key.path) } else { (*part).to_owned() });
        }
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let shipped = keys.shipped.at_path(&parts);
        let value = match (key.kind, dice.roll(8)) {
            (Kind::Section | Kind::Named, 0..=3) => json!({}),
            (Kind::Section | Kind::Named, 4..=5) => Json::Null,
            (Kind::Value | Kind::Secret | Kind::List, 0..=4) => fitting(dice, key, shipped),
            _ => any_value(dice, 0),
        };
        if dice.once_in(20) {
            let at = dice.roll(path.len());
            path[at] = misspelt(dice, &path[at]);
        }
        if shipped.is_none() && path.len() > 1 && !dice.once_in(4) {
            complete(dice, keys, key, &path, &mut file);
        }
        put(&mut file, &path, value);
    }
    if dice.once_in(6) {
        let name = name(dice, &["strategies"]);
        put(&mut file, &["strategies".to_owned(), name], strategy(dice));
    }
    if dice.once_in(400) {
        file = any_value(dice, 0);
    }
    (file, first)
}

/// As YAML: sections in blocks or in braces, texts in quotes, numbers without an exponent.
fn yaml(value: &Json, indent: usize, block: bool, out: &mut String) {
    match value {
        Json::Object(map) if block && !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&format!("\n{}{}: ", " ".repeat(indent), json!(key)));
                yaml(value, indent + 2, true, out);
            }
        }
        Json::Object(map) => {
            out.push('{');
            for (key, value) in map {
                out.push_str(&format!("{}: ", json!(key)));
                yaml(value, 0, false, out);
                out.push_str(", ");
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for item in items {
                yaml(item, 0, false, out);
                out.push_str(", ");
            }
            out.push(']');
        }
        Json::Number(number) if number.is_f64() => {
            out.push_str(&number.as_f64().expect("a float").to_string());
        }
        other => out.push_str(&other.to_string()),
    }
}

fn loads(dir: &Path, text: &str) -> Result<(), String> {
    let path = dir.join("main.yaml");
    // A file system may wait for the disk when a file is cut short; a new one it lets be.
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, text).expect("a file");
    let inputs = Inputs { dir: Some(dir), settings: &[], overrides: &[], variable: &set };
    let Err(faults) = inspect(&inputs).faults else { return Ok(()) };
    let judged = |kind: &FaultKind| !matches!(kind, FaultKind::Clash(_) | FaultKind::Io(_));
    match faults.list().iter().find(|fault| judged(&fault.kind)) {
        Some(fault) => Err(fault.to_string()),
        None => Ok(()),
    }
}

#[test]
fn the_schema_accepts_exactly_what_the_loader_accepts() {
    let validator = jsonschema::validator_for(&schema(For::Files)).expect("a schema");
    let keys = Keys::all();
    let dir = tempfile::tempdir().expect("a directory");
    let mut dice = Dice(3);
    let mut seen: BTreeMap<usize, [usize; 2]> = BTreeMap::new();
    for number in 0..FILES {
        let (file, key) = file(&mut dice, keys, number);
        let mut text = String::new();
        yaml(&file, 0, dice.once_in(2), &mut text);
        let loader = loads(dir.path(), &text);
        let schema = validator.is_valid(&file);
        assert_eq!(schema, loader.is_ok(), "file {number}: {loader:?}\n{text}");
        seen.entry(key).or_default()[usize::from(schema)] += 1;
    }
    let total = seen.values().fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
    assert!(total.iter().all(|count| *count > FILES / 4), "refused, accepted: {total:?}");
    for (key, [refused, accepted]) in seen {
        let path = keys.list()[key].path.join(".");
        assert!(refused > 0 && accepted > 0, "{path}: {refused} refused, {accepted} accepted");
    }
}

/// A number with each of its digits one more and one less, one digit longer, and with a sign.
fn around(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned(), format!("-{text}"), format!("0{text}"), format!("1{text}")];
    for end in ["0", "1", ".", ".0", ".1", ".000000000001", ".0000000000001", "000000000001"] {
        all.push(format!("{text}{end}"));
    }
    for (index, digit) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        for other in [digit as u8 + 1, digit as u8 - 1].map(char::from) {
            if other.is_ascii_digit() {
                all.push(format!("{}{other}{}", &text[..index], &text[index + 1..]));
                all.push(format!("{}{other}", &text[..index]));
            }
        }
    }
    all
}

#[test]
fn each_form_is_the_same_to_both_at_its_bounds_and_for_every_odd_text() {
    let validator = jsonschema::validator_for(&schema(For::Files)).expect("a schema");
    let dir = tempfile::tempdir().expect("a directory");
    let mut seen: Vec<&str> = Vec::new();
    for key in Keys::all().list().iter().filter(|key| !key.path.contains(&ANY)) {
        if seen.contains(&key.allowed.as_str()) || matches!(key.kind, Kind::Section | Kind::Named) {
            continue;
        }
        seen.push(&key.allowed);
        let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
        if let Numbers::Within { min, max, .. } = &key.shape.numbers {
            texts.extend(around(min).into_iter().chain(around(max)));
        }
        let path: Vec<String> = key.path.iter().map(|part| (*part).to_owned()).collect();
        for text in texts {
            let mut file = json!({});
            let value = json!(text);
            put(&mut file, &path, if key.kind == Kind::List { json!([value]) } else { value });
            let loader = loads(dir.path(), &file.to_string());
            assert_eq!(validator.is_valid(&file), loader.is_ok(), "{file}: {loader:?}");
        }
    }
    assert!(seen.len() > 40, "{seen:?}");
}

#[test]
fn the_files_that_are_shipped_and_the_seeds_fit_the_schema() {
    let validator = jsonschema::validator_for(&schema(For::Files)).expect("a schema");
    let overlay = jsonschema::validator_for(&schema(For::Overlay)).expect("a schema");
    let seed = super::seed();
    let read = |name: &str| std::fs::read_to_string(seed.join(name)).expect("a file");
    let seeds = ["main.yaml", "exchanges.yaml", "strategies.yaml", "risk.yaml"].map(read);
    let shipped = crate::layer::SHIPPED.iter().map(|(_, text)| (*text).to_owned());
    for text in shipped.chain(seeds) {
        let source = crate::fault::Source::Shipped("a file");
        let node = crate::raw::parse(&text, source, &mut Vec::new()).expect("a tree");
        let file = plain_json(&node);
        let faults: Vec<String> = validator.iter_errors(&file).map(|e| e.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{text}");
        assert!(overlay.is_valid(&file));
    }
    let part = json!({ "strategies": { "mine": { "priority": 2 } } });
    assert!(overlay.is_valid(&part) && !validator.is_valid(&part));
    let typo = json!({ "strategies": { "mine": { "class": "BasisArbitrageStrategy", "parameters": { "min": 1 } } } });
    assert!(!overlay.is_valid(&typo));
}

/// As an editor reads YAML: numbers and flags where they look like it.
fn plain_json(node: &Node) -> Json {
    match &node.value {
        Value::Null | Value::Broken => Json::Null,
        Value::Text(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text.as_str())),
        Value::List(items) => items.iter().map(plain_json).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|e| (e.key.clone(), plain_json(&e.node))).collect())
        }
    }
}
