//! One connection: TLS, login, and one simple query at a time over a blocking socket.

use super::{Postgres, TABLE};
use crate::source::SourceFault;
use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use net::tls::SecureStream;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Message};
use postgres_protocol::message::frontend;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer that is read.
const ANSWER_MAX: usize = 8 << 20;

/// A connection that is logged in and hears of changes.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    read: BytesMut,
    /// Bytes of the answer that is being read.
    answer: usize,
    until: Instant,
    /// Whether word of a change came while something else was asked.
    noticed: bool,
}

enum Stream {
    Plain(TcpStream),
    Secure(Box<SecureStream>),
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Secure(_)) { "TLS" } else { "plain" })
    }
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => &stream.sock,
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(into),
            Self::Secure(stream) => stream.read(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes),
            Self::Secure(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }
}

/// A connection to the first of some addresses that takes one. Each has an equal share of the time that
/// is left: one that is silent leaves some for the others.
fn dial(addresses: &[SocketAddr], patience: Duration) -> io::Result<TcpStream> {
    let until = Instant::now() + patience;
    let mut last = io::Error::other("no address");
    for (address, others) in addresses.iter().zip((0..addresses.len()).rev()) {
        let left = until.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(others + 1).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
            Ok(stream) => return Ok(stream),
            Err(why) => last = why,
        }
    }
    Err(last)
}

impl Wire {
    pub(super) fn open(of: &Postgres) -> Result<Self, SourceFault> {
        let failed =
            |why: &dyn std::fmt::Display| SourceFault::Away(format!("{}: {why}", of.called));
        let addresses = of.host.to_socket_addrs().map_err(|why| failed(&why))?;
        let tcp = dial(&addresses.collect::<Vec<_>>(), PATIENCE).map_err(|why| failed(&why))?;
        tcp.set_read_timeout(Some(PATIENCE)).map_err(away)?;
        tcp.set_write_timeout(Some(PATIENCE)).map_err(away)?;
        let stream = match &of.tls {
            None => Stream::Plain(tcp),
            Some(tls) => {
                let name = of.host.rsplit_once(':').map_or("", |(name, _)| name);
                let tcp = ask_for_tls(tcp)?;
                let stream = tls.over(name, tcp).map_err(|why| failed(&why))?;
                Stream::Secure(Box::new(stream))
            }
        };
        let until = Instant::now() + PATIENCE;
        let mut wire = Self { stream, read: BytesMut::new(), answer: 0, until, noticed: false };
        wire.login(of)?;
        // Before the first look at the table: a change between the two is heard.
        wire.query(&format!("LISTEN {TABLE}"), &mut |_| Ok(()))?;
        Ok(wire)
    }

    fn login(&mut self, of: &Postgres) -> Result<(), SourceFault> {
        let parameters = [
            ("user", of.user.as_str()),
            ("database", of.database.as_str()),
            ("application_name", "funding-arb"),
            ("client_encoding", "UTF8"),
        ];
        self.send(|buf| frontend::startup_message(parameters, buf))?;
        let mut scram = None;
        // bound: the answer has a longest length
        loop {
            match self.next()? {
                Message::AuthenticationSasl(body) => {
                    let known = body.mechanisms().any(|name| Ok(name == SCRAM_SHA_256));
                    if !known.map_err(away)? {
                        let why = "the server knows no SCRAM-SHA-256".to_owned();
                        return Err(SourceFault::Refused(why));
                    }
                    let password = of.password.expose().as_bytes();
                    let proof = ScramSha256::new(password, ChannelBinding::unsupported());
                    self.send(|buf| {
                        frontend::sasl_initial_response(SCRAM_SHA_256, proof.message(), buf)
                    })?;
                    scram = Some(proof);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let proof = scram.as_mut().ok_or_else(out_of_order)?;
                    proof.update(body.data()).map_err(away)?;
                    self.send(|buf| frontend::sasl_response(proof.message(), buf))?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    // Here the server proves that it knows the password too.
                    let proof = scram.as_mut().ok_or_else(out_of_order)?;
                    proof.finish(body.data()).map_err(away)?;
                }
                Message::AuthenticationCleartextPassword
                | Message::AuthenticationMd5Password(_) => {
                    let why = "the server asks for a password in the clear or as MD5; set password_encryption = scram-sha-256 there";
                    return Err(SourceFault::Refused(why.to_owned()));
                }
                Message::ErrorResponse(why) => return Err(refused(&mut why.fields())),
                Message::ReadyForQuery(_) => return Ok(()),
                _ => {}
            }
        }
    }

