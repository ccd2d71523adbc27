//! What the exit codes mean; `funding-arb --help` prints the same list.

use super::say;
use std::process::ExitCode;

/// Failed while running.
pub(crate) const FAILED: u8 = 1;
/// Wrong command line or configuration; nothing was started.
pub(crate) const CONFIGURATION: u8 = 2;
/// Refused to start.
pub(crate) const REFUSED: u8 = 3;
/// Stopped, but an order's end could not be confirmed in time.
pub(crate) const DISORDER: u8 = 4;

/// Says why and fails.
pub(crate) fn failed(why: &str) -> ExitCode {
    with(FAILED, why)
}

/// Says what is wrong with the configuration.
pub(crate) fn configuration(why: &str) -> ExitCode {
    with(CONFIGURATION, why)
}

/// Says why nothing was started.
pub(crate) fn refused(why: &str) -> ExitCode {
    with(REFUSED, why)
}

/// Says what is not in order.
pub(crate) fn disorder(why: &str) -> ExitCode {
    with(DISORDER, why)
}

fn with(code: u8, why: &str) -> ExitCode {
    say::note(why);
    ExitCode::from(code)
}
