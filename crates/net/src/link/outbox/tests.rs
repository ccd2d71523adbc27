use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::{FRONT, Outbox};
use crate::socket::Socket;
use crate::tls::record::record_length;
use crate::tls::session::testing::pair;
use crate::tls::session::{Aside, Session};
use crate::ws::{Decoder, Event, MaskKeys, Opcode, Role};
use crate::{SendError, tls::record::Content};

fn sockets() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    (Socket::new(near, false).unwrap(), far)
}

/// What a server makes of these records: kind of frame and payload.
fn read(peer: &mut Session, mut bytes: &[u8]) -> Vec<(Opcode, Vec<u8>)> {
    let mut decoder = Decoder::new(Role::Server, 1 << 20);
    let mut seen = Vec::new();
    while !bytes.is_empty() {
        let length = record_length(bytes).unwrap().unwrap();
        let mut record = bytes[..length].to_vec();
        bytes = &bytes[length..];
        let opened = peer.opener.open(&mut record, 0..length, 0).unwrap();
        let content = &mut record[opened.content];
        if opened.kind != Content::Data {
            if peer.aside(opened.kind, content) == Ok(Aside::CloseNotify) {
                seen.push((Opcode::Close, b"notify".to_vec()));
            }
            continue;
        }
        let next = decoder.next(content).unwrap();
        assert_eq!(next.used, content.len(), "one frame in each record");
        let (opcode, place) = match next.event {
            Event::Text(place) => (Opcode::Text, place),
            Event::Ping(place) => (Opcode::Ping, place),
            Event::Pong(place) => (Opcode::Pong, place),
            other => panic!("{other:?}"),
        };
        seen.push((opcode, decoder.payload(content, place).to_vec()));
    }
    seen
}

fn text(outbox: &mut Outbox, session: &mut Session, payload: &[u8]) -> Result<(), SendError> {
    outbox.text(session, &mut MaskKeys::from_system(), payload.len(), &mut |place| {
        place.copy_from_slice(payload);
        payload.len()
    })
}

#[test]
fn frames_in_line_leave_in_order_and_without_gaps() {
    let (mut ours, mut peer) = pair();
    let mut outbox = Outbox::new(16_000, 256 << 10);
    let payloads: Vec<Vec<u8>> =
        [0, 1, 125, 126, 4000, 16_000].iter().map(|size| vec![b'x'; *size]).collect();
    for payload in &payloads {
        text(&mut outbox, &mut ours, payload).unwrap();
    }
    outbox.control(&mut ours, &mut MaskKeys::from_system(), Opcode::Ping, b"?").unwrap();
    outbox.alert(&mut ours, false, 0);
    let waiting = &outbox.bytes[outbox.head..outbox.tail];
    let mut expected: Vec<_> = payloads.into_iter().map(|p| (Opcode::Text, p)).collect();
    expected.push((Opcode::Ping, b"?".to_vec()));
    expected.push((Opcode::Close, b"notify".to_vec()));
    assert_eq!(read(&mut peer, waiting), expected);
}

