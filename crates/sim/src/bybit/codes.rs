//! Bybit's own words for why something was refused: `retCode` and `retMsg`. Spot has codes of its own.

use crate::order::Refusal;

/// A code and its text.
pub(crate) type Code = (i64, &'static str);
/// A code and a text made for the occasion.
pub(crate) type Wrong = (i64, String);

pub(crate) const TIMEOUT: Code = (10_000, "Server Timeout");
pub(crate) const WINDOW: i64 = 10_002;
pub(crate) const BAD_KEY: Code = (10_003, "API key is invalid.");
pub(crate) const BAD_SIGN: Code =
    (10_004, "Error sign, please check your signature generation algorithm.");
pub(crate) const TOO_MANY: Code = (10_006, "Too many visits. Exceeded the API Rate Limit.");
pub(crate) const NO_ROUTE: Code = (10_017, "Route not found.");
pub(crate) const RESTARTING: Code = (10_019, "ws trade service is restarting, please reconnect");
pub(crate) const BAD_OP: Code = (10_404, "op type is not found");
pub(crate) const SERVER_ERROR: Code = (10_016, "Internal server error.");
pub(crate) const REPEATED_AUTH: Code = (20_001, "Repeat auth");
pub(crate) const REPEATED_ID: Code = (20_006, "reqId is duplicated");
pub(crate) const LEVERAGE_SAME: Code = (110_043, "leverage not modified");
pub(crate) const MODE_SAME: Code = (110_025, "Position mode is not modified");
pub(crate) const MODE_POSITION: Code =
    (110_024, "You have an existing position, so the position mode cannot be switched");
pub(crate) const MODE_ORDERS: Code =
    (110_028, "You have existing open orders, so the position mode cannot be switched");
pub(crate) const NO_HEDGE: Code = (110_029, "Hedge mode is not supported for this symbol.");
pub(crate) const LEVERAGE_MAX: Code = (110_013, "cannot set leverage gt maxLeverage by risk limit");
pub(crate) const POSITION_IDX: Code = (10_001, "position idx not match position mode");

/// A faulty parameter.
pub(crate) fn parameter(text: impl Into<String>) -> Wrong {
    (10_001, text.into())
}

/// A code as an owned answer.
pub(crate) fn owned(code: Code) -> Wrong {
    (code.0, code.1.to_owned())
}

/// No such order, in the words of each market.
pub(crate) fn unknown(spot: bool, cancelling: bool) -> Wrong {
    owned(match (spot, cancelling) {
        (true, _) => (170_213, "Order does not exist."),
        (false, true) => (110_001, "order not exists or too late to cancel"),
        (false, false) => (110_001, "order not exists or too late to replace"),
    })
}

/// What is said about a new or amended order.
pub(crate) fn of_order(refusal: Refusal, spot: bool) -> Wrong {
    let (linear, on_spot): (Code, Code) = match refusal {
        Refusal::Instrument => {
            ((10_001, "params error: symbol invalid"), (170_121, "Invalid symbol."))
        }
        Refusal::PriceTick => {
            ((110_003, "price is invalid"), (170_134, "Order price has too many decimals."))
        }
        Refusal::PriceBand => (
            (110_003, "Order price exceeds the allowable range."),
            (170_132, "Order price too high."),
        ),
        Refusal::QtyLot => {
            ((10_001, "Qty invalid"), (170_137, "Order quantity has too many decimals."))
        }
        Refusal::QtyMin => (
            (10_001, "The number of contracts is below minimum limit allowed"),
            (170_136, "Order quantity lower than the minimum."),
        ),
        Refusal::QtyMax => (
            (10_001, "The number of contracts exceeds maximum limit allowed"),
            (170_124, "Order amount too large."),
        ),
        Refusal::NotionalMin => (
            (110_094, "Order does not meet minimum order value 5USDT"),
            (170_140, "Order value exceeded lower limit."),
        ),
        Refusal::Balance => {
            ((110_007, "ab not enough for new order"), (170_131, "Insufficient balance."))
        }
        Refusal::ReduceOnly => (
            (110_017, "current position is zero, cannot fix reduce-only order qty"),
            (170_210, "New order rejected."),
        ),
        Refusal::TooMany => (
            (110_020, "Not allowed to have more than 500 active orders."),
            (170_810, "Cannot exceed maximum of 500 active orders."),
        ),
        Refusal::DuplicateId => {
            ((110_072, "OrderLinkedID is duplicate"), (170_141, "Duplicate clientOrderId."))
        }
        Refusal::PostOnly => (
            (140_024, "post only order would take"),
            (170_218, "The LIMIT-MAKER order is rejected due to invalid price."),
        ),
        Refusal::Fok => (
            (110_079, "The order is processing and can not be operated, please try again later"),
            (170_210, "New order rejected."),
        ),
        Refusal::Amend => (
            (
                10_001,
                "The order remains unchanged as the parameters entered match the existing ones.",
            ),
            (170_312, "The current order does not support modification."),
        ),
        Refusal::Injected => ((10_016, "Internal server error."), (170_001, "Internal error.")),
        Refusal::UnknownOrder | Refusal::AlreadyFilled | Refusal::AlreadyCancelled => {
            return unknown(spot, false);
        }
    };
    owned(if spot { on_spot } else { linear })
}

/// What is said about a cancel.
pub(crate) fn of_cancel(refusal: Refusal, spot: bool) -> Wrong {
    match refusal {
        Refusal::AlreadyFilled if spot => owned((170_139, "Order has been filled.")),
        Refusal::AlreadyCancelled if spot => owned((170_142, "Order has been cancelled.")),
        Refusal::Injected => owned(SERVER_ERROR),
        _ => unknown(spot, true),
    }
}
