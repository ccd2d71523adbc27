//! API keys of a live engine, changed while it trades on venues that give out two and withdraw one.

use crate::canary::PLANTED;
use crate::engine::{Folder, Running, alone, journal, program, replay, stderr, stdout, until};
use crate::reload::Engine;
use crate::restart::{fills_of_venues, positions_of_engine, positions_of_venues};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};

const VENUES: [&str; 4] = ["binance-spot", "binance-usdm", "okx", "bybit"];

fn key(exchange: &str, number: u32) -> String {
    format!("{PLANTED}{exchange}key{number}")
}

fn secret(exchange: &str, number: u32) -> String {
    format!("{PLANTED}{exchange}secret{number}")
}

/// The usual scenario, whose account has two keys at each venue.
pub(crate) fn scenario(folder: &Folder) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/sim/scenarios/default.yaml");
    let usual = fs::read_to_string(path).expect("a scenario");
    let (before, _) = usual.split_once("    keys:\n").expect("keys");
    let mut text = format!("{before}    keys:\n");
    for venue in VENUES {
        let exchange = venue.split('-').next().expect("an exchange");
        text += &format!("      {venue}:\n");
        for number in [1, 2] {
            text += &format!(
                "        - {{ api_key: {}, secret: {}, passphrase: phrase{number} }}\n",
                key(exchange, number),
                secret(exchange, number)
            );
        }
    }
    folder.write("scenario.yaml", &text);
}

/// Mounts the keys of that number as the kubelet does: files that are links through `..data`, which is turned
/// in one step.
fn mount(folder: &Folder, number: u32, secret_of: impl Fn(&str) -> String) {
    let real = format!("mounted/..{number}");
    let put = |name: String, text: &str| {
        folder.write(&format!("{real}/{name}"), text);
        let path = folder.path(&format!("{real}/{name}"));
        fs::set_permissions(path, Permissions::from_mode(0o600)).expect("a mode");
    };
    for exchange in ["binance", "okx", "bybit"] {
        put(format!("{exchange}_api_key"), &key(exchange, number));
        put(format!("{exchange}_secret_key"), &secret_of(exchange));
        put(format!("{exchange}_passphrase"), &format!("phrase{number}\n"));
    }
    let next = folder.path("mounted/..next");
    symlink(format!("..{number}"), &next).expect("a link");
    fs::rename(next, folder.path("mounted/..data")).expect("turned");
}

/// A configuration that trades for real, on these venues.
fn configure(folder: &Folder, venues: &Value) {
    let main = "system:\n  mode: live\n  environment: staging\napi:\n  rest:\n    port: 0\nmonitoring:\n  prometheus:\n    port: 0\n";
    folder.write("config/main.yaml", main);
    let mut text = "exchanges:\n".to_owned();
    for exchange in ["binance", "okx", "bybit"] {
        let mounted = folder.path("mounted").display().to_string();
        let ca = venues["ca"].as_str().expect("a certificate");
        text += &format!("  {exchange}:\n    ca_file: {ca}\n");
        let kinds: &[&str] = if exchange == "okx" {
            &["api_key", "secret_key", "passphrase"]
        } else {
            &["api_key", "secret_key"]
        };
        for kind in kinds {
            let name = format!("{exchange}_{kind}");
            text += &format!("    {kind}_file: {mounted}/{name}\n");
            let _ = symlink(format!("..data/{name}"), folder.path(&format!("mounted/{name}")));
        }
        text += &endpoints(exchange, venues);
    }
    folder.write("config/exchanges.yaml", &text);
}

/// The addresses of an exchange's venues, as keys of its section.
pub(crate) fn endpoints(exchange: &str, venues: &Value) -> String {
    let mut text = "    endpoints:\n".to_owned();
    for venue in VENUES.iter().filter(|venue| venue.starts_with(exchange)) {
        let mut indent = "      ";
        if let Some((_, product)) = venue.split_once('-') {
            text += &format!("      {product}:\n");
            indent = "        ";
        }
        for address in ["rest", "public", "market", "private", "trade"] {
            let at = venues["venues"][venue][address].as_str().expect("an address");
            text += &format!("{indent}{address}: \"{at}\"\n");
        }
    }
    text
}

/// Simulated venues in real time, which say who asked with which key.
pub(crate) struct Venues {
    pub(crate) running: Running,
    control: String,
}

