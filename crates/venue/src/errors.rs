//! What a venue's refusal means for the order it is about.
//!
//! The one question that matters: is it **proved** that the request had no effect? A time-out, an
//! internal error, or a code nobody wrote down prove nothing; they are [`Outcome::Unknown`], and the
//! order is asked about. Codes decide; words decide only where a venue uses one code for many things.

mod binance;
mod bybit;
mod okx;

use base::VenueId;
use base::input::RejectClass;

/// What is known about the refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Not refused at all: the venue's code for success.
    Done,
    /// It had no effect.
    Rejected,
    /// It may have had its effect, now or later. Ask.
    Unknown,
    /// The order it names is not there: filled, cancelled, or never made. No proof of which.
    NotFound,
    /// Its client id was used before: an order of that name exists or existed. Ask, never send again.
    Duplicate,
    /// It had no effect: too many requests. Wait as the venue says.
    RateLimited,
    /// It had no effect: key, signature, permission, or a session that must log in again.
    Auth,
    /// It had no effect: its time stamp was outside the venue's window. Measure the clock again.
    Clock,
    /// It had no effect because all is already so (position mode, leverage).
    NoChange,
}

/// A refusal, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// What is known about the request.
    pub outcome: Outcome,
    /// Why, in the words all venues share.
    pub class: RejectClass,
}

impl Verdict {
    pub(crate) const fn new(outcome: Outcome, class: RejectClass) -> Self {
        Self { outcome, class }
    }

    const UNKNOWN: Self = Self::new(Outcome::Unknown, RejectClass::Unavailable);

    /// Whether a refused **new order** certainly does not exist.
    #[must_use]
    pub const fn proves_absence(self) -> bool {
        matches!(
            self.outcome,
            Outcome::Rejected | Outcome::RateLimited | Outcome::Auth | Outcome::Clock
        )
    }
}

/// Reads a venue's error code: the `code` of Binance, `code` or (where there is one) `sCode` of OKX,
/// `retCode` of Bybit. `message` is the venue's text, possibly empty.
#[must_use]
pub fn classify(venue: VenueId, code: i64, message: &[u8]) -> Verdict {
    match venue {
        VenueId::BinanceSpot => binance::spot(code, message),
        VenueId::BinanceUsdm => binance::usdm(code, message),
        VenueId::Okx => okx::classify(code),
        VenueId::Bybit => bybit::classify(code, message),
    }
}

/// Reads an HTTP status (REST, and the `status` of Binance's WS API) that came without a code in its
/// body.
#[must_use]
pub fn classify_status(venue: VenueId, status: u16) -> Verdict {
    match (venue, status) {
        (_, 200..=299) => Verdict::new(Outcome::Done, RejectClass::Other),
        (_, 429 | 418) => Verdict::new(Outcome::RateLimited, RejectClass::RateLimit),
        // Binance's firewall and Bybit's address limit.
        (_, 403) => Verdict::new(Outcome::RateLimited, RejectClass::RateLimit),
        (_, 401) => Verdict::new(Outcome::Auth, RejectClass::Auth),
        (_, 400 | 404 | 405 | 409..=417) => Verdict::new(Outcome::Rejected, RejectClass::Other),
        _ => Verdict::UNKNOWN,
    }
}

/// One line of a venue's table: codes that mean the same.
type Row = (&'static [i64], Outcome, RejectClass);

fn look_up(table: &[Row], code: i64) -> Option<Verdict> {
    let row = table.iter().find(|(codes, ..)| codes.contains(&code))?;
    Some(Verdict::new(row.1, row.2))
}

/// Whether `message` holds `words`, whatever their case.
fn says(message: &[u8], words: &str) -> bool {
    let words = words.as_bytes();
    message.windows(words.len().max(1)).any(|part| part.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests;
