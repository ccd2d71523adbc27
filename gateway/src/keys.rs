//! Another API key for a venue whose desk runs: made on a cold thread, taken over by the hot one, freed
//! and wiped on the cold one again.

use std::sync::Arc;

use base::VenueId;
use rings::{Receiver, Sender};
use venue::credentials::Credentials;

use crate::desk::DeskError;
use crate::wire::Wire;

/// A key with all that is made of it ahead: whoever takes it over allocates nothing.
///
/// It goes to the desk and comes back with a verdict. After [`Verdict::Stands`] it holds the key of
/// before, so that handing it in again takes the change back; after any other it holds what it held.
#[derive(Debug)]
pub struct Keys {
    venue: VenueId,
    pub(crate) wire: Wire,
    pub(crate) verdict: Option<Verdict>,
}

/// What became of a key that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in use: all sessions that log on have done so with it.
    Stands,
    /// The venue refused it with this code.
    Refused(i64),
    /// The connection that was to log on with it closed without a word.
    Closed,
    /// Its sessions did not stand in time.
    Late,
    /// Another one was being tried, or it is another venue's.
    NotTried,
}

impl Keys {
    /// Those of an account, for requests that may be on their way for so long.
    ///
    /// # Errors
    /// [`DeskError::Credentials`].
    pub fn new(
        venue: VenueId,
        credentials: Arc<Credentials>,
        recv_window_ms: u32,
    ) -> Result<Box<Self>, DeskError> {
        let wire = Wire::new(venue, credentials, recv_window_ms);
        let wire = wire.ok_or(DeskError::Credentials(venue))?;
        Ok(Box::new(Self { venue, wire, verdict: None }))
    }

    /// Whose.
    #[must_use]
    pub const fn venue(&self) -> VenueId {
        self.venue
    }

    /// What became of it; `None` until it came back.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }
}

/// A desk's ends of the way keys come and go.
#[derive(Debug)]
pub struct KeyPort {
    /// Keys to be used from now on.
    pub offered: Receiver<Box<Keys>>,
    /// Keys that are not used any more, or were never.
    pub spent: Sender<Box<Keys>>,
}
