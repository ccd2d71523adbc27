mod differential;

use super::{Decoder, Event, Place};
use crate::ws::{Opcode, Role, Violation, apply_mask};

/// What came out, with the payloads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16),
    Refused(Violation),
}

/// Feeds `bytes` in parts of `sizes`, over and over, and collects what comes out.
fn feed(role: Role, max_message: usize, bytes: &[u8], sizes: &[usize]) -> Vec<Seen> {
    let mut decoder = Decoder::new(role, max_message);
    let mut buffer = Vec::new();
    let mut rest = bytes;
    let mut seen = Vec::new();
    for size in sizes.iter().cycle() {
        let (part, after) = rest.split_at((*size).clamp(1, rest.len().max(1)).min(rest.len()));
        rest = after;
        buffer.extend_from_slice(part);
        loop {
            let next = match decoder.next(&mut buffer) {
                Ok(next) => next,
                Err(violation) => {
                    seen.push(Seen::Refused(violation));
                    return seen;
                }
            };
            let copy = |place: Place| decoder.payload(&buffer, place).to_vec();
            match next.event {
                Event::Incomplete { .. } => break,
                Event::Fragment => {}
                Event::Text(place) => seen.push(Seen::Text(copy(place))),
                Event::Binary(place) => seen.push(Seen::Binary(copy(place))),
                Event::Ping(place) => seen.push(Seen::Ping(copy(place))),
                Event::Pong(place) => seen.push(Seen::Pong(copy(place))),
                Event::Close(code) => seen.push(Seen::Close(code)),
            }
            buffer.drain(..next.used);
        }
        if rest.is_empty() {
            return seen;
        }
    }
    seen
}

/// One frame as a peer would write it, legal or not.
fn frame(fin: bool, opcode: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![opcode | if fin { 0x80 } else { 0 }];
    let masked = if key.is_some() { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..126 => bytes.push(masked | u8::try_from(short).unwrap()),
        long @ 126..65536 => {
            bytes.push(masked | 126);
            bytes.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
        }
        huge => {
            bytes.push(masked | 127);
            bytes.extend_from_slice(&(huge as u64).to_be_bytes());
        }
    }
    let start = bytes.len() + if key.is_some() { 4 } else { 0 };
    bytes.extend_from_slice(key.as_ref().map_or(&[], |key| &key[..]));
    bytes.extend_from_slice(payload);
    if let Some(key) = key {
        apply_mask(key, &mut bytes[start..]);
    }
    bytes
}

fn server(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    frame(fin, opcode as u8, None, payload)
}

#[test]
fn an_unfragmented_text_is_lent_from_the_input() {
    let mut bytes = server(true, Opcode::Text, b"hello");
    let mut decoder = Decoder::new(Role::Client, 100);
    let next = decoder.next(&mut bytes).unwrap();
    assert_eq!((next.used, next.event), (7, Event::Text(Place::Input { at: 2, length: 5 })));
}

#[test]
fn fragments_become_one_text_with_control_frames_between() {
    let stream = [
        server(false, Opcode::Text, b"ab"),
        server(true, Opcode::Ping, b"p"),
        server(false, Opcode::Continuation, b""),
        server(true, Opcode::Pong, b""),
        server(true, Opcode::Continuation, b"cd"),
        server(true, Opcode::Text, b"e"),
    ]
    .concat();
    let expected = [
        Seen::Ping(b"p".to_vec()),
        Seen::Pong(Vec::new()),
        Seen::Text(b"abcd".to_vec()),
        Seen::Text(b"e".to_vec()),
    ];
    for size in [1, 2, 3, 1000] {
        assert_eq!(feed(Role::Client, 100, &stream, &[size]), expected);
    }
}

#[test]
fn a_character_may_be_cut_between_fragments() {
    let text = "1€2".as_bytes();
    let stream =
        [server(false, Opcode::Text, &text[..2]), server(true, Opcode::Continuation, &text[2..])];
    assert_eq!(feed(Role::Client, 100, &stream.concat(), &[1000]), [Seen::Text(text.to_vec())]);
}

#[test]
fn a_text_that_ends_within_a_character_is_refused() {
    let whole = server(true, Opcode::Text, &[b'a', 0xe2, 0x82]);
    assert_eq!(feed(Role::Client, 100, &whole, &[1]), [Seen::Refused(Violation::Utf8)]);
    let parts =
        [server(false, Opcode::Text, b"a"), server(true, Opcode::Continuation, &[0xe2, 0x82])];
    assert_eq!(feed(Role::Client, 100, &parts.concat(), &[9]), [Seen::Refused(Violation::Utf8)]);
}

