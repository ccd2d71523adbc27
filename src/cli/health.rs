//! `funding-arb health`: asks a running engine whether a thread is wedged; the health check of a container
//! that has nothing else in it.

use super::{HealthArguments, exit, say};
use net::{HttpClient, HttpOptions, HttpRequest, Method};
use std::process::ExitCode;
use std::time::Duration;

/// All of it together, the name too: shorter than any health check's own patience.
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
    let options = HttpOptions {
        connect_timeout: PATIENCE,
        timeout: PATIENCE,
        max_response: BYTES_MAX,
        keep_alive: 0,
    };
    let request = HttpRequest {
        method: Method::Get,
        base: &format!("http://{host}"),
        path_and_query: &path,
        headers: &[],
        body: &[],
    };
    let answer = HttpClient::in_the_clear(options).call(&request);
    let answer = answer.map_err(|why| why.fault().detail.clone())?;
    Ok((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
}

#[cfg(test)]
mod tests;
