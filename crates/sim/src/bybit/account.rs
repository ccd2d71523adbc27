//! Bybit's REST answers about an account.

use super::codes::{self, Wrong, parameter};
use super::order::product;
use super::public::{Query, page};
use super::{Bybit, log, private};
use crate::dec::Dec;
use crate::order::{AccountRow, Order};
use crate::spec::Spec;
use crate::wire::json::{Obj, field, list};
use base::{Product, WallNs};
use serde_json::Value;

impl Bybit {
    /// Answers a GET that needs a key with its `result`; `None` when there is no such path.
    pub(crate) fn private_get(
        &self,
        account: AccountRow,
        path: &str,
        query: &Query,
        key: &str,
    ) -> Option<Result<String, Wrong>> {
        Some(match path {
            "/v5/user/query-api" => Ok(api_key(account, key)),
            "/v5/account/info" => Ok(info()),
            "/v5/account/wallet-balance" => self.wallet(account, query),
            "/v5/account/fee-rate" => self.fee_rate(query),
            "/v5/account/transaction-log" => self.transactions(account, query),
            "/v5/position/list" => self.positions(account, query),
            "/v5/order/realtime" => self.open_orders(account, query),
            "/v5/order/history" => self.past_orders(account, query),
            "/v5/execution/list" => self.executions(account, query),
            _ => return None,
        })
    }

    fn wallet(&self, account: AccountRow, query: &Query) -> Result<String, Wrong> {
        if query.get("accountType") != "UNIFIED" {
            return Err(parameter("accountType only support UNIFIED."));
        }
        let only: Vec<&str> =
            query.get("coin").split(',').filter(|coin| !coin.is_empty()).collect();
        Ok(Obj::new().raw("list", list([private::wallet(&self.exchange, account, &only)])).end())
    }

    fn fee_rate(&self, query: &Query) -> Result<String, Wrong> {
        let wanted = product(query.get("category"))?;
        let symbol = query.get("symbol");
        let specs = self.exchange.specs().iter().filter(|spec| spec.product == wanted);
        let rows = specs.filter(|spec| symbol.is_empty() || spec.symbol == symbol).map(|spec| {
            Obj::new()
                .text("symbol", &spec.symbol)
                .text("takerFeeRate", spec.fee_taker)
                .text("makerFeeRate", spec.fee_maker)
                .end()
        });
        Ok(Obj::new().text("category", query.get("category")).raw("list", list(rows)).end())
    }

    fn transactions(&self, account: AccountRow, query: &Query) -> Result<String, Wrong> {
        let limit = query.limit(20, 50)?;
        let wanted = (query.get("category"), query.get("currency"), query.get("type"));
        let rows = log::rows(&self.exchange, account, wanted, usize::MAX);
        let (rows, next) = page(rows, query, limit);
        Ok(Obj::new().text("nextPageCursor", next).raw("list", rows).end())
    }

    /// The instruments a query about perpetuals means: by symbol or by settlement coin.
    fn meant(&self, query: &Query) -> Result<(Vec<Spec>, bool), Wrong> {
        let wanted = product(query.get("category"))?;
        let named = !query.get("symbol").is_empty();
        if named {
            return Ok((vec![self.listed(query)?], true));
        }
        if wanted == Product::Perpetual
            && query.get("settleCoin").is_empty()
            && query.get("baseCoin").is_empty()
        {
            return Err(parameter(
                "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin",
            ));
        }
        let coin = query.get("settleCoin");
        let specs = self.exchange.specs().iter().filter(|spec| spec.product == wanted);
        Ok((specs.filter(|spec| coin.is_empty() || spec.quote == coin).cloned().collect(), false))
    }

    fn positions(&self, account: AccountRow, query: &Query) -> Result<String, Wrong> {
        let limit = query.limit(20, 200)?;
        if product(query.get("category"))? == Product::Spot {
            return Err(parameter("Illegal category"));
        }
        let (specs, named) = self.meant(query)?;
        // Asked by name a flat position is shown, in a list only what is held.
        let shown = specs
            .iter()
            .filter(|spec| named || !self.exchange.position(account, spec.row).qty.is_zero());
        let rows: Vec<String> = shown
            .map(|spec| {
                let seq = self.feeds.get(spec.row).map_or(0, super::feed::Feed::seq);
                private::position(&self.exchange, account, spec, seq, false)
            })
            .collect();
        let (rows, next) = page(rows, query, limit);
        Ok(Obj::new()
            .text("category", "linear")
            .text("nextPageCursor", next)
            .raw("list", rows)
            .end())
    }

