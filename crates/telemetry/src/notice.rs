//! What a hot thread tells the log: a few numbers and a code, never text.
//!
//! The sidecar makes lines of them. The ring drops and counts when it is full: a thread never waits
//! for its log.

use base::{InstrumentId, Stamp, VenueId};
use core::fmt;
use rtrb::{Consumer, Producer, RingBuffer};

/// How much a person should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever hunts a fault.
    Debug,
    /// The normal course of things.
    Info,
    /// Something was lost or retried; the engine coped.
    Warn,
    /// A person should look.
    Error,
}

impl Level {
    /// Its name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Debug, Self::Info, Self::Warn, Self::Error].into_iter().find(|l| l.name() == name)
    }
}

macro_rules! notices {
    ($( $variant:ident : $level:ident $name:literal [$($field:literal),*] $message:literal; )+) => {
        /// What happened. One row each: level, name, what its numbers mean, and the sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum NoticeCode {
            $(
                #[doc = $message]
                $variant,
            )+
        }

        impl NoticeCode {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// How much a person should care.
            #[must_use]
            pub const fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)+ }
            }

            /// Its name in structured logs: stable.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What its numbers are, first to third; fewer than three when fewer are used.
            #[must_use]
            pub const fn fields(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($field),*],)+ }
            }

            /// The sentence, with the fields in braces.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }
        }
    };
}

#[rustfmt::skip]
notices! {
    // Threads.
    StageStarted:        Info  "stage-started"         []                         "stage runs";
    StageEnded:          Info  "stage-ended"           []                         "stage ended";
    StageSlow:           Warn  "stage-slow"            ["turn_ns"]                "a turn took {turn_ns} ns";
    HotAllocation:       Warn  "hot-allocation"        ["count"]                  "{count} allocations on a sealed thread";
    RingFull:            Warn  "ring-full"             ["ring", "lost"]           "ring {ring} is full, {lost} events lost so far";
    // Connections.
    ConnectionOpened:    Info  "connection-opened"     ["connection", "attempt"]  "connection {connection} opened, attempt {attempt}";
    ConnectionClosed:    Warn  "connection-closed"     ["connection", "reason"]   "connection {connection} closed, reason {reason}";
    ConnectionFailed:    Warn  "connection-failed"     ["connection", "attempt", "wait_ms"] "connection {connection} failed, attempt {attempt}, next in {wait_ms} ms";
    ConnectionRenewed:   Info  "connection-renewed"    ["connection"]             "connection {connection} was replaced before its end";
    // Feeds.
    Subscribed:          Debug "subscribed"            ["connection", "channels"] "connection {connection} subscribed to {channels} channels";
    SubscribeRefused:    Error "subscribe-refused"     ["connection", "code"]     "a subscription was refused with code {code}";
    BookLost:            Warn  "book-lost"             ["health", "expected", "got"] "book is unknown ({health}), expected {expected}, got {got}";
    BookKnown:           Info  "book-known"            ["resyncs"]                "book is known, resync {resyncs}";
    MessageRefused:      Warn  "message-refused"       ["reason", "bytes"]        "a message of {bytes} bytes was refused, reason {reason}";
    // Gateways.
    SessionUp:           Info  "session-up"            ["session"]                "order session stands";
    SessionDown:         Warn  "session-down"          ["session"]                "order session is gone";
    LoginRefused:        Error "login-refused"         ["code"]                   "login was refused with code {code}";
    KeyInUse:            Info  "key-in-use"            []                         "another API key is in use: every session that logs on has done so with it";
    KeyRefused:          Error "key-refused"           ["code"]                   "another API key was refused with code {code} (0: no answer in time, -1: the connection closed): the one before stays in use";
    OrdersBySlowWay:     Warn  "orders-by-slow-way"    []                         "orders go by REST until the order session stands again: nothing new is opened here";
    AccountHedged:       Error "account-hedged"        []                         "the account is in hedge mode and is not traded: switch its position mode to one-way (net)";
    AccountLevel:        Error "account-level"         ["level"]                  "the account's level {level} does not trade perpetuals on cross margin: switch it to a unified level (OKX: futures or multi-currency; Bybit: unified trading account)";
    AccountNoTrading:    Error "account-no-trading"    []                         "the API key may not trade: give it the right to, or use another key";
    AccountFit:          Info  "account-fit"           []                         "position mode, level and rights of the account are as they must be";
    FeesDiffer:          Warn  "fees-differ"           ["maker", "taker"]         "the account pays maker {maker} and taker {taker} (1e-12 of the notional), which is not what is configured";
    OrderSent:           Debug "order-sent"            ["order", "tick_to_order_ns"] "order {order} sent after {tick_to_order_ns} ns";
    OrderRejected:       Warn  "order-rejected"        ["order", "code", "class"] "order {order} was refused with code {code}, class {class}";
    OrderUnknown:        Warn  "order-unknown"         ["order"]                  "outcome of order {order} is unknown";
    CancelRejected:      Warn  "cancel-rejected"       ["order", "code", "class"] "cancel of order {order} was refused with code {code}, class {class}";
    Filled:              Info  "filled"                ["order", "price", "qty"]  "order {order} filled, {qty} at {price} (raw units)";
    RateLimited:         Error "rate-limited"          ["code", "wait_ms"]        "too many requests (code {code}), quiet for {wait_ms} ms";
    Reconciled:          Info  "reconciled"            ["orders", "positions"]    "reconciled: {orders} open orders, {positions} positions";
    ReconcileFailed:     Error "reconcile-failed"      ["code"]                   "reconciliation failed, code {code}";
    FundingPaid:         Info  "funding-paid"          []                         "funding settled";
    ClockOffset:         Debug "clock-offset"          ["offset_ns", "bound_ns"]  "clock offset {offset_ns} ns, within {bound_ns} ns";
    ClockUnsafe:         Error "clock-unsafe"          ["offset_ns", "bound_ns"]  "clock offset {offset_ns} ns is known only within {bound_ns} ns: no trading here";
    RequestFailed:       Warn  "request-failed"        ["request", "status"]      "request {request} failed with status {status}";
    // Strategy.
    PairChanged:         Info  "pair-changed"          ["pair", "phase", "reason"] "pair {pair} is in phase {phase}, reason {reason}";
    Alarm:               Error "alarm"                 ["alarm", "seen", "limit"] "alarm {alarm}: saw {seen}, allowed {limit}";
    GateRefused:         Debug "gate-refused"          ["gate"]                   "not opened: gate {gate}";
    Armed:               Info  "armed"                 []                         "armed: new pairs may be opened";
    Disarmed:            Info  "disarmed"              []                         "disarmed: no new pairs";
    Stopped:             Warn  "stopped"               []                         "stopped: everything that rests is cancelled";
    Killed:              Error "killed"                []                         "kill flag is set: nothing but cancels leaves";
    JournalFull:         Error "journal-full"          ["index"]                  "the journal has no room at record {index}: nothing new is done";
}

