use super::{HmacKey, binance, bybit, okx, text};
use crate::credentials::{Credentials, Secret};
use base::WallNs;
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac as _};
use proptest::prelude::*;
use serde::Deserialize;
use sha2::Sha256;

#[derive(Deserialize)]
struct Vector {
    venue: String,
    name: String,
    alg: String,
    secret: String,
    payload: String,
    expected: String,
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("../../testdata/signatures.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a vector a line")).collect()
}

fn encoded(alg: &str, mac: &[u8; 32]) -> String {
    let text = match alg {
        "HMAC-SHA256-hex" => text::hex(mac).to_vec(),
        "HMAC-SHA256-base64" => text::base64_32(mac).to_vec(),
        other => panic!("unknown algorithm {other}"),
    };
    String::from_utf8(text).expect("ASCII")
}

#[test]
fn every_vector_is_signed_as_its_source_says_whole_in_pieces_and_after_a_prefix() {
    let vectors = vectors();
    assert!(vectors.len() >= 20, "only {} vectors", vectors.len());
    for v in vectors {
        let key = HmacKey::new(v.secret.as_bytes());
        let payload = v.payload.as_bytes();
        assert_eq!(encoded(&v.alg, &key.sign(payload)), v.expected, "{}: {}", v.venue, v.name);
        for cut in [0, 1, payload.len() / 2, payload.len()] {
            let prefix = key.prefix(&payload[..cut]);
            let mut mac = key.resume(&prefix);
            payload[cut..].chunks(7).for_each(|piece| mac.update(piece));
            assert_eq!(encoded(&v.alg, &mac.finish()), v.expected, "{} cut at {cut}", v.name);
            let mut text = [prefix.rest(), &payload[cut..]].concat();
            let length = text.len();
            assert_eq!(key.sign_after(&prefix, &mut text.clone(), length), None, "no room");
            text.resize(length + super::PADDING, 7);
            let whole = key.sign_after(&prefix, &mut text, length).expect("room");
            assert_eq!(encoded(&v.alg, &whole), v.expected, "{} at once, cut at {cut}", v.name);
        }
    }
}

fn vector(venue: &str, name: &str) -> Vector {
    vectors().into_iter().find(|v| v.venue == venue && v.name == name).expect("a vector")
}

#[test]
fn the_venues_own_forms_put_the_payload_together() {
    let v = vector("okx", "rest GET balance");
    let key = HmacKey::new(v.secret.as_bytes());
    let at = okx::timestamp(WallNs::from_millis(1_795_219_199_999));
    assert_eq!(core::str::from_utf8(&at), Ok("2026-11-20T23:59:59.999Z"));
    let signature = okx::rest(&key, &at, b"GET", b"/api/v5/account/balance", b"");
    assert_eq!(signature, v.expected.as_bytes());

    let v = vector("okx", "ws login");
    assert_eq!(
        okx::login(&HmacKey::new(v.secret.as_bytes()), b"1786000000"),
        v.expected.as_bytes()
    );

    let v = vector("bybit", "rest GET, query");
    let signature = bybit::rest(
        &HmacKey::new(v.secret.as_bytes()),
        b"1786000000123",
        b"testkey0000000000Ab",
        b"5000",
        b"category=linear&symbol=BTCUSDT",
    );
    assert_eq!(signature, v.expected.as_bytes());

    let v = vector("bybit", "ws auth");
    let key = HmacKey::new(v.secret.as_bytes());
    assert_eq!(bybit::auth(&key, b"1786000010000"), v.expected.as_bytes());
}

#[test]
fn a_binance_order_is_signed_from_its_sorted_parameters() {
    let v = vector("binance", "ws-api order.place, sorted, apiKey included");
    let api_key = v.payload.split(['=', '&']).nth(1).expect("apiKey=...");
    let mut buffer = [0; 512];
    let mut payload = binance::Payload::new(&mut buffer);
    payload
        .param("apiKey", api_key.as_bytes())
        .param("newClientOrderId", b"AAAA0000100000001")
        .param("newOrderRespType", b"ACK")
        .param("price", b"61800.10")
        .param("quantity", b"0.00100")
        .param("recvWindow", b"4000")
        .param("side", b"BUY")
        .param("symbol", b"BTCUSDT")
        .param("timeInForce", b"IOC")
        .param("timestamp", b"1786000000123")
        .param("type", b"LIMIT");
    let payload = payload.finish().expect("sorted and short");
    assert_eq!(core::str::from_utf8(payload), Ok(v.payload.as_str()));
    let secret = Secret::Hmac(HmacKey::new(v.secret.as_bytes()));
    let mut out = [0; binance::SIGNATURE_MAX];
    let length = binance::sign(&secret, payload, &mut out);
    assert_eq!(&out[..length], v.expected.as_bytes());
}

