//! Orders in and answers out, the same over REST and WebSocket: placing, amending, cancelling.

use super::codes::{self, Code};
use super::order::{self, Wrong};
use super::{Okx, private};
use crate::faults::AckFault;
use crate::order::{AccountRow, OrderRef};
use crate::wire::json::{Obj, field, list};
use crate::wire::window::Rule;
use base::WallNs;
use serde_json::Value;

/// What is done to each item of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// A new order.
    Place,
    /// A change.
    Amend,
    /// A cancel.
    Cancel,
}

/// An operation by its WebSocket name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) verb: Verb,
    pub(crate) batch: bool,
}

impl Op {
    /// The operation of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (verb, batch) = match name {
            "order" => (Verb::Place, false),
            "amend-order" => (Verb::Amend, false),
            "cancel-order" => (Verb::Cancel, false),
            "batch-orders" => (Verb::Place, true),
            "batch-amend-orders" => (Verb::Amend, true),
            "batch-cancel-orders" => (Verb::Cancel, true),
            _ => return None,
        };
        Some(Self { verb, batch })
    }

    /// The operation of a REST path.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        match path {
            "/api/v5/trade/order" => Self::of("order"),
            "/api/v5/trade/amend-order" => Self::of("amend-order"),
            "/api/v5/trade/cancel-order" => Self::of("cancel-order"),
            "/api/v5/trade/batch-orders" => Self::of("batch-orders"),
            "/api/v5/trade/amend-batch-orders" => Self::of("batch-amend-orders"),
            "/api/v5/trade/cancel-batch-orders" => Self::of("batch-cancel-orders"),
            _ => None,
        }
    }
}

/// Most items in one batch.
const BATCH_MAX: usize = 20;
/// Each verb has its own budget per account and instrument; a batch counts apart.
const SINGLE: Rule = Rule::new(60, 2_000);
const BATCH: Rule = Rule::new(300, 2_000);
/// New orders and amendments of one account together.
const ACCOUNT: Rule = Rule::new(1_000, 2_000);
const DEAD_MAN: Rule = Rule::new(1, 1_000);

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

/// The part of an answer that REST and WebSocket share.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: String,
    pub(crate) msg: String,
    pub(crate) data: String,
}

impl Answer {
    /// A refusal of the whole request.
    pub(crate) fn refused(code: Code) -> Self {
        Self { code: code.0.to_owned(), msg: code.1.to_owned(), data: "[]".to_owned() }
    }

    /// Rows that are all good.
    pub(crate) fn rows(rows: impl IntoIterator<Item = String>) -> Self {
        Self { code: "0".to_owned(), msg: String::new(), data: list(rows) }
    }

    fn items(items: &[(String, bool)]) -> Self {
        let good = items.iter().filter(|(_, good)| *good).count();
        let code = match good {
            _ if good == items.len() => codes::OK,
            0 => codes::ALL_FAILED,
            _ => codes::SOME_FAILED,
        };
        let data = list(items.iter().map(|(row, _)| row));
        Self { code: code.0.to_owned(), msg: code.1.to_owned(), data }
    }
}

impl Okx {
    /// Carries out an operation on its items.
    pub(crate) fn operate(
        &mut self,
        now: WallNs,
        account: AccountRow,
        op: Op,
        args: &[Value],
        deadline: &str,
    ) -> Outcome {
        if args.is_empty() || (!op.batch && args.len() > 1) {
            return Outcome::Now(Answer::refused(codes::WS_BAD_ARGS));
        }
        if args.len() > BATCH_MAX {
            return Outcome::Now(Answer::refused(codes::BATCH_SIZE));
        }
        if let Some(code) = self.over_limit(now, account, op, args) {
            return Outcome::Now(Answer::refused(code));
        }
        if deadline.parse::<i64>().is_ok_and(|deadline| now.millis() > deadline) {
            return Outcome::Now(Answer::refused(codes::TOO_LATE));
        }
        let name =
            args.first().and_then(|first| order::instrument(self.exchange.specs(), first).ok());
        let name = name.map_or_else(String::new, |spec| spec.name.clone());
        match self.exchange.faults.ack(now, &name) {
            None => Outcome::Now(self.carry_out(now, account, op, args)),
            Some(AckFault::Delay(nanos)) => {
                let answer = self.carry_out(now, account, op, args);
                Outcome::Later(WallNs(now.0.saturating_add(nanos)), answer)
            }
            Some(AckFault::Lost { executed }) => {
                if executed {
                    self.carry_out(now, account, op, args);
                }
                Outcome::Silence
            }
            Some(AckFault::Unknown { executed }) => {
                if executed {
                    self.carry_out(now, account, op, args);
                }
                Outcome::Now(Answer::refused(codes::TIMEOUT))
            }
        }
    }

