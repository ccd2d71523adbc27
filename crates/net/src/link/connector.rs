//! The cold side of every link: dials, and buries what the hot side gives back.

use base::Clock;

use crate::NetError;
use crate::tls::Tls;

/// The cold thread that dials for links.
#[derive(Debug)]
pub struct Connector {
    tls: Tls,
}

impl Connector {
    /// Starts it. It ends when it and all its dialers are dropped.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start<C: Clock + Clone + Send + 'static>(
        tls: &Tls,
        _clock: C,
    ) -> Result<Self, NetError> {
        Ok(Self { tls: tls.clone() })
    }

    /// The means by which one link dials.
    #[must_use]
    pub fn dialer(&self) -> Dialer {
        Dialer { tls: self.tls.clone() }
    }
}

/// One link's access to the [`Connector`].
#[derive(Debug)]
pub struct Dialer {
    tls: Tls,
}
