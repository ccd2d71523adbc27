//! Dials that fail, and how often they are tried.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base::{Clock, Span};
use net::{
    Backoff, Channel, CloseReason, ConnectLimit, Connector, DialFault, Endpoint, Link, LinkOptions,
    Polled,
};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::version::TLS12;

use crate::support::{
    Authority, PATIENCE, Peer, Seen, Server, TestClock, accept, clock, echo, next, read_head,
    self_signed,
};
use crate::{link, options};

fn failed(fault: DialFault) -> Seen {
    Seen::Closed(CloseReason::Dial(fault))
}

/// What a dial of `server` comes to.
fn outcome(authority: &Authority, server: &Server, options: LinkOptions) -> Seen {
    let (mut link, clock) = link(authority, server, options);
    link.reopen(clock.now());
    let seen = next(&mut link, &clock);
    assert_eq!(link.is_open(), seen == Seen::Opened);
    seen
}

#[test]
fn a_new_link_is_closed_until_it_is_reopened() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), echo);
    let (mut link, clock) = link(&authority, &server, options());
    for _ in 0..1000 {
        assert_eq!(link.poll(clock.now()), Polled::Idle);
    }
    assert!(!link.is_open());
}

#[test]
#[rustfmt::skip]
fn certificates_that_are_not_acceptable_are_refused() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let cases: Vec<(&str, ServerConfig)> = vec![
        ("another host",  authority.server_with(|_| {}, &["example.com"])),
        ("no name",       authority.server_with(|_| {}, &[])),
        ("expired",       authority.server_with(|p| p.not_after = date_time_ymd(2020, 1, 1), &["127.0.0.1"])),
        ("not yet valid", authority.server_with(|p| p.not_before = date_time_ymd(3000, 1, 1), &["127.0.0.1"])),
        ("for clients",   authority.server_with(
            |p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth], &["127.0.0.1"])),
        ("unknown CA",    stranger.server()),
        ("self-signed",   self_signed()),
    ];
    for (what, config) in cases {
        let server = Server::tls(config, echo);
        assert_eq!(outcome(&authority, &server, options()), failed(DialFault::Certificate), "{what}");
    }
    let server = Server::tls(authority.server(), echo);
    assert_eq!(outcome(&authority, &server, options()), Seen::Opened);
}

#[test]
fn a_name_is_resolved_and_checked_against_the_certificate() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), echo);
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let dial = |endpoint| {
        let mut link = Link::new(connector.dialer(), endpoint, options(), clock);
        link.reopen(clock.now());
        next(&mut link, &clock)
    };
    let named = |host: &str| Endpoint { host: host.to_owned(), ..server.endpoint() };
    // Pinned to the address, whatever the resolver would say of the name.
    assert_eq!(dial(named("localhost").at(server.address.ip())), Seen::Opened);
    assert_eq!(dial(named("example.com").at(server.address.ip())), failed(DialFault::Certificate));
    // Names under .invalid exist nowhere.
    assert_eq!(dial(named("venue.invalid")), failed(DialFault::Resolve));
}

#[test]
fn tls_12_is_not_spoken_on_a_link() {
    let authority = Authority::new();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(authority.server().cert_resolver.clone());
    let server = Server::tls(config, echo);
    assert_eq!(outcome(&authority, &server, options()), failed(DialFault::Tls));
}

#[test]
fn a_server_that_speaks_no_tls_is_refused() {
    let authority = Authority::new();
    let server = Server::tcp(|mut socket| {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = socket.read(&mut [0; 1024]);
    });
    assert_eq!(outcome(&authority, &server, options()), failed(DialFault::Tls));
    let server = Server::tcp(drop);
    let seen = outcome(&authority, &server, options());
    let reset = failed(DialFault::Connect(libc::ECONNRESET));
    assert!(seen == failed(DialFault::Tls) || seen == reset, "{seen:?}");
}

#[test]
fn a_refused_connection_is_told_with_its_errno() {
    let authority = Authority::new();
    // A port that was free a moment ago and has no listener now.
    let gone = Server::tcp(drop);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let endpoint = Endpoint { port: closed.port(), ..gone.endpoint() };
    let mut link = Link::new(connector.dialer(), endpoint, options(), clock);
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), failed(DialFault::Connect(libc::ECONNREFUSED)));
}

/// A server that answers the upgrade with this.
fn answering(authority: &Authority, answer: &'static str) -> Server {
    Server::tls(authority.server(), move |mut peer: Peer| {
        let _ = read_head(&mut peer);
        let _ = peer.write_all(answer.as_bytes());
        peer.conn.send_close_notify();
        let _ = peer.flush();
    })
}

#[test]
#[rustfmt::skip]
fn an_answer_other_than_101_is_told_with_its_status_and_never_followed() {
    let authority = Authority::new();
    let cases = [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\n<html></html>",         DialFault::Status(403)),
        ("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n\r\n",                  DialFault::Status(429)),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>",         DialFault::Status(502)),
        ("HTTP/1.1 302 Found\r\nLocation: wss://example.com/\r\n\r\n",                DialFault::Status(302)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",                              DialFault::Status(200)),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", DialFault::Upgrade),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",                 DialFault::Upgrade),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n",                                               DialFault::Upgrade),
        ("",                                                                          DialFault::Upgrade),
    ];
    for (answer, fault) in cases {
        let server = answering(&authority, answer);
        assert_eq!(outcome(&authority, &server, options()), failed(fault), "{answer}");
    }
}

