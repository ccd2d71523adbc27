//! The plan as tables for the hot path. They never change; another version of the plan is another set of
//! tables, made cold and taken in whole ([`Prepared`]).

use crate::hash::Rolling;
use crate::plan::{Class, Plan};
use crate::terms::Terms;
use base::{
    AssetId, InstrumentId, Money, Price, Product, Qty, Rate, Record, Scale, Stamp, StrategyId,
    VenueId,
};

/// The facts of one instrument that decisions need, without its texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: InstrumentId,
    pub(crate) venue: VenueId,
    pub(crate) product: Product,
    pub(crate) base: AssetId,
    pub(crate) quote: AssetId,
    pub(crate) scale: Scale,
    pub(crate) tick: Price,
    pub(crate) lot: Qty,
    pub(crate) qty_min: Qty,
    pub(crate) qty_max: Qty,
    pub(crate) notional_min: Money,
    pub(crate) fee_taker: Rate,
}

impl Row {
    /// Whether it is a perpetual.
    pub(crate) const fn is_perpetual(&self) -> bool {
        matches!(self.product, Product::Perpetual)
    }
}

/// Two instruments a strategy may trade against each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Combination {
    pub(crate) strategy: StrategyId,
    /// Spot first when one is spot.
    pub(crate) legs: [InstrumentId; 2],
    /// Whether the second may be bought and the first sold: not when that sells spot short.
    pub(crate) both_ways: bool,
    /// The smallest step both legs can make.
    pub(crate) lot: Qty,
    /// Taker fees of both legs, in and out.
    pub(crate) fees: Rate,
    /// The most that price x quantity of a leg may be; `None` where that is no machine word.
    size: Option<i64>,
}

impl Combination {
    /// The largest quantity both legs can make that is worth at most the position's size at `price`.
    #[inline]
    pub(crate) fn qty(&self, class: &Class, scale: Scale, price: Price) -> Qty {
        match (self.size, price.0.checked_mul(self.lot.0)) {
            (Some(size), Some(step)) => Qty(size.checked_div(step).unwrap_or(0) * self.lot.0),
            _ => scale.qty_for(class.position_size(), price).floor_to(self.lot),
        }
    }
}

/// One version of the plan, as tables.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) plan: Plan,
    /// What of the plan shapes the core's state: versions of one shape can take each other's place.
    pub(crate) shape: i64,
    pub(crate) rows: Vec<Row>,
    terms: Vec<Terms>,
    pub(crate) combinations: Vec<Combination>,
    /// Rows of each base asset.
    members: Vec<Vec<InstrumentId>>,
    /// Combinations of each instrument: `spans[i]..spans[i + 1]` of `touched`.
    spans: Vec<u32>,
    touched: Vec<u32>,
    /// Bits of the venues that some combination uses.
    pub(crate) used: u8,
}

impl Rules {
    pub(crate) fn new(plan: &Plan) -> Self {
        let rows: Vec<Row> = plan.instruments.list.iter().map(row).collect();
        let terms = plan.instruments.list.iter().map(|i| Terms::new(i, &plan.risk)).collect();
        let mut combinations = Vec::new();
        // Those of disabled strategies too: they may have pairs, and can be enabled while running.
        for (number, strategy) in (0_u16..).zip(&plan.strategies) {
            combine(StrategyId(number), &strategy.class, &strategy.instruments, &rows, |c| {
                combinations.push(c);
            });
        }
        let mut members = vec![Vec::new(); plan.instruments.assets.len()];
        for row in &rows {
            if let Some(list) = members.get_mut(row.base.index()) {
                list.push(row.id);
            }
        }
        let (spans, touched) = adjacency(&combinations, rows.len());
        let used = combinations
            .iter()
            .flat_map(|c| c.legs)
            .filter_map(|id| rows.get(id.index()))
            .fold(0, |bits, row| bits | bit(row.venue));
        Self {
            plan: plan.clone(),
            shape: shape(plan),
            rows,
            terms,
            combinations,
            members,
            spans,
            touched,
            used,
        }
    }

    #[inline]
    pub(crate) fn row(&self, id: InstrumentId) -> Option<&Row> {
        self.rows.get(id.index())
    }

    /// What the orders and positions of an instrument are held against.
    #[inline]
    pub(crate) fn terms(&self, id: InstrumentId) -> Option<&Terms> {
        self.terms.get(id.index())
    }

    /// Every instrument of a base asset.
    pub(crate) fn members(&self, base: AssetId) -> &[InstrumentId] {
        self.members.get(base.index()).map_or(&[], Vec::as_slice)
    }