#[test]
fn a_wrong_character_is_refused_before_its_frame_is_whole() {
    let mut bytes = server(true, Opcode::Text, &[b'a', b'b', 0xff, b'c', b'd']);
    bytes.truncate(5);
    assert_eq!(feed(Role::Client, 100, &bytes, &[1]), [Seen::Refused(Violation::Utf8)]);
    // The same to a server, whose client masks.
    let mut bytes = frame(true, 1, Some([9, 8, 7, 6]), &[b'a', b'b', 0xff, b'c', b'd']);
    bytes.truncate(9);
    assert_eq!(feed(Role::Server, 100, &bytes, &[1]), [Seen::Refused(Violation::Utf8)]);
}

#[test]
fn a_masked_frame_cut_anywhere_is_unmasked_once() {
    let text = "0123456789 äöü €".as_bytes();
    let stream = frame(true, 1, Some([0x11, 0x22, 0x33, 0x44]), text);
    for size in 1..stream.len() {
        assert_eq!(feed(Role::Server, 100, &stream, &[size]), [Seen::Text(text.to_vec())]);
    }
}

#[test]
fn the_limit_holds_for_whole_messages_and_for_fragments() {
    let exact = server(true, Opcode::Text, &[b'x'; 100]);
    assert_eq!(feed(Role::Client, 100, &exact, &[1000]).len(), 1);
    let over = server(true, Opcode::Text, &[b'x'; 101]);
    // Refused by its header, before the payload has come.
    assert_eq!(feed(Role::Client, 100, &over[..2], &[1]), [Seen::Refused(Violation::TooLong)]);
    let parts = [
        server(false, Opcode::Binary, &[1; 60]),
        server(false, Opcode::Continuation, &[1; 40]),
        server(true, Opcode::Continuation, &[1; 1]),
    ];
    assert_eq!(
        feed(Role::Client, 100, &parts.concat(), &[999]),
        [Seen::Refused(Violation::TooLong)]
    );
}

#[test]
fn a_frame_of_two_to_the_63_bytes_is_refused_by_its_header() {
    let bytes = [0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(feed(Role::Client, 1 << 20, &bytes, &[1]), [Seen::Refused(Violation::TooLong)]);
}

#[test]
fn messages_may_not_be_interrupted_nor_continued_from_nothing() {
    let nothing = server(true, Opcode::Continuation, b"x");
    assert_eq!(
        feed(Role::Client, 9, &nothing, &[9]),
        [Seen::Refused(Violation::NothingToContinue)]
    );
    let twice = [server(false, Opcode::Text, b"x"), server(true, Opcode::Text, b"y")];
    assert_eq!(
        feed(Role::Client, 9, &twice.concat(), &[9]),
        [Seen::Refused(Violation::MessageInterrupted)]
    );
}

#[test]
#[rustfmt::skip]
fn a_close_frame_ends_the_reading_and_its_code_is_judged() {
    let cases: &[(&[u8], Seen)] = &[
        (&[],                         Seen::Close(1005)),
        (&[3, 232],                   Seen::Close(1000)),
        (&[3, 232, b'o', b'k'],       Seen::Close(1000)),
        (&[0x13, 0x87],               Seen::Close(4999)),
        (&[3],                        Seen::Refused(Violation::CloseCode)),
        (&[0, 0],                     Seen::Refused(Violation::CloseCode)),
        (&[3, 231],                   Seen::Refused(Violation::CloseCode)),
        (&[3, 237],                   Seen::Refused(Violation::CloseCode)),
        (&[3, 238],                   Seen::Refused(Violation::CloseCode)),
        (&[3, 247],                   Seen::Refused(Violation::CloseCode)),
        (&[0x13, 0x88],               Seen::Refused(Violation::CloseCode)),
        (&[3, 232, 0xff],             Seen::Refused(Violation::Utf8)),
    ];
    for (payload, expected) in cases {
        let stream = [server(true, Opcode::Close, payload), server(true, Opcode::Text, b"late")].concat();
        assert_eq!(feed(Role::Client, 99, &stream, &[999]), std::slice::from_ref(expected), "{payload:?}");
    }
}

#[test]
fn an_incomplete_frame_says_how_long_it_will_be() {
    let mut decoder = Decoder::new(Role::Client, 100_000);
    let mut bytes = server(true, Opcode::Text, &vec![b'x'; 70_000]);
    let whole = bytes.len();
    bytes.truncate(100);
    assert_eq!(decoder.next(&mut bytes).unwrap().event, Event::Incomplete { frame: whole });
    assert_eq!(decoder.next(&mut bytes[..5]).unwrap().event, Event::Incomplete { frame: 0 });
}
