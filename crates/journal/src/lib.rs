//! The journal: every record the core read or wrote, in order, in memory-mapped files.
//!
//! The thread that runs the core appends; what it appended survives the death of the process in the
//! page cache from that instant on, because a record is sealed with a checksum of its place as the
//! last of its stores. Whether it also survives the loss of power is the [`Keeper`]'s business, which
//! syncs behind the writer and prepares files ahead of it from a cold thread, so that an append never
//! waits, faults or calls the system. Everything else - positions, reports, replay - is a view of
//! these files.
//!
//! ```text
//! lock                     held while an engine writes here
//! epoch                    the number of the last start; durable before that start's first order
//! plan-EPOCH.json          what the core of that start was made from
//! plan-EPOCH-VERSION.json  what it was given while it ran; durable before the record that adopts it
//! FIRST.seg                records from index FIRST on: a page of header, then 64 bytes each
//! INDEX.snap               the core's state before record INDEX
//! ```
//!
//! Floor 1.

mod error;
mod files;
mod follower;
mod keeper;
mod open;
mod reader;
mod seal;
mod segment;
mod snapshot;
mod writer;

#[cfg(test)]
mod testing;

pub use error::JournalError;
pub use follower::Follower;
pub use keeper::Keeper;
pub use open::{
    Former, Journal, Opened, Options, Repair, adopted_plan, is_in_use, keep_plan, last_epoch,
};
pub use reader::{Entry, Reader, Records};
pub use snapshot::{Snapshot, latest_snapshot};
pub use writer::{Full, Writer};

/// The format of segments, snapshots and the epoch file this build writes and reads.
pub const VERSION: u32 = 1;
