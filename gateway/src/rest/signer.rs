//! The key that REST calls are signed with, which cold threads may change.

use std::sync::{Arc, Mutex, PoisonError};

use venue::credentials::Credentials;

/// One account's key at one venue; clones are the same. Behind a lock, so for cold threads only: the hot
/// ones sign with a [`crate::Keys`] of their own.
#[derive(Clone, Debug)]
pub struct Signer(Arc<Mutex<Arc<Credentials>>>);

impl Signer {
    /// Signs with these.
    #[must_use]
    pub fn new(credentials: Arc<Credentials>) -> Self {
        Self(Arc::new(Mutex::new(credentials)))
    }

    /// What is signed with now.
    #[must_use]
    pub fn now(&self) -> Arc<Credentials> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs with others from the next call on; gives back those of before.
    pub fn change(&self, credentials: Arc<Credentials>) -> Arc<Credentials> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        core::mem::replace(&mut place, credentials)
    }
}
