//! One client connection: first HTTP requests, then perhaps a WebSocket.

use super::http::{self, Parsed, Request, Response};
use super::tls::TlsStream;
use super::{ConnId, ControlFrame, Text};
use std::io::{self, Read, Write};
use tungstenite::protocol::frame::{CloseFrame, coding::CloseCode};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

/// Most bytes queued for a client that does not read; then it is cut, as the venues do.
const QUEUE_MAX: usize = 8 * 1024 * 1024;
const READ_SIZE: usize = 16 * 1024;

/// A connection.
pub(crate) struct Conn {
    pub(crate) id: ConnId,
    /// Which of the host's protocols serves it.
    pub(crate) protocol: usize,
    pub(crate) door: &'static str,
    stage: Stage,
    /// Something is queued that has not been flushed.
    pub(crate) dirty: bool,
}

enum Stage {
    Http(Box<Http>),
    Ws(Box<WebSocket<TlsStream>>),
    Gone,
}

struct Http {
    stream: TlsStream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// A request is being answered; the next one waits.
    busy: bool,
    close_after: bool,
}

/// What a connection has to say.
#[derive(Debug)]
pub(crate) enum Heard {
    Request(Box<Request>),
    Text(Text),
    Control(ControlFrame),
    /// Nothing more for now.
    Nothing,
    /// It is over.
    Closed,
}

impl Conn {
    pub(crate) fn new(id: ConnId, protocol: usize, door: &'static str, stream: TlsStream) -> Self {
        let http =
            Http { stream, input: Vec::new(), output: Vec::new(), busy: false, close_after: false };
        Self { id, protocol, door, stage: Stage::Http(Box::new(http)), dirty: false }
    }

    pub(crate) fn is_ws(&self) -> bool {
        matches!(self.stage, Stage::Ws(_))
    }

    pub(crate) fn socket(&mut self) -> Option<&mut mio::net::TcpStream> {
        match &mut self.stage {
            Stage::Http(http) => Some(&mut http.stream.socket),
            Stage::Ws(ws) => Some(&mut ws.get_mut().socket),
            Stage::Gone => None,
        }
    }

    /// The next thing the client said.
    pub(crate) fn hear(&mut self) -> Heard {
        match &mut self.stage {
            Stage::Http(http) => http.hear(self.id, self.door),
            Stage::Ws(ws) => hear_ws(ws),
            Stage::Gone => Heard::Closed,
        }
    }

    /// Answers the request being waited for.
    pub(crate) fn respond(&mut self, response: &Response) {
        if let Stage::Http(http) = &mut self.stage {
            response.encode(http.close_after, &mut http.output);
            http.busy = false;
            self.dirty = true;
        }
    }

    /// Does the WebSocket handshake that `request` asked for.
    pub(crate) fn upgrade(&mut self, request: &Request) -> io::Result<()> {
        let Stage::Http(http) = core::mem::replace(&mut self.stage, Stage::Gone) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let Http { mut stream, input, .. } = *http;
        let key = request.header("sec-websocket-key").unwrap_or_default();
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes())?;
        let config = WebSocketConfig::default()
            .read_buffer_size(4096)
            .max_write_buffer_size(QUEUE_MAX)
            .max_message_size(Some(1024 * 1024));
        let ws = WebSocket::from_partially_read(stream, input, Role::Server, Some(config));
        self.stage = Stage::Ws(Box::new(ws));
        self.dirty = true;
        Ok(())
    }

    /// Queues a text message; an error means that the client has to be cut.
    pub(crate) fn text(&mut self, text: Text) -> Result<(), ()> {
        self.queue(Message::Text(text))
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self, payload: Vec<u8>) -> Result<(), ()> {
        self.queue(Message::Ping(payload.into()))
    }

    /// Closes politely.
    pub(crate) fn close(&mut self, code: u16, reason: &'static str) {
        if let Stage::Ws(ws) = &mut self.stage {
            let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
            // A client that is gone needs no goodbye.
            let _ = ws.close(Some(frame));
            self.dirty = true;
        }
    }

    fn queue(&mut self, message: Message) -> Result<(), ()> {
        let Stage::Ws(ws) = &mut self.stage else {
            return Ok(());
        };
        self.dirty = true;
        match ws.write(message) {
            Ok(()) => Ok(()),
            Err(tungstenite::Error::Io(why)) if why.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(()),
        }
    }

    /// Sends what is queued, as far as the socket takes it; false when the connection is over.
    pub(crate) fn flush(&mut self) -> bool {
        self.dirty = false;
        let sent = match &mut self.stage {
            Stage::Http(http) => http.flush(),
            Stage::Ws(ws) => match ws.flush() {
                Ok(()) => Ok(()),
                Err(tungstenite::Error::Io(why)) => Err(why),
                Err(_) => return false,
            },
            Stage::Gone => return false,
        };
        match sent {
            Ok(()) => !matches!(&self.stage, Stage::Http(http) if http.is_done()),
            Err(why) => why.kind() == io::ErrorKind::WouldBlock,
        }
    }

    /// Ends TLS properly before the socket is dropped.
    pub(crate) fn goodbye(&mut self) {
        match &mut self.stage {
            Stage::Http(http) => http.stream.close(),
            Stage::Ws(ws) => ws.get_mut().close(),
            Stage::Gone => {}
        }
    }
}

impl Http {
    fn hear(&mut self, id: ConnId, door: &'static str) -> Heard {
        loop {
            if self.busy || self.close_after {
                return Heard::Nothing;
            }
            match http::parse(&self.input, id, door) {
                Parsed::Whole(request, used) => {
                    self.input.drain(..used);
                    self.busy = true;
                    self.close_after = request.close;
                    return Heard::Request(request);
                }
                Parsed::Bad(status) => {
                    self.close_after = true;
                    Response::json(status, "{}").encode(true, &mut self.output);
                    let _ = self.flush();
                    return Heard::Closed;
                }
                Parsed::Partial => {}
            }
            let mut chunk = [0; READ_SIZE];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Heard::Closed,
                Ok(count) => self.input.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Heard::Nothing,
                Err(_) => return Heard::Closed,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            let count = self.stream.write(&self.output)?;
            self.output.drain(..count);
        }
        self.stream.flush()
    }

    fn is_done(&self) -> bool {
        self.close_after && !self.busy && self.output.is_empty()
    }
}

fn hear_ws(ws: &mut WebSocket<TlsStream>) -> Heard {
    loop {
        match ws.read() {
            Ok(Message::Text(text)) => return Heard::Text(text),
            Ok(Message::Ping(_)) => return Heard::Control(ControlFrame::Ping),
            Ok(Message::Pong(payload)) if payload.is_empty() => {
                return Heard::Control(ControlFrame::PongUnasked);
            }
            Ok(Message::Pong(_)) => return Heard::Control(ControlFrame::Pong),
            Ok(Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {}
            Err(tungstenite::Error::Io(why)) if why.kind() == io::ErrorKind::WouldBlock => {
                return Heard::Nothing;
            }
            Err(_) => return Heard::Closed,
        }
    }
}
