//! At most one engine of an identity sends: the Kubernetes Lease it must hold to do so.
//!
//! [`Holder`] is the protocol without I/O or clock: it says what to ask the API server next and learns
//! from the answers. [`Tenure`] runs one on a thread of its own against a real [`Server`] and moves a
//! [`rings::Fence`], which the order path compares with the time before anything leaves.
//!
//! Why that is enough. The holder counts its permission from the moment a renewal was *asked for* and
//! gives it up after two thirds of the Lease's duration; nobody else takes the Lease before they have
//! seen it unchanged for all of it, by their own clock, from the moment an answer *came*. No clock is ever
//! compared with another's, so clocks may differ by years; they may only not run more than a fifth faster
//! or slower. What was written before the permission ended is refused by the venue once its receive
//! window is over, and the configuration keeps that window within the third that is left.
//!
//! The number of transitions is the fencing token: the holder writes one that is higher than any before,
//! in the Lease and in its own journal, and begins its order numbers with it.
//!
//! Floor 2. Cold.

#![forbid(unsafe_code)]

mod api;
mod clock;
mod credentials;
mod holder;
mod record;
mod tenure;

pub use api::{Api, Refusal, Server};
pub use clock::{BootClock, Clocks};
pub use credentials::Access;
pub use holder::{Ask, Holder, Step, Terms};
pub use record::Lease;
pub use tenure::{Identity, Status, Tenure, TenureError, Watch};
