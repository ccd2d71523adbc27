use super::{Value, check};
use proptest::prelude::*;

/// Any JSON value whose strings and numbers look like a venue's.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        "[ -~]{0,12}".prop_map(Into::into),
        "[0-9]{1,6}\\.[0-9]{1,9}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map("[a-zA-Z]{1,4}", inner, 0..6)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Whether serde_json takes it, at the depth this reader allows.
fn accepted_by_serde(text: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(text).is_ok()
}

/// Every leaf and every key is found where serde_json finds it.
fn agree(ours: Value<'_>, theirs: &serde_json::Value) {
    match theirs {
        serde_json::Value::Object(map) => {
            assert_eq!(ours.fields().count(), map.len());
            for (name, value) in map {
                agree(ours.field(name.as_bytes()).expect(name), value);
            }
        }
        serde_json::Value::Array(list) => {
            assert_eq!(ours.items().count(), list.len());
            for (item, value) in ours.items().zip(list) {
                agree(item, value);
            }
        }
        serde_json::Value::String(text) if !text.contains(['"', '\\']) => {
            assert_eq!(ours.text(), Some(text.as_bytes()));
        }
        serde_json::Value::String(_) => assert!(ours.text().is_some()),
        serde_json::Value::Number(number) => {
            assert_eq!(ours.u64(), number.as_u64());
            assert_eq!(ours.i64(), number.as_i64());
        }
        serde_json::Value::Bool(flag) => assert_eq!(ours.flag(), Some(*flag)),
        serde_json::Value::Null => assert!(ours.is_null()),
    }
}

proptest! {
    #[test]
    fn what_serde_writes_is_read_alike(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
        let text = text.unwrap();
        agree(check(&text).expect("well-formed"), &value);
    }

    #[test]
    fn what_serde_refuses_is_refused(value in value(), cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..=127), 1..4)) {
        let mut text = serde_json::to_vec(&value).unwrap();
        for (at, byte) in cuts {
            if text.is_empty() { break; }
            let at = at.index(text.len());
            if byte == 0 { text.truncate(at); } else { text[at] = byte; }
        }
        // serde_json also refuses numbers beyond f64 and broken surrogates; we need neither.
        if check(&text).is_none() { prop_assert!(!accepted_by_serde(&text)); }
        if accepted_by_serde(&text) { prop_assert!(check(&text).is_some()); }
    }

    #[test]
    fn any_bytes_are_survived(text in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(value) = check(&text) {
            for (_, inner) in value.fields() { let _ = (inner.u64(), inner.i64(), inner.flag(), inner.word()); }
            let _ = value.items().count();
        }
    }
}

#[test]
fn malformed_texts_are_refused() {
    let cases: &[&[u8]] = &[
        b"",
        b" ",
        b"{",
        b"}",
        b"[1,]",
        b"{\"a\":1,}",
        b"{\"a\"}",
        b"{a:1}",
        b"01",
        b"1.",
        b".5",
        b"-",
        b"1e",
        b"nul",
        b"truex",
        b"\"a",
        b"\"\\x\"",
        b"\"\\u12g4\"",
        b"\"\n\"",
        b"[1 2]",
        b"{} {}",
        b"{\"a\":1]",
        b"[1}",
        b"NaN",
        b"+1",
        b"{\"a\":1",
        b"\"\x01\"",
    ];
    for case in cases {
        assert_eq!(check(case), None, "{}", String::from_utf8_lossy(case));
        assert!(!accepted_by_serde(case), "{}", String::from_utf8_lossy(case));
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused_without_recursion() {
    let deep = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
    assert_eq!(check(&deep), None);
    let fine = [vec![b'['; 64], vec![b']'; 64]].concat();
    assert!(check(&fine).is_some());
}

#[test]
fn numbers_are_read_plain_or_as_text() {
    let cases: &[(&[u8], Option<u64>, Option<i64>)] = &[
        (b"17", Some(17), Some(17)),
        (b"\"17\"", Some(17), Some(17)),
        (b"-1", None, Some(-1)),
        (b"\"-1\"", None, Some(-1)),
        (b"\"--1\"", None, None),
        (b"18446744073709551615", Some(u64::MAX), None),
        (b"18446744073709551616", None, None),
        (b"-9223372036854775808", None, Some(i64::MIN)),
        (b"1.5", None, None),
        (b"\"\"", None, None),
        (b"null", None, None),
        (b"\"1e3\"", None, None),
    ];
    for (text, unsigned, signed) in cases {
        let value = check(text).expect("well-formed");
        assert_eq!(
            (value.u64(), value.i64()),
            (*unsigned, *signed),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn of_two_fields_of_one_name_the_last_counts() {
    assert_eq!(
        check(b"{\"a\":1,\"a\":2}").and_then(|v| v.field(b"a")).and_then(Value::u64),
        Some(2)
    );
}

#[test]
fn a_control_character_anywhere_in_a_string_is_refused() {
    for length in 0..40 {
        for at in 0..=length {
            let mut text = vec![b'x'; length + 3];
            (text[0], text[length + 2]) = (b'"', b'"');
            assert!(check(&text).is_some());
            for control in [0x00, 0x0a, 0x1f] {
                text[at + 1] = control;
                assert_eq!(check(&text), None, "{control} at {at} of {length}");
            }
        }
    }
}
