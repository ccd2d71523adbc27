//! OKX's REST answers about an account, and its order endpoints.

use super::codes::{self};
use super::order::{self, Wrong};
use super::public::{Query, inst_type, wrong};
use super::trade::{Answer, Op, Outcome};
use super::{Okx, bills, private, rows};
use crate::order::{AccountRow, Order};
use crate::server::Request;
use crate::spec::Spec;
use crate::wire::json::{Obj, field, list};
use base::WallNs;
use serde_json::Value;

impl Okx {
    /// Answers a path that needs a key; `None` when there is no such path.
    pub(crate) fn private(
        &mut self,
        now: WallNs,
        account: AccountRow,
        request: &Request,
    ) -> Option<Result<Outcome, Wrong>> {
        let query = Query::of(request);
        if request.method == "POST" {
            return self.post(now, account, request);
        }
        let answer = match request.path.as_str() {
            "/api/v5/account/balance" => {
                let only: Vec<&str> =
                    query.get("ccy").split(',').filter(|ccy| !ccy.is_empty()).collect();
                Ok(Answer::rows([private::balance(&self.exchange, account, &only, now.millis())]))
            }
            "/api/v5/account/positions" => self.positions(now, account, &query),
            "/api/v5/account/config" => Ok(Answer::rows([config(account)])),
            "/api/v5/account/instruments" => self.instruments(&query),
            "/api/v5/account/trade-fee" => self.trade_fee(now, &query),
            "/api/v5/account/leverage-info" => self.leverage_info(account, &query),
            "/api/v5/account/bills" | "/api/v5/account/bills-archive" => {
                self.bills(account, &query)
            }
            "/api/v5/trade/order" => self.one_order(account, &query),
            "/api/v5/trade/orders-pending" => self.order_list(account, &query, true),
            "/api/v5/trade/orders-history" | "/api/v5/trade/orders-history-archive" => query
                .needed("instType")
                .map(drop)
                .and_then(|()| self.order_list(account, &query, false)),
            "/api/v5/trade/fills" | "/api/v5/trade/fills-history" => {
                self.fill_list(account, &query)
            }
            _ => return None,
        };
        Some(answer.map(Outcome::Now))
    }

    fn post(
        &mut self,
        now: WallNs,
        account: AccountRow,
        request: &Request,
    ) -> Option<Result<Outcome, Wrong>> {
        let op = Op::of_path(&request.path);
        let settings = [
            "/api/v5/account/set-position-mode",
            "/api/v5/account/set-leverage",
            "/api/v5/trade/cancel-all-after",
        ];
        if op.is_none() && !settings.contains(&request.path.as_str()) {
            return None;
        }
        let Ok(body) = serde_json::from_str::<Value>(&request.body) else {
            return Some(Err(codes::owned(codes::BODY_SYNTAX)));
        };
        if let Some(op) = op {
            let items = match &body {
                Value::Array(items) if op.batch => items.clone(),
                Value::Object(_) if !op.batch => vec![body.clone()],
                _ => return Some(Err(codes::owned(codes::BODY_SYNTAX))),
            };
            let deadline = request.header("exptime").unwrap_or("").to_owned();
            return Some(Ok(self.operate(now, account, op, &items, &deadline)));
        }
        let answer = match request.path.as_str() {
            "/api/v5/account/set-position-mode" => position_mode(&body),
            "/api/v5/account/set-leverage" => self.set_leverage(account, &body),
            _ => self.cancel_all_after(now, account, &body),
        };
        Some(answer.map(Outcome::Now))
    }

    fn positions(&self, now: WallNs, account: AccountRow, query: &Query) -> Result<Answer, Wrong> {
        let (kind, one) = (query.get("instType"), query.get("instId"));
        if !kind.is_empty() {
            inst_type(kind)?;
        }
        let wanted = |spec: &&Spec| {
            spec.is_perpetual()
                && (kind.is_empty() || kind == rows::kind(spec))
                && (one.is_empty() || one.split(',').any(|name| name == spec.symbol))
        };
        let specs = self.exchange.specs().iter().filter(wanted);
        let held = specs.filter(|spec| !self.exchange.position(account, spec.row).qty.is_zero());
        Ok(Answer::rows(
            held.map(|spec| private::position(&self.exchange, account, spec, now.millis())),
        ))
    }

