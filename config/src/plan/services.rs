//! The program's own servers, and the services around it.

use super::form::{address, choice, flag, path, seconds, text, whole, word};
use super::section::Section;
use crate::fault::Fault;
use crate::secret::Secret;
use base::Span;

/// The program's own servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// REST, health and readiness.
    pub rest_host: String,
    /// Its port; 0 takes any free one, which is said at start.
    pub rest_port: u16,
    /// Origins a browser may ask from.
    pub cors_origins: Vec<String>,
    /// Requests a minute of one caller.
    pub rate_limit: u32,
    /// The WebSocket server.
    pub websocket_host: String,
    /// Its port.
    pub websocket_port: u16,
    /// Callers at once.
    pub max_connections: u32,
    /// How often a caller is asked whether it is there.
    pub ping_interval: Span,
}

/// Metrics and alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitoring {
    /// Whether anything of it runs.
    pub enabled: bool,
    /// Whether metrics are served.
    pub prometheus: bool,
    /// Where.
    pub prometheus_host: String,
    /// On which port; 0 takes any free one, which is said at start.
    pub prometheus_port: u16,
    /// Under which path.
    pub prometheus_path: String,
    /// Whether a Grafana beside it is expected.
    pub grafana: bool,
    /// On which port.
    pub grafana_port: u16,
    /// Whether alarms are sent out.
    pub alerting: bool,
    /// To this address, which may hold a token.
    pub webhook: Secret,
    /// And by mail.
    pub email: Email,
}

/// Alarms by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Email {
    pub smtp_host: String,
    pub smtp_port: u16,
    pub username: String,
    pub password: Secret,
    pub from: String,
    pub to: Vec<String>,
}

/// Where history is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Database {
    pub postgresql: Postgresql,
    pub influxdb: Influxdb,
    pub redis: Redis,
}

/// A PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Postgresql {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: String,
    pub password: Secret,
    pub pool_size: u32,
    pub max_overflow: u32,
}

/// An InfluxDB server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Influxdb {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub username: String,
    pub password: Secret,
    pub retention_policy: String,
}

/// A Redis server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Redis {
    pub host: String,
    pub port: u16,
    pub password: Secret,
    pub database: u32,
    pub pool_size: u32,
}

/// The message bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messaging {
    /// Which.
    pub kind: MessagingKind,
    /// What every stream's name begins with.
    pub stream_prefix: String,
    /// Who reads together.
    pub consumer_group: String,
    /// How long a read waits, in milliseconds.
    pub block_timeout: u32,
    /// How often a delivery is tried again.
    pub max_retries: u32,
}

/// The message buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum MessagingKind {
    #[default]
    RedisStreams,
    Kafka,
    Rabbitmq,
}

const BUSES: &[(&str, MessagingKind)] = &[
    ("redis_streams", MessagingKind::RedisStreams),
    ("kafka", MessagingKind::Kafka),
    ("rabbitmq", MessagingKind::Rabbitmq),
];

pub(super) fn read_api(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Api {
    let mut r = s.section("rest", faults);
    let mut w = s.section("websocket", faults);
    let api = Api {
        rest_host: r.need("host", &word(), faults),
        rest_port: r.need("port", &whole(0, u16::MAX), faults),
        cors_origins: r.list("cors_origins", &word(), faults),
        rate_limit: r.need("rate_limit", &whole(1, 1_000_000), faults),
        websocket_host: w.need("host", &word(), faults),
        websocket_port: w.need("port", &whole(1, u16::MAX), faults),
        max_connections: w.need("max_connections", &whole(1, 1_000_000), faults),
        ping_interval: w.need("ping_interval", &seconds(1, 3_600), faults),
    };
    r.finish(faults);
    w.finish(faults);
    s.finish(faults);
    api
}

pub(super) fn read_monitoring(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Monitoring {
    let mut p = s.section("prometheus", faults);
    let mut g = s.section("grafana", faults);
    let mut a = s.section("alerting", faults);
    let monitoring = Monitoring {
        enabled: s.need("enabled", &flag(), faults),
        prometheus: p.need("enabled", &flag(), faults),
        prometheus_host: p.need("host", &word(), faults),
        prometheus_port: p.need("port", &whole(0, u16::MAX), faults),
        prometheus_path: p.need("path", &path(), faults),
        grafana: g.need("enabled", &flag(), faults),
        grafana_port: g.need("port", &whole(1, u16::MAX), faults),
        alerting: a.need("enabled", &flag(), faults),
        webhook: webhook(&mut a, faults),
        email: email(a.section("email", faults), faults),
    };
    p.finish(faults);
    g.finish(faults);
    a.finish(faults);
    s.finish(faults);
    monitoring
}

/// The address holds a token: a fault does not show it.
fn webhook(a: &mut Section<'_>, faults: &mut Vec<Fault>) -> Secret {
    let form = address(&["https://", "http://"]).map(Secret::new).or_empty();
    let form = form.map(Option::unwrap_or_default);
    a.secret_like("webhook_url", &form, faults).0
}

fn email(mut e: Section<'_>, faults: &mut Vec<Fault>) -> Email {
    let email = Email {
        smtp_host: e.need("smtp_host", &text(), faults),
        smtp_port: e.need("smtp_port", &whole(1, u16::MAX), faults),
        username: e.need("username", &text(), faults),
        password: e.secret("password", faults).0,
        from: e.need("from_address", &text(), faults),
        to: e.list("to_addresses", &word(), faults),
    };
    e.finish(faults);
    email
}

pub(super) fn read_database(
    mut s: Section<'_>,
    mut r: Section<'_>,
    faults: &mut Vec<Fault>,
) -> Database {
    let mut p = s.section("postgresql", faults);
    let mut i = s.section("influxdb", faults);
    let database = Database {
        postgresql: Postgresql {
            host: p.need("host", &word(), faults),
            port: p.need("port", &whole(1, u16::MAX), faults),
            database: p.need("database", &word(), faults),
            username: p.need("username", &text(), faults),
            password: p.secret("password", faults).0,
            pool_size: p.need("pool_size", &whole(1, 10_000), faults),
            max_overflow: p.need("max_overflow", &whole(0, 10_000), faults),
        },
        influxdb: Influxdb {
            host: i.need("host", &word(), faults),
            port: i.need("port", &whole(1, u16::MAX), faults),
            database: i.need("database", &word(), faults),
            username: i.need("username", &text(), faults),
            password: i.secret("password", faults).0,
            retention_policy: i.need("retention_policy", &text(), faults),
        },
        redis: Redis {
            host: r.need("host", &word(), faults),
            port: r.need("port", &whole(1, u16::MAX), faults),
            password: r.secret("password", faults).0,
            database: r.need("database", &whole(0, 1_000), faults),
            pool_size: r.need("pool_size", &whole(1, 10_000), faults),
        },
    };
    p.finish(faults);
    i.finish(faults);
    s.finish(faults);
    r.finish(faults);
    database
}

pub(super) fn read_messaging(mut s: Section<'_>, faults: &mut Vec<Fault>) -> Messaging {
    let mut c = s.section("config", faults);
    let messaging = Messaging {
        kind: s.need("type", &choice(BUSES), faults),
        stream_prefix: c.need("stream_prefix", &word(), faults),
        consumer_group: c.need("consumer_group", &word(), faults),
        block_timeout: c.need("block_timeout", &whole(0, 3_600_000), faults),
        max_retries: c.need("max_retries", &whole(0, 1_000), faults),
    };
    c.finish(faults);
    s.finish(faults);
    messaging
}
