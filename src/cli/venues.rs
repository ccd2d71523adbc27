//! `funding-arb venues`: the simulated venues by themselves.

use super::{VENUES_READY, VenuesArguments, exit, say, signals};
use rings::Flag;
use sim::scenario::Start;
use sim::serve::{SimOptions, serve};
use std::io::Read;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(20);

pub(super) fn run(arguments: &VenuesArguments) -> ExitCode {
    let stop = Flag::new();
    if let Err(why) = signals::listen(&stop, None) {
        return exit::refused(&format!("venues: {why}"));
    }
    let options = SimOptions {
        scenario: arguments.scenario.clone(),
        seed: arguments.seed,
        speed: arguments.speed,
        start: arguments.now.then_some(Start::Now),
        dir: arguments.dir.clone(),
        port: arguments.port,
        captures: None,
    };
    let running = match serve(&options) {
        Ok(running) => running,
        Err(why) => return exit::refused(&format!("venues: {why}")),
    };
    say::line(&format!("{VENUES_READY} {}", arguments.dir.join("venues.json").display()));
    if arguments.while_stdin {
        watch_stdin(&stop);
    }
    while !stop.is_set() && running.is_alive() {
        thread::sleep(LOOK);
    }
    let alive = running.is_alive();
    match running.stop() {
        Ok(_) if alive => ExitCode::SUCCESS,
        Ok(_) => exit::failed("venues: a venue's thread ended by itself; see above"),
        Err(why) => exit::failed(&format!("venues: {why}")),
    }
}

/// Sets `stop` when standard input ends: whoever started us is gone.
fn watch_stdin(stop: &Flag) {
    let stop = stop.clone();
    let watch = move || {
        let mut sink = [0; 64];
        while matches!(std::io::stdin().read(&mut sink), Ok(1..)) {}
        stop.set();
    };
    if thread::Builder::new().name("stdin".to_owned()).spawn(watch).is_err() {
        say::note("venues: cannot watch standard input; stop with a signal");
    }
}
