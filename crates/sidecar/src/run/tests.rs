#![allow(clippy::unwrap_used)]
use super::{Sidecar, SidecarHandle};
use crate::log::tests::Page as Paper;
use crate::world::{self, World};
use crate::{Adoption, JournalPlan, Listen, LogPlan, Reload, SidecarError, SidecarPlan};
use base::{Clock as _, Instance, InstrumentId, Span, Stamp};
use journal::{Journal, Opened, Options, latest_snapshot};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use strategy::{Core, Outputs};
use telemetry::{Counter, HostClock, Level, Notice, NoticeCode, Page, PageReader, Writer, notices};
use tempfile::tempdir;

pub(crate) mod exposition;

const WATCHDOG: Duration = Duration::from_secs(30);

fn any(key: &'static str) -> Option<Listen> {
    Some(Listen { addr: "127.0.0.1:0".parse().unwrap(), key })
}

fn plan(page: PageReader) -> SidecarPlan {
    let mut plan = SidecarPlan::new(page, HostClock::monotonic());
    (plan.metrics, plan.health) = (any("metrics_port"), any("health_port"));
    plan
}

fn make_page(dir: &Path) -> (Page, Writer) {
    let page = Page::create(&dir.join("page"), &["feed-okx", "hot"]).unwrap();
    let writer = page.writer("hot").unwrap();
    (page, writer)
}

