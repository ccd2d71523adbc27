//! Where a link connects to.

use std::net::IpAddr;

use crate::NetError;

/// A WebSocket over TLS: `wss://host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The name the certificate must carry, and the `Host` of the upgrade.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// Connect here instead of asking the resolver for `host`.
    pub address: Option<IpAddr>,
    /// The request target: path and query, beginning with a slash.
    pub path: String,
}

impl Endpoint {
    /// Reads `wss://host[:port][/path[?query]]`. Anything but `wss` is refused.
    ///
    /// # Errors
    /// [`NetError::Url`] with what is wrong.
    pub fn parse(url: &str) -> Result<Self, NetError> {
        let wrong = |why: &str| NetError::Url { url: url.to_owned(), why: why.to_owned() };
        let rest = url.strip_prefix("wss://").ok_or_else(|| wrong("it must begin with wss://"))?;
        let split = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(split);
        if authority.contains('@') {
            return Err(wrong("user names have no place in it"));
        }
        let (host, port) = split_authority(authority).ok_or_else(|| wrong("the port is wrong"))?;
        if host.is_empty() {
            return Err(wrong("the host is missing"));
        }
        let path = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(wrong("the path holds a byte that must be percent-encoded"));
        }
        Ok(Self { host: host.to_owned(), port, address: None, path })
    }

    /// The same, connected to at `address` whatever the resolver says.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }
}

/// Host and port, 443 when none is given; the host of an IPv6 literal without its brackets.
fn split_authority(authority: &str) -> Option<(&str, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if after.is_empty() => 443,
            None => return None,
        };
        return Some((host, port));
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((authority, 443)),
    }
}

#[cfg(test)]
mod tests;
