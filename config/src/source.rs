//! Configurations that lie elsewhere than in a folder: fetched, and kept as a folder.
//!
//! What a source holds is written as files below the state folder. Once it has loaded without a fault
//! [`Remote::keep`] makes it the last good copy, in one step, as Kubernetes does with its mounts. So the
//! loader, its faults and its versions know files only, and when the source is away the last good copy
//! is simply still there.

mod consul;
mod copy;
mod postgres;

#[cfg(test)]
mod tests;

pub use consul::Consul;
pub use copy::Copied;
pub(crate) use copy::origin;
pub use postgres::{Postgres, SCHEMA};

use copy::Copies;
use net::{NetError, Tls};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Between two questions that a source answers with what is known already.
const PAUSE: Duration = Duration::from_secs(1);

/// What a source held at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What it holds cannot be written down here.
    #[error("{0}")]
    Copy(
        /// The folder and the system's words.
        String,
    ),
}

/// A configuration that lies elsewhere, with its copies in a state folder.
#[derive(Debug)]
pub struct Remote {
    place: Place,
    copies: Copies,
    /// What it held last.
    seen: Fetched,
}

#[derive(Debug)]
enum Place {
    Consul(Consul),
    Postgres(Box<Postgres>),
}

impl Remote {
    /// Reads `consul://...`, `consul+https://...` or `postgres://...`.
    ///
    /// # Errors
    /// It is none of them, or what it needs cannot be read.
    pub fn new(
        address: &str,
        state: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceFault> {
        let (place, called) = match address.split_once("://") {
            Some(("consul" | "consul+https", _)) => {
                let consul = Consul::new(address, variable)?;
                let called = consul.called().to_owned();
                (Place::Consul(consul), called)
            }
            Some(("postgres", _)) => {
                let postgres = Postgres::new(address, variable)?;
                let called = postgres.called().to_owned();
                (Place::Postgres(Box::new(postgres)), called)
            }
            _ => {
                return Err(SourceFault::Address(
                    "a source begins with consul://, consul+https:// or postgres://".to_owned(),
                ));
            }
        };
        Ok(Self { place, copies: Copies::of(state, called), seen: Fetched::default() })
    }

    /// What the source holds now, as a folder to load from.
    ///
    /// # Errors
    /// The source gave nothing, or it cannot be written down.
    pub fn fetch(&mut self) -> Result<Copied, SourceFault> {
        self.seen = self.ask(Duration::ZERO)?;
        self.copies.write(&self.seen)
    }

    /// As [`Self::fetch`]; where the source gives nothing, its last good copy, which says why.
    ///
    /// # Errors
    /// The source gave nothing and there is no copy.
    pub fn bring(&mut self) -> Result<Copied, SourceFault> {
        self.fetch().or_else(|why| match self.copies.last() {
            Some(last) => Ok(Copied { away: Some(why), ..last }),
            None => Err(why),
        })
    }

    /// Waits about `patience` long until the source holds other files than it was last seen with, and
    /// gives them as a folder to load from. `None`: it holds the same.
    ///
    /// One call may take longer than `patience` by the time of an answer. Whoever calls again after an
    /// error pauses first.
    ///
    /// # Errors
    /// The source gave nothing, or it cannot be written down. What was seen stays what it was.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<Copied>, SourceFault> {
        let until = Instant::now() + patience;
        // bound: it ends when the patience does
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let asked = Instant::now();
            let next = self.ask(left)?;
            let same = next.files == self.seen.files;
            // Only once it is written down: else the next call would not find it again.
            let copied = if same { None } else { Some(self.copies.write(&next)?) };
            self.seen = next;
            let left = until.saturating_duration_since(Instant::now());
            if copied.is_some() || left.is_zero() {
                return Ok(copied);
            }
            // An answer may come early with nothing new in it.
            std::thread::sleep(PAUSE.saturating_sub(asked.elapsed()).min(left));
        }
    }

    /// Makes what was last fetched the last good copy. To be called when it has loaded without a fault.
    ///
    /// # Errors
    /// It cannot be written; the former copy stays.
    pub fn keep(&mut self) -> Result<(), SourceFault> {
        self.copies.keep()
    }

    fn ask(&mut self, wait: Duration) -> Result<Fetched, SourceFault> {
        match &mut self.place {
            Place::Consul(consul) => consul.fetch(self.seen.index, wait),
            Place::Postgres(postgres) => postgres.fetch(&self.seen, wait),
        }
    }
}

/// Whom to trust: the certificates of a file, else the public authorities.
fn trusted(ca_file: Option<&str>) -> Result<Tls, SourceFault> {
    Tls::new(ca_file.map(Path::new)).map_err(|why: NetError| SourceFault::Address(why.to_string()))
}

/// Whether a host is this one, by its name: what goes there leaves no machine.
fn is_here(name: &str) -> bool {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
