//! Instrument lists of the venues, read once at start.

use crate::wiring::Limits;
use base::{Instruments, VenueId};
use net::{HttpClient, HttpRequest, Method};
use thiserror::Error;
use venue::catalog::{self, CatalogError, Fees, Listing, Page, Refusal, Unread, Wanted};
use venue::endpoints::{binance_spot, binance_usdm, bybit, okx};

/// Pages of one list at most: a cursor that never ends is a fault, not a reason to read for ever.
const PAGES_MAX: usize = 50;

/// Why there are no instruments.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error(
        "{venue}: cannot read {url}: {why}; is the venue's `rest` address right and reachable?"
    )]
    Call { venue: VenueId, url: String, why: String },
    #[error("{venue}: {url} answered with status {status}: {body}")]
    Status { venue: VenueId, url: String, status: u16, body: String },
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("{venue}: {path} has more than {PAGES_MAX} pages")]
    Endless { venue: VenueId, path: &'static str },
    #[error("cannot be traded:\n{}", .0.iter().map(|r| format!("  {r}")).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refusal>),
}

/// What else the lists say.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// Entries that could not be read. None of them is wanted: that would be a refusal.
    pub(crate) unread: Vec<Unread>,
    /// By [`VenueId::index`], what each venue says it allows.
    pub(crate) limits: Limits,
}

/// Entries named to a person; there may be hundreds.
const NAMED: usize = 8;

/// What a person is told of the entries that could not be read.
pub(crate) fn told(unread: &[Unread]) -> Option<String> {
    let first = unread.first()?;
    let name = |entry: &Unread| format!("{} {}", entry.venue, entry.symbol);
    let names: Vec<_> = unread.iter().take(NAMED).map(name).collect();
    let more = match unread.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (names, why) = (names.join(", "), &first.why);
    Some(format!("not read in the venues' lists: {names}{more}; the first: {why}"))
}

/// Reads the lists of every venue wanted and makes the instruments.
pub(crate) fn load(
    http: &HttpClient,
    rest: impl Fn(VenueId) -> String,
    wanted: &[Wanted],
    fees: &Fees,
) -> Result<(Instruments, Lists), Fault> {
    let mut listings = Vec::new();
    let mut lists = Lists::default();
    for venue in VenueId::ALL {
        if wanted.iter().any(|w| w.venue == venue) {
            let source = Source { http, venue, rest: rest(venue) };
            source.read(&mut listings, &mut lists)?;
        }
    }
    let mut instruments =
        catalog::build(&listings, &lists.unread, wanted, fees).map_err(Fault::Refused)?;
    for want in wanted {
        // Fees may come in it, whatever is traded.
        instruments.asset(venue::catalog::fee_asset(want.venue));
    }
    Ok((instruments, lists))
}

/// One venue's REST side.
struct Source<'a> {
    http: &'a HttpClient,
    venue: VenueId,
    rest: String,
}

type Parse = fn(&[u8]) -> Result<Page, CatalogError>;

impl Source<'_> {
    fn read(&self, listings: &mut Vec<Listing>, rest: &mut Lists) -> Result<(), Fault> {
        let lists: &[(&'static str, &str, Parse)] = match self.venue {
            VenueId::BinanceSpot => {
                &[(binance_spot::EXCHANGE_INFO, "", catalog::parse_binance_spot)]
            }
            VenueId::BinanceUsdm => {
                &[(binance_usdm::EXCHANGE_INFO, "", catalog::parse_binance_usdm)]
            }
            VenueId::Okx => &[
                (okx::INSTRUMENTS, "instType=SPOT", catalog::parse_okx),
                (okx::INSTRUMENTS, "instType=SWAP", catalog::parse_okx),
            ],
            VenueId::Bybit => &[
                (bybit::INSTRUMENTS, "category=spot", catalog::parse_bybit_spot),
                (bybit::INSTRUMENTS, "category=linear&limit=1000", catalog::parse_bybit_linear),
            ],
        };
        for (path, query, parse) in lists {
            self.list(path, query, *parse, listings, rest)?;
        }
        Ok(())
    }

    /// All pages of one list.
    fn list(
        &self,
        path: &'static str,
        query: &str,
        parse: Parse,
        listings: &mut Vec<Listing>,
        rest: &mut Lists,
    ) -> Result<(), Fault> {
        let mut target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        for _ in 0..PAGES_MAX {
            let page = parse(&self.get(&target)?)?;
            listings.extend(page.listings);
            rest.unread.extend(page.unread);
            rest.limits[self.venue.index()].extend(page.limits);
            match page.next {
                Some(cursor) => target = format!("{path}?{query}&cursor={cursor}"),
                None => return Ok(()),
            }
        }
        Err(Fault::Endless { venue: self.venue, path })
    }

    fn get(&self, target: &str) -> Result<Vec<u8>, Fault> {
        let request = HttpRequest {
            method: Method::Get,
            base: &self.rest,
            path_and_query: target,
            headers: &[],
            body: &[],
        };
        let url = || format!("{}{target}", self.rest);
        let venue = self.venue;
        match self.http.call(&request) {
            Ok(response) if response.status == 200 => Ok(response.body),
            Ok(response) => {
                let body: String =
                    String::from_utf8_lossy(&response.body).chars().take(200).collect();
                Err(Fault::Status { venue, url: url(), status: response.status, body })
            }
            Err(why) => Err(Fault::Call { venue, url: url(), why: why.to_string() }),
        }
    }
}

#[cfg(test)]
mod tests;
