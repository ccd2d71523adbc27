//! The server end for Autobahn's fuzzing client: `autobahn_server HOST:PORT`; serves until killed.
//!
//! `scripts/autobahn/run` starts both and judges the outcome.

#[path = "autobahn/peer.rs"]
mod peer;

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;

use net::ws::Role;
use peer::{Peer, header, read_head};
use tungstenite::handshake::derive_accept_key;

fn main() -> ExitCode {
    let Some(address) = std::env::args().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: autobahn_server HOST:PORT");
        return ExitCode::FAILURE;
    };
    match serve(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "autobahn_server: {address}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            // How a case ends is for the client to judge; a reset is one way.
            let _ = accept(stream);
        });
    }
    Ok(())
}

/// Upgrades and echoes.
fn accept(mut stream: TcpStream) -> io::Result<()> {
    let head = read_head(&mut stream)?;
    let key = header(&head, "Sec-WebSocket-Key").ok_or(io::ErrorKind::InvalidData)?;
    let accept = derive_accept_key(key.as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    Peer::new(stream, Role::Server)?.echo()
}
