//! Bybit's REST answers that need no key.

use super::codes::{self, Wrong, parameter};
use super::order::{instrument, product};
use super::{Bybit, feed, rows};
use crate::server::Request;
use crate::spec::Spec;
use crate::wire::json::{Obj, list};
use base::WallNs;
use std::collections::BTreeMap;

/// Parameters of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    /// Those of a request.
    pub(crate) fn of(request: &Request) -> Self {
        Self(Request::fields(&request.query).into_iter().collect())
    }

    /// A parameter; empty when it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A count, at most `most`; `usual` when it is absent.
    pub(crate) fn limit(&self, usual: usize, most: usize) -> Result<usize, Wrong> {
        match self.get("limit") {
            "" => Ok(usual),
            text => text
                .parse()
                .map(|count: usize| count.clamp(1, most))
                .map_err(|_| parameter("limit invalid")),
        }
    }

    /// A time in milliseconds.
    pub(crate) fn time(&self, name: &str) -> Result<Option<i64>, Wrong> {
        match self.get(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| parameter(format!("{name} invalid"))),
        }
    }
}

/// Cuts a list into pages; the cursor is the place where the next one begins.
pub(crate) fn page(rows: Vec<String>, query: &Query, limit: usize) -> (String, String) {
    let from: usize = query.get("cursor").parse().unwrap_or(0);
    let total = rows.len();
    let rows = list(rows.into_iter().skip(from).take(limit));
    let next = from + limit;
    (rows, if next < total { next.to_string() } else { String::new() })
}

impl Bybit {
    /// Answers a public path with its `result`; `None` when there is no such path.
    pub(crate) fn public(
        &mut self,
        now: WallNs,
        path: &str,
        query: &Query,
    ) -> Option<Result<String, Wrong>> {
        Some(match path {
            "/v5/market/time" => Ok(Obj::new()
                .text("timeSecond", now.0 / 1_000_000_000)
                .text("timeNano", now.0)
                .end()),
            "/v5/market/instruments-info" => self.instruments(query),
            "/v5/market/orderbook" => self.book(now, query),
            "/v5/market/tickers" => self.tickers(query),
            "/v5/market/funding/history" => self.funding_history(query),
            "/v5/market/recent-trade" => self.trades(query),
            "/v5/market/price-limit" => self.price_limit(now, query),
            _ => return None,
        })
    }

    /// The instruments of a category, or the one of `symbol` among them.
    fn chosen(&self, query: &Query) -> Result<Vec<Spec>, Wrong> {
        let wanted = product(query.get("category"))?;
        let symbol = query.get("symbol");
        if !symbol.is_empty() {
            return Ok(vec![self.listed(query)?]);
        }
        let base = query.get("baseCoin");
        let specs = self.exchange.specs().iter().filter(|spec| spec.product == wanted);
        Ok(specs.filter(|spec| base.is_empty() || spec.base == base).cloned().collect())
    }

    /// The instrument of `category` and `symbol`.
    pub(crate) fn listed(&self, query: &Query) -> Result<Spec, Wrong> {
        let found = instrument(self.exchange.specs(), query.get("category"), query.get("symbol"));
        // Market data says 10001 on spot too: the codes of spot belong to its orders.
        found.cloned().map_err(|(_, text)| {
            parameter(if text.is_empty() { "params error".to_owned() } else { text })
        })
    }

    fn instruments(&self, query: &Query) -> Result<String, Wrong> {
        let limit = query.limit(500, 1_000)?;
        let specs = self.chosen(query)?;
        let rows: Vec<String> =
            specs.iter().map(|spec| rows::instrument(spec, self.exchange.market())).collect();
        let category = query.get("category");
        if category == "spot" {
            // Spot knows no pages: it gives all and no cursor.
            return Ok(Obj::new().text("category", category).raw("list", list(rows)).end());
        }
        let (rows, next) = page(rows, query, limit);
        Ok(Obj::new()
            .text("category", category)
            .raw("list", rows)
            .text("nextPageCursor", next)
            .end())
    }

