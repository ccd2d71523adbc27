//! Who runs where, and which ring joins whom. Read this file first.
//!
//! Two tables on one screen: the stages and the rings between them. Which stages share a thread is the
//! layout (`tuning::placement`): `split` gives each its own, `paired` puts the feeds on one and the rest
//! on another, `fused` runs all on one. A wrong table does not compile.

use base::VenueId;
use rings::Full::{self, DropNew, Halt};
use tuning::{Role, RoleKind};

#[rustfmt::skip]
pub(crate) const LIVE: Topology = Topology {
    stages: &[
        stage("feed-binance", Does::Feed(BINANCE)),
        stage("feed-okx",     Does::Feed(OKX)),
        stage("feed-bybit",   Does::Feed(BYBIT)),
        stage("strategy",     Does::Strategy),
        stage("gw-binance",   Does::Gateway(BINANCE)),
        stage("gw-okx",       Does::Gateway(OKX)),
        stage("gw-bybit",     Does::Gateway(BYBIT)),
    ],
    links: &[
        //    name           from            to            slots  when it is full
        link("md-binance",  "feed-binance", "strategy",     8192, DropNew),
        link("md-okx",      "feed-okx",     "strategy",     8192, DropNew),
        link("md-bybit",    "feed-bybit",   "strategy",     8192, DropNew),
        link("clk-binance", "feed-binance", "gw-binance",     64, DropNew),
        link("clk-okx",     "feed-okx",     "gw-okx",         64, DropNew),
        link("clk-bybit",   "feed-bybit",   "gw-bybit",       64, DropNew),
        link("ord-binance", "strategy",     "gw-binance",    256, Halt),
        link("ord-okx",     "strategy",     "gw-okx",        256, Halt),
        link("ord-bybit",   "strategy",     "gw-bybit",      256, Halt),
        link("rep-binance", "gw-binance",   "strategy",     4096, Halt),
        link("rep-okx",     "gw-okx",       "strategy",     4096, Halt),
        link("rep-bybit",   "gw-bybit",     "strategy",     4096, Halt),
    ],
};

/// In paper mode what stands in a gateway's place sees the whole market: its `clk` ring carries what the
/// `md` ring beside it does, and has as many slots.
const MARKET_SLOTS: usize = 8192;

const BINANCE: &[VenueId] = &[VenueId::BinanceSpot, VenueId::BinanceUsdm];
const OKX: &[VenueId] = &[VenueId::Okx];
const BYBIT: &[VenueId] = &[VenueId::Bybit];

/// The two tables.
#[derive(Debug)]
pub(crate) struct Topology {
    /// Every stage of the hot path.
    pub(crate) stages: &'static [StageRow],
    /// Every ring between two of them.
    pub(crate) links: &'static [LinkRow],
}

/// One stage.
#[derive(Debug)]
pub(crate) struct StageRow {
    /// Thread name, metrics label; at most 15 bytes.
    pub(crate) name: &'static str,
    /// What it does, and for whom.
    pub(crate) does: Does,
}

/// What a stage does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// Reads the market data of these venues.
    Feed(&'static [VenueId]),
    /// Runs the core.
    Strategy,
    /// Sends the orders of these venues and reads their accounts; in paper mode, fills them.
    Gateway(&'static [VenueId]),
}

/// One ring.
#[derive(Debug)]
pub(crate) struct LinkRow {
    /// Its name in metrics.
    pub(crate) name: &'static str,
    /// The stage that writes it.
    pub(crate) from: &'static str,
    /// The stage that reads it.
    pub(crate) to: &'static str,
    /// Slots, a power of two.
    pub(crate) depth: usize,
    /// What a full ring does to its writer.
    pub(crate) full: Full,
}

impl LinkRow {
    /// Its slots, where orders go to venues or where they are filled on paper.
    pub(crate) fn slots(&self, paper: bool) -> usize {
        let of_clocks = self.from.starts_with("feed-") && self.to.starts_with("gw-");
        if paper && of_clocks { MARKET_SLOTS } else { self.depth }
    }
}

const fn stage(name: &'static str, does: Does) -> StageRow {
    StageRow { name, does }
}

const fn link(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    depth: usize,
    full: Full,
) -> LinkRow {
    LinkRow { name, from, to, depth, full }
}

impl Topology {
    /// What the placement on this host needs to know of each stage.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let kind = |does| match does {
            Does::Feed(_) => RoleKind::Feed,
            Does::Strategy => RoleKind::Strategy,
            Does::Gateway(_) => RoleKind::Gateway,
        };
        self.stages.iter().map(|s| Role { name: s.name, kind: kind(s.does) }).collect()
    }

    /// The name of the ring from one stage to another.
    pub(crate) fn link(&self, from: &str, to: &str) -> Option<&'static str> {
        self.links.iter().find(|l| l.from == from && l.to == to).map(|l| l.name)
    }

    /// The stages that read what `stage` writes.
    pub(crate) fn downstream(&self, stage: &str) -> impl Iterator<Item = &'static str> {
        self.links.iter().filter(move |l| l.from == stage).map(|l| l.to)
    }

    const fn has_stage(&self, name: &str) -> bool {
        let mut at = 0;
        while at < self.stages.len() {
            if same(self.stages[at].name, name) {
                return true;
            }
            at += 1;
        }
        false
    }

    /// What is wrong with the tables, if anything.
    const fn flaw(&self) -> Option<&'static str> {
        let mut at = 0;
        while at < self.stages.len() {
            let name = self.stages[at].name;
            if name.len() > 15 {
                return Some("a stage name longer than a thread name may be");
            }
            if !self.is_linked(name) {
                return Some("a stage no ring reaches");
            }
            let mut other = at + 1;
            while other < self.stages.len() {
                if same(self.stages[other].name, name) {
                    return Some("two stages of one name");
                }
                other += 1;
            }
            at += 1;
        }
        self.link_flaw()
    }

    const fn is_linked(&self, stage: &str) -> bool {
        let mut at = 0;
        while at < self.links.len() {
            if same(self.links[at].from, stage) || same(self.links[at].to, stage) {
                return true;
            }
            at += 1;
        }
        false
    }

    const fn link_flaw(&self) -> Option<&'static str> {
        let mut at = 0;
        while at < self.links.len() {
            let link = &self.links[at];
            if !self.has_stage(link.from) || !self.has_stage(link.to) {
                return Some("a ring with an end that is no stage");
            }
            if same(link.from, link.to) {
                return Some("a ring from a stage to itself");
            }
            if !link.depth.is_power_of_two() {
                return Some("a ring whose depth is no power of two");
            }
            let mut other = at + 1;
            while other < self.links.len() {
                let two = &self.links[other];
                if same(two.name, link.name) {
                    return Some("two rings of one name");
                }
                if same(two.from, link.from) && same(two.to, link.to) {
                    return Some("two rings between the same stages");
                }
                other += 1;
            }
            at += 1;
        }
        None
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const _: () = assert!(LIVE.flaw().is_none());

#[cfg(test)]
mod tests;
