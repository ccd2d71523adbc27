//! The HTTPS client: what arrives, what comes back, and what is known about a request that failed.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use net::{HttpClient, HttpError, HttpFaultKind, HttpOptions, HttpRequest, HttpResponse, Method};

use crate::support::{Authority, PATIENCE, Peer, Server, read_head, self_signed};

fn client(authority: &Authority) -> HttpClient {
    let options = HttpOptions {
        connect_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        max_response: 1000,
        keep_alive: 2,
    };
    HttpClient::new(&authority.tls(), options)
}

fn get<'a>(base: &'a str, path_and_query: &'a str) -> HttpRequest<'a> {
    HttpRequest { method: Method::Get, base, path_and_query, headers: &[], body: &[] }
}

/// Answers each request with `answer` and tells what it was; keeps the connection.
fn answering(
    authority: &Authority,
    answer: &'static str,
) -> (Server, mpsc::Receiver<String>, Arc<AtomicU32>) {
    let (tell, told) = mpsc::channel();
    let connections = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&connections);
    let server = Server::tls(authority.server(), move |mut peer: Peer| {
        counted.fetch_add(1, Ordering::SeqCst);
        while let Ok(mut request) = read_head(&mut peer) {
            let length = request
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            let mut body = vec![0; length];
            peer.read_exact(&mut body).unwrap();
            request.push_str(std::str::from_utf8(&body).unwrap());
            let _ = tell.send(request);
            peer.write_all(answer.as_bytes()).unwrap();
        }
    });
    (server, told, connections)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-MBX-USED-WEIGHT-1M: 7\r\n\r\nok";

#[test]
fn a_request_arrives_to_the_byte_and_its_response_comes_back() {
    let authority = Authority::new();
    let (server, told, _) = answering(&authority, OK);
    let base = server.base();
    let response = client(&authority)
        .call(&HttpRequest {
            method: Method::Post,
            base: &base,
            path_and_query: "/api/v3/order?symbol=BTCUSDT&sig=a%2Bb%3D&x=%7E~,:",
            headers: &[("X-MBX-APIKEY", "key"), ("Content-Type", "application/json")],
            body: b"{\"a\":1}",
        })
        .unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, &b"ok"[..]));
    assert_eq!(response.header("x-mbx-used-weight-1m"), Some("7"));
    assert_eq!(response.header("retry-after"), None);
    let request = told.recv_timeout(PATIENCE).unwrap();
    let mut lines = request.lines();
    assert_eq!(
        lines.next(),
        Some("POST /api/v3/order?symbol=BTCUSDT&sig=a%2Bb%3D&x=%7E~,: HTTP/1.1")
    );
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    let lower = request.to_lowercase();
    assert!(lower.contains("\r\nx-mbx-apikey: key\r\n"));
    assert!(!lower.contains("gzip") && !lower.contains("deflate"), "{request}");
}

#[test]
fn requests_without_a_body_are_legal() {
    let authority = Authority::new();
    let (server, told, _) = answering(&authority, OK);
    let base = server.base();
    let client = client(&authority);
    for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
        let request = HttpRequest { method, ..get(&base, "/x") };
        assert_eq!(client.call(&request).unwrap().status, 200);
        let text = told.recv_timeout(PATIENCE).unwrap().to_lowercase();
        assert!(text.starts_with(&format!("{} /x http/1.1", method.name().to_lowercase())));
        let says_empty = text.contains("content-length: 0");
        assert_eq!(says_empty, matches!(method, Method::Post | Method::Put), "{text}");
    }
}

#[test]
fn a_connection_is_used_again() {
    let authority = Authority::new();
    let (server, _told, connections) = answering(&authority, OK);
    let base = server.base();
    let client = client(&authority);
    for _ in 0..5 {
        assert_eq!(client.call(&get(&base, "/")).unwrap().body, b"ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
#[rustfmt::skip]
fn every_status_is_a_response_and_redirects_are_not_followed() {
    let authority = Authority::new();
    let cases = [
        (400, "HTTP/1.1 400 Bad Request\r\nContent-Length: 12\r\n\r\n{\"code\":-11}"),
        (418, "HTTP/1.1 418 I'm a teapot\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"),
        (302, "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n"),
        (503, "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n"),
    ];
    for (status, answer) in cases {
        let (server, _told, _) = answering(&authority, answer);
        let response: HttpResponse = client(&authority).call(&get(&server.base(), "/")).unwrap();
        assert_eq!(response.status, status);
    }
}

/// What a client that trusts `authority` gets from `server`.
fn fails(authority: &Authority, server: &Server) -> HttpError {
    client(authority).call(&get(&server.base(), "/")).unwrap_err()
}

#[test]
fn a_certificate_that_is_not_acceptable_means_not_sent() {
    let authority = Authority::new();
    for config in [
        self_signed(),
        Authority::new().server(),
        authority.server_with(|_| {}, &["example.com"]),
        authority.server_with(|p| p.not_after = rcgen::date_time_ymd(2020, 1, 1), &["127.0.0.1"]),
    ] {
        let server = Server::tls(config, |mut peer| {
            let _ = read_head(&mut peer);
        });
        let error = fails(&authority, &server);
        assert!(
            matches!(&error, HttpError::NotSent(fault) if fault.kind == HttpFaultKind::Tls),
            "{error}"
        );
    }
}

#[test]
fn a_server_that_ends_after_the_request_leaves_its_outcome_unknown() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = read_head(&mut peer);
    });
    assert!(matches!(fails(&authority, &server), HttpError::Unknown(_)));
    // In the middle of the response.
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = read_head(&mut peer);
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    assert!(matches!(fails(&authority, &server), HttpError::Unknown(_)));
}

#[test]
fn a_response_that_does_not_come_in_time_leaves_its_outcome_unknown() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = peer.read_to_end(&mut Vec::new());
    });
    let options = HttpOptions { timeout: Duration::from_millis(300), ..HttpOptions::default() };
    let client = HttpClient::new(&authority.tls(), options);
    let error = client.call(&get(&server.base(), "/")).unwrap_err();
    assert!(
        matches!(&error, HttpError::Unknown(fault) if fault.kind == HttpFaultKind::Timeout),
        "{error}"
    );
}

#[test]
fn a_handshake_that_does_not_end_means_not_sent() {
    let authority = Authority::new();
    let server = Server::tcp(|mut socket| {
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let options =
        HttpOptions { connect_timeout: Duration::from_millis(300), ..HttpOptions::default() };
    let client = HttpClient::new(&authority.tls(), options);
    let error = client.call(&get(&server.base(), "/")).unwrap_err();
    assert!(
        matches!(&error, HttpError::NotSent(fault) if fault.kind == HttpFaultKind::Timeout),
        "{error}"
    );
}

#[test]
fn a_response_over_the_limit_is_not_read_to_its_end() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = read_head(&mut peer);
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while peer.write_all(b"10\r\n0123456789abcdef\r\n").is_ok() {}
    });
    let error = fails(&authority, &server);
    assert!(
        matches!(&error, HttpError::Unknown(fault) if fault.kind == HttpFaultKind::TooLarge),
        "{error}"
    );
}

#[test]
fn a_response_that_is_not_http_is_told_so() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = read_head(&mut peer);
        let _ = peer.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
    });
    let error = fails(&authority, &server);
    assert!(
        matches!(&error, HttpError::Unknown(fault) if fault.kind == HttpFaultKind::Protocol),
        "{error}"
    );
}