impl Venues {
    pub(crate) fn start(folder: &Folder) -> (Self, Value) {
        let mut command = program();
        command.args(["venues", "--speed", "1", "--now", "--dir"]).arg(folder.path("venues"));
        command.arg("--scenario").arg(folder.path("scenario.yaml"));
        let mut running = Running::start(&mut command);
        running.await_line("ready");
        let text = fs::read(folder.path("venues/venues.json")).expect("their addresses");
        let json: Value = serde_json::from_slice(&text).expect("JSON");
        let control = json["control"].as_str().expect("an address");
        let control = control.trim_start_matches("http://").to_owned();
        (Self { running, control }, json)
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.control).expect("they listen");
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}")
            .expect("they hear");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("they answer");
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
    }

    /// How often each venue took, and how often it refused, the key of that number.
    pub(crate) fn used(&self, number: u32) -> Vec<(u64, u64)> {
        let ledger = self.ask("GET", "/ledger", "");
        let of = |venue: &Value| {
            let exchange = venue["venue"].as_str().and_then(|name| name.split('-').next());
            let used = &venue["keys"][key(exchange.expect("a venue"), number)];
            (used["taken"].as_u64().unwrap_or(0), used["refused"].as_u64().unwrap_or(0))
        };
        ledger["venues"].as_array().expect("venues").iter().map(of).collect()
    }
}

/// Files below `dir` that hold a planted text.
fn holds(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    crate::canary::finds(dir, &mut found);
    found
}

#[test]
fn keys_are_changed_while_trading_and_the_old_ones_can_be_withdrawn() {
    let _one = alone();
    let folder = Folder::new();
    scenario(&folder);
    let (venues, described) = Venues::start(&folder);
    mount(&folder, 1, |exchange| secret(exchange, 1));
    configure(&folder, &described);
    let mut engine = Engine::start(folder.run(&["--for", "0", "--live"]));
    engine.running.await_line("filled");
    assert!(venues.used(1).iter().all(|(taken, _)| *taken > 0), "{:?}", venues.used(1));
    assert!(venues.used(2).iter().all(|used| *used == (0, 0)), "{:?}", venues.used(2));

    mount(&folder, 2, |exchange| secret(exchange, 2));
    let state = engine.await_outcome("adopted", 2);
    assert_eq!(state["last"]["keys"].as_array().map(Vec::len), Some(4), "{state}");
    let old = venues.used(1);
    for exchange in ["binance", "okx", "bybit"] {
        venues.ask("POST", "/withdraw", &key(exchange, 1));
    }
    // Everything goes on with the new ones: they alone are used, more and more.
    let new = venues.used(2);
    assert!(new.iter().all(|(taken, _)| *taken > 0), "{new:?}");
    until("every venue is asked with the new key", || {
        venues.used(2).iter().zip(&new).all(|(now, before)| now.0 > before.0)
    });
    assert_eq!(venues.used(1), old, "nobody comes with the old ones, refused or not");

    // A wrong secret is refused by name, in the venue's words, and nothing changes.
    mount(&folder, 3, |exchange| format!("{PLANTED}{exchange}wrong"));
    let state = engine.await_outcome("refused", 2);
    let faults = state["last"]["faults"].to_string();
    for part in ["okx: the new API key is not used", "50111", "bybit", "binance-spot", "-2015"] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
    assert!(!state.to_string().contains(PLANTED), "{state}");
    let before = venues.used(2);
    until("the key before is used on", || {
        venues.used(2).iter().zip(&before).any(|(now, before)| now.0 > before.0)
    });
    let texts: Vec<String> = ["binance", "okx", "bybit"]
        .into_iter()
        .flat_map(|e| [secret(e, 1), secret(e, 2), format!("{PLANTED}{e}wrong")])
        .collect();
    if let Some(counts) = crate::closed::counts(engine.running.id(), &texts) {
        assert!(counts.iter().all(|count| *count == 0), "secrets in memory: {counts:?}");
    }

    engine.running.signal("TERM");
    let output = engine.running.end();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    for text in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(text).contains(PLANTED), "what it printed");
    }
    assert_eq!(holds(&folder.path("state")), [""; 0], "what it left");
    let report = folder.report();
    assert!(!report.to_string().contains(PLANTED), "its report");
    assert_eq!(report["hot_allocations"], 0);
    assert_eq!(replay(&journal(&report))["hash"], report["hash"]);
    venues.running.signal("TERM");
    assert!(venues.running.end().status.success());
    let ledger = fs::read(folder.path("venues/ledger.json")).expect("a ledger");
    let ledger: Value = serde_json::from_slice(&ledger).expect("JSON");
    assert_eq!(positions_of_venues(&ledger), positions_of_engine(&report));
    assert_eq!(fills_of_venues(&ledger), report["fills"].as_u64());
}
