//! The gateway against the simulated venues over real TLS, REST and WebSockets: what one writes the
//! other, which shares no wire code with it, takes and answers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::input::{Input, OrderStatus, RejectClass};
use base::output::{Output, Place, Style};
use base::{
    Instance, Instruments, OrderId, PairId, Price, Qty, Record, Side, Stage, Stamp, VenueId, WallNs,
};
use gateway::markets::Markets;
use gateway::rest::{Job, News, Reply, Rest, RestParts, Signer, Task};
use gateway::{DeskParts, GatewayStage, Settings, StageParts};
use net::{
    Connector, Endpoint, ErrandHandle, HttpClient, HttpOptions, HttpRequest, Link, LinkOptions,
    Method, Tls, spawn_errands,
};
use rings::{Fence, Flag, Full, Receiver, Sender, ring};
use serde_json::Value;
use sim::{Running, SimOptions, serve};
use telemetry::{HostClock, NoticeCode, NoticeReceiver, Writer};
use venue::Outcome;
use venue::catalog::{self, CatalogError, Fees, Page, Wanted};
use venue::credentials::Credentials;

/// Longer than anything here takes on a busy machine.
const WATCHDOG: Duration = Duration::from_secs(60);

/// The venues, and what a client of theirs needs.
struct World {
    running: Running,
    http: HttpClient,
    tls: Tls,
    clock: HostClock,
    instruments: Instruments,
    _dir: tempfile::TempDir,
}

type Parse = fn(&[u8]) -> Result<Page, CatalogError>;

