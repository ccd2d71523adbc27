//! Gateway stages.

use super::{Fault, HotLink, Order, Workbench, in_use};
use crate::site::Place;
use base::{Span, Stage, VenueId, WallNs};
use config::plan::Exchange;
use gateway::markets::Markets;
use gateway::rest::{Rest, RestParts, Signer};
use gateway::{DeskParts, GatewayStage, Settings, StageParts};
use net::spawn_errands;
use std::sync::Arc;
use telemetry::HostClock;

/// Jobs and answers that may wait between a desk and its errand thread.
const ERRANDS: usize = 1024;

/// A connection that is replaced is read on until the one that replaces it does all it did, or the trial of a
/// key is over, which both end by themselves: this is for what is forgotten.
const OVERLAP: Span = Span(2 * gateway::TRIAL.0);

/// The stage of a group of venues; `None` when none of them is in use.
pub(super) fn stage(
    bench: &mut Workbench<'_>,
    order: &Order<'_>,
    name: &'static str,
    venues: &[VenueId],
) -> Result<Option<Box<dyn Stage + Send>>, Fault> {
    if !in_use(order.site, venues) {
        return Ok(None);
    }
    let (mut desks, mut ports) = (Vec::new(), Vec::new());
    for venue in venues {
        if let Some(place) = order.site.place(*venue) {
            let (desk, rest) = desk(bench, order, place)?;
            ports.push((*venue, bench.key_port(*venue, rest)));
            desks.push(desk);
        }
    }
    let feed = name.replace("gw-", "feed-");
    let reports = bench.rings.sender(name, "strategy")?;
    let parts = StageParts {
        name,
        intents: bench.rings.receiver("strategy", name)?,
        gauge: bench.gauge(reports.name()),
        reports,
        clocks: Some(bench.rings.receiver(&feed, name)?),
        kill: order.kill.clone(),
        fence: order.fence.clone(),
        clock: order.site.clock.clone(),
        page: bench.meter(name)?,
        notices: bench.notices(name),
    };
    let stage = GatewayStage::open(parts, desks)?.with_core(order.alive.clone());
    let stage = ports.into_iter().fold(stage, |stage, (venue, port)| stage.with_keys(venue, port));
    Ok(Some(Box::new(stage)))
}

/// One venue's order desk with its connections and its errand thread.
fn desk<'i>(
    bench: &mut Workbench<'_>,
    order: &Order<'i>,
    place: &Place,
) -> Result<(DeskParts<'i, HotLink>, RestParts<HostClock>), Fault> {
    let venue = place.venue;
    let clock = &order.site.clock;
    let credentials = place.credentials.clone().ok_or(Fault::NoCredentials(venue, "trading"))?;
    let settings = settings(order, place);
    let instruments = &order.plan.instruments;
    let markets = Markets::new(venue, instruments).map_err(|name| Fault::Symbol(venue, name))?;
    let rest = RestParts {
        venue,
        base: place.endpoints.rest.clone(),
        signer: Signer::new(Arc::clone(&credentials)),
        markets,
        instance: order.instance,
        clock: clock.clone(),
        recv_window_ms: settings.recv_window_ms,
        simulated_header: place.endpoints.simulated_header,
        kill: order.kill.clone(),
        fence: order.fence.clone(),
    };
    let errands = Rest::new(rest.clone());
    let account = match venue {
        VenueId::BinanceUsdm | VenueId::Bybit => {
            Some(bench.link(venue, &place.endpoints.private, clock, OVERLAP)?)
        }
        VenueId::BinanceSpot | VenueId::Okx => None,
    };
    let desk = DeskParts {
        venue,
        instruments,
        instance: order.instance,
        credentials,
        settings,
        orders: bench.link(venue, &place.endpoints.trade, clock, OVERLAP)?,
        account,
        errands: spawn_errands("order-errand", errands, bench.http.clone(), ERRANDS)?,
    };
    Ok((desk, rest))
}

fn settings(order: &Order<'_>, place: &Place) -> Settings {
    let usual = Settings::default();
    let private_path = net::Endpoint::parse(&place.endpoints.private)
        .map_or(usual.private_path.clone(), |endpoint| endpoint.path);
    let configured = order.config.venue(place.venue);
    let window = |exchange: &Exchange| window(exchange.recv_window_ms, order.site.speed);
    Settings {
        recv_window_ms: configured.map_or(usual.recv_window_ms, window),
        answer_timeout: configured.map_or(usual.answer_timeout, |e| e.order_timeout),
        requests_a_minute: configured.map(|e| e.rate_limit),
        limits: order.limits[place.venue.index()].clone(),
        real_time: order.site.speed == 1,
        dead_man: configured.map_or(usual.dead_man, |e| e.dead_man),
        fills_since: since(order.known_until),
        funding_since: since(order.known_until),
        private_path,
        ..usual
    }
}

/// A minute before what the journal knows last: what was counted is not counted twice.
fn since(known_until: WallNs) -> WallNs {
    const MARGIN_NS: i64 = 60_000_000_000;
    if known_until == WallNs::NONE {
        return WallNs::NONE;
    }
    WallNs((known_until.0 - MARGIN_NS).max(1))
}

/// The window on the venue's clock, which a scenario may run faster; no venue takes more than a minute.
fn window(milliseconds: u32, speed: u32) -> u32 {
    milliseconds.saturating_mul(speed.max(1)).min(60_000)
}
