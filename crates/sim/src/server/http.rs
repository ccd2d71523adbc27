//! HTTP/1.1 as far as the venues' clients speak it: whole requests with a length, keep-alive.

use super::ConnId;
use std::fmt::Write as _;

/// Largest head and largest body taken from a client.
const HEAD_MAX: usize = 32 * 1024;
const BODY_MAX: usize = 1024 * 1024;
const HEADERS_MAX: usize = 64;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The connection it came on; a WebSocket that grows out of it keeps the number.
    pub conn: ConnId,
    /// Address and port of the client are always loopback; the door it came in by is this.
    pub door: &'static str,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// What follows `?`, as received (percent-encoded); empty without.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text (bytes that are no UTF-8 are replaced).
    pub body: String,
    pub(crate) close: bool,
}

impl Request {
    /// A request as a test makes it.
    #[must_use]
    pub fn new(
        conn: ConnId,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), (*v).to_owned()));
        Self {
            conn,
            door: "",
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: body.to_owned(),
            close: false,
        }
    }

    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Path and query as the client wrote them: what OKX signs.
    #[must_use]
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// Whether it asks to become a WebSocket.
    #[must_use]
    pub fn wants_upgrade(&self) -> bool {
        let upgrade = self.header("upgrade").is_some_and(|v| v.eq_ignore_ascii_case("websocket"));
        upgrade && self.header("sec-websocket-key").is_some()
    }

    /// The fields of a query or form text, percent-decoded, in order.
    #[must_use]
    pub fn fields(text: &str) -> Vec<(String, String)> {
        text.split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (percent_decode(name), percent_decode(value))
            })
            .collect()
    }
}

/// Undoes percent-encoding (and `+`, as forms write a space).
#[must_use]
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| core::str::from_utf8(h).ok());
        match (byte, hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Extra headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Response {
    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Its bytes on the wire.
    pub(crate) fn encode(&self, close: bool, out: &mut Vec<u8>) {
        let mut head = String::with_capacity(256);
        let reason = reason(self.status);
        let _ = write!(head, "HTTP/1.1 {} {reason}\r\n", self.status);
        let _ = write!(head, "content-type: application/json;charset=UTF-8\r\n");
        let _ = write!(head, "content-length: {}\r\n", self.body.len());
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str(if close {
            "connection: close\r\n\r\n"
        } else {
            "connection: keep-alive\r\n\r\n"
        });
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(self.body.as_bytes());
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}

/// What a buffer of received bytes holds.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Not yet a whole request.
    Partial,
    /// A whole request and how many bytes it took.
    Whole(Box<Request>, usize),
    /// Nothing we can answer but with this status and a close.
    Bad(u16),
}

/// Looks for one whole request at the start of `bytes`.
pub(crate) fn parse(bytes: &[u8], conn: ConnId, door: &'static str) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let head_size = match head.parse(bytes) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) if bytes.len() > HEAD_MAX => return Parsed::Bad(400),
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(_) => return Parsed::Bad(400),
    };
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).trim().to_owned()))
        .collect();
    let value = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    if value("transfer-encoding").is_some() {
        return Parsed::Bad(501);
    }
    let length = match value("content-length").map_or(Ok(0), str::parse::<usize>) {
        Ok(length) if length <= BODY_MAX => length,
        _ => return Parsed::Bad(400),
    };
    let Some(body) = bytes.get(head_size..head_size + length) else {
        return Parsed::Partial;
    };
    let close = head.version == Some(0)
        || value("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
    let target = head.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        conn,
        door,
        method: head.method.unwrap_or("").to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: String::from_utf8_lossy(body).into_owned(),
        headers,
        close,
    };
    Parsed::Whole(Box::new(request), head_size + length)
}

#[cfg(test)]
mod tests;
