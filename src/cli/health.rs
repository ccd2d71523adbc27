//! `funding-arb health`: asks a running engine whether a thread is wedged; the health check of a container
//! that has nothing else in it.

use super::{HealthArguments, exit, say};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// All of it together: shorter than any health check's own patience.
const PATIENCE: Duration = Duration::from_secs(3);
/// An answer is short; what is longer comes from somebody else.
const BYTES_MAX: usize = 64 << 10;

pub(super) fn run(arguments: &HealthArguments) -> ExitCode {
    match ask(&arguments.url) {
        Ok((200, body)) => {
            say::line(body.trim());
            ExitCode::SUCCESS
        }
        Ok((status, body)) => exit::failed(&format!("health: {status}: {}", body.trim())),
        Err(why) => exit::failed(&format!("health: {}: {why}", arguments.url)),
    }
}

/// `http://HOST:PORT`, with or without a path, which without is /health.
fn parts(url: &str) -> Result<(&str, String), String> {
    let rest = url.strip_prefix("http://").ok_or("is no http://HOST:PORT")?;
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let path = if path.is_empty() { "health" } else { path };
    let is_fine = |byte: u8| byte.is_ascii_graphic();
    if host.is_empty() || !host.bytes().all(is_fine) || !path.bytes().all(is_fine) {
        return Err("is no address".to_owned());
    }
    Ok((host, format!("/{path}")))
}

/// Status and body of the answer.
fn ask(url: &str) -> Result<(u16, String), String> {
    let (host, path) = parts(url)?;
    let until = Instant::now() + PATIENCE;
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let at = if has_port { host.to_owned() } else { format!("{host}:80") };
    let addresses: Vec<SocketAddr> = at.to_socket_addrs().map_err(told)?.collect();
    let mut last = "no such host".to_owned();
    for address in addresses {
        match exchange(address, host, &path, until) {
            Ok(answer) => return parse(&answer),
            Err(why) => last = told(why),
        }
    }
    Err(last)
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn told(why: io::Error) -> String {
    match why.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("no answer within {} s", PATIENCE.as_secs())
        }
        _ => why.to_string(),
    }
}

fn exchange(at: SocketAddr, host: &str, path: &str, until: Instant) -> io::Result<Vec<u8>> {
    let left = || {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::Error::from(io::ErrorKind::TimedOut)) } else { Ok(left) }
    };
    let mut stream = TcpStream::connect_timeout(&at, left()?)?;
    stream.set_write_timeout(Some(left()?))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0_u8; 4096];
    // bound: BYTES_MAX, and `until`
    while answer.len() < BYTES_MAX {
        stream.set_read_timeout(Some(left()?))?;
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(answer),
            Ok(count) => answer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Err(io::Error::other("the answer is too long to be the engine's"))
}

fn parse(answer: &[u8]) -> Result<(u16, String), String> {
    let text = String::from_utf8_lossy(answer);
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.get(..3)?.parse().ok());
    match (status, text.split_once("\r\n\r\n")) {
        (Some(status), Some((_, body))) => Ok((status, body.to_owned())),
        _ => Err("the answer is no HTTP".to_owned()),
    }
}

#[cfg(test)]
mod tests;
