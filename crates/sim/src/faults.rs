//! Faults of a scenario: what goes wrong, where, when and how often, all from the seed.
//!
//! The exchange itself asks for refusals and short fills. A protocol asks at these points:
//!
//! | point                                   | call                     | what it then does |
//! |-----------------------------------------|--------------------------|-------------------|
//! | an order or cancel arrived              | [`Faults::ack`]          | delays or loses the answer, or answers "outcome unknown" |
//! | any REST or WS-API request arrived      | [`Faults::request`]      | answers 429/418/503 in its own words |
//! | about to push one book message          | [`Faults::skips_book`]   | swallows it: a sequence gap |
//! | about to push market data               | [`Faults::is_silent`]    | pushes nothing |
//! | on each tick                            | [`Faults::due`]          | drops connections, expires listen keys, announces a shutdown |

use base::{VenueId, WallNs};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::Deserialize;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A sound order is refused.
    Reject,
    /// Only a part of what an order could take is filled at once; the rest rests or is cancelled.
    PartialFill,
    /// The answer to an order or cancel comes `delay_ms` late.
    DelayedAck,
    /// The answer to an order or cancel never comes; it was carried out.
    LostAckLive,
    /// The answer to an order or cancel never comes; it was not carried out.
    LostAckDead,
    /// The answer says that the outcome is unknown; it was carried out.
    UnknownLive,
    /// The answer says that the outcome is unknown; it was not carried out.
    UnknownDead,
    /// Market data connections break.
    DropPublic,
    /// Account and order connections break.
    DropPrivate,
    /// One book message is left out.
    SequenceGap,
    /// Market data of an instrument stops for `delay_ms`; the connection stays up.
    SilentChannel,
    /// Requests are answered "too many requests".
    TooManyRequests,
    /// Requests are answered "banned".
    Banned,
    /// REST requests are answered 503.
    Unavailable,
    /// Listen keys expire (Binance).
    ListenKeyExpiry,
    /// The venue announces a restart and closes its connections `delay_ms` later.
    Shutdown,
    /// One open order is cancelled by the venue on its own.
    SilentCancel,
}

/// One line of a scenario's `faults`.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What.
    pub kind: FaultKind,
    /// Only there.
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// Only on the instrument of that unified name.
    #[serde(default)]
    pub instrument: Option<String>,
    /// Not before this scenario second.
    #[serde(default)]
    pub from_s: u64,
    /// Not from this scenario second on.
    #[serde(default)]
    pub until_s: Option<u64>,
    /// Chance each time it could happen, in percent.
    #[serde(default = "always")]
    pub percent: u32,
    /// For what happens by time and not by request: seconds between two.
    #[serde(default)]
    pub every_s: Option<u64>,
    /// Not more often than this.
    #[serde(default)]
    pub times: Option<u32>,
    /// Length of a delay or a silence, scenario milliseconds.
    #[serde(default = "second")]
    pub delay_ms: u64,
}

const fn always() -> u32 {
    100
}

const fn second() -> u64 {
    1_000
}

/// What happens to the answer of an order, amendment or cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckFault {
    /// Carry it out; answer that many scenario nanoseconds later.
    Delay(i64),
    /// Never answer; carry it out when `executed`.
    Lost {
        /// Whether it is carried out.
        executed: bool,
    },
    /// Answer that the outcome is unknown; carry it out when `executed`.
    Unknown {
        /// Whether it is carried out.
        executed: bool,
    },
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// Rate limited (429, 50011, 10006).
    TooMany,
    /// Banned (418, 403).
    Banned,
    /// 503 without having done anything.
    Unavailable,
}

/// What happens by itself at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Break all market data connections.
    DropPublic,
    /// Break all account and order connections.
    DropPrivate,
    /// Expire every listen key.
    ListenKeyExpiry,
    /// Announce a restart; close at that time.
    Shutdown(WallNs),
    /// Cancel one open order.
    SilentCancel,
}

#[derive(Clone, Debug)]
struct Armed {
    rule: FaultRule,
    left: u32,
    next_at: i64,
}

/// The faults of one venue, ready to be asked.
#[derive(Clone, Debug)]
pub struct Faults {
    venue: VenueId,
    start: WallNs,
    armed: Vec<Armed>,
    silent_until: Vec<(Option<String>, i64)>,
    rng: ChaCha8Rng,
    injected: u64,
}

