//! Where the log goes, and which closed log files are kept.

use config::plan::{Level, LogFormat, LogOutput, Logging};
use file_rotate::compression::Compression;
use file_rotate::suffix::{AppendCount, SuffixScheme};
use file_rotate::{ContentLimit, FileRotate};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// As the sidecar reads it.
pub(crate) const fn format(logging: &Logging) -> sidecar::LogFormat {
    match logging.format {
        LogFormat::Text => sidecar::LogFormat::Text,
        LogFormat::Json => sidecar::LogFormat::Json,
    }
}

/// As the sidecar reads it; `debug` is the system's.
pub(crate) const fn level(logging: &Logging, debug: bool) -> telemetry::Level {
    match logging.level {
        _ if debug => telemetry::Level::Debug,
        Level::Debug => telemetry::Level::Debug,
        Level::Info => telemetry::Level::Info,
        Level::Warning => telemetry::Level::Warn,
        Level::Error => telemetry::Level::Error,
    }
}

/// Where lines go: the configured place, or `instead` where the terminal is a page.
///
/// # Errors
/// The path of a file that cannot be written, and why.
pub(crate) fn target(
    logging: &Logging,
    instead: Option<PathBuf>,
) -> Result<Box<dyn Write + Send>, (PathBuf, io::Error)> {
    match (&logging.output, instead) {
        (LogOutput::File(path), _) => rotated(path, logging),
        (_, Some(path)) => rotated(&path, logging),
        (LogOutput::Stdout, None) => Ok(Box::new(io::stdout())),
        (LogOutput::Stderr, None) => Ok(Box::new(io::stderr())),
    }
}

fn rotated(path: &Path, logging: &Logging) -> Result<Box<dyn Write + Send>, (PathBuf, io::Error)> {
    // The rotation opens it again, but tells nobody when it cannot.
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|why| (path.to_owned(), why))?;
    let kept = Kept {
        path: path.to_owned(),
        count: AppendCount::new(usize::try_from(logging.rotate_files).unwrap_or(usize::MAX)),
        age: DAY.saturating_mul(logging.rotate_days),
    };
    let limit = usize::try_from(logging.rotate_bytes).unwrap_or(usize::MAX).max(1);
    let limit = ContentLimit::BytesSurpassed(limit);
    Ok(Box::new(FileRotate::new(path, kept, limit, Compression::None, None)))
}

/// `FILE.1` is the newest closed file; so many are kept, and none that is older.
struct Kept {
    path: PathBuf,
    count: AppendCount,
    age: Duration,
}

impl SuffixScheme for Kept {
    type Repr = usize;

    fn rotate_file(
        &mut self,
        base: &Path,
        newest: Option<&usize>,
        suffix: &Option<usize>,
    ) -> io::Result<usize> {
        self.count.rotate_file(base, newest, suffix)
    }

    fn parse(&self, suffix: &str) -> Option<usize> {
        self.count.parse(suffix)
    }

    fn too_old(&self, suffix: &usize, number: usize) -> bool {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{suffix}"));
        let written = std::fs::metadata(name).and_then(|about| about.modified());
        let age = written.ok().and_then(|at| at.elapsed().ok());
        self.count.too_old(suffix, number) || age.is_some_and(|age| age > self.age)
    }
}

#[cfg(test)]
mod tests;
