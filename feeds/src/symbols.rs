//! A venue's name of an instrument to its row: one hash, one or two compares, however many there are.

use base::Edge;

/// An instrument's row in the tables of its feed stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Row(pub u16);

impl Row {
    /// As an index into a table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a message needs of an instrument to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Where the rest of it lies.
    pub row: Row,
    /// How its numbers are read.
    pub edge: Edge,
}

/// The longest name of an instrument; the longest known has 25 characters.
pub const NAME_MAX: usize = 32;

/// An open-addressed table that is at most a quarter full, filled at start.
#[derive(Clone, Debug)]
pub struct Symbols {
    places: Box<[Option<Place>]>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Place {
    key: Key,
    listing: Listing,
}

/// A name of up to 32 bytes as four words and its length; equal keys are equal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    ends: [u64; 2],
    middle: [u64; 2],
    len: u8,
}

impl Key {
    #[inline(always)]
    fn of(name: &[u8]) -> Option<Self> {
        let len = u8::try_from(name.len()).ok()?;
        let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) else {
            return Some(Self { ends: [short(name), 0], middle: [0; 2], len });
        };
        let ends = [u64::from_le_bytes(*first), u64::from_le_bytes(*last)];
        if name.len() <= 16 {
            return Some(Self { ends, middle: [0; 2], len });
        }
        if name.len() > NAME_MAX {
            return None;
        }
        let (_, after) = name.split_first_chunk::<8>()?;
        let (before, _) = name.split_last_chunk::<8>()?;
        let middle = [
            u64::from_le_bytes(*after.first_chunk::<8>()?),
            u64::from_le_bytes(*before.last_chunk::<8>()?),
        ];
        Some(Self { ends, middle, len })
    }

    #[inline(always)]
    fn hash(&self) -> u64 {
        const K: u64 = 0x9e37_79b9_7f4a_7c15;
        let [a, b] = self.ends;
        let [c, d] = self.middle;
        let mixed = (a ^ b.rotate_left(23) ^ u64::from(self.len)).wrapping_mul(K)
            ^ (c ^ d.rotate_left(41)).wrapping_mul(K.rotate_left(17));
        mixed ^ (mixed >> 32)
    }
}

fn short(name: &[u8]) -> u64 {
    name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

impl Symbols {
    /// An empty table with room for `most` names.
    #[must_use]
    pub fn with_room(most: usize) -> Self {
        let places = (most.max(1) * 4).next_power_of_two();
        Self { places: vec![None; places].into_boxed_slice(), len: 0 }
    }

    /// How many names it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a name, or gives a known one another listing. `false` when it is too long or the table full.
    pub fn insert(&mut self, name: &[u8], listing: Listing) -> bool {
        let Some(key) = Key::of(name) else { return false };
        let room = self.len < self.places.len() / 4;
        let mask = self.places.len() - 1;
        let mut at = as_index(key.hash()) & mask;
        for _ in 0..self.places.len() {
            match self.places.get_mut(at) {
                Some(Some(place)) if place.key == key => {
                    place.listing = listing;
                    return true;
                }
                Some(place @ None) => {
                    if room {
                        *place = Some(Place { key, listing });
                        self.len += 1;
                    }
                    return room;
                }
                _ => at = (at + 1) & mask,
            }
        }
        false
    }

    /// The listing of `name`.
    #[inline(always)]
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<Listing> {
        let key = Key::of(name)?;
        let mask = self.places.len() - 1;
        let mut at = as_index(key.hash()) & mask;
        // bound: a table at most a quarter full has an empty place within reach
        loop {
            let place = self.places.get(at)?.as_ref()?;
            if place.key == key {
                return Some(place.listing);
            }
            at = (at + 1) & mask;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits of a hash are what is wanted")]
const fn as_index(hash: u64) -> usize {
    hash as usize
}

#[cfg(test)]
mod tests;
