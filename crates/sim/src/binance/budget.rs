//! Request weight and order counts in the venue's fixed windows, on the scenario clock.

use crate::order::AccountRow;
use base::WallNs;
use std::collections::BTreeMap;

/// A window as `exchangeInfo` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) kind: &'static str,
    pub(super) interval: &'static str,
    pub(super) count: u32,
    pub(super) limit: u32,
    /// The header's ending: `1m`, `10s`, `1d`.
    pub(super) header: &'static str,
    pub(super) seconds: i64,
}

impl Window {
    pub(super) const fn new(
        kind: &'static str,
        interval: &'static str,
        count: u32,
        limit: u32,
        header: &'static str,
        seconds: i64,
    ) -> Self {
        Self { kind, interval, count, limit, header, seconds }
    }
}

/// What a window has counted.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    window: i64,
    count: u32,
}

/// What a request is answered when the limits are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Too much weight: retry after that many seconds.
    TooMuch(i64),
    /// Went on after being told; banned until then (milliseconds).
    Banned(i64),
    /// Too many orders in that window.
    TooManyOrders(Window),
}

/// Requests after "too many" that turn into a ban.
const PATIENCE: u32 = 20;
const BAN_MS: i64 = 120_000;

/// The counters of one venue.
#[derive(Debug)]
pub(super) struct Budget {
    weight: Window,
    orders: [Window; 2],
    used: Used,
    used_orders: BTreeMap<AccountRow, [Used; 2]>,
    refused: u32,
    banned_until_ms: i64,
}

impl Budget {
    pub(super) fn new(weight: Window, orders: [Window; 2]) -> Self {
        Self {
            weight,
            orders,
            used: Used::default(),
            used_orders: BTreeMap::new(),
            refused: 0,
            banned_until_ms: 0,
        }
    }

    /// Counts a request's weight.
    pub(super) fn request(&mut self, now: WallNs, weight: u32) -> Verdict {
        if now.millis() < self.banned_until_ms {
            return Verdict::Banned(self.banned_until_ms);
        }
        let used = count(&mut self.used, now, self.weight, weight);
        if used <= self.weight.limit {
            self.refused = 0;
            return Verdict::Fine;
        }
        self.refused += 1;
        if self.refused > PATIENCE {
            return self.ban(now);
        }
        Verdict::TooMuch(self.weight.seconds - now.0 / 1_000_000_000 % self.weight.seconds)
    }

    /// Bans from now on.
    pub(super) fn ban(&mut self, now: WallNs) -> Verdict {
        self.banned_until_ms = now.millis() + BAN_MS;
        self.refused = 0;
        Verdict::Banned(self.banned_until_ms)
    }

    /// Counts an order.
    pub(super) fn order(&mut self, now: WallNs, account: AccountRow) -> Verdict {
        let used = self.used_orders.entry(account).or_default();
        for (used, window) in used.iter_mut().zip(self.orders) {
            if count(used, now, window, 1) > window.limit {
                return Verdict::TooManyOrders(window);
            }
        }
        Verdict::Fine
    }

    /// A filled order gives its count back (spot).
    pub(super) fn filled(&mut self, account: AccountRow) {
        for used in self.used_orders.entry(account).or_default() {
            used.count = used.count.saturating_sub(1);
        }
    }

    /// Used weight, for the header.
    pub(super) fn used(&self) -> (Window, u32) {
        (self.weight, self.used.count)
    }

    /// Used order counts, for the headers.
    pub(super) fn used_orders(&self, now: WallNs, account: AccountRow) -> [(Window, u32); 2] {
        let used = self.used_orders.get(&account).copied().unwrap_or_default();
        let now_count = |used: Used, window: Window| {
            if used.window == slot(now, window) { used.count } else { 0 }
        };
        [0, 1].map(|at| (self.orders[at], now_count(used[at], self.orders[at])))
    }

    /// `rateLimits` of an answer on the WebSocket API.
    pub(super) fn json(&self, now: WallNs, account: AccountRow, orders: bool) -> String {
        let (weight, used) = self.used();
        let mut rows = Vec::new();
        if orders {
            rows.extend(self.used_orders(now, account).map(|(w, n)| limit_json(w, Some(n))));
        }
        rows.push(limit_json(weight, Some(used)));
        format!("[{}]", rows.join(","))
    }

    /// `rateLimits` of `exchangeInfo`.
    pub(super) fn listing(&self) -> Vec<String> {
        [self.weight, self.orders[0], self.orders[1]].map(|w| limit_json(w, None)).to_vec()
    }
}

fn slot(now: WallNs, window: Window) -> i64 {
    now.0.div_euclid(window.seconds * 1_000_000_000)
}

fn count(used: &mut Used, now: WallNs, window: Window, more: u32) -> u32 {
    let slot = slot(now, window);
    if used.window != slot {
        *used = Used { window: slot, count: 0 };
    }
    used.count += more;
    used.count
}

fn limit_json(window: Window, used: Option<u32>) -> String {
    let Window { kind, interval, count, limit, .. } = window;
    let used = used.map_or(String::new(), |n| format!(",\"count\":{n}"));
    format!(
        "{{\"rateLimitType\":\"{kind}\",\"interval\":\"{interval}\",\"intervalNum\":{count},\"limit\":{limit}{used}}}"
    )
}

#[cfg(test)]
mod tests;
