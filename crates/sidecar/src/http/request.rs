//! Reading the head of a request.

use httparse::{EMPTY_HEADER, Request, Status};

/// Headers a request may have.
const HEADERS: usize = 64;
/// Bytes a body may have. Nothing here reads one, but a client that sends one is answered.
const BODY_BYTES: u64 = 64 << 10;

/// What is to be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
}

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// This path, its query cut off.
    For { path: String, method: Method },
    /// Something that gets this status.
    Badly(u16),
}

/// Reads a head; `None` while it is not complete.
pub(super) fn read(bytes: &[u8], limit: usize) -> Option<Asked> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Complete(length)) if length <= limit => {}
        Ok(Status::Partial) if bytes.len() <= limit => return None,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Some(Asked::Badly(431)),
        Err(_) => return Some(Asked::Badly(400)),
    }
    let is = |header: &httparse::Header<'_>, name: &str| header.name.eq_ignore_ascii_case(name);
    for header in request.headers.iter() {
        if is(header, "content-length") {
            let text = core::str::from_utf8(header.value).unwrap_or_default();
            match text.trim().parse::<u64>() {
                Ok(bytes) if bytes <= BODY_BYTES => {}
                Ok(_) => return Some(Asked::Badly(413)),
                Err(_) => return Some(Asked::Badly(400)),
            }
        }
    }
    let method = match request.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        // A page of another site makes a browser say where it comes from: it asks for nothing here.
        Some("POST") if request.headers.iter().any(|header| is(header, "origin")) => {
            return Some(Asked::Badly(403));
        }
        Some("POST") => Method::Post,
        _ => return Some(Asked::Badly(405)),
    };
    let path = request.path.unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path).to_owned();
    Some(Asked::For { path, method })
}
