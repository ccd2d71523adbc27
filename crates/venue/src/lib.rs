//! What feeds and gateway both need to know of a venue: where it is, what it lists, how it wants
//! requests signed and counted, and what its answers mean.
//!
//! Pure: bytes and times in, values out. Nothing here opens a socket, reads a clock or a file, so
//! everything can be held to the venues' own documents and published vectors. What is called for
//! every order (signing, counting, classifying) allocates nothing and cannot panic; what is called
//! at start (catalogs, credentials) may allocate.
//!
//! Floor 2: knows `base` only.

#![forbid(unsafe_code)]

pub mod catalog;
pub mod credentials;
pub mod endpoints;
pub mod errors;
pub mod limits;
pub mod offset;
pub mod sign;

pub use credentials::{Credentials, Secret};
pub use endpoints::{Endpoints, Environment};
pub use errors::{Outcome, Verdict};
pub use limits::{Budget, Spend};
pub use offset::OffsetEstimator;
