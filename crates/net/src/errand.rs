//! Errands: blocking requests that a hot thread has run for it elsewhere.
//!
//! A hot thread may not wait, and REST calls are waiting. So it submits a small [`Errand::Job`],
//! and a cold thread of the errand's own runs it against an [`HttpClient`] and hands back answers.

use std::thread::{self, Thread};
use std::time::Duration;

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::NetError;
use crate::http::HttpClient;

/// How long an idle errand thread sleeps before it looks whether anybody still wants it.
const NAP: Duration = Duration::from_millis(100);
/// How long it waits for room when its answers are not fetched.
const ANSWER_NAP: Duration = Duration::from_millis(1);

/// A kind of blocking work.
pub trait Errand: Send + 'static {
    /// What is to be done; travels through a ring.
    type Job: Copy + Send + 'static;
    /// What came of it; travels back through a ring.
    type Answer: Copy + Send + 'static;

    /// Does `job`, which may block, and gives any number of answers.
    fn run(&mut self, job: Self::Job, http: &HttpClient, answer: &mut dyn FnMut(Self::Answer));
}

/// The hot side: jobs in, answers out. Never waits, never allocates.
#[derive(Debug)]
pub struct ErrandHandle<Job, Answer> {
    jobs: Producer<Job>,
    answers: Consumer<Answer>,
    worker: Option<Thread>,
}

impl<Job: Copy, Answer: Copy> ErrandHandle<Job, Answer> {
    /// Both ends in memory: a test plays the thread.
    #[must_use]
    pub fn pair(depth: usize) -> (Self, ErrandPeer<Job, Answer>) {
        let (jobs, jobs_out) = RingBuffer::new(depth);
        let (answers_in, answers) = RingBuffer::new(depth);
        let handle = Self { jobs, answers, worker: None };
        (handle, ErrandPeer { jobs: jobs_out, answers: answers_in })
    }

    /// Hands `job` over.
    ///
    /// # Errors
    /// Gives it back when the queue is full or the thread is gone.
    pub fn submit(&mut self, job: Job) -> Result<(), Job> {
        if self.jobs.is_abandoned() {
            return Err(job);
        }
        self.jobs.push(job).map_err(|PushError::Full(job)| job)?;
        if let Some(worker) = &self.worker {
            worker.unpark();
        }
        Ok(())
    }

    /// The next answer, if one is there.
    pub fn poll(&mut self) -> Option<Answer> {
        self.answers.pop().ok()
    }
}

/// The other side of [`ErrandHandle::pair`].
#[derive(Debug)]
pub struct ErrandPeer<Job, Answer> {
    jobs: Consumer<Job>,
    answers: Producer<Answer>,
}

impl<Job: Copy, Answer: Copy> ErrandPeer<Job, Answer> {
    /// The next job submitted.
    pub fn next_job(&mut self) -> Option<Job> {
        self.jobs.pop().ok()
    }

    /// Hands an answer back.
    ///
    /// # Errors
    /// Gives it back when the queue is full.
    pub fn answer(&mut self, answer: Answer) -> Result<(), Answer> {
        self.answers.push(answer).map_err(|PushError::Full(answer)| answer)
    }
}

/// Starts the thread that runs `errand`. It ends by itself when the handle is dropped.
///
/// At most `depth` jobs wait, and at most `depth` answers.
///
/// # Errors
/// When the thread cannot be started.
pub fn spawn_errands<E: Errand>(
    name: &str,
    errand: E,
    http: HttpClient,
    depth: usize,
) -> Result<ErrandHandle<E::Job, E::Answer>, NetError> {
    let (mut handle, peer) = ErrandHandle::pair(depth);
    let worker = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || work(errand, &http, peer))
        .map_err(|source| NetError::System { what: "start an errand thread", source })?;
    handle.worker = Some(worker.thread().clone());
    Ok(handle)
}

/// The errand thread: until the handle is gone, one job after the other.
fn work<E: Errand>(mut errand: E, http: &HttpClient, peer: ErrandPeer<E::Job, E::Answer>) {
    let ErrandPeer { mut jobs, mut answers } = peer;
    // bound: until the handle is dropped
    loop {
        if let Ok(job) = jobs.pop() {
            errand.run(job, http, &mut |answer| deliver(&mut answers, answer));
        } else if jobs.is_abandoned() {
            return;
        } else {
            thread::park_timeout(NAP);
        }
    }
}

/// Puts `answer` into the ring; waits while it is full, gives up when nobody will ever fetch it.
fn deliver<Answer: Copy>(answers: &mut Producer<Answer>, answer: Answer) {
    // bound: until there is room or the handle is dropped
    while answers.push(answer).is_err() {
        if answers.is_abandoned() {
            return;
        }
        thread::park_timeout(ANSWER_NAP);
    }
}

#[cfg(test)]
mod tests;
