//! WebSocket behaviour of a link: texts, fragments, pings, closes, limits.

use std::io::Write;
use std::sync::{Mutex, mpsc};
use std::time::Instant;

use base::{Clock, Span};
use net::ws::Violation;
use net::{Channel, CloseReason, LinkOptions, PingPolicy, Polled, SendError};

use crate::support::{
    Authority, Frame, PATIENCE, Peer, Seen, Server, accept, echo, frame, next, read_frame, text,
};
use crate::{link, options};

/// A server that upgrades and then sends these bytes, each slice as a record of its own.
fn sending(authority: &Authority, records: Vec<Vec<u8>>) -> (Server, mpsc::Receiver<Vec<Frame>>) {
    let (tell, told) = mpsc::channel();
    let server = Server::tls(authority.server(), move |mut peer: Peer| {
        accept(&mut peer);
        for record in &records {
            peer.write_all(record).unwrap();
        }
        let mut frames = Vec::new();
        while let Ok(frame) = read_frame(&mut peer) {
            frames.push(frame);
        }
        let _ = tell.send(frames);
    });
    (server, told)
}

#[test]
fn texts_of_every_size_come_back_from_an_echo() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), echo);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    for size in [0, 1, 125, 126, 127, 200, 4096, LinkOptions::MAX_SEND] {
        let sent: Vec<u8> = (0..size).map(|at| b'a' + u8::try_from(at % 26).unwrap()).collect();
        link.send(&sent).unwrap();
        assert_eq!(next(&mut link, &clock), Seen::Text(sent));
    }
    assert_eq!(link.send(&vec![b'x'; LinkOptions::MAX_SEND + 1]), Err(SendError::TooLong));
    assert!(link.is_open());
}

#[test]
fn a_text_written_in_place_is_what_was_written() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), echo);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    for length in [0, 5, 100] {
        link.send_with(100, &mut |place| {
            assert_eq!(place.len(), 100);
            place.fill(b'z');
            length
        })
        .unwrap();
        assert_eq!(next(&mut link, &clock), Seen::Text(vec![b'z'; length]));
    }
}

#[test]
fn frames_cut_across_records_anywhere_arrive_whole() {
    let authority = Authority::new();
    let stream = [text("first"), text(&"m".repeat(300)), text("last")].concat();
    for size in [1, 2, 3, 7, 50, 129] {
        let records = stream.chunks(size).map(<[u8]>::to_vec).collect();
        let (server, _) = sending(&authority, records);
        let (mut link, clock) = link(&authority, &server, options());
        link.reopen(clock.now());
        assert_eq!(next(&mut link, &clock), Seen::Opened);
        assert_eq!(next(&mut link, &clock), Seen::Text(b"first".to_vec()));
        assert_eq!(next(&mut link, &clock), Seen::Text(vec![b'm'; 300]));
        assert_eq!(next(&mut link, &clock), Seen::Text(b"last".to_vec()));
    }
}

#[test]
fn what_comes_in_the_same_record_as_the_upgrade_is_not_lost() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        let head = crate::support::read_head(&mut peer).unwrap();
        let mut answer = crate::support::upgrade_answer(&head).into_bytes();
        answer.extend(text("early"));
        answer.extend(&text("cut")[..3]);
        peer.write_all(&answer).unwrap();
        peer.write_all(&text("cut")[3..]).unwrap();
        let _ = read_frame(&mut peer);
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Text(b"early".to_vec()));
    assert_eq!(next(&mut link, &clock), Seen::Text(b"cut".to_vec()));
}

#[test]
fn large_messages_fill_and_wrap_the_receive_buffer() {
    let authority = Authority::new();
    let big = "b".repeat(60_000);
    let records = vec![text(&big); 40];
    let (server, _) = sending(&authority, records);
    let limits = LinkOptions { max_message: 60_000, ..options() };
    let (mut link, clock) = link(&authority, &server, limits);
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    for _ in 0..40 {
        assert_eq!(next(&mut link, &clock), Seen::Text(big.clone().into_bytes()));
    }
}

#[test]
fn fragments_become_one_text_and_a_ping_between_them_is_answered() {
    let authority = Authority::new();
    let records = vec![
        frame(0x01, b"one "),
        frame(0x89, b"are you there"),
        frame(0x00, b"two "),
        frame(0x80, "thrée".as_bytes()),
    ];
    let (server, told) = sending(&authority, records);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Text("one two thrée".as_bytes().to_vec()));
    drop(link);
    let frames = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(frames[0], (0x8a, b"are you there".to_vec()));
    // Dropping a link takes leave.
    assert_eq!(frames[1], (0x88, vec![3, 232]));
}

#[test]
fn a_binary_message_is_a_text_if_it_is_one() {
    let authority = Authority::new();
    let (server, _) = sending(&authority, vec![frame(0x82, b"pong"), frame(0x82, &[0xff, 0xfe])]);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Text(b"pong".to_vec()));
    let refused = CloseReason::Violation(Violation::Binary);
    assert_eq!(next(&mut link, &clock), Seen::Closed(refused));
}

