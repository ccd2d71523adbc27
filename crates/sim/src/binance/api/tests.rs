use super::{ApiError, Params, client_id};
use crate::dec::Dec;
use crate::order::OrderRef;

fn params(pairs: &[(&str, &str)]) -> Params {
    Params(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

#[test]
fn numbers_of_a_websocket_request_are_read_as_sent() {
    let raw = serde_json::value::RawValue::from_string(
        r#"{"b":0.10,"a":"x","c":true,"d":"q\"uote"}"#.into(),
    );
    let params = Params::from_json(&raw.expect("JSON")).expect("an object");
    assert_eq!(params.get("b"), Some("0.10"));
    assert_eq!(
        (params.get("a"), params.get("c"), params.get("d")),
        (Some("x"), Some("true"), Some("q\"uote"))
    );
}

#[test]
fn what_is_missing_or_malformed_has_the_venues_code() {
    let params = params(&[("quantity", "abc"), ("side", "HOLD"), ("empty", ""), ("limit", "7")]);
    let code = |answer: Result<(), ApiError>| answer.map_err(|why| why.code);
    assert_eq!(code(params.need("empty").map(drop)), Err(-1102));
    assert_eq!(code(params.decimal("quantity").map(drop)), Err(-1100));
    assert_eq!(code(params.side().map(drop)), Err(-1117));
    assert_eq!(code(params.order_ref().map(drop)), Err(-1102));
    assert_eq!(params.limit(500, 5).map_err(|why| why.code), Ok(5));
    assert_eq!(params.decimal("none").map_err(|why| why.code), Ok(None::<Dec>));
}

#[test]
fn the_venues_number_wins_over_the_clients() {
    let both = params(&[("origClientOrderId", "mine"), ("orderId", "5")]);
    assert_eq!(both.order_ref().ok(), Some(OrderRef::Id(5)));
}

#[test]
fn client_ids_are_short_and_plain() {
    assert!(client_id("ABC-x_9", "").is_ok());
    assert!(client_id("a.b:c/d", ".:/").is_ok());
    assert_eq!(client_id("a.b", "").map_err(|why| why.code), Err(-1100));
    assert_eq!(client_id(&"a".repeat(37), "").map_err(|why| why.code), Err(-4015));
}
