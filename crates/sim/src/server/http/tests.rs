use super::{Parsed, Request, Response, parse, percent_decode};
use crate::server::ConnId;
use proptest::prelude::*;

const CONN: ConnId = ConnId(1);

#[test]
fn a_whole_request_is_read_with_what_follows_left() {
    let bytes = b"POST /a/b?x=1&y=a%20b HTTP/1.1\r\nHost: h\r\nX-Key: K \r\nContent-Length: 3\r\n\r\nabcGET";
    let Parsed::Whole(request, used) = parse(bytes, CONN, "door") else { panic!("whole") };
    assert_eq!(used, bytes.len() - 3);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/a/b"));
    assert_eq!((request.header("x-key"), request.body.as_str()), (Some("K"), "abc"));
    assert_eq!(request.target(), "/a/b?x=1&y=a%20b");
    assert_eq!(Request::fields(&request.query)[1], ("y".to_owned(), "a b".to_owned()));
    assert!(!request.wants_upgrade());
}

#[test]
fn what_is_not_whole_waits_and_what_is_wrong_is_refused() {
    assert!(matches!(parse(b"GET / HTTP/1.1\r\nHost:", CONN, ""), Parsed::Partial));
    assert!(matches!(
        parse(b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", CONN, ""),
        Parsed::Partial
    ));
    assert!(matches!(
        parse(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", CONN, ""),
        Parsed::Bad(400)
    ));
    assert!(matches!(
        parse(b"GET / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", CONN, ""),
        Parsed::Bad(400)
    ));
    assert!(matches!(
        parse(b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", CONN, ""),
        Parsed::Bad(501)
    ));
    assert!(matches!(parse(&vec![b'a'; 40_000], CONN, ""), Parsed::Bad(400)));
}

#[test]
fn an_answer_carries_its_length_and_whether_more_may_come() {
    let mut out = Vec::new();
    Response::json(429, "{}").with("retry-after", 7).encode(true, &mut out);
    let text = String::from_utf8(out).expect("text");
    assert!(text.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
    assert!(text.contains("retry-after: 7\r\n") && text.contains("content-length: 2\r\n"));
    assert!(text.ends_with("connection: close\r\n\r\n{}"));
}

#[test]
fn percent_signs_that_mean_nothing_stay() {
    assert_eq!(percent_decode("a%2Bb+c%zz%"), "a+b c%zz%");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, CONN, "");
    }

    #[test]
    fn any_cut_of_a_request_waits(cut in 0_usize..60) {
        let bytes = b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789";
        prop_assume!(cut < bytes.len());
        prop_assert!(matches!(parse(&bytes[..cut], CONN, ""), Parsed::Partial));
    }
}