    fn book(&self, now: WallNs, query: &Query) -> Result<String, Wrong> {
        let spec = self.listed(query)?;
        let usual = if spec.is_perpetual() { 25 } else { 1 };
        let depth = query.limit(usual, if spec.is_perpetual() { 500 } else { 200 })?;
        let sides = feed::ladder(self.exchange.market(), spec.row, depth);
        let (seq, book_ms) =
            self.feeds.get(spec.row).map_or((0, 0), |feed| (feed.seq(), feed.book_ms()));
        let object = Obj::new()
            .text("s", &spec.symbol)
            .raw("b", rows::levels(&spec, &sides.bids))
            .raw("a", rows::levels(&spec, &sides.asks))
            .raw("ts", now.millis())
            .raw("u", seq % 1_000_000_000)
            .raw("seq", seq)
            .raw("cts", book_ms);
        Ok(object.end())
    }

    fn tickers(&self, query: &Query) -> Result<String, Wrong> {
        let specs = self.chosen(query)?;
        let market = self.exchange.market();
        let rows = specs.iter().filter_map(|spec| {
            let feed = self.feeds.get(spec.row)?;
            let fields = rows::ticker_fields(spec, market, feed);
            // REST has no tick direction, and on spot it has the best prices the stream leaves out.
            let kept = fields.iter().filter(|(name, _)| *name != "tickDirection");
            let row = kept.fold(Obj::new(), |row, (name, value)| row.text(name, value));
            let top = market.top(spec.row);
            let row = if spec.is_perpetual() {
                row.blank(&["predictedDeliveryPrice", "basisRate", "deliveryFeeRate"])
                    .text("deliveryTime", 0)
                    .blank(&[
                        "basis",
                        "preOpenPrice",
                        "preQty",
                        "curPreListingPhase",
                        "basisRateYear",
                    ])
            } else {
                row.text("bid1Price", top.bid)
                    .text("bid1Size", top.bid_qty)
                    .text("ask1Price", top.ask)
                    .text("ask1Size", top.ask_qty)
            };
            Some(row.end())
        });
        Ok(Obj::new().text("category", query.get("category")).raw("list", list(rows)).end())
    }

    fn funding_history(&self, query: &Query) -> Result<String, Wrong> {
        let spec = self.listed(query)?;
        let limit = query.limit(200, 200)?;
        let (start, end) = (query.time("startTime")?, query.time("endTime")?);
        if start.is_some() && end.is_none() {
            return Err(parameter("params error: endTime is required with startTime"));
        }
        let window = start.unwrap_or(i64::MIN)..=end.unwrap_or(i64::MAX);
        let history =
            self.exchange.market().funding(spec.row).map_or(&[][..], |funding| &funding.history);
        let rows =
            history.iter().rev().filter(|row| window.contains(&row.at.millis())).take(limit).map(
                |row| {
                    Obj::new()
                        .text("symbol", &spec.symbol)
                        .text("fundingRate", row.rate)
                        .text("fundingRateTimestamp", row.at.millis())
                        .end()
                },
            );
        Ok(Obj::new().text("category", query.get("category")).raw("list", list(rows)).end())
    }

    fn trades(&self, query: &Query) -> Result<String, Wrong> {
        let spec = self.listed(query)?;
        let limit = query.limit(
            if spec.is_perpetual() { 500 } else { 60 },
            if spec.is_perpetual() { 1_000 } else { 60 },
        )?;
        let rows = self.feeds.get(spec.row).map_or_else(Vec::new, |feed| feed.recent(&spec, limit));
        Ok(Obj::new().text("category", query.get("category")).raw("list", list(rows)).end())
    }

    fn price_limit(&self, now: WallNs, query: &Query) -> Result<String, Wrong> {
        let spec = self.listed(query)?;
        let mark = self.exchange.market().mark(spec.row);
        let limit =
            |share: crate::dec::Dec| rows::price(&spec, mark.times(share).cut_to(spec.tick));
        let object = Obj::new()
            .text("symbol", &spec.symbol)
            .text("buyLmt", limit(crate::dec::Dec::ONE + spec.price_band))
            .text("sellLmt", limit(crate::dec::Dec::ONE - spec.price_band))
            .text("ts", now.millis());
        if spec.price_band.is_zero() {
            Err(codes::parameter("not supported"))
        } else {
            Ok(object.end())
        }
    }
}
