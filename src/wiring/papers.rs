//! Paper mode: what stands where gateways stand.

use super::{Blueprint, Fault, Order, Workbench, in_use};
use base::{Money, Stage, VenueId};
use config::plan::{Config, Mode};
use paper::{Opening, PaperParts, PaperStage, Terms};
use strategy::{Core, Plan};

/// How orders are filled, and what the accounts begin with.
pub(crate) struct PaperDesk {
    terms: Terms,
    opening: Opening,
}

/// The desk of this start; `None` where orders go to venues.
pub(super) fn desk(blueprint: &Blueprint<'_>) -> Option<PaperDesk> {
    let Blueprint { config, plan, core, .. } = blueprint;
    if config.system.mode != Mode::Paper {
        return None;
    }
    let terms = Terms {
        latency: config.paper.latency,
        probe: plan.orders.probe,
        quote_age: plan.freshness.receive_age,
        leverage: plan.risk.max_leverage,
        epoch: plan.epoch,
    };
    Some(PaperDesk { terms, opening: opening(config, plan, core) })
}

/// What the journal says the accounts hold; where it says nothing, what is configured.
fn opening(config: &Config, plan: &Plan, core: &Core) -> Opening {
    let configured = |asset: &str| {
        let of = config.paper.balances.iter().find(|balance| balance.asset == asset);
        of.map_or(Money::ZERO, |balance| balance.amount)
    };
    let cash = core.accounts().map(|(venue, asset, account)| {
        let began =
            account.opening.unwrap_or_else(|| configured(plan.instruments.asset_name(asset)));
        (venue, asset, began + account.moved())
    });
    let perpetuals = plan.instruments.list.iter().filter(|i| i.product == base::Product::Perpetual);
    let held = perpetuals.filter_map(|instrument| {
        let book = core.book(instrument.id)?;
        (!book.qty.is_zero()).then_some((instrument.id, book.qty, book.cost))
    });
    Opening { cash: cash.collect(), held: held.collect() }
}

/// The stage of a group of venues; `None` when none of them is in use.
pub(super) fn stage(
    bench: &mut Workbench<'_>,
    order: &Order<'_>,
    desk: &PaperDesk,
    (name, venues): (&'static str, &[VenueId]),
) -> Result<Option<Box<dyn Stage + Send>>, Fault> {
    if !in_use(order.site, venues) {
        return Ok(None);
    }
    let used: Vec<_> =
        venues.iter().copied().filter(|venue| order.site.place(*venue).is_some()).collect();
    let reports = bench.rings.sender(name, "strategy")?;
    let parts = PaperParts {
        name,
        venues: &used,
        instruments: &order.plan.instruments,
        terms: desk.terms,
        opening: &desk.opening,
        intents: bench.rings.receiver("strategy", name)?,
        gauge: bench.gauge(reports.name()),
        reports,
        market: bench.rings.receiver(&name.replace("gw-", "feed-"), name)?,
        kill: order.kill.clone(),
        fence: order.fence.clone(),
        clock: order.site.clock.clone(),
        page: bench.meter(name)?,
        notices: bench.notices(name),
    };
    Ok(Some(Box::new(PaperStage::open(parts))))
}
