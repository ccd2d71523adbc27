//! The order desk of one venue: its connections, its requests under way, what it knows of orders.
//!
//! It decides nothing about trading. It sends what the core intends, once; it says what became of it,
//! or that nobody knows; and it never lets silence pass for an answer.

use std::sync::Arc;

use base::input::SessionState;
use base::{Clock, Instance, InstrumentId, Instruments, OrderId, Span, Stamp, VenueId, WallNs};
use net::{Channel, ErrandHandle};
use rings::{Fence, Flag};
use telemetry::{Notice, NoticeCode, NoticeSender, Writer};
use venue::{Budget, Spend, credentials::Credentials};

use crate::markets::Markets;
use crate::orders::Orders;
use crate::outbox::Outbox;
use crate::recent::Recent;
use crate::requests::Requests;
use crate::rest::{Job, Reply};
use crate::settings::Settings;
use crate::wire::Wire;

mod account;
mod cancels;
mod care;
mod events;
mod fitness;
mod intents;
mod lines;
mod listen;
mod slow;
mod trial;

pub use trial::TRIAL;

use account::{RECHECKS_MAX, Recheck, Reconcile};
use cancels::Wanted;
use fitness::Fitness;
use lines::{Line, Role};
use listen::Listen;
use slow::WAITING_MAX;
use trial::Trial;

/// What a desk is made of.
#[derive(Debug)]
pub struct DeskParts<'i, L> {
    /// Which venue.
    pub venue: VenueId,
    /// All instruments of the run.
    pub instruments: &'i Instruments,
    /// Whose orders ours are.
    pub instance: Instance,
    /// The account.
    pub credentials: Arc<Credentials>,
    /// Times and limits.
    pub settings: Settings,
    /// Order entry; on Binance spot and OKX the account's events come here too.
    pub orders: L,
    /// The account's events, where they have a connection of their own: USD-M and Bybit.
    pub account: Option<L>,
    /// The thread that makes REST calls ([`crate::rest::Rest`]).
    pub errands: ErrandHandle<Job, Reply>,
}

/// Why a desk cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// A symbol too long for the codecs.
    #[error("the symbol of {0} is too long")]
    Symbol(String),
    /// Not the kind of key the venue takes, a key too long, or a missing passphrase.
    #[error("the API key of {0} is of a kind the venue does not take, or has no passphrase")]
    Credentials(VenueId),
    /// The account's events need a connection of their own there, or must not have one.
    #[error("{0} needs the connections it was given in another number")]
    Connections(VenueId),
}

/// One venue's order desk.
#[derive(Debug)]
pub(crate) struct Desk<L> {
    lines: [Option<Line<L>>; 2],
    wire: Wire,
    /// Another key, while it is tried.
    trial: Trial,
    markets: Markets,
    mind: Mind,
}

/// Everything a desk knows besides its connections and codecs.
#[derive(Debug)]
struct Mind {
    venue: VenueId,
    instance: Instance,
    settings: Settings,
    requests: Requests,
    open: Orders,
    recent: Recent,
    budget: Budget,
    errands: ErrandHandle<Job, Reply>,
    errands_out: u32,
    offset_ns: i64,
    /// The venue's time, renewed at each housekeeping.
    venue_ms: u64,
    orders_up: bool,
    account_up: bool,
    /// Until when, and for what, the budget refused a new order.
    budget_held: Option<(InstrumentId, Stamp)>,
    reported: Option<SessionState>,
    rechecks: Vec<Recheck>,
    reconcile: Reconcile,
    listen: Listen,
    dead_man_at: Stamp,
    /// Jobs that go on when the budget allows, and what their next call counts as.
    waiting: Vec<(Job, Spend)>,
    /// The last REST call was answered.
    rest_up: bool,
    fitness: Fitness,
    /// Instruments with orders or fills of ours since their fills were last listed.
    touched: Box<[bool]>,
    /// Those whose fills the reconciliation under way lists.
    listing: Box<[bool]>,
    /// Instruments of which everything was to be cancelled, until nothing of that is out.
    cancel_wanted: Box<[Wanted]>,
    /// Scratch: instruments with orders out.
    marked: Box<[bool]>,
    /// Everything is being cancelled and stays so: no new order leaves.
    winding: bool,
    sweep_at: Stamp,
    started: Stamp,
    refusal_told_at: Stamp,
    lost_seen: u64,
}

/// What a desk works with during one turn.
#[derive(Debug)]
pub(crate) struct Hands<'a> {
    pub(crate) out: &'a mut Outbox,
    pub(crate) page: &'a Writer,
    pub(crate) notices: &'a mut NoticeSender,
    pub(crate) kill: &'a Flag,
    pub(crate) fence: &'a Fence,
    /// Open while the core goes on.
    pub(crate) core: &'a Fence,
    pub(crate) now: Stamp,
}

impl Hands<'_> {
    fn tell(&mut self, venue: VenueId, code: NoticeCode, numbers: [i64; 3]) {
        self.tell_of(venue, InstrumentId::ALL, code, numbers);
    }

    fn tell_of(
        &mut self,
        venue: VenueId,
        instrument: InstrumentId,
        code: NoticeCode,
        numbers: [i64; 3],
    ) {
        self.notices.tell(Notice::new(self.now, code, Some(venue), instrument, numbers));
    }
}

