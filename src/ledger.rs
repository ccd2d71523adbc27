//! The engine's books against the simulated venues' own: every unit of every asset, by reason.

use base::{Money, VenueId};
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Display, Formatter};
use strategy::View;

/// How both sides came out.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    /// Whether nothing differs.
    pub(crate) equal: bool,
    /// Amounts compared.
    pub(crate) compared: usize,
    /// Fills in the venues' books.
    pub(crate) venue_fills: usize,
    /// What differs.
    pub(crate) differences: Vec<Difference>,
}

/// One amount that differs.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    pub(crate) venue: String,
    pub(crate) what: String,
    pub(crate) engine: String,
    pub(crate) venue_says: String,
}

/// Compares the core's view at the end with the venues' ledgers.
pub(crate) fn compare(view: &View, ledgers: &Value, engine_fills: u64) -> Comparison {
    let mut found =
        Comparison { equal: true, compared: 0, venue_fills: 0, differences: Vec::new() };
    for ledger in ledgers["venues"].as_array().into_iter().flatten() {
        let name = ledger["venue"].as_str().unwrap_or("?");
        let Some(venue) = VenueId::ALL.into_iter().find(|v| v.name() == name) else { continue };
        if !view.venues.iter().any(|used| used.venue == venue) {
            continue;
        }
        for account in ledger["accounts"].as_array().into_iter().flatten() {
            found.venue_fills += account["fills"].as_array().map_or(0, Vec::len);
            found.cash(view, venue, account);
            found.positions(view, venue, account);
        }
    }
    let fills = (engine_fills.to_string(), found.venue_fills.to_string());
    found.same("all venues", "fills".to_owned(), &fills.0, &fills.1);
    found.equal = found.differences.is_empty();
    found
}

impl Comparison {
    /// Cash of each asset, by reason.
    fn cash(&mut self, view: &View, venue: VenueId, account: &Value) {
        for (asset, sums) in account["cash"].as_object().into_iter().flatten() {
            let ours = view.accounts.iter().find(|a| a.venue == venue && a.asset == *asset);
            let of =
                |pick: fn(&strategy::view::AccountView) -> Money| ours.map_or(Money::ZERO, pick);
            for (reason, amount) in [
                ("trade", of(|a| a.spot)),
                ("realised", of(|a| a.realised)),
                ("fee", of(|a| a.fees)),
                ("funding", of(|a| a.funding)),
            ] {
                let theirs = decimal(&sums[reason]);
                let what = format!("{asset} {reason}");
                self.same(venue.name(), what, &amount.to_string(), &theirs);
            }
        }
    }

    /// Position of each perpetual.
    fn positions(&mut self, view: &View, venue: VenueId, account: &Value) {
        for (name, position) in account["positions"].as_object().into_iter().flatten() {
            let ours = view.positions.iter().find(|p| p.venue == venue && p.name == *name);
            let ours = ours.map_or("0".to_owned(), |p| p.qty.clone());
            let theirs = decimal(&position["qty"]);
            self.same(venue.name(), format!("{name} position"), &ours, &theirs);
        }
    }

    fn same(&mut self, venue: &str, what: String, engine: &str, venue_says: &str) {
        self.compared += 1;
        if engine != venue_says {
            let (venue, engine) = (venue.to_owned(), engine.to_owned());
            let venue_says = venue_says.to_owned();
            self.differences.push(Difference { venue, what, engine, venue_says });
        }
    }
}

/// A decimal of the ledger without trailing zeros, so that equal amounts are equal texts.
fn decimal(value: &Value) -> String {
    let text = value.as_str().unwrap_or("0");
    Money::parse(text.as_bytes()).map_or_else(|_| text.to_owned(), |money| money.to_string())
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.equal {
            return writeln!(
                f,
                "ledger: {} amounts and {} fills equal the venues' own books to the last unit",
                self.compared, self.venue_fills
            );
        }
        writeln!(f, "ledger: {} of {} amounts differ", self.differences.len(), self.compared)?;
        for d in &self.differences {
            writeln!(f, "  {d}")?;
        }
        Ok(())
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { venue, what, engine, venue_says } = self;
        write!(f, "{venue} {what}: ours {engine}, theirs {venue_says}")
    }
}
