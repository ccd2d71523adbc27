//! Bytes to events: the scanner of the venue first, the full parser for whatever surprised it.

use crate::json::Reader;
use crate::message::{Event, Refusal, Scratch};
use crate::okx::Names;
use crate::symbols::Symbols;
use crate::{binance, bybit, okx};

/// Which venue's messages are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Binance, spot and futures alike.
    Binance,
    /// OKX v5.
    Okx,
    /// Bybit v5.
    Bybit,
}

/// The names a connection's messages may carry.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Instruments.
    pub instruments: Symbols,
    /// Indices (OKX only), with rows of their own.
    pub indices: Symbols,
}

impl Directory {
    /// Empty, with room for that many instruments and indices.
    #[must_use]
    pub fn with_room(most: usize) -> Self {
        Self { instruments: Symbols::with_room(most), indices: Symbols::with_room(most) }
    }
}

/// A decoder with its buffers; after [`Decoder::new`] it allocates nothing.
#[derive(Debug)]
pub struct Decoder {
    reader: Reader,
    /// Levels and trades of the last message.
    pub scratch: Scratch,
    fallbacks: u64,
}

impl Decoder {
    /// A decoder of messages up to `longest` bytes.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { reader: Reader::new(longest), scratch: Scratch::default(), fallbacks: 0 }
    }

    /// How many messages the scanners did not know.
    #[must_use]
    pub const fn fallbacks(&self) -> u64 {
        self.fallbacks
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`Refusal`], whatever the bytes are; it never panics.
    #[inline(always)]
    pub fn decode(
        &mut self,
        dialect: Dialect,
        directory: &Directory,
        bytes: &[u8],
    ) -> Result<Event, Refusal> {
        match scan(dialect, directory, bytes, &mut self.scratch) {
            Some(event) => Ok(event),
            None => self.read_in_full(dialect, directory, bytes),
        }
    }

    /// Reads one message by the full parser alone.
    ///
    /// # Errors
    /// [`Refusal`].
    #[cold]
    #[inline(never)]
    pub fn read_in_full(
        &mut self,
        dialect: Dialect,
        directory: &Directory,
        bytes: &[u8],
    ) -> Result<Event, Refusal> {
        self.fallbacks += 1;
        let scratch = &mut self.scratch;
        let names = Names { instruments: &directory.instruments, indices: &directory.indices };
        self.reader.read(bytes, |root| match dialect {
            Dialect::Binance => binance::full::read(root, names.instruments, scratch),
            Dialect::Okx => okx::full::read(root, names, scratch),
            Dialect::Bybit => bybit::full::read(root, names.instruments, scratch),
        })?
    }
}

/// Reads one message by its scanner alone; `None` when it is of no shape the scanner knows.
#[inline(always)]
pub fn scan(
    dialect: Dialect,
    directory: &Directory,
    bytes: &[u8],
    scratch: &mut Scratch,
) -> Option<Event> {
    match dialect {
        Dialect::Binance => binance::scan(bytes, &directory.instruments, scratch),
        Dialect::Okx => {
            let names = Names { instruments: &directory.instruments, indices: &directory.indices };
            okx::scan(bytes, names, scratch)
        }
        Dialect::Bybit => bybit::scan(bytes, &directory.instruments, scratch),
    }
}

#[cfg(test)]
mod tests;
