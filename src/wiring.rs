//! From plan and topology to rings, stages and crews: the only place that knows every part.

mod feeds;
mod gateways;
mod papers;

use crate::runner::Crew;
use crate::site::Site;
use crate::topology::{Does, LIVE};
use base::input::Command;
use base::{Instance, Record, Span, Stage, VenueId, WallNs};
use config::plan::Config;
use gateway::rest::RestParts;
use gateway::{KeyPort, Keys};
use net::{ConnectLimit, Connector, HttpClient, HttpOptions, Link, LinkOptions, PingPolicy};
use rings::{Fence, Flag, Full, Receiver, Sender, ring};
use std::collections::BTreeMap;
use std::time::Duration;
use strategy::stage::{Instruments as Tools, Links, StrategyStage};
use strategy::{Core, Plan, Prepared};
use telemetry::{HostClock, NoticeReceiver, NoticeSender, Page, RingGauge, Writer, notices};
use thiserror::Error;
use tuning::{Placement, ThreadPlan};
use venue::catalog::RateLimit;

/// Notices a stage may have waiting for the log.
const NOTICES: usize = 1024;
/// Commands the core may have waiting.
const COMMANDS: usize = 16;
/// Versions of the plan on their way to the core and back: one at a time, and one that was refused.
const VERSIONS: usize = 2;
/// Keys on their way to a desk and back: one at a time.
const KEYS: usize = 2;

/// The link every stage uses.
pub(crate) type HotLink = Link<HostClock>;

/// Why the parts do not fit together.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Net(#[from] net::NetError),
    #[error(transparent)]
    Desk(#[from] gateway::DeskError),
    #[error("{0}: mode {1} needs `api_key` and `secret_key`")]
    NoCredentials(VenueId, &'static str),
    #[error("{0}: the symbol of {1} is too long for its order codec")]
    Symbol(VenueId, String),
    #[error("{0} was taken twice from the topology")]
    Twice(&'static str),
}

/// What the stages are made from.
pub(crate) struct Blueprint<'a> {
    pub(crate) config: &'a Config,
    pub(crate) site: &'a Site,
    pub(crate) plan: &'a Plan,
    pub(crate) instance: Instance,
    pub(crate) core: Core,
    pub(crate) journal: Option<journal::Writer>,
    pub(crate) page: &'a Page,
    pub(crate) placement: &'a Placement,
    pub(crate) kill: Flag,
    pub(crate) fence: Fence,
    /// Wall time up to which the journal knows what happened; `NONE` for a first start.
    pub(crate) known_until: WallNs,
    /// By [`VenueId::index`], what each venue says it allows.
    pub(crate) limits: &'a Limits,
    /// Seeds the jitter of back-offs.
    pub(crate) seed: u64,
}

/// By [`VenueId::index`], the limits a venue states itself.
pub(crate) type Limits = [Vec<RateLimit>; VenueId::COUNT];

/// Stages on their threads, and the ends the program keeps.
pub(crate) struct Wired {
    pub(crate) crews: Vec<(ThreadPlan, Crew<HostClock>)>,
    pub(crate) commands: Sender<Command>,
    pub(crate) versions: Versions,
    pub(crate) accounts: Accounts,
    pub(crate) notices: Vec<NoticeReceiver>,
    /// Dials for every link; must outlive the crews.
    pub(crate) connector: Connector,
}

/// The program's ends of the way on which the core is given another version of its plan.
pub(crate) struct Versions {
    pub(crate) offer: Sender<Prepared>,
    /// What the core went on from, or would not take.
    pub(crate) former: Receiver<Prepared>,
}

/// What it takes to change the keys of our accounts while their desks run.
#[derive(Default)]
pub(crate) struct Accounts(Vec<Account>);

/// One venue's account.
pub(crate) struct Account {
    pub(crate) venue: VenueId,
    /// How REST calls are made; its signer is the one they are signed with.
    pub(crate) rest: RestParts<HostClock>,
    /// Makes those that prove a key.
    pub(crate) http: HttpClient,
    pub(crate) offer: Sender<Box<Keys>>,
    pub(crate) spent: Receiver<Box<Keys>>,
}

impl Accounts {
    pub(crate) fn add(&mut self, account: Account) {
        self.0.push(account);
    }

    /// The account at a venue that is in use.
    pub(crate) fn of(&mut self, venue: VenueId) -> Option<&mut Account> {
        self.0.iter_mut().find(|account| account.venue == venue)
    }
}

/// The core's ends of what the program tells it.
struct Told {
    commands: Receiver<Command>,
    versions: Receiver<Prepared>,
    retired: Sender<Prepared>,
}

/// Wires everything up. Nothing runs yet but cold threads.
pub(crate) fn wire(blueprint: Blueprint<'_>) -> Result<Wired, Fault> {
    let connector = Connector::start(&blueprint.site.tls, blueprint.site.clock.clone())?;
    let http = HttpClient::new(&blueprint.site.tls, http_options(blueprint.config));
    let (commands, orders) = ring("commands", COMMANDS, Full::Halt);
    let (offer, versions) = ring("versions", VERSIONS, Full::Halt);
    let (retired, former) = ring("retired", VERSIONS, Full::Halt);
    let paper = papers::desk(&blueprint);
    let mut bench = Workbench {
        rings: Rings::new(paper.is_some()),
        page: blueprint.page,
        notices: Vec::new(),
        accounts: Accounts::default(),
        connector: &connector,
        http,
        proofs: HttpClient::new(&blueprint.site.tls, proof_options()),
        seed: blueprint.seed,
    };
    let mut stages: BTreeMap<&'static str, Box<dyn Stage + Send>> = BTreeMap::new();
    let Blueprint {
        config,
        site,
        plan,
        instance,
        core,
        journal,
        page,
        placement,
        kill,
        fence,
        known_until,
        limits,
        ..
    } = blueprint;
    let alive = Fence::shut();
    let order =
        Order { alive, config, site, plan, instance, kill, fence, known_until, limits, paper };
    let mut core = Some((core, journal, Told { commands: orders, versions, retired }));
    for row in LIVE.stages {
        let stage: Option<Box<dyn Stage + Send>> = match row.does {
            Does::Feed(venues) => feeds::stage(&mut bench, &order, row.name, venues)?,
            Does::Gateway(venues) => match &order.paper {
                Some(desk) => papers::stage(&mut bench, &order, desk, (row.name, venues))?,
                None => gateways::stage(&mut bench, &order, row.name, venues)?,
            },
            Does::Strategy => {
                let (core, journal, told) = core.take().ok_or(Fault::Twice("strategy"))?;
                let stage = strategy(&mut bench, site, row.name, core, journal, told)?;
                Some(Box::new(stage.with_alive(order.alive.clone())))
            }
        };
        if let Some(stage) = stage {
            stages.insert(row.name, stage);
        }
    }
    let notices = std::mem::take(&mut bench.notices);
    let accounts = std::mem::take(&mut bench.accounts);
    drop(bench);
    let crews = crews(stages, placement, page, &site.clock)?;
    let versions = Versions { offer, former };
    Ok(Wired { crews, commands, versions, accounts, notices, connector })
}

/// What every stage is made for.
pub(crate) struct Order<'a> {
    /// Open while the core goes on.
    pub(crate) alive: Fence,
    pub(crate) config: &'a Config,
    pub(crate) site: &'a Site,
    pub(crate) plan: &'a Plan,
    pub(crate) instance: Instance,
    pub(crate) kill: Flag,
    pub(crate) fence: Fence,
    pub(crate) known_until: WallNs,
    pub(crate) limits: &'a Limits,
    /// Where orders are filled on paper: how.
    pub(crate) paper: Option<papers::PaperDesk>,
}

