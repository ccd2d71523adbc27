//! The keeper's thread: the journal's files and snapshots.

use super::{Said, Shared, SnapshotJob, put};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use journal::{JournalError, Keeper};
use std::time::Duration;
use telemetry::Level;

/// How often the keeper looks after the journal.
const EVERY: Duration = Duration::from_millis(5);

pub(super) struct Keeping {
    pub(super) keeper: Keeper,
    pub(super) todo: Receiver<SnapshotJob>,
    pub(super) retain: Option<u64>,
}

/// Runs until nobody can ask for snapshots any more, then makes everything durable.
pub(super) fn run(mut keeping: Keeping, shared: &Shared, say: &Sender<Said>) {
    // bound: until the asking side is gone
    loop {
        match keeping.todo.recv_timeout(EVERY) {
            Ok(job) => keeping.snapshot(&job, shared, say),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let turned = keeping.keeper.turn();
        judge("journal", turned, shared, say);
        keeping.publish(shared);
    }
    let synced = keeping.keeper.sync_all().map(drop);
    judge("journal", synced, shared, say);
    keeping.publish(shared);
}

impl Keeping {
    fn snapshot(&mut self, job: &SnapshotJob, shared: &Shared, say: &Sender<Said>) {
        let written = self.keeper.write_snapshot(job.index, &job.state);
        if written.is_ok() {
            put(&shared.own.snapshot, job.index);
        }
        let done = written.and_then(|()| match self.retain {
            Some(retain) => self.keeper.prune(job.index.saturating_sub(retain)).map(drop),
            None => Ok(()),
        });
        judge("snapshot", done, shared, say);
    }

    fn publish(&self, shared: &Shared) {
        put(&shared.own.written, self.keeper.written());
        put(&shared.own.synced, self.keeper.synced());
    }
}

/// Notes what went wrong, or that it does no longer, and tells the log when that is news.
fn judge(code: &'static str, done: Result<(), JournalError>, shared: &Shared, say: &Sender<Said>) {
    let what = done.err().map(|error| error.to_string());
    let (level, text) = match &what {
        Some(what) => (Level::Error, what.clone()),
        None => (Level::Info, "all is well again".to_owned()),
    };
    if shared.fault(code, what) {
        // A log that does not keep up loses lines, never holds the keeper up.
        let _ = say.try_send(Said { level, code, text });
    }
}
