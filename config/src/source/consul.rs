//! Consul's KV store over its HTTP API: each file a key below a prefix.
//!
//! `consul://HOST:PORT/PREFIX[?token_file=PATH]`; without a token file `CONSUL_HTTP_TOKEN` counts. Changes
//! are waited for with blocking queries, by the rules of their page: the index of one answer goes into
//! the next question, an index that goes backwards or is 0 begins anew, and an answer may come without
//! anything having changed.

use super::{Fetched, SourceFault, is_file_name};
use crate::raw::BYTES_MAX;
use crate::secret::{Secret, read_private};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use ureq::Agent;

/// How long an answer may take beyond what was to be waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer that is read: five files in base64, with room.
const ANSWER_MAX: u64 = 8 << 20;

/// A prefix in a Consul KV store.
#[derive(Debug)]
pub struct Consul {
    /// `http://host:port/v1/kv/prefix`.
    url: String,
    name: String,
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
    /// Reads `consul://HOST:PORT/PREFIX[?token_file=PATH]`.
    ///
    /// # Errors
    /// It is none, or its token cannot be read.
    pub fn new(
        address: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceFault> {
        let bad = |why: &str| SourceFault::Address(format!("{address}: {why}"));
        let rest = address
            .strip_prefix("consul://")
            .ok_or_else(|| bad("allowed: consul://HOST:PORT/PREFIX[?token_file=PATH]"))?;
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
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("token_file", path)) => {
                    let text = read_private(Path::new(path))
                        .map_err(|why| SourceFault::Address(format!("token_file {path}: {why}")))?;
                    token = Secret::new(text.trim().to_owned());
                }
                _ => return Err(bad("the only option is token_file")),
            }
        }
        Ok(Self {
            url: format!("http://{host}/v1/kv/{prefix}/"),
            name: format!("consul-{host}-{prefix}"),
            prefix: format!("{prefix}/"),
            token,
        })
    }

    /// A name of its own for its copies.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every file below the prefix. With an index of a former answer it waits until something is newer,
    /// at most about `wait`.
    ///
    /// # Errors
    /// Consul is away, refuses, or holds something that is no configuration.
    pub fn fetch(&mut self, index: u64, wait: Duration) -> Result<Fetched, SourceFault> {
        let mut url = format!("{}?recurse=true", self.url);
        if index > 0 && !wait.is_zero() {
            use std::fmt::Write as _;
            let _ = write!(url, "&index={index}&wait={}ms", wait.as_millis());
        }
        // Consul adds up to a sixteenth to a wait, so that not everybody comes back at once.
        let limit = wait + wait / 16 + PATIENCE;
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(PATIENCE))
            .timeout_global(Some(limit))
            .user_agent("funding-arb")
            .build()
            .into();
        let mut request = agent.get(&url);
        if !self.token.is_empty() {
            request = request.header("X-Consul-Token", self.token.expose());
        }
        let away = |why: ureq::Error| SourceFault::Away(format!("consul at {}: {why}", self.url));
        let mut answer = request.call().map_err(away)?;
        let status = answer.status().as_u16();
        let next = answer.headers().get("x-consul-index");
        let next = next.and_then(|text| text.to_str().ok()).and_then(|text| text.parse().ok());
        let body = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec().map_err(away)?;
        match status {
            200 => {}
            404 => return Err(self.content("holds no key below that prefix")),
            _ => {
                // Its words never repeat the token.
                let words = String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned();
                let told = format!("consul at {} answers {status}: {words}", self.url);
                return Err(if status >= 500 && !words.contains("ermission denied") {
                    SourceFault::Away(told)
                } else {
                    SourceFault::Refused(told)
                });
            }
        }
        let files = self.files(&body)?;
        let next: u64 = next.ok_or_else(|| self.content("answers without X-Consul-Index"))?;
        Ok(Fetched { index: if next < index { 0 } else { next }, files })
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
        SourceFault::Content(format!("consul at {} {why}", self.url))
    }
}
