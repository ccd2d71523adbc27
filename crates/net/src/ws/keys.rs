//! Mask keys, drawn from the operating system's random source ahead of time.
//!
//! RFC 6455 asks for keys nobody can predict. Asking the system for each would cost a call per
//! frame; so a cold thread fills a ring with blocks of them.

use core::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use rtrb::Consumer;

/// Keys in one block.
pub const KEYS_PER_BLOCK: usize = 16;

/// One block of keys: a cache line.
pub type KeyBlock = [[u8; 4]; KEYS_PER_BLOCK];

/// A supply of mask keys, each used once.
pub struct MaskKeys {
    block: KeyBlock,
    next: usize,
    pool: Option<Consumer<KeyBlock>>,
    dry: u64,
}

impl MaskKeys {
    /// Fetches blocks from `pool`; from the system when the pool is dry.
    #[must_use]
    pub fn from_pool(pool: Consumer<KeyBlock>) -> Self {
        Self { block: KeyBlock::default(), next: KEYS_PER_BLOCK, pool: Some(pool), dry: 0 }
    }

    /// Asks the system for each block: for threads that may.
    #[must_use]
    pub const fn from_system() -> Self {
        Self { block: [[0; 4]; KEYS_PER_BLOCK], next: KEYS_PER_BLOCK, pool: None, dry: 0 }
    }

    /// The next key.
    #[inline]
    pub fn take(&mut self) -> [u8; 4] {
        if let Some(key) = self.block.get(self.next) {
            self.next += 1;
            return *key;
        }
        self.refill();
        self.next = 1;
        let [key, ..] = self.block;
        key
    }

    /// How many blocks had to be drawn from the system because the pool was dry.
    #[must_use]
    pub const fn dry(&self) -> u64 {
        self.dry
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        if let Some(block) = self.pool.as_mut().and_then(|pool| pool.pop().ok()) {
            self.block = block;
            return;
        }
        self.dry += 1;
        self.block = random_block();
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskKeys").field("dry", &self.dry).finish_non_exhaustive()
    }
}

/// A block drawn from the system.
///
/// Where the system has no random source at all TLS cannot have come about either; the keys are
/// then zeros, which mask nothing and harm nobody but a proxy.
#[must_use]
pub fn random_block() -> KeyBlock {
    let mut bytes = [0_u8; 4 * KEYS_PER_BLOCK];
    let _ = SystemRandom::new().fill(&mut bytes);
    let mut block = KeyBlock::default();
    let (keys, _) = bytes.as_chunks::<4>();
    for (place, key) in block.iter_mut().zip(keys) {
        *place = *key;
    }
    block
}

#[cfg(test)]
mod tests;