#[test]
fn parameters_out_of_order_or_too_long_give_nothing_to_sign() {
    let mut buffer = [0; 64];
    let mut payload = binance::Payload::new(&mut buffer);
    payload.param("symbol", b"BTCUSDT").param("side", b"BUY");
    assert_eq!(payload.finish(), None);

    let mut payload = binance::Payload::new(&mut buffer);
    payload.param("side", b"BUY").param("side", b"BUY");
    assert_eq!(payload.finish(), None, "a name twice");

    let mut short = [0; 8];
    let mut payload = binance::Payload::new(&mut short);
    payload.param("side", b"BUY").param("symbol", b"BTCUSDT");
    assert_eq!(payload.finish(), None, "longer than its buffer");
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn hmac_follows_rfc_4231() {
    // Cases 1, 2, 3, 6, 7: key, data, digest. 6 and 7 have keys longer than a block.
    let cases: [(Vec<u8>, Vec<u8>, &str); 5] = [
        (
            vec![0x0b; 20],
            b"Hi There".to_vec(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            vec![0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. \
              The key needs to be hashed before being used by the HMAC algorithm."
                .to_vec(),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (key, data, digest) in cases {
        assert_eq!(HmacKey::new(&key).sign(&data).to_vec(), unhex(digest));
    }
}

#[derive(Deserialize)]
struct Ed25519 {
    rfc8032: Vec<Rfc8032>,
    computed: Vec<Computed>,
}
#[derive(Deserialize)]
struct Rfc8032 {
    secret_seed: String,
    message_hex: String,
    signature: String,
}
#[derive(Deserialize)]
struct Computed {
    pkcs8_pem: String,
    payload: String,
    signature_base64: String,
}

#[test]
fn ed25519_follows_rfc_8032_and_openssl() {
    let all: Ed25519 = serde_json::from_str(include_str!("../../testdata/ed25519.json")).unwrap();
    for v in all.rfc8032 {
        let seed: [u8; 32] = unhex(&v.secret_seed).try_into().unwrap();
        let secret = Secret::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)));
        let mut out = [0; binance::SIGNATURE_MAX];
        let length = binance::sign(&secret, &unhex(&v.message_hex), &mut out);
        assert_eq!(BASE64_STANDARD.decode(&out[..length]).unwrap(), unhex(&v.signature));
    }
    for v in all.computed {
        let credentials = Credentials::new("key", &v.pkcs8_pem, None).unwrap();
        let mut out = [0; binance::SIGNATURE_MAX];
        let length = binance::sign(&credentials.secret, v.payload.as_bytes(), &mut out);
        assert_eq!(&out[..length], v.signature_base64.as_bytes());

        let mut query = [0; binance::QUERY_SIGNATURE_MAX];
        let length = binance::sign_query(&credentials.secret, v.payload.as_bytes(), &mut query);
        let query = core::str::from_utf8(&query[..length]).unwrap();
        let expected =
            v.signature_base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert_eq!(query, expected);
    }
}

#[test]
fn percent_encodes_as_the_binance_document_shows() {
    let mut out = [0; 64];
    let length = text::percent("币安USDT-_.~+/=".as_bytes(), &mut out).unwrap();
    assert_eq!(&out[..length], b"%E5%B8%81%E5%AE%89USDT-_.~%2B%2F%3D");
    assert_eq!(text::percent(b"a+", &mut [0; 3]), None);
}

#[test]
fn okx_times_are_right_at_the_edges_of_days_months_and_leap_years() {
    #[rustfmt::skip]
    let cases = [
        (0,                   "1970-01-01T00:00:00.000Z"),
        (951_782_399_999,     "2000-02-28T23:59:59.999Z"),
        (951_782_400_000,     "2000-02-29T00:00:00.000Z"),
        (1_607_418_537_715,   "2020-12-08T09:08:57.715Z"),
        (1_709_164_800_001,   "2024-02-29T00:00:00.001Z"),
        (4_107_542_400_000,   "2100-03-01T00:00:00.000Z"),
        (-5,                  "1970-01-01T00:00:00.000Z"),
    ];
    for (ms, expected) in cases {
        let text = okx::timestamp(WallNs::from_millis(ms));
        assert_eq!(core::str::from_utf8(&text), Ok(expected), "{ms}");
    }
}

/// The date of a day by walking the calendar.
fn walked(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970, days);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    for (month, length) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if left < length {
            return (year, month, left + 1);
        }
        left -= length;
    }
    unreachable!("a year has twelve months")
}

proptest! {
    #[test]
    fn our_hmac_is_the_librarys(
        key in prop::collection::vec(any::<u8>(), 0..200),
        text in prop::collection::vec(any::<u8>(), 0..400),
        cut in any::<prop::sample::Index>(),
        piece in 1_usize..150,
    ) {
        let mut theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        theirs.update(&text);
        let theirs: [u8; 32] = theirs.finalize().into_bytes().into();
        let ours = HmacKey::new(&key);
        prop_assert_eq!(ours.sign(&text), theirs);
        let cut = cut.index(text.len() + 1);
        let prefix = ours.prefix(&text[..cut]);
        let mut mac = ours.resume(&prefix);
        text[cut..].chunks(piece).for_each(|piece| mac.update(piece));
        prop_assert_eq!(mac.finish(), theirs);
    }

    #[test]
    fn our_base64_and_hex_are_the_libraries(short in any::<[u8; 32]>(), long in prop::array::uniform32(any::<[u8; 2]>())) {
        let long: [u8; 64] = long.concat().try_into().unwrap();
        let text = BASE64_STANDARD.encode(short);
        prop_assert_eq!(text::base64_32(&short), text.as_bytes());
        let text = BASE64_STANDARD.encode(long);
        prop_assert_eq!(text::base64_64(&long), text.as_bytes());
        let hex: String = short.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(text::hex(&short), hex.as_bytes());
    }

    #[test]
    fn a_number_is_written_as_format_writes_it(value in any::<u64>()) {
        let mut buffer = [0; 20];
        let text = value.to_string();
        prop_assert_eq!(text::decimal(value, &mut buffer), text.as_bytes());
    }

    #[test]
    fn dates_are_those_of_the_calendar(days in 0_u64..106_751) {
        // Nanoseconds in 64 bits end in 2262.
        let wall = WallNs(i64::try_from(days * 86_400_000_000_000).unwrap());
        let (year, month, day) = walked(days);
        let expected = format!("{year:04}-{month:02}-{day:02}T");
        prop_assert_eq!(&okx::timestamp(wall)[..11], expected.as_bytes());
    }
}
