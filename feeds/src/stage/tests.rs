//! Scripted sessions: a venue played from memory, a clock turned by hand.

mod binance;
mod bybit;
mod lines;
mod okx;
mod turns;

use crate::plan::Line;
use crate::rig::{Rig, healths};
use base::input::BookHealth;
use base::{Input, Price, Qty, Span, VenueId, WallNs};

/// The quotes among records, as bid, its quantity, ask, its quantity.
fn quotes(inputs: &[Input]) -> Vec<[i64; 4]> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::Quote(q) => Some([q.bid.0, q.bid_qty.0, q.ask.0, q.ask_qty.0]),
            _ => None,
        })
        .collect()
}