    fn order_page(&self, query: &Query, orders: &[&Order]) -> Result<String, Wrong> {
        let limit = query.limit(20, 50)?;
        let rows =
            orders.iter().rev().map(|order| private::order(&self.exchange, order, false)).collect();
        let (rows, next) = page(rows, query, limit);
        let object =
            Obj::new().text("category", query.get("category")).text("nextPageCursor", next);
        Ok(object.raw("list", rows).end())
    }

    /// Whether an order is the one a query names, when it names one.
    fn is_named(&self, query: &Query, order: &Order) -> bool {
        let (id, link) = (query.get("orderId"), query.get("orderLinkId"));
        let spec = self.exchange.spec(order.row);
        (id.is_empty() || id == private::order_id(spec, order.id))
            && (link.is_empty() || link == private::link_id(order))
    }

    fn open_orders(&self, account: AccountRow, query: &Query) -> Result<String, Wrong> {
        let named = !query.get("orderId").is_empty() || !query.get("orderLinkId").is_empty();
        let specs = if named && query.get("symbol").is_empty() {
            let wanted = product(query.get("category"))?;
            self.exchange.specs().iter().filter(|spec| spec.product == wanted).cloned().collect()
        } else {
            self.meant(query)?.0
        };
        let rows: Vec<usize> = specs.iter().map(|spec| spec.row).collect();
        let orders = self.exchange.orders(account, None).filter(|order| {
            rows.contains(&order.row) && order.status.is_open() && self.is_named(query, order)
        });
        self.order_page(query, &orders.collect::<Vec<_>>())
    }

    fn past_orders(&self, account: AccountRow, query: &Query) -> Result<String, Wrong> {
        let wanted = product(query.get("category"))?;
        let symbol = query.get("symbol");
        let orders = self.exchange.orders(account, None).filter(|order| {
            let spec = self.exchange.spec(order.row);
            spec.product == wanted
                && !order.status.is_open()
                && (symbol.is_empty() || symbol == spec.symbol)
                && self.is_named(query, order)
        });
        self.order_page(query, &orders.collect::<Vec<_>>())
    }

    fn executions(&self, account: AccountRow, query: &Query) -> Result<String, Wrong> {
        let limit = query.limit(50, 100)?;
        let wanted = product(query.get("category"))?;
        let (symbol, kind) = (query.get("symbol"), query.get("execType"));
        let start = query.time("startTime")?.unwrap_or(i64::MIN);
        let end = query.time("endTime")?.unwrap_or(i64::MAX);
        let named = !query.get("orderId").is_empty() || !query.get("orderLinkId").is_empty();
        let fits = |row: usize, ms: i64, exec: &str| {
            let spec = self.exchange.spec(row);
            spec.product == wanted
                && (symbol.is_empty() || symbol == spec.symbol)
                && (kind.is_empty() || kind == exec)
                && (start..=end).contains(&ms)
        };
        let seq = |row: usize| self.feeds.get(row).map_or(0, super::feed::Feed::seq);
        let ledger = &self.exchange.account(account).ledger;
        let mut rows: Vec<(i64, String)> = Vec::new();
        for fill in ledger.fills.iter().filter(|fill| fits(fill.row, fill.at.millis(), "Trade")) {
            let order = self.exchange.order(account, &crate::order::OrderRef::Id(fill.order_id));
            if order.is_some_and(|order| self.is_named(query, order)) {
                rows.push((
                    fill.at.millis(),
                    private::execution(&self.exchange, account, fill, seq(fill.row)),
                ));
            }
        }
        if !named {
            let paid = ledger
                .funding
                .iter()
                .filter(|record| fits(record.row, record.at.millis(), "Funding"));
            rows.extend(
                paid.map(|r| (r.at.millis(), private::funding(&self.exchange, r, seq(r.row)))),
            );
        }
        rows.sort_by_key(|(ms, _)| *ms);
        let rows = rows.into_iter().rev().map(|(_, row)| row).collect();
        let (rows, next) = page(rows, query, limit);
        let object =
            Obj::new().text("nextPageCursor", next).text("category", query.get("category"));
        Ok(object.raw("list", rows).end())
    }

