//! TLS behaviour of an open link: suites, key updates, tickets, broken records, sudden ends.

use std::io::Write;
use std::time::Duration;

use base::Clock;
use net::{Channel, CloseReason, TlsFault};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;

use crate::support::{Authority, Peer, Seen, Server, accept, echo, next, read_frame, suites, text};
use crate::{link, options};

#[test]
fn every_suite_of_tls_13_carries_texts_both_ways() {
    let authority = Authority::new();
    for suite in suites() {
        let plain = authority.server();
        let provider = CryptoProvider { cipher_suites: vec![suite], ..default_provider() };
        let mut config = ServerConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(plain.cert_resolver.clone());
        config.send_tls13_tickets = 4;
        let server = Server::tls(config, echo);
        let (mut link, clock) = link(&authority, &server, options());
        link.reopen(clock.now());
        assert_eq!(next(&mut link, &clock), Seen::Opened, "{suite:?}");
        for number in 0..200 {
            let sent = format!("{number} {}", "x".repeat(number));
            link.send(sent.as_bytes()).unwrap();
            assert_eq!(next(&mut link, &clock), Seen::Text(sent.into_bytes()));
        }
    }
}

#[test]
fn key_updates_of_the_server_are_followed_and_answered() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer: Peer| {
        accept(&mut peer);
        for round in 0..5 {
            peer.conn.refresh_traffic_keys().unwrap();
            peer.write_all(&text(&format!("round {round}"))).unwrap();
            // The answer comes under the client's next key, or this read fails.
            let (_, payload) = read_frame(&mut peer).unwrap();
            assert_eq!(payload, format!("got {round}").as_bytes());
        }
        peer.write_all(&text("done")).unwrap();
        let _ = read_frame(&mut peer);
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    for round in 0..5 {
        assert_eq!(next(&mut link, &clock), Seen::Text(format!("round {round}").into_bytes()));
        link.send(format!("got {round}").as_bytes()).unwrap();
    }
    assert_eq!(next(&mut link, &clock), Seen::Text(b"done".to_vec()));
}

#[test]
fn a_server_that_updates_its_keys_without_end_is_left() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer: Peer| {
        accept(&mut peer);
        for _ in 0..20 {
            peer.conn.refresh_traffic_keys().unwrap();
            if peer.write_all(&text("x")).is_err() || read_frame(&mut peer).is_err() {
                return;
            }
        }
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    let mut texts = 0;
    let end = loop {
        match next(&mut link, &clock) {
            Seen::Text(_) => texts += 1,
            other => break other,
        }
        link.send(b"y").unwrap();
    };
    assert_eq!((texts, end), (8, Seen::Closed(CloseReason::Tls(TlsFault::KeysSpent))));
}

/// A server that upgrades, and then writes these bytes to the bare socket, under TLS's feet.
fn forging(authority: &Authority, bytes: &'static [u8]) -> Server {
    Server::tls(authority.server(), move |mut peer: Peer| {
        accept(&mut peer);
        peer.sock.write_all(bytes).unwrap();
        let _ = read_frame(&mut peer);
    })
}

#[test]
#[rustfmt::skip]
fn forged_records_end_the_connection() {
    let authority = Authority::new();
    let cases: &[(&[u8], TlsFault)] = &[
        (&[23, 3, 3, 0xff, 0xff],                                          TlsFault::Oversized),
        (&[23, 3, 3, 0x41, 0x01],                                          TlsFault::Oversized),
        (&[20, 3, 3, 0, 1, 1],                                             TlsFault::Unexpected),
        (&[21, 3, 3, 0, 2, 1, 0],                                          TlsFault::Unexpected),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",                              TlsFault::Unexpected),
        (&[23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0], TlsFault::BadRecord),
        (&[23, 3, 3, 0, 0],                                                TlsFault::BadRecord),
        (&[23, 3, 3, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], TlsFault::BadRecord),
    ];
    for (bytes, fault) in cases {
        let server = forging(&authority, bytes);
        let (mut link, clock) = link(&authority, &server, options());
        link.reopen(clock.now());
        assert_eq!(next(&mut link, &clock), Seen::Opened);
        assert_eq!(next(&mut link, &clock), Seen::Closed(CloseReason::Tls(*fault)), "{bytes:?}");
    }
}

/// A server that upgrades, sends one text and a half, and ends the connection in some way.
fn ending(authority: &Authority, end: fn(Peer)) -> Server {
    Server::tls(authority.server(), move |mut peer: Peer| {
        accept(&mut peer);
        peer.write_all(&text("whole")).unwrap();
        peer.write_all(&text("half of this")[..6]).unwrap();
        // The client has read both when it answers.
        read_frame(&mut peer).unwrap();
        end(peer);
    })
}

fn end_of(end: fn(Peer)) -> Seen {
    let authority = Authority::new();
    let server = ending(&authority, end);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Text(b"whole".to_vec()));
    link.send(b"go on").unwrap();
    next(&mut link, &clock)
}

#[test]
fn an_end_without_a_word_is_an_end_and_the_half_frame_is_never_shown() {
    assert_eq!(end_of(drop), Seen::Closed(CloseReason::Eof));
}

#[test]
fn a_close_notify_is_told_from_a_cut() {
    let end = end_of(|mut peer| {
        peer.conn.send_close_notify();
        peer.flush().unwrap();
    });
    assert_eq!(end, Seen::Closed(CloseReason::Tls(TlsFault::Alert(0))));
}

#[test]
fn a_reset_in_the_middle_of_a_frame_is_told_as_one() {
    let end = end_of(|peer| {
        socket2::SockRef::from(&peer.sock).set_linger(Some(Duration::ZERO)).unwrap();
    });
    assert_eq!(end, Seen::Closed(CloseReason::Socket(libc::ECONNRESET)));
}

#[test]
fn the_kernel_says_how_long_bytes_waited() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), echo);
    let (mut link, clock) = link(&authority, &server, options());
    assert_eq!(link.socket_to_user(), 0);
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.send(b"x").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"x".to_vec()));
    // Linux stamps loopback bytes; where a kernel does not, the link runs as well.
    assert!(link.socket_to_user() < 20_000_000_000);
}
