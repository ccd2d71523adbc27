//! What feeds and gateways see of one WebSocket connection.

use base::Stamp;

use crate::bytes::put;
use crate::ws::Violation;

/// One WebSocket connection to one place, as a stage sees it: texts out, texts in, and the three
/// things that can happen to it (it opened, it was replaced, it closed).
///
/// Pings, pongs, fragments and the closing handshake are dealt with inside. Nothing here blocks,
/// and after the connection has opened nothing here allocates.
///
/// A new channel is closed and stays so until [`Channel::reopen`]; so it is again after every
/// [`Polled::Closed`].
pub trait Channel {
    /// The next thing that happened. Reads the socket only when no whole frame is buffered.
    ///
    /// Returns [`Polled::Idle`] when nothing did: then the stage's turn on this channel is over.
    fn poll(&mut self, now: Stamp) -> Polled<'_>;

    /// Sends one text.
    ///
    /// # Errors
    /// Nothing of the text left, and nothing of it will, when this fails.
    fn send(&mut self, text: &[u8]) -> Result<(), SendError> {
        self.send_with(text.len(), &mut |place| put(place, text))
    }

    /// Sends one text that `write` puts straight into the outgoing frame.
    ///
    /// `write` gets exactly `max` bytes and returns how many of them, from the front, are the text
    /// (more than `max` counts as `max`). It is called at most once, and not at all on an error.
    ///
    /// # Errors
    /// Nothing of the text left, and nothing of it will, when this fails.
    fn send_with(
        &mut self,
        max: usize,
        write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError>;

    /// Drops what is there, without a further [`Polled::Closed`], and dials again: at once the first
    /// time, later after a back-off with jitter, and never above the endpoint's connection limit.
    ///
    /// Ends in one [`Polled::Opened`] or one [`Polled::Closed`]. While a dial is already under way
    /// and nothing is open, it changes nothing, unless the channel was redirected since.
    fn reopen(&mut self, now: Stamp);

    /// Dials a second connection while the first goes on working, and tries until it has one.
    ///
    /// [`Polled::Renewed`] says that the second is open: from then on texts are sent on it and its
    /// texts are [`Polled::Text`], while those of the first arrive as [`Polled::Trailing`] until
    /// [`Channel::settle`] or the overlap's end. Does nothing when nothing is open.
    fn renew(&mut self, now: Stamp);

    /// The renewed connection delivers all that the first one did: the first may go.
    fn settle(&mut self);

    /// The renewed connection is no good and goes, if it has not closed by itself; the one it was replacing is
    /// the one again, with all that was joined on it. Does nothing when that one is gone.
    fn revert(&mut self) {}

    /// Whether the connection that a renewed one is replacing still stands.
    fn is_trailing(&self) -> bool {
        false
    }

    /// As [`Channel::send_with`], on the connection that a renewed one is replacing: a session that must
    /// log on is used there until the new one has done so.
    ///
    /// # Errors
    /// Nothing of the text left, and nothing of it will, when this fails.
    fn send_trailing_with(
        &mut self,
        _max: usize,
        _write: &mut dyn FnMut(&mut [u8]) -> usize,
    ) -> Result<(), SendError> {
        Err(SendError::Closed)
    }

    /// The next dial uses this path (with its query); a listen key, for example.
    fn redirect(&mut self, path: &str);

    /// Whether a text can be sent now.
    fn is_open(&self) -> bool;

    /// Nanoseconds the bytes of the last read waited in the kernel; 0 when that is not known, which is so
    /// of most reads: the kernel is asked now and then.
    fn socket_to_user(&self) -> u64 {
        0
    }
}

/// What a [`Channel::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled<'a> {
    /// Nothing.
    Idle,
    /// The dial asked for by `reopen` succeeded: log in, subscribe.
    Opened,
    /// The dial asked for by `renew` succeeded and texts are now sent there: log in, subscribe.
    Renewed,
    /// One whole text, valid UTF-8. Binary messages arrive here too when they are valid UTF-8.
    Text {
        /// The text.
        bytes: &'a [u8],
        /// When its last byte had left the socket.
        recv: Stamp,
    },
    /// As `Text`, but from the connection that a renewed one is replacing.
    Trailing {
        /// The text.
        bytes: &'a [u8],
        /// When its last byte had left the socket.
        recv: Stamp,
    },
    /// The connection is gone, or a dial failed. Nothing follows until `reopen`, but for what the connection
    /// says that it was replacing: that one may still be gone back to.
    Closed(CloseReason),
}

/// Why a text could not be sent. Nothing of it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection is open.
    #[error("no connection is open")]
    Closed,
    /// The socket does not take bytes and the bounded queue before it is full.
    #[error("the send queue is full")]
    Full,
    /// Longer than the link's `max_send`.
    #[error("the text is longer than the link may send")]
    TooLong,
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer closed it with this code; 1005 when it gave none.
    Peer(u16),
    /// The peer broke the WebSocket protocol or a limit of ours.
    Violation(Violation),
    /// The TLS layer ended it.
    Tls(TlsFault),
    /// The peer closed the TCP connection without a close frame.
    Eof,
    /// The socket failed with this `errno` (104: reset by the peer).
    Socket(i32),
    /// Nothing came for longer than the ping policy allows.
    Silent,
    /// The dial failed: there was no connection.
    Dial(DialFault),
}

/// How the TLS layer of an open connection ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The peer sent this alert (close_notify is [`CloseReason::Eof`]'s orderly form: 0).
    Alert(u8),
    /// A record that does not authenticate: damaged or forged.
    BadRecord,
    /// A record longer than TLS allows.
    Oversized,
    /// A message that has no place after the handshake.
    Unexpected,
    /// More key updates than were prepared for.
    KeysSpent,
}

/// Why a dial failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialFault {
    /// The host name gave no address.
    Resolve,
    /// The TCP connection was refused or failed, with this `errno` (0: none given).
    Connect(i32),
    /// It took longer than the link's `dial_timeout`.
    Timeout,
    /// The server's certificate is not acceptable: expired, another host, unknown issuer.
    Certificate,
    /// The TLS handshake failed otherwise.
    Tls,
    /// The server answered the upgrade with this HTTP status instead of 101.
    Status(u16),
    /// The server's answer to the upgrade is not a valid one.
    Upgrade,
    /// The path is too long or is not a legal request target.
    Path,
    /// The connector has stopped.
    Stopped,
}
