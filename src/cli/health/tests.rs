use super::{PATIENCE, ask, parts};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

/// A server that gives one connection this answer and says what it was asked.
fn serve(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        let lines = reader.lines().map_while(Result::ok);
        let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        let _ = stream.write_all(answer.as_bytes());
        head.join("\n")
    };
    (url, thread::spawn(body))
}

#[test]
fn a_verdict_is_fetched_with_one_plain_request() {
    let (url, server) = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert_eq!(ask(&url), Ok((200, "{}".to_owned())));
    let asked = server.join().unwrap().to_lowercase();
    let host = url.trim_start_matches("http://");
    assert!(asked.starts_with("get /health http/1.1\n"), "{asked}");
    assert!(asked.contains(&format!("host: {host}")), "{asked}");
}

#[test]
fn an_unhealthy_answer_is_handed_on_with_its_reasons() {
    let (url, server) = serve("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"healthy\":false}");
    assert_eq!(ask(&url), Ok((503, "{\"healthy\":false}".to_owned())));
    server.join().unwrap();
}

#[test]
fn whatever_is_no_engine_is_no_health() {
    for answer in ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2\u{e9}\r\n\r\n", "HTTP/1.1 200 OK\r\n"] {
        let (url, server) = serve(answer);
        assert!(ask(&url).is_err(), "{answer:?}");
        server.join().unwrap();
    }
    let gone = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    assert!(ask(&format!("http://{gone}")).is_err());
}

#[test]
fn an_address_has_a_host_and_may_have_a_path() {
    assert_eq!(parts("http://127.0.0.1:8000"), Ok(("127.0.0.1:8000", "/health".to_owned())));
    assert_eq!(parts("http://[::1]:8000/ready"), Ok(("[::1]:8000", "/ready".to_owned())));
    for url in ["https://x", "x", "http://", "http://a b", "http://a/b\r\nX: y"] {
        assert!(parts(url).is_err(), "{url}");
    }
}
