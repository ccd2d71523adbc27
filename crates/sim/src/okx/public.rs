//! OKX's REST answers that need no key.

use super::codes::{self, Code};
use super::order::Wrong;
use super::trade::Answer;
use super::{Okx, feed, rows};
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

    /// A parameter that must be there.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, Wrong> {
        let text = self.get(name);
        if text.is_empty() {
            return Err((codes::NEEDS.0.to_owned(), codes::NEEDS.1.replace("{0}", name)));
        }
        Ok(text)
    }

    /// A count, at most `most`; `usual` when it is absent.
    pub(crate) fn limit(&self, name: &str, usual: usize, most: usize) -> Result<usize, Wrong> {
        match self.get(name) {
            "" => Ok(usual),
            text => {
                text.parse().map(|count: usize| count.min(most)).map_err(|_| codes::parameter(name))
            }
        }
    }

    /// A time in milliseconds.
    pub(crate) fn time(&self, name: &str, usual: i64) -> Result<i64, Wrong> {
        match self.get(name) {
            "" => Ok(usual),
            text => text.parse().map_err(|_| codes::parameter(name)),
        }
    }
}

/// An instrument type that is listed here or exists at OKX without being listed here.
pub(crate) fn inst_type(text: &str) -> Result<&str, Wrong> {
    match text {
        "SPOT" | "SWAP" | "MARGIN" | "FUTURES" | "OPTION" => Ok(text),
        _ => Err(codes::parameter("instType")),
    }
}

impl Okx {
    /// Answers a public path; `None` when there is no such path.
    pub(crate) fn public(
        &mut self,
        now: WallNs,
        path: &str,
        query: &Query,
    ) -> Option<Result<Answer, Wrong>> {
        Some(match path {
            "/api/v5/public/time" => Ok(Answer::rows([Obj::new().text("ts", now.millis()).end()])),
            "/api/v5/public/instruments" => self.instruments(query),
            "/api/v5/public/funding-rate" => self.funding_rate(now, query),
            "/api/v5/public/funding-rate-history" => self.funding_history(query),
            "/api/v5/public/mark-price" => self.mark_prices(now, query),
            "/api/v5/public/price-limit" => self.listed(query).map(|spec| {
                Answer::rows([rows::price_limit(&spec, self.exchange.market(), now.millis())])
            }),
            "/api/v5/market/books" => self.book(query),
            "/api/v5/market/ticker" => {
                self.listed(query).map(|spec| Answer::rows(self.ticker(&spec)))
            }
            "/api/v5/market/tickers" => self.tickers(query),
            "/api/v5/market/index-tickers" => self.index_tickers(now, query),
            "/api/v5/market/trades" => self.trades(query),
            _ => return None,
        })
    }

    /// The instrument of `instId`.
    pub(crate) fn listed(&self, query: &Query) -> Result<Spec, Wrong> {
        let name = query.needed("instId")?;
        let found = self.exchange.specs().by_symbol(name, None);
        found.cloned().ok_or_else(|| codes::owned(codes::NO_INSTRUMENT))
    }

    /// The instruments of `instType`, or the one of `instId` among them.
    pub(crate) fn instruments(&self, query: &Query) -> Result<Answer, Wrong> {
        let wanted = inst_type(query.needed("instType")?)?;
        let one = query.get("instId");
        let family = query.get("instFamily");
        let specs = self.exchange.specs();
        let rows: Vec<String> = specs
            .iter()
            .filter(|spec| rows::kind(spec) == wanted)
            .filter(|spec| one.is_empty() || spec.symbol == one)
            .filter(|spec| family.is_empty() || rows::index_name(spec) == family)
            .map(rows::instrument)
            .collect();
        if rows.is_empty() && !one.is_empty() {
            return Err(codes::owned(codes::NO_INSTRUMENT));
        }
        Ok(Answer::rows(rows))
    }

    fn funding_rate(&self, now: WallNs, query: &Query) -> Result<Answer, Wrong> {
        let market = self.exchange.market();
        let row = |spec: &Spec| rows::funding(spec, market, now.millis());
        if query.get("instId") == "ANY" {
            return Ok(Answer::rows(self.exchange.specs().iter().filter_map(row)));
        }
        let spec = self.listed(query)?;
        row(&spec).map(|row| Answer::rows([row])).ok_or_else(|| codes::parameter("instId"))
    }

