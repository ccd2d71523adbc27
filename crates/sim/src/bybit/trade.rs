//! Orders in and answers out, the same over REST and the trade WebSocket.

use super::codes::{self, Wrong, parameter};
use super::order::{self, instrument, product};
use super::{Bybit, private};
use crate::dec::Dec;
use crate::faults::AckFault;
use crate::order::{AccountRow, DoneReason};
use crate::wire::json::{Obj, field, list};
use crate::wire::window::{Rule, Verdict};
use base::{Product, WallNs};
use serde_json::Value;

/// What is done to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// A new order.
    Create,
    /// A change.
    Amend,
    /// A cancel.
    Cancel,
    /// Cancel all of a symbol or a coin (REST only).
    CancelAll,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) verb: Verb,
    pub(crate) batch: bool,
}

impl Op {
    /// The operation of a WebSocket name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (verb, batch) = match name {
            "order.create" => (Verb::Create, false),
            "order.amend" => (Verb::Amend, false),
            "order.cancel" => (Verb::Cancel, false),
            "order.create-batch" => (Verb::Create, true),
            "order.amend-batch" => (Verb::Amend, true),
            "order.cancel-batch" => (Verb::Cancel, true),
            _ => return None,
        };
        Some(Self { verb, batch })
    }

    /// The operation of a REST path.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        match path {
            "/v5/order/create" => Self::of("order.create"),
            "/v5/order/amend" => Self::of("order.amend"),
            "/v5/order/cancel" => Self::of("order.cancel"),
            "/v5/order/create-batch" => Self::of("order.create-batch"),
            "/v5/order/amend-batch" => Self::of("order.amend-batch"),
            "/v5/order/cancel-batch" => Self::of("order.cancel-batch"),
            "/v5/order/cancel-all" => Some(Self { verb: Verb::CancelAll, batch: false }),
            _ => None,
        }
    }

    /// How often an account may do it in a second, by category.
    const fn rule(self, spot: bool) -> Rule {
        match (self.verb, spot) {
            (Verb::Create | Verb::Cancel | Verb::CancelAll, true) => Rule::new(20, 1_000),
            _ => Rule::new(10, 1_000),
        }
    }
}

/// An answer before it gets its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: i64,
    pub(crate) msg: String,
    /// `result` over REST, `data` on the WebSocket.
    pub(crate) result: String,
    pub(crate) ext: String,
    /// The budget it came out of.
    pub(crate) limit: Option<(usize, Verdict)>,
}

impl Answer {
    /// A good one.
    pub(crate) fn good(result: String) -> Self {
        Self { code: 0, msg: "OK".to_owned(), result, ext: "{}".to_owned(), limit: None }
    }

    /// A refusal.
    pub(crate) fn wrong(wrong: Wrong) -> Self {
        Self {
            code: wrong.0,
            msg: wrong.1,
            result: "{}".to_owned(),
            ext: "{}".to_owned(),
            limit: None,
        }
    }
}

/// What becomes of an operation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Answer at once.
    Now(Answer),
    /// Answer at that time.
    Later(WallNs, Answer),
    /// Say nothing.
    Silence,
}

impl Bybit {
    /// Carries out an operation.
    pub(crate) fn operate(
        &mut self,
        now: WallNs,
        account: AccountRow,
        op: Op,
        args: &Value,
    ) -> Outcome {
        let category = field(args, "category");
        let spot = match product(&category) {
            Ok(product) => product == Product::Spot,
            Err(wrong) => return Outcome::Now(Answer::wrong(wrong)),
        };
        let items = args.get("request").and_then(Value::as_array).cloned().unwrap_or_default();
        let most = if spot { 10 } else { 20 };
        if op.batch && (items.is_empty() || items.len() > most) {
            return Outcome::Now(Answer::wrong(parameter(format!(
                "batch size must be within 1 and {most}"
            ))));
        }
        let rule = op.rule(spot);
        let kind = if op.batch { "batch" } else { "single" };
        let weight = if op.batch { items.len() } else { 1 };
        let verdict =
            self.windows.take(now, &format!("{account}:{kind}:{:?}:{spot}", op.verb), rule, weight);
        let with_limit = |answer: Answer| Answer { limit: Some((rule.count, verdict)), ..answer };
        if !verdict.ok {
            return Outcome::Now(with_limit(Answer::wrong(codes::owned(codes::TOO_MANY))));
        }
        let symbol = field(items.first().unwrap_or(args), "symbol");
        let name = instrument(self.exchange.specs(), &category, &symbol)
            .map_or_else(|_| String::new(), |s| s.name.clone());
        let fault = self.exchange.faults.ack(now, &name);
        if matches!(
            fault,
            Some(AckFault::Lost { executed: false } | AckFault::Unknown { executed: false })
        ) {
            let lost = matches!(fault, Some(AckFault::Lost { .. }));
            return if lost {
                Outcome::Silence
            } else {
                Outcome::Now(Answer::wrong(codes::owned(codes::TIMEOUT)))
            };
        }
        let answer = with_limit(match (op.verb, op.batch) {
            (Verb::CancelAll, _) => self.cancel_all(now, account, &category, args),
            (_, true) => self.many(now, account, op.verb, &category, &items),
            (_, false) => match self.one(now, account, op.verb, &category, args) {
                Ok((id, link)) => Answer::good(ids(&id, &link).end()),
                Err(wrong) => Answer::wrong(wrong),
            },
        });
        match fault {
            Some(AckFault::Delay(nanos)) => {
                Outcome::Later(WallNs(now.0.saturating_add(nanos)), answer)
            }
            Some(AckFault::Lost { .. }) => Outcome::Silence,
            Some(AckFault::Unknown { .. }) => {
                Outcome::Now(Answer::wrong(codes::owned(codes::TIMEOUT)))
            }
            None => Outcome::Now(answer),
        }
    }