    fn carry_out(&mut self, now: WallNs, account: AccountRow, op: Op, args: &[Value]) -> Answer {
        let items: Vec<_> =
            args.iter().map(|item| self.item(now, account, op.verb, item)).collect();
        Answer::items(&items)
    }

    /// Budgets per verb and instrument, and of the whole account.
    fn over_limit(
        &mut self,
        now: WallNs,
        account: AccountRow,
        op: Op,
        args: &[Value],
    ) -> Option<Code> {
        let first = args.first()?;
        let symbol = order::instrument(self.exchange.specs(), first)
            .map_or("?", |spec| spec.symbol.as_str())
            .to_owned();
        let (rule, kind) = if op.batch { (BATCH, "batch") } else { (SINGLE, "single") };
        let key = format!("{:?}:{kind}:{account}:{symbol}", op.verb);
        if !self.windows.take(now, &key, rule, args.len()).ok {
            return Some(codes::TOO_MANY);
        }
        let counted = op.verb != Verb::Cancel;
        let fits = !counted
            || self.windows.take(now, &format!("account:{account}"), ACCOUNT, args.len()).ok;
        (!fits).then_some(codes::SUB_ACCOUNT_RATE)
    }

    /// One item; the row of its answer and whether it went well.
    fn item(
        &mut self,
        now: WallNs,
        account: AccountRow,
        verb: Verb,
        args: &Value,
    ) -> (String, bool) {
        let done = match verb {
            Verb::Place => self.place(now, account, args),
            Verb::Amend => self.amend(now, account, args),
            Verb::Cancel => self.cancel(now, account, args),
        };
        let (client, id, code) = match &done {
            Ok((client, id)) => (client.clone(), id.to_string(), codes::owned(codes::OK)),
            Err(wrong) => (field(args, "clOrdId"), field_id(verb, args), wrong.clone()),
        };
        let row = Obj::new().quoted("clOrdId", &client).quoted("ordId", &id);
        let row =
            if verb == Verb::Amend { row.quoted("reqId", &field(args, "reqId")) } else { row };
        let row = row.text("sCode", &code.0).quoted("sMsg", &code.1);
        let row = if verb == Verb::Place {
            row.text("subCode", "").quoted("tag", &field(args, "tag"))
        } else {
            row
        };
        (row.text("ts", now.millis()).end(), done.is_ok())
    }

    fn place(
        &mut self,
        now: WallNs,
        account: AccountRow,
        args: &Value,
    ) -> Result<(String, u64), Wrong> {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let spec = order::instrument(&specs, args)?;
        let (new, words) = order::read(spec, args)?;
        let client = new.client_id.clone();
        let placed = self.exchange.place(now, account, new).map_err(codes::of_order)?;
        self.words.insert(placed.order.id, words);
        Ok((client, placed.order.id))
    }

    fn cancel(
        &mut self,
        now: WallNs,
        account: AccountRow,
        args: &Value,
    ) -> Result<(String, u64), Wrong> {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let spec = order::instrument(&specs, args)?;
        let which = order::reference(args)?;
        let order =
            self.exchange.cancel(now, account, Some(spec.row), &which).map_err(codes::of_cancel)?;
        Ok((private::client_id(&order).to_owned(), order.id))
    }

