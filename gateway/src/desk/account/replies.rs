//! What the errand thread brings: entries of lists, outcomes of jobs.

use base::input::{Input, RejectClass};
use base::{InstrumentId, Span, Stamp, VenueId, WallNs};
use telemetry::{Counter, NoticeCode};
use venue::Outcome;

use super::OVERLAP_NS;
use crate::decode::Allowance;
use crate::desk::{Hands, Mind, soon};
use crate::requests::Purpose;
use crate::rest::{Counted, Failure, Job, News, Reply, Task};

impl Mind {
    pub(in crate::desk) fn reply(&mut self, reply: &Reply, hands: &mut Hands<'_>) {
        let now = hands.now;
        self.reconcile.is_not_silent(reply.job.tag, now);
        match reply.news {
            News::Item(input) => self.item(input, reply.job.tag, hands),
            News::Order(news) => self.order_news(&news, now, hands),
            News::Skipped(why) => self.skipped(why, hands),
            News::Placed { venue_order, venue_time } => {
                if let Task::Place { request, .. } = reply.job.task
                    && let Some(found) = self.requests.answer(request)
                {
                    self.acknowledged(found, (venue_order, venue_time), now, hands);
                }
            }
            News::Unfit(unfit) => self.fitness.heard(unfit),
            News::Fees { instrument, maker, taker } => {
                self.fees_heard(instrument, (maker, taker), hands);
            }
            News::Counted(counted) => self.counted(reply.job.task, counted, now),
            News::More(spend) => {
                self.call_ended(None);
                self.go_on(reply, spend, hands);
            }
            News::Done => {
                self.call_ended(None);
                self.job_ended(reply.job, None, hands);
            }
            News::Failed(failure) => {
                self.call_ended(Some(failure));
                self.job_ended(reply.job, Some(failure), hands);
            }
            News::ListenKey(key) => {
                self.call_ended(None);
                self.listen.came(key, self.account_up, now);
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

    /// A call is over: was there any answer to it?
    fn call_ended(&mut self, failure: Option<Failure>) {
        self.errands_out = self.errands_out.saturating_sub(1);
        match failure {
            // An order that was not even tried says nothing of the way.
            Some(failure) if failure.status == 0 && failure.class == RejectClass::Local => {}
            Some(failure) => self.rest_up = failure.status != 0,
            None => self.rest_up = true,
        }
    }

    /// The venue's own counts.
    fn counted(&mut self, task: Task, counted: Counted, now: Stamp) {
        let Counted { weight_1m, orders_10s, orders_1m, orders_1d, allowance } = counted;
        let meters = [
            ("weight-1m", weight_1m),
            ("orders-10s", orders_10s),
            ("orders-1m", orders_1m),
            ("orders-1d", orders_1d),
        ];
        for (meter, used) in meters {
            if let Some(used) = used {
                self.budget.observe(meter, used, 0, now);
            }
        }
        if let Some(Allowance { limit, left }) = allowance {
            let (spend, instrument) = task.spend(self.venue);
            self.budget.observe_bybit(spend, instrument, limit, left, now);
        }
    }

    /// All of a job is done, or it failed.
    pub(in crate::desk) fn job_ended(
        &mut self,
        job: Job,
        failure: Option<Failure>,
        hands: &mut Hands<'_>,
    ) {
        if let Some(failure) = failure {
            self.job_failed(job.task, failure, hands);
        }
        let now = hands.now;
        match (job.task, failure) {
            (Task::Place { place, request, .. }, Some(failure)) => {
                self.place_failed((place, request), failure, hands);
            }
            (Task::Account, failure) => self.account_asked(failure.is_none(), hands),
            (Task::Query { instrument, order }, Some(failure)) => {
                self.rest_refused(Purpose::Query, instrument, order, failure, hands);
            }
            (Task::Cancel { instrument, order }, Some(failure)) => {
                self.rest_refused(Purpose::Cancel, instrument, order, failure, hands);
            }
            (Task::ListenKey, Some(failure)) => self.listen.refused(failure, now),
            (Task::KeepListenKey, Some(_)) => self.listen.not_kept(),
            (Task::ListenKey | Task::KeepListenKey, None) => self.listen.kept(now),
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
        if job.tag != 0 && job.tag == self.reconcile.tag {
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
            let (spend, instrument) = task.spend(self.venue);
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
        Task::Place { .. } => 12,
        Task::Account => 13,
        Task::Fees => 14,
    }
}
