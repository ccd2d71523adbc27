use super::{check_time, is_signed, rest_payload, ws_payload};
use crate::binance::api::Params;
use crate::scenario::KeyPlan;
use base::WallNs;

fn hmac(secret: &str) -> KeyPlan {
    KeyPlan {
        api_key: "k".into(),
        secret: secret.into(),
        ed25519_seed: String::new(),
        passphrase: String::new(),
    }
}

fn params(pairs: &[(&str, &str)]) -> Params {
    Params(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

/// The worked example of the venue's documentation.
#[test]
fn the_documented_signatures_are_accepted_and_others_not() {
    let key = hmac("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j");
    let params = params(&[
        ("type", "LIMIT"),
        ("symbol", "BTCUSDT"),
        ("side", "SELL"),
        ("apiKey", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
        ("timeInForce", "GTC"),
        ("quantity", "0.01000000"),
        ("price", "52000.00"),
        ("recvWindow", "100"),
        ("timestamp", "1645423376532"),
        ("signature", "anything"),
    ]);
    let expected = "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24";
    assert!(is_signed(&key, &ws_payload(&params), expected));
    assert!(is_signed(&key, &ws_payload(&params), &expected.to_uppercase()));
    assert!(!is_signed(&key, &ws_payload(&params), &expected.replace('a', "b")));
    assert!(!is_signed(&hmac(""), "", ""));
}

#[test]
fn query_and_body_are_signed_together_without_the_signature() {
    assert_eq!(rest_payload("a=1&signature=x", "b=2"), "a=1b=2");
    assert_eq!(rest_payload("a=1", "b=2&signature=x"), "a=1b=2");
    assert_eq!(rest_payload("", "b=2&c=%EF%BC&signature=x"), "b=2&c=%EF%BC");
}

#[test]
fn an_ed25519_signature_is_checked() {
    use base64::Engine as _;
    use ed25519_dalek::{Signer as _, SigningKey};
    let key = KeyPlan { ed25519_seed: "07".repeat(32), ..hmac("") };
    let signer = SigningKey::from_bytes(&[7; 32]);
    let sign = |payload: &str| {
        base64::engine::general_purpose::STANDARD.encode(signer.sign(payload.as_bytes()).to_bytes())
    };
    assert!(is_signed(&key, "a=1", &sign("a=1")));
    assert!(!is_signed(&key, "a=1", &sign("a=2")));
    assert!(!is_signed(&key, "a=1", "AAAA"));
}

#[test]
fn time_stamps_are_taken_from_a_window_before_to_a_second_after() {
    let now = WallNs::from_millis(1_000_000_000_000);
    let at = |ms: i64, window: &str| {
        let ms = (1_000_000_000_000 + ms).to_string();
        check_time(now, &params(&[("timestamp", &ms), ("recvWindow", window)]))
            .map_err(|why| why.code)
    };
    assert_eq!(at(0, ""), Ok(()));
    assert_eq!(at(999, ""), Ok(()));
    assert_eq!(at(1_000, ""), Err(-1021));
    assert_eq!(at(-5_000, ""), Ok(()));
    assert_eq!(at(-5_001, ""), Err(-1021));
    assert_eq!(at(-5_001, "6000"), Ok(()));
    assert_eq!(at(-101, "100.5"), Err(-1021));
    assert_eq!(at(0, "60001"), Err(-1131));
    let micros = params(&[("timestamp", "1000000000000000")]);
    assert_eq!(check_time(now, &micros), Ok(()));
    assert_eq!(check_time(now, &params(&[])).map_err(|why| why.code), Err(-1102));
}
