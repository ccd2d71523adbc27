//! The full parser behind the scanners: simd-json over reused buffers, and a strict way to take fields.
//!
//! It decides what a message of an unexpected shape says. It is strict where reading on would be guessing:
//! a key that stands twice, a number where the venue documents a text, are refused, not chosen among.
//!
//! The gateway's reader is another one, for another job: every message of an account goes through it, a few
//! hundred bytes in place and without a copy, and it takes numbers as texts or plain, since venues change that
//! and a fill must not be lost to it. This one is for the rare message and for snapshots of 70 kB.

use crate::message::Why;
use simd_json::{Buffers, INPUT_PADDING, Node, StaticNode, Tape};

/// A parser with its buffers. After [`Reader::new`] no message up to its limit makes it allocate.
pub(crate) struct Reader {
    input: Box<[u8]>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
    longest: usize,
}

impl core::fmt::Debug for Reader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader").field("longest", &self.longest).finish_non_exhaustive()
    }
}

impl Reader {
    /// A parser of messages up to `longest` bytes, its buffers grown to what the worst of them needs.
    pub(crate) fn new(longest: usize) -> Self {
        let mut reader = Self {
            input: vec![0; longest + INPUT_PADDING].into_boxed_slice(),
            buffers: Buffers::new(longest),
            tape: Some(Tape::null().reset()),
            longest,
        };
        // One structural character a byte, and the deepest nesting: nothing needs more room.
        let wide: Vec<u8> = core::iter::once(b'[')
            .chain(b"0,".iter().copied().cycle().take((longest.saturating_sub(3) / 2) * 2))
            .chain(*b"0]")
            .collect();
        let _ = reader.read(&wide, |_| ());
        let deep = vec![b'['; longest.min(2048)];
        let _ = reader.read(&deep, |_| ());
        reader
    }

    /// Parses `bytes` and hands the value to `take`.
    pub(crate) fn read<R>(
        &mut self,
        bytes: &[u8],
        take: impl FnOnce(Value<'_, '_>) -> R,
    ) -> Result<R, Why> {
        if bytes.len() > self.longest {
            return Err(Why::TooLong);
        }
        let (Some(room), Some(tape)) = (self.input.get_mut(..bytes.len()), self.tape.take()) else {
            return Err(Why::Garbage);
        };
        room.copy_from_slice(bytes);
        let mut tape = tape.reset();
        let parsed =
            simd_json::fill_tape_padded(&mut self.input, bytes.len(), &mut self.buffers, &mut tape);
        let result = match parsed {
            Ok(()) => Ok(take(Value { nodes: &tape.0 })),
            Err(_) => Err(Why::Garbage),
        };
        self.tape = Some(tape.reset());
        result
    }
}

/// A value on the tape: its own node first, then those inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'t, 'i> {
    nodes: &'t [Node<'i>],
}

impl<'t, 'i> Value<'t, 'i> {
    /// The text of a string.
    pub(crate) fn text(self) -> Result<&'i [u8], Why> {
        match self.nodes.first() {
            Some(Node::String(text)) => Ok(text.as_bytes()),
            _ => Err(Why::Shape),
        }
    }

    /// An integer.
    pub(crate) fn integer(self) -> Result<i64, Why> {
        match self.nodes.first() {
            Some(Node::Static(StaticNode::I64(value))) => Ok(*value),
            Some(Node::Static(StaticNode::U64(value))) => {
                i64::try_from(*value).map_err(|_| Why::Value)
            }
            _ => Err(Why::Shape),
        }
    }

    /// An integer that is not negative.
    pub(crate) fn count(self) -> Result<i64, Why> {
        self.integer().and_then(|value| if value < 0 { Err(Why::Value) } else { Ok(value) })
    }

    /// An integer that is not negative, written as a text.
    pub(crate) fn count_text(self) -> Result<i64, Why> {
        parse_count(self.text()?)
    }

    /// A truth value.
    pub(crate) fn boolean(self) -> Result<bool, Why> {
        match self.nodes.first() {
            Some(Node::Static(StaticNode::Bool(value))) => Ok(*value),
            _ => Err(Why::Shape),
        }
    }

    /// Whether it is `null`.
    pub(crate) fn is_null(self) -> bool {
        matches!(self.nodes.first(), Some(Node::Static(StaticNode::Null)))
    }

    /// The values of a list.
    pub(crate) fn items(self) -> Result<Items<'t, 'i>, Why> {
        match self.nodes.split_first() {
            Some((Node::Array { .. }, inside)) => Ok(Items { nodes: inside }),
            _ => Err(Why::Shape),
        }
    }

    /// The wanted fields of an object, each at most once; what else is there is passed over.
    pub(crate) fn fields<const N: usize>(
        self,
        keys: [&str; N],
    ) -> Result<[Option<Value<'t, 'i>>; N], Why> {
        let Some((Node::Object { .. }, inside)) = self.nodes.split_first() else {
            return Err(Why::Shape);
        };
        let mut found = [None; N];
        let mut items = Items { nodes: inside };
        // bound: the nodes of the object
        while let Some(key) = items.next() {
            let key = key.text()?;
            let value = items.next().ok_or(Why::Garbage)?;
            for (place, wanted) in found.iter_mut().zip(keys) {
                if wanted.as_bytes() == key && place.replace(value).is_some() {
                    return Err(Why::Shape);
                }
            }
        }
        Ok(found)
    }
}

/// The values of a list, or the keys and values of an object in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'t, 'i> {
    nodes: &'t [Node<'i>],
}

impl<'t, 'i> Iterator for Items<'t, 'i> {
    type Item = Value<'t, 'i>;

    fn next(&mut self) -> Option<Self::Item> {
        let span = match self.nodes.first()? {
            Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
            _ => 1,
        };
        let (nodes, rest) = self.nodes.split_at_checked(span)?;
        self.nodes = rest;
        Some(Value { nodes })
    }
}

/// Digits only, as a number.
pub(crate) fn parse_count(text: &[u8]) -> Result<i64, Why> {
    if text.is_empty() {
        return Err(Why::Value);
    }
    text.iter()
        .try_fold(0_i64, |value, byte| {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value.checked_mul(10)?.checked_add(i64::from(digit))
        })
        .ok_or(Why::Value)
}

/// A field that must be there.
pub(crate) fn need<'t, 'i>(field: Option<Value<'t, 'i>>) -> Result<Value<'t, 'i>, Why> {
    field.ok_or(Why::Missing)
}

#[cfg(test)]
mod tests;