#[test]
fn a_close_of_the_peer_is_told_with_its_code_and_answered() {
    let authority = Authority::new();
    let (server, told) = sending(&authority, vec![frame(0x88, &[3, 233, b'b', b'y', b'e'])]);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Closed(CloseReason::Peer(1001)));
    assert!(!link.is_open());
    assert_eq!(link.send(b"x"), Err(SendError::Closed));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), [(0x88, vec![3, 233])]);
}

#[test]
#[rustfmt::skip]
fn a_broken_protocol_is_answered_with_the_right_close_code() {
    let authority = Authority::new();
    let cases: Vec<(Vec<u8>, Violation, [u8; 2])> = vec![
        (frame(0xc1, b"x"),                      Violation::ReservedBits,      [3, 234]),
        (frame(0x83, b"x"),                      Violation::Opcode,            [3, 234]),
        (vec![0x81, 0x81, 1, 2, 3, 4, 5],        Violation::Masked,            [3, 234]),
        (frame(0x09, b"x"),                      Violation::ControlFragmented, [3, 234]),
        (frame(0x80, b"x"),                      Violation::NothingToContinue, [3, 234]),
        (frame(0x81, &[0xc0, 0xaf]),             Violation::Utf8,              [3, 239]),
        (frame(0x81, &vec![b'x'; 2001]),         Violation::TooLong,           [3, 241]),
        (frame(0x88, &[3, 237]),                 Violation::CloseCode,         [3, 234]),
    ];
    for (bytes, violation, code) in cases {
        let (server, told) = sending(&authority, vec![bytes]);
        let limits = LinkOptions { max_message: 2000, ..options() };
        let (mut link, clock) = link(&authority, &server, limits);
        link.reopen(clock.now());
        assert_eq!(next(&mut link, &clock), Seen::Opened);
        assert_eq!(next(&mut link, &clock), Seen::Closed(CloseReason::Violation(violation)));
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), [(0x88, code.to_vec())], "{violation:?}");
    }
}

#[test]
fn a_silent_peer_is_pinged_and_then_given_up() {
    let authority = Authority::new();
    let (server, told) = sending(&authority, Vec::new());
    let ping = PingPolicy { after: Span::from_millis(20), dead: Span::from_millis(200) };
    let (mut link, clock) = link(&authority, &server, LinkOptions { ping, ..options() });
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Closed(CloseReason::Silent));
    let frames = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(frames, [(0x89, Vec::new()), (0x88, vec![3, 233])]);
}

#[test]
fn a_peer_that_answers_pings_is_not_given_up() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer| {
        accept(&mut peer);
        for _ in 0..5 {
            let (first, _) = read_frame(&mut peer).unwrap();
            assert_eq!(first, 0x89);
            peer.write_all(&frame(0x8a, b"")).unwrap();
        }
        peer.write_all(&text("still here")).unwrap();
        let _ = read_frame(&mut peer);
    });
    let ping = PingPolicy { after: Span::from_millis(10), dead: Span::from_secs(20) };
    let (mut link, clock) = link(&authority, &server, LinkOptions { ping, ..options() });
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(next(&mut link, &clock), Seen::Text(b"still here".to_vec()));
}

/// A payload that says which one it is.
fn numbered(number: u32) -> Vec<u8> {
    let mut payload = format!("{number:08}").into_bytes();
    payload.resize(8000, b'x');
    payload
}

/// Sends when there is room again, which polls make.
fn send_patiently(link: &mut impl Channel, clock: &impl Clock, payload: &[u8]) {
    let end = Instant::now() + PATIENCE;
    while let Err(error) = link.send(payload) {
        assert_eq!(error, SendError::Full);
        assert!(Instant::now() < end, "the queue never emptied");
        assert_eq!(link.poll(clock.now()), Polled::Idle);
    }
}

#[test]
fn a_peer_that_does_not_read_fills_the_queue_and_nothing_is_lost_or_mixed() {
    let authority = Authority::new();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let server = Server::tls(authority.server(), move |mut peer| {
        accept(&mut peer);
        wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        let mut count = 0;
        while let Ok((0x81, payload)) = read_frame(&mut peer) {
            if payload == b"how many?" {
                peer.write_all(&text(&count.to_string())).unwrap();
            } else {
                assert_eq!(payload, numbered(count));
                count += 1;
            }
        }
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    let mut sent = 0;
    let refusal = loop {
        match link.send(&numbered(sent)) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refusal, SendError::Full);
    go.send(()).unwrap();
    for _ in 0..50 {
        send_patiently(&mut link, &clock, &numbered(sent));
        sent += 1;
    }
    send_patiently(&mut link, &clock, b"how many?");
    assert_eq!(next(&mut link, &clock), Seen::Text(sent.to_string().into_bytes()));
}
