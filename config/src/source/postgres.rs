//! A versioned table of PostgreSQL: rows of `(version, name, content)`, the highest version counts.
//!
//! `postgres://USER@HOST:PORT/DATABASE[?table=NAME&password_file=PATH]`; without a password file
//! `PGPASSWORD` counts. One simple query over a blocking socket: no pool, no threads, no runtime. A
//! password is proved by SCRAM-SHA-256 only, never sent. There is no TLS: use it on the same host, or
//! through a tunnel.

use super::{Fetched, SourceFault, is_file_name};
use crate::secret::{Secret, read_private};
use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Message};
use postgres_protocol::message::frontend;
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a whole fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer that is read.
const ANSWER_MAX: usize = 8 << 20;
const TABLE: &str = "funding_arb_config";

/// The table to make; `config` of a fresh database.
pub const SCHEMA: &str = "\
CREATE TABLE funding_arb_config (
    version bigint NOT NULL,
    name text NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (version, name)
)";

/// A table in a PostgreSQL database.
#[derive(Debug)]
pub struct Postgres {
    user: String,
    host: String,
    database: String,
    table: String,
    password: Secret,
    name: String,
}

impl Postgres {
    /// Reads `postgres://USER@HOST:PORT/DATABASE[?table=NAME&password_file=PATH]`.
    ///
    /// # Errors
    /// It is none, or its password cannot be read.
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
        let word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        if !word(user)
            || !word(database)
            || host.rsplit_once(':').is_none_or(|(h, p)| !word(h) || p.parse::<u16>().is_err())
        {
            return Err(bad("user, host, port or database is not one"));
        }
        let mut table = TABLE.to_owned();
        let mut password = variable("PGPASSWORD").map_or_else(Secret::default, Secret::new);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("table", name)) if word(name) => name.clone_into(&mut table),
                Some(("password_file", path)) => {
                    let text = read_private(Path::new(path)).map_err(|why| {
                        SourceFault::Address(format!("password_file {path}: {why}"))
                    })?;
                    password = Secret::new(text.trim().to_owned());
                }
                _ => return Err(bad("the only options are table and password_file")),
            }
        }
        Ok(Self {
            user: user.to_owned(),
            host: host.to_owned(),
            database: database.to_owned(),
            name: format!("postgres-{host}-{database}-{table}"),
            table,
            password,
        })
    }

    /// A name of its own for its copies.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every file of the highest version.
    ///
    /// # Errors
    /// The server is away, refuses, or holds something that is no configuration.
    pub fn fetch(&mut self) -> Result<Fetched, SourceFault> {
        let mut wire = Wire::connect(&self.host)?;
        wire.login(self)?;
        let table: String =
            self.table.split('.').map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(".");
        let query = format!(
            "SELECT version, name, content FROM {table} WHERE version = (SELECT max(version) FROM {table})"
        );
        wire.send(|buf| frontend::query(&query, buf))?;
        let (mut index, mut files) = (0, BTreeMap::new());
        // bound: the answer has a longest length
        loop {
            match wire.next()? {
                Message::DataRow(row) => {
                    let [version, name, content] = columns(&row)?;
                    index = version.parse().map_err(|_| content_fault("a version is no number"))?;
                    if !is_file_name(&name) {
                        return Err(content_fault(&format!("{name} is no file name")));
                    }
                    files.insert(name, content);
                }
                Message::ReadyForQuery(_) => break,
                Message::ErrorResponse(why) => return Err(refused(&mut why.fields())),
                _ => {}
            }
        }
        if files.is_empty() {
            return Err(content_fault(&format!("the table {} is empty", self.table)));
        }
        let _ = wire.send(|buf| {
            frontend::terminate(buf);
            Ok(())
        });
        Ok(Fetched { index, files })
    }
}

/// One connection, for one query.
struct Wire {
    stream: TcpStream,
    read: BytesMut,
    total: usize,
    until: Instant,
}

