//! What the engine says about itself while it runs, and where its times come from.
//!
//! Every pinned thread owns a block of a shared-memory page: counters, gauges, histograms, the time
//! charged to each regime, a heartbeat. A write is a plain load and store of the thread's own cache
//! line. Whoever wants to know - the sidecar, another process, someone after a SIGKILL - maps the
//! file and reads; the page describes itself, so the reader need not be of the same build.
//!
//! Each metric is declared once, in the table of [`counter`] or [`hist`]; the page's description, the
//! Prometheus text, `funding-arb stats` and METRICS.md come from there.
//!
//! Floor 1.

pub mod alloc;
pub mod clock;
pub mod counter;
pub mod docs;
pub mod hist;
mod layout;
pub mod metric;
pub mod notice;
pub mod page;
pub mod reader;
pub mod regime;
mod schema;
mod seqlock;
mod stats;
mod sync;

pub use clock::{ClockSource, HostClock};
pub use counter::Counter;
pub use hist::{Buckets, Hist};
pub use metric::{Metric, MetricKind};
pub use notice::{Level, Notice, NoticeCode, NoticeReceiver, NoticeSender, notices};
pub use page::{Page, PageError, RingGauge, Writer};
pub use reader::{PageReader, RingView, Snapshot, StageView};
pub use regime::Regime;
pub use schema::{Row, Schema};
