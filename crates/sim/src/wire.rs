//! What the OKX and Bybit protocols both need to speak: JSON in a fixed field order, signatures,
//! sliding request windows, and a ladder of levels that tells what changed since its last message.
//!
//! Nothing in here is shared with the engine under test: its codecs, its signing and its budgets live
//! in other crates, so that a misreading on one side cannot hide behind the same one on the other.

#[cfg(test)]
pub(crate) mod bench;
pub(crate) mod day;
pub(crate) mod json;
pub(crate) mod ladder;
pub(crate) mod sign;
pub(crate) mod window;
