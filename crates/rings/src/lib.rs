//! How the threads hand things to each other: bounded rings with one writer and one reader, flags
//! and fences.
//!
//! The rings are rtrb's: it lies at the cost of a cache-line hand-off, so a ring of our own could
//! not be faster and would only add unsafe code. What is added here is what the house needs of a
//! ring: its name, its depth, and what being full does to its writer, as data with the reason.
//!
//! Nothing here waits: a full ring refuses, an empty one says so, and the stage decides.
//!
//! Floor 1.

#![forbid(unsafe_code)]

mod fence;
mod flag;
mod ring;
mod sync;

pub use fence::Fence;
pub use flag::Flag;
pub use ring::{Full, Receiver, Sender, ring};
