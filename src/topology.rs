//! Who runs where, and which ring joins whom. Read this file first.
//!
//! Two tables on one screen: the stages with the thread each layout gives them, and the rings between
//! them. A thread number is an index into the CPUs this process may really use, never a CPU number.
//! A wrong table does not compile.

use base::VenueId;
use rings::Full::{self, DropNew, Halt};
use serde::{Deserialize, Serialize};

#[rustfmt::skip]
pub(crate) const LIVE: Topology = Topology {
    stages: &[
        // name                        does                  split  paired  fused
        stage("feed-binance",          Does::Feed(BINANCE),  [0,    0,      0]),
        stage("feed-okx",              Does::Feed(OKX),      [1,    0,      0]),
        stage("feed-bybit",            Does::Feed(BYBIT),    [2,    0,      0]),
        stage("strategy",              Does::Strategy,       [3,    1,      0]),
        stage("gw-binance",            Does::Gateway(BINANCE), [4,  1,      0]),
        stage("gw-okx",                Does::Gateway(OKX),   [5,    1,      0]),
        stage("gw-bybit",              Does::Gateway(BYBIT), [6,    1,      0]),
    ],
    links: &[
        link("md-binance",  "feed-binance", "strategy",     8192, DropNew),
        link("md-okx",      "feed-okx",     "strategy",     8192, DropNew),
        link("md-bybit",    "feed-bybit",   "strategy",     8192, DropNew),
        link("ord-binance", "strategy",     "gw-binance",    256, Halt),
        link("ord-okx",     "strategy",     "gw-okx",        256, Halt),
        link("ord-bybit",   "strategy",     "gw-bybit",      256, Halt),
        link("rep-binance", "gw-binance",   "strategy",     4096, Halt),
        link("rep-okx",     "gw-okx",       "strategy",     4096, Halt),
        link("rep-bybit",   "gw-bybit",     "strategy",     4096, Halt),
    ],
};

const BINANCE: &[VenueId] = &[VenueId::BinanceSpot, VenueId::BinanceUsdm];
const OKX: &[VenueId] = &[VenueId::Okx];
const BYBIT: &[VenueId] = &[VenueId::Bybit];

/// How many threads share the work of the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    /// A thread a stage.
    Split = 0,
    /// Feeds on one thread, strategy and gateways on another.
    Paired = 1,
    /// Everything hot on one thread, run to completion.
    Fused = 2,
}

impl Layout {
    /// All of them, by their column.
    pub(crate) const ALL: [Self; 3] = [Self::Split, Self::Paired, Self::Fused];

    /// Its name on the command line and in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Paired => "paired",
            Self::Fused => "fused",
        }
    }
}

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
    /// Its thread in each layout.
    thread: [u8; Layout::ALL.len()],
}

/// What a stage does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// Reads the market data of these venues.
    Feed(&'static [VenueId]),
    /// Runs the core.
    Strategy,
    /// Sends the orders of these venues and reads their accounts.
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

const fn stage(name: &'static str, does: Does, thread: [u8; 3]) -> StageRow {
    StageRow { name, does, thread }
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

impl StageRow {
    /// The number of its thread under `layout`.
    pub(crate) const fn thread(&self, layout: Layout) -> usize {
        self.thread[layout as usize] as usize
    }
}

impl Topology {
    /// How many threads `layout` needs.
    pub(crate) const fn threads(&self, layout: Layout) -> usize {
        let mut most = 0;
        let mut at = 0;
        while at < self.stages.len() {
            if self.stages[at].thread(layout) + 1 > most {
                most = self.stages[at].thread(layout) + 1;
            }
            at += 1;
        }
        most
    }

    /// The stages of one thread, in the order in which they get their turns.
    pub(crate) fn on_thread(
        &self,
        layout: Layout,
        thread: usize,
    ) -> impl Iterator<Item = &'static StageRow> {
        self.stages.iter().filter(move |s| s.thread(layout) == thread)
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
