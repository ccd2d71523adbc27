//! What a stage's errands may ask of the venues, counted before they ask.
//!
//! Cold: the errand threads of one stage share it. The address's weight belongs to the gateway as well, so
//! feeds use at most half of every window, and none at all when the venue counts so much that only what is
//! kept for cancels is left.

use base::{InstrumentId, Instruments, Span, Stamp, VenueId};
use net::HttpResponse;
use std::sync::{Arc, Mutex, PoisonError};
use venue::catalog::RateLimit;
use venue::{Budget, Spend};

/// Shared by the errands of one stage.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<Mutex<[Account; VenueId::COUNT]>>);

/// One venue's windows.
#[derive(Debug)]
struct Account {
    /// As the venue counts them, whoever asked.
    whole: Budget,
    /// The half that is the feeds'.
    share: Budget,
}

impl Account {
    fn new(venue: VenueId, limits: &[RateLimit]) -> Self {
        let fresh = || Budget::new(venue, &Instruments::default(), None);
        let (mut whole, mut share) = (fresh(), fresh());
        for limit in limits {
            whole.observe(limit.meter, 0, limit.limit, Stamp(0));
        }
        for usage in whole.usage(Stamp(0)) {
            share.observe(usage.meter, 0, (usage.limit / 2).max(1), Stamp(0));
        }
        Self { whole, share }
    }
}

impl Allowance {
    /// `limits` are those a venue states itself, by [`VenueId::index`]; the documented ones hold elsewhere.
    pub(super) fn new(limits: &[Vec<RateLimit>; VenueId::COUNT]) -> Self {
        let account = |venue: VenueId| {
            let stated = limits.get(venue.index()).map_or(&[][..], Vec::as_slice);
            Account::new(venue, stated)
        };
        Self(Arc::new(Mutex::new(VenueId::ALL.map(account))))
    }

    fn with<R>(&self, venue: VenueId, act: impl FnOnce(&mut Account) -> R) -> Option<R> {
        // What another errand left behind when it panicked is counts: as good as any.
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.get_mut(venue.index()).map(act)
    }

    /// Counts a question, or says until when it must wait.
    pub(super) fn take(&self, venue: VenueId, spend: Spend, now: Stamp) -> Result<(), Stamp> {
        let take = |account: &mut Account| {
            account.whole.room(spend, InstrumentId::ALL, now)?;
            account.share.try_spend(spend, InstrumentId::ALL, now)?;
            account.whole.try_spend(spend, InstrumentId::ALL, now)
        };
        self.with(venue, take).unwrap_or(Ok(())).map_err(|held| held.until)
    }

    /// Learns from an answer: how much the venue has counted, and whether it wants to be left alone.
    pub(super) fn heard(&self, venue: VenueId, response: &HttpResponse, now: Stamp) {
        let number = |name| response.header(name).and_then(|text| text.trim().parse::<u32>().ok());
        let used = number("x-mbx-used-weight-1m");
        let wait = number("retry-after").map(|seconds| Span::from_secs(u64::from(seconds)));
        self.with(venue, |account| {
            if let Some(used) = used {
                account.whole.observe("weight-1m", used, 0, now);
            }
            account.whole.refused_status(response.status, wait, now);
        });
    }
}
