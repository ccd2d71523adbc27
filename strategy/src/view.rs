//! What people and reports want to know of the core, as plain data. Cold: allocates.

use crate::engine::{Core, Counts, NO_PAIR};
use crate::ledger::Pnl;
use crate::market::Slot;
use crate::plan::Limit;
use crate::risk::{Gate, Mode};
use crate::rules::{Row, bit};
use crate::signal;
use base::output::{PairPhase, PairReason};
use base::{Money, Qty, Rate, VenueId};
use serde::Serialize;

/// Everything at one moment. Amounts are decimal texts.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct View {
    pub mode: Mode,
    pub reconciled: bool,
    pub hash: String,
    pub version: u32,
    pub epoch: u32,
    pub counts: Counts,
    /// By gate, those that refused something.
    pub refusals: Vec<Refusal>,
    pub venues: Vec<VenueView>,
    pub positions: Vec<PositionView>,
    pub pairs: Vec<PairView>,
    pub edges: Vec<EdgeView>,
    pub orders: Vec<OrderView>,
    pub accounts: Vec<AccountView>,
    pub limits: Vec<LimitView>,
    pub pnl: Pnl,
    /// Funding expected of settlements that passed and were not paid yet.
    pub funding_accrued: Money,
    pub equity: Option<Money>,
    /// Fees paid in assets without a price.
    pub fees_unvalued: u64,
    /// Notional of orders whose outcome is not known.
    pub unknown_value: Money,
}

/// How often a gate refused.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct Refusal {
    pub gate: &'static str,
    pub number: u8,
    pub count: u64,
}

/// One venue in use.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct VenueView {
    pub venue: VenueId,
    pub orders: bool,
    pub account: bool,
    pub budget: bool,
    pub reconciled: bool,
    pub clock_bound_ns: Option<u64>,
}

/// One instrument with a position or results.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct PositionView {
    pub venue: VenueId,
    pub name: String,
    pub qty: String,
    pub reported: Option<String>,
    pub orphan: String,
    pub dust: String,
    pub value: Money,
    pub realised: Money,
    pub unrealised: Money,
    pub fees: Money,
    pub funding: Money,
    pub accrued: Money,
}

/// One pair.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct PairView {
    pub pair: u32,
    pub strategy: String,
    pub phase: String,
    pub reason: String,
    pub long: String,
    pub short: String,
    pub long_qty: String,
    pub short_qty: String,
    pub notional: Money,
    /// Edge that decided the entry.
    pub edge: Rate,
    /// Prices, funding and fees if it were closed at the touch now; absent while that is not known.
    pub result: Option<Money>,
    pub funding: Money,
}

/// One combination, in its better direction.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct EdgeView {
    pub strategy: String,
    pub long: String,
    pub short: String,
    /// At the touch, in 10^-12.
    pub spread: Rate,
    /// Over the horizon; absent while a leg's funding is not known.
    pub carry: Option<Rate>,
    pub carry_per_hour: Option<Rate>,
    pub fees: Rate,
    /// Spread, crossing, carry and fees together.
    pub edge: Option<Rate>,
    /// A pair holds it.
    pub open: bool,
}

/// One order that is alive, or whose fills are not all told.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct OrderView {
    pub order: u64,
    pub venue: VenueId,
    pub name: String,
    pub side: base::Side,
    pub state: String,
    pub price: String,
    pub qty: String,
    pub filled: String,
    pub pair: u32,
}

/// Cash of one asset on one venue: ours to the last unit, and what the venue says.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct AccountView {
    pub venue: VenueId,
    pub asset: String,
    pub spot: Money,
    pub realised: Money,
    pub fees: Money,
    pub funding: Money,
    /// The four together: what the venue's total should have moved by.
    pub moved: Money,
    pub opening: Option<Money>,
    pub reported: Option<Money>,
    pub available: Option<Money>,
}

/// How much of a limit is used, 10^12 being all of it.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields say it")]
pub struct LimitView {
    pub limit: Limit,
    pub used: Rate,
}

impl Core {
    /// Pairs that hold a position or are about to.
    #[must_use]
    pub fn pairs_alive(&self) -> usize {
        self.pairs.alive().count()
    }

