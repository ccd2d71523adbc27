//! The listen key of USD-M: made, prolonged, made anew, and the connection that joins with it.

use base::{InstrumentId, Stamp, VenueId};
use net::Channel;
use venue::{Outcome, Spend};

use super::lines::Phase;
use super::trial::{Attempt, OtherKey};
use super::{Desk, Hands, soon};
use crate::rest::{Failure, ListenKey, Task};
use crate::text::Draft;

/// The listen key of USD-M.
#[derive(Debug, Default)]
pub(super) struct Listen {
    key: Option<ListenKey>,
    /// It came and the connection has not been told.
    fresh: bool,
    /// When it was made or last prolonged.
    at: Stamp,
    asked: bool,
    retry_at: Stamp,
    /// That of the API key that is tried.
    other: OtherKey,
    /// What is asked for belongs to an API key that is not tried any more: its answer counts for nothing.
    stale: bool,
}

impl Listen {
    pub(super) const fn key(&self) -> Option<ListenKey> {
        self.key
    }

    pub(super) const fn other(&self) -> OtherKey {
        self.other
    }

    /// Another API key is tried: a listen key is asked for with it, at once.
    pub(super) fn try_other(&mut self, now: Stamp) {
        (self.other, self.retry_at) = (OtherKey::Due, now);
    }

    /// Whether the listen key that came is that of the API key that is tried.
    pub(super) fn take_other(&mut self) -> bool {
        let here = self.other == OtherKey::Here;
        if here {
            self.other = OtherKey::None;
        }
        here
    }

    /// A listen key came.
    pub(super) fn came(&mut self, key: ListenKey, account_up: bool, now: Stamp) {
        if core::mem::take(&mut self.stale) {
            self.asked = false;
            return;
        }
        let other = self.other == OtherKey::Asked;
        if other {
            self.other = OtherKey::Here;
        }
        self.fresh |= other || self.key != Some(key) || !account_up;
        (self.key, self.at, self.asked) = (Some(key), now, false);
    }

    /// It was made or prolonged.
    pub(super) fn kept(&mut self, now: Stamp) {
        (self.at, self.asked) = (now, false);
    }

    /// Whatever the reason: a new one is made, or it is learned that the old one still stands.
    pub(super) fn not_kept(&mut self) {
        (self.key, self.asked) = (None, false);
    }

    /// None was given: because of the API key that is tried, or for now.
    pub(super) fn refused(&mut self, failure: Failure, now: Stamp) {
        (self.asked, self.retry_at) = (false, soon(now, 2_000));
        if core::mem::take(&mut self.stale) {
            return;
        }
        if self.other == OtherKey::Asked {
            let for_now = failure.status == 0
                || failure.status >= 500
                || failure.outcome == Outcome::RateLimited;
            self.other = if for_now { OtherKey::Due } else { OtherKey::Refused(failure.code) };
        }
    }

    /// No other API key is tried any more.
    pub(super) fn forget_other(&mut self) {
        self.stale |= self.other == OtherKey::Asked;
        self.other = OtherKey::None;
    }

    /// The listen key of before is the one again. Were there none, one is asked for as soon as calls are
    /// signed with the API key of before, too.
    pub(super) fn put_back(&mut self, former: Option<ListenKey>, now: Stamp) {
        (self.key, self.fresh) = (former, false);
        if former.is_none() {
            self.retry_at = soon(now, 1_000);
        }
    }

    /// The key is worth nothing any more.
    pub(super) fn forget(&mut self) {
        self.key = None;
        self.fresh = false;
    }

    /// The key the connection is to join with, once.
    pub(super) fn take_fresh(&mut self) -> Option<ListenKey> {
        if core::mem::take(&mut self.fresh) { self.key } else { None }
    }
}

impl<L: Channel> Desk<L> {
    /// The listen key: made, prolonged, made anew.
    pub(super) fn care_for_listen_key(&mut self, hands: &mut Hands<'_>) {
        let mind = &mut self.mind;
        let now = hands.now;
        if mind.venue != VenueId::BinanceUsdm || mind.listen.asked || now < mind.listen.retry_at {
            return;
        }
        let other = mind.listen.other == OtherKey::Due;
        let task = match mind.listen.key {
            _ if other => Task::ListenKey,
            None => Task::ListenKey,
            Some(_) if now - mind.listen.at > mind.settings.listen_key_every => Task::KeepListenKey,
            Some(_) => return,
        };
        let paid = mind.budget.try_spend(Spend::Session, InstrumentId::ALL, now).is_ok();
        mind.listen.asked = paid && mind.submit(task, 0);
        if !mind.listen.asked {
            mind.listen.retry_at = soon(now, 1_000);
        } else if other {
            mind.listen.other = OtherKey::Asked;
        }
    }

    /// A listen key came: the account's connection joins with it.
    pub(super) fn join_with_key(&mut self, hands: &mut Hands<'_>) {
        let Some(key) = self.mind.listen.take_fresh() else { return };
        self.redirect(&key);
        let other = self.mind.listen.take_other();
        let Some(Some(line)) = self.lines.get_mut(1) else { return };
        if other && line.state.attempt == Attempt::Wanted {
            line.state.attempt = Attempt::Dialing;
            if line.state.phase == Phase::Up {
                if line.channel.is_trailing() {
                    line.channel.settle();
                }
                line.channel.renew(hands.now);
                return;
            }
        }
        self.mind.account_up = false;
        line.dial(hands.now);
    }

    /// The account's connection is dialed with this key from now on.
    pub(super) fn redirect(&mut self, key: &ListenKey) {
        let Some(Some(line)) = self.lines.get_mut(1) else { return };
        let mut path = [0; 512];
        let mut draft = Draft::new(&mut path);
        draft.put(self.mind.settings.private_path.as_bytes());
        draft.put(b"/ws?listenKey=");
        draft.put(key.as_str().as_bytes());
        line.channel.redirect(core::str::from_utf8(draft.written()).unwrap_or_default());
    }
}
