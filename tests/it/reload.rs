//! Another configuration while the engine trades.

use crate::engine::{Folder, Running, alone, complete, journal, replay, stderr, stdout};
use crate::restart::{on_venues, venues};
use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::symlink;

/// A running engine and where it is asked.
pub(crate) struct Engine {
    pub(crate) running: Running,
    api: String,
}

fn start(command: std::process::Command) -> Engine {
    Engine::start(command)
}

impl Engine {
    pub(crate) fn start(mut command: std::process::Command) -> Self {
        let mut running = Running::start(&mut command);
        let line = running.await_line("health http://");
        let (_, address) = line.split_once("health http://").expect("an address");
        let api = address.split('/').next().expect("a host").to_owned();
        Self { running, api }
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.api).expect("the engine listens");
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("it hears");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// What GET /config says.
    fn state(&self) -> Value {
        let answer = self.ask("GET", "/config");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }

    /// Waits until the log tells of a look that came to `outcome` with `version` in force; what GET /config
    /// says then.
    pub(crate) fn await_outcome(&mut self, outcome: &str, version: u32) -> Value {
        let told = match outcome {
            "adopted" => "is in force",
            "refused" => "configuration refused",
            _ => "nothing changed",
        };
        // bound: the watchdog of a line that never comes
        loop {
            self.running.await_line(told);
            let state = self.state();
            if state["last"]["outcome"] == outcome && state["version"] == version {
                return state;
            }
        }
    }

    pub(crate) fn end(self) -> String {
        self.running.signal("TERM");
        let output = self.running.end();
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }
}

fn risk(open_pairs: u32) -> String {
    format!("risk_management:\n  global_limits:\n    max_open_pairs: {open_pairs}\n")
}

#[test]
fn a_changed_file_is_adopted_while_trading_and_all_that_is_written_names_its_version() {
    let _one = alone();
    let folder = Folder::new();
    folder.write("config/risk.yaml", &risk(8));
    let mut engine = start(folder.run(&["--for", "0"]));
    engine.running.await_line("filled");
    assert_eq!(engine.state()["version"], 1);
    let sizes =
        "strategies:\n  funding_rate_arbitrage:\n    parameters:\n      position_size: 500\n";
    folder.write("config/strategies.yaml", sizes);
    let state = engine.await_outcome("adopted", 2);
    assert_eq!(state["last"]["cause"], "files");
    let changes = state["last"]["changes"].to_string();
    assert!(changes.contains("parameters.position_size: 1000 -> 500"), "{changes}");
    engine.running.await_line("filled");

    // What is wrong, and what needs a restart, changes nothing; the way back is a version of its own.
    folder.write("config/risk.yaml", "risk_management: [");
    engine.await_outcome("refused", 2);
    folder.write("config/risk.yaml", &risk(8));
    engine.await_outcome("unchanged", 2);
    folder.write("config/exchanges.yaml", "exchanges:\n  okx:\n    timeout: 1234\n");
    let state = engine.await_outcome("refused", 2);
    let faults = state["last"]["faults"].to_string();
    assert!(faults.contains("exchanges.okx.timeout: 30000 -> 1234: needs a restart"), "{faults}");
    fs::remove_file(folder.path("config/exchanges.yaml")).expect("removed");
    fs::remove_file(folder.path("config/strategies.yaml")).expect("removed");
    engine.await_outcome("adopted", 3);
    engine.end();

    let report = folder.report();
    assert_eq!(report["configuration"], 3);
    assert_eq!(report["view"]["version"], 3);
    assert_eq!(report["hot_allocations"], 0);
    assert_eq!(report["events_dropped"], 0);
    assert_eq!(report["ledger"]["equal"], true, "{}", report["ledger"]);
    let replayed = replay(&journal(&report));
    assert_eq!(replayed["hash"], report["hash"]);
    assert_eq!(replayed["adopted"], serde_json::json!([2, 3]));
}

#[test]
fn a_storm_of_requests_and_signals_disturbs_nothing() {
    let _one = alone();
    let folder = Folder::new();
    let mut engine = start(folder.run(&["--for", "0"]));
    engine.running.await_line("filled");
    for step in 0..1_000 {
        if step % 10 == 0 {
            engine.running.signal("HUP");
            folder.write("config/risk.yaml", &risk(2 + step / 10 % 7));
        }
        let answer = engine.ask("POST", "/config/reload");
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    }
    folder.write("config/risk.yaml", &risk(7));
    engine.ask("POST", "/config/reload");
    // bound: the watchdog of a line that never comes
    while in_force(&folder, &engine.state()) != "7" {
        engine.running.await_line("is in force");
    }
    engine.end();
    let report = folder.report();
    assert_eq!((&report["hot_allocations"], &report["events_dropped"]), (&0.into(), &0.into()));
    assert_eq!(report["ledger"]["equal"], true, "{}", report["ledger"]);
    assert_eq!(replay(&journal(&report))["hash"], report["hash"]);
}

/// `max_open_pairs` of the version that is in force.
fn in_force(folder: &Folder, state: &Value) -> String {
    let path =
        folder.path(&format!("state/config/{:08}.json", state["version"].as_u64().expect("one")));
    let Ok(text) = fs::read(path) else { return String::new() };
    let kept: Value = serde_json::from_slice(&text).expect("JSON");
    let key = "risk_management.global_limits.max_open_pairs";
    kept["kept"]["values"][key].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_turned_link_of_a_mounted_folder_is_a_change() {
    let _one = alone();
    let folder = Folder::new();
    // As the kubelet mounts a ConfigMap: files are links through ..data, which is turned in one step.
    let (old, new) = (folder.path("config/..2026_01"), folder.path("config/..2026_02"));
    for (dir, pairs) in [(&old, 8), (&new, 5)] {
        fs::create_dir(dir).expect("a folder");
        fs::write(dir.join("risk.yaml"), risk(pairs)).expect("a file");
    }
    symlink("..2026_01", folder.path("config/..data")).expect("a link");
    symlink("..data/risk.yaml", folder.path("config/risk.yaml")).expect("a link");
    let mut engine = start(folder.run(&["--for", "0"]));
    assert_eq!(engine.state()["version"], 1);
    symlink("..2026_02", folder.path("config/..data_tmp")).expect("a link");
    fs::rename(folder.path("config/..data_tmp"), folder.path("config/..data")).expect("turned");
    let state = engine.await_outcome("adopted", 2);
    let changes = state["last"]["changes"].to_string();
    assert!(changes.contains("max_open_pairs: 8 -> 5"), "{changes}");
    engine.end();
}

#[test]
fn an_engine_that_was_killed_goes_on_from_the_version_it_had_adopted() {
    let _one = alone();
    let folder = Folder::new();
    folder.write("config/risk.yaml", &risk(8));
    let venues = venues(&folder);
    let mut first = start(on_venues(&folder, "0"));
    first.running.await_line("filled");
    folder.write("config/risk.yaml", &risk(6));
    first.await_outcome("adopted", 2);
    first.running.await_line("filled");
    first.running.signal("KILL");
    assert!(!first.running.end().status.success());

    let second = complete(&mut on_venues(&folder, "6s"));
    assert!(second.status.success(), "{}{}", stdout(&second), stderr(&second));
    let report = folder.report();
    assert_eq!(report["configuration"], 2);
    let replayed = replay(&journal(&report));
    assert_eq!(replayed["hash"], report["hash"]);
    assert_eq!(replayed["adopted"], serde_json::json!([2]));
    venues.signal("TERM");
    assert!(venues.end().status.success());
}
