//! The slow way: orders by REST while their session is down, and jobs that take more than one call.
//!
//! Every order may go this way, not only those that end risk: its price bounds what it can do whenever it
//! arrives, and a desk cannot tell the second leg of a pair, which must go, from the first. The core is
//! told that the way is slow and opens nothing then. An order that would wait too long before its bytes
//! leave is not sent at all, so that none arrives when nobody wants it any more.

use base::input::RejectClass;
use base::output::Place;
use base::{InstrumentId, Span};
use telemetry::Counter;
use venue::{Outcome, Spend};

use super::intents::Unsent;
use super::{Hands, Mind};
use crate::requests::{Purpose, Request};
use crate::rest::{Failure, Job, Reply, Task};

/// Most jobs that wait for the budget of their next call.
pub(super) const WAITING_MAX: usize = 64;

/// An order waits no longer than this for its turn on the errand thread.
const PATIENCE: Span = Span::from_millis(500);

impl Mind {
    /// Whether orders can go by REST: the last call was answered, and the account was agreed with the
    /// venue once.
    pub(super) fn goes_slowly(&self) -> bool {
        self.rest_up && self.reconcile.was_done()
    }

    /// Hands an order to the errand thread; its budget is spent.
    #[cold]
    #[inline(never)]
    pub(super) fn place_slowly(
        &mut self,
        place: &Place,
        request: u64,
        hands: &mut Hands<'_>,
    ) -> Result<(), Unsent> {
        if !self.goes_slowly() {
            return Err(Unsent::Session);
        }
        let until = hands.now + PATIENCE;
        if !self.submit(Task::Place { place: *place, request, until }, 0) {
            return Err(Unsent::Full);
        }
        hands.page.add(Counter::OrdersSent, 1);
        hands.page.add(Counter::OrdersSlow, 1);
        // The venue may take it as late as that; "not found" proves nothing earlier.
        let window = Span::from_millis(u64::from(self.settings.recv_window_ms));
        self.placed(place, request, (hands.now, until + window), true);
        Ok(())
    }

    /// What became of an order that went by REST, when it was not taken.
    pub(super) fn place_failed(
        &mut self,
        (place, request): (Place, u64),
        failure: Failure,
        hands: &mut Hands<'_>,
    ) {
        self.requests.answer(request);
        let Place { order, instrument, .. } = place;
        self.rest_refused(Purpose::Place, instrument, order, failure, hands);
    }

    pub(super) fn rest_refused(
        &mut self,
        purpose: Purpose,
        instrument: InstrumentId,
        order: base::OrderId,
        failure: Failure,
        hands: &mut Hands<'_>,
    ) {
        let verdict = venue::Verdict { outcome: failure.outcome, class: failure.class };
        let request = Request { purpose, order, instrument, sent: hands.now, by_rest: true };
        self.refused(verdict, failure.code, request, hands.now, hands);
    }

    /// A job needs another call: now, or when the budget allows it.
    pub(super) fn go_on(&mut self, reply: &Reply, spend: Spend, hands: &mut Hands<'_>) {
        let job = Job { step: reply.job.step + 1, offset_ns: self.offset_ns, ..reply.job };
        if job.tag != 0 && !self.reconcile.is_running(job.tag) {
            return; // nobody waits for the rest of it
        }
        if self.pay_and_go(job, spend, hands) {
            return;
        }
        if self.waiting.len() < self.waiting.capacity() {
            self.waiting.push((job, spend));
            return;
        }
        let (outcome, class) = (Outcome::RateLimited, RejectClass::RateLimit);
        let failure = Failure { outcome, class, status: 0, code: 0, retry_after_ms: 0 };
        self.job_ended(job, Some(failure), hands);
    }

    fn pay_and_go(&mut self, job: Job, spend: Spend, hands: &Hands<'_>) -> bool {
        let (_, instrument) = job.task.spend(self.venue);
        self.budget.try_spend(spend, instrument, hands.now).is_ok() && self.hand_over(job)
    }

    /// Jobs that waited for the budget of their next call go on.
    pub(super) fn resume_jobs(&mut self, hands: &mut Hands<'_>) {
        let mut at = 0;
        // bound: each round takes one out or goes past it
        while let Some((job, spend)) = self.waiting.get(at).copied() {
            let stale = job.tag != 0 && !self.reconcile.is_running(job.tag);
            if stale || self.pay_and_go(job, spend, hands) {
                self.waiting.swap_remove(at);
            } else {
                at += 1;
            }
            self.reconcile.is_not_silent(job.tag, hands.now);
        }
    }
}