    /// Everything at this moment.
    #[must_use]
    pub fn view(&self) -> View {
        let plan = &self.rules.plan;
        let refusal = |gate: &Gate| {
            let count = self.risk.refusals.of(*gate);
            let refusal = Refusal { gate: gate.name(), number: *gate as u8, count };
            (count > 0).then_some(refusal)
        };
        let limit = |limit: Limit| LimitView { limit, used: self.risk.used(limit) };
        let books = || self.rules.rows.iter().filter_map(|row| self.ledger.book(row.id));
        View {
            mode: self.risk.mode,
            reconciled: self.is_reconciled(),
            hash: format!("{:016x}", self.hash()),
            version: plan.version,
            epoch: self.orders.epoch(),
            counts: self.counts,
            refusals: Gate::ALL.iter().filter_map(refusal).collect(),
            venues: self.venue_views(),
            positions: self.rules.rows.iter().filter_map(|row| self.position_view(row)).collect(),
            pairs: self.pair_views(),
            edges: self.edge_views(),
            orders: self.order_views(),
            accounts: self.account_views(),
            limits: Limit::ALL.into_iter().map(limit).collect(),
            pnl: self.pnl(),
            funding_accrued: books().map(|book| book.accrued).sum(),
            equity: self.risk.equity,
            fees_unvalued: self.ledger.unvalued,
            unknown_value: self.unknown_value(),
        }
    }

    /// What every account moved, by venue and asset.
    pub fn accounts(&self) -> impl Iterator<Item = (VenueId, base::AssetId, &crate::Account)> {
        self.ledger.accounts()
    }

    /// The book of one instrument.
    #[must_use]
    pub fn book(&self, id: base::InstrumentId) -> Option<&crate::Book> {
        self.ledger.book(id)
    }

    fn venue_views(&self) -> Vec<VenueView> {
        let used = |(id, _): &(VenueId, _)| self.rules.used & bit(*id) != 0;
        let venues = VenueId::ALL.into_iter().zip(&self.venues).filter(used);
        venues
            .map(|(venue, state)| VenueView {
                venue,
                orders: state.orders,
                account: state.account,
                budget: state.budget,
                reconciled: state.reconciled,
                clock_bound_ns: state.clock.map(|clock| clock.bound.0),
            })
            .collect()
    }

    fn name(&self, row: &Row) -> String {
        self.rules.plan.instruments.get(row.id).map_or_else(String::new, |i| i.name.clone())
    }

    fn position_view(&self, row: &Row) -> Option<PositionView> {
        let book = self.ledger.book(row.id)?;
        if book.qty.is_zero() && book.flow.is_zero() && book.reported.is_none_or(Qty::is_zero) {
            return None;
        }
        let value = self.ledger.value(row, self.market.slot(row.id).and_then(Slot::value_price));
        let show = |qty| row.scale.show_qty(qty).to_string();
        Some(PositionView {
            venue: row.venue,
            name: self.name(row),
            qty: show(book.qty),
            reported: book.reported.map(show),
            orphan: show(book.orphan),
            dust: show(book.dust),
            value,
            realised: book.realised,
            unrealised: value - book.cost,
            fees: book.fees,
            funding: book.funding,
            accrued: book.accrued,
        })
    }

    fn place_name(&self, id: base::InstrumentId) -> String {
        self.rules
            .row(id)
            .map_or_else(String::new, |row| format!("{} {}", row.venue.name(), self.name(row)))
    }

    fn strategy_name(&self, id: base::StrategyId) -> String {
        let strategy = self.rules.plan.strategies.get(id.index());
        strategy.map_or_else(String::new, |s| s.name.clone())
    }

    fn pair_views(&self) -> Vec<PairView> {
        let view = |pair: &crate::pair::Pair| {
            let [long, short] = pair.legs;
            let row = self.rules.row(long.instrument)?;
            let result = self.standing(pair).map(|s| s.trading + s.funding - s.fees);
            Some(PairView {
                pair: pair.id.0,
                strategy: self.strategy_name(pair.strategy),
                phase: phase_name(pair.phase).to_owned(),
                reason: reason_name(pair.reason).to_owned(),
                long: self.place_name(long.instrument),
                short: self.place_name(short.instrument),
                long_qty: row.scale.show_qty(long.held).to_string(),
                short_qty: row.scale.show_qty(short.held).to_string(),
                notional: pair.notional,
                edge: pair.edge,
                result,
                funding: pair.funding,
            })
        };
        self.pairs.alive().filter_map(|(_, pair)| view(pair)).collect()
    }

