//! The real link and the real HTTPS client against real TLS servers on the loopback.

#[path = "../support/mod.rs"]
mod support;

mod dialing;
mod frames;
mod https;
mod records;
mod renewal;

use base::Span;
use net::{Backoff, ConnectLimit, Connector, Link, LinkOptions};
use support::{Authority, Server, TestClock};

/// Options that do not keep a test waiting.
fn options() -> LinkOptions {
    LinkOptions {
        limit: ConnectLimit { count: 1000, per: Span::from_secs(1) },
        backoff: Backoff {
            first: Span::from_millis(1),
            most: Span::from_millis(5),
            stable: Span::from_secs(60),
        },
        ..LinkOptions::default()
    }
}

/// A link to `server` that trusts `authority`.
fn link(
    authority: &Authority,
    server: &Server,
    options: LinkOptions,
) -> (Link<TestClock>, TestClock) {
    let clock = support::clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    (Link::new(connector.dialer(), server.endpoint(), options, clock), clock)
}
