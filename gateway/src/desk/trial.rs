//! Another key, tried make before break.
//!
//! Connections that log on or subscribe with a key are replaced by ones that do so with the new key, while
//! everything goes on on the old ones: orders leave there, signed with the old key, and the account's events
//! are read there. When all new ones stand the keys change places, at once. When the venue refuses one, or it
//! takes too long, the new connections go and the old ones are as if nothing had been: no order was sent on
//! the new ones. Only an old connection that breaks by itself meanwhile is not waited for.
//!
//! A connection that does not stand has nothing to lose: it is dialed anew and joins with the new key. So a
//! key that was revoked, with which nothing can log on any more, can be replaced too.

use base::{Span, Stamp, VenueId};
use net::Channel;
use telemetry::{Counter, NoticeCode};

use super::lines::{JOIN_TIMEOUT, Line, LineState, Phase};
use super::{Desk, Hands};
use crate::keys::{KeyPort, Keys, Verdict};
use crate::rest::ListenKey;
use crate::wire::Wire;

/// A key whose sessions do not stand by then is given back. A connection that is being replaced has to be
/// read for longer.
pub const TRIAL: Span = Span::from_secs(20);

/// The key that is tried, or that was and waits to be fetched.
#[derive(Debug, Default)]
pub(super) struct Trial {
    port: Option<KeyPort>,
    keys: Option<Box<Keys>>,
    until: Stamp,
    /// The listen key of the key in use.
    former: Option<ListenKey>,
}

/// How far a connection is with the key that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// None is tried on it.
    None,
    /// It is to join with it as soon as it can be replaced.
    Wanted,
    /// The next connection that opens joins with it.
    Dialing,
    /// The connection that stands joins with it. The one it replaces was born then.
    Joining(Stamp),
}

/// USD-M: how far the listen key of the key that is tried is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum OtherKey {
    #[default]
    None,
    /// To be asked for.
    Due,
    Asked,
    /// It is there: the connection is to be renewed with it.
    Here,
    Refused(i64),
}

impl Attempt {
    pub(super) const fn is_joining(self) -> bool {
        matches!(self, Self::Joining(_))
    }

    /// A connection opened that may be for it; says whether it joins with the key that is tried.
    pub(super) fn opened(&mut self, former_born: Stamp) -> bool {
        if matches!(self, Self::Dialing | Self::Joining(_)) {
            *self = Self::Joining(former_born);
        }
        self.is_joining()
    }
}

impl Trial {
    /// The key a connection joins with, if it is the one that is tried.
    pub(super) fn wire_of(&self, line: &LineState) -> Option<&Wire> {
        let keys = self.keys.as_ref().filter(|_| line.attempt.is_joining());
        keys.map(|keys| &keys.wire)
    }

    fn is_under_way(&self) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.verdict.is_none())
    }

    fn set_logged_on(&mut self, logged_on: bool) {
        if let Some(keys) = &mut self.keys {
            keys.wire.set_logged_on(logged_on);
        }
    }
}

impl<L: Channel> Desk<L> {
    /// Keys come and go by this way.
    pub(crate) fn change_keys_by(&mut self, port: KeyPort) {
        self.trial.port = Some(port);
    }

    /// Takes a key that is offered, and gives back what is not used any more: freeing is not for this thread.
    pub(super) fn exchange_keys(&mut self, now: Stamp) {
        let Some(port) = &mut self.trial.port else { return };
        if self.trial.keys.as_ref().is_some_and(|keys| keys.verdict.is_some())
            && port.spent.free() > 0
            && let Some(keys) = self.trial.keys.take()
        {
            let _ = port.spent.push(keys); // there is room: nobody else writes here
        }
        if !port.offered.is_empty() && port.spent.free() > 0 {
            self.take_offer(now);
        }
    }

