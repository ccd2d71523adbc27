use super::{HttpClient, HttpError, HttpFaultKind, HttpOptions, HttpRequest, Method};
use crate::tls::Tls;

fn client() -> HttpClient {
    HttpClient::new(&Tls::new(None).unwrap(), HttpOptions::default())
}

fn get<'a>(base: &'a str, path_and_query: &'a str) -> HttpRequest<'a> {
    HttpRequest { method: Method::Get, base, path_and_query, headers: &[], body: &[] }
}

#[test]
fn plain_http_is_refused_before_anything_is_sent() {
    let error = client().call(&get("http://127.0.0.1:1", "/")).unwrap_err();
    assert!(
        matches!(&error, HttpError::NotSent(fault) if fault.kind == HttpFaultKind::Request),
        "{error}"
    );
}

#[test]
fn a_refused_connection_is_certainly_not_sent() {
    // Port 1 of the loopback has no listener.
    let error = client().call(&get("https://127.0.0.1:1", "/")).unwrap_err();
    assert!(
        matches!(&error, HttpError::NotSent(fault) if fault.kind == HttpFaultKind::Io),
        "{error}"
    );
}

#[test]
fn an_illegal_request_is_refused_before_anything_is_sent() {
    let error = client().call(&get("https://127.0.0.1:1", "/a b")).unwrap_err();
    assert!(
        matches!(&error, HttpError::NotSent(fault) if fault.kind == HttpFaultKind::Request),
        "{error}"
    );
    let request = HttpRequest { headers: &[("x", "a\r\nb")], ..get("https://127.0.0.1:1", "/") };
    let error = client().call(&request).unwrap_err();
    assert!(
        matches!(&error, HttpError::NotSent(fault) if fault.kind == HttpFaultKind::Request),
        "{error}"
    );
}
