//! What is configured of a link.

use base::Span;

/// Limits and times of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// Most bytes of a message that may arrive; a longer one closes the connection with 1009.
    pub max_message: usize,
    /// Most bytes of a text that may be sent; at most [`LinkOptions::MAX_SEND`].
    pub max_send: usize,
    /// Bytes that wait here when the socket takes none; then sends are refused.
    pub send_queue: usize,
    /// When to ask a silent peer whether it is still there.
    pub ping: PingPolicy,
    /// How long to wait before dialing again.
    pub backoff: Backoff,
    /// How often the endpoint's host may be dialed, over all links of one connector.
    pub limit: ConnectLimit,
    /// Longest time a dial may take: name, TCP, TLS and upgrade together.
    pub dial_timeout: Span,
    /// How long the replaced connection is still read after a renewal.
    pub overlap: Span,
    /// Whether the kernel is asked, of every sixteenth read, when its bytes arrived.
    pub kernel_stamps: bool,
    /// Seeds the jitter of the back-off.
    pub seed: u64,
}

impl LinkOptions {
    /// A text never needs more than one TLS record.
    pub const MAX_SEND: usize = 16_000;
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            max_message: 1 << 20,
            max_send: Self::MAX_SEND,
            send_queue: 256 << 10,
            ping: PingPolicy::default(),
            backoff: Backoff::default(),
            limit: ConnectLimit::default(),
            dial_timeout: Span::from_secs(10),
            overlap: Span::from_secs(10),
            kernel_stamps: true,
            seed: 1,
        }
    }
}

/// When a WebSocket ping is sent, and when silence means that the peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PingPolicy {
    /// A ping leaves after this long without a byte from the peer.
    pub after: Span,
    /// The connection is given up after this long without a byte from the peer.
    pub dead: Span,
}

impl PingPolicy {
    /// Never asks, never gives up: the stage watches its channels by itself.
    pub const OFF: Self = Self { after: Span(u64::MAX), dead: Span(u64::MAX) };
}

impl Default for PingPolicy {
    fn default() -> Self {
        Self { after: Span::from_secs(15), dead: Span::from_secs(30) }
    }
}

/// Waits between dials: `first`, doubled each time up to `most`, of which a random half to whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Span,
    /// The longest wait.
    pub most: Span,
    /// A connection that lived this long makes the next wait the first again.
    pub stable: Span,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Span::from_millis(250),
            most: Span::from_secs(30),
            stable: Span::from_secs(60),
        }
    }
}

/// At most `count` dials within any `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectLimit {
    /// How many.
    pub count: u32,
    /// Within how long.
    pub per: Span,
}

impl Default for ConnectLimit {
    fn default() -> Self {
        Self { count: 2, per: Span::from_secs(1) }
    }
}