const LISTS: [(VenueId, &str, Parse); 6] = [
    (VenueId::BinanceSpot, "/api/v3/exchangeInfo", catalog::parse_binance_spot),
    (VenueId::BinanceUsdm, "/fapi/v1/exchangeInfo", catalog::parse_binance_usdm),
    (VenueId::Okx, "/api/v5/public/instruments?instType=SPOT", catalog::parse_okx),
    (VenueId::Okx, "/api/v5/public/instruments?instType=SWAP", catalog::parse_okx),
    (VenueId::Bybit, "/v5/market/instruments-info?category=spot", catalog::parse_bybit_spot),
    (VenueId::Bybit, "/v5/market/instruments-info?category=linear", catalog::parse_bybit_linear),
];

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = SimOptions {
            scenario: "calm".to_owned(),
            speed: Some(1),
            dir: dir.path().to_owned(),
            ..SimOptions::default()
        };
        let running = serve(&options).unwrap();
        let described = running.venues().clone();
        let tls = Tls::new(Some(Path::new(described["ca"].as_str().unwrap()))).unwrap();
        let http = HttpClient::new(&tls, HttpOptions::default());
        let anchor = &described["clock"];
        let clock = HostClock::scenario(
            WallNs(anchor["wall_ns"].as_i64().unwrap()),
            Stamp(anchor["mono_ns"].as_u64().unwrap()),
            1,
        );
        let mut world =
            Self { running, http, tls, clock, instruments: Instruments::default(), _dir: dir };
        world.instruments = world.catalog();
        world
    }

    fn venue(&self, venue: VenueId) -> &Value {
        &self.running.venues()["venues"][venue.name()]
    }

    fn text(&self, venue: VenueId, name: &str) -> String {
        self.venue(venue)[name].as_str().unwrap().to_owned()
    }

    fn get(&self, venue: VenueId, target: &str) -> Vec<u8> {
        let base = self.text(venue, "rest");
        let request = HttpRequest {
            method: Method::Get,
            base: &base,
            path_and_query: target,
            headers: &[],
            body: &[],
        };
        self.http.call(&request).unwrap().body
    }

    fn catalog(&self) -> Instruments {
        let mut listings = Vec::new();
        for (venue, target, parse) in LISTS {
            listings.extend(parse(&self.get(venue, target)).unwrap().listings);
        }
        let name = |venue| match venue {
            VenueId::BinanceSpot => "BTC/USDT",
            _ => "BTC/USDT:USDT",
        };
        let wanted: Vec<_> = VenueId::ALL
            .into_iter()
            .map(|venue| Wanted { venue, name: name(venue).to_owned() })
            .collect();
        catalog::build(&listings, &[], &wanted, &Fees::default()).unwrap()
    }

    /// The key of that kind: HMAC, or Ed25519 in PEM.
    fn credentials(&self, venue: VenueId, ed25519: bool) -> Arc<Credentials> {
        let secret = if ed25519 { "ed25519_pem" } else { "secret" };
        let keys = self.venue(venue)["keys"].as_array().unwrap();
        let found = keys.iter().find_map(|key| Some((key, key[secret].as_str()?)));
        let (key, secret) = found.expect("such a key");
        let passphrase = key["passphrase"].as_str();
        Arc::new(Credentials::new(key["api_key"].as_str().unwrap(), secret, passphrase).unwrap())
    }

    fn errands(&self, venue: VenueId, ed25519: bool) -> Errands {
        let rest = Rest::new(RestParts {
            venue,
            base: self.text(venue, "rest"),
            signer: Signer::new(self.credentials(venue, ed25519)),
            markets: Markets::new(venue, &self.instruments).unwrap(),
            instance: instance(),
            clock: self.clock.clone(),
            recv_window_ms: 5_000,
            simulated_header: false,
            kill: Flag::new(),
            fence: Fence::none(),
        });
        let handle = spawn_errands("test-errand", rest, self.http.clone(), 64).unwrap();
        Errands { handle }
    }

    /// An order of a hundredth of a bitcoin at that part of the market's price.
    fn order(&self, venue: VenueId, seq: u64, (side, style): (Side, Style), percent: i64) -> Place {
        let of = self.instruments.of(venue).next().expect("one instrument");
        let body = self.get(VenueId::BinanceSpot, "/api/v3/ticker/bookTicker?symbol=BTCUSDT");
        let ticker: Value = serde_json::from_slice(&body).unwrap();
        let bid = ticker["bidPrice"].as_str().unwrap();
        let bid = of.edge.price_rounded(bid.as_bytes()).unwrap();
        let price = Price(bid.0 * percent / 100 / of.tick.0 * of.tick.0);
        let qty = Qty(10_i64.pow(u32::from(of.scale.qty_exp) - 2));
        Place {
            venue,
            instrument: of.id,
            order: OrderId::new(3, seq),
            side,
            style,
            reduce_only: false,
            price,
            qty,
            cause: Stamp(0),
            pair: PairId(1),
            version: 1,
        }
    }
}

fn instance() -> Instance {
    Instance::new("ARB1").unwrap()
}

/// The real errand thread.
struct Errands {
    handle: ErrandHandle<Job, Reply>,
}

impl Errands {
    /// Does a task with all its calls; the last news end it.
    fn run(&mut self, task: Task) -> Vec<News> {
        let (mut told, mut step) = (Vec::new(), 0);
        let end = Instant::now() + WATCHDOG;
        self.handle.submit(Job { task, tag: 1, step, offset_ns: 0 }).unwrap();
        loop {
            assert!(Instant::now() < end, "{task:?}: {told:?}");
            let Some(reply) = self.handle.poll() else {
                std::thread::yield_now();
                continue;
            };
            match reply.news {
                News::More(_) => {
                    step += 1;
                    self.handle.submit(Job { task, tag: 1, step, offset_ns: 0 }).unwrap();
                }
                News::Counted(_) => {}
                news @ (News::Done | News::Failed(_) | News::ListenKey(_)) => {
                    told.push(news);
                    return told;
                }
                news => told.push(news),
            }
        }
    }

    fn place(&mut self, clock: &HostClock, place: Place) -> Vec<News> {
        use base::Clock as _;
        let until = clock.now() + base::Span::from_secs(10);
        self.run(Task::Place { place, request: 1, until })
    }
}

fn is_done(told: &[News]) -> bool {
    matches!(told.last(), Some(News::Done))
}

