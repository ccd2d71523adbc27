//! How the Lease stands, published and told.

use super::{Said, Shared};
use base::{Clock as _, Span};
use lease::{Status, Watch};
use telemetry::Level;

/// What was last seen of it.
pub(super) struct Tenancy {
    watch: Watch,
    seen: Status,
}

impl Tenancy {
    pub(super) fn new(watch: Watch) -> Self {
        Self { watch, seen: Status::default() }
    }

    /// Looks, publishes, and gives back what is news.
    pub(super) fn look(&mut self, shared: &Shared) -> Option<Said> {
        let (status, own) = (self.watch.status(), &shared.own);
        let margin = self.watch.margin(shared.clock.now());
        own.lease_margin.with_label_values::<&str>(&[]).set(seconds(margin));
        own.lease_token.with_label_values::<&str>(&[]).set(status.token.unwrap_or(0).into());
        let requests = |outcome| own.lease_requests.with_label_values(&[outcome]);
        requests("done").inc_by(status.renewals - self.seen.renewals);
        requests("failed").inc_by(status.failures - self.seen.failures);
        let why = || status.trouble.clone().unwrap_or_else(|| "it is not renewed".to_owned());
        let shut = (margin == Span(0)).then(|| format!("nothing may be sent: {}", why()));
        let shut_now = shut.clone();
        let news = shared.fault("lease", shut);
        let said = match (news, shut_now, &status.trouble) {
            (true, Some(text), _) => Some((Level::Error, text)),
            (true, None, _) => Some((Level::Info, "orders may be sent again".to_owned())),
            (false, _, Some(trouble)) if status.trouble != self.seen.trouble => {
                Some((Level::Warn, trouble.clone()))
            }
            _ => None,
        };
        self.seen = status;
        said.map(|(level, text)| Said { level, code: "lease", text })
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e9
}
