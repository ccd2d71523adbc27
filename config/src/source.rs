//! Configurations that lie elsewhere than in a folder: fetched, and kept as a folder.
//!
//! What a source holds is written as files below the state folder, each time into a new folder that then
//! becomes `current` in one step, as Kubernetes does with its mounts. So the loader, its faults and its
//! versions know files only, and when the source is away the last good copy is simply still there.

mod consul;
mod copy;
mod postgres;

#[cfg(test)]
mod tests;

pub use consul::Consul;
pub use copy::{Copied, Copies};
pub use postgres::{Postgres, SCHEMA};

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What a source held at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it stands in the source's own count: waiting for more begins there.
    pub index: u64,
    /// Files by their names.
    pub files: BTreeMap<String, String>,
}

/// Why a source gave nothing. Shows no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// What names the source is wrong.
    #[error("{0}")]
    Address(
        /// How.
        String,
    ),
    /// It does not answer, or not now.
    #[error("{0}")]
    Away(
        /// The words of who failed.
        String,
    ),
    /// It answers and refuses.
    #[error("{0}")]
    Refused(
        /// Its words.
        String,
    ),
    /// It answers with something that is no configuration.
    #[error("{0}")]
    Content(
        /// What is wrong.
        String,
    ),
}

/// A configuration that lies elsewhere.
#[derive(Debug)]
pub enum Remote {
    /// In Consul.
    Consul(Consul),
    /// In PostgreSQL.
    Postgres(Postgres),
}

impl Remote {
    /// Reads `consul://...` or `postgres://...`.
    ///
    /// # Errors
    /// It is neither, or what it needs cannot be read.
    pub fn new(
        address: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceFault> {
        match address.split_once("://") {
            Some(("consul", _)) => Consul::new(address, variable).map(Self::Consul),
            Some(("postgres", _)) => Postgres::new(address, variable).map(Self::Postgres),
            _ => Err(SourceFault::Address(
                "a source begins with consul:// or postgres://".to_owned(),
            )),
        }
    }

    /// A name of its own for its copies.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Consul(consul) => consul.name(),
            Self::Postgres(postgres) => postgres.name(),
        }
    }

    /// What it holds. Consul waits for something newer than `index`, about `wait` long; a table is read
    /// at once.
    ///
    /// # Errors
    /// It gave nothing that is a configuration.
    pub fn fetch(&mut self, index: u64, wait: Duration) -> Result<Fetched, SourceFault> {
        match self {
            Self::Consul(consul) => consul.fetch(index, wait),
            Self::Postgres(postgres) => postgres.fetch(),
        }
    }

    /// Fetches a configuration for a start: what the source holds, else the last good copy of that.
    ///
    /// # Errors
    /// The source gave nothing and there is no copy, or the copy cannot be written.
    pub fn bring(&mut self, state: &Path) -> Result<Copied, SourceFault> {
        let copies = Copies::of(state, self.name());
        match self.fetch(0, Duration::ZERO) {
            Ok(fetched) => copies.put(&fetched).map_err(SourceFault::Away),
            Err(why) => match copies.last() {
                Some(last) => Ok(Copied { away: Some(why), ..last }),
                None => Err(why),
            },
        }
    }
}

/// Whether a name may be a file of a configuration: no way out of its folder, nothing hidden.
fn is_file_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.split('/').count() <= 2 && name.split('/').all(part)
}
