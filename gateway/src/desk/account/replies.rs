//! What the errand thread brings: entries of lists, outcomes of jobs.

use base::input::Input;
use base::{InstrumentId, OrderId, Span, Stamp, VenueId, WallNs};
use telemetry::{Counter, NoticeCode};
use venue::{Outcome, Spend, Verdict};

use super::OVERLAP_NS;
use crate::desk::{Hands, Mind, soon};
use crate::requests::{Purpose, Request};
use crate::rest::{Failure, News, Reply, Task};

impl Mind {
    pub(in crate::desk) fn reply(&mut self, reply: &Reply, hands: &mut Hands<'_>) {
        let now = hands.now;
        match reply.news {
            News::Item(input) => self.item(input, reply.job.tag, hands),
            News::Order(news) => self.order_news(&news, now, hands),
            News::Skipped(why) => self.skipped(why, hands),
            News::Done { weight } => {
                if let Some(used) = weight {
                    self.budget.observe("weight-1m", used, 0, now);
                }
                self.job_done(reply, None, hands);
            }
            News::Failed(failure) => self.job_done(reply, Some(failure), hands),
            News::ListenKey(key) => {
                self.errands_out = self.errands_out.saturating_sub(1);
                let listen = &mut self.listen;
                listen.fresh |= listen.key != Some(key) || !self.account_up;
                listen.key = Some(key);
                listen.at = now;
                listen.asked = false;
            }
        }
    }

    /// One entry of a list. Facts are facts whenever they come; states only belong to their bracket.
    fn item(&mut self, input: Input, tag: u32, hands: &mut Hands<'_>) {
        let now = hands.now;
        match input {
            Input::Fill(fill) => return self.fill(fill, now, hands),
            Input::Fee(fee) => return self.fee(fee, now, hands),
            Input::FundingPaid(paid) => return self.funding(paid, now, hands),
            _ => {}
        }
        let Some(run) = self.reconcile.run.as_mut().filter(|_| tag == self.reconcile.tag) else {
            return;
        };
        match input {
            Input::OpenOrder(open) => {
                run.orders += 1;
                self.touch(open.instrument);
                if let Some(known) = self.open.get_mut(open.order) {
                    known.listed = tag;
                    known.seen = now;
                } else {
                    self.found(open.order, open.instrument, now);
                }
            }
            Input::Position(_) => run.positions += 1,
            _ => {}
        }
        hands.out.push(input, now);
    }

    fn job_done(&mut self, reply: &Reply, failure: Option<Failure>, hands: &mut Hands<'_>) {
        self.errands_out = self.errands_out.saturating_sub(1);
        if let Some(failure) = failure {
            self.job_failed(reply.job.task, failure, hands);
        }
        let now = hands.now;
        match (reply.job.task, failure) {
            (Task::Query { instrument, order }, Some(failure)) => {
                self.rest_refused(Purpose::Query, instrument, order, failure, hands);
            }
            (Task::Cancel { instrument, order }, Some(failure)) => {
                self.rest_refused(Purpose::Cancel, instrument, order, failure, hands);
            }
            (Task::ListenKey, Some(_)) => {
                self.listen.asked = false;
                self.listen.retry_at = soon(now, 2_000);
            }
            (Task::KeepListenKey, Some(_)) => {
                // Whatever the reason: make a new one, or learn that the old one still stands.
                self.listen.asked = false;
                self.listen.key = None;
            }
            (Task::ListenKey | Task::KeepListenKey, None) => {
                self.listen.asked = false;
                self.listen.at = now;
            }
            (Task::DeadMan { .. }, Some(_)) => self.dead_man_at = soon(now, 1_000),
            (Task::Funding { .. }, None) => {
                let began = self.reconcile.funding_began.0.saturating_sub(OVERLAP_NS);
                let since = &mut self.reconcile.funding_since;
                *since = WallNs(since.0.max(began));
            }
            (Task::Funding { .. }, Some(_)) => {
                self.reconcile.funding_at = [soon(now, 1_000), Stamp(u64::MAX)];
            }
            _ => {}
        }
        if reply.job.tag != 0 && reply.job.tag == self.reconcile.tag {
            self.reconcile_part_done(failure, hands);
        }
    }

    fn job_failed(&mut self, task: Task, failure: Failure, hands: &mut Hands<'_>) {
        let expected = matches!(task, Task::Query { .. }) && failure.outcome == Outcome::NotFound;
        if !expected {
            hands.tell(self.venue, NoticeCode::RequestFailed, [task_number(task), failure.code, 0]);
        }
        if failure.outcome == Outcome::RateLimited {
            self.slow_down(task, failure, hands);
        }
    }

    /// The venue said "too many": to everything (by status), or to requests of this kind (by code).
    fn slow_down(&mut self, task: Task, failure: Failure, hands: &mut Hands<'_>) {
        hands.page.add(Counter::RateLimited, 1);
        let numbers = [failure.code, i64::from(failure.retry_after_ms), 0];
        hands.tell(self.venue, NoticeCode::RateLimited, numbers);
        if self.is_of_one_kind(failure) {
            let (spend, instrument) = spend(task);
            self.budget.refused(spend, instrument, hands.now);
            return;
        }
        let wait = u64::from(failure.retry_after_ms);
        let span = (wait > 0).then(|| Span::from_millis(wait));
        self.budget.refused_status(failure.status, span, hands.now);
        self.budget_held = Some((InstrumentId::ALL, soon(hands.now, wait)));
    }

    /// Whether only requests of that kind are too many. Binance counts weight over everything and says
    /// so by status; OKX and Bybit count each endpoint and name the rule by a code, whatever the status.
    const fn is_of_one_kind(&self, failure: Failure) -> bool {
        let by_code = matches!(self.venue, VenueId::Okx | VenueId::Bybit) && failure.code > 1_000;
        match failure.status {
            403 | 418 => false,
            429 => by_code,
            _ => true,
        }
    }

    fn rest_refused(
        &mut self,
        purpose: Purpose,
        instrument: InstrumentId,
        order: OrderId,
        failure: Failure,
        hands: &mut Hands<'_>,
    ) {
        let verdict = Verdict { outcome: failure.outcome, class: failure.class };
        let request = Request { purpose, order, instrument, sent: hands.now };
        self.refused(verdict, failure.code, request, hands.now, hands);
    }
}

/// What a task counts as, and where.
const fn spend(task: Task) -> (Spend, InstrumentId) {
    let all = InstrumentId::ALL;
    match task {
        Task::OpenOrders => (Spend::OpenOrders, all),
        Task::Positions | Task::Balances => (Spend::Account, all),
        Task::Fills { instrument, .. } => (Spend::Trades, instrument),
        Task::Funding { .. } => (Spend::Funding, all),
        Task::Query { instrument, .. } => (Spend::Query, instrument),
        Task::Cancel { instrument, .. } => (Spend::Cancel, instrument),
        Task::CancelAll { instrument } => (Spend::CancelAll, instrument),
        Task::ListenKey | Task::KeepListenKey => (Spend::Session, all),
        Task::DeadMan { instrument, .. } => (Spend::DeadMan, instrument),
    }
}

/// A task as a number of a notice.
const fn task_number(task: Task) -> i64 {
    match task {
        Task::OpenOrders => 1,
        Task::Positions => 2,
        Task::Balances => 3,
        Task::Fills { .. } => 4,
        Task::Funding { .. } => 5,
        Task::Query { .. } => 6,
        Task::Cancel { .. } => 7,
        Task::CancelAll { .. } => 8,
        Task::ListenKey => 9,
        Task::KeepListenKey => 10,
        Task::DeadMan { .. } => 11,
    }
}
