//! Follows a source that lies elsewhere: waits on a thread of its own until it holds something else.

use super::watch::{Bell, Cause};
use config::source::{Remote, SourceFault};
use sidecar::Desk;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use telemetry::Level;

/// How long one question may wait for its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before a source that gave nothing is asked again.
const PAUSE: Duration = Duration::from_secs(5);

/// Where the configuration is read from: a folder, or the copies that are made of a source.
#[derive(Debug)]
pub(super) struct Place {
    /// The folder; of a source, its last copy that loaded without a fault.
    dir: Option<PathBuf>,
    follower: Option<Follower>,
    /// The copy that is being looked at.
    copy: Option<PathBuf>,
    /// What is wrong with what the source holds.
    faulty: Option<Vec<String>>,
}

/// What there is to look at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// What a look before this has seen and said.
    Seen,
    /// What the source holds was looked at and has these faults.
    Faulty(Vec<String>),
    /// This folder; without one the built-in files.
    Folder(Option<PathBuf>),
}

impl Place {
    pub(super) fn new(dir: Option<PathBuf>, follower: Option<Follower>) -> Self {
        Self { dir, follower, copy: None, faulty: None }
    }

    /// Whether there is a folder that others write to.
    pub(super) fn is_watched(&self) -> bool {
        self.dir.is_some() && self.follower.is_none()
    }

    /// What to look at for this reason. A folder is to be followed by [`Place::read`].
    pub(super) fn next(&mut self, cause: Cause) -> Found {
        let Some(follower) = &self.follower else { return Found::Folder(self.dir.clone()) };
        self.copy = follower.take();
        if self.copy.is_some() {
            return Found::Folder(self.copy.clone());
        }
        match &self.faulty {
            _ if cause == Cause::Source => Found::Seen,
            Some(faults) => Found::Faulty(faults.clone()),
            None => Found::Folder(self.dir.clone()),
        }
    }

    /// Says what is wrong with the folder that was looked at.
    pub(super) fn read(&mut self, faults: Option<Vec<String>>) {
        let (Some(follower), Some(copy)) = (&self.follower, self.copy.take()) else { return };
        follower.loaded(faults.is_none());
        if faults.is_none() {
            self.dir = Some(copy);
        }
        self.faulty = faults;
    }
}

/// The reloader's end.
#[derive(Debug)]
pub(super) struct Follower {
    fetched: Receiver<PathBuf>,
    loaded: Sender<bool>,
}

impl Follower {
    /// Begins to follow. The thread ends with the process: it may be waiting for an answer.
    pub(super) fn start(remote: Remote, bell: Bell, desk: Desk) -> io::Result<Self> {
        let (fetch, fetched) = channel();
        let (loaded, verdicts) = channel();
        let body = move || follow(remote, &bell, &desk, &fetch, &verdicts);
        thread::Builder::new().name("source".to_owned()).spawn(body)?;
        Ok(Self { fetched, loaded })
    }

    /// The folder of what the source holds now, once.
    pub(super) fn take(&self) -> Option<PathBuf> {
        self.fetched.try_recv().ok()
    }

    /// Says whether it loaded without a fault: then it is the last good copy.
    pub(super) fn loaded(&self, well: bool) {
        // A thread that is gone keeps nothing.
        let _ = self.loaded.send(well);
    }
}

fn follow(
    mut remote: Remote,
    bell: &Bell,
    desk: &Desk,
    fetch: &Sender<PathBuf>,
    verdicts: &Receiver<bool>,
) {
    let mut away = false;
    // bound: until the engine stops
    while !bell.is_stopped() {
        let waited = remote.wait(PATIENCE);
        if away != waited.is_err() {
            away = waited.is_err();
            tell(desk, waited.as_ref().err());
        }
        let copied = match waited {
            Ok(Some(copied)) => copied,
            Ok(None) => continue,
            Err(_) => {
                thread::sleep(PAUSE);
                continue;
            }
        };
        if fetch.send(copied.dir).is_err() {
            return;
        }
        bell.ask(Cause::Source);
        match verdicts.recv() {
            Ok(true) => {
                if let Err(why) = remote.keep() {
                    tell(desk, Some(&why));
                }
            }
            Ok(false) => {}
            Err(_) => return,
        }
    }
}

fn tell(desk: &Desk, why: Option<&SourceFault>) {
    // A log that cannot follow changes nothing here.
    let _ = match why {
        Some(why) => {
            let text = format!("{why}; the version in force stays");
            desk.say(Level::Warn, "configuration", text)
        }
        None => desk.say(Level::Info, "configuration", "the source answers again".to_owned()),
    };
}

#[cfg(test)]
mod tests;
