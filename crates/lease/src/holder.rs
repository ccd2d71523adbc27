//! Who holds the Lease, and until when: the protocol, without I/O and without a clock.

use crate::api::Refusal;
use crate::record::Lease;
use base::{Span, Stamp};

/// The largest token: an order number begins with 24 bits of it.
const TOKEN_MAX: u32 = (1 << 24) - 1;

/// How long things last, all parts of one duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Silence of a holder after which another may take the Lease.
    pub duration: Span,
    /// How long after a renewal was asked for the holder still acts.
    pub hold: Span,
    /// Between two renewals that went well.
    pub renew_every: Span,
    /// Before anything is tried again that went wrong, or looked at that is somebody else's.
    pub retry: Span,
    /// How long the API server may take for an answer.
    pub patience: Span,
}

impl Terms {
    /// Those of a Lease of that duration: the holder stops acting after two thirds of it, and has time for
    /// three attempts before.
    #[must_use]
    pub const fn of(duration: Span) -> Self {
        Self {
            duration,
            hold: Span(duration.0 / 3 * 2),
            renew_every: Span(duration.0 / 6),
            retry: Span(duration.0 / 15),
            patience: Span(duration.0 / 6),
        }
    }
}

/// What to ask the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The Lease as it is.
    Get,
    /// That the Lease become this one, if it is still the one this was made of.
    Put(Lease),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this now and give the answer to [`Holder::answered`].
    Ask(Ask),
    /// Nothing before that moment.
    Wait(Stamp),
    /// Another holds what we held: nothing ever again.
    Lost,
}

#[derive(Clone, Debug)]
enum State {
    /// Not ours yet. What another's Lease looked like when it was last seen to change, and when that was.
    Seeking { seen: Option<(String, Stamp)> },
    /// Ours.
    Holding(Held),
    /// It was ours.
    Lost,
}

#[derive(Clone, Debug)]
struct Held {
    lease: Lease,
    token: u32,
    until: Stamp,
}

/// One contender for one Lease. All stamps are of one clock of this machine.
#[derive(Clone, Debug)]
pub struct Holder {
    me: String,
    terms: Terms,
    /// The token must be larger.
    floor: u32,
    state: State,
    /// Since when an answer is due.
    asked: Option<Stamp>,
    /// To be put as soon as possible.
    wish: Option<Lease>,
    due: Stamp,
    trouble: Option<String>,
}

impl Holder {
    /// A contender under a name that no other has or ever had, whose token must be larger than `floor`.
    #[must_use]
    pub fn new(me: String, terms: Terms, floor: u32) -> Self {
        let state = State::Seeking { seen: None };
        let (asked, wish, due, trouble) = (None, None, Stamp(0), None);
        Self { me, terms, floor, state, asked, wish, due, trouble }
    }

    /// The fencing token, and until when what it stands for may be done.
    #[must_use]
    pub fn held(&self) -> Option<(u32, Stamp)> {
        match &self.state {
            State::Holding(held) => Some((held.token, held.until)),
            State::Seeking { .. } | State::Lost => None,
        }
    }

    /// What stands between us and the Lease, or its renewal, in words.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What to do now.
    pub fn next(&mut self, now: Stamp) -> Step {
        if matches!(self.state, State::Lost) {
            return Step::Lost;
        }
        if self.wish.is_none() && now < self.due {
            return Step::Wait(self.due);
        }
        self.asked = Some(now);
        Step::Ask(match (self.wish.take(), &self.state) {
            (Some(wish), _) => Ask::Put(wish),
            (None, State::Holding(held)) if self.trouble.is_none() => {
                Ask::Put(held.lease.renewed())
            }
            // After trouble the Lease may be another one than the one we know.
            _ => Ask::Get,
        })
    }

    /// The answer to what [`Holder::next`] said to ask.
    pub fn answered(&mut self, ask: &Ask, answer: Result<Lease, Refusal>, now: Stamp) {
        let sent = self.asked.take().unwrap_or(now);
        self.due = now + self.terms.retry;
        match (ask, answer) {
            (Ask::Get, Ok(lease)) => self.look(lease, now),
            (Ask::Put(_), Ok(lease)) => self.hold(lease, sent),
            (Ask::Put(_), Err(Refusal::Conflict)) => {
                // Somebody wrote before us: look who, at once if that is news.
                if self.trouble.is_none() {
                    self.due = now;
                }
                self.trouble = Some("the Lease was written by somebody else".to_owned());
            }
            (_, Err(why)) => self.trouble = Some(why.to_string()),
        }
    }

    /// What makes the Lease free for others, where we hold it. The fence must be shut before it is sent.
    #[must_use]
    pub fn release(&mut self) -> Option<Ask> {
        match core::mem::replace(&mut self.state, State::Lost) {
            State::Holding(held) => Some(Ask::Put(held.lease.released())),
            State::Seeking { .. } | State::Lost => None,
        }
    }

    /// A look at the Lease: whose is it, and may we have it?
    fn look(&mut self, lease: Lease, now: Stamp) {
        let is_mine = lease.holder() == Some(&self.me);
        match &mut self.state {
            State::Lost => {}
            State::Holding(held) if is_mine && lease.transitions() == held.token => {
                held.lease = lease;
                self.wish = Some(held.lease.renewed());
            }
            State::Holding(_) => {
                let by = lease.holder().unwrap_or("nobody");
                self.trouble = Some(format!("the Lease is held by {by} now"));
                self.state = State::Lost;
            }
            // An answer that never came was a yes.
            State::Seeking { .. } if is_mine => self.wish = Some(lease.renewed()),
            State::Seeking { seen } => {
                let Some(by) = lease.holder() else { return self.take(&lease) };
                self.trouble = Some(format!("the Lease is held by {by}"));
                let silence = lease.duration().unwrap_or(Span(0)).max(self.terms.duration);
                let version = lease.version();
                match seen {
                    Some((known, since)) if known == version => {
                        if now - *since >= silence {
                            self.take(&lease);
                        }
                    }
                    _ => *seen = Some((version.to_owned(), now)),
                }
            }
        }
    }

    fn take(&mut self, lease: &Lease) {
        let last = lease.transitions().max(self.floor);
        if last >= TOKEN_MAX {
            self.trouble = Some(format!(
                "the Lease changed hands {last} times: order numbers hold no more; make it anew \
                 under another name"
            ));
            return;
        }
        self.wish = Some(lease.taken(&self.me, last + 1, self.terms.duration));
    }

    /// The API server wrote what we asked for: ours, counted from when we asked.
    fn hold(&mut self, lease: Lease, sent: Stamp) {
        if matches!(self.state, State::Lost) {
            return;
        }
        let (token, until) = (lease.transitions(), sent + self.terms.hold);
        self.state = State::Holding(Held { lease, token, until });
        self.trouble = None;
        self.due = sent + self.terms.renew_every;
    }
}

#[cfg(test)]
mod tests;
