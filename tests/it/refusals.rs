//! What cannot start says why, what to do, and with which code.

use crate::engine::{Folder, alone, complete, program, stderr, stdout};
use std::net::TcpListener;

#[test]
fn a_wrong_configuration_names_every_fault_with_its_place() {
    let folder = Folder::new();
    folder.write(
        "config/risk.yaml",
        "risk_management:\n  global_limits:\n    max_daily_loss: lots\n    max_dayly_loss: 3\n",
    );
    let output = complete(&mut folder.run(&[]));
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("risk.yaml:3:") && text.contains("risk.yaml:4:"), "{text}");
    assert!(text.contains("did you mean max_daily_loss?"), "{text}");
}

#[test]
fn a_port_in_use_is_named_with_its_key() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let folder = Folder::new();
    let text =
        format!("api:\n  rest:\n    port: {port}\nmonitoring:\n  prometheus:\n    port: 0\n");
    folder.write("config/main.yaml", &text);
    let output = complete(&mut folder.run(&["--for", "1s"]));
    assert_eq!(output.status.code(), Some(3));
    let text = stderr(&output);
    assert!(text.contains(&port.to_string()) && text.contains("api.rest.port"), "{text}");
}

#[test]
fn a_missing_scenario_capture_or_journal_is_named() {
    let folder = Folder::new();
    let output = complete(&mut folder.run(&["--scenario", "no-such"]));
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("no-such"), "{}", stderr(&output));

    let missing = complete(program().args(["books", "--venue", "okx", "no-such.rec.gz"]));
    assert_eq!(missing.status.code(), Some(3));
    assert!(stderr(&missing).contains("no-such.rec.gz"));

    let empty = complete(program().arg("replay").arg(folder.path("config")));
    assert_eq!(empty.status.code(), Some(3));
    assert!(stderr(&empty).contains("no records"), "{}", stderr(&empty));
}

#[test]
fn a_size_that_the_venues_do_not_take_is_told_with_its_place() {
    let _one = alone();
    let folder = Folder::new();
    folder.write(
        "config/strategies.yaml",
        "strategies:\n  funding_rate_arbitrage:\n    parameters:\n      position_size: 4\n  basis_arbitrage:\n    enabled: false\n",
    );
    let output = complete(&mut folder.run(&["--for", "1ms"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = format!("{}{}", stdout(&output), stderr(&output));
    let place = "config/strategies.yaml:4:22: strategies.funding_rate_arbitrage.parameters.position_size: 4 ";
    for what in [
        "is below the smallest order of BTC/USDT on binance-spot (5)",
        "does not buy the smallest order of BTC/USDT:USDT on okx (worth ",
    ] {
        assert!(told.contains(&format!("{place}{what}")), "{told}");
    }
}

#[test]
fn real_money_needs_to_be_asked_for_twice() {
    let folder = Folder::new();
    let output = complete(&mut folder.run(&["--live"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("system.mode: live"), "{}", stderr(&output));
    folder.write("config/main.yaml", "system:\n  mode: live\n");
    let output = complete(&mut folder.run(&[]));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("mode live needs it"), "{}", stderr(&output));
}

#[test]
fn an_unknown_option_is_a_wrong_command_line() {
    let output = complete(program().args(["run", "--no-such-option"]));
    assert_eq!(output.status.code(), Some(2));
}
