//! The ring: a bounded queue between exactly two threads.

use core::fmt;
use rtrb::{Consumer, Producer, PushError, RingBuffer};

/// What a full ring does to its writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Full {
    /// The new event is dropped and counted: a stale quote is worth nothing, the next one comes.
    DropNew,
    /// The writer keeps the event and stops until there is room: an order or a fill is never lost.
    Halt,
}

impl Full {
    /// Its name in tables and on pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DropNew => "drop-new",
            Self::Halt => "halt",
        }
    }

    /// Why a ring would be made so.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::DropNew => "a newer event replaces it: dropped and counted",
            Self::Halt => "an order or a fill is never lost: the writer waits with it",
        }
    }
}

/// Makes a ring of `depth` slots and gives out its two ends.
///
/// # Panics
/// When `depth` is not a power of two: the topology's tables are checked where they are built, so
/// this is a mistake in the program, found at start.
#[must_use]
pub fn ring<T: Send>(name: &'static str, depth: usize, full: Full) -> (Sender<T>, Receiver<T>) {
    assert!(depth.is_power_of_two(), "ring {name}: depth {depth} is not a power of two");
    let (producer, consumer) = RingBuffer::new(depth);
    (Sender { name, full, refused: 0, producer }, Receiver { name, consumer })
}

/// The writing end. One thread holds it.
pub struct Sender<T> {
    name: &'static str,
    full: Full,
    /// Pushes that found no room, over the ring's life.
    refused: u64,
    producer: Producer<T>,
}

impl<T: Send> Sender<T> {
    /// Puts one event into the ring.
    ///
    /// # Errors
    /// The event itself when there is no room. On a [`Full::DropNew`] ring it is counted as dropped
    /// and the caller may forget it; on a [`Full::Halt`] ring the caller must hold it and try again.
    #[inline]
    pub fn push(&mut self, event: T) -> Result<(), T> {
        match self.producer.push(event) {
            Ok(()) => Ok(()),
            Err(PushError::Full(event)) => {
                self.refused += 1;
                Err(event)
            }
        }
    }

    /// How many more events fit. Reads the other thread's line: for housekeeping, and for stages that
    /// must know there is room before they act.
    #[must_use]
    pub fn free(&self) -> usize {
        self.producer.slots()
    }

    /// Whether a push would find no room. Reads the other thread's line only when it looks full.
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.producer.is_full()
    }

    /// How many events wait in it.
    #[must_use]
    pub fn fill(&self) -> usize {
        self.depth() - self.free()
    }

    /// How many events it holds at most.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.producer.buffer().capacity()
    }

    /// Its name in the topology.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What being full means here.
    #[must_use]
    pub fn full(&self) -> Full {
        self.full
    }

    /// Events lost because it was full; always 0 on a [`Full::Halt`] ring.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        match self.full {
            Full::DropNew => self.refused,
            Full::Halt => 0,
        }
    }

    /// Pushes that found it full, lost or held.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Whether the reading end is gone, so that nobody will ever read what is pushed.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.producer.is_abandoned()
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("ring", &self.name).field("full", &self.full).finish()
    }
}

/// The reading end. One thread holds it.
pub struct Receiver<T> {
    name: &'static str,
    consumer: Consumer<T>,
}

impl<T: Send> Receiver<T> {
    /// Takes the oldest event, if any.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.consumer.pop().ok()
    }

    /// Looks at the oldest event, if any, and leaves it there.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Option<&T> {
        self.consumer.peek().ok()
    }

    /// How many events wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.consumer.slots()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.consumer.is_empty()
    }

    /// How many events it holds at most.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.consumer.buffer().capacity()
    }

    /// Its name in the topology.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the writing end is gone; what it pushed before can still be taken.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.consumer.is_abandoned()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("ring", &self.name).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
