//! A versioned table of PostgreSQL: rows of `(version, name, content)`, the highest version counts.
//!
//! `postgres://USER@HOST:PORT/DATABASE[?table=NAME&password_file=PATH&sslmode=MODE&sslrootcert=PATH]`;
//! without a password file `PGPASSWORD` counts. A password is proved by SCRAM-SHA-256 only, never sent.
//! TLS is the rule, with the certificate and the name in it always checked: `sslmode=require` means what
//! `verify-full` does. `disable` is the default on this host alone.
//!
//! A change is heard through the channel `funding_arb_config`, which the table's trigger calls; without
//! the trigger it is seen when the wait ends.

mod wire;

use super::{Fetched, SourceFault, is_file_name, is_here, trusted};
use crate::secret::{Secret, read_private};
use net::Tls;
use postgres_protocol::message::backend::DataRowBody;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use wire::{Wire, away};

const TABLE: &str = "funding_arb_config";

/// What to make in a fresh database.
pub const SCHEMA: &str = "\
CREATE TABLE funding_arb_config (
    version bigint NOT NULL,
    name text NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (version, name)
);
CREATE FUNCTION funding_arb_config_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY funding_arb_config;
    RETURN NULL;
END $$;
CREATE TRIGGER funding_arb_config_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON funding_arb_config
    FOR EACH STATEMENT EXECUTE FUNCTION funding_arb_config_changed();
";

/// A table in a PostgreSQL database.
#[derive(Debug)]
pub struct Postgres {
    user: String,
    /// `host:port`.
    host: String,
    database: String,
    table: String,
    password: Secret,
    /// Whom to trust; `None`: no TLS.
    tls: Option<Tls>,
    called: String,
    /// The connection of the last answer.
    wire: Option<Wire>,
}

impl Postgres {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or its password or certificates cannot be read.
    pub fn new(
        address: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SourceFault> {
        // An address may hold a password by mistake: it is not repeated.
        let bad = |why: &str| SourceFault::Address(format!("postgres://...: {why}"));
        let rest = address
            .strip_prefix("postgres://")
            .ok_or_else(|| bad("allowed: postgres://USER@HOST:PORT/DATABASE"))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, place) = place.split_once('@').ok_or_else(|| bad("the user is missing"))?;
        let (host, database) =
            place.split_once('/').ok_or_else(|| bad("the database is missing"))?;
        if user.contains(':') {
            return Err(bad("a password in the address is seen by everybody; use password_file"));
        }
        let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        let name = name.map_or("", |(name, _)| name);
        if !word(user) || !word(database) || !word(name) {
            return Err(bad("user, host, port or database is not one"));
        }
        let mut password = variable("PGPASSWORD").map_or_else(Secret::default, Secret::new);
        let mut table = TABLE;
        let mut secure = !is_here(name);
        let mut ca_file = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("table", name)) if word(name) => table = name,
                Some(("password_file", path)) => {
                    let text = read_private(Path::new(path)).map_err(|why| {
                        SourceFault::Address(format!("password_file {path}: {why}"))
                    })?;
                    password = Secret::trimmed(&text);
                }
                Some(("sslmode", "disable")) => secure = false,
                Some(("sslmode", "require" | "verify-full")) => secure = true,
                Some(("sslmode", _)) => {
                    return Err(bad("sslmode is one of disable, require, verify-full"));
                }
                Some(("sslrootcert", path)) => ca_file = Some(path),
                _ => {
                    let known = "table, password_file, sslmode and sslrootcert";
                    return Err(bad(&format!("the only options are {known}")));
                }
            }
        }
        Ok(Self {
            user: user.to_owned(),
            host: host.to_owned(),
            database: database.to_owned(),
            table: table.to_owned(),
            password,
            tls: secure.then(|| trusted(ca_file)).transpose()?,
            called: format!("postgres://{host}/{database}/{table}"),
            wire: None,
        })
    }

    /// Its address, without user and options.
    #[must_use]
    pub fn called(&self) -> &str {
        &self.called
    }

    /// Every file of the highest version. If that is what was `seen`, it waits at most about `wait` for
    /// word of a change.
    ///
    /// # Errors
    /// The server is away, refuses, or holds something that is no configuration.
    pub fn fetch(&mut self, seen: &Fetched, wait: Duration) -> Result<Fetched, SourceFault> {
        // A connection that failed is not used again.
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::open(self)?,
        };
        let mut fetched = self.read(&mut wire)?;
        if fetched == *seen && !wait.is_zero() && wire.await_notice(wait)? {
            fetched = self.read(&mut wire)?;
        }
        self.wire = Some(wire);
        Ok(fetched)
    }

    fn read(&self, wire: &mut Wire) -> Result<Fetched, SourceFault> {
        let table: Vec<String> = self.table.split('.').map(|part| format!("\"{part}\"")).collect();
        let table = table.join(".");
        let (mut index, mut files) = (0, BTreeMap::new());
        let query = format!(
            "SELECT version, name, content FROM {table} WHERE version = (SELECT max(version) FROM {table})"
        );
        wire.query(&query, &mut |row| {
            let [version, name, content] = columns(row)?;
            index = version.parse().map_err(|_| content_fault("a version is no number"))?;
            if !is_file_name(&name) {
                return Err(content_fault(&format!("{name:?} is no file name")));
            }
            files.insert(name, content);
            Ok(())
        })?;
        if files.is_empty() {
            return Err(content_fault(&format!("the table {} is empty", self.table)));
        }
        Ok(Fetched { index, files })
    }
}

/// What may stand in an address as it is.
fn word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn columns(row: &DataRowBody) -> Result<[String; 3], SourceFault> {
    use fallible_iterator::FallibleIterator as _;
    let ranges: Vec<_> = row.ranges().collect().map_err(away)?;
    let text = |range: Option<std::ops::Range<usize>>| {
        let bytes = row.buffer().get(range?)?;
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    };
    let texts: Option<Vec<String>> = ranges.into_iter().map(text).collect();
    texts
        .and_then(|texts| texts.try_into().ok())
        .ok_or_else(|| content_fault("a row is not (version, name, content)"))
}

fn content_fault(why: &str) -> SourceFault {
    SourceFault::Content(format!("postgres: {why}"))
}
