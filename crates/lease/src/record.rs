//! The Lease as the API server has it: `coordination.k8s.io/v1`.
//!
//! Source: the Lease v1 reference page of the Kubernetes API; `leaseTransitions`, `leaseDurationSeconds` are
//! 32-bit integers, times are texts with microseconds.

use base::Span;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A Lease, whole, so that what others wrote into it is put back as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease(Value);

impl Lease {
    /// What the API server sent; `None` when that is no Lease.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let object: Value = serde_json::from_slice(body).ok()?;
        let is_lease = object.get("kind").and_then(Value::as_str) == Some("Lease");
        let has_version = object["metadata"]["resourceVersion"].is_string();
        (is_lease && has_version).then_some(Self(object))
    }

    /// As it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// Who holds it, if anybody does.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.0["spec"]["holderIdentity"].as_str().filter(|holder| !holder.is_empty())
    }

    /// How often it went from one holder to another; 0 for one that nobody ever held.
    #[must_use]
    pub fn transitions(&self) -> u32 {
        self.0["spec"]["leaseTransitions"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    }

    /// How long its holder may be silent; `None` where that is not written.
    pub(crate) fn duration(&self) -> Option<Span> {
        let seconds = self.0["spec"]["leaseDurationSeconds"].as_u64()?;
        Some(Span::from_secs(seconds.min(86_400)))
    }

    /// What changes with everything that is written into it: the holder's signs of life, and what others
    /// write, which then only makes a contender wait longer.
    pub(crate) fn version(&self) -> &str {
        self.0["metadata"]["resourceVersion"].as_str().unwrap_or_default()
    }

    /// Held by `who` from now on.
    pub(crate) fn taken(&self, who: &str, transitions: u32, duration: Span) -> Self {
        let seconds = duration.0 / 1_000_000_000;
        self.with([
            ("holderIdentity", json!(who)),
            ("leaseDurationSeconds", json!(seconds)),
            ("leaseTransitions", json!(transitions)),
            ("acquireTime", json!(now())),
            ("renewTime", json!(now())),
        ])
    }

    /// Another sign of life. The time in it is for people: nobody's clock is compared with it.
    pub(crate) fn renewed(&self) -> Self {
        self.with([("renewTime", json!(now()))])
    }

    /// Held by nobody; the number of transitions stays.
    pub(crate) fn released(&self) -> Self {
        self.with([("renewTime", json!(now())), ("holderIdentity", Value::Null)])
    }

    fn with(&self, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let mut lease = self.clone();
        let spec = &mut lease.0["spec"];
        if !spec.is_object() {
            *spec = json!({});
        }
        for (name, value) in fields {
            spec[name] = value;
        }
        lease
    }
}

/// A `MicroTime`: always six digits behind the point.
fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

#[cfg(test)]
mod tests;
