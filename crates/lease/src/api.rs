//! What is asked of the API server, and the real one: plain HTTPS, one request at a time.

use crate::credentials::{Access, Credentials};
use crate::holder::Ask;
use crate::record::Lease;
use base::Span;
use net::{HttpClient, HttpFaultKind, HttpOptions, HttpRequest, HttpResponse, Method, Tls};
use serde_json::Value;
use std::time::Duration;
use zeroize::Zeroizing;

/// Most bytes of an answer; a Lease has a few hundred.
const ANSWER_MAX: usize = 1 << 20;
/// Most characters of what the server says about a refusal.
const SAID_MAX: usize = 200;

/// Somebody who keeps a Lease.
pub trait Api {
    /// Asks; waits for the answer, not longer than the terms say.
    ///
    /// # Errors
    /// [`Refusal`].
    fn ask(&mut self, ask: &Ask) -> Result<Lease, Refusal>;
}

/// Why there is no Lease in the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was written by another since it was read; nothing was changed.
    #[error("the Lease was written by somebody else")]
    Conflict,
    /// There is none of that name.
    #[error("there is no Lease {0}: apply its manifest (k8s/components/lease)")]
    Missing(String),
    /// We may not.
    #[error(
        "the API server does not let us ({0}): see the Role and the token of k8s/components/lease"
    )]
    Denied(String),
    /// No answer that says so; it may have been done.
    #[error("the API server: {0}")]
    Failed(String),
}

/// A Kubernetes API server.
#[derive(Debug)]
pub struct Server {
    access: Access,
    patience: Duration,
    /// Made anew when the certificate it trusts did not fit: the file may have changed.
    client: Option<HttpClient>,
}

impl Server {
    /// The Lease that `access` names; an answer may take so long.
    #[must_use]
    pub fn new(access: Access, patience: Span) -> Self {
        Self { access, patience: Duration::from_nanos(patience.0), client: None }
    }

    fn client(&mut self) -> Result<HttpClient, Refusal> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let tls = Tls::new(Some(&self.access.ca_file())).map_err(failed)?;
        let options = HttpOptions {
            connect_timeout: self.patience,
            timeout: self.patience,
            max_response: ANSWER_MAX,
            keep_alive: 1,
        };
        let client = HttpClient::new(&tls, options);
        self.client = Some(client.clone());
        Ok(client)
    }
}

impl Api for Server {
    fn ask(&mut self, ask: &Ask) -> Result<Lease, Refusal> {
        let client = self.client()?;
        // The token changes while we run: it is read each time.
        let Credentials { token, namespace } = self.access.read().map_err(failed)?;
        let name = &self.access.name;
        let path = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}");
        let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let (method, body) = match ask {
            Ask::Get => (Method::Get, String::new()),
            Ask::Put(lease) => (Method::Put, lease.text()),
        };
        let request = HttpRequest {
            method,
            base: &self.access.server,
            path_and_query: &path,
            headers: &headers,
            body: body.as_bytes(),
        };
        match client.call(&request) {
            Ok(answer) => read(&answer, name),
            Err(why) => {
                if why.fault().kind == HttpFaultKind::Tls {
                    self.client = None;
                }
                Err(failed(why))
            }
        }
    }
}

fn failed(why: impl std::fmt::Display) -> Refusal {
    Refusal::Failed(why.to_string())
}

fn read(answer: &HttpResponse, name: &str) -> Result<Lease, Refusal> {
    match answer.status {
        200 => Lease::read(&answer.body)
            .ok_or_else(|| Refusal::Failed("its answer holds no Lease".to_owned())),
        404 => Err(Refusal::Missing(name.to_owned())),
        409 => Err(Refusal::Conflict),
        401 | 403 => Err(Refusal::Denied(said(answer))),
        _ => Err(Refusal::Failed(said(answer))),
    }
}

/// The status and what the server says of it, fit for one line of a log.
fn said(answer: &HttpResponse) -> String {
    let status = answer.status;
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let message = body.as_ref().and_then(|body| body["message"].as_str()).unwrap_or_default();
    let shown: String = message.chars().take(SAID_MAX).flat_map(char::escape_default).collect();
    format!("{status} {shown}").trim_end().to_owned()
}

#[cfg(test)]
mod tests;
