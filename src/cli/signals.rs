//! SIGINT, SIGTERM and SIGHUP: stop in order. A second one does nothing more: the first is under way.

use rings::Flag;

/// Sets `stop` on the first signal.
pub(crate) fn on_stop(stop: &Flag) -> Result<(), ctrlc::Error> {
    let stop = stop.clone();
    ctrlc::set_handler(move || stop.set())
}