#[test]
fn an_endless_head_is_refused() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = read_head(&mut peer);
        let _ = peer.write_all(b"HTTP/1.1 101 Switching Protocols\r\n");
        while peer.write_all(b"X-Padding: 0123456789012345678901234567890123456789\r\n").is_ok() {}
    });
    assert_eq!(outcome(&authority, &server, options()), failed(DialFault::Upgrade));
}

#[test]
fn a_dial_that_takes_too_long_is_given_up_wherever_it_hangs() {
    let authority = Authority::new();
    let short = LinkOptions { dial_timeout: Span::from_millis(300), ..options() };
    // In the TLS handshake.
    let server = Server::tcp(|mut socket| {
        let _ = socket.read_to_end(&mut Vec::new());
    });
    assert_eq!(outcome(&authority, &server, short), failed(DialFault::Timeout));
    // In the upgrade, without an answer.
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = peer.read_to_end(&mut Vec::new());
    });
    assert_eq!(outcome(&authority, &server, short), failed(DialFault::Timeout));
    // In the upgrade, a byte at a time.
    let server = Server::tls(authority.server(), |mut peer| {
        let _ = read_head(&mut peer);
        for byte in "HTTP/1.1 101 Switching Protocols\r\n".bytes().cycle() {
            thread::park_timeout(Duration::from_millis(20));
            if peer.write_all(&[byte]).is_err() {
                return;
            }
        }
    });
    assert_eq!(outcome(&authority, &server, short), failed(DialFault::Timeout));
}

#[test]
fn a_path_that_is_none_fails_the_dial_and_the_next_redirect_mends_it() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let head = accept(&mut peer);
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let _ = peer.write_all(&crate::support::text(&path));
        let _ = peer.read_to_end(&mut Vec::new());
    });
    let (mut link, clock) = link(&authority, &server, options());
    for path in ["no-slash", "/a b", "/\r\nX: y", &"/x".repeat(4000)] {
        link.redirect(path);
        link.reopen(clock.now());
        assert_eq!(next(&mut link, &clock), failed(DialFault::Path), "{path}");
    }
    link.redirect("/ws/listen-key?x=1&y=a%2Fb");
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Text(b"/ws/listen-key?x=1&y=a%2Fb".to_vec()));
}

#[test]
fn a_link_comes_back_after_its_peer_left() {
    let authority = Authority::new();
    let dials = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&dials);
    let server = Server::tls(authority.server(), move |mut peer| {
        accept(&mut peer);
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let (mut link, clock) = link(&authority, &server, options());
    for round in 1..=5 {
        link.reopen(clock.now());
        assert_eq!(next(&mut link, &clock), Seen::Opened);
        assert!(matches!(next(&mut link, &clock), Seen::Closed(_)));
        assert_eq!(dials.load(Ordering::SeqCst), round);
    }
}

#[test]
fn reopening_an_open_link_closes_it_in_order_and_dials_again() {
    let authority = Authority::new();
    let (tell, told) = std::sync::mpsc::channel();
    let server = Server::tls(authority.server(), move |mut peer| {
        accept(&mut peer);
        let _ = tell.send(crate::support::read_frame(&mut peer).ok());
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.reopen(clock.now());
    assert!(!link.is_open());
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Some((0x88, vec![3, 232])));
    assert_eq!(next(&mut link, &clock), Seen::Opened);
}

#[test]
fn a_venue_that_refuses_is_not_stormed() {
    let authority = Authority::new();
    let dials = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&dials);
    let server = Server::tcp(move |_socket: TcpStream| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let eager = LinkOptions {
        backoff: Backoff { first: Span(0), most: Span(0), stable: Span(0) },
        limit: ConnectLimit { count: 3, per: Span::from_secs(1000) },
        ..LinkOptions::default()
    };
    let mut links: Vec<Link<TestClock>> =
        (0..4).map(|_| Link::new(connector.dialer(), server.endpoint(), eager, clock)).collect();
    let end = Instant::now() + PATIENCE;
    let mut failures = 0;
    while failures < 3 {
        assert!(Instant::now() < end);
        for link in &mut links {
            link.reopen(clock.now());
            if let Polled::Closed(_) = link.poll(clock.now()) {
                failures += 1;
            }
        }
        thread::yield_now();
    }
    // The fourth waits for its turn, which does not come within this test.
    for _ in 0..100 {
        for link in &mut links {
            link.reopen(clock.now());
            assert_eq!(link.poll(clock.now()), Polled::Idle);
        }
        thread::park_timeout(Duration::from_millis(1));
    }
    assert_eq!(dials.load(Ordering::SeqCst), 3);
}

#[test]
fn many_links_share_one_connector() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), echo);
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let mut links: Vec<Link<TestClock>> = (0..20)
        .map(|_| Link::new(connector.dialer(), server.endpoint(), options(), clock))
        .collect();
    // The connector lives on for its links.
    drop(connector);
    for link in &mut links {
        link.reopen(clock.now());
    }
    for (number, link) in links.iter_mut().enumerate() {
        assert_eq!(next(link, &clock), Seen::Opened);
        link.send(number.to_string().as_bytes()).unwrap();
    }
    for (number, link) in links.iter_mut().enumerate() {
        assert_eq!(next(link, &clock), Seen::Text(number.to_string().into_bytes()));
    }
}
