//! `funding-arb run`: from the command line to a running engine and its report.

use super::screen::Screen;
use super::{LayoutChoice, RunArguments, exit, say, signals};
use crate::start::{self, Fault, Started, Wish};
use crate::{finish, site};
use base::input::Action;
use config::plan::Mode;
use rings::Flag;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(20);
/// How long the end may take: nothing new, everything cancelled and confirmed.
const PATIENCE: Duration = Duration::from_secs(4);

pub(super) fn run(arguments: &RunArguments) -> ExitCode {
    let stop = Flag::new();
    if let Err(why) = signals::on_stop(&stop) {
        return exit::refused(&format!("run: {why}"));
    }
    let config = match config::load(arguments.config.as_deref(), &[]) {
        Ok(config) => config,
        Err(faults) => return exit::configuration(&faults.to_string()),
    };
    for warning in &config.warnings {
        say::note(&format!("warning: {warning}"));
    }
    if let Err(why) = allowed(config.system.mode, arguments.live) {
        return exit::configuration(why);
    }
    let time = (!arguments.time.is_zero()).then_some(arguments.time);
    let mut screen = Screen::open(arguments.plain, time);
    let layout = match arguments.layout {
        LayoutChoice::Auto => LayoutChoice::from(config.nodes.layout),
        chosen => chosen,
    };
    let wish = Wish {
        config: &config,
        layout: layout.into(),
        state: arguments.state.clone().unwrap_or_else(|| config.nodes.state_dir.clone()),
        scenario: arguments.scenario.as_deref().unwrap_or("default"),
        seed: arguments.seed,
        venues: arguments.venues.as_deref(),
        log_to_file: screen.is_page(),
    };
    let mut started = match start::start(&wish) {
        Ok(started) => started,
        Err(why) => {
            drop(screen);
            return refused(&why);
        }
    };
    if !screen.is_page() {
        say::line(&format!("{} · {}", started.title, started.engine.addresses()));
    }
    let ended = watch(&mut started, &mut screen, &stop, time);
    drop(screen);
    conclude(started, arguments, ended)
}

/// Modes this program may run in.
fn allowed(mode: Mode, live: bool) -> Result<(), &'static str> {
    match (mode, live) {
        (Mode::Sim, false) | (Mode::Live, true) => Ok(()),
        (Mode::Sim, true) => Err("--live needs `system.mode: live` in the configuration"),
        (Mode::Live, false) => Err("`system.mode: live` trades real money: say --live as well"),
        (Mode::Paper, _) => Err("`system.mode: paper` is not offered by this version: use sim"),
    }
}

fn refused(why: &Fault) -> ExitCode {
    let text = format!("run: {why}");
    match why {
        Fault::Plan(_) | Fault::Site(site::Fault::Credentials { .. }) => exit::configuration(&text),
        _ => exit::refused(&text),
    }
}

/// Shows the engine until it is time to stop; says how it ended.
fn watch(
    started: &mut Started,
    screen: &mut Screen,
    stop: &Flag,
    time: Option<Duration>,
) -> Result<&'static str, String> {
    let began = Instant::now();
    let mut armed = false;
    let title = started.title.clone();
    loop {
        if stop.is_set() {
            return Ok("stopped by a signal");
        }
        if time.is_some_and(|time| began.elapsed() >= time) {
            return Ok("the time was up");
        }
        started.engine.check().map_err(|why| why.to_string())?;
        if !armed && started.engine.status().ready.is_yes() {
            armed = started.engine.command(Action::Arm);
        }
        let engine = &started.engine;
        screen.show(|| Some((engine.status(), engine.page())), &title);
        thread::sleep(LOOK);
    }
}

/// Stops the engine, shows and writes the report.
fn conclude(
    started: Started,
    arguments: &RunArguments,
    ended: Result<&'static str, String>,
) -> ExitCode {
    let failed = ended.as_ref().err().cloned();
    let ended = ended.unwrap_or("a thread failed");
    let outcome = match finish::finish(started, ended, PATIENCE) {
        Ok(outcome) => outcome,
        Err(why) => return exit::failed(&format!("run: {why}")),
    };
    say::line(&outcome.report.to_string());
    if let Some(path) = &arguments.report {
        let text = serde_json::to_string_pretty(&outcome.report).unwrap_or_default();
        if let Err(why) = std::fs::write(path, text + "\n") {
            return exit::failed(&format!("run: cannot write {}: {why}", path.display()));
        }
    }
    if let Some(why) = failed {
        return exit::failed(&format!("run: {why}"));
    }
    if let Some(divergence) = outcome.divergence {
        return exit::failed(&format!("run: {divergence}"));
    }
    if outcome.unconfirmed > 0 {
        let count = outcome.unconfirmed;
        return exit::disorder(&format!("run: the end of {count} orders could not be confirmed"));
    }
    ExitCode::SUCCESS
}