    #[cold]
    #[inline(never)]
    fn take_offer(&mut self, now: Stamp) {
        let Some(port) = &mut self.trial.port else { return };
        let Some(mut keys) = port.offered.pop() else { return };
        if self.trial.keys.is_some() || keys.venue() != self.mind.venue {
            keys.verdict = Some(Verdict::NotTried);
            let _ = port.spent.push(keys); // there was room
            return;
        }
        self.try_keys(keys, now);
    }

    /// Begins to try a key.
    fn try_keys(&mut self, mut keys: Box<Keys>, now: Stamp) {
        keys.verdict = None;
        let logs_on = self.wire.logs_on() || keys.wire.logs_on();
        for line in self.lines.iter_mut().flatten() {
            // USD-M with a key that signs each order: nothing on the order connection belongs to it.
            if line.state.role.account || logs_on {
                line.state.attempt = Attempt::Wanted;
            }
        }
        if self.mind.venue == VenueId::BinanceUsdm {
            self.mind.listen.try_other(now);
        }
        let trial = &mut self.trial;
        (trial.keys, trial.until, trial.former) = (Some(keys), now + TRIAL, self.mind.listen.key());
    }

    /// Goes on with a key that is tried.
    pub(super) fn care_for_trial(&mut self, hands: &mut Hands<'_>) {
        if self.trial.is_under_way() {
            self.go_on_trying(hands);
        }
    }

    #[cold]
    #[inline(never)]
    fn go_on_trying(&mut self, hands: &mut Hands<'_>) {
        if let OtherKey::Refused(code) = self.mind.listen.other() {
            return self.end_trial(Verdict::Refused(code), hands);
        }
        for index in 0..self.lines.len() {
            self.begin_attempt(index, hands);
        }
        let now = hands.now;
        let silent = |line: &Line<L>| {
            let joins = matches!(line.state.phase, Phase::LoggingOn | Phase::Subscribing(_));
            line.state.attempt.is_joining() && joins && now - line.state.since > JOIN_TIMEOUT
        };
        let stands = |line: &Line<L>| match line.state.attempt {
            Attempt::None => true,
            Attempt::Wanted | Attempt::Dialing => false,
            Attempt::Joining(_) => line.state.phase == Phase::Up,
        };
        if self.lines.iter().flatten().all(stands) {
            self.end_trial(Verdict::Stands, hands);
        } else if now >= self.trial.until || self.lines.iter().flatten().any(silent) {
            self.end_trial(Verdict::Late, hands);
        }
    }

    /// Replaces a connection by one that joins with the key that is tried.
    fn begin_attempt(&mut self, index: usize, hands: &mut Hands<'_>) {
        let by_key = self.mind.venue == VenueId::BinanceUsdm;
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let state = &mut line.state;
        if state.attempt != Attempt::Wanted || by_key && !state.role.orders {
            return;
        }
        match state.phase {
            Phase::Idle | Phase::Dialing => state.attempt = Attempt::Dialing,
            Phase::Up if state.renewed => {} // first that replacement is brought to its end
            Phase::Up => {
                state.attempt = Attempt::Dialing;
                line.channel.renew(hands.now);
            }
            _ if line.channel.is_trailing() => {}
            Phase::LoggingOn | Phase::Subscribing(_) | Phase::Refused => {
                state.attempt = Attempt::Dialing;
                self.drop_line(index, hands);
            }
        }
    }

