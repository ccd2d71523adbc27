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
