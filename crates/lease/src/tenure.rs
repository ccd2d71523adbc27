//! The thread that holds the Lease: it asks, waits, renews, and moves the fence.

use crate::api::Api;
use crate::clock::Clocks;
use crate::holder::{Ask, Holder, Step, Terms};
use base::{Span, Stamp};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ring::rand::{SecureRandom as _, SystemRandom};
use rings::{Fence, Flag};
use std::fmt::{self, Display, Formatter};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use thiserror::Error;

/// A suspended machine's waits go on where they stopped when it wakes up: none is longer than this.
const WAIT: Duration = Duration::from_millis(200);
/// How often somebody who waits for the Lease looks whether it is there, or is to give up.
const LOOK: Duration = Duration::from_millis(20);

/// Why the Lease is not held.
#[derive(Debug, Error)]
pub enum TenureError {
    /// No thread.
    #[error("cannot start thread lease: {0}")]
    Thread(io::Error),
    /// Told to stop while waiting for it.
    #[error("stopped while waiting for the Lease: {0}")]
    Stopped(String),
}

/// The name of one contender: of this process and no other, ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// A name that people recognise, made unique: two processes of one pod, or of one host, have two.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut bytes = [0_u8; 8];
        // The process's number keeps what a missing source of chance would take.
        let _ = SystemRandom::new().fill(&mut bytes);
        Self(format!("{name}_{}_{:016x}", std::process::id(), u64::from_le_bytes(bytes)))
    }
}

impl Display for Identity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the tenure stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The fencing token; `None` until the Lease was ours.
    pub token: Option<u32>,
    /// Renewals that were answered well, the taking included.
    pub renewals: u64,
    /// Requests that were not.
    pub failures: u64,
    /// What is wrong at present.
    pub trouble: Option<String>,
    /// It was ours and is another's: this process may never send again.
    pub lost: bool,
}

/// A look at a tenure from any thread.
#[derive(Clone, Debug)]
pub struct Watch {
    status: Arc<Mutex<Status>>,
    fence: Fence,
}

impl Watch {
    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// How long the permission still lasts.
    #[must_use]
    pub fn margin(&self, now: Stamp) -> Span {
        self.fence.end() - now
    }
}

/// A contender at work. Dropping it shuts the fence and gives the Lease back.
#[derive(Debug)]
pub struct Tenure {
    watch: Watch,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Tenure {
    /// Begins to ask for the Lease, and then holds it, on a thread of its own. The fence is shut until the
    /// Lease is ours.
    ///
    /// # Errors
    /// [`TenureError::Thread`].
    pub fn begin<A, K>(
        (identity, terms, floor): (&Identity, Terms, u32),
        api: A,
        clock: K,
        fence: Fence,
    ) -> Result<Self, TenureError>
    where
        A: Api + Send + 'static,
        K: Clocks + Send + 'static,
    {
        fence.close();
        let status = Arc::new(Mutex::new(Status::default()));
        let watch = Watch { status: Arc::clone(&status), fence: fence.clone() };
        let holder = Holder::new(identity.to_string(), terms, floor);
        let mut work = Work { holder, api, clock, fence, status };
        let (stop, stopped) = bounded(0);
        let thread = thread::Builder::new()
            .name("lease".to_owned())
            .spawn(move || work.run(&stopped))
            .map_err(TenureError::Thread)?;
        Ok(Self { watch, stop: Some(stop), thread: Some(thread) })
    }

    /// A look at it for others.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Waits until the Lease is ours; tells what stands between whenever that changes.
    ///
    /// # Errors
    /// [`TenureError::Stopped`] when told to stop meanwhile.
    pub fn wait(&self, stop: &Flag, mut tell: impl FnMut(&str)) -> Result<u32, TenureError> {
        let mut told = None;
        loop {
            let Status { token, trouble, .. } = self.watch.status();
            if let Some(token) = token {
                return Ok(token);
            }
            if stop.is_set() {
                return Err(TenureError::Stopped(trouble.unwrap_or_default()));
            }
            if trouble.is_some() && trouble != told {
                tell(trouble.as_deref().unwrap_or_default());
                told = trouble;
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It shut the fence before it ended, however it ended: see `Work`.
            drop(thread.join());
        }
    }
}

/// What the thread works with.
struct Work<A, K> {
    holder: Holder,
    api: A,
    clock: K,
    fence: Fence,
    status: Arc<Mutex<Status>>,
}

impl<A, K> Drop for Work<A, K> {
    fn drop(&mut self) {
        self.fence.close();
    }
}

impl<A: Api, K: Clocks> Work<A, K> {
    fn run(&mut self, stopped: &Receiver<()>) {
        while let Some(until) = self.turn() {
            let wait = Duration::from_nanos((until - self.clock.boot()).0).min(WAIT);
            if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        self.fence.close();
        if let Some(ask) = self.holder.release() {
            // Without it the next one waits a little longer, that is all.
            let _ = self.api.ask(&ask);
        }
    }

    /// Does what is due; says when to come again, `None` when the Lease is another's.
    fn turn(&mut self) -> Option<Stamp> {
        match self.holder.next(self.clock.boot()) {
            Step::Ask(ask) => {
                self.ask(&ask);
                Some(self.clock.boot())
            }
            Step::Wait(until) => {
                let now = self.clock.boot();
                match self.holder.held() {
                    // A machine that slept: its monotonic clock did not see the permission end.
                    Some((_, end)) if end <= now => self.fence.close(),
                    Some((_, end)) => return Some(until.min(end)),
                    None => {}
                }
                Some(until)
            }
            Step::Lost => {
                self.fence.close();
                lock(&self.status).lost = true;
                None
            }
        }
    }

    fn ask(&mut self, ask: &Ask) {
        let answer = self.api.ask(ask);
        let well = answer.is_ok();
        self.holder.answered(ask, answer, self.clock.boot());
        self.fence.open_until(self.permitted());
        let mut status = lock(&self.status);
        status.token = self.holder.held().map(|(token, _)| token).or(status.token);
        status.trouble = self.holder.trouble().map(str::to_owned);
        match (well, ask) {
            (true, Ask::Put(_)) => status.renewals += 1,
            (true, Ask::Get) => {}
            (false, _) => status.failures += 1,
        }
    }

    /// The end of the permission on the clock of the order path.
    fn permitted(&self) -> Stamp {
        let Some((_, end)) = self.holder.held() else { return Stamp(0) };
        // Read in this order, time that passes between the two only shortens what is left.
        let mono = self.clock.mono();
        let left = end - self.clock.boot();
        if left == Span(0) { Stamp(0) } else { mono + left }
    }
}

/// A poisoned lock still holds whole values: they are replaced, never half changed.
fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
