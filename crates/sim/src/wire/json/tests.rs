use super::*;

#[test]
fn fields_come_out_in_the_order_they_were_written() {
    let text =
        Obj::new().text("z", 1).raw("a", true).blank(&["m", "b"]).raw("l", list([1, 2])).end();
    assert_eq!(text, r#"{"z":"1","a":true,"m":"","b":"","l":[1,2]}"#);
    assert_eq!(Obj::new().end(), "{}");
    assert_eq!(list(Vec::<u8>::new()), "[]");
}

#[test]
fn an_object_takes_the_fields_of_another() {
    let both = |a: Obj, b: Obj| a.all(&b).end();
    assert_eq!(both(Obj::new().raw("a", 1), Obj::new().raw("b", 2)), r#"{"a":1,"b":2}"#);
    assert_eq!(both(Obj::new(), Obj::new().raw("b", 2)), r#"{"b":2}"#);
    assert_eq!(both(Obj::new().raw("a", 1), Obj::new()), r#"{"a":1}"#);
}

#[test]
fn what_a_client_wrote_reads_back_as_it_was() {
    for text in ["plain", "a\"b", "back\\slash", "line\nfeed", "\u{1}", "ünïcödé"] {
        let object = Obj::new().quoted("x", text).end();
        let read: Value = serde_json::from_str(&object).expect("valid JSON");
        assert_eq!(read["x"], text);
    }
}

#[test]
fn a_request_field_is_text_whatever_its_type() {
    let object: Value =
        serde_json::from_str(r#"{"a":"x","b":5,"c":true,"d":null,"e":[1]}"#).expect("valid JSON");
    let cases = [("a", "x"), ("b", "5"), ("c", "true"), ("d", ""), ("e", ""), ("f", "")];
    for (name, wanted) in cases {
        assert_eq!(field(&object, name), wanted, "{name}");
    }
}