    fn trade_fee(&self, now: WallNs, query: &Query) -> Result<Answer, Wrong> {
        let kind = inst_type(query.needed("instType")?)?;
        let one = query.get("instId");
        let mut specs = self.exchange.specs().iter();
        let spec =
            specs.find(|spec| rows::kind(spec) == kind && (one.is_empty() || spec.symbol == one));
        let spec = spec.ok_or_else(|| codes::owned(codes::NO_INSTRUMENT))?;
        let (maker, taker) = (-spec.fee_maker, -spec.fee_taker);
        let swap = spec.is_perpetual();
        let group = Obj::new()
            .text("groupId", if swap { "3" } else { "1" })
            .text("maker", maker)
            .text("taker", taker);
        let only = |fee: crate::dec::Dec| if swap { fee.to_string() } else { String::new() };
        let row = Obj::new()
            .text("category", 1)
            .blank(&["delivery", "exercise"])
            .raw("feeGroup", list([group.end()]))
            .raw("fiat", "[]")
            .text("instType", kind)
            .text("level", "Lv1")
            .text("maker", maker)
            .text("makerU", only(maker))
            .text("makerUSDC", only(maker))
            .text("ruleType", "normal")
            .text("taker", taker)
            .text("takerU", only(taker))
            .text("takerUSDC", only(taker))
            .text("ts", now.millis());
        Ok(Answer::rows([row.end()]))
    }

    fn leverage_info(&self, account: AccountRow, query: &Query) -> Result<Answer, Wrong> {
        let spec = self.listed(query)?;
        let mode = query.needed("mgnMode")?;
        Ok(Answer::rows([leverage_row(
            &spec,
            mode,
            self.exchange.position(account, spec.row).leverage,
        )]))
    }

    fn set_leverage(&mut self, account: AccountRow, args: &Value) -> Result<Answer, Wrong> {
        let spec = order::instrument(self.exchange.specs(), args)?.clone();
        let mode = order::needed(args, "mgnMode")?;
        if !matches!(mode.as_str(), "cross" | "isolated") {
            return Err(codes::parameter("mgnMode"));
        }
        let lever = order::positive(&order::needed(args, "lever")?, "lever")?;
        let lever = u32::try_from(lever.count_of(crate::dec::Dec::ONE)).unwrap_or(0);
        if lever == 0 || lever > 100 {
            return wrong(codes::LEVERAGE);
        }
        self.exchange.set_leverage(account, spec.row, lever);
        Ok(Answer::rows([leverage_row(&spec, &mode, lever)]))
    }

    fn bills(&self, account: AccountRow, query: &Query) -> Result<Answer, Wrong> {
        let wanted = bills::Wanted {
            inst_type: query.get("instType"),
            kind: query.get("type"),
            begin: query.time("begin", i64::MIN)?,
            end: query.time("end", i64::MAX)?,
            after: query.get("after").to_owned(),
            limit: query.limit("limit", 100, 100)?,
        };
        Ok(Answer::rows(bills::rows(&self.exchange, account, &wanted)))
    }

    fn one_order(&mut self, account: AccountRow, query: &Query) -> Result<Answer, Wrong> {
        let spec = self.listed(query)?;
        let object =
            serde_json::json!({"ordId": query.get("ordId"), "clOrdId": query.get("clOrdId")});
        let which = order::reference(&object)?;
        let found =
            self.exchange.order(account, &which).filter(|order| order.row == spec.row).cloned();
        let found = found.ok_or_else(|| codes::owned(codes::UNKNOWN_ORDER))?;
        Ok(Answer::rows([self.order_row(&found)]))
    }

    fn order_row(&mut self, order: &Order) -> String {
        let words = self.words_of(order.id).clone();
        private::order(&self.exchange, order, &words)
    }

