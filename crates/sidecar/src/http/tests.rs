#![allow(clippy::unwrap_used)]
use super::request::{Asked, read};
use super::{Answer, Limits, Method, Server, Stop};
use proptest::prelude::*;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longer than anything here takes; a test that reaches it hangs no further.
const WATCHDOG: Duration = Duration::from_secs(30);
const BIG: usize = 32 << 20;

struct Running {
    addresses: Vec<SocketAddr>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.stop();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

fn serve(limits: Limits) -> Running {
    let sockets = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let handler = Box::new(|listener: usize, method: Method, path: &str| match path {
        _ if method == Method::Post => Answer::other_method(false),
        "/big" => Answer::text(200, "x".repeat(BIG)),
        "/" => Answer::text(200, format!("listener {listener}")),
        _ => Answer::text(404, "no"),
    });
    let (server, stop) = Server::new(sockets, limits, handler).unwrap();
    let addresses = server.addresses().into_iter().flatten().collect();
    let told = stop.clone();
    let thread = Some(std::thread::spawn(move || server.run(&told).unwrap()));
    Running { addresses, stop, thread }
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    stream.set_write_timeout(Some(WATCHDOG)).unwrap();
    stream
}

fn ask(to: SocketAddr, request: &str) -> String {
    let mut stream = connect(to);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until the server closes the connection; fails if it has not within the watchdog's time.
fn wait_closed(stream: &mut TcpStream) {
    let mut chunk = [0; 4096];
    // bound: the answer, then the end or a reset
    while let Ok(count) = stream.read(&mut chunk) {
        if count == 0 {
            return;
        }
    }
    assert_ne!(
        stream.take_error().unwrap().map(|e| e.kind()),
        Some(std::io::ErrorKind::WouldBlock)
    );
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn each_listener_answers_for_itself() {
    let server = serve(Limits::default());
    for (index, address) in server.addresses.iter().enumerate() {
        let answer = ask(*address, GET);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\nlistener {index}")), "{answer}");
        assert!(answer.contains("Content-Length: 10\r\n"), "{answer}");
    }
}

#[test]
fn what_is_asked_badly_gets_its_status() {
    let server = serve(Limits::default());
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(9000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
    let cases = [
        ("GET /none HTTP/1.1\r\n\r\n", 404),
        ("POST / HTTP/1.1\r\n\r\n", 405),
        ("DELETE / HTTP/1.1\r\n\r\n", 405),
        ("garbage\r\n\r\n", 400),
        ("\0\0\0\0", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (&long, 431),
        (&many, 431),
        ("GET /?a=b HTTP/1.1\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
    ];
    for (request, status) in cases {
        let answer = ask(server.addresses[0], request);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{request:.40?}: {answer:.60}");
    }
}

#[test]
fn a_head_request_gets_the_head_only() {
    let server = serve(Limits::default());
    let answer = ask(server.addresses[0], "HEAD / HTTP/1.1\r\n\r\n");
    assert!(answer.contains("Content-Length: 10\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn a_request_in_single_bytes_is_answered() {
    let server = serve(Limits::default());
    let mut stream = connect(server.addresses[0]);
    stream.set_nodelay(true).unwrap();
    for byte in GET.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn many_slow_clients_do_not_keep_an_honest_one_out() {
    let limits = Limits { connections: 8, request: WATCHDOG, ..Limits::default() };
    let server = serve(limits);
    let mut slow: Vec<TcpStream> = (0..40).map(|_| connect(server.addresses[0])).collect();
    for stream in &mut slow {
        // Refused where the server has closed it already to make room.
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ");
    }
    for _ in 0..20 {
        assert!(ask(server.addresses[0], GET).starts_with("HTTP/1.1 200"));
    }
    wait_closed(&mut slow[0]);
}

#[test]
fn one_that_is_being_answered_does_not_make_way_for_a_new_one() {
    let server =
        serve(Limits { connections: 2, request: WATCHDOG, answer: WATCHDOG, ..Limits::default() });
    let mut reading = connect(server.addresses[0]);
    reading.write_all(b"GET /big HTTP/1.1\r\n\r\n").unwrap();
    let mut first = [0];
    reading.read_exact(&mut first).unwrap();
    let mut asking = connect(server.addresses[0]);
    asking.write_all(b"GET / HT").unwrap();
    assert!(ask(server.addresses[0], GET).starts_with("HTTP/1.1 200"));
    wait_closed(&mut asking);
    let mut rest = Vec::new();
    reading.read_to_end(&mut rest).unwrap();
    assert!(rest.len() > BIG, "{} bytes arrived", rest.len());
}

#[test]
fn a_client_that_never_finishes_asking_is_closed_at_its_deadline() {
    let server = serve(Limits { request: Duration::from_millis(20), ..Limits::default() });
    let mut silent = connect(server.addresses[0]);
    let mut half = connect(server.addresses[0]);
    half.write_all(b"GET / HT").unwrap();
    wait_closed(&mut silent);
    wait_closed(&mut half);
}

#[test]
fn a_client_that_does_not_read_costs_others_nothing_and_is_closed() {
    let server = serve(Limits { answer: Duration::from_millis(20), ..Limits::default() });
    let mut lazy = connect(server.addresses[0]);
    lazy.write_all(b"GET /big HTTP/1.1\r\n\r\n").unwrap();
    for _ in 0..5 {
        assert!(ask(server.addresses[0], GET).starts_with("HTTP/1.1 200"));
    }
    let mut bytes = Vec::new();
    // Ends early, or by a reset: it was too slow for so much.
    let _ = lazy.read_to_end(&mut bytes);
    assert!(bytes.len() < BIG + 100, "{} bytes", bytes.len());
}

#[test]
fn a_large_answer_arrives_whole_at_a_client_that_reads() {
    let server = serve(Limits { answer: WATCHDOG, ..Limits::default() });
    let answer = ask(server.addresses[0], "GET /big HTTP/1.1\r\n\r\n");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), BIG);
}

#[test]
fn a_client_that_goes_away_is_no_matter() {
    let server = serve(Limits::default());
    for request in ["", "GET / HT", GET, "GET /big HTTP/1.1\r\n\r\n"] {
        let mut stream = connect(server.addresses[0]);
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    assert!(ask(server.addresses[0], GET).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_body_nobody_asked_for_does_not_spoil_the_answer() {
    let server = serve(Limits::default());
    let mut stream = connect(server.addresses[0]);
    let body = "z".repeat(30_000);
    let request = format!("POST / HTTP/1.1\r\nContent-Length: 30000\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("Allow: GET, HEAD"), "{answer}");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_or_wait_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if read(&bytes, 512).is_none() {
            prop_assert!(bytes.len() <= 512);
        }
    }

    #[test]
    fn a_head_is_read_the_same_wherever_it_was_cut(cut in 0_usize..GET.len()) {
        prop_assert_eq!(read(&GET.as_bytes()[..cut], 8192), None);
        let asked = Asked::For { path: "/".into(), method: Method::Get };
        prop_assert_eq!(read(GET.as_bytes(), 8192), Some(asked));
    }
}