/// An order number as a field of a notice.
const fn shown(order: OrderId) -> i64 {
    order.0.cast_signed()
}

impl<L: Channel> Desk<L> {
    /// A desk whose connections are not dialed yet.
    pub(crate) fn open<C: Clock>(parts: DeskParts<'_, L>, clock: &C) -> Result<Self, DeskError> {
        let venue = parts.venue;
        let wants_two = matches!(venue, VenueId::BinanceUsdm | VenueId::Bybit);
        if parts.account.is_some() != wants_two {
            return Err(DeskError::Connections(venue));
        }
        let settings = parts.settings;
        let markets = Markets::new(venue, parts.instruments).map_err(DeskError::Symbol)?;
        let wire = Wire::new(venue, parts.credentials, settings.recv_window_ms)
            .ok_or(DeskError::Credentials(venue))?;
        let role = Role { orders: true, account: !wants_two };
        let account =
            parts.account.map(|channel| Line::new(channel, Role { orders: false, account: true }));
        let (now, wall) = (clock.now(), clock.wall());
        let count = parts.instruments.list.len();
        let mut budget = Budget::new(venue, parts.instruments, settings.requests_a_minute);
        for limit in &settings.limits {
            budget.observe(limit.meter, 0, limit.limit, now);
        }
        Ok(Self {
            lines: [Some(Line::new(parts.orders, role)), account],
            wire,
            trial: Trial::default(),
            mind: Mind {
                venue,
                instance: parts.instance,
                requests: Requests::new(first_request(wall)),
                open: Orders::default(),
                recent: Recent::default(),
                budget,
                errands: parts.errands,
                errands_out: 0,
                offset_ns: 0,
                venue_ms: u64::try_from(wall.millis()).unwrap_or(0),
                orders_up: false,
                account_up: false,
                budget_held: None,
                reported: None,
                rechecks: Vec::with_capacity(RECHECKS_MAX),
                reconcile: Reconcile::new(&settings, wall),
                listen: Listen::default(),
                dead_man_at: Stamp(0),
                waiting: Vec::with_capacity(WAITING_MAX),
                rest_up: false,
                fitness: Fitness::new(parts.instruments),
                touched: vec![false; count].into_boxed_slice(),
                listing: vec![false; count].into_boxed_slice(),
                cancel_wanted: vec![Wanted::default(); count].into_boxed_slice(),
                marked: vec![false; count].into_boxed_slice(),
                winding: false,
                sweep_at: Stamp(0),
                started: now,
                refusal_told_at: Stamp(0),
                lost_seen: 0,
                settings,
            },
            markets,
        })
    }

    /// Which venue.
    pub(crate) fn venue(&self) -> VenueId {
        self.mind.venue
    }

    /// How far the venue's clock is ahead of this machine's.
    pub(crate) fn set_offset(&mut self, offset_ns: i64, wall: WallNs, now: Stamp) {
        self.mind.offset_ns = offset_ns;
        if self.mind.settings.real_time {
            self.mind.budget.align(WallNs(wall.0.saturating_add(offset_ns)), now);
        }
    }

    /// Whether the order session stands.
    pub(crate) fn is_up(&self) -> bool {
        self.mind.orders_up
    }

    /// How many connections are open.
    pub(crate) fn connections_open(&self) -> u64 {
        self.lines.iter().flatten().filter(|line| line.channel.is_open()).count() as u64
    }

    /// Whether no order of ours is known to be out and nothing is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        let mind = &self.mind;
        let nothing_asked = mind.requests.waiting() == 0 && mind.errands_out == 0;
        mind.open.is_empty() && nothing_asked && mind.waiting.is_empty()
    }

    /// How many orders of ours are not known to be over.
    pub(crate) fn orders_out(&self) -> usize {
        self.mind.open.len()
    }
}

impl Mind {
    /// The venue's time of this machine's `wall`.
    fn venue_time(&self, wall: WallNs) -> WallNs {
        WallNs(wall.0.saturating_add(self.offset_ns))
    }

    /// Hands a job to the errand thread; its first call is paid for.
    fn submit(&mut self, task: crate::rest::Task, tag: u32) -> bool {
        self.hand_over(Job { task, tag, step: 0, offset_ns: self.offset_ns })
    }

    fn hand_over(&mut self, job: Job) -> bool {
        let taken = self.errands.submit(job).is_ok();
        self.errands_out += u32::from(taken);
        taken
    }

    fn touch(&mut self, instrument: InstrumentId) {
        if let Some(touched) = self.touched.get_mut(instrument.index()) {
            *touched = true;
        }
    }
}

/// Request numbers begin above all of an earlier start: a thousand for each millisecond since 1970.
fn first_request(wall: WallNs) -> u64 {
    u64::try_from(wall.millis()).unwrap_or(0).saturating_mul(1_000)
}

/// A little later than `now`.
fn soon(now: Stamp, milliseconds: u64) -> Stamp {
    now + Span::from_millis(milliseconds)
}
