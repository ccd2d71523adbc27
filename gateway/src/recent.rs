//! Trade ids seen lately, so that a fill told twice (early and late form, stream and list) is handed
//! on once. The core counts each fill once in any case; this only keeps the rings short.

use base::InstrumentId;

/// How many are remembered; a power of two.
const PLACES: usize = 4_096;

/// Whether it is the fill or its fee that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The fill.
    Fill = 1,
    /// Its fee.
    Fee = 2,
}

/// A table that forgets the oldest by writing over it.
#[derive(Debug)]
pub(crate) struct Recent {
    places: Box<[Seen]>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    trade: u64,
    instrument: InstrumentId,
    parts: u8,
}

impl Default for Recent {
    fn default() -> Self {
        let none = Seen { trade: 0, instrument: InstrumentId::ALL, parts: 0 };
        Self { places: vec![none; PLACES].into_boxed_slice() }
    }
}

impl Recent {
    /// Whether this part of that trade is news; it is not a second time.
    #[inline]
    pub(crate) fn is_new(&mut self, instrument: InstrumentId, trade: u64, part: Part) -> bool {
        let mixed = (trade ^ u64::from(instrument.0) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        #[expect(clippy::cast_possible_truncation, reason = "the high bits of the product")]
        let at = (mixed >> (64 - PLACES.trailing_zeros())) as usize;
        let Some(place) = self.places.get_mut(at) else { return true };
        if place.trade != trade || place.instrument != instrument {
            *place = Seen { trade, instrument, parts: part as u8 };
            return true;
        }
        let news = place.parts & part as u8 == 0;
        place.parts |= part as u8;
        news
    }
}

#[cfg(test)]
mod tests;
