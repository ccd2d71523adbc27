//! OKX's own words for why something was refused: code and text, as its error list prints them.

use crate::order::Refusal;

/// A code and its text.
pub(crate) type Code = (&'static str, &'static str);

pub(crate) const OK: Code = ("0", "");
pub(crate) const ALL_FAILED: Code = ("1", "All operations failed");
pub(crate) const SOME_FAILED: Code = ("2", "Bulk operation partially succeeded.");

pub(crate) const UNAVAILABLE: Code = ("50001", "Service temporarily unavailable. Try again later.");
pub(crate) const BODY_SYNTAX: Code = ("50002", "JSON syntax error");
pub(crate) const TIMEOUT: Code = (
    "50004",
    "API endpoint request timeout (does not mean that the request was successful or failed, please check the request result).",
);
pub(crate) const TOO_MANY: Code = ("50011", "Too Many Requests");
pub(crate) const NEEDS: Code = ("50014", "Parameter {0} cannot be empty.");
pub(crate) const NEEDS_EITHER: Code = ("50015", "Either parameter quoteCcy or instId is required.");
pub(crate) const EXPIRED: Code = ("50102", "Timestamp request expired.");
pub(crate) const NO_KEY: Code = ("50103", "Request header OK-ACCESS-KEY cannot be empty.");
pub(crate) const NO_PASSPHRASE: Code =
    ("50104", "Request header OK-ACCESS-PASSPHRASE cannot be empty.");
pub(crate) const BAD_PASSPHRASE: Code = ("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.");
pub(crate) const NO_SIGN: Code = ("50106", "Request header OK-ACCESS-SIGN cannot be empty.");
pub(crate) const NO_TIMESTAMP: Code =
    ("50107", "Request header OK-ACCESS-TIMESTAMP cannot be empty.");
pub(crate) const BAD_KEY: Code = ("50111", "Invalid OK-ACCESS-KEY.");
pub(crate) const BAD_TIMESTAMP: Code = ("50112", "Invalid OK-ACCESS-TIMESTAMP.");
pub(crate) const BAD_SIGN: Code = ("50113", "Invalid Sign");
pub(crate) const SUB_ACCOUNT_RATE: Code =
    ("50061", "You've reached the maximum order rate limit for this account.");

pub(crate) const NO_INSTRUMENT: Code =
    ("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.");
pub(crate) const NEEDS_ID: Code = ("51003", "Either client order ID or order ID is required");
pub(crate) const DUPLICATE_ID: Code = ("51016", "Duplicated client order ID");
pub(crate) const ACCOUNT_MODE: Code =
    ("51010", "You can't complete this request under your current account mode.");
pub(crate) const LEVERAGE: Code =
    ("59102", "Leverage exceeds the maximum limit. Please lower the leverage.");
pub(crate) const TOO_LATE: Code = ("51149", "Order timed out. Please try again.");
pub(crate) const TOO_MANY_TAGS: Code =
    ("51071", "You have reached the maximum limit for tag level cancel all after timers.");
pub(crate) const BATCH_SIZE: Code = ("51111", "Maximum 20 orders can be placed in bulk");
pub(crate) const UNKNOWN_ORDER: Code = ("51603", "Order does not exist");
pub(crate) const CANCEL_UNKNOWN: Code = (
    "51400",
    "Order cancellation failed as the order has been filled, canceled or does not exist.",
);
pub(crate) const AMEND_UNKNOWN: Code = (
    "51503",
    "Order modification failed as the order has been filled, canceled or does not exist.",
);
pub(crate) const AMEND_NOTHING: Code = ("51500", "You must enter a price, quantity, or TP/SL");

pub(crate) const WS_LOGIN_KEY: Code = ("60005", "Invalid apiKey");
pub(crate) const WS_LOGIN_EXPIRED: Code = ("60006", "Timestamp request expired");
pub(crate) const WS_LOGIN_SIGN: Code = ("60007", "Invalid sign");
pub(crate) const WS_LOGIN_TIMESTAMP: Code = ("60004", "Invalid timestamp");
pub(crate) const WS_LOGIN_PASSPHRASE: Code = ("60024", "Wrong passphrase");
pub(crate) const WS_LOGIN_AGAIN: Code =
    ("60030", "The WebSocket endpoint does not allow multiple or repeated logins.");
pub(crate) const WS_NOT_LOGGED_IN: Code = ("60011", "Please log in");
pub(crate) const WS_BAD_ARGS: Code = ("60013", "Invalid args");
pub(crate) const WS_TOO_FAST: Code = ("60014", "Requests too frequent");
pub(crate) const WS_TIER: Code =
    ("64003", "Your trading fee tier doesn't meet the requirement to access this channel");
pub(crate) const WS_NOTICE: Code =
    ("64008", "The connection will soon be closed for a service upgrade. Please reconnect.");

/// "Parameter … error", for the parameter of that name.
pub(crate) fn parameter(name: &str) -> (String, String) {
    ("51000".to_owned(), format!("Parameter {name} error"))
}

/// What is said about a new order.
pub(crate) fn of_order(refusal: Refusal) -> (String, String) {
    let code = match refusal {
        Refusal::Instrument => NO_INSTRUMENT,
        Refusal::PriceTick => return parameter("px"),
        Refusal::PriceBand => ("51006", "Order price is not within the price limit"),
        Refusal::QtyLot => ("51121", "Order quantity must be a multiple of the lot size."),
        Refusal::QtyMin | Refusal::NotionalMin => {
            ("51020", "Your order should meet or exceed the minimum order amount.")
        }
        Refusal::QtyMax => {
            ("51101", "Entered amount exceeds the max pending order amount (Cont) per transaction")
        }
        Refusal::Balance => ("51008", "Order failed. Insufficient balance in account"),
        Refusal::ReduceOnly => (
            "51169",
            "Order failed because you don't have any positions in this direction for this contract to reduce or close.",
        ),
        Refusal::TooMany => ("51102", "Entered amount exceeds the max pending count"),
        Refusal::DuplicateId => DUPLICATE_ID,
        Refusal::PostOnly => ("51019", "Order failed as it would take liquidity"),
        Refusal::Fok => ("51109", "No available offer"),
        Refusal::Injected => ("50013", "Systems are busy. Please try again later."),
        Refusal::UnknownOrder
        | Refusal::AlreadyFilled
        | Refusal::AlreadyCancelled
        | Refusal::Amend => UNKNOWN_ORDER,
    };
    owned(code)
}

/// What is said about a cancel.
pub(crate) fn of_cancel(refusal: Refusal) -> (String, String) {
    owned(match refusal {
        Refusal::AlreadyFilled => {
            ("51402", "Order cancellation failed as the order has already been completed.")
        }
        Refusal::AlreadyCancelled => {
            ("51401", "Order cancellation failed as the order is already canceled.")
        }
        Refusal::Injected => ("50026", "System error. Try again later"),
        _ => CANCEL_UNKNOWN,
    })
}

/// What is said about an amendment.
pub(crate) fn of_amend(refusal: Refusal) -> (String, String) {
    match refusal {
        Refusal::UnknownOrder => owned(AMEND_UNKNOWN),
        Refusal::AlreadyCancelled => {
            owned(("51509", "Order modification failed as the order has been canceled."))
        }
        Refusal::AlreadyFilled => {
            owned(("51510", "Order modification failed as the order has been completed."))
        }
        Refusal::Amend => owned(AMEND_NOTHING),
        other => of_order(other),
    }
}

/// A code as owned text.
pub(crate) fn owned(code: Code) -> (String, String) {
    (code.0.to_owned(), code.1.to_owned())
}