#[test]
fn a_full_queue_refuses_texts_and_keeps_room_for_control_frames() {
    let (mut ours, mut peer) = pair();
    let mut outbox = Outbox::new(1000, 3000);
    let mut count = 0;
    let refusal = loop {
        match text(&mut outbox, &mut ours, &[b'a'; 700]) {
            Ok(()) => count += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!((count, refusal), (4, SendError::Full));
    outbox.control(&mut ours, &mut MaskKeys::from_system(), Opcode::Pong, &[b'p'; 125]).unwrap();
    let waiting = outbox.bytes[outbox.head..outbox.tail].to_vec();
    // Nothing of the refused one is there, and no record number was lost to it.
    assert_eq!(read(&mut peer, &waiting).len(), count + 1);
}

#[test]
fn what_is_too_long_is_refused_before_it_is_written() {
    let (mut ours, _) = pair();
    let mut outbox = Outbox::new(100, 1000);
    let refused = outbox.text(&mut ours, &mut MaskKeys::from_system(), 101, &mut |_| panic!());
    assert_eq!(refused, Err(SendError::TooLong));
    assert!(outbox.is_empty());
}

#[test]
fn a_writer_that_claims_more_than_it_was_given_is_cut_to_it() {
    let (mut ours, mut peer) = pair();
    let mut outbox = Outbox::new(100, 1000);
    outbox
        .text(&mut ours, &mut MaskKeys::from_system(), 4, &mut |place| {
            place.copy_from_slice(b"four");
            1000
        })
        .unwrap();
    let waiting = outbox.bytes[outbox.head..outbox.tail].to_vec();
    assert_eq!(read(&mut peer, &waiting), [(Opcode::Text, b"four".to_vec())]);
}

#[test]
fn a_flushed_queue_begins_at_the_front_again() {
    let (mut ours, mut peer) = pair();
    let (mut socket, mut far) = sockets();
    let mut outbox = Outbox::new(1000, 3000);
    for round in 0..50 {
        text(&mut outbox, &mut ours, format!("round {round}").as_bytes()).unwrap();
        outbox.flush(&mut socket).unwrap();
        assert!(outbox.is_empty());
        assert_eq!((outbox.head, outbox.tail), (0, 0));
    }
    drop(socket);
    let mut bytes = Vec::new();
    far.read_to_end(&mut bytes).unwrap();
    assert_eq!(read(&mut peer, &bytes).len(), 50);
}

#[test]
fn a_partly_sent_queue_moves_to_the_front_when_it_needs_the_room() {
    let (mut ours, mut peer) = pair();
    let mut outbox = Outbox::new(1000, 3000);
    text(&mut outbox, &mut ours, &[b'1'; 1000]).unwrap();
    text(&mut outbox, &mut ours, &[b'2'; 1000]).unwrap();
    let first = outbox.head + record_length(&outbox.bytes[outbox.head..]).unwrap().unwrap();
    // The socket took the first record and half of the second.
    let mut sent = outbox.bytes[outbox.head..first + 500].to_vec();
    outbox.head = first + 500;
    text(&mut outbox, &mut ours, &[b'3'; 1000]).unwrap();
    assert!(outbox.head < FRONT, "{}", outbox.head);
    sent.extend_from_slice(&outbox.bytes[outbox.head..outbox.tail]);
    let seen = read(&mut peer, &sent);
    assert_eq!(seen.iter().map(|(_, p)| p[0]).collect::<Vec<_>>(), b"123");
}

#[test]
fn an_update_asked_for_leaves_before_the_next_frame_which_has_the_next_key() {
    let (mut ours, mut peer) = pair();
    let mut outbox = Outbox::new(1000, 3000);
    text(&mut outbox, &mut ours, b"old key").unwrap();
    assert_eq!(ours.aside(Content::Handshake, &[24, 0, 0, 1, 1]), Ok(Aside::Nothing));
    assert!(ours.owes_update());
    text(&mut outbox, &mut ours, b"new key").unwrap();
    assert!(!ours.owes_update());
    let waiting = outbox.bytes[outbox.head..outbox.tail].to_vec();
    let expected = [(Opcode::Text, b"old key".to_vec()), (Opcode::Text, b"new key".to_vec())];
    assert_eq!(read(&mut peer, &waiting), expected);
}

#[test]
fn an_update_for_which_no_key_is_prepared_is_refused() {
    let (mut ours, _) = pair();
    let mut outbox = Outbox::new(1000, 3000);
    for _ in 0..2 {
        ours.aside(Content::Handshake, &[24, 0, 0, 1, 1]).unwrap();
        text(&mut outbox, &mut ours, b"x").unwrap();
    }
    assert!(ours.aside(Content::Handshake, &[24, 0, 0, 1, 1]).is_err());
}
