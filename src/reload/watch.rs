//! Waits until the configuration may have changed: the kernel says so, somebody asks, or a while has passed.

use rings::Flag;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fmt::{self, Display, Formatter};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Looked at again after this long even if nobody said anything: some file systems tell nothing.
const ROUND: Duration = Duration::from_secs(30);
/// A change is over when nothing more was heard for this long,
const QUIET: Duration = Duration::from_millis(100);
/// or after this long.
const RESTLESS: Duration = Duration::from_secs(2);
/// Between two looks, however often somebody asks.
const GAP: Duration = Duration::from_millis(100);

/// Why the configuration is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Something happened in its folder.
    Files,
    /// SIGHUP.
    Signal,
    /// POST /config/reload.
    Request,
    /// The source holds something else.
    Source,
    /// It was time to.
    Time,
}

impl Display for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Files => "files",
            Self::Signal => "signal",
            Self::Request => "request",
            Self::Source => "source",
            Self::Time => "time",
        })
    }
}

/// Wakes the thread that waits; from any thread.
#[derive(Clone, Debug)]
pub(crate) struct Bell {
    wake: Arc<OwnedFd>,
    asked: Arc<Mutex<Option<Cause>>>,
    stop: Flag,
}

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { wake: Arc::new(wake), asked: Arc::default(), stop: Flag::new() })
    }

    /// Asks for a look. Asking again before it came changes nothing but the reason that is told; that it
    /// was time to look takes no other's place.
    pub(crate) fn ask(&self, cause: Cause) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if cause != Cause::Time || asked.is_none() {
            *asked = Some(cause);
        }
        drop(asked);
        self.ring();
    }

    /// Ends the waiting, for good.
    pub(crate) fn stop(&self) {
        self.stop.set();
        self.ring();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }

    fn ring(&self) {
        // Full, it wakes as well.
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }

    fn take(&self) -> Option<Cause> {
        let mut count = [0; 8];
        let _ = rustix::io::read(&*self.wake, &mut count); // empty or not: it does not ring any more
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The one who waits.
#[derive(Debug)]
pub(super) struct Watch {
    /// The configuration's folder, if it has one.
    dir: Option<PathBuf>,
    /// Files it names that lie elsewhere.
    files: Vec<PathBuf>,
    /// What the kernel tells; `None` where it cannot.
    inotify: Option<OwnedFd>,
    /// That the kernel tells nothing was said.
    blind: bool,
    bell: Bell,
    looked: Instant,
}

impl Watch {
    pub(super) fn new(dir: Option<PathBuf>, files: Vec<PathBuf>, bell: Bell) -> Self {
        let inotify = listen(dir.as_deref(), &files).ok();
        Self { dir, files, inotify, blind: false, bell, looked: Instant::now() }
    }

    /// Listens to these files instead of those it was told of before.
    pub(super) fn also(&mut self, files: &[PathBuf]) {
        if self.files != files {
            self.files = files.to_vec();
            self.inotify = listen(self.dir.as_deref(), &self.files).ok();
            // One may have changed since it was read.
            self.bell.ask(Cause::Time);
        }
    }

    /// Whether the kernel does not tell of changes any more, or never did, and nobody has asked since: they
    /// are seen within [`ROUND`] only.
    pub(super) fn became_blind(&mut self) -> bool {
        let is_blind = self.inotify.is_none();
        let was_blind = core::mem::replace(&mut self.blind, is_blind);
        is_blind && !was_blind
    }

    /// Waits for the next reason to look; `None` when there will be none. What happens from its return on
    /// is a reason of its own.
    pub(super) fn next(&mut self) -> Option<Cause> {
        let until = self.looked + ROUND;
        let cause = loop {
            let heard = self.wait(until.saturating_duration_since(Instant::now()));
            if self.bell.is_stopped() {
                return None;
            }
            if let Some(cause) = self.bell.take() {
                break cause;
            }
            if heard {
                self.settle();
                break Cause::Files;
            }
            if Instant::now() >= until {
                break Cause::Time;
            }
        };
        thread::sleep((self.looked + GAP).saturating_duration_since(Instant::now()));
        self.looked = Instant::now();
        // Anew: folders may be others by now. Before the files are read, so that nothing is missed.
        self.inotify = listen(self.dir.as_deref(), &self.files).ok();
        Some(cause)
    }

    /// Waits until nothing more happens: an editor or a copy does several things.
    fn settle(&self) {
        let end = Instant::now() + RESTLESS;
        // bound: RESTLESS
        while Instant::now() < end && !self.bell.is_stopped() && self.heard() {
            thread::sleep(QUIET);
        }
    }

    /// Whether the kernel told something since last asked.
    fn heard(&self) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let mut buffer = [0; 4096];
        let mut heard = false;
        // bound: what the kernel holds for us
        while rustix::io::read(inotify, &mut buffer).is_ok_and(|bytes| bytes > 0) {
            heard = true;
        }
        heard
    }

    /// Whether the folder spoke, or the bell or nobody did, within `time`.
    fn wait(&self, time: Duration) -> bool {
        let mut fds = vec![PollFd::new(&*self.bell.wake, PollFlags::IN)];
        if let Some(inotify) = &self.inotify {
            fds.push(PollFd::new(inotify, PollFlags::IN));
        }
        let time = Timespec::try_from(time).ok();
        // Interrupted or not: who waits looks at the clock.
        let _ = poll(&mut fds, time.as_ref());
        fds.get(1).is_some_and(|fd| !fd.revents().is_empty())
    }
}

/// Listens to everything that can give a folder or single files other content: in the folder, in its
/// overlays, and beside what is a link that can be turned.
fn listen(dir: Option<&Path>, files: &[PathBuf]) -> io::Result<OwnedFd> {
    let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let flags = WatchFlags::CLOSE_WRITE
        | WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVED_FROM
        | WatchFlags::MOVED_TO
        | WatchFlags::ATTRIB
        | WatchFlags::MOVE_SELF
        | WatchFlags::DELETE_SELF;
    if let Some(dir) = dir {
        inotify::add_watch(&fd, dir, flags)?;
        // There or not.
        let _ = inotify::add_watch(&fd, dir.join(config::files::OVERLAYS), flags);
        if let Some(parent) = beside(dir).filter(|_| dir.is_symlink()) {
            inotify::add_watch(&fd, parent, flags)?;
        }
    }
    for file in files {
        // Where it is named, where links are turned, and where it lies. There or not.
        let lies = std::fs::canonicalize(file).ok();
        for parent in [Some(file), lies.as_ref()].into_iter().flatten().filter_map(|f| beside(f)) {
            let _ = inotify::add_watch(&fd, parent, flags);
        }
    }
    Ok(fd)
}

/// The folder a path lies in.
fn beside(path: &Path) -> Option<&Path> {
    let parent = path.parent()?;
    Some(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}

#[cfg(test)]
mod tests;