fn get(addr: Option<SocketAddr>, path: &str) -> (u16, String) {
    ask(addr, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

fn ask(addr: Option<SocketAddr>, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr.unwrap()).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// Asks until it is so; fails when it has not become so within the watchdog's time.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + WATCHDOG;
    // bound: the watchdog
    while !is_so() {
        assert!(Instant::now() < until, "never: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn metrics_are_served_and_valid() {
    let dir = tempdir().unwrap();
    let (page, writer) = make_page(dir.path());
    let mut plan = plan(page.reader().unwrap());
    plan.about = crate::About {
        name: "arb-eu".to_owned(),
        version: "1.2.3".to_owned(),
        environment: "staging".to_owned(),
        instance: "ARB1".to_owned(),
    };
    plan.degraded = vec![tuning::Degraded::FewCpus { threads: 7, cpus: 1 }];
    let checks = vec![("swap", "wrong"), ("nohz-full", "cannot_know")];
    plan.fitness = crate::Fitness { checks, told: "swap is wrong".to_owned(), ill: true };
    let sidecar = Sidecar::start(plan).unwrap();
    writer.add(Counter::OrdersSent, 41);
    let (status, text) = get(sidecar.metrics_addr(), "/metrics");
    let series = exposition::check(&text);
    assert_eq!(status, 200);
    assert_eq!(series.get(r#"arb_gateway_orders_sent_total{stage="hot"}"#), Some(&41.0));
    assert_eq!(series.get(r#"arb_degraded{reason="few-cpus"}"#), Some(&1.0));
    assert_eq!(series.get(r#"arb_doctor_check{name="swap",state="wrong"}"#), Some(&1.0));
    assert_eq!(series.get(r#"arb_doctor_check{name="nohz-full",state="cannot_know"}"#), Some(&1.0));
    let about = r#"arb_info{environment="staging",instance="ARB1",name="arb-eu",version="1.2.3"}"#;
    assert_eq!(series.get(about), Some(&1.0));
    assert_eq!(series.get("arb_process_hot_allocations_total"), Some(&0.0));
    for path in ["/", "/health", "/ready", "/metrics/"] {
        assert_eq!(get(sidecar.metrics_addr(), path).0, 404, "{path} on the metrics port");
    }
    assert_eq!(get(sidecar.health_addr(), "/metrics").0, 404);
    let ended = sidecar.stop();
    assert_eq!((ended.faults, ended.written), (vec![], 0));
}

#[test]
fn probes_say_yes_and_no_with_reasons() {
    let dir = tempdir().unwrap();
    let (page, hot) = make_page(dir.path());
    let sidecar = Sidecar::start(plan(page.reader().unwrap())).unwrap();
    let health = || get(sidecar.health_addr(), "/health");
    assert_eq!(health(), (200, r#"{"healthy":true,"reasons":[]}"#.to_owned()));
    hot.at_home(1, None);
    hot.beat(HostClock::monotonic().now());
    assert_eq!(health().0, 200);
    hot.beat(Stamp(1));
    let (status, body) = health();
    assert!(status == 503 && body.contains("thread hot has not moved"), "{body}");

    let ready = || get(sidecar.health_addr(), "/ready");
    assert!(ready().0 == 503 && ready().1.contains("no feed has subscribed"));
    let feed = page.writer("feed-okx").unwrap();
    feed.set(Counter::FeedBooks, 2);
    feed.set(Counter::FeedBooksKnown, 2);
    assert_eq!(ready(), (200, r#"{"ready":true,"reasons":[]}"#.to_owned()));
    assert!(sidecar.status().ready.is_yes());
}

#[test]
fn a_port_in_use_is_named_with_its_key() {
    let dir = tempdir().unwrap();
    let (page, _writer) = make_page(dir.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let mut plan = plan(page.reader().unwrap());
    plan.health = Some(Listen { addr, key: "health_port" });
    let error = Sidecar::start(plan).unwrap_err();
    assert!(matches!(error, SidecarError::PortInUse { .. }));
    let text = error.to_string();
    let port = addr.port().to_string();
    assert!(text.contains(&port) && text.contains("health_port") && text.contains("set"), "{text}");
}

#[test]
fn a_reload_is_asked_for_with_post_only_and_never_from_a_page_of_another_site() {
    let dir = tempdir().unwrap();
    let (page, _writer) = make_page(dir.path());
    let mut plan = plan(page.reader().unwrap());
    let (asked, asks) = std::sync::mpsc::channel();
    plan.reload = Some(Reload(Box::new(move || asked.send(()).unwrap())));
    let sidecar = Sidecar::start(plan).unwrap();
    let at = sidecar.health_addr();
    assert_eq!(ask(at, "POST /config/reload HTTP/1.1\r\n\r\n").0, 202);
    assert_eq!(get(at, "/config/reload").0, 405);
    assert_eq!(ask(at, "POST /config/reload HTTP/1.1\r\nOrigin: http://x\r\n\r\n").0, 403);
    assert_eq!(ask(at, "POST /health HTTP/1.1\r\n\r\n").0, 405);
    assert_eq!(ask(sidecar.metrics_addr(), "POST /config/reload HTTP/1.1\r\n\r\n").0, 405);
    assert_eq!(asks.try_iter().count(), 1);
}

#[test]
fn what_is_in_force_and_what_came_of_reading_it_again_is_shown() {
    let dir = tempdir().unwrap();
    let (page, _writer) = make_page(dir.path());
    let sidecar = Sidecar::start(plan(page.reader().unwrap())).unwrap();
    let desk = sidecar.desk();
    desk.in_force(7, "{\"version\":7}".to_owned());
    desk.count(Adoption::Adopted);
    desk.count(Adoption::Refused);
    assert_eq!(get(sidecar.health_addr(), "/config"), (200, "{\"version\":7}".to_owned()));
    let metrics = get(sidecar.metrics_addr(), "/metrics").1;
    for line in [
        "arb_config_version 7",
        "arb_config_refused 1",
        "arb_config_reloads_total{outcome=\"adopted\"} 1",
        "arb_config_reloads_total{outcome=\"refused\"} 1",
    ] {
        assert!(metrics.lines().any(|have| have == line), "{line}");
    }
    desk.count(Adoption::Unchanged);
    assert!(get(sidecar.metrics_addr(), "/metrics").1.contains("arb_config_refused 0"));
}

#[test]
fn the_level_of_the_log_changes_while_it_is_written() {
    let dir = tempdir().unwrap();
    let (page, _writer) = make_page(dir.path());
    let paper = Paper::default();
    let mut plan = plan(page.reader().unwrap());
    plan.log =
        LogPlan { target: Box::new(paper.clone()), level: Level::Error, ..LogPlan::default() };
    let sidecar = Sidecar::start(plan).unwrap();
    let desk = sidecar.desk();
    desk.log_level(Level::Info);
    eventually("a line of that level is written", || {
        desk.say(Level::Info, "configuration", "heard".to_owned());
        paper.text().contains("heard")
    });
}

#[test]
fn what_hot_threads_tell_is_in_the_log() {
    let dir = tempdir().unwrap();
    let (page, _writer) = make_page(dir.path());
    let (mut teller, listener) = notices("gw-okx", 64);
    let paper = Paper::default();
    let mut plan = plan(page.reader().unwrap());
    plan.notices = vec![listener];
    plan.log = LogPlan { target: Box::new(paper.clone()), ..LogPlan::default() };
    let clock = plan.clock.clone();
    let sidecar = Sidecar::start(plan).unwrap();
    teller.tell(Notice::new(clock.now(), NoticeCode::Killed, None, InstrumentId::ALL, [0; 3]));
    eventually("the line is written", || paper.text().contains("kill flag is set"));
    teller.tell(Notice::new(clock.now(), NoticeCode::SessionUp, None, InstrumentId::ALL, [0; 3]));
    drop(sidecar);
    assert!(paper.text().contains("session stands"), "the last lines are written at the end");
}

struct Engine {
    opened: Option<journal::Writer>,
    live: Core,
    plan: strategy::Plan,
    sidecar: SidecarHandle,
}

fn instance() -> Instance {
    Instance::new("TEST").unwrap()
}

fn engine(dir: &Path, paper: &Paper) -> Engine {
    let core_plan = world::two_perpetuals();
    let (page, _writer) = make_page(dir);
    let options = Options { reserve_bytes: 0, ahead: 2, ..Options::new(1 << 20) };
    let Opened { writer, keeper, next_index, .. } =
        Journal::open_with(&dir.join("journal"), instance(), options, |_| vec![]).unwrap();
    let mut plan = plan(page.reader().unwrap());
    plan.log = LogPlan { target: Box::new(paper.clone()), ..LogPlan::default() };
    plan.journal = Some(JournalPlan {
        keeper,
        shadow: Core::new(&core_plan),
        from: next_index,
        snapshot_every: Span::from_millis(1),
        retain: None,
    });
    let live = Core::new(&core_plan);
    Engine { opened: Some(writer), live, plan: core_plan, sidecar: Sidecar::start(plan).unwrap() }
}

impl Engine {
    /// What a strategy stage does with these inputs.
    fn run(&mut self, inputs: &[base::Record]) -> u64 {
        let writer = self.opened.as_mut().unwrap();
        let mut out = Outputs::new();
        for input in inputs {
            let until = Instant::now() + WATCHDOG;
            // bound: the keeper makes room, or the watchdog
            while !writer.has_room(1 + Outputs::CAPACITY) {
                assert!(Instant::now() < until, "the keeper makes no room");
                std::thread::yield_now();
            }
            writer.append(input).unwrap();
            out.clear();
            self.live.step(input, &mut out);
            for output in out.as_slice() {
                writer.append(output).unwrap();
            }
        }
        writer.next_index()
    }
}

fn inputs() -> Vec<base::Record> {
    let mut world = World::ready(&world::two_perpetuals());
    for step in 0..3_000 {
        world.quote(0, 6_000_000 + step, 6_000_100 + step);
        world.quote(1, 6_000_000 - step, 6_000_100 - step);
        world.after(1);
    }
    world.inputs
}

#[test]
fn the_shadow_follows_to_the_end_and_its_snapshot_is_the_live_core() {
    let dir = tempdir().unwrap();
    let paper = Paper::default();
    let mut engine = engine(dir.path(), &paper);
    let end = engine.run(&inputs());
    eventually("the view is published", || {
        let status = engine.sidecar.status();
        status.view.is_some_and(|view| view.counts.inputs > 0)
    });
    let Engine { opened, live, plan, sidecar } = engine;
    drop(opened);
    let ended = sidecar.stop();
    assert_eq!((ended.divergence, ended.faults), (None, vec![]));
    assert_eq!((ended.written, ended.synced), (end, end));
    let view = ended.view.unwrap();
    assert_eq!((view.counts.inputs, &view.hash), (live.inputs(), &live.view().hash));

    let snapshot = latest_snapshot(&dir.path().join("journal"), instance()).unwrap().unwrap();
    assert_eq!(snapshot.index, end);
    let restored = Core::restore(&plan, &snapshot.state).unwrap();
    assert_eq!(restored.hash(), live.hash());
}

#[test]
fn what_the_core_knows_of_limits_pairs_and_venues_is_in_the_metrics() {
    let dir = tempdir().unwrap();
    let mut engine = engine(dir.path(), &Paper::default());
    engine.run(&inputs());
    let sidecar = &engine.sidecar;
    let seen = || {
        let (_, text) = get(sidecar.metrics_addr(), "/metrics");
        exposition::check(&text)
    };
    let view = engine.live.view();
    eventually("the numbers are those of the core", || {
        let seen = seen();
        let venue = |what: &str, is: bool| {
            let name = view.venues[0].venue.name();
            let key = format!("arb_venue_ok{{venue=\"{name}\",what=\"{what}\"}}");
            seen.get(&key) == Some(&f64::from(u8::from(is)))
        };
        venue("orders", view.venues[0].orders)
            && venue("reconciled", view.venues[0].reconciled)
            && venue("clock", view.venues[0].clock_bound_ns.is_some())
            && seen.get("arb_pairs{phase=\"stuck\"}") == Some(&0.0)
            && seen.contains_key("arb_limit_used_ratio{limit=\"daily-loss\"}")
            && seen.contains_key("arb_equity") == view.equity.is_some()
    });
}

#[test]
fn a_live_core_that_lies_is_found_out_while_it_runs() {
    let dir = tempdir().unwrap();
    let paper = Paper::default();
    let mut engine = engine(dir.path(), &paper);
    engine.run(&inputs());
    let lie = base::Output::CancelAll(base::output::CancelAll {
        venue: base::VenueId::Okx,
        instrument: InstrumentId::ALL,
    });
    let index = engine.opened.as_mut().unwrap().append(&lie.record(Stamp(5))).unwrap();
    let sidecar = &engine.sidecar;
    eventually("the divergence is seen", || sidecar.status().divergence.is_some());
    let status = sidecar.status();
    assert_eq!(status.divergence.unwrap().index, index);
    assert!(status.ready.reasons.iter().any(|reason| reason.code == "diverged"));
    eventually("the metric is up", || {
        let (_, text) = get(sidecar.metrics_addr(), "/metrics");
        exposition::check(&text).get("arb_shadow_divergences_total") == Some(&1.0)
    });
    assert!(paper.text().contains("diverged: the shadow core parted"), "{}", paper.text());
}
