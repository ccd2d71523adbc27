//! Gates before anything new is sent, and the ladder of limits: warn, reduce, stop.
//!
//! A gate is a reason not to open a pair. Each has a number, a name, a counter and one test of its
//! name. Exits and hedges do not pass the gates that limit exposure: they reduce it.

use crate::pipe::{Pipe, Words, pipe_enum, pipe_fields};
use crate::plan::{ALERTS_MAX, Limit, Plan};
use base::numbers::{by_one, divide};
use base::{Money, Rate, Stamp, WallNs};

macro_rules! gates {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)+) => {
        /// Why a pair was not opened. Numbers are part of the journal's alarms: never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Gate {
            $($(#[$doc])* $name = $number,)+
        }

        impl Gate {
            /// All of them, in the order of their numbers, from 1.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in metrics and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

gates! {
    /// Not armed, or stopped.
    Disarmed = 1, "disarmed";
    /// Some used venue's account was not read since its session stands.
    NotReconciled = 2, "not_reconciled";
    /// Some used venue's order session or user stream is down.
    SessionDown = 3, "session_down";
    /// A leg's venue has no budget for new orders.
    BudgetSpent = 4, "budget_spent";
    /// A leg's venue clock is not known well enough.
    ClockUnknown = 5, "clock_unknown";
    /// A leg's book is not known.
    BookUnknown = 6, "book_unknown";
    /// Nothing was heard of a leg's book for too long.
    BookStale = 7, "book_stale";
    /// The venue made a leg's book too long ago, or in the future.
    VenueStale = 8, "venue_stale";
    /// A perpetual's funding, interval or next settlement is not known.
    FundingUnknown = 9, "funding_unknown";
    /// A side is not known to be deep enough for the size.
    DepthUnknown = 10, "depth_unknown";
    /// The spread is larger than any believed one.
    SpreadIncredible = 11, "spread_incredible";
    /// Below a leg's smallest size.
    QtyBelowMin = 12, "qty_below_min";
    /// Above a leg's largest size.
    QtyAboveMax = 13, "qty_above_max";
    /// Below a leg's smallest notional.
    NotionalBelowMin = 14, "notional_below_min";
    /// Above the notional allowed for one order.
    OrderNotional = 15, "order_notional";
    /// A limit price outside the collar around its own or the other leg's mid.
    PriceCollar = 16, "price_collar";
    /// As many pairs as allowed, over all strategies.
    OpenPairs = 17, "open_pairs";
    /// As many pairs as allowed for the strategy.
    StrategyPairs = 18, "strategy_pairs";
    /// The strategy opened as many pairs within a minute as allowed.
    OpenRate = 19, "open_rate";
    /// A base asset's position limit, worst case of open orders included.
    BasePosition = 20, "base_position";
    /// A base asset's share of equity.
    Concentration = 21, "concentration";
    /// An instrument's notional, worst case of open orders included.
    PositionSize = 22, "position_size";
    /// Notional of everything over equity.
    Leverage = 23, "leverage";
    /// A leg's venue has not said what may be spent.
    BalanceUnknown = 24, "balance_unknown";
    /// It is not enough.
    BalanceShort = 25, "balance_short";
    /// The loss of the day.
    DailyLoss = 26, "daily_loss";
    /// The loss since the highest equity.
    Drawdown = 27, "drawdown";
    /// A limit asked to reduce.
    Reducing = 28, "reducing";
    /// The leg would work against another pair's position in the same perpetual.
    Opposed = 29, "opposed";
    /// Ours and the venue's position of a leg differ.
    Disputed = 30, "disputed";
    /// Too many orders whose outcome is not known.
    UnknownOrders = 31, "unknown_orders";
    /// A table or the outputs of this step are full.
    TableFull = 32, "table_full";
    /// Some position, wherever it is, belongs to no pair: a risk nobody manages.
    Orphan = 33, "orphan";
}

const COUNT: usize = Gate::ALL.len();
const _: () = {
    let mut at = 0;
    // bound: the gates, while compiling
    while at < COUNT {
        assert!(Gate::ALL[at] as usize == at + 1);
        at += 1;
    }
};

/// Refusals of each gate.
#[derive(Clone, Debug)]
pub(crate) struct Refusals {
    counts: [u64; COUNT],
    told: [Stamp; COUNT],
}
pipe_fields!(Refusals { counts, told });

impl Default for Refusals {
    fn default() -> Self {
        Self { counts: [0; COUNT], told: [Stamp(0); COUNT] }
    }
}

impl Refusals {
    /// Counts one; says whether an alarm is due (at most one a second and gate).
    pub(crate) fn count(&mut self, gate: Gate, now: Stamp) -> bool {
        let at = gate as usize - 1;
        let (Some(count), Some(told)) = (self.counts.get_mut(at), self.told.get_mut(at)) else {
            return false;
        };
        *count += 1;
        let due = *count == 1 || (now - *told).0 >= 1_000_000_000;
        if due {
            *told = now;
        }
        due && gate != Gate::Disarmed
    }

    pub(crate) fn of(&self, gate: Gate) -> u64 {
        self.counts.get(gate as usize - 1).copied().unwrap_or(0)
    }

    pub(crate) fn restart(&mut self) {
        self.told = [Stamp(0); COUNT];
    }
}

/// What the core may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum Mode {
    /// No new pairs; hedges and exits go on.
    #[default]
    Disarmed = 0,
    /// New pairs too.
    Armed = 1,
    /// A limit was broken: as disarmed, until armed by hand.
    Halted = 2,
    /// No order of any kind.
    Stopped = 3,
    /// Every pair is being closed; nothing new.
    Flattening = 4,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] =
        [Self::Disarmed, Self::Armed, Self::Halted, Self::Stopped, Self::Flattening];
}
pipe_enum!(Mode);

/// Where the limits stand.
#[derive(Clone, Debug)]
pub(crate) struct Risk {
    pub(crate) mode: Mode,
    pub(crate) refusals: Refusals,
    /// Days since 1970 of the running day, and the result it began with.
    pub(crate) day: i64,
    pub(crate) day_began: Money,
    /// The highest equity so far.
    pub(crate) peak: Money,
    pub(crate) equity: Option<Money>,
    /// A limit asks to reduce.
    pub(crate) reducing: bool,
    /// Share of each limit used, at the last look.
    pub(crate) used: [Rate; Limit::ALL.len()],
    /// Which alerts have spoken and wait to fall below their threshold again.
    pub(crate) spoken: [bool; ALERTS_MAX],
    pub(crate) looked: Stamp,
    /// Pairs each strategy opened in its running minute.
    pub(crate) opens: Vec<(Stamp, u16)>,
}

impl Pipe for Risk {
    fn pipe(&mut self, words: &mut dyn Words) {
        self.mode.pipe(words);
        self.refusals.pipe(words);
        self.day.pipe(words);
        self.day_began.pipe(words);
        self.peak.pipe(words);
        self.equity.pipe(words);
        self.reducing.pipe(words);
        self.used.pipe(words);
        self.spoken.pipe(words);
        self.looked.pipe(words);
        for (since, count) in &mut self.opens {
            since.pipe(words);
            count.pipe(words);
        }
    }
}

/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;
/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;

impl Risk {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            mode: Mode::Disarmed,
            refusals: Refusals::default(),
            day: 0,
            day_began: Money::ZERO,
            peak: Money::ZERO,
            equity: None,
            reducing: false,
            used: [Rate::ZERO; Limit::ALL.len()],
            spoken: [false; ALERTS_MAX],
            looked: Stamp(0),
            opens: vec![(Stamp(0), 0); plan.strategies.len()],
        }
    }

    /// Whether hedges and exits may be sent.
    pub(crate) fn may_reduce(&self) -> bool {
        self.mode != Mode::Stopped
    }

    /// The UTC day of `wall` begins with the result `total`, if it is a new one.
    pub(crate) fn day(&mut self, wall: WallNs, total: Money) {
        let day = wall.0.div_euclid(DAY);
        if day != self.day {
            self.day = day;
            self.day_began = total;
        }
    }

    /// Pairs of `strategy` opened in the minute that runs at `now`.
    pub(crate) fn opens(&self, strategy: usize, now: Stamp) -> u16 {
        let running = |(since, _): &&(Stamp, u16)| (now - *since).0 < MINUTE;
        self.opens.get(strategy).filter(running).map_or(0, |(_, count)| *count)
    }

    pub(crate) fn note_open(&mut self, strategy: usize, now: Stamp) {
        let Some((since, count)) = self.opens.get_mut(strategy) else { return };
        if (now - *since).0 >= MINUTE || *count == 0 {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
    }

    pub(crate) fn used(&self, limit: Limit) -> Rate {
        self.used.get(limit as usize).copied().unwrap_or(Rate::ZERO)
    }

    pub(crate) fn use_of(&mut self, limit: Limit, share: Rate) {
        if let Some(used) = self.used.get_mut(limit as usize) {
            *used = share;
        }
    }

    /// What alert `at` asks for now: `Some` once each time its threshold is reached.
    pub(crate) fn speak(&mut self, at: usize, threshold: Rate, limit: Limit) -> bool {
        let share = self.used(limit);
        let Some(spoken) = self.spoken.get_mut(at) else { return false };
        if share < threshold {
            *spoken = false;
            return false;
        }
        !core::mem::replace(spoken, true)
    }

    /// Other limits count from here on: every alert may speak anew.
    pub(crate) fn adopt(&mut self) {
        self.spoken = [false; ALERTS_MAX];
    }

    /// A new start arms itself, but not what a limit or an operator had stopped.
    pub(crate) fn restart(&mut self) {
        if !matches!(self.mode, Mode::Halted | Mode::Flattening) {
            self.mode = Mode::Disarmed;
        }
        self.looked = Stamp(0);
        self.refusals.restart();
        for (since, count) in &mut self.opens {
            (*since, *count) = (Stamp(0), 0);
        }
    }
}

