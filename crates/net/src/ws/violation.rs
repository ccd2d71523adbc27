//! What a peer can do wrong, and the close code that answers it.

/// How the peer broke the protocol or a limit of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A reserved bit was set though no extension was agreed.
    ReservedBits,
    /// An opcode that does not exist.
    Opcode,
    /// A server's frame was masked.
    Masked,
    /// A client's frame was not masked.
    Unmasked,
    /// A length not written in its shortest form, or of more than 63 bits.
    Length,
    /// A control frame in fragments.
    ControlFragmented,
    /// A control frame of more than 125 bytes.
    ControlTooLong,
    /// A continuation though nothing was begun.
    NothingToContinue,
    /// A new message though one was begun.
    MessageInterrupted,
    /// A close frame with half a code, or with a code that may not be sent.
    CloseCode,
    /// A text, or a close reason, that is not UTF-8.
    Utf8,
    /// A message longer than the link's `max_message`.
    TooLong,
    /// A binary message that is not text; the venues send none.
    Binary,
}

impl Violation {
    /// The code we close with.
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::Utf8 => 1007,
            Self::TooLong => 1009,
            Self::Binary => 1003,
            _ => 1002,
        }
    }
}
