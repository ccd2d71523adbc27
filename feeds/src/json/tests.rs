use super::*;

fn read<R>(text: &str, take: impl FnOnce(Value<'_, '_>) -> R) -> Result<R, Why> {
    Reader::new(4096).read(text.as_bytes(), take)
}

#[test]
fn fields_are_found_in_any_order_and_others_passed_over() {
    let text = r#"{"x":{"a":[1,{"b":2}]},"b":"two","a":1,"y":null}"#;
    let found = read(text, |root| {
        let [a, b, c] = root.fields(["a", "b", "c"]).unwrap();
        (a.unwrap().integer(), b.unwrap().text().map(<[u8]>::to_vec), c.is_none())
    });
    assert_eq!(found, Ok((Ok(1), Ok(b"two".to_vec()), true)));
}

#[test]
fn a_key_that_stands_twice_is_refused_and_only_where_it_is_wanted() {
    let text = r#"{"a":1,"a":2,"b":3}"#;
    assert_eq!(read(text, |root| root.fields(["a"]).err()), Ok(Some(Why::Shape)));
    assert_eq!(read(text, |root| root.fields(["b"]).is_ok()), Ok(true));
}

#[test]
fn types_are_not_converted() {
    let of = |text: &str, step: fn(Value<'_, '_>) -> Result<i64, Why>| {
        read(text, |root| step(root.items().unwrap().next().unwrap())).unwrap()
    };
    assert_eq!(of("[7]", |v| v.integer()), Ok(7));
    assert_eq!(of("[-7]", |v| v.integer()), Ok(-7));
    assert_eq!(of("[-7]", |v| v.count()), Err(Why::Value));
    assert_eq!(of("[7.0]", |v| v.integer()), Err(Why::Shape));
    assert_eq!(of("[\"7\"]", |v| v.integer()), Err(Why::Shape));
    assert_eq!(of("[\"7\"]", |v| v.count_text()), Ok(7));
    assert_eq!(of("[\"\"]", |v| v.count_text()), Err(Why::Value));
    assert_eq!(of("[\"-7\"]", |v| v.count_text()), Err(Why::Value));
    assert_eq!(of("[\"9223372036854775808\"]", |v| v.count_text()), Err(Why::Value));
    assert_eq!(of("[9223372036854775808]", |v| v.integer()), Err(Why::Value));
    assert_eq!(of("[null]", |v| v.integer()), Err(Why::Shape));
}

#[test]
fn a_reader_is_as_good_after_garbage_as_before() {
    let mut reader = Reader::new(128);
    for text in ["{", "[1,", "\"", "nul", "{\"a\":}", "\u{0}", ""] {
        assert_eq!(reader.read(text.as_bytes(), |_| ()), Err(Why::Garbage), "{text:?}");
        assert_eq!(reader.read(b"[1]", |root| root.items().is_ok()), Ok(true));
    }
    assert_eq!(reader.read(&[b'['; 129], |_| ()), Err(Why::TooLong));
}