#[test]
fn orders_by_rest_are_taken_named_refused_twice_cancelled_and_filled() {
    let world = World::new();
    for venue in VenueId::ALL {
        let mut errands = world.errands(venue, false);
        let resting = world.order(venue, 1, (Side::Buy, Style::PostOnly), 97);
        let Place { instrument, order, .. } = resting;
        let told = errands.place(&world.clock, resting);
        let placed = told
            .iter()
            .any(|news| matches!(news, News::Placed { venue_order, .. } if *venue_order != 0));
        assert!(placed && is_done(&told), "{venue}: {told:?}");

        let listed = errands.run(Task::OpenOrders);
        let ours = |news: &News| matches!(news, News::Item(Input::OpenOrder(open)) if open.order == order && open.price == resting.price && open.qty == resting.qty);
        assert!(listed.iter().any(ours), "{venue}: {listed:?}");

        let twice = errands.place(&world.clock, resting);
        let duplicate = |news: Option<&News>| matches!(news, Some(News::Failed(f)) if f.outcome == Outcome::Duplicate);
        assert!(duplicate(twice.last()), "{venue}: {twice:?}");

        assert!(is_done(&errands.run(Task::CancelAll { instrument })), "{venue}");
        let asked = errands.run(Task::Query { instrument, order });
        let over =
            |news: &News| matches!(news, News::Order(o) if o.status == OrderStatus::Cancelled);
        assert!(asked.iter().any(over), "{venue}: {asked:?}");

        let taking = world.order(venue, 2, (Side::Buy, Style::Ioc), 102);
        let told = errands.place(&world.clock, taking);
        assert!(is_done(&told), "{venue}: {told:?}");
        let since = WallNs::from_millis(base::Clock::wall(&world.clock).millis() - 3_600_000);
        let fills = errands.run(Task::Fills { instrument, since });
        let filled = |news: &News| match news {
            News::Item(Input::Fill(fill)) if fill.order == taking.order => fill.qty.0,
            _ => 0,
        };
        assert_eq!(fills.iter().map(filled).sum::<i64>(), taking.qty.0, "{venue}: {fills:?}");
    }
    world.running.stop().unwrap();
}

#[test]
fn what_may_only_reduce_is_taken_with_a_position_and_refused_without() {
    let world = World::new();
    for venue in [VenueId::BinanceUsdm, VenueId::Okx, VenueId::Bybit] {
        let mut errands = world.errands(venue, false);
        let exit =
            Place { reduce_only: true, ..world.order(venue, 1, (Side::Sell, Style::Ioc), 98) };
        let told = errands.place(&world.clock, exit);
        let refused = |news: Option<&News>| matches!(news, Some(News::Failed(f)) if f.class == RejectClass::ReduceOnly);
        assert!(refused(told.last()), "{venue}: {told:?}");
        let told =
            errands.place(&world.clock, world.order(venue, 2, (Side::Buy, Style::Market), 100));
        assert!(is_done(&told), "{venue}: {told:?}");
        let told = errands.place(&world.clock, Place { order: OrderId::new(3, 3), ..exit });
        assert!(is_done(&told), "{venue}: {told:?}");
        let positions = errands.run(Task::Positions);
        let held =
            |news: &News| matches!(news, News::Item(Input::Position(p)) if p.qty != Qty::ZERO);
        assert!(is_done(&positions) && !positions.iter().any(held), "{venue}: {positions:?}");
    }
    world.running.stop().unwrap();
}

#[test]
fn the_venues_accounts_are_fit_and_say_what_they_pay() {
    let world = World::new();
    for venue in VenueId::ALL {
        for ed25519 in [false, true] {
            if ed25519 && !matches!(venue, VenueId::BinanceSpot | VenueId::BinanceUsdm) {
                continue;
            }
            let mut errands = world.errands(venue, ed25519);
            assert_eq!(errands.run(Task::Account), [News::Done], "{venue}");
            let of = world.instruments.of(venue).next().unwrap();
            let (instrument, maker, taker) = (of.id, of.fee_maker, of.fee_taker);
            let fees = errands.run(Task::Fees);
            let ours = News::Fees { instrument, maker, taker };
            assert!(is_done(&fees), "{venue}: {fees:?}");
            let told = fees.iter().find(|news| matches!(news, News::Fees { .. }));
            assert_eq!(told, Some(&ours), "{venue}: as the built-in scenario charges");
            assert!(is_done(&errands.run(Task::Balances)), "{venue}");
        }
    }
    world.running.stop().unwrap();
}

