//! How often a host may be dialed: venues ban addresses that come too often.

use std::collections::{HashMap, VecDeque};

use base::Stamp;

use super::options::ConnectLimit;

/// The dials of every host within its window.
#[derive(Debug, Default)]
pub(super) struct DialLog {
    hosts: HashMap<(String, u16), VecDeque<Stamp>>,
}

impl DialLog {
    /// Whether one more dial of `host` is within `limit` at `now`; if so it counts.
    pub(super) fn admit(&mut self, host: &str, port: u16, limit: ConnectLimit, now: Stamp) -> bool {
        let dials = self.hosts.entry((host.to_owned(), port)).or_default();
        while dials.front().is_some_and(|first| now - *first >= limit.per) {
            dials.pop_front();
        }
        let free = dials.len() < limit.count.max(1) as usize;
        if free {
            dials.push_back(now);
        }
        free
    }
}

#[cfg(test)]
mod tests;
