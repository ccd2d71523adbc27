//! The simulated venues as a child process: started by a run of mode `sim`, ended with it.

use crate::cli::VENUES_READY;
use serde_json::Value;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long the venues may take to come up: unpacking the captures takes most of it.
const START: Duration = Duration::from_secs(60);
/// How long they may take to write their ledger.
const END: Duration = Duration::from_secs(10);

/// Why there are no venues.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot start the simulated venues: {0}")]
    Start(#[from] io::Error),
    #[error("the simulated venues did not come up: {0}")]
    NotUp(String),
    #[error("the simulated venues ended by themselves ({0}); what they said stands above")]
    Ended(ExitStatus),
    #[error("the simulated venues left no ledger in {}: {why}", dir.display())]
    NoLedger { dir: PathBuf, why: String },
}

/// The running child. Dropping it ends it: it lives as long as its standard input is open.
#[derive(Debug)]
pub(crate) struct Venues {
    child: Child,
    dir: PathBuf,
}

/// What to play.
#[derive(Debug)]
pub(crate) struct Play<'a> {
    pub(crate) scenario: &'a str,
    pub(crate) seed: Option<u64>,
    pub(crate) dir: &'a Path,
}

impl Venues {
    /// Starts the venues and waits until `venues.json` is there.
    pub(crate) fn start(play: &Play<'_>) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["venues", "--while-stdin", "--scenario", play.scenario, "--dir"]);
        command.arg(play.dir);
        if let Some(seed) = play.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        // Of the environment, which may hold keys, they need nothing.
        command.env_clear();
        // A group of its own: an interrupt at the terminal is for the engine, which ends its venues
        // after its orders are cancelled.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take();
        let venues = Self { child, dir: play.dir.to_owned() };
        let (said, heard) = channel();
        thread::Builder::new().name("venues-out".to_owned()).spawn(move || {
            for line in stdout.into_iter().flat_map(|out| BufReader::new(out).lines()).flatten() {
                // The other end stops listening once the venues are up.
                let _ = said.send(line);
            }
        })?;
        venues.await_ready(&heard)
    }

    fn await_ready(mut self, heard: &std::sync::mpsc::Receiver<String>) -> Result<Self, Fault> {
        let until = Instant::now() + START;
        loop {
            match heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with(VENUES_READY) => return Ok(self),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Fault::NotUp(format!("not ready after {} s", START.as_secs())));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait()?;
                    return Err(Fault::NotUp(format!("they ended ({status}); see above")));
                }
            }
        }
    }

    /// Whether they still run; else how they ended.
    pub(crate) fn check(&mut self) -> Result<(), Fault> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(Fault::Ended(status)),
        }
    }

    /// Ends the venues; returns their ledgers.
    pub(crate) fn stop(mut self) -> Result<Value, Fault> {
        let dir = self.dir.clone();
        self.end();
        read_ledger(&dir)
    }

    fn end(&mut self) {
        drop(self.child.stdin.take());
        let until = Instant::now() + END;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        // It did not end by itself: nothing it could still say is worth waiting for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Venues {
    fn drop(&mut self) {
        self.end();
    }
}

fn read_ledger(dir: &Path) -> Result<Value, Fault> {
    let fault = |why: String| Fault::NoLedger { dir: dir.to_owned(), why };
    let text = std::fs::read(dir.join("ledger.json")).map_err(|why| fault(why.to_string()))?;
    serde_json::from_slice(&text).map_err(|why| fault(why.to_string()))
}
