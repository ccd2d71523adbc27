//! Intents to orders, answers to reports: order entry and account streams of the venues.
//!
//! What the core wants arrives as [`base::Output`] records and leaves as the venue's own request
//! texts, written straight into the outgoing frame. What the venue answers and streams comes back as
//! [`base::Input`] records. Nothing is ever decided here about trading, and nothing is glossed over: a
//! request without an answer is an [`base::input::OrderUnknown`], a refusal is a
//! [`base::input::Reject`] only when it is proved that nothing happened, and no request is ever sent a
//! second time under another name.
//!
//! After [`GatewayStage::open`] a turn allocates nothing, takes no lock, never waits and has no panic
//! path. What has no WebSocket way runs on an errand thread ([`rest::Rest`]).
//!
//! Floor 4: beside `feeds` and `strategy`, knowing neither.

#![forbid(unsafe_code)]

pub mod decode;
mod desk;
pub mod encode;
pub mod json;
mod keys;
pub mod markets;
mod orders;
mod outbox;
mod recent;
mod requests;
pub mod rest;
mod settings;
mod stage;
pub mod text;
mod wire;

pub use desk::{DeskError, DeskParts, TRIAL};
pub use keys::{KeyPort, Keys, Verdict};
pub use settings::Settings;
pub use stage::{GatewayStage, StageParts};

#[cfg(test)]
mod samples;