/// A stage with one desk on real connections.
struct Wired {
    stage: GatewayStage<Link<HostClock>, HostClock>,
    clock: HostClock,
    intents: Sender<Record>,
    reports: Receiver<Record>,
    notices: NoticeReceiver,
    _connector: Connector,
}

impl Wired {
    fn new(world: &World, venue: VenueId, ed25519: bool) -> Self {
        let connector = Connector::start(&world.tls, world.clock.clone()).unwrap();
        let link = |name: &str| {
            let endpoint = Endpoint::parse(&world.text(venue, name)).unwrap();
            Link::new(connector.dialer(), endpoint, LinkOptions::default(), world.clock.clone())
        };
        let (intents, intents_out) = ring("ord-test", 64, Full::Halt);
        let (reports_in, reports) = ring("ack-test", 1_024, Full::Halt);
        let (told, notices) = telemetry::notices("gw-test", 1_024);
        let parts = StageParts {
            name: "gw-test",
            intents: intents_out,
            reports: reports_in,
            clocks: None,
            gauge: None,
            kill: Flag::new(),
            fence: Fence::none(),
            clock: world.clock.clone(),
            page: Writer::detached(),
            notices: told,
        };
        let desk = DeskParts {
            venue,
            instruments: &world.instruments,
            instance: instance(),
            credentials: world.credentials(venue, ed25519),
            settings: Settings::default(),
            orders: link("trade"),
            account: (venue == VenueId::BinanceUsdm).then(|| link("private")),
            errands: world.errands(venue, ed25519).handle,
        };
        let stage = GatewayStage::open(parts, [desk]).unwrap();
        let clock = world.clock.clone();
        Self { stage, clock, intents, reports, notices, _connector: connector }
    }

    /// Gives turns until the stage reports what is waited for.
    fn until(&mut self, what: &str, wanted: impl Fn(&Input) -> bool) {
        use base::Clock as _;
        let end = Instant::now() + WATCHDOG;
        loop {
            assert!(Instant::now() < end, "{what}");
            let now = self.clock.now();
            self.stage.turn(now);
            self.stage.housekeep(now);
            while let Some(record) = self.reports.pop() {
                if wanted(&Input::read(&record).unwrap()) {
                    return;
                }
            }
            std::thread::yield_now();
        }
    }
}

#[test]
fn an_ed25519_key_logs_the_session_on_and_its_orders_then_carry_no_signature() {
    let world = World::new();
    for venue in [VenueId::BinanceSpot, VenueId::BinanceUsdm] {
        let mut wired = Wired::new(&world, venue, true);
        wired.until(
            "armed",
            |input| matches!(input, Input::SessionState(s) if s.orders && !s.slow && s.account),
        );
        let place = world.order(venue, 7, (Side::Buy, Style::PostOnly), 97);
        wired.intents.push(Output::Place(place).record(Stamp(0))).unwrap();
        wired.until("acknowledged", |input| {
            assert!(!matches!(input, Input::Reject(_)), "{venue}: {input:?}");
            matches!(input, Input::Ack(ack) if ack.order == place.order)
        });
        let told: Vec<_> = std::iter::from_fn(|| wired.notices.pop()).map(|n| n.code).collect();
        assert!(told.contains(&NoticeCode::SessionUp), "{venue}: {told:?}");
        assert!(!told.contains(&NoticeCode::LoginRefused), "{venue}: {told:?}");
        assert!(told.contains(&NoticeCode::AccountFit), "{venue}: {told:?}");
    }
    world.running.stop().unwrap();
}
