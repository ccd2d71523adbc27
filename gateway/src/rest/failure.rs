//! What is known after a call that did not go well.

use base::VenueId;
use base::input::RejectClass;
use net::{HttpError, HttpResponse};
use venue::errors::{Outcome, Verdict, classify, classify_status};

use super::Failure;

impl Failure {
    /// Of a call that got no answer.
    pub(super) fn lost(error: &HttpError) -> Self {
        let outcome = match error {
            HttpError::NotSent(_) => Outcome::Rejected,
            HttpError::Unknown(_) => Outcome::Unknown,
        };
        Self { outcome, class: RejectClass::Unavailable, status: 0, code: 0, retry_after_ms: 0 }
    }

    /// Of a request that was not even tried.
    pub(super) const fn unsent(class: RejectClass) -> Self {
        Self { outcome: Outcome::Rejected, class, status: 0, code: 0, retry_after_ms: 0 }
    }

    /// Of an answer that could not be read.
    pub(super) const fn unreadable() -> Self {
        Self {
            outcome: Outcome::Unknown,
            class: RejectClass::Other,
            status: 0,
            code: 0,
            retry_after_ms: 0,
        }
    }

    fn of(verdict: Verdict, code: i64, response: &HttpResponse) -> Self {
        let seconds: Option<u32> =
            response.header("retry-after").and_then(|text| text.parse().ok());
        Self {
            outcome: verdict.outcome,
            class: verdict.class,
            status: response.status,
            code,
            retry_after_ms: seconds.unwrap_or(0).saturating_mul(1_000),
        }
    }

    /// Of a refusal: by the venue's code where it gave one, else by the status.
    pub(super) fn refused(
        venue: VenueId,
        code: i64,
        message: &[u8],
        response: &HttpResponse,
    ) -> Self {
        if response.status >= 500 {
            return Self::of(classify_status(venue, response.status), code, response);
        }
        let by_status = matches!(response.status, 429 | 418) || code == 0;
        if by_status && response.status < 300 {
            return Self::unreadable();
        }
        if by_status {
            let code = if code == 0 { i64::from(response.status) } else { code };
            return Self::of(classify_status(venue, response.status), code, response);
        }
        Self::of(classify(venue, code, message), code, response)
    }
}