/// One event for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub stamp: Stamp,
    /// What.
    pub code: NoticeCode,
    /// Where, if anywhere.
    pub venue: Option<VenueId>,
    /// Of what, or `ALL`.
    pub instrument: InstrumentId,
    /// The fields of the code.
    pub numbers: [i64; 3],
}

impl Notice {
    /// All of it.
    #[must_use]
    pub const fn new(
        stamp: Stamp,
        code: NoticeCode,
        venue: Option<VenueId>,
        instrument: InstrumentId,
        numbers: [i64; 3],
    ) -> Self {
        Self { stamp, code, venue, instrument, numbers }
    }

    /// The sentence with its numbers. Allocates: for the sidecar.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.code.message().to_owned();
        for (field, number) in self.code.fields().iter().zip(self.numbers) {
            text = text.replace(&format!("{{{field}}}"), &number.to_string());
        }
        text
    }
}

/// Makes the ring a stage tells its notices through; depths round up to a power of two.
#[must_use]
pub fn notices(stage: &'static str, depth: usize) -> (NoticeSender, NoticeReceiver) {
    let (producer, consumer) = RingBuffer::new(depth.max(1).next_power_of_two());
    (NoticeSender { producer, dropped: 0 }, NoticeReceiver { stage, consumer })
}

/// The end a hot thread holds.
pub struct NoticeSender {
    producer: Producer<Notice>,
    dropped: u64,
}

impl NoticeSender {
    /// A sender nobody listens to: for tests and benches.
    #[must_use]
    pub fn detached() -> Self {
        notices("detached", 64).0
    }

    /// Tells the log. Dropped and counted when the ring is full.
    #[inline]
    pub fn tell(&mut self, notice: Notice) {
        if self.producer.push(notice).is_err() {
            self.dropped += 1;
        }
    }

    /// Notices that found the ring full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl fmt::Debug for NoticeSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeSender").field("dropped", &self.dropped).finish_non_exhaustive()
    }
}

/// The end the sidecar holds.
pub struct NoticeReceiver {
    stage: &'static str,
    consumer: Consumer<Notice>,
}

impl NoticeReceiver {
    /// Whose notices these are.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        self.stage
    }

    /// The oldest notice, if any.
    pub fn pop(&mut self) -> Option<Notice> {
        self.consumer.pop().ok()
    }
}

impl fmt::Debug for NoticeReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeReceiver").field("stage", &self.stage).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