    fn funding_history(&self, query: &Query) -> Result<Answer, Wrong> {
        let spec = self.listed(query)?;
        let limit = query.limit("limit", 400, 400)?;
        let window = (query.time("before", i64::MIN)?, query.time("after", i64::MAX)?);
        Ok(Answer::rows(rows::funding_history(&spec, self.exchange.market(), window, limit)))
    }

    fn mark_prices(&self, now: WallNs, query: &Query) -> Result<Answer, Wrong> {
        let wanted = inst_type(query.needed("instType")?)?;
        let one = query.get("instId");
        let market = self.exchange.market();
        let specs = self
            .exchange
            .specs()
            .iter()
            .filter(|spec| spec.is_perpetual() && rows::kind(spec) == wanted);
        let specs = specs.filter(|spec| one.is_empty() || spec.symbol == one);
        Ok(Answer::rows(specs.map(|spec| rows::mark(spec, market, now.millis()))))
    }

    fn book(&self, query: &Query) -> Result<Answer, Wrong> {
        let spec = self.listed(query)?;
        let depth = query.limit("sz", 1, 400)?;
        let sides = feed::ladder(self.exchange.market(), spec.row, depth);
        let feed = self.feeds.get(spec.row);
        let row = Obj::new()
            .raw("asks", rows::levels(&spec, &sides.asks))
            .raw("bids", rows::levels(&spec, &sides.bids))
            .text("ts", feed.map_or(0, feed::Feed::book_ms))
            .raw("seqId", feed.map_or(0, feed::Feed::seq));
        Ok(Answer::rows([row.end()]))
    }

    fn ticker(&self, spec: &Spec) -> Option<String> {
        self.feeds.get(spec.row).map(|feed| feed.ticker_row(spec, self.exchange.market()))
    }

    fn tickers(&self, query: &Query) -> Result<Answer, Wrong> {
        let wanted = inst_type(query.needed("instType")?)?;
        let specs = self.exchange.specs();
        let rows = specs
            .iter()
            .filter(|spec| rows::kind(spec) == wanted)
            .filter_map(|spec| self.ticker(spec));
        Ok(Answer::rows(rows))
    }

    fn index_tickers(&self, now: WallNs, query: &Query) -> Result<Answer, Wrong> {
        let (one, quote) = (query.get("instId"), query.get("quoteCcy"));
        if one.is_empty() && quote.is_empty() {
            return Err((codes::NEEDS_EITHER.0.to_owned(), codes::NEEDS_EITHER.1.to_owned()));
        }
        let mut seen = Vec::new();
        let mut rows = Vec::new();
        for spec in self.exchange.specs().iter() {
            let name = rows::index_name(spec);
            let wanted = if one.is_empty() { spec.quote == quote } else { name == one };
            if wanted && !seen.contains(&name) {
                let day = self
                    .feeds
                    .get(spec.row)
                    .map_or_else(crate::wire::day::Day::default, |feed| feed.day);
                rows.push(rows::index(spec, self.exchange.market(), &day, now.millis()));
                seen.push(name);
            }
        }
        if rows.is_empty() {
            Err(codes::owned(codes::NO_INSTRUMENT))
        } else {
            Ok(Answer::rows(rows))
        }
    }

    fn trades(&self, query: &Query) -> Result<Answer, Wrong> {
        let spec = self.listed(query)?;
        let limit = query.limit("limit", 100, 500)?;
        let recent =
            self.feeds.get(spec.row).map_or_else(Vec::new, |feed| feed.recent(&spec, limit));
        Ok(Answer { code: "0".to_owned(), msg: String::new(), data: list(recent) })
    }
}

/// How often a public path may be asked from one address, in two seconds.
pub(crate) fn limit_of(path: &str) -> usize {
    match path {
        "/api/v5/market/books" => 40,
        "/api/v5/public/time"
        | "/api/v5/public/mark-price"
        | "/api/v5/public/funding-rate-history"
        | "/api/v5/account/balance"
        | "/api/v5/account/positions" => 10,
        "/api/v5/account/config"
        | "/api/v5/account/trade-fee"
        | "/api/v5/account/set-position-mode" => 5,
        path if path.starts_with("/api/v5/trade/order") => 60,
        _ => 20,
    }
}

/// A refusal of a whole request, ready to be sent.
pub(crate) fn wrong(code: Code) -> Result<Answer, Wrong> {
    Err(codes::owned(code))
}
