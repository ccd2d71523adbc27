//! RFC 6455 after the upgrade: frames in, frames out, without a socket.
//!
//! [`Decoder`] reads frames where they lie and says where their payloads are; [`frame_in_place`]
//! turns a payload that lies in an outgoing buffer into a frame. Neither allocates after it was
//! made, neither copies an unfragmented payload, and neither can panic. No extension is spoken:
//! compressed messages cost a venue's client more than they save it.

mod decoder;
mod frame;
mod keys;
mod mask;
mod violation;

pub use decoder::{Decoder, Event, Next, Place};
pub use frame::{HEADER_MAX, Opcode, Role, frame_in_place};
pub use keys::{KEYS_PER_BLOCK, KeyBlock, MaskKeys, random_block};
pub use mask::apply_mask;
pub use violation::Violation;

/// Bytes that must lie, readable, behind every buffer payloads are lent from, so that scanners may
/// load whole vectors at the end of a text.
pub const PADDING: usize = 64;
