//! The client end for Autobahn's fuzzing server: `autobahn_client HOST:PORT AGENT`.
//!
//! `scripts/autobahn/run` starts both and judges the outcome.

#[path = "autobahn/peer.rs"]
mod peer;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use net::ws::{Decoder, Event, Role};
use peer::{Peer, header, read_head};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, agent] = arguments.as_slice() else {
        let _ = writeln!(io::stderr(), "usage: autobahn_client HOST:PORT AGENT");
        return ExitCode::FAILURE;
    };
    match run(server, agent) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "autobahn_client: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(server: &str, agent: &str) -> io::Result<()> {
    let count = case_count(server)?;
    for case in 1..=count {
        let stream = connect(server, &format!("/runCase?case={case}&agent={agent}"))?;
        // How a case ends is for the server to judge; a reset is one way.
        let _ = Peer::new(stream, Role::Client)?.echo();
    }
    let stream = connect(server, &format!("/updateReports?agent={agent}"))?;
    // The reports are written when the server ends this connection, which it does with a reset.
    let _ = Peer::new(stream, Role::Client)?.echo();
    Ok(())
}

/// How many cases the server has: it sends the number as one text.
fn case_count(server: &str) -> io::Result<u32> {
    let mut stream = connect(server, "/getCaseCount")?;
    let mut decoder = Decoder::new(Role::Client, 1000);
    let mut bytes = Vec::new();
    let mut part = [0; 1000];
    loop {
        let next = decoder.next(&mut bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        if let Event::Text(place) = next.event {
            let text = String::from_utf8_lossy(decoder.payload(&bytes, place)).into_owned();
            return text.parse().map_err(|_| io::ErrorKind::InvalidData.into());
        }
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&part[..count]);
    }
}

/// Connects and upgrades.
fn connect(server: &str, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(server)?;
    let key = generate_key();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    )?;
    let head = read_head(&mut stream)?;
    let accepted =
        header(&head, "Sec-WebSocket-Accept") == Some(&derive_accept_key(key.as_bytes()));
    if head.starts_with("HTTP/1.1 101 ") && accepted {
        Ok(stream)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("no upgrade: {head}")))
    }
}
