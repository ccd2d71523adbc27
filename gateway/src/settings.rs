//! Times and limits of one venue's order desk.

use base::{Span, WallNs};
use venue::catalog::RateLimit;

/// How long things may take and how often they are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a request may be on its way before the venue throws it away.
    pub recv_window_ms: u32,
    /// After this long without an answer an order's outcome is unknown.
    pub answer_timeout: Span,
    /// How long after an order was sent "not found" proves that it never will be.
    pub quiet: Span,
    /// How often the account is reconciled while orders are out.
    pub reconcile_every: Span,
    /// How often it is reconciled while none is out.
    pub reconcile_idle_every: Span,
    /// A reconciliation that takes longer has failed.
    pub reconcile_timeout: Span,
    /// Requests a minute that may leave, orders included, beside the venue's own rules; `None` leaves
    /// those alone.
    pub requests_a_minute: Option<u32>,
    /// What the venue says it allows; the documented limits hold for what it does not state.
    pub limits: Vec<RateLimit>,
    /// Whether the venue's minutes pass as fast as ours, so that its fixed windows can be followed; not in
    /// a scenario that runs faster.
    pub real_time: bool,
    /// The venue cancels everything when it does not hear from us for this long. `None`, the default,
    /// leaves the switch alone: not every venue has one, and Bybit gives it to institutions only.
    pub dead_man: Option<Span>,
    /// From when on fills are asked for at the first reconciliation: the time up to which the journal
    /// knows them. `NONE`: from this start on, what happened before is nobody's business.
    pub fills_since: WallNs,
    /// From when on funding payments are asked for; `NONE` as above.
    pub funding_since: WallNs,
    /// USD-M: the path before `/ws?listenKey=`.
    pub private_path: String,
    /// How often a listen key is prolonged.
    pub listen_key_every: Span,
    /// A connection older than this is replaced before the venue cuts it.
    pub connection_life: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            recv_window_ms: 5_000,
            answer_timeout: Span::from_secs(2),
            quiet: Span::from_secs(3),
            reconcile_every: Span::from_secs(5),
            reconcile_idle_every: Span::from_secs(30),
            reconcile_timeout: Span::from_secs(30),
            requests_a_minute: None,
            real_time: true,
            limits: Vec::new(),
            dead_man: None,
            fills_since: WallNs::NONE,
            funding_since: WallNs::NONE,
            private_path: "/private".to_owned(),
            listen_key_every: Span::from_secs(25 * 60),
            connection_life: Span::from_secs(23 * 3_600 + 30 * 60),
        }
    }
}
