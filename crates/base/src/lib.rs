//! The vocabulary every other crate speaks: ids, fixed-point numbers, times, instruments and events.
//!
//! Nothing here blocks, reads a clock, does I/O or knows a venue's wire format. A type is here
//! because two crates on different floors must agree on it byte for byte; if only one crate needs
//! it, it belongs to that crate. The events are plain 64-byte [`Record`]s: the same bytes travel
//! through the rings, enter the core and lie in the journal.
//!
//! Floor 0: depends on nothing in the workspace.

#![forbid(unsafe_code)]

pub mod bounded;
pub mod decimal;
pub mod ids;
pub mod input;
pub mod instrument;
pub mod numbers;
pub mod output;
pub mod record;
pub mod stage;
pub mod time;

pub use bounded::Bounded;
pub use decimal::DecimalError;
pub use ids::{
    AssetId, ClientOrderId, Instance, InstrumentId, OrderId, PairId, Side, StrategyId, VenueId,
};
pub use input::Input;
pub use instrument::{Edge, Instrument, Instruments, Product};
pub use numbers::{Money, Price, Qty, Rate, Scale};
pub use output::Output;
pub use record::{Kind, Record, RecordError};
pub use stage::{Stage, Work};
pub use time::{Clock, Span, Stamp, WallNs};
