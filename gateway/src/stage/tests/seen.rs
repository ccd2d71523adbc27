//! What was reported, kind by kind.

use base::input::{Input, OrderStatus, ReconcilePhase, RejectClass};
use base::{OrderId, Qty};

/// Only the fills among them: order, size, trade.
pub(super) fn fills(inputs: &[Input]) -> Vec<(OrderId, Qty, u64)> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::Fill(fill) => Some((fill.order, fill.qty, fill.trade_id)),
            _ => None,
        })
        .collect()
}

/// Only the states among them.
pub(super) fn states(inputs: &[Input]) -> Vec<(OrderId, OrderStatus, Qty)> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::OrderState(state) => Some((state.order, state.status, state.filled)),
            _ => None,
        })
        .collect()
}

pub(super) fn unknowns(inputs: &[Input]) -> Vec<OrderId> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::OrderUnknown(unknown) => Some(unknown.order),
            _ => None,
        })
        .collect()
}

pub(super) fn rejects(inputs: &[Input]) -> Vec<(OrderId, RejectClass, i64)> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::Reject(reject) => Some((reject.order, reject.class, reject.code)),
            _ => None,
        })
        .collect()
}

pub(super) fn phases(inputs: &[Input]) -> Vec<ReconcilePhase> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::Reconcile(bracket) => Some(bracket.phase),
            _ => None,
        })
        .collect()
}
