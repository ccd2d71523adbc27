//! The table of orders: the last `core.orders` of them, found by number, none forgotten while alive.

use crate::order::Order;
use crate::pipe::{self, Pipe, Words};
use base::{Bounded, InstrumentId, OrderId};

/// All orders remembered.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    slots: Vec<Order>,
    /// Places of the orders that are not done or not explained, in the order they were sent.
    alive: Bounded<u16>,
    /// How many of those there may be.
    most: usize,
    /// Orders numbered so far, over all starts.
    sequence: u64,
    epoch: u32,
}

impl Pipe for Orders {
    fn pipe(&mut self, words: &mut dyn Words) {
        pipe::table(&mut self.slots, words);
        pipe::list(&mut self.alive, words);
        self.sequence.pipe(words);
        self.epoch.pipe(words);
    }
}

impl Orders {
    /// `size` is a power of two, at most 2^15; `alive` is how many may be alive at once.
    pub(crate) fn new(size: u32, alive: usize, epoch: u32) -> Self {
        Self {
            slots: vec![Order::default(); size as usize],
            alive: Bounded::with_room(alive),
            most: alive,
            sequence: 0,
            epoch,
        }
    }

    fn place_of(&self, sequence: u64) -> usize {
        let mask = self.slots.len().saturating_sub(1) as u64;
        usize::try_from(sequence & mask).unwrap_or(0)
    }

    /// Whether another order can be numbered and remembered.
    pub(crate) fn has_room(&self, more: usize) -> bool {
        let free = |n: usize| {
            let at = self.place_of(self.sequence + 1 + n as u64);
            self.slots.get(at).is_some_and(|o| o.life.is_done())
        };
        self.alive.len() + more <= self.most && (0..more).all(free)
    }

    /// Numbers and remembers an order; `None` when there is no room.
    #[inline]
    pub(crate) fn add(&mut self, order: Order) -> Option<OrderId> {
        if !self.has_room(1) {
            return None;
        }
        self.sequence += 1;
        let id = OrderId::new(self.epoch, self.sequence);
        let at = self.place_of(self.sequence);
        *self.slots.get_mut(at)? = Order { id, ..order };
        self.alive.push(u16::try_from(at).ok()?).then_some(id)
    }

    pub(crate) fn get(&self, id: OrderId) -> Option<&Order> {
        self.slots.get(self.place_of(id.seq())).filter(|o| o.id == id && id != OrderId::FOREIGN)
    }

    pub(crate) fn get_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        let at = self.place_of(id.seq());
        self.slots.get_mut(at).filter(|o| o.id == id && id != OrderId::FOREIGN)
    }

    /// The order at row `row` of the list of those watched.
    pub(crate) fn watched_at(&self, row: usize) -> Option<&Order> {
        self.slots.get(usize::from(*self.alive.get(row)?))
    }

    /// Orders that are not done.
    pub(crate) fn alive(&self) -> impl Iterator<Item = &Order> {
        self.watched().filter(|o| !o.life.is_done())
    }

    /// Orders that are not done or not explained.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Order> {
        self.alive.iter().filter_map(|at| self.slots.get(usize::from(*at)))
    }

    /// Takes an order that is done and explained from the list of those watched.
    pub(crate) fn retire(&mut self, id: OrderId) {
        let place = self.place_of(id.seq());
        self.alive.retain(|at| usize::from(*at) != place);
    }

    /// The same for all that a reconciliation explained.
    pub(crate) fn retire_explained(&mut self) {
        let Self { slots, alive, .. } = self;
        alive.retain(|at| {
            let order = slots.get(usize::from(*at));
            order.is_some_and(|o| !o.life.is_done() || !o.unexplained().is_zero())
        });
    }

    /// Every order remembered of one instrument.
    pub(crate) fn of_mut(&mut self, id: InstrumentId) -> impl Iterator<Item = &mut Order> {
        self.slots.iter_mut().filter(move |o| o.id != OrderId::FOREIGN && o.instrument == id)
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// A new start: ids carry its epoch, and whatever was alive is unknown until asked.
    pub(crate) fn restart(&mut self, epoch: u32) {
        self.epoch = epoch;
        for order in &mut self.slots {
            order.sent = base::Stamp(0);
            order.news = base::Stamp(0);
            order.questions = 0;
            order.cancel_sent = false;
            order.apply_restart();
        }
    }
}

impl Order {
    fn apply_restart(&mut self) {
        if self.id != OrderId::FOREIGN {
            self.apply(crate::order::Event::Unknown);
        }
    }
}
