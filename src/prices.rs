//! What instruments cost right now, asked once at start: sizes are held against size steps with it.
//! Nothing depends on an answer; a venue that gives none is not asked again.

use base::{Instrument, InstrumentId, Price, Product, VenueId};
use net::{HttpClient, HttpRequest, Method};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;

/// Last prices, each asked for once.
pub(crate) struct Prices<'a> {
    http: &'a HttpClient,
    rest: &'a dyn Fn(VenueId) -> String,
    known: RefCell<HashMap<InstrumentId, Option<Price>>>,
    /// Venues that gave no answer.
    silent: RefCell<Vec<VenueId>>,
}

impl<'a> Prices<'a> {
    pub(crate) fn new(http: &'a HttpClient, rest: &'a dyn Fn(VenueId) -> String) -> Self {
        Self { http, rest, known: RefCell::default(), silent: RefCell::default() }
    }

    /// The last price of an instrument, if its venue says one.
    pub(crate) fn of(&self, instrument: &Instrument) -> Option<Price> {
        if let Some(known) = self.known.borrow().get(&instrument.id) {
            return *known;
        }
        let price = self.ask(instrument);
        self.known.borrow_mut().insert(instrument.id, price);
        price
    }

    fn ask(&self, instrument: &Instrument) -> Option<Price> {
        let venue = instrument.venue;
        if self.silent.borrow().contains(&venue) {
            return None;
        }
        let (path, place) = question(instrument)?;
        let base = (self.rest)(venue);
        let method = Method::Get;
        let request =
            HttpRequest { method, base: &base, path_and_query: &path, headers: &[], body: &[] };
        let answer = self.http.call(&request).ok().filter(|answer| answer.status == 200);
        let Some(answer) = answer else {
            self.silent.borrow_mut().push(venue);
            return None;
        };
        let answer: Value = serde_json::from_slice(&answer.body).ok()?;
        instrument.edge.price_rounded(answer.pointer(place)?.as_str()?.as_bytes()).ok()
    }
}

/// Where a venue says the last price of an instrument: the target, and the place in the answer.
fn question(instrument: &Instrument) -> Option<(String, &'static str)> {
    let symbol = &instrument.symbol;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !symbol.bytes().all(plain) {
        return None;
    }
    Some(match (instrument.venue, instrument.product) {
        (VenueId::BinanceSpot, _) => (format!("/api/v3/ticker/price?symbol={symbol}"), "/price"),
        (VenueId::BinanceUsdm, _) => (format!("/fapi/v1/ticker/price?symbol={symbol}"), "/price"),
        (VenueId::Okx, _) => (format!("/api/v5/market/ticker?instId={symbol}"), "/data/0/last"),
        (VenueId::Bybit, product) => {
            let category = if product == Product::Spot { "spot" } else { "linear" };
            let target = format!("/v5/market/tickers?category={category}&symbol={symbol}");
            (target, "/result/list/0/lastPrice")
        }
    })
}