/// What stages are put together with.
pub(crate) struct Workbench<'a> {
    pub(crate) rings: Rings,
    page: &'a Page,
    notices: Vec<NoticeReceiver>,
    accounts: Accounts,
    connector: &'a Connector,
    pub(crate) http: HttpClient,
    /// For calls somebody waits for who may be told to stop.
    proofs: HttpClient,
    seed: u64,
}

impl Workbench<'_> {
    /// A stage's block of the statistics page.
    pub(crate) fn meter(&self, stage: &'static str) -> Result<Writer, Fault> {
        self.page.writer(stage).ok_or(Fault::Twice(stage))
    }

    /// A stage's end of the log.
    pub(crate) fn notices(&mut self, stage: &'static str) -> NoticeSender {
        let (sender, receiver) = notices(stage, NOTICES);
        self.notices.push(receiver);
        sender
    }

    /// The line of the page that shows how full a ring is.
    pub(crate) fn gauge(&self, ring: &str) -> Option<RingGauge> {
        self.page.ring(ring)
    }

    /// A desk's end of the way its keys are changed.
    pub(crate) fn key_port(&mut self, venue: VenueId, rest: RestParts<HostClock>) -> KeyPort {
        let (offer, offered) = ring("keys", KEYS, Full::Halt);
        let (spent_keys, spent) = ring("spent-keys", KEYS, Full::Halt);
        self.accounts.add(Account { venue, rest, http: self.proofs.clone(), offer, spent });
        KeyPort { offered, spent: spent_keys }
    }

    /// A link to a venue's `wss://` address, closed until its stage dials. What it replaces is read for
    /// `overlap` at most.
    pub(crate) fn link(
        &mut self,
        venue: VenueId,
        url: &str,
        clock: &HostClock,
        overlap: Span,
    ) -> Result<HotLink, Fault> {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let options = LinkOptions { seed: self.seed, overlap, ..link_options(venue) };
        let endpoint = net::Endpoint::parse(url)?;
        Ok(Link::new(self.connector.dialer(), endpoint, options, clock.clone()))
    }
}

/// The rings of the topology, each end to be taken once.
pub(crate) struct Rings {
    senders: BTreeMap<&'static str, Sender<Record>>,
    receivers: BTreeMap<&'static str, Receiver<Record>>,
}