    /// Answers a POST about settings with its `result`; `None` when there is no such path.
    pub(crate) fn settings(
        &mut self,
        _now: WallNs,
        account: AccountRow,
        path: &str,
        args: &Value,
    ) -> Option<Result<String, Wrong>> {
        Some(match path {
            "/v5/position/set-leverage" => self.set_leverage(account, args),
            "/v5/position/switch-mode" => self.switch_mode(account, args),
            "/v5/order/disconnected-cancel-all" => {
                Err((10_005, "Permission denied, DCP is for institutional clients.".to_owned()))
            }
            _ => return None,
        })
    }

    fn set_leverage(&mut self, account: AccountRow, args: &Value) -> Result<String, Wrong> {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let spec =
            super::order::instrument(&specs, &field(args, "category"), &field(args, "symbol"))?;
        let (buy, sell) =
            (Dec::parse(&field(args, "buyLeverage")), Dec::parse(&field(args, "sellLeverage")));
        let (Some(buy), Some(sell)) = (buy, sell) else {
            return Err(parameter("leverage invalid"));
        };
        if buy != sell || !buy.is_positive() {
            return Err(parameter("buy leverage invalid"));
        }
        let lever = u32::try_from(buy.count_of(Dec::ONE)).unwrap_or(u32::MAX);
        if lever > 100 {
            return Err(codes::owned(codes::LEVERAGE_MAX));
        }
        if self.exchange.position(account, spec.row).leverage == lever {
            return Err(codes::owned(codes::LEVERAGE_SAME));
        }
        self.exchange.set_leverage(account, spec.row, lever);
        Ok("{}".to_owned())
    }

    /// Accounts here are in one-way mode and stay in it.
    fn switch_mode(&self, account: AccountRow, args: &Value) -> Result<String, Wrong> {
        let linear = |spec: &&Spec| spec.is_perpetual();
        match field(args, "mode").as_str() {
            "0" => Err(codes::owned(codes::MODE_SAME)),
            "3" => {
                let specs = self.exchange.specs();
                let held = specs
                    .iter()
                    .filter(linear)
                    .any(|s| !self.exchange.position(account, s.row).qty.is_zero());
                let working = specs
                    .iter()
                    .filter(linear)
                    .any(|s| !self.exchange.open_orders(account, Some(s.row)).is_empty());
                Err(codes::owned(match (held, working) {
                    (true, _) => codes::MODE_POSITION,
                    (_, true) => codes::MODE_ORDERS,
                    _ => codes::NO_HEDGE,
                }))
            }
            _ => Err(parameter("mode invalid")),
        }
    }
}

fn api_key(account: AccountRow, key: &str) -> String {
    let permissions = Obj::new()
        .raw("ContractTrade", r#"["Order","Position"]"#)
        .raw("Spot", r#"["SpotTrade"]"#)
        .raw("Wallet", "[]")
        .raw("Options", "[]")
        .raw("Derivatives", r#"["DerivativesTrade"]"#)
        .raw("Exchange", "[]")
        .end();
    Obj::new()
        .text("id", 13_770_661 + account)
        .text("note", "sim")
        .quoted("apiKey", key)
        .raw("readOnly", 0)
        .text("secret", "")
        .raw("permissions", permissions)
        .raw("ips", r#"["*"]"#)
        .raw("type", 1)
        .raw("deadlineDay", 83)
        .text("expiredAt", "2033-05-15T03:21:05Z")
        .text("createdAt", "2024-05-15T03:21:05Z")
        .raw("unified", 0)
        .raw("uta", 1)
        .raw("userID", 24_600_000 + account)
        .raw("inviterID", 0)
        .text("vipLevel", "No VIP")
        .text("mktMakerLevel", 0)
        .raw("affiliateID", 0)
        .text("rsaPublicKey", "")
        .raw("isMaster", true)
        .text("parentUid", 0)
        .text("kycLevel", "LEVEL_DEFAULT")
        .text("kycRegion", "")
        .end()
}

fn info() -> String {
    Obj::new()
        .text("marginMode", "REGULAR_MARGIN")
        .text("updatedTime", "1697078946000")
        .raw("unifiedMarginStatus", 5)
        .text("dcpStatus", "OFF")
        .raw("timeWindow", 10)
        .raw("smpGroup", 0)
        .raw("isMasterTrader", false)
        .text("spotHedgingStatus", "OFF")
        .end()
}
