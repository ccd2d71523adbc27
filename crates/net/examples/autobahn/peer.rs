//! One end of a WebSocket over plain TCP that echoes every message: what Autobahn's suite wants of the
//! program under test. All of the protocol is `net::ws`, as on a link; only the socket is simpler.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use net::ws::{Decoder, Event, HEADER_MAX, MaskKeys, Opcode, Role, frame_in_place};

/// The suite's largest message, and room for its header.
const MESSAGE_MAX: usize = 16 << 20;

/// The codec, its buffers and its socket.
pub(crate) struct Peer {
    stream: TcpStream,
    role: Role,
    decoder: Decoder,
    keys: MaskKeys,
    inbox: Vec<u8>,
    start: usize,
    end: usize,
    outbox: Vec<u8>,
}

impl Peer {
    /// Around a stream that has been upgraded.
    pub(crate) fn new(stream: TcpStream, role: Role) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            stream,
            role,
            decoder: Decoder::new(role, MESSAGE_MAX),
            keys: MaskKeys::from_system(),
            inbox: vec![0; MESSAGE_MAX + (64 << 10)],
            start: 0,
            end: 0,
            outbox: Vec::new(),
        })
    }

    /// Echoes until either side closes.
    pub(crate) fn echo(&mut self) -> io::Result<()> {
        loop {
            let input = &mut self.inbox[self.start..self.end];
            let next = match self.decoder.next(input) {
                Ok(next) => next,
                Err(violation) => return self.close(violation.close_code()),
            };
            let (opcode, place) = match next.event {
                Event::Incomplete { .. } => {
                    if self.fill()? {
                        continue;
                    }
                    return Ok(());
                }
                Event::Text(place) => (Opcode::Text, place),
                Event::Binary(place) => (Opcode::Binary, place),
                Event::Ping(place) => (Opcode::Pong, place),
                Event::Pong(_) | Event::Fragment => {
                    self.start += next.used;
                    continue;
                }
                Event::Close(code) => return self.close(code),
            };
            let payload = self.decoder.payload(&self.inbox[self.start..self.end], place);
            self.outbox.clear();
            self.outbox.resize(HEADER_MAX, 0);
            self.outbox.extend_from_slice(payload);
            self.start += next.used;
            self.send(opcode)?;
        }
    }

    /// Reads once; whether the peer still sends.
    fn fill(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.inbox.len() {
            self.inbox.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = self.stream.read(&mut self.inbox[self.end..])?;
        self.end += count;
        Ok(count > 0)
    }

    /// Sends what lies in the outbox behind the room for a header.
    fn send(&mut self, opcode: Opcode) -> io::Result<()> {
        let key = match self.role {
            Role::Client => Some(self.keys.take()),
            Role::Server => None,
        };
        let payload = HEADER_MAX..self.outbox.len();
        let frame = frame_in_place(&mut self.outbox, payload, opcode, key)
            .ok_or(io::ErrorKind::InvalidData)?;
        self.stream.write_all(&self.outbox[frame])
    }

    /// Says goodbye and waits for the peer to hang up.
    fn close(&mut self, code: u16) -> io::Result<()> {
        self.outbox.clear();
        self.outbox.resize(HEADER_MAX, 0);
        if code != 1005 {
            self.outbox.extend_from_slice(&code.to_be_bytes());
        }
        self.send(Opcode::Close)?;
        self.stream.shutdown(Shutdown::Write)?;
        self.stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        while self.stream.read(&mut self.inbox)? > 0 {}
        Ok(())
    }
}

/// Reads the head of a request or a response, and not a byte more.
pub(crate) fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 16 << 10 {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The value of a header.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}
