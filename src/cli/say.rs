//! Words to the person at the terminal. A closed pipe is no error: whoever read has seen enough.

use std::io::Write;

/// A line on standard output: results.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line on standard error: what goes on, and what went wrong.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
