//! Killed and started again on venues that go on: the books are restored and agree.

use crate::engine::{Folder, Running, alone, journal, program, replay, stderr, stdout, until};
use serde_json::Value;

/// Starts venues that outlive engines.
pub(crate) fn venues(folder: &Folder) -> Running {
    let mut command = program();
    command.args(["venues", "--dir"]).arg(folder.path("venues"));
    let mut venues = Running::start(&mut command);
    venues.await_line("ready");
    venues
}

pub(crate) fn on_venues(folder: &Folder, time: &str) -> std::process::Command {
    let dir = folder.path("venues").display().to_string();
    folder.run(&["--for", time, "--venues", &dir])
}

#[test]
fn an_engine_that_was_killed_goes_on_with_its_positions() {
    let _one = alone();
    let folder = Folder::new();
    let venues = venues(&folder);

    let mut first = Running::start(&mut on_venues(&folder, "0"));
    // Some pairs are traded, then the process is gone between two instructions.
    first.await_line("filled");
    first.await_line("is closing");
    first.signal("KILL");
    assert!(!first.end().status.success());

    let second = crate::engine::complete(&mut on_venues(&folder, "8s"));
    assert!(second.status.success(), "{}{}", stdout(&second), stderr(&second));
    let report = folder.report();
    assert!(report["view"]["epoch"].as_u64() > Some(1), "{report}");
    // What the first engine did is in the books of the second.
    let replayed = replay(&journal(&report));
    assert!(replayed["epochs"].as_u64() > Some(1));
    assert_eq!(replayed["hash"], report["hash"]);

    venues.signal("TERM");
    assert!(venues.end().status.success());
    let ledger = folder.path("venues").join("ledger.json");
    until("the ledger is there", || ledger.is_file());
    let ledger: Value =
        serde_json::from_slice(&std::fs::read(ledger).expect("a ledger")).expect("JSON");
    assert_eq!(positions_of_venues(&ledger), positions_of_engine(&report));
    assert_eq!(fills_of_venues(&ledger), report["fills"].as_u64());
}

/// Perpetual positions that are not flat: `venue name qty`.
pub(crate) fn positions_of_venues(ledger: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for venue in ledger["venues"].as_array().into_iter().flatten() {
        for account in venue["accounts"].as_array().into_iter().flatten() {
            for (name, position) in account["positions"].as_object().into_iter().flatten() {
                let (venue, qty) = (&venue["venue"], &position["qty"]);
                all.push(format!("{} {name} {}", text(venue), text(qty)));
            }
        }
    }
    flat_out(all)
}

pub(crate) fn positions_of_engine(report: &Value) -> Vec<String> {
    let positions = report["view"]["positions"].as_array().into_iter().flatten();
    let perpetual = positions.filter(|p| text(&p["name"]).contains(':'));
    flat_out(
        perpetual
            .map(|p| format!("{} {} {}", text(&p["venue"]), text(&p["name"]), text(&p["qty"])))
            .collect(),
    )
}

fn flat_out(mut all: Vec<String>) -> Vec<String> {
    all.retain(|position| !position.ends_with(" 0"));
    all.sort();
    all
}

pub(crate) fn fills_of_venues(ledger: &Value) -> Option<u64> {
    let mut count = 0;
    for venue in ledger["venues"].as_array()? {
        for account in venue["accounts"].as_array()? {
            count += u64::try_from(account["fills"].as_array()?.len()).ok()?;
        }
    }
    Some(count)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[test]
fn venues_that_were_told_to_outlive_their_terminal_do() {
    let _one = alone();
    let folder = Folder::new();
    let mut command = std::process::Command::new("sh");
    // As nohup starts it.
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(program().get_program());
    command.args(["venues", "--dir"]).arg(folder.path("venues"));
    let mut venues = Running::start(&mut command);
    venues.await_line("ready");
    venues.signal("HUP");
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", venues.id())).expect("a status");
    let has = |name: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name)).expect("a mask").trim();
        u64::from_str_radix(mask, 16).expect("a mask") & 1 == 1
    };
    assert!(has("SigIgn:") && !has("SigCgt:"), "{status}");
    venues.signal("TERM");
    assert!(venues.end().status.success());
}
