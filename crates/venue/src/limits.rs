//! What each venue allows, counted here **before** a request leaves.
//!
//! A [`Budget`] holds the windows of one venue's account and address. [`Budget::try_spend`] either
//! counts a request in every window it falls under, or counts nothing and says until when to wait.
//! Ten parts in a hundred of every window are kept for what ends risk: cancels, queries, orders that
//! only reduce. The venue's own counts may raise ours, never lower them: what is on its way it has not
//! seen. A venue that says "too many" freezes what it speaks of.
//!
//! Nothing allocates after [`Budget::new`].

mod rules;
mod window;

pub use rules::{StreamRules, stream_rules};
pub use window::{Shape, Window};

use base::{InstrumentId, Instruments, Product, Span, Stamp, VenueId, WallNs};
use rules::Toll;

/// What is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spend {
    /// A new order that may add risk.
    Place,
    /// A new order that only reduces: may use the reserve.
    Exit,
    /// A cancel: may use the reserve.
    Cancel,
    /// Cancel everything: may use the reserve.
    CancelAll,
    /// What became of one order: may use the reserve.
    Query,
    /// The orders that rest, of one instrument or of all.
    OpenOrders,
    /// Balances or positions.
    Account,
    /// A page of fills.
    Trades,
    /// A log-on, a listen key, a subscription to account events.
    Session,
    /// Feeding the venue's dead man's switch: may use the reserve.
    DeadMan,
    /// The venue's time.
    Clock,
    /// Funding intervals or settled rates.
    Funding,
    /// Any other read of that weight (a book snapshot, an instrument list).
    Read(
        /// As the venue weighs it; OKX and Bybit count requests, whatever their weight.
        u16,
    ),
}

impl Spend {
    const fn may_use_reserve(self) -> bool {
        matches!(self, Self::Exit | Self::Cancel | Self::CancelAll | Self::Query | Self::DeadMan)
    }
}

/// The weight of a Binance book snapshot of that many levels.
#[must_use]
pub const fn snapshot_weight(venue: VenueId, levels: u16) -> u16 {
    match (venue, levels) {
        (VenueId::BinanceSpot, 0..=100) => 5,
        (VenueId::BinanceSpot, 101..=500) => 25,
        (VenueId::BinanceSpot, 501..=1_000) => 50,
        (VenueId::BinanceSpot, _) => 250,
        (VenueId::BinanceUsdm, 0..=50) => 2,
        (VenueId::BinanceUsdm, 51..=100) => 5,
        (VenueId::BinanceUsdm, 101..=500) => 10,
        (VenueId::BinanceUsdm, _) => 20,
        (VenueId::Okx | VenueId::Bybit, _) => 1,
    }
}

/// Why something may not be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The window that is full or frozen.
    pub meter: &'static str,
    /// Not before this; `Stamp(u64::MAX)` when it never fits.
    pub until: Stamp,
}

/// One window with its name and its freeze.
#[derive(Clone, Debug)]
struct Meter {
    name: &'static str,
    window: Window,
    frozen_until: Stamp,
}

/// How full one window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which.
    pub meter: &'static str,
    /// Counted in it now.
    pub used: u32,
    /// What the venue allows.
    pub limit: u32,
}

/// What one venue still allows.
#[derive(Clone, Debug)]
pub struct Budget {
    venue: VenueId,
    /// First those of the account and address, then each instrument's own.
    meters: Vec<Meter>,
    wide: usize,
    per_instrument: usize,
    /// By [`InstrumentId`]: its place among this venue's instruments, and its kind.
    slots: Vec<Option<(u16, Product)>>,
    /// By [`InstrumentId`]: the meters that an order counts one in, `NO_METER` behind them.
    orders: Vec<[u16; 4]>,
    /// What its owner allows, whatever the venue would: every request counts one.
    own: Option<Meter>,
    frozen_until: Stamp,
}

/// Stands for none in [`Budget`].
const NO_METER: u16 = u16::MAX;

