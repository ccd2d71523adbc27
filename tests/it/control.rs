//! What an operator asks of a running engine.

use crate::engine::{Folder, Running, alone, complete, program, stderr, stdout};
use crate::restart::{on_venues, venues};
use std::process::Output;

pub(crate) fn ask(folder: &Folder, order: &str) -> Output {
    complete(program().arg(order).arg(folder.path("state")))
}

pub(crate) fn heard(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(output), stderr(output));
    assert!(stdout(output).contains("heard it"), "{}", stdout(output));
}

#[test]
fn a_kill_stops_at_once_and_outlives_the_engine_until_it_is_armed_by_hand() {
    let _one = alone();
    let folder = Folder::new();
    let _venues = venues(&folder);
    let mut first = Running::start(&mut on_venues(&folder, "0"));
    first.await_line("filled");
    heard(&ask(&folder, "kill"));
    first.await_line("· stopped");
    first.signal("TERM");
    let output = first.end();
    // A pair that the kill caught between its legs stays so, and is told.
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(folder.report()["view"]["orders"].as_array().map(Vec::len), Some(0));

    let sent = folder.report()["view"]["counts"]["orders_sent"].clone();
    let mut second = Running::start(&mut on_venues(&folder, "0"));
    second.await_line("· stopped");
    second.signal("TERM");
    assert!(matches!(second.end().status.code(), Some(0 | 4)));
    let held = folder.report();
    assert_eq!(held["view"]["counts"]["orders_sent"], sent, "nothing was sent while killed");

    let mut third = Running::start(&mut on_venues(&folder, "0"));
    third.await_line("· stopped");
    heard(&ask(&folder, "arm"));
    third.await_line("· armed");
    third.signal("TERM");
    assert_eq!(third.end().status.code(), Some(0));
}

#[test]
fn a_flatten_closes_every_pair() {
    let _one = alone();
    let folder = Folder::new();
    let mut engine = Running::start(&mut folder.run(&["--for", "0"]));
    engine.await_line("filled");
    heard(&ask(&folder, "flatten"));
    engine.await_parts(&["· flattening", "pairs 0 open"]);
    engine.signal("TERM");
    let output = engine.end();
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let report = folder.report();
    assert_eq!(report["view"]["pairs"].as_array().map(Vec::len), Some(0), "{report}");
    assert_eq!(report["ledger"]["equal"], true, "{}", report["ledger"]);
}

#[test]
fn an_order_that_no_engine_hears_says_so() {
    let folder = Folder::new();
    let missing = ask(&folder, "arm");
    assert_eq!(missing.status.code(), Some(3));
    assert!(stderr(&missing).contains("is no folder"), "{}", stderr(&missing));

    folder.write("state/.keep", "");
    let unheard = ask(&folder, "disarm");
    assert_eq!(unheard.status.code(), Some(3));
    assert!(stderr(&unheard).contains("is one running"), "{}", stderr(&unheard));
    let killed = ask(&folder, "kill");
    assert_eq!(killed.status.code(), Some(0), "a kill needs no engine");
    assert!(stdout(&killed).contains("starts killed"), "{}", stdout(&killed));
}
