//! The plan as tables for the hot path: what never changes after the start.

use crate::plan::{Class, Plan};
use base::{AssetId, InstrumentId, Money, Price, Product, Qty, Rate, Scale, StrategyId, VenueId};

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
}

/// What never changes after the start.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) plan: Plan,
    pub(crate) rows: Vec<Row>,
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
        let mut combinations = Vec::new();
        for (number, strategy) in (0_u16..).zip(&plan.strategies) {
            if strategy.enabled {
                combine(StrategyId(number), &strategy.class, &strategy.instruments, &rows, |c| {
                    combinations.push(c);
                });
            }
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
        Self { plan: plan.clone(), rows, combinations, members, spans, touched, used }
    }

    pub(crate) fn row(&self, id: InstrumentId) -> Option<&Row> {
        self.rows.get(id.index())
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
            found(Combination { strategy, legs: [a.id, b.id], both_ways, lot, fees });
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