    /// Asks one thing and hands each row of the answer on.
    pub(super) fn query(
        &mut self,
        query: &str,
        row: &mut dyn FnMut(&DataRowBody) -> Result<(), SourceFault>,
    ) -> Result<(), SourceFault> {
        self.until = Instant::now() + PATIENCE;
        self.answer = 0;
        self.send(|buf| frontend::query(query, buf))?;
        // bound: the answer has a longest length
        loop {
            match self.next()? {
                Message::DataRow(body) => row(&body)?,
                Message::ReadyForQuery(_) => return Ok(()),
                Message::NotificationResponse(_) => self.noticed = true,
                Message::ErrorResponse(why) => return Err(refused(&mut why.fields())),
                _ => {}
            }
        }
    }

    /// Waits for word of a change; says whether it came in time.
    pub(super) fn await_notice(&mut self, wait: Duration) -> Result<bool, SourceFault> {
        self.until = Instant::now() + wait;
        self.answer = 0;
        // bound: it ends when the time is up
        while !self.noticed {
            match self.next_in_time()? {
                None => return Ok(false),
                Some(Message::NotificationResponse(_)) => self.noticed = true,
                Some(Message::ErrorResponse(why)) => return Err(refused(&mut why.fields())),
                Some(_) => {}
            }
        }
        self.noticed = false;
        Ok(true)
    }

    fn send(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> io::Result<()>,
    ) -> Result<(), SourceFault> {
        let mut buf = BytesMut::new();
        write(&mut buf).map_err(away)?;
        self.stream.write_all(&buf).map_err(away)
    }

    fn next(&mut self) -> Result<Message, SourceFault> {
        let late = || SourceFault::Away("postgres: no whole answer in time".to_owned());
        self.next_in_time()?.ok_or_else(late)
    }

    /// The next message; `None` when the time is up.
    fn next_in_time(&mut self) -> Result<Option<Message>, SourceFault> {
        // bound: every turn reads, and what is read has a longest length and a last moment
        loop {
            if let Some(message) = Message::parse(&mut self.read).map_err(away)? {
                return Ok(Some(message));
            }
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.tcp().set_read_timeout(Some(left)).map_err(away)?;
            let mut part = [0; 4096];
            let count = match self.stream.read(&mut part) {
                Ok(count) => count,
                Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(why) if why.kind() == ErrorKind::Interrupted => continue,
                Err(why) => return Err(away(why)),
            };
            self.answer += count;
            if count == 0 || self.answer > ANSWER_MAX {
                let why = if count == 0 { "the server hung up" } else { "too long an answer" };
                return Err(SourceFault::Away(format!("postgres: {why}")));
            }
            self.read.extend_from_slice(&part[..count]);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.send(|buf| {
            frontend::terminate(buf);
            Ok(())
        });
    }
}

/// Agrees on TLS, of which no byte is read here.
fn ask_for_tls(mut stream: TcpStream) -> Result<TcpStream, SourceFault> {
    let mut buf = BytesMut::new();
    frontend::ssl_request(&mut buf);
    let mut answer = [0; 1];
    stream.write_all(&buf).and_then(|()| stream.read_exact(&mut answer)).map_err(away)?;
    match &answer {
        b"S" => Ok(stream),
        _ => Err(SourceFault::Refused(
            "postgres: the server has no TLS; set ssl = on there, or sslmode=disable here"
                .to_owned(),
        )),
    }
}

/// The server's own words: severity, message, hint.
fn refused(fields: &mut ErrorFields<'_>) -> SourceFault {
    let mut words = Vec::new();
    while let Ok(Some(field)) = fields.next() {
        if matches!(field.type_(), b'S' | b'M' | b'H') {
            words.push(String::from_utf8_lossy(field.value_bytes()).into_owned());
        }
    }
    SourceFault::Refused(format!("postgres: {}", words.join(": ")))
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
pub(super) fn away(why: io::Error) -> SourceFault {
    SourceFault::Away(format!("postgres: {why}"))
}

fn out_of_order() -> SourceFault {
    SourceFault::Away("postgres: an answer out of order".to_owned())
}

#[cfg(test)]
mod tests;
