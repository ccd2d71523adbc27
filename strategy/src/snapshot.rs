//! The core's state as records, and back.
//!
//! Layout, all in records of kind `Snapshot`: a head (`flags` 0) with magic, layout (low half of the word)
//! and version of the plan (high half), a hash of what of the plan shapes the tables, the number of words
//! and their checksum; then bodies (`flags` 1,
//! `aux` counting modulo 65,536) with five words each, the last one padded with zeros. The order of
//! the words is the order of the `pipe` functions. A layout changes by a new version, never in place.

use crate::engine::Core;
use crate::hash::Rolling;
use crate::pipe::{Pipe, Reader, Writer};
use crate::plan::Plan;
use base::{Kind, Record};
use core::fmt;

const MAGIC: i64 = 0x6172_6263_6f72_6531;
/// Version of the words' order.
const LAYOUT: u32 = 3;
const HEAD: u16 = 0;
const BODY: u16 = 1;
const WORDS: usize = 5;

/// Why records are no snapshot of this plan's core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// They do not begin with a head, or a body is out of place.
    NoSnapshot,
    /// Written by another layout.
    Layout(u32),
    /// Other instruments, strategies or table sizes.
    OtherPlan,
    /// Words are missing, changed or impossible.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSnapshot => f.write_str("the records are no snapshot"),
            Self::Layout(version) => write!(f, "the snapshot has layout {version}, not {LAYOUT}"),
            Self::OtherPlan => {
                f.write_str("the snapshot belongs to other instruments, strategies or table sizes")
            }
            Self::Damaged => f.write_str("the snapshot is damaged"),
        }
    }
}

impl core::error::Error for RestoreError {}

impl Core {
    /// Appends its whole state as records. Cold: allocates.
    pub fn save(&self, into: &mut Vec<Record>) {
        let mut writer = Writer::default();
        self.clone().pipe(&mut writer);
        let words = writer.words;
        let blank = Record { kind: Kind::Snapshot as u8, ..Record::EMPTY };
        let count = i64::try_from(words.len()).unwrap_or(i64::MAX);
        let layout = i64::from(LAYOUT) | i64::from(self.rules.plan.version) << 32;
        let head = [MAGIC, layout, self.rules.shape, count, checksum(&words)];
        into.push(Record { stamp: self.now, flags: HEAD, words: head, ..blank });
        for (number, chunk) in words.chunks(WORDS).enumerate() {
            let mut five = [0; WORDS];
            for (place, word) in five.iter_mut().zip(chunk) {
                *place = word.cast_signed();
            }
            let aux = u16::try_from(number % 65_536).unwrap_or(0);
            into.push(Record { flags: BODY, aux, words: five, ..blank });
        }
    }

    /// The core of a snapshot. With the epoch it was written in it goes on as if nothing had
    /// happened; with a later one it is a new start: orders that lived are unknown, accounts are to
    /// be read again, nothing is armed.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(plan: &Plan, records: &[Record]) -> Result<Self, RestoreError> {
        let mut core = Self::new(plan);
        let words = read_words(core.rules.shape, records)?;
        let mut reader = Reader { words: words.iter(), bad: false };
        core.pipe(&mut reader);
        if reader.bad || reader.words.next().is_some() {
            return Err(RestoreError::Damaged);
        }
        if core.orders.epoch() != plan.epoch {
            core.restart(plan.epoch);
        }
        Ok(core)
    }
}

/// The version of the plan that was in force when a snapshot was taken.
///
/// # Errors
/// [`RestoreError`]: no snapshot, or one of another layout.
pub fn version_of(records: &[Record]) -> Result<u32, RestoreError> {
    let head = records.first().ok_or(RestoreError::NoSnapshot)?;
    let [magic, layout, ..] = head.words;
    if head.kind != Kind::Snapshot as u8 || head.flags != HEAD || magic != MAGIC {
        return Err(RestoreError::NoSnapshot);
    }
    let halves = layout.cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    let (version, layout) = ((halves >> 32) as u32, halves as u32);
    if layout == LAYOUT { Ok(version) } else { Err(RestoreError::Layout(layout)) }
}

fn read_words(shape: i64, records: &[Record]) -> Result<Vec<u64>, RestoreError> {
    version_of(records)?;
    let (head, bodies) = records.split_first().ok_or(RestoreError::NoSnapshot)?;
    let [_, _, shape_of, count, sum] = head.words;
    if shape_of != shape {
        return Err(RestoreError::OtherPlan);
    }
    let count = usize::try_from(count).map_err(|_| RestoreError::Damaged)?;
    if bodies.len() != count.div_ceil(WORDS) {
        return Err(RestoreError::Damaged);
    }
    let mut words = Vec::with_capacity(count + WORDS);
    for (number, body) in bodies.iter().enumerate() {
        let placed = body.kind == Kind::Snapshot as u8
            && body.flags == BODY
            && usize::from(body.aux) == number % 65_536;
        if !placed {
            return Err(RestoreError::Damaged);
        }
        words.extend(body.words.map(i64::cast_unsigned));
    }
    words.truncate(count);
    if checksum(&words) == sum { Ok(words) } else { Err(RestoreError::Damaged) }
}

fn checksum(words: &[u64]) -> i64 {
    let mut hash = Rolling::default();
    for chunk in words.chunks(WORDS) {
        let mut record = Record::EMPTY;
        for (place, word) in record.words.iter_mut().zip(chunk) {
            *place = word.cast_signed();
        }
        hash.absorb(&record);
    }
    hash.0.cast_signed()
}

#[cfg(test)]
mod tests;
