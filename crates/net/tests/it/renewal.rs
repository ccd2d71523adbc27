//! Make-before-break: a second connection takes over while the first still delivers.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};

use base::{Clock, Span};
use net::{Channel, CloseReason, LinkOptions, SendError};

use crate::support::{
    Authority, Frame, PATIENCE, Peer, Seen, Server, accept, frame, next, read_frame, text,
};
use crate::{link, options};

/// Echoes texts with the number of the connection before them; tells when each ends, and how.
fn numbered(authority: &Authority) -> (Server, mpsc::Receiver<(u32, Option<Frame>)>) {
    let count = AtomicU32::new(0);
    let (tell, told) = mpsc::channel();
    let server = Server::tls(authority.server(), move |mut peer: Peer| {
        accept(&mut peer);
        let number = count.fetch_add(1, Ordering::SeqCst);
        loop {
            match read_frame(&mut peer) {
                Ok((0x81, payload)) => {
                    let answer = format!("{number}:{}", String::from_utf8_lossy(&payload));
                    peer.write_all(&text(&answer)).unwrap();
                }
                end => {
                    let _ = tell.send((number, end.ok()));
                    return;
                }
            }
        }
    });
    (server, told)
}

#[test]
fn the_second_connection_takes_over_and_the_first_trails_until_settled() {
    let authority = Authority::new();
    let (server, told) = numbered(&authority);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.send(b"a").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"0:a".to_vec()));
    link.renew(clock.now());
    // The answer to this may come before or after the take-over.
    link.send(b"b").unwrap();
    let mut seen = vec![next(&mut link, &clock), next(&mut link, &clock)];
    assert!(seen.contains(&Seen::Renewed), "{seen:?}");
    seen.retain(|seen| *seen != Seen::Renewed);
    assert!(
        seen == [Seen::Text(b"0:b".to_vec())] || seen == [Seen::Trailing(b"0:b".to_vec())],
        "{seen:?}"
    );
    link.send(b"c").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"1:c".to_vec()));
    link.settle();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), (0, Some((0x88, vec![3, 232]))));
    link.send(b"d").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"1:d".to_vec()));
}

#[test]
fn the_first_connection_takes_texts_until_it_is_settled() {
    let authority = Authority::new();
    let (server, _told) = numbered(&authority);
    let (mut link, clock) = link(&authority, &server, options());
    let mut write = |place: &mut [u8]| {
        place[0] = b'a';
        1
    };
    assert_eq!(link.send_trailing_with(8, &mut write), Err(SendError::Closed));
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    assert_eq!(link.send_trailing_with(8, &mut write), Err(SendError::Closed));
    link.renew(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Renewed);
    assert!(link.is_trailing());
    link.send_trailing_with(8, &mut write).unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Trailing(b"0:a".to_vec()));
    link.settle();
    assert!(!link.is_trailing());
    assert_eq!(link.send_trailing_with(8, &mut write), Err(SendError::Closed));
}

/// As [`numbered`], but the second connection closes with its first text.
fn second_closes(authority: &Authority) -> (Server, mpsc::Receiver<(u32, Option<Frame>)>) {
    let count = AtomicU32::new(0);
    let (tell, told) = mpsc::channel();
    let server = Server::tls(authority.server(), move |mut peer: Peer| {
        accept(&mut peer);
        let number = count.fetch_add(1, Ordering::SeqCst);
        let end = loop {
            match read_frame(&mut peer) {
                Ok((0x81, payload)) if number != 1 => {
                    let answer = format!("{number}:{}", String::from_utf8_lossy(&payload));
                    peer.write_all(&text(&answer)).unwrap();
                }
                end => break end,
            }
        };
        if number == 1 {
            peer.write_all(&frame(0x88, &1008_u16.to_be_bytes())).unwrap();
        }
        let _ = tell.send((number, end.ok()));
    });
    (server, told)
}