    fn amend(
        &mut self,
        now: WallNs,
        account: AccountRow,
        args: &Value,
    ) -> Result<(String, u64), Wrong> {
        let specs = std::sync::Arc::clone(self.exchange.specs());
        let spec = order::instrument(&specs, args)?;
        let which = order::reference(args)?;
        let number = |name: &str| -> Result<Option<crate::dec::Dec>, Wrong> {
            let text = field(args, name);
            if text.is_empty() { Ok(None) } else { order::positive(&text, name).map(Some) }
        };
        let price = number("newPx")?;
        let qty = number("newSz")?.map(|size| order::base_qty(spec, size)).transpose()?;
        let known = self.exchange.order(account, &which).map(|order| order.id);
        if let Some(id) = known {
            let req_id = field(args, "reqId");
            self.words_of(id).req_id = req_id;
        }
        let done = self.exchange.amend(now, account, Some(spec.row), &which, price, qty);
        match done {
            Ok(placed) => Ok((private::client_id(&placed.order).to_owned(), placed.order.id)),
            Err(why) => {
                if field(args, "cxlOnFail") == "true" {
                    // Nothing to say about it: the amendment's refusal is the answer.
                    let _ = self.exchange.cancel(now, account, Some(spec.row), &which);
                }
                Err(codes::of_amend(why))
            }
        }
    }

    /// `POST /trade/cancel-all-after`: sets, feeds or stops the dead man's switch.
    pub(crate) fn cancel_all_after(
        &mut self,
        now: WallNs,
        account: AccountRow,
        args: &Value,
    ) -> Result<Answer, Wrong> {
        let seconds: i64 =
            order::needed(args, "timeOut")?.parse().map_err(|_| codes::parameter("timeOut"))?;
        if seconds != 0 && !(10..=120).contains(&seconds) {
            return Err(codes::parameter("timeOut"));
        }
        let tag = field(args, "tag");
        let key = format!("dead-man:{account}:{tag}");
        if !self.windows.take(now, &key, DEAD_MAN, 1).ok {
            return Err(codes::owned(codes::TOO_MANY));
        }
        let switch = (account, tag.clone());
        let tags =
            self.dead_men.keys().filter(|(row, tag)| *row == account && !tag.is_empty()).count();
        if !tag.is_empty() && seconds > 0 && tags >= 20 && !self.dead_men.contains_key(&switch) {
            return Err(codes::owned(codes::TOO_MANY_TAGS));
        }
        let trigger = now.millis() + seconds * 1_000;
        if seconds == 0 {
            self.dead_men.remove(&switch);
        } else {
            self.dead_men.insert(switch, trigger);
        }
        let row = Obj::new()
            .text("tag", tag)
            .text("triggerTime", if seconds == 0 { 0 } else { trigger })
            .text("ts", now.millis());
        Ok(Answer::rows([row.end()]))
    }

    /// Fires the switches whose time has come: all orders of the account, or those with the tag.
    pub(crate) fn fire_dead_men(&mut self, now: WallNs) {
        let due = self.dead_men.iter().filter(|(_, trigger)| **trigger <= now.millis());
        let due: Vec<(AccountRow, String)> = due.map(|(switch, _)| switch.clone()).collect();
        for switch in due {
            self.dead_men.remove(&switch);
            let (account, tag) = switch;
            let open = self.exchange.open_orders(account, None);
            let ids: Vec<u64> = open
                .iter()
                .filter(|order| tag.is_empty() || order.tag == tag)
                .map(|order| order.id)
                .collect();
            for id in ids {
                self.words_of(id).cancel_source = Some("20");
                if self.exchange.cancel(now, account, None, &OrderRef::Id(id)).is_err() {
                    self.words_of(id).cancel_source = None;
                }
            }
        }
    }
}

/// The id a refused item is answered with.
fn field_id(verb: Verb, args: &Value) -> String {
    if verb == Verb::Place { String::new() } else { field(args, "ordId") }
}