    fn edge_views(&self) -> Vec<EdgeView> {
        let mut views = Vec::new();
        for (c, watch) in self.rules.combinations.iter().zip(&self.watches) {
            let [a, b] = c.legs;
            let ways = [Some([a, b]), c.both_ways.then_some([b, a])];
            let open = watch.pair != NO_PAIR;
            let better = ways
                .into_iter()
                .flatten()
                .filter_map(|legs| self.edge_view(c, legs, open))
                .max_by_key(|view| view.edge.unwrap_or(view.spread));
            views.extend(better);
        }
        views
    }

    fn edge_view(
        &self,
        c: &crate::rules::Combination,
        [long, short]: [base::InstrumentId; 2],
        open: bool,
    ) -> Option<EdgeView> {
        let (a, b) = (self.rules.row(long)?, self.rules.row(short)?);
        let (buy, sell) = (self.market.slot(long)?, self.market.slot(short)?);
        let horizon = self.rules.class(c.strategy)?.horizon();
        let carry = signal::carry(&self.market, a, b, (self.now, self.wall), horizon);
        let at = (self.now, self.market.limits.receive_age);
        let fixed = (carry.unwrap_or(Rate::ZERO), c.fees);
        let edge = signal::edge(buy, sell, Qty::ZERO, fixed, at)?;
        Some(EdgeView {
            strategy: self.strategy_name(c.strategy),
            long: self.place_name(long),
            short: self.place_name(short),
            spread: edge.spread,
            carry,
            carry_per_hour: self.carry_per_hour(a, b),
            fees: c.fees,
            edge: carry.map(|_| edge.net),
            open,
        })
    }

    fn order_views(&self) -> Vec<OrderView> {
        let view = |order: &crate::order::Order| {
            let row = self.rules.row(order.instrument)?;
            Some(OrderView {
                order: order.id.0,
                venue: row.venue,
                name: self.name(row),
                side: order.side,
                state: format!("{:?}", order.life).to_lowercase(),
                price: row.scale.show_price(order.price).to_string(),
                qty: row.scale.show_qty(order.qty).to_string(),
                filled: row.scale.show_qty(order.filled()).to_string(),
                pair: order.pair.0,
            })
        };
        self.orders.watched().filter_map(view).collect()
    }

    fn account_views(&self) -> Vec<AccountView> {
        let assets = &self.rules.plan.instruments;
        let touched = |account: &crate::ledger::Account| {
            !account.moved().is_zero() || account.reported.is_some_and(|total| !total.is_zero())
        };
        let accounts = self.ledger.accounts().filter(|(_, _, account)| touched(account));
        accounts
            .map(|(venue, asset, account)| AccountView {
                venue,
                asset: assets.asset_name(asset).to_owned(),
                spot: account.spot,
                realised: account.realised,
                fees: account.fees,
                funding: account.funding,
                moved: account.moved(),
                opening: account.opening,
                reported: account.reported,
                available: account.available,
            })
            .collect()
    }
}

const fn phase_name(phase: PairPhase) -> &'static str {
    match phase {
        PairPhase::Opening => "opening",
        PairPhase::Hedging => "hedging",
        PairPhase::Open => "open",
        PairPhase::Closing => "closing",
        PairPhase::Closed => "closed",
        PairPhase::Abandoned => "abandoned",
        PairPhase::Stuck => "stuck",
    }
}

const fn reason_name(reason: PairReason) -> &'static str {
    match reason {
        PairReason::Edge => "edge",
        PairReason::Fills => "fills",
        PairReason::TakeProfit => "take_profit",
        PairReason::StopLoss => "stop_loss",
        PairReason::Funding => "funding",
        PairReason::Risk => "risk",
        PairReason::Command => "command",
        PairReason::Refused => "refused",
        PairReason::Unknown => "unknown",
        PairReason::Recovered => "recovered",
    }
}
