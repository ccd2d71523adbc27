//! Consul's KV store over its HTTP API: each file a key below a prefix.
//!
//! `consul://HOST:PORT/PREFIX[?token_file=PATH]`, or `consul+https://...[?ca_file=PATH]` for TLS; without
//! these files the variables `CONSUL_HTTP_TOKEN` and `CONSUL_CACERT` count. Changes are waited for with
//! blocking queries, by the rules of their page: the index of one answer goes into the next question, an
//! index that goes backwards or is 0 begins anew, and an answer may come without anything having changed.

use super::{Fetched, SourceFault, is_file_name, is_here, trusted};
use crate::raw::BYTES_MAX;
use crate::secret::{Secret, read_private};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use net::{HttpClient, HttpError, HttpOptions, HttpRequest, Method, Tls};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How long an answer may take beyond what was to be waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Consul waits no longer than that, whatever it is asked.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// Longest answer that is read: five files in base64, with room.
const ANSWER_MAX: usize = 8 << 20;

/// A prefix in a Consul KV store.
#[derive(Debug)]
pub struct Consul {
    /// `http://host:port`.
    base: String,
    /// Whom to trust; `None`: no TLS.
    tls: Option<Tls>,
    called: String,
    prefix: String,
    token: Secret,
}

/// One entry as Consul answers it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    /// Base64, or nothing for an empty value.
    value: Option<String>,
}

impl Consul {
    /// Reads `consul://HOST:PORT/PREFIX[?token_file=PATH]` or `consul+https://...[&ca_file=PATH]`.
    ///
    /// # Errors
    /// It is none, or its token or certificates cannot be read.
    pub fn new(
        address: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceFault> {
        // An address may hold a token by mistake: it is not repeated.
        let bad = |why: &str| SourceFault::Address(format!("consul://...: {why}"));
        let (scheme, rest) = match address.split_once("://") {
            Some(("consul", rest)) => ("http", rest),
            Some(("consul+https", rest)) => ("https", rest),
            _ => return Err(bad("allowed: consul://HOST:PORT/PREFIX or consul+https://...")),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, prefix) = place.split_once('/').ok_or_else(|| bad("the prefix is missing"))?;
        let prefix = prefix.trim_matches('/');
        let good = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/:[]".contains(&b))
        };
        if !good(host) || !good(prefix) {
            return Err(bad("host and prefix are of letters, digits, - . _ and /"));
        }
        let mut token = variable("CONSUL_HTTP_TOKEN").map_or_else(Secret::default, Secret::new);
        let mut ca_file = variable("CONSUL_CACERT").filter(|path| !path.is_empty());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("token_file", path)) => {
                    let text = read_private(Path::new(path))
                        .map_err(|why| SourceFault::Address(format!("token_file {path}: {why}")))?;
                    token = Secret::trimmed(&text);
                }
                Some(("ca_file", path)) if scheme == "https" => ca_file = Some(path.to_owned()),
                _ => return Err(bad("the only options are token_file and, with https, ca_file")),
            }
        }
        let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        if scheme == "http" && !token.is_empty() && !is_here(name.map_or(host, |(name, _)| name)) {
            return Err(bad("a token needs consul+https:// on its way to another host"));
        }
        let tls = (scheme == "https").then(|| trusted(ca_file.as_deref())).transpose()?;
        Ok(Self {
            base: format!("{scheme}://{host}"),
            tls,
            called: format!("consul://{host}/{prefix}"),
            prefix: format!("{prefix}/"),
            token,
        })
    }

    /// Its address, without options.
    #[must_use]
    pub fn called(&self) -> &str {
        &self.called
    }

    /// Every file below the prefix. With an index of a former answer it waits until something is newer,
    /// at most about `wait`.
    ///
    /// # Errors
    /// Consul is away, refuses, or holds something that is no configuration.
    pub fn fetch(&self, index: u64, wait: Duration) -> Result<Fetched, SourceFault> {
        let wait = if index > 0 { wait.min(WAIT_MAX) } else { Duration::ZERO };
        let mut path = format!("/v1/kv/{}?recurse=true", self.prefix);
        if !wait.is_zero() {
            path.push_str(&format!("&index={index}&wait={}ms", wait.as_millis()));
        }
        let headers = [("X-Consul-Token", self.token.expose())];
        let request = HttpRequest {
            method: Method::Get,
            base: &self.base,
            path_and_query: &path,
            headers: if self.token.is_empty() { &[] } else { &headers },
            body: &[],
        };
        let answer = self.client(wait).call(&request).map_err(|why: HttpError| {
            SourceFault::Away(format!("{}: {}", self.called, why.fault().detail))
        })?;
        match answer.status {
            200 => {}
            404 => return Err(self.content("holds no key below that prefix")),
            status => {
                // Its words never repeat the token.
                let words: String =
                    String::from_utf8_lossy(&answer.body).trim().chars().take(200).collect();
                let told = format!("{} answers {status}: {words}", self.called);
                return Err(if status >= 500 && !words.contains("ermission denied") {
                    SourceFault::Away(told)
                } else {
                    SourceFault::Refused(told)
                });
            }
        }
        let files = self.files(&answer.body)?;
        let next = answer.header("x-consul-index").and_then(|text| text.parse().ok());
        let next: u64 = next.ok_or_else(|| self.content("answers without X-Consul-Index"))?;
        Ok(Fetched { index: if next < index { 0 } else { next }, files })
    }

    /// For one question that is waited on so long.
    fn client(&self, wait: Duration) -> HttpClient {
        let options = HttpOptions {
            connect_timeout: PATIENCE,
            // Consul adds up to a sixteenth to a wait, so that not everybody comes back at once.
            timeout: wait + wait / 16 + PATIENCE,
            max_response: ANSWER_MAX,
            keep_alive: 0,
        };
        match &self.tls {
            Some(tls) => HttpClient::new(tls, options),
            None => HttpClient::in_the_clear(options),
        }
    }

    fn files(&self, body: &[u8]) -> Result<BTreeMap<String, String>, SourceFault> {
        let entries: Vec<Entry> = serde_json::from_slice(body)
            .map_err(|why| self.content(&format!("answers what is no list of keys: {why}")))?;
        let mut files = BTreeMap::new();
        for entry in entries {
            let name = entry.key.strip_prefix(&self.prefix).unwrap_or(&entry.key);
            // A key that ends with a slash is a folder.
            if name.is_empty() || name.ends_with('/') {
                continue;
            }
            if !is_file_name(name) {
                return Err(self.content(&format!("holds {}, which is no file name", entry.key)));
            }
            let bytes = STANDARD
                .decode(entry.value.unwrap_or_default())
                .map_err(|_| self.content(&format!("{}: not base64", entry.key)))?;
            if bytes.len() > BYTES_MAX {
                return Err(self.content(&format!("{}: longer than {BYTES_MAX} bytes", entry.key)));
            }
            let text = String::from_utf8(bytes)
                .map_err(|_| self.content(&format!("{}: not UTF-8 text", entry.key)))?;
            files.insert(name.to_owned(), text);
        }
        if files.is_empty() {
            return Err(self.content("holds no file below that prefix"));
        }
        Ok(files)
    }

    fn content(&self, why: &str) -> SourceFault {
        SourceFault::Content(format!("{} {why}", self.called))
    }
}
