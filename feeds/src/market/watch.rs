//! The watchdog: a channel is judged by its data, not by pings or acknowledgements.

use super::{Market, Pulse, Standing};
use crate::options::Silence;
use crate::plan::Channel;
use base::input::BookHealth;
use base::{Span, Stamp, VenueId};

/// Subscriptions looked at in one call: the cost of a call does not grow with their number.
const LOOKS: usize = 32;
/// What is wrong for this long without having been lost is not the market's mood.
const WRONG_FOR: Span = Span::from_secs(5);
/// A channel that was acknowledged must bring its first data within this, where it has no shorter limit.
const FIRST_WITHIN: Span = Span::from_secs(10);

/// A channel that was well for this long since the watchdog acted is cured.
const CURED_AFTER: Span = Span::from_secs(30);

/// What to do about a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cure {
    /// Leave and join it again.
    Resubscribe(usize),
    /// That did not help: its connection is opened afresh.
    Reopen(usize),
}

impl Market {
    /// Looks at the next few subscriptions; the first that is silent too long is to be cured.
    pub(crate) fn watch(&mut self, now: Stamp) -> Option<Cure> {
        for _ in 0..LOOKS.min(self.subs.len()) {
            let at = self.looked_at;
            self.looked_at = if at + 1 < self.subs.len() { at + 1 } else { 0 };
            if let Some(why) = self.wrong(at, now) {
                return self.cure(at, why, now);
            }
            if let Some(pulse) = self.pulses.get_mut(at)
                && pulse.standing == Standing::Live
                && now - pulse.cured >= CURED_AFTER
            {
                pulse.tries = 0;
            }
        }
        None
    }

    /// What is wrong with a subscription.
    fn wrong(&self, at: usize, now: Stamp) -> Option<BookHealth> {
        let sub = self.subs.get(at)?;
        let pulse = self.pulses.get(at)?;
        let limit = self.limit(self.venue_of(at)?, sub.channel);
        let quiet = now - pulse.last;
        match pulse.standing {
            Standing::Idle => None,
            _ if limit.0 == 0 => None,
            Standing::Asked if quiet >= Span(limit.0.max(FIRST_WITHIN.0)) => {
                Some(BookHealth::Silent)
            }
            Standing::Live if quiet >= limit => Some(BookHealth::Silent),
            Standing::Live if sub.channel == Channel::Best => {
                let tracked = self.tracked.get(sub.row.index())?;
                let (health, since) = tracked.best_trouble()?;
                (now - since >= WRONG_FOR && quiet < WRONG_FOR).then_some(health)
            }
            _ => None,
        }
    }

    fn venue_of(&self, at: usize) -> Option<VenueId> {
        self.sub_venues.get(at).copied()
    }

    /// Longest silence of a channel.
    fn limit(&self, venue: VenueId, channel: Channel) -> Span {
        let Some(Silence { best, book, mark, index, funding }) = self.silence.get(venue.index())
        else {
            return Span(0);
        };
        *match channel {
            Channel::Best => best,
            Channel::Book => book,
            Channel::Mark => mark,
            Channel::Index => index,
            Channel::Funding => funding,
            Channel::Trades => &Span(0),
        }
    }

    #[cold]
    #[inline(never)]
    fn cure(&mut self, at: usize, why: BookHealth, now: Stamp) -> Option<Cure> {
        if why == BookHealth::Silent {
            self.lose(at, why, now);
        }
        let pulse = self.pulses.get_mut(at)?;
        pulse.tries = pulse.tries.saturating_add(1);
        let first = pulse.tries == 1;
        *pulse = Pulse { standing: Standing::Asked, last: now, cured: now, ..*pulse };
        if let Some(tracked) = self.subs.get(at).and_then(|s| self.tracked.get_mut(s.row.index())) {
            tracked.note_trouble(now);
        }
        Some(if first { Cure::Resubscribe(at) } else { Cure::Reopen(at) })
    }
}
