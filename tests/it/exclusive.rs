//! Processors that must be the engine's own and no longer are.

use crate::control::{ask, heard};
use crate::engine::{Folder, Running, alone, complete, program, stderr, stdout};
use crate::run::{address, get};
use rustix::process::Pid;
use rustix::thread::{sched_getaffinity, sched_setaffinity};
use std::fs;
use std::io::Write as _;

/// The kernel's number of a thread of that name.
fn thread(process: u32, name: &str) -> Pid {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("a process's threads");
    let id = tasks.flatten().find_map(|task| {
        let comm = fs::read_to_string(task.path().join("comm")).ok()?;
        (comm.trim() == name).then(|| task.file_name().to_str()?.parse().ok())?
    });
    Pid::from_raw(id.expect(name)).expect("a thread's number")
}

/// What makes this machine's processors count as granted whole; `None` where they do not even then.
fn granted() -> Option<Vec<String>> {
    let cpus = sched_getaffinity(None).expect("the allowed processors").count();
    let granted = format!("nodes.granted_cpus={cpus}");
    let arguments = ["--set", &granted, "--layout", "fused"].map(str::to_owned);
    let mut topology = program();
    topology.args(["topology", "--require-exclusive"]).args(&arguments);
    let output = complete(&mut topology);
    if output.status.success() {
        return Some(arguments.to_vec());
    }
    let _ = writeln!(std::io::stderr(), "SKIPPED: no processors to lose: {}", stderr(&output));
    None
}

#[test]
fn an_engine_that_loses_processors_it_must_have_disarms_until_somebody_arms_it() {
    let _one = alone();
    let Some(granted) = granted() else { return };
    let folder = Folder::new();
    let mut run = folder.run(&["--for", "0", "--set", "nodes.require_exclusive=true"]);
    let mut engine = Running::start(run.args(granted));
    let line = engine.await_line("metrics http://");
    let (metrics, health) = (address(&line, "metrics "), address(&line, "health "));
    engine.await_line("· armed");

    // As a kernel does that takes a processor out of the set of a pinned thread.
    let hot = thread(engine.id(), "hot");
    let pinned = sched_getaffinity(Some(hot)).expect("its processors");
    let all = sched_getaffinity(None).expect("the allowed processors");
    sched_setaffinity(Some(hot), &all).expect("to move a thread");
    engine.await_parts(&["exclusive: thread thread-hot was pinned", "until armed by hand"]);
    engine.await_line("· disarmed");
    let ready = get(&health, "/ready");
    assert!(ready.contains("503") && ready.contains(r#""code":"exclusive""#), "{ready}");
    assert!(get(&health, "/health").contains("200 OK"), "a restart would mend nothing");
    let page = get(&metrics, "/metrics");
    for line in ["arb_degraded{reason=\"moved\"} 1", "arb_sidecar_faults{code=\"exclusive\"} 1"] {
        assert!(page.contains(line), "{line}: {page}");
    }

    sched_setaffinity(Some(hot), &pinned).expect("to move a thread back");
    engine.await_parts(&["moved: ", "no longer so"]);
    // Two lines later it still has not armed itself.
    engine.await_line("· disarmed");
    engine.await_line("· disarmed");
    let ready = get(&health, "/ready");
    assert!(ready.contains("503") && ready.contains("over by now"), "{ready}");
    heard(&ask(&folder, "arm"));
    engine.await_line("· armed");
    // A book may be unknown for a moment on a busy machine; this reason is gone.
    let ready = get(&health, "/ready");
    assert!(ready.contains("\"ready\":") && !ready.contains("exclusive"), "{ready}");

    sched_setaffinity(Some(hot), &all).expect("to move a thread");
    engine.await_parts(&["exclusive: thread thread-hot was pinned"]);
    engine.signal("TERM");
    let output = engine.end();
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    let runs = fs::read_dir(folder.path("state")).expect("a state folder").flatten();
    let hold = runs.map(|run| run.path().join("hold")).find(|hold| hold.is_file());
    let hold = hold.map(|hold| fs::read_to_string(hold).expect("a word"));
    assert_eq!(hold.as_deref(), Some("disarm"), "the next start on this state does not arm either");
}

#[test]
fn where_they_need_not_be_its_own_a_loss_is_told_and_trading_goes_on() {
    let _one = alone();
    let folder = Folder::new();
    let mut engine = Running::start(&mut folder.run(&["--for", "0", "--layout", "fused"]));
    let line = engine.await_line("metrics http://");
    engine.await_line("· armed");
    let hot = thread(engine.id(), "hot");
    let all = sched_getaffinity(None).expect("the allowed processors");
    if all.count() < 2 {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is one processor only");
        return;
    }
    sched_setaffinity(Some(hot), &all).expect("to move a thread");
    engine.await_parts(&["moved: thread thread-hot was pinned"]);
    engine.await_line("· armed");
    let metrics = get(&address(&line, "metrics "), "/metrics");
    assert!(metrics.contains("arb_degraded{reason=\"moved\"} 1"), "{metrics}");
    let ready = get(&address(&line, "health "), "/ready");
    assert!(ready.contains("\"ready\":") && !ready.contains("exclusive"), "{ready}");
}