impl Wire {
    fn connect(host: &str) -> Result<Self, SourceFault> {
        let away = |why: io::Error| SourceFault::Away(format!("postgres at {host}: {why}"));
        let address = host.to_socket_addrs().map_err(away)?.next();
        let address = address.ok_or_else(|| SourceFault::Away(format!("{host}: no address")))?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(away)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(away)?;
        let until = Instant::now() + PATIENCE;
        Ok(Self { stream, read: BytesMut::new(), total: 0, until })
    }

    fn login(&mut self, of: &Postgres) -> Result<(), SourceFault> {
        let parameters = [
            ("user", of.user.as_str()),
            ("database", of.database.as_str()),
            ("application_name", "funding-arb"),
            ("client_encoding", "UTF8"),
        ];
        self.send(|buf| frontend::startup_message(parameters, buf))?;
        let mut scram = None;
        // bound: the answer has a longest length
        loop {
            match self.next()? {
                Message::AuthenticationSasl(body) => {
                    let known = body.mechanisms().any(|name| Ok(name == SCRAM_SHA_256));
                    if !known.map_err(away)? {
                        return Err(SourceFault::Refused(
                            "the server knows no SCRAM-SHA-256".into(),
                        ));
                    }
                    let proof = ScramSha256::new(
                        of.password.expose().as_bytes(),
                        ChannelBinding::unsupported(),
                    );
                    self.send(|buf| {
                        frontend::sasl_initial_response(SCRAM_SHA_256, proof.message(), buf)
                    })?;
                    scram = Some(proof);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let proof = scram.as_mut().ok_or_else(out_of_order)?;
                    proof.update(body.data()).map_err(away)?;
                    self.send(|buf| frontend::sasl_response(proof.message(), buf))?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    // Here the server proves that it knows the password too.
                    let proof = scram.as_mut().ok_or_else(out_of_order)?;
                    proof.finish(body.data()).map_err(away)?;
                }
                Message::AuthenticationCleartextPassword
                | Message::AuthenticationMd5Password(_) => {
                    let why = "the server asks for a password in the clear or as MD5; set password_encryption = scram-sha-256 there";
                    return Err(SourceFault::Refused(why.to_owned()));
                }
                Message::ErrorResponse(why) => return Err(refused(&mut why.fields())),
                Message::ReadyForQuery(_) => return Ok(()),
                _ => {}
            }
        }
    }

    fn send(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> io::Result<()>,
    ) -> Result<(), SourceFault> {
        let mut buf = BytesMut::new();
        write(&mut buf).map_err(away)?;
        self.stream.write_all(&buf).map_err(away)
    }

    fn next(&mut self) -> Result<Message, SourceFault> {
        // bound: every turn reads, and what is read has a longest length and a last moment
        loop {
            if let Some(message) = Message::parse(&mut self.read).map_err(away)? {
                return Ok(message);
            }
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(SourceFault::Away("postgres: no whole answer in time".to_owned()));
            }
            self.stream.set_read_timeout(Some(left)).map_err(away)?;
            let mut part = [0; 4096];
            let count = self.stream.read(&mut part).map_err(away)?;
            self.total += count;
            if count == 0 || self.total > ANSWER_MAX {
                let why = if count == 0 { "the server hung up" } else { "too long an answer" };
                return Err(SourceFault::Away(format!("postgres: {why}")));
            }
            self.read.extend_from_slice(&part[..count]);
        }
    }
}

fn columns(row: &DataRowBody) -> Result<[String; 3], SourceFault> {
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

/// The server's own words: severity, message, hint.
fn refused(fields: &mut ErrorFields<'_>) -> SourceFault {
    let mut words = Vec::new();
    while let Ok(Some(field)) = fields.next() {
        if matches!(field.type_(), b'S' | b'M' | b'H') {
            words.push(String::from_utf8_lossy(field.value_bytes()).into_owned());
        }
    }
    SourceFault::Refused(format!("postgres: {}", words.join(": ")))
}

#[expect(clippy::needless_pass_by_value, reason = "a function for map_err")]
fn away(why: io::Error) -> SourceFault {
    SourceFault::Away(format!("postgres: {why}"))
}

fn out_of_order() -> SourceFault {
    SourceFault::Away("postgres: an answer out of order".to_owned())
}

fn content_fault(why: &str) -> SourceFault {
    SourceFault::Content(format!("postgres: {why}"))
}
