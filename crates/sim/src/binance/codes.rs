//! Refusals in Binance's codes and texts.

use super::api::ApiError;
use crate::order::Refusal;
use crate::spec::Spec;

/// A new order refused on spot.
pub(super) fn spot_order(why: Refusal) -> ApiError {
    let filter = |name: &str| ApiError::bad(-1013, format!("Filter failure: {name}"));
    let rejected = |msg: &str| ApiError::bad(-2010, msg);
    match why {
        Refusal::Instrument => ApiError::bad(-1121, "Invalid symbol."),
        Refusal::PriceTick => filter("PRICE_FILTER"),
        Refusal::PriceBand => filter("PERCENT_PRICE_BY_SIDE"),
        Refusal::QtyLot | Refusal::QtyMin | Refusal::QtyMax => filter("LOT_SIZE"),
        Refusal::NotionalMin => filter("NOTIONAL"),
        Refusal::TooMany => filter("MAX_NUM_ORDERS"),
        Refusal::Balance => rejected("Account has insufficient balance for requested action."),
        Refusal::DuplicateId => rejected("Duplicate order sent."),
        Refusal::PostOnly => rejected("Order would immediately match and take."),
        Refusal::Injected => busy(),
        _ => rejected("New order rejected."),
    }
}

/// A new order refused on futures.
pub(super) fn usdm_order(spec: &Spec, why: Refusal) -> ApiError {
    let bad = |code: i32, msg: &str| ApiError::bad(code, msg);
    match why {
        Refusal::Instrument => bad(-1121, "Invalid symbol."),
        Refusal::PriceTick => bad(-4014, "Price not increased by tick size."),
        Refusal::PriceBand => bad(
            -4131,
            "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
        ),
        Refusal::QtyLot => bad(-4023, "Qty not increased by step size."),
        Refusal::QtyMin => bad(-4004, "Quantity less than min quantity."),
        Refusal::QtyMax => bad(-4005, "Quantity greater than max quantity."),
        Refusal::NotionalMin => {
            let least = spec.notional_min;
            ApiError::bad(
                -4164,
                format!(
                    "Order's notional must be no smaller than {least} (unless you choose reduce only)."
                ),
            )
        }
        Refusal::Balance => bad(-2019, "Margin is insufficient."),
        Refusal::ReduceOnly => bad(-2022, "ReduceOnly Order is rejected."),
        Refusal::PostOnly => bad(
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected. The order will not be recorded in the order history",
        ),
        Refusal::Fok => bad(
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected. The order will not be recorded in the order history",
        ),
        Refusal::TooMany => bad(-2025, "Reach max open order limit."),
        Refusal::DuplicateId => bad(-4116, "ClientOrderId is duplicated."),
        Refusal::UnknownOrder | Refusal::AlreadyFilled | Refusal::AlreadyCancelled => {
            no_such_order()
        }
        Refusal::Amend => bad(-5027, "No need to modify the order."),
        Refusal::Injected => busy(),
    }
}

/// A cancel refused on either.
pub(super) fn cancel() -> ApiError {
    ApiError::bad(-2011, "Unknown order sent.")
}

/// A query for an order that is not there.
pub(super) fn no_such_order() -> ApiError {
    ApiError::bad(-2013, "Order does not exist.")
}

pub(super) fn busy() -> ApiError {
    ApiError::new(
        503,
        -1008,
        "Server is currently overloaded with other requests. Please try again in a few minutes.",
    )
}

/// The answer that says nothing about what happened.
pub(super) fn unknown() -> ApiError {
    let msg = "Timeout waiting for response from backend server. Send status unknown; execution status unknown.";
    ApiError::new(504, -1007, msg)
}
