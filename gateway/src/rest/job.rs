//! What is asked of the errand thread and what it answers.

use base::input::{Input, RejectClass};
use base::output::Place;
use base::{InstrumentId, OrderId, Rate, Stamp, VenueId, WallNs};
use net::HttpResponse;
use venue::{Outcome, Spend};

use crate::decode::{Allowance, OrderNews, Skipped};

/// Longest listen key.
pub const LISTEN_KEY_MAX: usize = 128;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Whether the account is set up so that it can be traded.
    Account,
    /// What it pays.
    Fees,
    /// Send this order, unless it is later than that.
    Place {
        /// The order.
        place: Place,
        /// The number of the request.
        request: u64,
        /// After this it is not sent any more.
        until: Stamp,
    },
    /// List every open order.
    OpenOrders,
    /// List every position.
    Positions,
    /// List every balance.
    Balances,
    /// List the fills of one instrument (all of them with `ALL`, where the venue can) since then.
    Fills {
        /// Of what.
        instrument: InstrumentId,
        /// From when on, venue time.
        since: WallNs,
    },
    /// List the funding payments since then.
    Funding {
        /// From when on, venue time.
        since: WallNs,
    },
    /// What became of this order.
    Query {
        /// Of what.
        instrument: InstrumentId,
        /// Which.
        order: OrderId,
    },
    /// Cancel this order.
    Cancel {
        /// Of what.
        instrument: InstrumentId,
        /// Which.
        order: OrderId,
    },
    /// Cancel everything of this instrument.
    CancelAll {
        /// Of what.
        instrument: InstrumentId,
    },
    /// Make a listen key, or learn the one there is.
    ListenKey,
    /// Prolong the listen key.
    KeepListenKey,
    /// Have the venue cancel everything unless this is done again in time; 0 switches it off.
    DeadMan {
        /// Of what, where it is per instrument.
        instrument: InstrumentId,
        /// After this many milliseconds.
        after_ms: u32,
    },
}

/// A task with what its request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// What.
    pub task: Task,
    /// The reconciliation it belongs to; 0 for none.
    pub tag: u32,
    /// How many calls of it were made before.
    pub step: u32,
    /// Venue wall time minus this machine's.
    pub offset_ns: i64,
}

impl Task {
    /// Whether it does something to an order, and does not only ask.
    #[must_use]
    pub const fn changes_orders(self) -> bool {
        matches!(
            self,
            Self::Place { .. }
                | Self::Cancel { .. }
                | Self::CancelAll { .. }
                | Self::DeadMan { .. }
        )
    }

    /// What its first call counts as, and of what.
    #[must_use]
    pub fn spend(self, venue: VenueId) -> (Spend, InstrumentId) {
        let all = InstrumentId::ALL;
        let usdm = venue == VenueId::BinanceUsdm;
        match self {
            Self::Account if usdm => (Spend::Read(30), all),
            Self::Fees if matches!(venue, VenueId::BinanceSpot | VenueId::BinanceUsdm) => {
                (Spend::Read(20), all)
            }
            Self::Account | Self::Fees | Self::Positions | Self::Balances => (Spend::Account, all),
            Self::Place { place, .. } if place.reduce_only => (Spend::Exit, place.instrument),
            Self::Place { place, .. } => (Spend::Place, place.instrument),
            Self::OpenOrders => (Spend::OpenOrders, all),
            Self::Fills { instrument, .. } => (Spend::Trades, instrument),
            Self::Funding { .. } if usdm => (Spend::Read(30), all),
            Self::Funding { .. } if venue == VenueId::Bybit => (Spend::Trades, all),
            Self::Funding { .. } => (Spend::Funding, all),
            Self::Query { instrument, .. } => (Spend::Query, instrument),
            Self::Cancel { instrument, .. } => (Spend::Cancel, instrument),
            // There the orders are listed first, then cancelled in batches.
            Self::CancelAll { .. } if venue == VenueId::Okx => (Spend::OpenOrders, all),
            Self::CancelAll { instrument } => (Spend::CancelAll, instrument),
            Self::ListenKey | Self::KeepListenKey => (Spend::Session, all),
            Self::DeadMan { instrument, .. } => (Spend::DeadMan, instrument),
        }
    }
}

/// One thing a job gave. Every job ends in one `Done`, `More`, `Failed`, or `ListenKey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The job.
    pub job: Job,
    /// What it gave.
    pub news: News,
}

/// What a job gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// An open order, position, balance, fill, fee or payment.
    Item(Input),
    /// Where an order of ours is in its life.
    Order(OrderNews),
    /// The venue took the order.
    Placed {
        /// Its number there.
        venue_order: u64,
        /// When, venue time.
        venue_time: WallNs,
    },
    /// An entry was left out.
    Skipped(Skipped),
    /// The account cannot be traded as it is set up.
    Unfit(Unfit),
    /// What an instrument's trades really cost.
    Fees {
        /// Of what.
        instrument: InstrumentId,
        /// Of what rests.
        maker: Rate,
        /// Of what takes.
        taker: Rate,
    },
    /// How much of its limits the venue says is used.
    Counted(Counted),
    /// There is more to do: another call, which counts as this.
    More(Spend),
    /// The venue took it, and that was all of it.
    Done,
    /// The venue refused it, or nobody knows.
    Failed(Failure),
    /// The listen key.
    ListenKey(ListenKey),
}

/// Why an account cannot be traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It holds long and short positions of one instrument side by side.
    Hedged,
    /// Its level has no cross-margined perpetuals; the venue's number for it.
    Level(i64),
    /// The key may not trade.
    NoTrading,
}

/// What an answer's headers say of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counted {
    /// Binance: weight in this minute.
    pub weight_1m: Option<u32>,
    /// Binance: orders in these ten seconds.
    pub orders_10s: Option<u32>,
    /// Binance USD-M: orders in this minute.
    pub orders_1m: Option<u32>,
    /// Binance spot: orders in this day.
    pub orders_1d: Option<u32>,
    /// Bybit: of requests of this kind.
    pub allowance: Option<Allowance>,
}

impl Counted {
    pub(super) fn of(response: &HttpResponse) -> Self {
        let number = |name| response.header(name).and_then(|text| text.trim().parse().ok());
        let allowance = number("x-bapi-limit").zip(number("x-bapi-limit-status"));
        Self {
            weight_1m: number("x-mbx-used-weight-1m"),
            orders_10s: number("x-mbx-order-count-10s"),
            orders_1m: number("x-mbx-order-count-1m"),
            orders_1d: number("x-mbx-order-count-1d"),
            allowance: allowance.map(|(limit, left)| Allowance { limit, left }),
        }
    }
}

/// Why a job failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is known of it.
    pub outcome: Outcome,
    /// Why.
    pub class: RejectClass,
    /// The HTTP status; 0 when there was no response.
    pub status: u16,
    /// The venue's code, else the HTTP status, else 0.
    pub code: i64,
    /// How long the venue wants to be left alone; 0 when it did not say.
    pub retry_after_ms: u32,
}

/// A listen key as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ListenKey {
    text: [u8; LISTEN_KEY_MAX],
    length: u8,
}

impl ListenKey {
    /// The key of that text; `None` when it is empty, too long, or nothing for a URL.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        let mut text = [0; LISTEN_KEY_MAX];
        text.get_mut(..key.len())?.copy_from_slice(key);
        let length = u8::try_from(key.len()).ok().filter(|length| *length > 0)?;
        key.iter().all(u8::is_ascii_alphanumeric).then_some(Self { text, length })
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }
}

impl core::fmt::Debug for ListenKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ListenKey([redacted])")
    }
}
