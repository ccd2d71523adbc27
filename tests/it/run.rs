//! A run on the simulated venues, from the command line to the report.

use crate::engine::{Folder, Running, alone, complete, journal, replay, stderr, stdout};
use serde_json::Value;

/// The default market at a speed at which midnight's funding comes after 18 s.
const FAST: &str = include_str!("../../crates/sim/scenarios/default.yaml");

fn count(report: &Value, key: &str) -> u64 {
    report[key].as_u64().unwrap_or_else(|| panic!("no {key} in {report}"))
}

fn fast_scenario(folder: &Folder) -> String {
    folder.write("fast.yaml", &FAST.replace("speed: 10", "speed: 20"));
    folder.path("fast.yaml").display().to_string()
}

#[test]
fn a_run_trades_on_all_venues_collects_funding_and_its_books_equal_theirs() {
    let _one = alone();
    let folder = Folder::new();
    let scenario = fast_scenario(&folder);
    let output = complete(&mut folder.run(&["--for", "26s", "--scenario", &scenario]));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));

    let report = folder.report();
    for key in
        ["messages_in", "orders_sent", "orders_acked", "fills", "pairs_opened", "pairs_closed"]
    {
        assert!(count(&report, key) > 0, "{key}: {report}");
    }
    assert!(count(&report, "funding_settlements") > 0, "{report}");
    assert_eq!(count(&report, "messages_refused"), 0);
    assert_eq!(count(&report, "hot_allocations"), 0, "{report}");
    assert_eq!(report["ledger"]["equal"], true, "{}", report["ledger"]);
    for step in ["tick_to_order", "decode", "strategy", "encode"] {
        for part in ["count", "p50", "p90", "p99", "p999", "max"] {
            assert!(report["latency_ns"][step][part].as_u64() > Some(0), "{step} {part}");
        }
    }
    for part in ["trading", "funding", "fees", "total"] {
        assert!(report["pnl"][part].is_string(), "pnl {part}");
    }
    let venues: Vec<_> = report["view"]["positions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|position| position["venue"].as_str())
        .collect();
    for venue in ["binance-usdm", "okx", "bybit"] {
        assert!(venues.contains(&venue), "nothing was traded on {venue}: {venues:?}");
    }
    assert!(report["layout"].is_string() && report["degraded"].is_array());
    assert!(!report["cores"].as_array().expect("cores").is_empty());

    let replayed = replay(&journal(&report));
    assert_eq!(replayed["hash"], report["hash"]);
    assert!(replayed["checkpoints"].as_u64() > Some(0));
}

#[test]
fn the_core_says_the_same_in_another_layout_and_its_replay_too() {
    let _one = alone();
    let folder = Folder::new();
    let output = complete(&mut folder.run(&["--for", "6s", "--layout", "paired"]));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let report = folder.report();
    assert_eq!(report["layout"], "paired");
    assert_eq!(report["cores"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["ledger"]["equal"], true, "{}", report["ledger"]);
    assert_eq!(replay(&journal(&report))["hash"], report["hash"]);
}

#[test]
fn an_interrupt_stops_in_order_within_five_seconds() {
    let _one = alone();
    let folder = Folder::new();
    let mut engine = Running::start(&mut folder.run(&["--for", "0"]));
    engine.await_line("· armed");
    let asked = std::time::Instant::now();
    engine.signal("INT");
    let output = engine.end();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(asked.elapsed().as_secs() < 5, "{:?}", asked.elapsed());
    assert!(stdout(&output).contains("stopped by a signal"));
    assert_eq!(folder.report()["view"]["orders"].as_array().map(Vec::len), Some(0));
}

#[test]
fn metrics_and_health_answer_while_it_runs_and_the_page_stays_after_a_kill() {
    let _one = alone();
    let folder = Folder::new();
    let pages = format!("nodes.pages_dir={}", folder.path("pages").display());
    let mut engine = Running::start(&mut folder.run(&["--for", "0", "--set", &pages]));
    let line = engine.await_line("metrics http://");
    let (metrics, health) = (address(&line, "metrics "), address(&line, "health "));
    engine.await_line("· armed");
    let metrics = get(&metrics, "/metrics");
    assert!(metrics.contains("arb_feed_messages_total{"), "{metrics}");
    assert!(get(&health, "/health").contains("200 OK"));
    let ready = get(&health, "/ready");
    assert!(ready.contains("200 OK") && ready.contains(r#""ready":true"#), "{ready}");
    engine.signal("KILL");
    let killed = engine.end();
    assert!(!killed.status.success());
    let stats = complete(crate::engine::program().arg("stats").arg(folder.path("state")));
    assert!(stdout(&stats).contains("arb_feed_messages_total"), "{}", stderr(&stats));
    // It lay in a folder of its own, and ends with that.
    std::fs::remove_dir_all(folder.path("pages")).expect("a folder of pages");
    let run = std::fs::read_dir(folder.path("state")).expect("a state folder").flatten();
    let run = run.map(|entry| entry.path()).find(|path| path.join("journal").is_dir());
    let stats = complete(crate::engine::program().arg("stats").arg(run.expect("a run")));
    assert_eq!(stats.status.code(), Some(3));
    assert!(stderr(&stats).contains("it lay in memory"), "{}", stderr(&stats));
}

/// Where an engine serves something, by the line in which it says so.
pub(crate) fn address(line: &str, name: &str) -> String {
    let url = line.split(name).nth(1).expect(name).split_whitespace().next().expect(name);
    url.trim_start_matches("http://").split('/').next().expect("an address").to_owned()
}

/// One HTTP request, by hand.
pub(crate) fn get(address: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(address).expect(address);
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    answer
}
