//! Our decoder against tungstenite's, on the same bytes: legal streams, and streams broken anywhere.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tungstenite::error::Error;
use tungstenite::protocol::{Role as TheirRole, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::{Seen, feed, frame};
use crate::ws::{Role, Violation};

const MAX: usize = 1000;

/// All of a peer's bytes, then silence.
struct Tape<'a>(&'a [u8]);

impl Read for Tape<'_> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.read(place) }
    }
}

impl Write for Tape<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite saw, and whether it refused the rest.
fn theirs(role: Role, bytes: &[u8]) -> (Vec<Seen>, bool) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(MAX))
        .max_frame_size(Some(MAX));
    let role = match role {
        Role::Client => TheirRole::Client,
        Role::Server => TheirRole::Server,
    };
    let mut socket = WebSocket::from_raw_socket(Tape(bytes), role, Some(config));
    let mut seen = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => seen.push(Seen::Text(text.as_bytes().to_vec())),
            Ok(Message::Binary(bytes)) => seen.push(Seen::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => seen.push(Seen::Ping(bytes.to_vec())),
            Ok(Message::Pong(bytes)) => seen.push(Seen::Pong(bytes.to_vec())),
            Ok(Message::Close(frame)) => {
                seen.push(Seen::Close(frame.map_or(1005, |frame| frame.code.into())));
                return (seen, false);
            }
            Ok(Message::Frame(_)) => {}
            Err(Error::Io(why)) if why.kind() == io::ErrorKind::WouldBlock => return (seen, false),
            Err(_) => return (seen, true),
        }
    }
}

/// Whether both saw the same messages and agree on whether the rest is refused.
fn agree(role: Role, bytes: &[u8], sizes: &[usize]) -> Result<(), TestCaseError> {
    let mut ours = feed(role, MAX, bytes, sizes);
    let refusal = match ours.last() {
        Some(Seen::Refused(violation)) => Some(*violation),
        _ => None,
    };
    if refusal.is_some() {
        ours.pop();
    }
    // It judges a frame when it is whole: what we refuse earlier is made whole for it.
    let filler = vec![0; if refusal.is_some() { 2 * MAX } else { 0 }];
    let (mut seen, refused) = theirs(role, &[bytes, &filler].concat());
    match refusal {
        None => prop_assert!(!refused, "tungstenite refused what we accept"),
        // It answers a forbidden close code with a close of its own.
        Some(Violation::CloseCode) if !refused => {
            prop_assert_eq!(seen.pop(), Some(Seen::Close(1002)));
        }
        // It does not insist on the shortest form of a length, not even for control frames.
        Some(Violation::Length | Violation::ControlTooLong) => return Ok(()),
        Some(violation) => prop_assert!(refused, "tungstenite accepts {violation:?}"),
    }
    // The code 1014 was registered after its table was made.
    if ours.last() == Some(&Seen::Close(1014)) {
        return Ok(());
    }
    prop_assert_eq!(ours, seen);
    Ok(())
}

#[derive(Clone, Debug)]
struct Part {
    fin: bool,
    bits: u8,
    opcode: u8,
    key: Option<[u8; 4]>,
    payload: Vec<u8>,
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z0-9äß€😀]{0,40}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..20),
        1 => (100_usize..300).prop_map(|length| vec![b'x'; length]),
        1 => (900_usize..1100).prop_map(|length| vec![b'y'; length]),
        1 => (any::<u16>(), "[a-zß]{0,6}").prop_map(|(code, reason)| {
            [&code.to_be_bytes()[..], reason.as_bytes()].concat()
        }),
    ]
}

fn part(masked: bool) -> impl Strategy<Value = Part> {
    let opcode = prop_oneof![
        6 => Just(1_u8), 3 => Just(0), 2 => Just(2), 2 => Just(9), 1 => Just(10), 1 => Just(8),
        1 => 0_u8..16,
    ];
    let bits = prop_oneof![30 => Just(0_u8), 1 => (0_u8..8).prop_map(|bits| bits << 4)];
    let mistake = prop_oneof![30 => Just(false), 1 => Just(true)];
    (prop::bool::weighted(0.7), bits, opcode, any::<[u8; 4]>(), mistake, payload()).prop_map(
        move |(fin, bits, opcode, key, mistake, payload)| {
            let key = (masked != mistake).then_some(key);
            Part { fin, bits, opcode, key, payload }
        },
    )
}

/// Fragments that follow each other as they must, so that long legal streams occur.
fn legal(parts: &mut [Part]) {
    let mut begun = false;
    for part in parts {
        part.bits = 0;
        match part.opcode {
            0..3 => {
                part.opcode = if begun { 0 } else { part.opcode.max(1) };
                begun = !part.fin;
            }
            _ => part.fin = true,
        }
    }
}

fn bytes_of(parts: &[Part]) -> Vec<u8> {
    parts.iter().flat_map(|p| frame(p.fin, p.bits | p.opcode, p.key, &p.payload)).collect()
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1_usize..5, 1_usize..2000], 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn both_see_the_same_in_any_stream(
        (masked, ordered, mut parts) in any::<bool>().prop_flat_map(|masked| {
            (Just(masked), any::<bool>(), prop::collection::vec(part(masked), 1..9))
        }),
        sizes in sizes(),
    ) {
        if ordered {
            legal(&mut parts);
        }
        let role = if masked { Role::Server } else { Role::Client };
        agree(role, &bytes_of(&parts), &sizes)?;
    }

    #[test]
    fn both_see_the_same_in_a_stream_with_one_byte_changed(
        masked in any::<bool>(),
        seed in prop::collection::vec(part(false), 1..6),
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        sizes in sizes(),
    ) {
        let mut parts = seed;
        legal(&mut parts);
        for part in &mut parts {
            part.key = masked.then_some([1, 2, 3, 4]);
        }
        let mut bytes = bytes_of(&parts);
        let at = at.index(bytes.len());
        bytes[at] = value;
        agree(if masked { Role::Server } else { Role::Client }, &bytes, &sizes)?;
    }

    #[test]
    fn garbage_gives_the_same_answer_and_no_panic(
        masked in any::<bool>(),
        bytes in prop::collection::vec(any::<u8>(), 1..200),
        sizes in sizes(),
    ) {
        agree(if masked { Role::Server } else { Role::Client }, &bytes, &sizes)?;
    }
}