impl Budget {
    /// The full budget of a venue. All windows begin empty: after a restart [`Budget::observe`] the
    /// venue's own counts before the first order. `a_minute`: requests of any kind that its owner allows
    /// within a minute.
    #[must_use]
    pub fn new(venue: VenueId, instruments: &Instruments, a_minute: Option<u32>) -> Self {
        let (wide_rules, instrument_rules) = rules::of(venue);
        let meter = |rule: &rules::Rule| Meter {
            name: rule.name,
            window: Window::new(rule.limit, rule.span, rule.shape),
            frozen_until: Stamp(0),
        };
        let mut meters: Vec<Meter> = wide_rules.iter().map(meter).collect();
        let mut slots = vec![None; instruments.list.len()];
        let mut slot = 0_u16;
        for instrument in instruments.of(venue) {
            if let Some(place) = slots.get_mut(instrument.id.index()) {
                *place = Some((slot, instrument.product));
                slot = slot.saturating_add(1);
                meters.extend(instrument_rules.iter().map(meter));
            }
        }
        let (wide, per_instrument) = (wide_rules.len(), instrument_rules.len());
        let own = a_minute.map(|limit| meter(&rules::own(limit)));
        let orders = vec![[NO_METER; 4]; instruments.list.len()];
        let frozen_until = Stamp(0);
        let mut budget =
            Self { venue, meters, wide, per_instrument, slots, orders, own, frozen_until };
        for instrument in instruments.of(venue) {
            let tolls = rules::tolls(venue, Spend::Place, Some(instrument.product), instrument.id);
            let places = tolls.iter().map(|toll| {
                let place = budget.place_of(toll, instrument.id).filter(|_| toll.cost == 1)?;
                u16::try_from(place).ok()
            });
            let row: Option<Vec<u16>> = places.collect();
            let (Some(row), Some(place)) = (row, budget.orders.get_mut(instrument.id.index()))
            else {
                continue;
            };
            place.iter_mut().zip(row).for_each(|(place, meter)| *place = meter);
        }
        budget
    }

    /// Counts a request about `instrument` (or [`InstrumentId::ALL`]), or says why it must wait.
    ///
    /// # Errors
    /// [`Held`]; nothing is counted then.
    pub fn try_spend(
        &mut self,
        spend: Spend,
        instrument: InstrumentId,
        now: Stamp,
    ) -> Result<(), Held> {
        self.room(spend, instrument, now)?;
        self.count(spend, instrument, now);
        Ok(())
    }

    /// Counts a request for which there was [room](Self::room): what is counted need not wait for it, the
    /// request does.
    pub fn count(&mut self, spend: Spend, instrument: InstrumentId, now: Stamp) {
        let tolls = rules::tolls(self.venue, spend, self.product(instrument), instrument);
        for toll in tolls.iter() {
            let index = self.place_of(toll, instrument);
            if let Some(meter) = index.and_then(|index| self.meters.get_mut(index)) {
                meter.window.add(toll.cost, now);
            }
        }
        if let Some(own) = &mut self.own {
            own.window.add(1, now);
        }
    }

    /// Whether it could be sent now; counts nothing.
    ///
    /// # Errors
    /// [`Held`].
    #[inline]
    pub fn room(&mut self, spend: Spend, instrument: InstrumentId, now: Stamp) -> Result<(), Held> {
        let reserve = spend.may_use_reserve();
        let is_order = matches!(spend, Spend::Place | Spend::Exit);
        if is_order && self.has_plenty(instrument, reserve, now) {
            return Ok(());
        }
        self.room_in_each(spend, instrument, now)
    }

    /// Whether an order surely fits, without looking at what time has taken away from what was counted.
    #[inline]
    fn has_plenty(&self, instrument: InstrumentId, reserve: bool, now: Stamp) -> bool {
        let fits = |meter: &Meter| now >= meter.frozen_until && meter.window.has_plenty(reserve);
        let Some(row) = self.orders.get(instrument.index()) else { return false };
        now >= self.frozen_until
            && row.first().is_some_and(|first| *first != NO_METER)
            && self.own.as_ref().is_none_or(fits)
            && row
                .iter()
                .take_while(|at| **at != NO_METER)
                .all(|at| self.meters.get(usize::from(*at)).is_some_and(fits))
    }

    fn room_in_each(
        &mut self,
        spend: Spend,
        instrument: InstrumentId,
        now: Stamp,
    ) -> Result<(), Held> {
        if now < self.frozen_until {
            return Err(Held { meter: "venue", until: self.frozen_until });
        }
        let reserve = spend.may_use_reserve();
        let mut held: Option<Held> = None;
        let tolls = rules::tolls(self.venue, spend, self.product(instrument), instrument);
        for toll in tolls.iter() {
            let index = self.place_of(toll, instrument);
            let Some(meter) = index.and_then(|index| self.meters.get_mut(index)) else {
                return Err(Held { meter: "unknown instrument", until: Stamp(u64::MAX) });
            };
            let full = meter.window.room(toll.cost, reserve, now).err();
            let frozen = Some(meter.frozen_until).filter(|until| now < *until);
            // The window that is full the longest is the one to name.
            if let Some(until) = full.max(frozen)
                && held.is_none_or(|held| until > held.until)
            {
                held = Some(Held { meter: meter.name, until });
            }
        }
        if let Some(own) = &mut self.own
            && let Err(until) = own.window.room(1, reserve, now)
            && held.is_none_or(|held| until > held.until)
        {
            held = Some(Held { meter: own.name, until });
        }
        held.map_or(Ok(()), Err)
    }