/// Bits that [`exceeds`] first leaves away: 2.8 x 10^-10 of the currency.
const COARSE: u32 = 48;

/// Whether [`share_of`] is above `limit`. Mostly decided by two multiplications; only what lies close to the
/// limit, or is too large, is divided.
#[inline]
pub(crate) fn exceeds(part: Money, whole: Money, limit: Rate) -> bool {
    if let (Ok(part @ 0..), Ok(whole @ 4_096..)) =
        (i64::try_from(part.0 >> COARSE), i64::try_from(whole.0 >> COARSE))
        && limit.0 > 0
    {
        // The part rounded up, the whole down, and the limit lower by more than what the exact ratio loses
        // where it leaves away the last twelve digits of both.
        let lower = i128::from(limit.0 - limit.0 / 1_024);
        let least = i128::from(whole) * lower;
        if (i128::from(part) + 1) * i128::from(Rate::ONE.0) <= least {
            return false;
        }
    }
    share_of(part, whole) > limit
}

/// `part` of `whole` as a ratio, saturating; a whole of nothing is used up by anything.
pub(crate) fn share_of(part: Money, whole: Money) -> Rate {
    if part.0 <= 0 {
        return Rate::ZERO;
    }
    if whole.0 <= 0 {
        return Rate(i64::MAX);
    }
    // Both lose the same low digits: 10^-12 of the currency is far below any limit.
    let (part, whole) = (by_one(part.0), by_one(whole.0).max(1));
    let scaled = part.checked_mul(i128::from(Rate::ONE.0));
    let ratio = scaled.and_then(|scaled| divide(scaled, whole));
    Rate(ratio.and_then(|ratio| i64::try_from(ratio).ok()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
