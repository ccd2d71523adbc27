//! One description of the core's state that both writes and reads it.
//!
//! Each type says once, in [`Pipe::pipe`], which of its fields are state, as 64-bit words. Writing
//! and reading go through the same lines, so a snapshot cannot forget on one side what it kept on
//! the other.

use base::{
    AssetId, Bounded, InstrumentId, Money, OrderId, PairId, Price, Qty, Rate, Side, Span, Stamp,
    StrategyId, WallNs,
};

/// Where words go to or come from.
pub(crate) trait Words {
    /// Writes `word`, or replaces it by the next one read.
    fn word(&mut self, word: &mut u64);
    /// Whether this end reads.
    fn reads(&self) -> bool;
    /// Marks what was read as impossible.
    fn refuse(&mut self);
}

/// Takes words in.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) words: Vec<u64>,
}

impl Words for Writer {
    fn word(&mut self, word: &mut u64) {
        self.words.push(*word);
    }
    fn reads(&self) -> bool {
        false
    }
    fn refuse(&mut self) {}
}

/// Gives words out; `bad` when there were too few or an impossible one.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) words: core::slice::Iter<'a, u64>,
    pub(crate) bad: bool,
}

impl Words for Reader<'_> {
    fn word(&mut self, word: &mut u64) {
        match self.words.next() {
            Some(next) => *word = *next,
            None => self.bad = true,
        }
    }
    fn reads(&self) -> bool {
        true
    }
    fn refuse(&mut self) {
        self.bad = true;
    }
}

/// State that can be written and read.
pub(crate) trait Pipe {
    /// Passes every word of the state through `words`, in one fixed order.
    fn pipe(&mut self, words: &mut dyn Words);
}

impl Pipe for u64 {
    fn pipe(&mut self, words: &mut dyn Words) {
        words.word(self);
    }
}

macro_rules! narrow {
    ($($name:ty),+) => {$(
        impl Pipe for $name {
            fn pipe(&mut self, words: &mut dyn Words) {
                let mut word = u64::from(*self);
                words.word(&mut word);
                match <$name>::try_from(word) {
                    Ok(value) => *self = value,
                    Err(_) => words.refuse(),
                }
            }
        }
    )+};
}
narrow!(u8, u16, u32);

impl Pipe for bool {
    fn pipe(&mut self, words: &mut dyn Words) {
        let mut word = u64::from(*self);
        words.word(&mut word);
        *self = word != 0;
    }
}

impl Pipe for i64 {
    fn pipe(&mut self, words: &mut dyn Words) {
        let mut word = self.cast_unsigned();
        words.word(&mut word);
        *self = word.cast_signed();
    }
}

impl Pipe for Money {
    fn pipe(&mut self, words: &mut dyn Words) {
        let [mut low, mut high] = self.to_words();
        low.pipe(words);
        high.pipe(words);
        *self = Self::from_words([low, high]);
    }
}

macro_rules! newtype {
    ($($name:ty),+) => {$(
        impl Pipe for $name {
            fn pipe(&mut self, words: &mut dyn Words) {
                self.0.pipe(words);
            }
        }
    )+};
}
newtype!(
    Price,
    Qty,
    Rate,
    Stamp,
    Span,
    WallNs,
    OrderId,
    PairId,
    InstrumentId,
    AssetId,
    StrategyId,
    crate::hash::Rolling
);

impl Pipe for Side {
    fn pipe(&mut self, words: &mut dyn Words) {
        let mut word = *self as u8;
        word.pipe(words);
        *self = if word == 0 { Self::Buy } else { Self::Sell };
    }
}

impl<T: Pipe + Default> Pipe for Option<T> {
    fn pipe(&mut self, words: &mut dyn Words) {
        let mut there = self.is_some();
        there.pipe(words);
        let mut value = self.take().unwrap_or_default();
        if there {
            value.pipe(words);
            *self = Some(value);
        }
    }
}

impl<T: Pipe, const N: usize> Pipe for [T; N] {
    fn pipe(&mut self, words: &mut dyn Words) {
        for item in self {
            item.pipe(words);
        }
    }
}

/// A table whose length the plan fixes.
pub(crate) fn table<T: Pipe>(list: &mut [T], words: &mut dyn Words) {
    let mut length = list.len() as u64;
    words.word(&mut length);
    if length != list.len() as u64 {
        return words.refuse();
    }
    for item in list {
        item.pipe(words);
    }
}

/// A list that grows and shrinks, up to its room.
pub(crate) fn list<T: Pipe + Copy + Default>(list: &mut Bounded<T>, words: &mut dyn Words) {
    let mut length = list.len() as u64;
    words.word(&mut length);
    if words.reads() {
        list.clear();
        // bound: what the plan allows
        for _ in 0..length {
            if !list.push(T::default()) {
                return words.refuse();
            }
        }
    }
    for item in list.iter_mut() {
        item.pipe(words);
    }
}

/// State that is all of some fields.
macro_rules! pipe_fields {
    ($name:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::pipe::Pipe for $name {
            fn pipe(&mut self, words: &mut dyn $crate::pipe::Words) {
                $($crate::pipe::Pipe::pipe(&mut self.$field, words);)+
            }
        }
    };
}

/// A plain enum that has `ALL`, as its number.
macro_rules! pipe_enum {
    ($name:ty) => {
        impl $crate::pipe::Pipe for $name {
            fn pipe(&mut self, words: &mut dyn $crate::pipe::Words) {
                let mut number = *self as u16;
                $crate::pipe::Pipe::pipe(&mut number, words);
                match <$name>::ALL.get(usize::from(number)) {
                    Some(value) => *self = *value,
                    None => words.refuse(),
                }
            }
        }
    };
}
pub(crate) use {pipe_enum, pipe_fields};

pipe_enum!(base::output::PairPhase);
pipe_enum!(base::output::PairReason);
pipe_enum!(base::input::BookHealth);
