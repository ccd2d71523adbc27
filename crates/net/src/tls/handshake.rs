//! The TLS handshake, on a thread that may wait: rustls makes it, checks the certificate, and hands
//! its keys to our record layer.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, UnbufferedStatus};
use rustls::{ClientConfig, Error};

use super::session::Session;
use crate::DialFault;

/// Most bytes a server's handshake may have; certificate chains are a few thousand.
const HANDSHAKE_MAX: usize = 256 << 10;

/// A finished handshake.
pub(crate) struct Shaken {
    /// The record layer.
    pub(crate) session: Session,
    /// What came behind the handshake: whole or partial records.
    pub(crate) rest: Vec<u8>,
}

/// Makes the handshake with `host` over `stream`, which ends waiting by its own deadline.
///
/// # Errors
/// Also when the certificate is not acceptable; the server is then told by an alert.
pub(crate) fn shake_hands(
    stream: &mut (impl Read + Write),
    config: Arc<ClientConfig>,
    host: &str,
) -> Result<Shaken, DialFault> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| DialFault::Certificate)?;
    let mut connection =
        UnbufferedClientConnection::new(config, name).map_err(|_| DialFault::Tls)?;
    let mut incoming = Vec::new();
    match drive(&mut connection, stream, &mut incoming) {
        Ok(()) => {}
        Err(Failure::Io(why)) => return Err(from_io(&why)),
        Err(Failure::Tls(why)) => {
            tell(&mut connection, stream, &mut incoming);
            return Err(from_tls(&why));
        }
    }
    let (secrets, mut kernel) =
        connection.dangerous_into_kernel_connection().map_err(|_| DialFault::Tls)?;
    let session = Session::new(&secrets, &mut kernel).ok_or(DialFault::Tls)?;
    Ok(Shaken { session, rest: incoming })
}

enum Failure {
    Io(io::Error),
    Tls(Error),
}

impl From<io::Error> for Failure {
    fn from(why: io::Error) -> Self {
        Self::Io(why)
    }
}

/// Until both sides have finished.
fn drive(
    connection: &mut UnbufferedClientConnection,
    stream: &mut (impl Read + Write),
    incoming: &mut Vec<u8>,
) -> Result<(), Failure> {
    let mut outgoing = Vec::new();
    // bound: by the stream's deadline and HANDSHAKE_MAX
    loop {
        let UnbufferedStatus { discard, state } = connection.process_tls_records(incoming);
        let mut starved = false;
        let mut done = false;
        let state = match state {
            Ok(state) => state,
            Err(why) => {
                incoming.drain(..discard);
                return Err(Failure::Tls(why));
            }
        };
        match state {
            ConnectionState::EncodeTlsData(mut data) => encode(&mut data, &mut outgoing),
            ConnectionState::TransmitTlsData(data) => {
                stream.write_all(&outgoing)?;
                outgoing.clear();
                data.done();
            }
            ConnectionState::BlockedHandshake => starved = true,
            ConnectionState::WriteTraffic(_) => done = true,
            // Data before the end of the handshake, or its early end.
            _ => return Err(Failure::Tls(Error::HandshakeNotComplete)),
        }
        incoming.drain(..discard);
        if done {
            return Ok(());
        }
        if starved {
            receive(stream, incoming)?;
        }
    }
}

/// Tells the server by an alert why its handshake is refused, if it still listens.
///
/// The alert may have a change of cipher before it. rustls gives out what it has to send before it reads
/// on; it must not read on, since it would judge the refused message a second time.
fn tell(connection: &mut UnbufferedClientConnection, stream: &mut impl Write, incoming: &mut [u8]) {
    const CHANGE_CIPHER: u8 = 20;
    let mut outgoing = Vec::new();
    // bound: one change of cipher, one alert
    for _ in 0..2 {
        let before = outgoing.len();
        match connection.process_tls_records(incoming).state {
            Ok(ConnectionState::EncodeTlsData(mut data)) => encode(&mut data, &mut outgoing),
            _ => break,
        }
        if outgoing.get(before) != Some(&CHANGE_CIPHER) {
            break;
        }
    }
    // Who does not listen need not be told.
    let _ = stream.write_all(&outgoing);
}

fn encode(data: &mut EncodeTlsData<'_, ClientConnectionData>, outgoing: &mut Vec<u8>) {
    let before = outgoing.len();
    if let Err(EncodeError::InsufficientSize(needed)) = data.encode(&mut []) {
        outgoing.resize(before + needed.required_size, 0);
        // Given the size it asked for, it writes.
        let place = outgoing.get_mut(before..).unwrap_or_default();
        let written = data.encode(place).unwrap_or(0);
        outgoing.truncate(before + written);
    }
}

fn receive(stream: &mut impl Read, incoming: &mut Vec<u8>) -> Result<(), Failure> {
    if incoming.len() >= HANDSHAKE_MAX {
        return Err(Failure::Tls(Error::HandshakeNotComplete));
    }
    let mut part = [0; 8192];
    let count = stream.read(&mut part)?;
    if count == 0 {
        return Err(Failure::Tls(Error::HandshakeNotComplete));
    }
    incoming.extend(part.iter().take(count));
    Ok(())
}

fn from_tls(error: &Error) -> DialFault {
    match error {
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => DialFault::Certificate,
        _ => DialFault::Tls,
    }
}

/// What an I/O error while dialing means.
pub(crate) fn from_io(error: &io::Error) -> DialFault {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => DialFault::Timeout,
        _ => DialFault::Connect(error.raw_os_error().unwrap_or(0)),
    }
}
