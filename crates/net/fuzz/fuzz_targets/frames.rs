//! A peer's bytes into our decoder, in parts, and into tungstenite's: both see the same.
#![no_main]

use std::io::{self, Read, Write};

use libfuzzer_sys::fuzz_target;
use net::ws::{Decoder, Event, Role, Violation};
use tungstenite::error::Error;
use tungstenite::protocol::{Role as TheirRole, WebSocketConfig};
use tungstenite::{Message, WebSocket};

const MAX: usize = 1000;

/// What both can see.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16),
}

fuzz_target!(|input: (bool, Vec<u8>, Vec<u8>)| {
    let (client, sizes, bytes) = input;
    let (ours, refusal) = ours(client, &sizes, &bytes);
    // tungstenite judges a frame when it is whole: what we refuse earlier is made whole for it.
    let filler = vec![0; if refusal.is_some() { 2 * MAX } else { 0 }];
    let (mut theirs, refused) = theirs(client, &[&bytes[..], &filler].concat());
    match refusal {
        None => assert!(!refused, "tungstenite refused what we accept"),
        // It does not insist on the shortest form of a length.
        Some(Violation::Length | Violation::ControlTooLong) => return,
        // It answers a forbidden close code with a close of its own.
        Some(Violation::CloseCode) if !refused => {
            assert_eq!(theirs.pop(), Some(Seen::Close(1002)));
        }
        Some(violation) => assert!(refused, "tungstenite accepts {violation:?}"),
    }
    // The code 1014 was registered after its table was made.
    if ours.last() != Some(&Seen::Close(1014)) {
        assert_eq!(ours, theirs);
    }
});

fn ours(client: bool, sizes: &[u8], bytes: &[u8]) -> (Vec<Seen>, Option<Violation>) {
    let role = if client { Role::Client } else { Role::Server };
    let mut decoder = Decoder::new(role, MAX);
    let mut buffer = Vec::new();
    let mut rest = bytes;
    let mut seen = Vec::new();
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(rest.len(), |size| usize::from(*size) + 1).min(rest.len());
        let (part, after) = rest.split_at(size);
        rest = after;
        buffer.extend_from_slice(part);
        loop {
            let next = match decoder.next(&mut buffer) {
                Ok(next) => next,
                Err(violation) => return (seen, Some(violation)),
            };
            let copy = |place| decoder.payload(&buffer, place).to_vec();
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
    }
    (seen, None)
}

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

fn theirs(client: bool, bytes: &[u8]) -> (Vec<Seen>, bool) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(MAX))
        .max_frame_size(Some(MAX));
    let role = if client { TheirRole::Client } else { TheirRole::Server };
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