    /// The venue's own count of a named window (`x-mbx-used-weight-1m`, a `rateLimits` row): raises
    /// ours when it is higher. A `limit` above zero replaces ours. Unknown names are ignored.
    pub fn observe(&mut self, meter: &str, used: u32, limit: u32, now: Stamp) {
        let wide = self.meters.get_mut(..self.wide).unwrap_or_default();
        if let Some(meter) = wide.iter_mut().find(|known| known.name == meter) {
            meter.window.observe(used, limit, now);
        }
    }

    /// A Bybit answer's `X-Bapi-Limit` and `X-Bapi-Limit-Status` (what is left).
    pub fn observe_bybit(
        &mut self,
        spend: Spend,
        instrument: InstrumentId,
        limit: u32,
        left: u32,
        now: Stamp,
    ) {
        if let Some(meter) = self.own_meter(spend, instrument) {
            meter.window.observe(limit.saturating_sub(left), limit, now);
        }
    }

    /// The venue said "too many" to this request (50011, 10006, -1015): the window that is most its own
    /// is shut for its whole length. What the venue says of the whole account (50061) or address is a
    /// [`Budget::freeze`].
    pub fn refused(&mut self, spend: Spend, instrument: InstrumentId, now: Stamp) {
        if let Some(meter) = self.own_meter(spend, instrument) {
            let until = now + meter.window.span().min(rules::REFUSED_MAX);
            meter.frozen_until = meter.frozen_until.max(until);
        }
    }

    /// Nothing may be sent for that long.
    pub fn freeze(&mut self, span: Span, now: Stamp) {
        self.frozen_until = self.frozen_until.max(now + span);
    }

    /// An HTTP status that says "too many", with what its `Retry-After` said.
    pub fn refused_status(&mut self, status: u16, retry_after: Option<Span>, now: Stamp) {
        let at_least = match (self.venue, status) {
            (_, 429) => Span::from_secs(1),
            (_, 418) => Span::from_secs(120),
            (VenueId::Bybit, 403) => Span::from_secs(600),
            (_, 403) => Span::from_secs(300),
            _ => return,
        };
        let without = if status == 429 { Span::from_secs(60) } else { at_least };
        self.freeze(retry_after.unwrap_or(without).max(at_least), now);
    }

    /// Until when nothing may be sent, if so.
    #[must_use]
    pub fn frozen(&self, now: Stamp) -> Option<Stamp> {
        (now < self.frozen_until).then_some(self.frozen_until)
    }

    /// Tells the fixed windows where the venue's minutes begin: its wall time `venue` at `now`. Until
    /// then they count like rolling ones, which is never too much.
    pub fn align(&mut self, venue: WallNs, now: Stamp) {
        for meter in &mut self.meters {
            meter.window.align(venue, now);
        }
    }

    /// How full the windows of account and address are.
    pub fn usage(&mut self, now: Stamp) -> impl Iterator<Item = Usage> {
        let wide = self.meters.get_mut(..self.wide).unwrap_or_default();
        wide.iter_mut().map(move |meter| Usage {
            meter: meter.name,
            used: meter.window.used(now),
            limit: meter.window.limit(),
        })
    }

    fn product(&self, instrument: InstrumentId) -> Option<Product> {
        self.slots.get(instrument.index()).copied().flatten().map(|(_, product)| product)
    }

    /// The window that counts this request and little else: the first of its tolls.
    fn own_meter(&mut self, spend: Spend, instrument: InstrumentId) -> Option<&mut Meter> {
        let tolls = rules::tolls(self.venue, spend, self.product(instrument), instrument);
        let index = tolls.iter().next().and_then(|toll| self.place_of(toll, instrument))?;
        self.meters.get_mut(index)
    }

    fn place_of(&self, toll: &Toll, instrument: InstrumentId) -> Option<usize> {
        match toll.at {
            rules::At::Wide(index) => Some(index),
            rules::At::Instrument(index) => {
                let (slot, _) = self.slots.get(instrument.index()).copied().flatten()?;
                Some(self.wide + usize::from(slot) * self.per_instrument + index)
            }
        }
    }
}

#[cfg(test)]
mod tests;
