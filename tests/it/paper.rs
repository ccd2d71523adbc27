//! Mode paper: the market of venues that run by themselves, and not a word to them about orders.

use crate::engine::{Folder, Running, alone, complete, journal, replay, stderr, stdout};
use crate::keys::{Venues, endpoints, scenario};
use crate::restart::{fills_of_venues, positions_of_engine, positions_of_venues};
use serde_json::Value;
use std::fs;
use std::process::Output;

/// Mode paper on these venues, with no key at all.
fn configure(folder: &Folder, venues: &Value) {
    let main = "system:\n  mode: paper\napi:\n  rest:\n    port: 0\nmonitoring:\n  prometheus:\n    port: 0\npaper:\n  balances: [50000 USDT]\n";
    folder.write("config/main.yaml", main);
    let mut text = "exchanges:\n".to_owned();
    for exchange in ["binance", "okx", "bybit"] {
        let ca = venues["ca"].as_str().expect("a certificate");
        text += &format!("  {exchange}:\n    ca_file: {ca}\n{}", endpoints(exchange, venues));
    }
    folder.write("config/exchanges.yaml", &text);
}

fn ended_well(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(output), stderr(output));
}

/// A decimal text in units of 10^-24.
fn units(text: &Value) -> i128 {
    let text = text.as_str().expect("a decimal");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<24}").parse().expect("a number")
}

/// `venue asset opening`, of every account whose books and whose desk say the same to the last unit.
fn openings(report: &Value) -> Vec<String> {
    let accounts = report["view"]["accounts"].as_array().expect("accounts");
    let mut all = Vec::new();
    for account in accounts.iter().filter(|account| !account["opening"].is_null()) {
        let ours = units(&account["opening"]) + units(&account["moved"]);
        assert_eq!(ours, units(&account["reported"]), "{account}");
        let [venue, asset, opening] =
            ["venue", "asset", "opening"].map(|key| account[key].as_str().unwrap_or_default());
        all.push(format!("{venue} {asset} {opening}"));
    }
    for position in report["view"]["positions"].as_array().expect("positions") {
        let perpetual = position["name"].as_str().is_some_and(|name| name.contains(':'));
        assert!(!perpetual || position["reported"] == position["qty"], "{position}");
    }
    all
}

#[test]
fn orders_are_filled_on_paper_and_no_venue_hears_of_them() {
    let _one = alone();
    let folder = Folder::new();
    scenario(&folder);
    let (venues, described) = Venues::start(&folder);
    configure(&folder, &described);

    let mut first = Running::start(&mut folder.run(&["--for", "0"]));
    let title = first.await_line("paper · ");
    assert!(!title.contains("scenario"), "it takes them for real venues: {title}");
    first.await_line("filled");
    first.await_line("is open, because of fills");
    first.signal("TERM");
    let output = first.end();
    ended_well(&output);
    assert!(stdout(&output).contains("no order reached a venue"), "{}", stdout(&output));
    let report = folder.report();
    assert_eq!(report["mode"], "paper");
    assert!(report["ledger"].is_null());
    assert_eq!(report["hot_allocations"], 0);
    assert_eq!(report["events_dropped"], 0);
    assert!(report["fills"].as_u64() > Some(1) && report["orders_sent"].as_u64() > Some(1));
    assert_eq!(replay(&journal(&report))["hash"], report["hash"]);
    let opened = openings(&report);
    assert!(opened.contains(&"okx USDT 50000".to_owned()), "{opened:?}");
    let held = positions_of_engine(&report);

    // It goes on with what it held.
    let mut second = Running::start(&mut folder.run(&["--for", "0"]));
    for venue in ["binance-usdm", "okx", "bybit"] {
        let count = held.iter().filter(|position| position.starts_with(venue)).count();
        let positions = format!("{count} positions");
        second.await_parts(&[venue, "reconciled: 0 open orders", &positions]);
    }
    second.await_line("armed");
    second.signal("TERM");
    let output = second.end();
    ended_well(&output);
    let again = folder.report();
    assert_eq!(again["view"]["epoch"], 2);
    assert!(again["fills"].as_u64() >= report["fills"].as_u64());
    assert_eq!(openings(&again), opened);
    let replayed = replay(&journal(&again));
    assert_eq!((&replayed["epochs"], &replayed["hash"]), (&Value::from(2), &again["hash"]));

    // Real accounts and those on paper do not get mixed up.
    let dir = folder.path("venues").display().to_string();
    let mixed = complete(&mut folder.run(&["--set", "system.mode=sim", "--venues", &dir]));
    assert_eq!(mixed.status.code(), Some(3));
    assert!(stderr(&mixed).contains("was kept in mode paper"), "{}", stderr(&mixed));

    for number in [1, 2] {
        let used = venues.used(number);
        assert!(used.len() == 4 && used.iter().all(|used| *used == (0, 0)), "{used:?}");
    }
    venues.running.signal("TERM");
    assert!(venues.running.end().status.success());
    let ledger = fs::read(folder.path("venues/ledger.json")).expect("a ledger");
    let ledger: Value = serde_json::from_slice(&ledger).expect("JSON");
    assert_eq!(fills_of_venues(&ledger), Some(0));
    assert_eq!(positions_of_venues(&ledger), [""; 0]);
}

#[test]
fn paper_is_not_live() {
    let folder = Folder::new();
    folder.write("config/main.yaml", "system:\n  mode: paper\n");
    let output = complete(&mut folder.run(&["--live"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("system.mode: live"), "{}", stderr(&output));
}
