//! `funding-arb kill | arm | disarm | flatten [STATE]`: what an operator asks of a running engine.

use super::{ControlArguments, exit, say};
use crate::control::{Door, Order};
use crate::page;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// How long an engine may take to hear.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(10);

pub(super) fn run(order: Order, arguments: &ControlArguments) -> ExitCode {
    let state = state_in(&arguments.state);
    if !state.is_dir() {
        return exit::refused(&format!("{order}: {} is no folder", state.display()));
    }
    let door = Door::of(&state);
    let heard = door.keep(order).and_then(|()| ask(&door, order));
    match heard {
        Ok(true) => {
            say::line(&format!("{order}: the engine on {} heard it", state.display()));
            ExitCode::SUCCESS
        }
        Ok(false) if order == Order::Kill => {
            say::line(&format!(
                "kill: no engine on {} answered; the next one starts killed",
                state.display()
            ));
            ExitCode::SUCCESS
        }
        Ok(false) => exit::refused(&format!(
            "{order}: no engine on {} answered; is one running with this state folder?",
            state.display()
        )),
        Err(why) => exit::failed(&format!("{order}: {}: {why}", state.display())),
    }
}

/// Whether an engine took the order.
fn ask(door: &Door, order: Order) -> std::io::Result<bool> {
    door.ask(order)?;
    let until = Instant::now() + PATIENCE;
    while door.is_waiting() {
        if Instant::now() >= until {
            door.withdraw()?;
            return Ok(false);
        }
        thread::sleep(LOOK);
    }
    Ok(true)
}

/// The folder itself, or the newest run below it.
fn state_in(path: &Path) -> PathBuf {
    let page = page::find(path);
    page.parent().filter(|_| page.is_file()).map_or_else(|| path.to_owned(), Path::to_owned)
}