impl Rings {
    fn new(paper: bool) -> Self {
        let mut rings = Self { senders: BTreeMap::new(), receivers: BTreeMap::new() };
        for link in LIVE.links {
            let (sender, receiver) = ring(link.name, link.slots(paper), link.full);
            rings.senders.insert(link.name, sender);
            rings.receivers.insert(link.name, receiver);
        }
        rings
    }

    /// The writing end of the ring from one stage to another.
    pub(crate) fn sender(&mut self, from: &str, to: &str) -> Result<Sender<Record>, Fault> {
        let name = LIVE.link(from, to).ok_or(Fault::Twice("a ring"))?;
        self.senders.remove(name).ok_or(Fault::Twice(name))
    }

    /// The reading end of the ring from one stage to another.
    pub(crate) fn receiver(&mut self, from: &str, to: &str) -> Result<Receiver<Record>, Fault> {
        let name = LIVE.link(from, to).ok_or(Fault::Twice("a ring"))?;
        self.receivers.remove(name).ok_or(Fault::Twice(name))
    }
}

/// The stage that runs the core.
fn strategy(
    bench: &mut Workbench<'_>,
    site: &Site,
    name: &'static str,
    core: Core,
    journal: Option<journal::Writer>,
    told: Told,
) -> Result<StrategyStage<HostClock>, Fault> {
    let mut links = Links {
        reports: Vec::new(),
        market: Vec::new(),
        commands: told.commands,
        versions: told.versions,
        retired: told.retired,
        routes: [None; VenueId::COUNT],
        gateways: Vec::new(),
        gauges: Vec::new(),
    };
    for row in LIVE.stages {
        match row.does {
            Does::Feed(venues) if in_use(site, venues) => {
                links.market.push(bench.rings.receiver(row.name, name)?);
            }
            Does::Gateway(venues) if in_use(site, venues) => {
                for venue in venues.iter().filter(|venue| site.place(**venue).is_some()) {
                    links.routes[venue.index()] = Some(links.gateways.len());
                }
                let orders = bench.rings.sender(name, row.name)?;
                links.gauges.extend(bench.gauge(orders.name()));
                links.gateways.push(orders);
                links.reports.push(bench.rings.receiver(row.name, name)?);
            }
            _ => {}
        }
    }
    let tools = Tools { journal, meter: bench.meter(name)?, notices: bench.notices(name) };
    Ok(StrategyStage::new(core, links, tools, site.clock.clone()))
}

/// Whether any of these venues is in use.
pub(crate) fn in_use(site: &Site, venues: &[VenueId]) -> bool {
    venues.iter().any(|venue| site.place(*venue).is_some())
}

/// How a venue wants its connections kept: who pings, and how often it may be dialed. Half of what the
/// venue allows is used; the back-off spreads what fails.
fn link_options(venue: VenueId) -> LinkOptions {
    let rules = venue::limits::stream_rules(venue);
    let ping = match venue {
        VenueId::BinanceSpot | VenueId::BinanceUsdm => PingPolicy::default(),
        // Their pings are texts, which the stages send.
        VenueId::Okx | VenueId::Bybit => PingPolicy::OFF,
    };
    let limit = ConnectLimit { count: rules.connects.div_ceil(2), per: rules.connect_span };
    LinkOptions { ping, limit, ..LinkOptions::default() }
}

fn proof_options() -> HttpOptions {
    HttpOptions { timeout: Duration::from_secs(5), ..HttpOptions::default() }
}

fn http_options(config: &Config) -> HttpOptions {
    let slowest = config.exchanges.iter().map(|exchange| exchange.timeout.0).max();
    let timeout = slowest.map_or(HttpOptions::default().timeout, Duration::from_nanos);
    HttpOptions { timeout, ..HttpOptions::default() }
}

/// Puts the stages on the placement's threads.
fn crews(
    mut stages: BTreeMap<&'static str, Box<dyn Stage + Send>>,
    placement: &Placement,
    page: &Page,
    clock: &HostClock,
) -> Result<Vec<(ThreadPlan, Crew<HostClock>)>, Fault> {
    let mut crews = Vec::new();
    for thread in &placement.threads {
        let names: Vec<&'static str> =
            thread.stages.iter().copied().filter(|name| stages.contains_key(name)).collect();
        let downstream = names
            .iter()
            .map(|name| {
                let next: Vec<_> = LIVE.downstream(name).collect();
                (0..names.len()).filter(|at| next.contains(&names[*at])).collect()
            })
            .collect();
        let members: Vec<_> = names.iter().filter_map(|name| stages.remove(name)).collect();
        let meter = page.writer(&thread_block(thread.name)).ok_or(Fault::Twice(thread.name))?;
        let crew = Crew::new(members, downstream, meter, clock.clone(), thread.shares_cpu);
        crews.push((thread.clone(), crew));
    }
    Ok(crews)
}

/// The name of a thread's own block of the page, beside those of its stages.
pub(crate) fn thread_block(thread: &str) -> String {
    format!("thread-{thread}")
}
