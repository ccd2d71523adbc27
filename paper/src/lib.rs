//! The paper desk: stands where a gateway stands and fills orders against the market its feed reads.
//!
//! It keeps towards the core exactly what a gateway keeps - sessions, acknowledgements, fills, fees,
//! positions, balances, funding, a reconciliation before anything is armed - and has no way out: no
//! socket, no key, no errand. What it knows of the market is what the core knows, record for record.
//!
//! How orders are filled is told in docs/paper.md. In short: never at a better price than was shown,
//! never more than was shown, never from a book that is not known.
//!
//! Where to read: [`stage`](PaperStage) is the rings and the clock, `desk` what becomes of an order,
//! `market` what is shown and what of it we took, `account` the money.
//!
//! Floor 4: beside `feeds`, `strategy` and `gateway`, knowing none of them.

#![forbid(unsafe_code)]

mod account;
mod desk;
mod market;
mod outbox;
mod stage;

pub use account::Opening;
pub use desk::Terms;
pub use stage::{PaperParts, PaperStage};
