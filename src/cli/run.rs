//! `funding-arb run`: from the command line to a running engine and its report.

use super::screen::Screen;
use super::{RunArguments, exit, say, signals};
use crate::control::Order;
use crate::engine::Stopped;
use crate::reload::{Bell, Cause, Origin};
use crate::start::{self, Fault, Started, Wish};
use crate::versions::{self, Version};
use crate::{catalog, finish, site};
use base::input::Action;
use config::Inspected;
use config::history::{Effective, History};
use config::plan::Mode;
use config::source::Remote;
use rings::Flag;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};
use telemetry::Level;

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(20);
/// How long the end may take: nothing new, everything cancelled and confirmed.
const PATIENCE: Duration = Duration::from_secs(4);
/// Why an engine ends whose Lease another took.
const LOST: &str = "another engine took the Lease while this one could not renew it; nothing of ours was \
                    sent since, and what is open is the other's to look after";

pub(super) fn run(arguments: &RunArguments) -> ExitCode {
    if let Err(why) = close() {
        return exit::refused(&format!("run: cannot close the process to others: {why}"));
    }
    let stop = Flag::new();
    let bell = match listen(&stop) {
        Ok(bell) => bell,
        Err(why) => return exit::refused(&format!("run: {why}")),
    };
    let (dir, remote, inspected) = match read(arguments) {
        Ok(read) => read,
        Err(why) => return exit::configuration(&why),
    };
    let mut config = match inspected.config() {
        Ok(config) => config.clone(),
        Err(faults) => return exit::configuration(&faults.to_string()),
    };
    for warning in &config.warnings {
        say::note(&format!("warning: {warning}"));
    }
    if let Err(why) = allowed(config.system.mode, arguments.live) {
        return exit::configuration(why);
    }
    let state = arguments.state.clone().unwrap_or_else(|| config.nodes.state_dir.clone());
    let (history, version) = match keep_version(&state, dir.as_deref(), &inspected) {
        Ok(kept) => kept,
        Err(why) => return exit::refused(&format!("run: {why}")),
    };
    drop(inspected);
    let time = (!arguments.time.is_zero()).then_some(arguments.time);
    let mut screen = Screen::open(arguments.plain, time);
    if let Some(Err(why)) = arguments.report.as_deref().map(writable) {
        drop(screen);
        return exit::configuration(&format!("run: --report: {why}"));
    }
    let wish = Wish {
        config: &config,
        layout: arguments.layout.or(config.nodes.layout).into(),
        state,
        scenario: arguments.scenario.as_deref().unwrap_or("default"),
        seed: arguments.seed,
        venues: arguments.venues.as_deref(),
        log_to_file: screen.is_page(),
        stop: &stop,
    };
    let origin = Origin { dir, remote, set: arguments.from.set.clone(), history, version, bell };
    let mut started = match start::start(&wish, origin, &mut |text| screen.note(text)) {
        Ok(started) => started,
        Err(why) => {
            drop(screen);
            return refused(&why);
        }
    };
    // Who signs has the keys by now.
    config.forget_secrets();
    if !screen.is_page() {
        say::line(&format!("{} · {}", started.title, started.engine.addresses()));
    }
    if let Some(told) = catalog::told(&started.unread) {
        screen.note(&told);
    }
    for misfit in &started.misfits {
        screen.note(&format!("warning: {misfit}"));
    }
    let ended = watch(&mut started, &mut screen, &stop, time);
    drop(screen);
    conclude(started, arguments, ended)
}

/// Hears signals: to stop, and to look at the configuration again.
fn listen(stop: &Flag) -> io::Result<Bell> {
    let bell = Bell::new()?;
    let ring = bell.clone();
    signals::listen(stop, Some(Box::new(move || ring.ask(Cause::Signal))))?;
    Ok(bell)
}

/// The configuration laid open, the folder its files lie in, and the source they were brought from.
fn read(arguments: &RunArguments) -> Result<(Option<PathBuf>, Option<Remote>, Inspected), String> {
    let set = &arguments.from.set;
    let Some(address) = &arguments.from.source else {
        let dir = arguments.from.config.clone();
        let inspected = versions::read(dir.as_deref(), set);
        return Ok((dir, None, inspected));
    };
    let mut brought = super::config::bring(address, arguments.state.as_deref())?;
    let inspected = versions::read(Some(&brought.dir), set);
    if inspected.faults.is_ok() {
        brought.remote.keep().map_err(|why| format!("--source: {why}"))?;
    }
    Ok((Some(brought.dir), Some(brought.remote), inspected))
}

/// Gives what the run begins with its number, and keeps it.
fn keep_version(
    state: &Path,
    dir: Option<&Path>,
    inspected: &Inspected,
) -> Result<(History, Version), String> {
    let history = History::open(state)?;
    let effective =
        Effective::of(inspected, dir, history.salt()).map_err(|faults| faults.to_string())?;
    let version = versions::record(&history, effective, "start")?;
    let news = if version.new { ", new" } else { "" };
    say::note(&format!("configuration: version {} ({}){news}", version.number, version.short()));
    Ok((history, version))
}

/// Keeps keys from other processes of the same user: no core image, no debugger, no /proc/PID/environ.
fn close() -> Result<(), rustix::io::Errno> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
}

/// A report that cannot be written is known before the run, not after it.
fn writable(path: &Path) -> Result<(), String> {
    let opened = fs::OpenOptions::new().create(true).append(true).open(path);
    opened.map(drop).map_err(|why| format!("cannot write {}: {why}", path.display()))
}

