//! Blocking HTTPS requests, for threads that may wait.
//!
//! ureq does the protocol over rustls; on top of it this module says one thing ureq does not: for
//! every failure, whether a byte of the request may have reached the server. An order whose
//! request was [`HttpError::NotSent`] does not exist; one that is [`HttpError::Unknown`] may.

mod transport;

use std::io::Read;
use std::time::Duration;

use ureq::http::{Request, Response, Uri, uri::InvalidUri};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, TcpConnector};
use ureq::{Agent, Body};

use crate::tls::Tls;
use transport::{SecureConnector, Sent};

/// The request methods venues use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or does.
    Post,
    /// Changes or keeps alive.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// As it stands in the request line and in signatures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. Path, query, headers and body are sent as they stand here, to the byte, so that
/// what was signed is what arrives.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// The method.
    pub method: Method,
    /// `https://host[:port]`, without a slash at its end.
    pub base: &'a str,
    /// The request target, beginning with a slash.
    pub path_and_query: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// Empty: no body is sent (POST and PUT then say `content-length: 0`).
    pub body: &'a [u8],
}

/// What the server answered, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values; a value that is not ASCII is left out.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The value of the header called `name` (lower case), the first when there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no response, and what that says about the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not one byte of the request left: it has certainly not been processed.
    #[error("not sent: {0}")]
    NotSent(HttpFault),
    /// Some of the request left: it may have been processed.
    #[error("outcome unknown: {0}")]
    Unknown(HttpFault),
}

impl HttpError {
    /// What happened, whichever it was.
    #[must_use]
    pub const fn fault(&self) -> &HttpFault {
        match self {
            Self::NotSent(fault) | Self::Unknown(fault) => fault,
        }
    }
}

/// What happened to a request without a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}: {detail}")]
pub struct HttpFault {
    /// Which kind of thing.
    pub kind: HttpFaultKind,
    /// In the library's words, for a log line.
    pub detail: String,
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFaultKind {
    /// The request itself is not a legal one.
    Request,
    /// The host name gave no address.
    Resolve,
    /// No connection: refused, unreachable, reset.
    Io,
    /// The TLS handshake or certificate was not acceptable.
    Tls,
    /// It took too long.
    Timeout,
    /// The response is longer than allowed.
    TooLarge,
    /// The response is not HTTP.
    Protocol,
}

/// Limits of an [`HttpClient`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// For name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For the whole call.
    pub timeout: Duration,
    /// Most bytes of a response body.
    pub max_response: usize,
    /// Idle connections kept per host.
    pub keep_alive: usize,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            max_response: 32 << 20,
            keep_alive: 4,
        }
    }
}

/// Makes requests, one at a time per thread; clones share their idle connections.
///
/// HTTPS only (but for [`Self::in_the_clear`]), certificates always checked, no redirects, no
/// compression, nothing retried, no proxy from the environment.
#[derive(Clone, Debug)]
pub struct HttpClient {
    agent: Agent,
    max_response: u64,
}

impl HttpClient {
    /// A client that trusts what `tls` trusts.
    #[must_use]
    pub fn new(tls: &Tls, options: HttpOptions) -> Self {
        let connector = TcpConnector::default().chain(SecureConnector::new(tls.slow_config()));
        Self::with(connector, true, options)
    }

    /// A client without TLS, for a service on this host. Of its errors only [`HttpError::fault`]
    /// means something: whether a byte was sent is not watched.
    #[must_use]
    pub fn in_the_clear(options: HttpOptions) -> Self {
        Self::with(TcpConnector::default(), false, options)
    }

    fn with(connector: impl Connector, https: bool, options: HttpOptions) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(https)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent("funding-arb")
            .accept_encoding("identity")
            .timeout_connect(Some(options.connect_timeout))
            .timeout_global(Some(options.timeout))
            .max_idle_connections_per_host(options.keep_alive)
            .max_response_header_size(64 << 10)
            .build();
        Self {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            max_response: options.max_response as u64,
        }
    }

    /// Makes `request` and waits for the whole response, whatever its status.
    ///
    /// # Errors
    /// [`HttpError::NotSent`] when no byte of it can have arrived, else [`HttpError::Unknown`].
    pub fn call(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
        let sent = Sent::watch();
        self.exchange(request).map_err(|fault| {
            if sent.any() { HttpError::Unknown(fault) } else { HttpError::NotSent(fault) }
        })
    }

    fn exchange(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFault> {
        let uri = target(request).map_err(|why| fault(HttpFaultKind::Request, &why))?;
        let mut builder = Request::builder().method(request.method.name()).uri(uri);
        for (name, value) in request.headers {
            builder = builder.header(*name, *value);
        }
        let bodiless =
            request.body.is_empty() && matches!(request.method, Method::Get | Method::Delete);
        let response = if bodiless {
            let request = builder.body(()).map_err(|why| fault(HttpFaultKind::Request, &why))?;
            self.agent.run(request)
        } else {
            let request =
                builder.body(request.body).map_err(|why| fault(HttpFaultKind::Request, &why))?;
            self.agent.run(request)
        };
        self.read(response.map_err(|why| classify(&why))?)
    }

    fn read(&self, response: Response<Body>) -> Result<HttpResponse, HttpFault> {
        let (parts, body) = response.into_parts();
        let headers = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut bytes = Vec::new();
        let limit = self.max_response.saturating_add(1);
        body.into_reader()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|why| classify(&ureq::Error::from(why)))?;
        if bytes.len() as u64 >= limit {
            let limit = self.max_response;
            return Err(HttpFault {
                kind: HttpFaultKind::TooLarge,
                detail: format!("the response is longer than {limit} bytes"),
            });
        }
        Ok(HttpResponse { status: parts.status.as_u16(), headers, body: bytes })
    }
}

/// The whole address; its path and query stay as they are, to the byte.
fn target(request: &HttpRequest<'_>) -> Result<Uri, InvalidUri> {
    let mut text = String::with_capacity(request.base.len() + request.path_and_query.len());
    text.push_str(request.base);
    text.push_str(request.path_and_query);
    Uri::try_from(text)
}

fn fault(kind: HttpFaultKind, why: &dyn std::fmt::Display) -> HttpFault {
    HttpFault { kind, detail: why.to_string() }
}

/// What the library's error means here.
fn classify(error: &ureq::Error) -> HttpFault {
    use ureq::Error;
    let kind = match error {
        Error::Http(_) | Error::BadUri(_) | Error::RequireHttpsOnly(_) => HttpFaultKind::Request,
        Error::HostNotFound => HttpFaultKind::Resolve,
        Error::Timeout(_) => HttpFaultKind::Timeout,
        Error::Tls(_) | Error::Rustls(_) => HttpFaultKind::Tls,
        Error::LargeResponseHeader(..) | Error::BodyExceedsLimit(_) => HttpFaultKind::TooLarge,
        Error::Io(why) if is_tls(why) => HttpFaultKind::Tls,
        Error::Io(why) if why.kind() == std::io::ErrorKind::TimedOut => HttpFaultKind::Timeout,
        Error::Io(_) | Error::ConnectionFailed => HttpFaultKind::Io,
        _ => HttpFaultKind::Protocol,
    };
    HttpFault { kind, detail: error.to_string() }
}

/// Whether the TLS library speaks through this I/O error.
fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

#[cfg(test)]
mod tests;
