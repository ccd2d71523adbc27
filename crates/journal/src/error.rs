//! What can be wrong with a journal, each with the file and what to do.

use std::io;
use std::path::PathBuf;

/// Why a journal could not be opened, read or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("journal {path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Another engine writes here.
    #[error(
        "journal {path} is in use by process {pid}: stop it, or give this one another state_dir"
    )]
    InUse {
        /// Which folder.
        path: PathBuf,
        /// Who, as the lock file says.
        pid: String,
    },
    /// Written by a build with another format.
    #[error(
        "{path} has format {found}; this build reads format {known}: use the build that wrote it, or start with an empty state_dir"
    )]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// This build's.
        known: u32,
    },
    /// Belongs to another engine.
    #[error(
        "{path} belongs to instance {found}, not {wanted}: two engines may not share a state_dir"
    )]
    Instance {
        /// Which file.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// Its content cannot be what was written.
    #[error(
        "{path} is damaged: {what}; restore it from a copy, or move the state_dir away and start empty"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// No room for the next segment.
    #[error(
        "no room for the journal in {path}: {needed} bytes wanted, {free} free; make room, or the engine stops taking new risk"
    )]
    NoSpace {
        /// Which folder.
        path: PathBuf,
        /// Bytes wanted, with the reserve.
        needed: u64,
        /// Bytes there are.
        free: u64,
    },
    /// The starts are used up: an order id holds 24 bits of them.
    #[error(
        "{path}: the last epoch is {epoch} and order ids hold no higher one: choose a new instance name"
    )]
    Epochs {
        /// Which file.
        path: PathBuf,
        /// The last one.
        epoch: u32,
    },
    /// The number this start was given is not higher than the last one's.
    #[error(
        "{path}: start {last} was here already, and this one was given number {given}: another engine \
             uses this state folder without the same Lease"
    )]
    Behind {
        /// Which file.
        path: PathBuf,
        /// The last one.
        last: u32,
        /// What this start was to be.
        given: u32,
    },
    /// An option that makes no sense.
    #[error("journal option: {0}")]
    Option(&'static str),
    /// Asked for records that were pruned or not written yet.
    #[error("record {index} is not in journal {path}, which holds {first}..{end}")]
    Range {
        /// Which folder.
        path: PathBuf,
        /// What was asked for.
        index: u64,
        /// The oldest there is.
        first: u64,
        /// One past the newest there is.
        end: u64,
    },
}

impl JournalError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn damaged(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into() }
    }
}
