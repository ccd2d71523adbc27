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
    ///
    /// What a position realises while it stays open is a share of its cost, which venues round and
    /// which depends on the order of its fills. So both sides are compared with what their open
    /// positions cost taken off: that is the sum of all fills, exact on either.
    fn cash(&mut self, view: &View, venue: VenueId, account: &Value) {
        for (asset, sums) in account["cash"].as_object().into_iter().flatten() {
            let ours = view.accounts.iter().find(|a| a.venue == venue && a.asset == *asset);
            let of =
                |pick: fn(&strategy::view::AccountView) -> Money| ours.map_or(Money::ZERO, pick);
            let [our_cost, their_cost] = open_costs(view, venue, account, asset);
            for (reason, amount, less) in [
                ("trade", of(|a| a.spot), Money::ZERO),
                ("realised", of(|a| a.realised) - our_cost, their_cost),
                ("fee", of(|a| a.fees), Money::ZERO),
                ("funding", of(|a| a.funding), Money::ZERO),
            ] {
                let theirs = money(&sums[reason]).map(|theirs| (theirs - less).to_string());
                let theirs = theirs.unwrap_or_else(|text| text);
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

/// What the open perpetuals of a venue that settle in `asset` cost, signed: by our books and by theirs.
fn open_costs(view: &View, venue: VenueId, account: &Value, asset: &str) -> [Money; 2] {
    let settles = |name: &str| name.rsplit_once(':').is_some_and(|(_, settled)| settled == asset);
    let ours = view.positions.iter().filter(|p| p.venue == venue && settles(&p.name));
    let theirs = account["positions"].as_object().into_iter().flatten();
    let theirs = theirs.filter(|(name, _)| settles(name));
    [
        ours.map(|p| p.value - p.unrealised).sum(),
        theirs.filter_map(|(_, position)| money(&position["cost"]).ok()).sum(),
    ]
}

/// An amount of the ledger; what is no amount, as it stands.
fn money(value: &Value) -> Result<Money, String> {
    let text = value.as_str().unwrap_or("0");
    Money::parse(text.as_bytes()).map_err(|_| text.to_owned())
}

/// A decimal of the ledger without trailing zeros, so that equal amounts are equal texts.
fn decimal(value: &Value) -> String {
    money(value).map_or_else(|text| text, |money| money.to_string())
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

#[cfg(test)]
mod tests;
