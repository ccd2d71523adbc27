//! RFC 6455 after the upgrade: frames in, frames out, without a socket.

mod violation;

pub use violation::Violation;