    /// A connection opened that joins with the key that is tried: orders stay on the one it replaces.
    #[cold]
    #[inline(never)]
    pub(super) fn opened_on_trial(&mut self, index: usize, renewed: bool) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        if line.state.role.orders {
            line.state.on_old = renewed && self.mind.orders_up && line.channel.is_trailing();
            self.mind.orders_up = line.state.on_old;
            self.trial.set_logged_on(false);
        }
    }

    /// The venue answered the log-on with the key that is tried.
    #[cold]
    #[inline(never)]
    pub(super) fn logged_on_on_trial(
        &mut self,
        index: usize,
        accepted: bool,
        hands: &mut Hands<'_>,
    ) {
        if accepted {
            self.trial.set_logged_on(true);
            self.subscribe(index, hands);
        } else if let Some(Some(line)) = self.lines.get_mut(index) {
            line.state.enter(Phase::Refused, hands.now);
        }
    }

    /// Whether the texts just read refuse the key that is tried: then it is over before the venue closes.
    #[inline]
    pub(super) fn look_for_refusal(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get(index) else { return };
        let state = &line.state;
        if state.attempt.is_joining() && state.phase == Phase::Refused {
            let code = state.refusal;
            self.end_trial(Verdict::Refused(code), hands);
        }
    }

    /// A connection closed; whether that was the end of a trial, which has dealt with it.
    pub(super) fn closed_on_trial(
        &mut self,
        index: usize,
        status: Option<u16>,
        hands: &mut Hands<'_>,
    ) -> bool {
        let Some(Some(line)) = self.lines.get(index) else { return false };
        let joins = matches!(line.state.phase, Phase::LoggingOn | Phase::Subscribing(_));
        match line.state.attempt {
            Attempt::Joining(_) if joins || line.channel.is_trailing() => {
                self.end_trial(Verdict::Closed, hands);
            }
            Attempt::Dialing if status.is_some() => {
                let code = i64::from(status.unwrap_or(0));
                self.end_trial(Verdict::Refused(code), hands);
                self.drop_line(index, hands);
            }
            _ => return false,
        }
        true
    }

    /// The key stands, or the one before stays.
    #[cold]
    #[inline(never)]
    fn end_trial(&mut self, verdict: Verdict, hands: &mut Hands<'_>) {
        let stands = verdict == Verdict::Stands;
        if let Some(keys) = &mut self.trial.keys {
            keys.verdict = Some(verdict);
            if stands {
                core::mem::swap(&mut self.wire, &mut keys.wire);
            }
        }
        let former = self.trial.former.take();
        if !stands {
            self.mind.listen.put_back(former, hands.now);
            if let Some(former) = former {
                self.redirect(&former);
            }
        }
        self.mind.listen.forget_other();
        for index in 0..self.lines.len() {
            if stands {
                self.take_up(index, hands);
            } else {
                self.go_back(index, hands);
            }
        }
        let (counter, code, number) = match verdict {
            Verdict::Stands => (Counter::KeysTaken, NoticeCode::KeyInUse, 0),
            Verdict::Refused(code) => (Counter::KeysRefused, NoticeCode::KeyRefused, code),
            Verdict::Closed => (Counter::KeysRefused, NoticeCode::KeyRefused, -1),
            Verdict::Late | Verdict::NotTried => (Counter::KeysRefused, NoticeCode::KeyRefused, 0),
        };
        hands.page.add(counter, 1);
        hands.tell(self.mind.venue, code, [number, 0, 0]);
    }

    /// Everything goes on the connection that joined with the new key.
    fn take_up(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        if !core::mem::replace(&mut line.state.attempt, Attempt::None).is_joining() {
            return;
        }
        line.state.on_old = false;
        // Until what was asked on the old one is answered, which is counted from here.
        line.state.enter(Phase::Up, hands.now);
        if line.state.role.orders {
            self.order_session_up(hands);
        }
    }

    /// Everything goes on the connection that was to be replaced.
    fn go_back(&mut self, index: usize, hands: &mut Hands<'_>) {
        let Some(Some(line)) = self.lines.get_mut(index) else { return };
        let attempt = core::mem::replace(&mut line.state.attempt, Attempt::None);
        let Attempt::Joining(born) = attempt else { return };
        if !line.channel.is_trailing() {
            self.drop_line(index, hands);
            return;
        }
        let (state, now) = (&mut line.state, hands.now);
        (state.born, state.heard, state.pinged) = (born, now, now);
        (state.on_old, state.renewed) = (false, false);
        state.enter(Phase::Up, now);
        line.channel.revert();
    }
}