#[test]
fn a_second_connection_that_closes_leaves_the_first_to_go_back_to() {
    let authority = Authority::new();
    let (server, _told) = second_closes(&authority);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.renew(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Renewed);
    link.send(b"x").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Closed(CloseReason::Peer(1008)));
    assert!(link.is_trailing() && !link.is_open());
    link.revert();
    assert!(!link.is_trailing() && link.is_open());
    link.send(b"a").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"0:a".to_vec()));
}

#[test]
fn a_first_connection_that_is_not_gone_back_to_goes_when_another_is_dialed() {
    let authority = Authority::new();
    let (server, told) = second_closes(&authority);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.renew(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Renewed);
    link.send(b"x").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Closed(CloseReason::Peer(1008)));
    link.reopen(clock.now());
    assert!(!link.is_trailing());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    let mut ended = [told.recv_timeout(PATIENCE).unwrap(), told.recv_timeout(PATIENCE).unwrap()];
    ended.sort_by_key(|(number, _)| *number);
    assert_eq!(ended[0], (0, Some((0x88, vec![3, 232]))));
    link.send(b"c").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"2:c".to_vec()));
}

#[test]
fn texts_of_the_first_connection_trail_after_the_take_over() {
    let authority = Authority::new();
    let first = Arc::new(AtomicU32::new(0));
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::tls(authority.server(), move |mut peer: Peer| {
        accept(&mut peer);
        if first.fetch_add(1, Ordering::SeqCst) == 0 {
            wait.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            peer.write_all(&text("from the first")).unwrap();
        }
        let _ = read_frame(&mut peer);
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.renew(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Renewed);
    go.send(()).unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Trailing(b"from the first".to_vec()));
}

#[test]
fn the_overlap_ends_by_itself() {
    let authority = Authority::new();
    let (server, told) = numbered(&authority);
    let brief = LinkOptions { overlap: Span::from_millis(50), ..options() };
    let (mut link, clock) = link(&authority, &server, brief);
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.renew(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Renewed);
    let end = std::time::Instant::now() + PATIENCE;
    let (number, _) = loop {
        let _ = link.poll(clock.now());
        if let Ok(ended) = told.try_recv() {
            break ended;
        }
        assert!(std::time::Instant::now() < end);
        std::thread::yield_now();
    };
    assert_eq!(number, 0);
    link.send(b"x").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"1:x".to_vec()));
}

#[test]
fn a_renewal_that_fails_is_tried_again_while_the_first_works_on() {
    let authority = Authority::new();
    let count = AtomicU32::new(0);
    let server = Server::tls(authority.server(), move |mut peer: Peer| {
        // The second and the third dial are refused.
        let number = count.fetch_add(1, Ordering::SeqCst);
        if number == 1 || number == 2 {
            return;
        }
        accept(&mut peer);
        while let Ok((0x81, _)) = read_frame(&mut peer) {
            peer.write_all(&frame(0x81, number.to_string().as_bytes())).unwrap();
        }
    });
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.renew(clock.now());
    link.renew(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Renewed);
    link.send(b"which?").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"3".to_vec()));
}

#[test]
fn a_reopen_during_a_renewal_uses_the_dial_under_way() {
    let authority = Authority::new();
    let (server, _told) = numbered(&authority);
    let (mut link, clock) = link(&authority, &server, options());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.renew(clock.now());
    // Lets the request leave.
    let _ = link.poll(clock.now());
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    link.send(b"x").unwrap();
    assert_eq!(next(&mut link, &clock), Seen::Text(b"1:x".to_vec()));
}

#[test]
fn a_renewal_of_a_closed_link_does_nothing() {
    let authority = Authority::new();
    let (server, _told) = numbered(&authority);
    let (mut link, clock) = link(&authority, &server, options());
    link.renew(clock.now());
    for _ in 0..100 {
        assert_eq!(link.poll(clock.now()), net::Polled::Idle);
    }
}
