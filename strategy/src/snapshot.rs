//! The core's state as records, and back.
//!
//! Layout, all in records of kind `Snapshot`: a head (`flags` 0) with magic, layout version, a hash of
//! what of the plan shapes the tables, the number of words and their checksum; then bodies (`flags` 1,
//! `aux` counting modulo 65,536) with five words each, the last one padded with zeros. The order of
//! the words is the order of the `pipe` functions. A layout changes by a new version, never in place.

use crate::engine::Core;
use crate::hash::Rolling;
use crate::pipe::{Pipe, Reader, Writer};
use crate::plan::Plan;
use base::{Kind, Record, Stamp};
use core::fmt;

const MAGIC: i64 = 0x6172_6263_6f72_6531;
/// Version of the words' order.
const LAYOUT: u32 = 2;
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
        let head = [MAGIC, i64::from(LAYOUT), shape(&self.rules.plan), count, checksum(&words)];
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
        let words = read_words(plan, records)?;
        let mut core = Self::new(plan);
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

fn read_words(plan: &Plan, records: &[Record]) -> Result<Vec<u64>, RestoreError> {
    let (head, bodies) = records.split_first().ok_or(RestoreError::NoSnapshot)?;
    let [magic, layout, shape_of, count, sum] = head.words;
    if head.kind != Kind::Snapshot as u8 || head.flags != HEAD || magic != MAGIC {
        return Err(RestoreError::NoSnapshot);
    }
    if layout != i64::from(LAYOUT) {
        return Err(RestoreError::Layout(u32::try_from(layout).unwrap_or(u32::MAX)));
    }
    if shape_of != shape(plan) {
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

/// A hash of what shapes the tables: two plans with the same may read each other's snapshots.
fn shape(plan: &Plan) -> i64 {
    let mut hash = Rolling::default();
    let mut take = |number: usize, text: &str| {
        let mut record = Record::EMPTY;
        record.stamp = Stamp(number as u64);
        hash.absorb(&record);
        for byte in text.bytes() {
            record.stamp = Stamp(u64::from(byte));
            hash.absorb(&record);
        }
    };
    for i in &plan.instruments.list {
        take(i.venue.index(), &i.symbol);
        take(usize::from(i.product as u8), &i.name);
        take(usize::from(i.scale.price_exp), "price");
        take(usize::from(i.scale.qty_exp), "qty");
    }
    for asset in &plan.instruments.assets {
        take(0, asset);
    }
    for s in &plan.strategies {
        take(s.instruments.len(), &s.name);
        take(usize::from(s.enabled), "enabled");
        for id in &s.instruments {
            take(id.index(), "");
        }
    }
    take(plan.risk.alerts.len(), "alerts");
    take(usize::from(plan.core.pairs), "pairs");
    take(plan.core.orders as usize, "orders");
    take(plan.core.fills as usize, "fills");
    hash.0.cast_signed()
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
