//! SIGINT and SIGTERM: stop in order; a second one does nothing more, the first is under way. SIGHUP: look
//! at the configuration again where there is one to look at, or stop if it means that the terminal has gone.

use rings::Flag;
use rustix::fs::{Mode, OFlags, open};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::thread;

/// What SIGHUP asks for.
pub(crate) type Hangup = Box<dyn Fn() + Send>;

/// Sets `stop` when the process is to end; `hangup` is what SIGHUP means while the terminal is there or
/// never was one. Without it SIGHUP is an end too, but for who was started to outlive its terminal.
pub(crate) fn listen(stop: &Flag, hangup: Option<Hangup>) -> io::Result<()> {
    let stop = stop.clone();
    let ignored = is_hangup_ignored();
    let bound = has_terminal() && !ignored;
    let hears = hangup.is_some() || !ignored;
    let mut signals = Signals::new([SIGINT, SIGTERM].into_iter().chain(hears.then_some(SIGHUP)))?;
    let wait = move || {
        // bound: signals, for as long as the process lives
        for signal in signals.forever() {
            match &hangup {
                Some(hangup) if signal == SIGHUP && (!bound || has_terminal()) => hangup(),
                _ => stop.set(),
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

/// Whether this process hangs on a terminal that is still there.
fn has_terminal() -> bool {
    open("/dev/tty", OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).is_ok()
}

/// Whether whoever started the process wants it to outlive its terminal, as nohup does.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & 1 << (SIGHUP - 1) != 0
}
