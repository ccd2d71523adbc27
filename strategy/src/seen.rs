//! What was counted already: fills, fees and funding payments, by the venue's own numbers.
//!
//! A table of small buckets. A key's bucket follows from the key alone; within it the oldest of
//! eight gives way to the newest. Nothing ever walks the table in hash order but the snapshot,
//! which writes it as it lies.

use crate::pipe::{self, Pipe, Words, pipe_fields};
use base::InstrumentId;

/// Keys of one bucket.
const WAYS: usize = 8;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    Fill = 1,
    Fee = 2,
    Funding = 3,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key {
    number: u64,
    /// Tag and instrument; zero is an empty place.
    what: u32,
}
pipe_fields!(Key { number, what });

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    keys: [Key; WAYS],
    next: u8,
}
pipe_fields!(Bucket { keys, next });

/// The table.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    buckets: Vec<Bucket>,
}

impl Pipe for Seen {
    fn pipe(&mut self, words: &mut dyn Words) {
        pipe::table(&mut self.buckets, words);
    }
}

impl Seen {
    /// `size` keys, a power of two of at least 64.
    pub(crate) fn new(size: u32) -> Self {
        Self { buckets: vec![Bucket::default(); size as usize / WAYS] }
    }

    /// Remembers a key; says whether it is new.
    pub(crate) fn is_new(&mut self, tag: Tag, instrument: InstrumentId, number: u64) -> bool {
        let key = Key { number, what: u32::from(tag as u8) << 16 | u32::from(instrument.0) };
        let at = self.bucket_of(key);
        let Some(bucket) = self.buckets.get_mut(at) else { return true };
        if bucket.keys.contains(&key) {
            return false;
        }
        if let Some(place) = bucket.keys.get_mut(usize::from(bucket.next) % WAYS) {
            *place = key;
        }
        bucket.next = bucket.next.wrapping_add(1);
        true
    }

    fn bucket_of(&self, key: Key) -> usize {
        let mixed = (key.number ^ u64::from(key.what).rotate_left(40))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mask = self.buckets.len().saturating_sub(1) as u64;
        usize::try_from((mixed >> 20) & mask).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