    /// A batch: every item has its own code, in `retExtInfo`.
    fn many(
        &mut self,
        now: WallNs,
        account: AccountRow,
        verb: Verb,
        category: &str,
        items: &[Value],
    ) -> Answer {
        let (mut rows, mut codes) = (Vec::new(), Vec::new());
        for item in items {
            let done = self.one(now, account, verb, category, item);
            let code = done.as_ref().map_or_else(Wrong::clone, |_| (0, "OK".to_owned()));
            let (id, link) =
                done.unwrap_or_else(|_| (field(item, "orderId"), field(item, "orderLinkId")));
            let row = Obj::new()
                .quoted("category", category)
                .quoted("symbol", &field(item, "symbol"))
                .all(&ids(&id, &link));
            let created = if code.0 == 0 { now.millis().to_string() } else { String::new() };
            rows.push(if verb == Verb::Create { row.text("createAt", created) } else { row }.end());
            codes.push(Obj::new().raw("code", code.0).quoted("msg", &code.1).end());
        }
        let result = Obj::new().raw("list", list(rows)).end();
        Answer { ext: Obj::new().raw("list", list(codes)).end(), ..Answer::good(result) }
    }

    /// One order; the ids of the answer.
    fn one(
        &mut self,
        now: WallNs,
        account: AccountRow,
        verb: Verb,
        category: &str,
        args: &Value,
    ) -> Result<(String, String), Wrong> {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let spec = instrument(&specs, category, &field(args, "symbol"))?;
        let spot = !spec.is_perpetual();
        if verb == Verb::Create {
            let held = self.exchange.position(account, spec.row).qty;
            let new = order::read(spec, args, held)?;
            let link = new.client_id.clone();
            let placed =
                self.exchange.place(now, account, new).map_err(|why| codes::of_order(why, spot))?;
            return Ok((private::order_id(spec, placed.order.id), link));
        }
        let which = order::reference(args, private::parse_order_id)?;
        let done = if verb == Verb::Cancel {
            self.exchange
                .cancel(now, account, Some(spec.row), &which)
                .map_err(|why| codes::of_cancel(why, spot))?
        } else {
            let number = |name: &str| match field(args, name).as_str() {
                "" => Ok(None),
                text => {
                    Dec::parse(text).map(Some).ok_or_else(|| parameter(format!("{name} invalid")))
                }
            };
            let (price, qty) = (number("price")?, number("qty")?);
            let placed = self.exchange.amend(now, account, Some(spec.row), &which, price, qty);
            placed.map_err(|why| codes::of_order(why, spot))?.order
        };
        Ok((private::order_id(spec, done.id), private::link_id(&done).to_owned()))
    }

    fn cancel_all(
        &mut self,
        now: WallNs,
        account: AccountRow,
        category: &str,
        args: &Value,
    ) -> Answer {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let (symbol, coin) = (field(args, "symbol"), field(args, "settleCoin"));
        let base = field(args, "baseCoin");
        let spot = category == "spot";
        let rows: Vec<usize> = if symbol.is_empty() {
            if !spot && coin.is_empty() && base.is_empty() {
                return Answer::wrong(parameter(
                    "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin",
                ));
            }
            let meant = specs.iter().filter(|spec| spec.is_perpetual() != spot);
            let meant = meant.filter(|spec| {
                (coin.is_empty() || spec.quote == coin) && (base.is_empty() || spec.base == base)
            });
            meant.map(|spec| spec.row).collect()
        } else {
            match instrument(&specs, category, &symbol) {
                Ok(spec) => vec![spec.row],
                Err(wrong) => return Answer::wrong(wrong),
            }
        };
        let mut gone = Vec::new();
        for row in rows {
            let orders = self.exchange.cancel_all(now, account, Some(row), DoneReason::CancelAll);
            let spec = self.exchange.spec(row);
            gone.extend(
                orders
                    .iter()
                    .map(|o| ids(&private::order_id(spec, o.id), private::link_id(o)).end()),
            );
        }
        Answer::good(Obj::new().raw("list", list(gone)).text("success", 1).end())
    }
}

fn ids(id: &str, link: &str) -> Obj {
    Obj::new().quoted("orderId", id).quoted("orderLinkId", link)
}
