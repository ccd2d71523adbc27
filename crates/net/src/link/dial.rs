//! One dial, on a thread of its own that may wait: name, TCP, TLS, upgrade, one deadline for all.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Stamp;
use rustls::ClientConfig;
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::client::{ClientHandshake, Request, generate_key};

use super::connection::Connection;
use super::inbox::{Inbox, Record};
use super::options::LinkOptions;
use crate::socket::Socket;
use crate::tls::handshake::{from_io, shake_hands};
use crate::tls::record::{CONTENT_MAX, Content, RECORD_HEADER, RECORD_TRAILER};
use crate::tls::session::Session;
use crate::{DialFault, Endpoint};

/// What is to be dialed.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Its path is the one to ask for now.
    pub(super) endpoint: Endpoint,
    pub(super) options: LinkOptions,
}

/// Dials; the connection is ready for a hot thread.
pub(super) fn dial(
    job: &Job,
    config: Arc<ClientConfig>,
    now: impl Fn() -> Stamp,
) -> Result<Box<Connection>, DialFault> {
    let request = request(&job.endpoint)?;
    let until = Instant::now() + Duration::from_nanos(job.options.dial_timeout.0);
    let stream = connect(&job.endpoint, until)?;
    stream.set_nodelay(true).map_err(|why| from_io(&why))?;
    let mut stream = Deadlined { stream, until };
    let shaken = shake_hands(&mut stream, config, &job.endpoint.host)?;
    let mut inbox = Inbox::new(job.options.max_message);
    let place = inbox.free();
    let place = place.get_mut(..shaken.rest.len()).ok_or(DialFault::Tls)?;
    place.copy_from_slice(&shaken.rest);
    inbox.received(shaken.rest.len());
    let cold = Cold { stream, session: shaken.session, inbox, head: Head::default() };
    let cold = upgrade(cold, request)?;
    let socket =
        Socket::new(cold.stream.stream, job.options.kernel_stamps).map_err(|why| from_io(&why))?;
    Ok(Box::new(Connection::new(socket, cold.session, cold.inbox, &job.options, now())))
}

/// The upgrade request for `endpoint`.
fn request(endpoint: &Endpoint) -> Result<Request, DialFault> {
    let host = match endpoint.host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => endpoint.host.clone(),
    };
    let authority = match endpoint.port {
        443 => host,
        port => format!("{host}:{port}"),
    };
    Request::builder()
        .uri(format!("wss://{authority}{}", endpoint.path))
        .header("Host", authority)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key())
        .header("User-Agent", "funding-arb")
        .body(())
        .map_err(|_| DialFault::Path)
}

/// A TCP connection to one of the host's addresses.
fn connect(endpoint: &Endpoint, until: Instant) -> Result<TcpStream, DialFault> {
    let addresses: Vec<SocketAddr> = match endpoint.address {
        Some(address) => vec![SocketAddr::new(address, endpoint.port)],
        None => (endpoint.host.as_str(), endpoint.port)
            .to_socket_addrs()
            .map_err(|_| DialFault::Resolve)?
            .collect(),
    };
    let mut fault = DialFault::Resolve;
    for (at, address) in addresses.iter().enumerate() {
        let share = u32::try_from(addresses.len() - at).unwrap_or(1);
        let left = until.saturating_duration_since(Instant::now()) / share;
        if left.is_zero() {
            return Err(DialFault::Timeout);
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => return Ok(stream),
            Err(why) => fault = from_io(&why),
        }
    }
    Err(fault)
}

/// Asks for the upgrade and checks the answer.
fn upgrade(cold: Cold, request: Request) -> Result<Cold, DialFault> {
    let machine = ClientHandshake::start(cold, request, None).map_err(|_| DialFault::Path)?;
    match machine.handshake() {
        Ok((socket, _response)) => Ok(socket.into_inner()),
        Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            Err(DialFault::Status(response.status().as_u16()))
        }
        Err(HandshakeError::Failure(tungstenite::Error::Io(why))) => Err(from_io(&why)),
        Err(_) => Err(DialFault::Upgrade),
    }
}

/// A blocking stream whose waiting ends at one point of time, however many reads it takes.
struct Deadlined {
    stream: TcpStream,
    until: Instant,
}

impl Deadlined {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Deadlined {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(place).map_err(late)
    }
}

impl Write for Deadlined {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A blocking socket says "would block" when its time is over.
fn late(why: io::Error) -> io::Error {
    if why.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { why }
}

/// The opened connection while the upgrade is asked for: it gives out the bytes of the response's
/// head and keeps every byte behind it for the frames' decoder.
struct Cold {
    stream: Deadlined,
    session: Session,
    inbox: Inbox,
    head: Head,
}

impl Read for Cold {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        // bound: by the stream's deadline
        loop {
            let count = self.head.admit(self.inbox.plain());
            if count > 0 {
                let count = count.min(place.len());
                let (Some(place), Some(bytes)) =
                    (place.get_mut(..count), self.inbox.plain().get(..count))
                else {
                    return Ok(0);
                };
                place.copy_from_slice(bytes);
                self.head.served(bytes);
                self.inbox.use_up(count);
                return Ok(count);
            }
            if self.head.is_over() {
                return Ok(0);
            }
            match self.inbox.open(&mut self.session).map_err(broken)? {
                Record::Data => {}
                Record::Other(kind, content) => {
                    let bytes = self.inbox.lend(content.start, content.len());
                    self.session.aside(kind, bytes).map_err(broken)?;
                }
                Record::Missing => {
                    let count = self.stream.read(self.inbox.free())?;
                    if count == 0 {
                        return Ok(0);
                    }
                    self.inbox.received(count);
                }
            }
        }
    }
}

fn broken(fault: crate::TlsFault) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{fault:?}"))
}

impl Write for Cold {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let content = bytes.get(..CONTENT_MAX).unwrap_or(bytes);
        let mut record = vec![0; RECORD_HEADER + content.len() + RECORD_TRAILER];
        let range = RECORD_HEADER..RECORD_HEADER + content.len();
        if let Some(place) = record.get_mut(range.clone()) {
            place.copy_from_slice(content);
        }
        if self.session.sealer.seal(&mut record, range, Content::Data).is_none() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.stream.write_all(&record)?;
        Ok(content.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Looks for the empty line that ends a response's head.
#[derive(Default)]
struct Head {
    /// How much of the end's four bytes was served last.
    matched: usize,
}

impl Head {
    const END: [u8; 4] = *b"\r\n\r\n";

    /// How many of `bytes` belong to the head.
    fn admit(&self, bytes: &[u8]) -> usize {
        let mut matched = self.matched;
        for (at, byte) in bytes.iter().enumerate() {
            if matched == Self::END.len() {
                return at;
            }
            matched = Self::step(matched, *byte);
        }
        if self.is_over() { 0 } else { bytes.len() }
    }

    fn served(&mut self, bytes: &[u8]) {
        self.matched = bytes.iter().fold(self.matched, |matched, byte| Self::step(matched, *byte));
    }

    const fn is_over(&self) -> bool {
        self.matched == Self::END.len()
    }

    fn step(matched: usize, byte: u8) -> usize {
        match Self::END.get(matched) {
            Some(expected) if *expected == byte => matched + 1,
            Some(_) if byte == b'\r' => 1,
            Some(_) => 0,
            None => matched,
        }
    }
}

#[cfg(test)]
mod tests;
