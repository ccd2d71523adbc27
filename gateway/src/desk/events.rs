//! From texts to reports: what an answer means for its order, and what the streams say.

use base::input::{
    Ack, CancelReject, Fee, Fill, FundingPaid, Input, OrderState, OrderStatus, OrderUnknown,
    Reject, RejectClass,
};
use base::{InstrumentId, OrderId, Span, Stamp, WallNs};
use telemetry::{Counter, Hist, NoticeCode};
use venue::errors::{classify, classify_status};
use venue::{Outcome, Spend, Verdict};

use super::lines::{LineState, Phase};
use super::{Hands, Mind, shown, soon};
use crate::decode::{Answer, Context, Event, OrderNews, Refusal, Refused, Session, UsageRule};
use crate::orders::OpenOrder;
use crate::recent::Part;
use crate::requests::{Found, Purpose, Request};
use crate::wire::Wire;

/// One notice of an unreadable text in this long.
const REFUSAL_TOLD_EVERY: Span = Span::from_secs(1);

/// OKX: the session is not logged in, whatever we believed.
const NOT_LOGGED_IN: i64 = 60_011;
/// Bybit: this order-entry server restarts; what is under way on it is not affected.
const RESTARTING: i64 = 10_019;

impl Mind {
    /// Reads one text. `line` is the state of its connection, or none for one that is being replaced.
    pub(super) fn text(
        &mut self,
        wire: &Wire,
        cx: &Context<'_>,
        mut line: Option<&mut LineState>,
        text: &[u8],
        recv: Stamp,
        hands: &mut Hands<'_>,
    ) {
        hands.page.add(Counter::GatewayMessages, 1);
        let mut emit = |event: Event<'_>| match event {
            Event::Session(said) => self.session(said, line.as_deref_mut(), hands),
            Event::Answer(answer) => self.answer(&answer, line.as_deref_mut(), recv, hands),
            event => self.event(event, recv, hands),
        };
        let read = wire.decode(cx, text, &mut emit);
        if let Err(why) = read {
            self.unreadable(why, text.len(), hands);
        }
    }

    /// What a stream or a list says.
    pub(super) fn event(&mut self, event: Event<'_>, recv: Stamp, hands: &mut Hands<'_>) {
        match event {
            Event::Order(news) => self.order_news(&news, recv, hands),
            Event::Fill(fill) => self.fill(fill, recv, hands),
            Event::Fee(fee) => self.fee(fee, recv, hands),
            Event::Funding(paid) => self.funding(paid, recv, hands),
            Event::FundingDue => self.reconcile.ask_for_funding(hands.now),
            Event::Position(position) => hands.out.push(Input::Position(position), recv),
            Event::Balance(balance) => hands.out.push(Input::Balance(balance), recv),
            Event::Usage(usage) => {
                let meter = match usage.rule {
                    UsageRule::Weight(60) => "weight-1m",
                    UsageRule::Orders(10) => "orders-10s",
                    UsageRule::Orders(60) => "orders-1m",
                    UsageRule::Orders(86_400) => "orders-1d",
                    UsageRule::Weight(_) | UsageRule::Orders(_) => return,
                };
                self.budget.observe(meter, usage.used, usage.limit, hands.now);
            }
            Event::Skipped(why) => self.skipped(why, hands),
            Event::Answer(_) | Event::Session(_) => {}
        }
    }

    /// An entry that was left out. Instruments that are not configured are nobody's fault.
    pub(super) fn skipped(&mut self, why: crate::decode::Skipped, hands: &mut Hands<'_>) {
        if why == crate::decode::Skipped::Symbol {
            return;
        }
        hands.page.add(Counter::GatewayRefused, 1);
        self.tell_refusal(why as i64 + 10, 0, hands);
    }

    #[cold]
    #[inline(never)]
    fn unreadable(&mut self, why: Refused, length: usize, hands: &mut Hands<'_>) {
        hands.page.add(Counter::GatewayRefused, 1);
        self.tell_refusal(why as i64, length, hands);
    }

    fn tell_refusal(&mut self, why: i64, length: usize, hands: &mut Hands<'_>) {
        let quiet = hands.now - self.refusal_told_at < REFUSAL_TOLD_EVERY;
        if quiet && self.refusal_told_at != Stamp(0) {
            return;
        }
        self.refusal_told_at = hands.now;
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        hands.tell(self.venue, NoticeCode::MessageRefused, [why, length, 0]);
    }

    fn session(&mut self, said: Session, line: Option<&mut LineState>, hands: &mut Hands<'_>) {
        // The connection that is being replaced has nothing more to say of sessions.
        let Some(line) = line else { return };
        match said {
            Session::LoggedIn => line.todo.logged_on = Some(true),
            Session::LoginRefused(code) => {
                hands.tell(self.venue, NoticeCode::LoginRefused, [code, 0, 0]);
                line.refusal = code;
                match line.phase {
                    Phase::LoggingOn => line.todo.logged_on = Some(false),
                    _ => line.todo.reopen = true,
                }
            }
            Session::Subscribed => match line.phase {
                Phase::Subscribing(1) => line.todo.subscribed = true,
                Phase::Subscribing(left) => line.phase = Phase::Subscribing(left.saturating_sub(1)),
                _ => {}
            },
            Session::SubscribeRefused(code) => {
                hands.tell(self.venue, NoticeCode::SubscribeRefused, [0, code, 0]);
                line.refusal = code;
                line.enter(Phase::Refused, hands.now);
            }
            Session::Leaving => line.todo.renew = true,
            Session::StreamEnded => line.todo.stream_ended = true,
            Session::Error(code) => {
                hands.tell(self.venue, NoticeCode::RequestFailed, [0, code, 0]);
            }
            Session::Pong => {}
        }
    }

    /// The answer to a request.
    fn answer(
        &mut self,
        answer: &Answer<'_>,
        line: Option<&mut LineState>,
        recv: Stamp,
        hands: &mut Hands<'_>,
    ) {
        let Some(found) = answer.request.and_then(|number| self.requests.answer(number)) else {
            self.answer_to_nothing(answer, hands);
            return;
        };
        let Request { purpose, instrument, .. } = found.request;
        if let Some(allowance) = answer.allowance {
            let (limit, left) = (allowance.limit, allowance.left);
            self.budget.observe_bybit(spend(purpose), instrument, limit, left, hands.now);
        }
        match (purpose, answer.refusal) {
            (Purpose::Login | Purpose::Subscribe, refusal) => {
                self.joined(purpose, refusal, line, hands);
            }
            (Purpose::Place, None) => {
                let Answer { venue_order, venue_time, .. } = *answer;
                self.acknowledged(found, (venue_order, venue_time), recv, hands);
            }
            (_, None) => {}
            (_, Some(refusal)) => {
                let verdict = verdict(self.venue, &refusal);
                self.held_back(verdict, &refusal, &found.request, hands);
                if let Some(line) = line {
                    line.todo.reopen |= refusal.code == NOT_LOGGED_IN;
                    line.todo.renew |= refusal.code == RESTARTING;
                }
                self.refused(verdict, refusal.code, found.request, recv, hands);
            }
        }
    }

    /// An answer that fits no request: a batch's second entry, a second answer, a very late one.
    fn answer_to_nothing(&mut self, answer: &Answer<'_>, hands: &mut Hands<'_>) {
        if answer.order.is_none() {
            let code = answer.refusal.map_or(0, |refusal| refusal.code);
            hands.tell(self.venue, NoticeCode::RequestFailed, [0, code, 0]);
        }
    }

    fn joined(
        &mut self,
        purpose: Purpose,
        refusal: Option<Refusal<'_>>,
        line: Option<&mut LineState>,
        hands: &mut Hands<'_>,
    ) {
        let Some(line) = line else { return };
        match (purpose, refusal) {
            (Purpose::Login, None) => line.todo.logged_on = Some(true),
            (Purpose::Login, Some(refusal)) => {
                hands.tell(self.venue, NoticeCode::LoginRefused, [refusal.code, 0, 0]);
                line.refusal = refusal.code;
                line.todo.logged_on = Some(false);
            }
            (_, None) => line.todo.subscribed = true,
            (_, Some(refusal)) => {
                hands.tell(self.venue, NoticeCode::SubscribeRefused, [0, refusal.code, 0]);
                line.refusal = refusal.code;
                line.enter(Phase::Refused, hands.now);
            }
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        found: Found,
        (venue_order, venue_time): (u64, WallNs),
        recv: Stamp,
        hands: &mut Hands<'_>,
    ) {
        let Request { order, instrument, sent, .. } = found.request;
        hands.page.add(Counter::OrdersAcked, 1);
        hands.page.record(Hist::AckRoundTrip, (recv - sent).0);
        if let Some(open) = self.open.get_mut(order) {
            open.seen = hands.now;
        }
        let ack = Ack { venue: self.venue, instrument, order, venue_order, venue_time };
        hands.out.push(Input::Ack(ack), recv);
    }

    /// What a refusal says about the rate budget and the clock.
    fn held_back(
        &mut self,
        verdict: Verdict,
        refusal: &Refusal<'_>,
        request: &Request,
        hands: &mut Hands<'_>,
    ) {
        match verdict.outcome {
            Outcome::RateLimited => {
                hands.page.add(Counter::RateLimited, 1);
                let wait = refusal.retry_after_ms;
                let numbers = [refusal.code, i64::from(wait), 0];
                hands.tell(self.venue, NoticeCode::RateLimited, numbers);
                let span = (wait > 0).then(|| Span::from_millis(u64::from(wait)));
                if matches!(refusal.status, 429 | 418 | 403) {
                    self.budget.refused_status(refusal.status, span, hands.now);
                } else {
                    let spend = spend(request.purpose);
                    self.budget.refused(spend, request.instrument, hands.now);
                }
                self.budget_held = Some((request.instrument, soon(hands.now, u64::from(wait))));
            }
            Outcome::Clock => {
                hands.tell(self.venue, NoticeCode::ClockUnsafe, [self.offset_ns, 0, 0]);
            }
            _ => {}
        }
    }

    /// A refused request: proof that it had no effect, or no proof.
    pub(super) fn refused(
        &mut self,
        verdict: Verdict,
        code: i64,
        request: Request,
        recv: Stamp,
        hands: &mut Hands<'_>,
    ) {
        let Request { order, instrument, .. } = request;
        match request.purpose {
            Purpose::Place if verdict.proves_absence() => {
                self.rejected(verdict.class, code, order, instrument, recv, hands);
            }
            // An order of that name exists or existed: it is asked for, and never sent again.
            Purpose::Place if verdict.outcome == Outcome::Duplicate => {
                self.ask_later(order, instrument, hands.now);
            }
            Purpose::Place => self.unknown(order, instrument, hands),
            Purpose::Cancel if verdict.outcome == Outcome::Unknown => {
                self.unknown(order, instrument, hands);
            }
            Purpose::Cancel => {
                hands.page.add(Counter::CancelsRejected, 1);
                let class = verdict.class;
                let numbers = [shown(order), code, class as i64];
                hands.tell_of(self.venue, instrument, NoticeCode::CancelRejected, numbers);
                let venue = self.venue;
                let reject = CancelReject { venue, instrument, order, class, code };
                hands.out.push(Input::CancelReject(reject), recv);
                if verdict.outcome == Outcome::NotFound && self.is_swept(order) {
                    self.ask_later(order, instrument, hands.now);
                }
            }
            Purpose::Query if verdict.outcome == Outcome::NotFound => {
                self.not_found(order, instrument, hands);
            }
            Purpose::Query => self.ask_later(order, instrument, soon(hands.now, 1_000)),
            Purpose::CancelAll | Purpose::Login | Purpose::Subscribe => {
                hands.tell_of(self.venue, instrument, NoticeCode::RequestFailed, [0, code, 0]);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn rejected(
        &mut self,
        class: RejectClass,
        code: i64,
        order: OrderId,
        instrument: InstrumentId,
        recv: Stamp,
        hands: &mut Hands<'_>,
    ) {
        hands.page.add(Counter::OrdersRejected, 1);
        let numbers = [shown(order), code, class as i64];
        hands.tell_of(self.venue, instrument, NoticeCode::OrderRejected, numbers);
        self.over(order);
        let reject = Reject { venue: self.venue, instrument, order, class, code };
        hands.out.push(Input::Reject(reject), recv);
    }

    /// A request whose answer did not come, or whose connection is gone.
    pub(super) fn unanswered(&mut self, request: Request, hands: &mut Hands<'_>) {
        let Request { order, instrument, .. } = request;
        match request.purpose {
            Purpose::Place | Purpose::Cancel => self.unknown(order, instrument, hands),
            Purpose::Query => self.ask_later(order, instrument, soon(hands.now, 200)),
            // The sweep cancels again; the connection's own time-outs log on again.
            Purpose::CancelAll | Purpose::Login | Purpose::Subscribe => {}
        }
    }

    /// Nobody knows what became of an order.
    #[cold]
    #[inline(never)]
    pub(super) fn unknown(
        &mut self,
        order: OrderId,
        instrument: InstrumentId,
        hands: &mut Hands<'_>,
    ) {
        hands.page.add(Counter::OrdersUnknown, 1);
        let numbers = [shown(order), 0, 0];
        hands.tell_of(self.venue, instrument, NoticeCode::OrderUnknown, numbers);
        let venue = self.venue;
        hands.out.push(Input::OrderUnknown(OrderUnknown { venue, instrument, order }), hands.now);
    }

    /// A query's "not found": proof only when enough time has passed since the order was sent. Lists
    /// of venues lag behind, and a request may still be on its way.
    pub(super) fn not_found(
        &mut self,
        order: OrderId,
        instrument: InstrumentId,
        hands: &mut Hands<'_>,
    ) {
        let sent = self.open.get(order).map_or(self.started, |open| open.sent);
        let proof_at = sent + self.settings.quiet;
        if hands.now < proof_at {
            self.ask_later(order, instrument, proof_at);
            return;
        }
        self.over(order);
        let state = OrderState {
            venue: self.venue,
            instrument,
            order,
            status: OrderStatus::NotFound,
            filled: base::Qty::ZERO,
            venue_order: 0,
            venue_time: base::WallNs::NONE,
        };
        hands.out.push(Input::OrderState(state), hands.now);
    }

    /// Where an order of ours is in its life.
    pub(super) fn order_news(&mut self, news: &OrderNews, recv: Stamp, hands: &mut Hands<'_>) {
        let OrderNews { instrument, order, status, filled, venue_order, venue_time } = *news;
        self.touch(instrument);
        if is_over(status) {
            self.over(order);
        } else if let Some(open) = self.open.get_mut(order) {
            open.seen = hands.now;
        } else {
            self.found(order, instrument, hands.now);
        }
        let venue = self.venue;
        let state =
            OrderState { venue, instrument, order, status, filled, venue_order, venue_time };
        hands.out.push(Input::OrderState(state), recv);
    }

    /// An order of ours that was not known to be out: of an earlier start, or ended and named late.
    pub(super) fn found(&mut self, order: OrderId, instrument: InstrumentId, now: Stamp) {
        self.open.add(OpenOrder {
            order,
            instrument,
            sent: now,
            seen: now,
            cancelled: Stamp(0),
            listed: self.reconcile.tag(),
            unwanted: self.is_unwanted(instrument),
        });
    }

    /// Whether an order is being cancelled until it is over.
    fn is_swept(&self, order: OrderId) -> bool {
        self.winding || self.open.get(order).is_some_and(|open| open.unwanted)
    }

    /// An order that is known to be over.
    fn over(&mut self, order: OrderId) {
        self.open.remove(order);
        self.rechecks.retain(|recheck| recheck.order != order);
    }

    pub(super) fn fill(&mut self, fill: Fill, recv: Stamp, hands: &mut Hands<'_>) {
        if !self.recent.is_new(fill.instrument, fill.trade_id, Part::Fill) {
            hands.page.add(Counter::FillsRepeated, 1);
            return;
        }
        hands.page.add(Counter::Fills, 1);
        self.touch(fill.instrument);
        let numbers = [shown(fill.order), fill.price.0, fill.qty.0];
        hands.tell_of(self.venue, fill.instrument, NoticeCode::Filled, numbers);
        hands.out.push(Input::Fill(fill), recv);
    }

    pub(super) fn fee(&mut self, fee: Fee, recv: Stamp, hands: &mut Hands<'_>) {
        if self.recent.is_new(fee.instrument, fee.trade_id, Part::Fee) {
            hands.out.push(Input::Fee(fee), recv);
        }
    }

    pub(super) fn funding(&mut self, paid: FundingPaid, recv: Stamp, hands: &mut Hands<'_>) {
        if !self.reconcile.is_new_payment(&paid) {
            return;
        }
        hands.page.add(Counter::FundingSettlements, 1);
        hands.tell_of(self.venue, paid.instrument, NoticeCode::FundingPaid, [0; 3]);
        hands.out.push(Input::FundingPaid(paid), recv);
    }
}

/// Whether nothing more can happen to an order in that state.
const fn is_over(status: OrderStatus) -> bool {
    !matches!(status, OrderStatus::Live | OrderStatus::Partial)
}

/// What a refusal says: a 5xx proves nothing whatever its code, a code decides before the status.
fn verdict(venue: base::VenueId, refusal: &Refusal<'_>) -> Verdict {
    match (refusal.status, refusal.code) {
        (500.., _) | (_, 0) => classify_status(venue, refusal.status),
        (418 | 429, _) => classify_status(venue, refusal.status),
        (_, code) => classify(venue, code, refusal.message),
    }
}

/// What a request counts as.
const fn spend(purpose: Purpose) -> Spend {
    match purpose {
        Purpose::Place => Spend::Place,
        Purpose::Cancel => Spend::Cancel,
        Purpose::CancelAll => Spend::CancelAll,
        Purpose::Query => Spend::Query,
        Purpose::Login | Purpose::Subscribe => Spend::Session,
    }
}