    /// Open or ended orders, newest first, older than `after` and newer than `before`.
    fn order_list(
        &mut self,
        account: AccountRow,
        query: &Query,
        open: bool,
    ) -> Result<Answer, Wrong> {
        let limit = query.limit("limit", 100, 100)?;
        let (after, before) = (query.time("after", i64::MAX)?, query.time("before", 0)?);
        let (kind, one, kinds) = (query.get("instType"), query.get("instId"), query.get("ordType"));
        let orders = self.exchange.orders(account, None).filter(|order| {
            let spec = self.exchange.spec(order.row);
            let id = i64::try_from(order.id).unwrap_or(i64::MAX);
            order.status.is_open() == open
                && (kind.is_empty() || kind == rows::kind(spec))
                && (one.is_empty() || one == spec.symbol)
                && id < after
                && id > before
        });
        let orders: Vec<Order> = orders.cloned().collect();
        let mut out = Vec::new();
        for order in orders.iter().rev() {
            let ord_type = self.words_of(order.id).ord_type.clone();
            if kinds.is_empty() || kinds.split(',').any(|kind| kind == ord_type) {
                out.push(self.order_row(order));
            }
        }
        out.truncate(limit);
        Ok(Answer::rows(out))
    }

    fn fill_list(&self, account: AccountRow, query: &Query) -> Result<Answer, Wrong> {
        let limit = query.limit("limit", 100, 100)?;
        let (kind, one, order) = (query.get("instType"), query.get("instId"), query.get("ordId"));
        let (begin, end) = (query.time("begin", i64::MIN)?, query.time("end", i64::MAX)?);
        let (after, before) = (query.time("after", i64::MAX)?, query.time("before", 0)?);
        let fills = self.exchange.fills(account).iter().rev().filter(|fill| {
            let spec = self.exchange.spec(fill.row);
            (kind.is_empty() || kind == rows::kind(spec))
                && (one.is_empty() || one == spec.symbol)
                && (order.is_empty() || order == fill.order_id.to_string())
                && (begin..=end).contains(&fill.at.millis())
                && i64::try_from(private::bill_id(fill)).is_ok_and(|id| id < after && id > before)
        });
        Ok(Answer::rows(fills.take(limit).map(|fill| private::fill(&self.exchange, account, fill))))
    }
}

fn config(account: AccountRow) -> String {
    Obj::new()
        .text("acctLv", 3)
        .text("acctStpMode", "cancel_maker")
        .raw("autoLoan", false)
        .text("ctIsoMode", "automatic")
        .raw("enableSpotBorrow", false)
        .text("greeksType", "PA")
        .text("ip", "")
        .text("kycLv", 3)
        .text("label", "sim")
        .text("level", "Lv1")
        .text("levelTmp", "")
        .text("liquidationGear", "-1")
        .text("mainUid", private::uid(account))
        .text("mgnIsoMode", "automatic")
        .raw("opAuth", "[]")
        .text("perm", "read_only,trade")
        .text("posMode", "net_mode")
        .text("roleType", 0)
        .text("settleCcy", "USDT")
        .raw("settleCcyList", r#"["USDT"]"#)
        .raw("spotBorrowAutoRepay", false)
        .text("spotOffsetType", "")
        .text("spotRoleType", 0)
        .raw("spotTraderInsts", "[]")
        .text("stgyType", 0)
        .raw("traderInsts", "[]")
        .text("type", 0)
        .text("uid", private::uid(account))
        .end()
}

/// Accounts here have one position per instrument; the other mode is refused.
fn position_mode(args: &Value) -> Result<Answer, Wrong> {
    match field(args, "posMode").as_str() {
        "net_mode" => Ok(Answer::rows([Obj::new().text("posMode", "net_mode").end()])),
        "long_short_mode" => wrong(codes::ACCOUNT_MODE),
        _ => Err(codes::parameter("posMode")),
    }
}

fn leverage_row(spec: &Spec, mode: &str, lever: u32) -> String {
    Obj::new()
        .text("ccy", "")
        .text("instId", &spec.symbol)
        .text("lever", lever)
        .quoted("mgnMode", mode)
        .text("posSide", "net")
        .end()
}
