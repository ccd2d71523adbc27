//! Feed stages.

use super::{Fault, Order, Workbench, in_use};
use base::{Span, Stage, VenueId};
use config::plan::Exchange;
use feeds::{FeedErrand, FeedErrands, FeedOptions, FeedPlan, FeedStage, FeedTells, Silence};
use net::spawn_errands;

/// Jobs and answers that may wait between a stage and its errand threads: a snapshot of a thousand
/// levels a side comes in 126 pieces.
const ERRANDS: usize = 512;
/// A connection that is replaced is read for so long beside the new one.
const OVERLAP: Span = Span::from_secs(10);

/// The stage of a group of venues; `None` when none of them is in use.
pub(super) fn stage(
    bench: &mut Workbench<'_>,
    order: &Order<'_>,
    name: &'static str,
    venues: &[VenueId],
) -> Result<Option<Box<dyn Stage + Send>>, Fault> {
    let Order { config, site, plan, .. } = order;
    if !in_use(site, venues) {
        return Ok(None);
    }
    let mut options =
        FeedOptions { probe: plan.orders.probe, speed: site.speed, ..FeedOptions::default() };
    options.market_too = order.paper.is_some();
    options.trades = venues.iter().any(|v| config.venue(*v).is_some_and(|e| e.public_trades));
    options.index = venues.iter().any(|v| config.venue(*v).is_some_and(|e| e.index_price));
    for venue in VenueId::ALL {
        if let Some(exchange) = config.venue(venue) {
            options.silence[venue.index()] = silence(exchange, options.silence[venue.index()]);
        }
    }
    let clock = site.clock.clone();
    let endpoints = |venue| site.endpoints(venue);
    let feed = FeedPlan::new(name, venues, &plan.instruments, endpoints, &options);
    let mut links = Vec::new();
    for session in &feed.sessions {
        links.push(bench.link(session.line.venue(), &session.url, &clock, OVERLAP)?);
    }
    let spawn = |what, errand| spawn_errands(what, errand, bench.http.clone(), ERRANDS);
    let [times, rest] = FeedErrand::pair(&feed, endpoints, order.limits, clock.clone());
    let errands =
        FeedErrands { clock: spawn("clock-errand", times)?, data: spawn("data-errand", rest)? };
    let records = bench.rings.sender(name, "strategy")?;
    let clocks = bench.rings.sender(name, &name.replace("feed-", "gw-"))?;
    let gauges = [bench.gauge(records.name()), bench.gauge(clocks.name())];
    let tells = FeedTells {
        records,
        clocks: Some(clocks),
        gauges,
        page: bench.meter(name)?,
        notices: bench.notices(name),
    };
    Ok(Some(Box::new(FeedStage::new(feed, options, links, errands, tells, clock))))
}

/// What the configuration says, where it says something.
fn silence(exchange: &Exchange, usual: Silence) -> Silence {
    let own = exchange.silence;
    let or = |own: base::Span, usual| if own.0 > 0 { own } else { usual };
    Silence {
        best: or(own.best, usual.best),
        book: or(own.book, usual.book),
        mark: or(own.mark, usual.mark),
        index: or(own.index, usual.index),
        funding: or(own.funding, usual.funding),
    }
}