/// Modes this program may run in.
fn allowed(mode: Mode, live: bool) -> Result<(), &'static str> {
    match (mode, live) {
        (Mode::Sim | Mode::Paper, false) | (Mode::Live, true) => Ok(()),
        (Mode::Sim | Mode::Paper, true) => {
            Err("--live needs `system.mode: live` in the configuration")
        }
        (Mode::Live, false) => Err("`system.mode: live` trades real money: say --live as well"),
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
    // What an operator held back is armed by an operator only.
    let held = started.door.held();
    let mut armed = held.is_some();
    if let Some(order @ (Order::Kill | Order::Flatten)) = held {
        obey(started, Ok(order), screen);
    }
    let title = started.title.clone();
    loop {
        if stop.is_set() {
            return Ok("stopped by a signal");
        }
        if time.is_some_and(|time| began.elapsed() >= time) {
            return Ok("the time was up");
        }
        started.engine.check().map_err(|why| why.to_string())?;
        if let Some(venues) = &mut started.venues {
            venues.check().map_err(|why| why.to_string())?;
        }
        if started.tenure.as_ref().is_some_and(|tenure| tenure.watch().status().lost) {
            return Err(LOST.to_owned());
        }
        if let Some(order) = started.door.take() {
            armed = true;
            obey(started, order, screen);
        }
        armed |= keep_exclusive(started, screen);
        if !armed && started.engine.status().ready.is_yes() {
            armed = started.engine.command(Action::Arm);
        }
        if let Some(told) = started.reloader.told().filter(|_| screen.is_page()) {
            screen.note(told.lines().next().unwrap_or_default());
        }
        let engine = &started.engine;
        screen.show(|| Some((engine.status(), engine.page())), &title);
        thread::sleep(LOOK);
    }
}

/// Under which a loss of exclusive processors is logged, and keeps the engine from being ready.
const SHARED: &str = "exclusive";

/// Disarms an engine that must have its processors to itself and has lost them, until somebody arms it by
/// hand, also after a restart; `true` when it must not arm itself any more.
fn keep_exclusive(started: &mut Started, screen: &mut Screen) -> bool {
    let own = &mut started.exclusivity;
    let before = own.fault();
    let is_news = own.look(&started.engine.lost());
    let fault = own.fault();
    if is_news {
        // What an operator holds it at is stricter, or the same.
        let kept =
            if started.door.held().is_none() { started.door.keep(Order::Disarm) } else { Ok(()) };
        let unkept = kept.err().map(|why| format!(" (not over a restart: {why})"));
        let told =
            format!("{}{}", fault.as_deref().unwrap_or_default(), unkept.unwrap_or_default());
        started.engine.desk().say(Level::Error, SHARED, told.clone());
        screen.note(&told);
    }
    if fault != before {
        started.engine.desk().fault(SHARED, fault);
    }
    // Only from armed: a stopped or flattening core would do more after it than before.
    let mode = || started.engine.status().view.map(|view| view.mode);
    if started.exclusivity.is_due()
        && started.door.held().is_none_or(|order| order == Order::Disarm)
        && mode() == Some(strategy::Mode::Armed)
        && started.engine.command(Action::Disarm)
    {
        started.exclusivity.done();
    }
    is_news
}

/// Does what an operator asked for.
fn obey(started: &mut Started, order: Result<Order, String>, screen: &mut Screen) {
    let order = match order {
        Ok(order) => order,
        Err(word) => return screen.note(&format!("{word:?} in the state folder is no order")),
    };
    let action = match order {
        Order::Kill => {
            started.kill.set();
            Action::Stop
        }
        Order::Arm => {
            started.kill.clear();
            started.exclusivity.armed();
            started.engine.desk().fault(SHARED, started.exclusivity.fault());
            Action::Arm
        }
        Order::Disarm => Action::Disarm,
        Order::Flatten => Action::Flatten,
    };
    let heard = started.engine.command(action);
    screen.note(&format!("{order}: {}", if heard { "done" } else { "the core does not listen" }));
}

/// Stops the engine, shows and writes the report.
fn conclude(
    started: Started,
    arguments: &RunArguments,
    ended: Result<&'static str, String>,
) -> ExitCode {
    let failed = ended.as_ref().err().cloned();
    let ended = ended.unwrap_or("something failed");
    let outcome = match finish::finish(started, ended, PATIENCE) {
        Ok(outcome) => outcome,
        Err(why) => return exit::failed(&format!("run: {why}")),
    };
    say::line(&outcome.report.to_string());
    if let Some(path) = &arguments.report {
        let text = serde_json::to_string_pretty(&outcome.report).unwrap_or_default();
        if let Err(why) = fs::write(path, text + "\n") {
            return exit::failed(&format!("run: cannot write {}: {why}", path.display()));
        }
    }
    if let Some(why) = failed {
        return exit::failed(&format!("run: {why}"));
    }
    if let Some(why) = outcome.no_ledger {
        return exit::failed(&format!("run: {why}"));
    }
    if let Some(divergence) = outcome.divergence {
        return exit::failed(&format!("run: {divergence}"));
    }
    let loose = outcome.report.loose_ends();
    match (outcome.stop, outcome.report.ledger) {
        (Stopped::Left(count), _) => {
            exit::disorder(&format!("run: the end of {count} orders could not be confirmed"))
        }
        (Stopped::Not, _) => exit::disorder(
            "run: the core did not stop in time: orders may be out; look at the venues",
        ),
        (Stopped::Quiet, Some(ledger)) if !ledger.equal => {
            let first = ledger.differences.first().map(ToString::to_string).unwrap_or_default();
            exit::disorder(&format!("run: the venues' books say otherwise: {first}"))
        }
        (Stopped::Quiet, _) if loose > 0 => exit::disorder(&format!(
            "run: {loose} positions stand without their other leg: see what the report says was left"
        )),
        (Stopped::Quiet, _) => ExitCode::SUCCESS,
    }
}