    /// Where [`Rules::touched_at`] names the combinations an event of `id` can change, by priority.
    #[inline]
    pub(crate) fn span(&self, id: InstrumentId) -> core::ops::Range<u32> {
        let at = id.index();
        match (self.spans.get(at), self.spans.get(at + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        }
    }

    #[inline]
    pub(crate) fn touched_at(&self, at: u32) -> Option<u32> {
        self.touched.get(at as usize).copied()
    }

    pub(crate) fn class(&self, strategy: StrategyId) -> Option<&Class> {
        self.plan.strategies.get(strategy.index()).map(|s| &s.class)
    }

    /// Whether a strategy opens pairs.
    pub(crate) fn is_enabled(&self, strategy: StrategyId) -> bool {
        self.plan.strategies.get(strategy.index()).is_some_and(|s| s.enabled)
    }
}

/// A version of the plan made ready on a cold thread, to be taken in between two events
/// ([`base::input::Action::Adopt`]); afterwards it holds the version it took the place of.
#[derive(Clone, Debug)]
pub struct Prepared(pub(crate) Box<Rules>);

impl Prepared {
    /// Makes the tables of a plan. Cold: allocates.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self(Box::new(Rules::new(plan)))
    }

    /// The version of its plan.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.0.plan.version
    }

    /// Whether it can take the place of `plan` in a running core: same instruments, same strategies on
    /// them, same tables, same start.
    #[must_use]
    pub fn fits(&self, plan: &Plan) -> bool {
        self.0.shape == shape(plan) && self.0.plan.epoch == plan.epoch
    }
}

/// A hash of what shapes the core's tables: plans with the same may read each other's snapshots.
fn shape(plan: &Plan) -> i64 {
    let mut hash = Rolling::default();
    let mut take = |number: usize, text: &str| {
        let mut record = Record::EMPTY;
        record.stamp = Stamp(number as u64);
        hash.absorb(&record);
        for byte in text.bytes() {
            record.stamp = Stamp(u64::from(byte));
            hash.absorb(&record);
        }
    };
    for i in &plan.instruments.list {
        take(i.venue.index(), &i.symbol);
        take(usize::from(i.product as u8), &i.name);
        take(usize::from(i.scale.price_exp), "price");
        take(usize::from(i.scale.qty_exp), "qty");
    }
    for asset in &plan.instruments.assets {
        take(0, asset);
    }
    for s in &plan.strategies {
        take(s.instruments.len(), &s.name);
        take(usize::from(matches!(s.class, Class::Basis(_))), "class");
        for id in &s.instruments {
            take(id.index(), "");
        }
    }
    take(usize::from(plan.core.pairs), "pairs");
    take(plan.core.orders as usize, "orders");
    take(plan.core.fills as usize, "fills");
    hash.0.cast_signed()
}

/// The bit of a venue in a set of venues.
pub(crate) const fn bit(venue: VenueId) -> u8 {
    1 << venue as u8
}

fn row(i: &base::Instrument) -> Row {
    Row {
        id: i.id,
        venue: i.venue,
        product: i.product,
        base: i.base,
        quote: i.quote,
        scale: i.scale,
        tick: i.tick,
        lot: i.lot,
        qty_min: i.qty_min,
        qty_max: i.qty_max,
        notional_min: i.notional_min,
        fee_taker: i.fee_taker,
    }
}

/// Every two instruments of `list` that `class` trades against each other.
fn combine(
    strategy: StrategyId,
    class: &Class,
    list: &[InstrumentId],
    rows: &[Row],
    mut found: impl FnMut(Combination),
) {
    let known = |id: &InstrumentId| rows.get(id.index()).copied();
    for (at, first) in list.iter().enumerate() {
        for second in list.get(at + 1..).unwrap_or(&[]) {
            let (Some(a), Some(b)) = (known(first), known(second)) else { continue };
            if a.base != b.base || a.quote != b.quote || a.scale != b.scale {
                continue;
            }
            let (a, b, both_ways) = match (a.product, b.product) {
                (Product::Spot, Product::Perpetual) => (a, b, false),
                (Product::Perpetual, Product::Spot) => (b, a, false),
                (Product::Perpetual, Product::Perpetual)
                    if a.venue != b.venue && matches!(class, Class::FundingRate(_)) =>
                {
                    (a, b, true)
                }
                _ => continue,
            };
            let Some(lot) = common_multiple(a.lot, b.lot) else { continue };
            let fees = Rate((a.fee_taker + b.fee_taker).0.saturating_mul(2));
            let size = a.scale.unit().map(|unit| class.position_size().0 / unit.0);
            let size = size.and_then(|size| i64::try_from(size).ok());
            found(Combination { strategy, legs: [a.id, b.id], both_ways, lot, fees, size });
        }
    }
}

/// The least common multiple of two lots; `None` when it does not fit or a lot is not positive.
fn common_multiple(a: Qty, b: Qty) -> Option<Qty> {
    if a.0 <= 0 || b.0 <= 0 {
        return None;
    }
    let (mut x, mut y) = (a.0, b.0);
    // bound: Euclid, at most about 90 steps for 63 bits
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a.0 / x).checked_mul(b.0).map(Qty)
}

fn adjacency(combinations: &[Combination], instruments: usize) -> (Vec<u32>, Vec<u32>) {
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); instruments];
    for (number, combination) in (0_u32..).zip(combinations) {
        for leg in combination.legs {
            if let Some(list) = lists.get_mut(leg.index()) {
                list.push(number);
            }
        }
    }
    let mut spans = vec![0];
    let mut touched = Vec::new();
    for list in lists {
        touched.extend(list);
        spans.push(u32::try_from(touched.len()).unwrap_or(u32::MAX));
    }
    (spans, touched)
}