impl Faults {
    /// The rules that concern `venue`, from a run's start and seed.
    #[must_use]
    pub fn new(venue: VenueId, rules: &[FaultRule], start: WallNs, seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed ^ 0xfa_0175 ^ ((venue.index() as u64) << 56));
        let mut faults =
            Self { venue, start, armed: Vec::new(), silent_until: Vec::new(), rng, injected: 0 };
        for rule in rules {
            faults.inject(rule.clone());
        }
        faults
    }

    /// Adds a rule while running; its seconds count from the start of the scenario.
    pub fn inject(&mut self, rule: FaultRule) {
        if rule.venue.is_some_and(|venue| venue != self.venue) {
            return;
        }
        let next_at = self.start.0 + seconds(rule.from_s);
        self.armed.push(Armed { left: rule.times.unwrap_or(u32::MAX), next_at, rule });
    }

    /// How many faults have happened.
    #[must_use]
    pub fn injected(&self) -> u64 {
        self.injected
    }

    /// Whether this order is refused.
    pub fn rejects(&mut self, now: WallNs, instrument: &str) -> bool {
        self.roll(now, instrument, &[FaultKind::Reject]).is_some()
    }

    /// Whether this order is filled in part only.
    pub fn fills_short(&mut self, now: WallNs, instrument: &str) -> bool {
        self.roll(now, instrument, &[FaultKind::PartialFill]).is_some()
    }

    /// What happens to the answer of an order, amendment or cancel of `instrument`.
    pub fn ack(&mut self, now: WallNs, instrument: &str) -> Option<AckFault> {
        use FaultKind::{DelayedAck, LostAckDead, LostAckLive, UnknownDead, UnknownLive};
        let kinds = [DelayedAck, LostAckLive, LostAckDead, UnknownLive, UnknownDead];
        let rule = self.roll(now, instrument, &kinds)?;
        Some(match rule.kind {
            DelayedAck => AckFault::Delay(millis(rule.delay_ms)),
            LostAckLive => AckFault::Lost { executed: true },
            LostAckDead => AckFault::Lost { executed: false },
            UnknownLive => AckFault::Unknown { executed: true },
            _ => AckFault::Unknown { executed: false },
        })
    }

    /// What happens to a request, whatever it asks.
    pub fn request(&mut self, now: WallNs) -> Option<RequestFault> {
        use FaultKind::{Banned, TooManyRequests, Unavailable};
        let rule = self.roll(now, "", &[TooManyRequests, Banned, Unavailable])?;
        Some(match rule.kind {
            TooManyRequests => RequestFault::TooMany,
            Banned => RequestFault::Banned,
            _ => RequestFault::Unavailable,
        })
    }

    /// Whether the book message about to be pushed is left out.
    pub fn skips_book(&mut self, now: WallNs, instrument: &str) -> bool {
        self.timed(now, instrument, FaultKind::SequenceGap).is_some()
    }

    /// Whether market data of `instrument` is silent now.
    pub fn is_silent(&mut self, now: WallNs, instrument: &str) -> bool {
        if let Some(rule) = self.timed(now, instrument, FaultKind::SilentChannel) {
            self.silent_until.push((rule.instrument, now.0 + millis(rule.delay_ms)));
        }
        self.silent_until.retain(|(_, until)| *until > now.0);
        self.silent_until.iter().any(|(name, _)| name.as_deref().is_none_or(|n| n == instrument))
    }

    /// What happens by itself now; call until `None` on each tick.
    pub fn due(&mut self, now: WallNs) -> Option<Due> {
        use FaultKind::{DropPrivate, DropPublic, ListenKeyExpiry, Shutdown, SilentCancel};
        let kinds = [DropPublic, DropPrivate, ListenKeyExpiry, Shutdown, SilentCancel];
        let rule = kinds.into_iter().find_map(|kind| self.timed(now, "", kind))?;
        Some(match rule.kind {
            DropPublic => Due::DropPublic,
            DropPrivate => Due::DropPrivate,
            ListenKeyExpiry => Due::ListenKeyExpiry,
            SilentCancel => Due::SilentCancel,
            _ => Due::Shutdown(WallNs(now.0 + millis(rule.delay_ms))),
        })
    }

    /// The first rule of those kinds that strikes now.
    fn roll(&mut self, now: WallNs, instrument: &str, kinds: &[FaultKind]) -> Option<FaultRule> {
        let start = self.start;
        for armed in &mut self.armed {
            if !kinds.contains(&armed.rule.kind) || !armed.is_live(start, now, instrument) {
                continue;
            }
            if self.rng.next_u32() % 100 < armed.rule.percent {
                armed.left -= 1;
                self.injected += 1;
                return Some(armed.rule.clone());
            }
        }
        None
    }

    /// The first rule of that kind whose time has come; its next time is set.
    fn timed(&mut self, now: WallNs, instrument: &str, kind: FaultKind) -> Option<FaultRule> {
        let start = self.start;
        for armed in &mut self.armed {
            let due = armed.rule.kind == kind && now.0 >= armed.next_at;
            if !due || !armed.is_live(start, now, instrument) {
                continue;
            }
            let every = armed.rule.every_s.map_or(i64::MAX / 2, seconds);
            armed.next_at = now.0.saturating_add(every);
            if self.rng.next_u32() % 100 < armed.rule.percent {
                armed.left -= 1;
                self.injected += 1;
                return Some(armed.rule.clone());
            }
        }
        None
    }
}

impl Armed {
    fn is_live(&self, start: WallNs, now: WallNs, instrument: &str) -> bool {
        let since = now.0 - start.0;
        let named = self.rule.instrument.as_deref();
        self.left > 0
            && since >= seconds(self.rule.from_s)
            && self.rule.until_s.is_none_or(|until| since < seconds(until))
            && (instrument.is_empty() || named.is_none_or(|name| name == instrument))
    }
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 4_000_000_000).saturating_mul(1_000_000_000)
}

fn millis(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 4_000_000).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests;
