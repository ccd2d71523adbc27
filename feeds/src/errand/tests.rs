use super::*;
use crate::options::FeedOptions;
use crate::rig::instruments;
use base::{Price, Qty};
use net::{HttpOptions, Tls};
use std::cell::Cell;
use std::rc::Rc;
use telemetry::HostClock;

fn parsed<R>(text: &str, read: impl FnOnce(crate::json::Value<'_, '_>) -> R) -> R {
    Reader::new(4096).read(text.as_bytes(), read).expect("JSON")
}

#[test]
fn each_venue_tells_its_time_in_its_own_way() {
    let time = |venue, text| parsed(text, |root| parse::time(venue, root));
    let binance = r#"{"serverTime":1790000000123}"#;
    let okx = r#"{"code":"0","msg":"","data":[{"ts":"1790000000123"}]}"#;
    let bybit = r#"{"retCode":0,"retMsg":"OK","result":{"timeSecond":"1790000000","timeNano":"1790000000123456789"},"retExtInfo":{},"time":1790000000123}"#;
    let bybit_short = r#"{"retCode":0,"result":{},"time":1790000000123}"#;
    let millis = Some(WallNs::from_millis(1_790_000_000_123));
    assert_eq!(time(VenueId::BinanceSpot, binance), millis);
    assert_eq!(time(VenueId::BinanceUsdm, binance), millis);
    assert_eq!(time(VenueId::Okx, okx), millis);
    assert_eq!(time(VenueId::Bybit, bybit), Some(WallNs(1_790_000_000_123_456_789)));
    assert_eq!(time(VenueId::Bybit, bybit_short), millis);
    for venue in VenueId::ALL {
        for nonsense in ["{}", "[]", r#"{"serverTime":"x"}"#, r#"{"data":[]}"#, r#"{"time":0}"#] {
            assert_eq!(time(venue, nonsense), None, "{venue}: {nonsense}");
        }
    }
}

#[test]
fn a_snapshot_is_read_at_the_instruments_scale() {
    let edge = Edge { price_exp: 1, size_exp: 2, size_factor: 10 };
    let text = r#"{"lastUpdateId":9,"E":1,"T":1,"bids":[["99.5","1.25"]],"asks":[["100","2"],["101","3"]]}"#;
    let book = parsed(text, |root| parse::snapshot(root, &edge)).expect("a snapshot");
    assert_eq!((book.last_update, book.bids.len(), book.asks.len()), (9, 1, 2));
    assert_eq!(book.bids[0], Level { price: Price(995), qty: Qty(1_250) });
    let finer = r#"{"lastUpdateId":9,"bids":[["99.55","1"]],"asks":[]}"#;
    assert!(parsed(finer, |root| parse::snapshot(root, &edge)).is_err());
}

/// A clock that stands until it is set.
#[derive(Clone, Debug)]
struct Set(Rc<Cell<u64>>);

impl Clock for Set {
    fn now(&self) -> Stamp {
        Stamp(self.0.get())
    }
    fn wall(&self) -> WallNs {
        WallNs(1)
    }
}

/// Both errands of a plan of all venues, the clock they share, and a venue that says what it is told to.
struct World {
    errands: [FeedErrand<Set>; 2],
    clock: Set,
    asked: Vec<String>,
    says: HttpResponse,
}

const BEGIN: u64 = 1_000_000_000_000;

impl World {
    fn new(limits: &[Vec<RateLimit>; VenueId::COUNT]) -> Self {
        let clock = Set(Rc::new(Cell::new(BEGIN)));
        let options = FeedOptions::default();
        let endpoints = Endpoints::production;
        let plan = FeedPlan::new("feed-test", &VenueId::ALL, &instruments(), endpoints, &options);
        let errands = FeedErrand::pair(&plan, endpoints, limits, clock.clone());
        Self { errands, clock, asked: Vec::new(), says: response(200, &[], "") }
    }

    fn ask(&mut self, job: Job) -> Vec<Answer> {
        let [first, second] = &mut self.errands;
        let errand = if matches!(job, Job::Time(_)) { first } else { second };
        let (mut answers, asked, says) = (Vec::new(), &mut self.asked, &self.says);
        let mut call = |request: &HttpRequest<'_>| {
            asked.push(request.path_and_query.to_owned());
            Ok(says.clone())
        };
        errand.perform(job, &mut call, &mut |answer| answers.push(answer));
        answers
    }

    fn wait(&self, span: Span) {
        self.clock.0.set(self.clock.0.get() + span.0);
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    HttpResponse {
        status,
        headers: headers.iter().map(owned).collect(),
        body: body.as_bytes().to_vec(),
    }
}

const NO_LIMITS: [Vec<RateLimit>; VenueId::COUNT] = [const { Vec::new() }; VenueId::COUNT];
const BOOK: &str = r#"{"lastUpdateId":9,"bids":[["99.5","1"]],"asks":[]}"#;
const SNAPSHOT: Job = Job::Snapshot { row: Row(0), levels: 1000 };

#[test]
fn funding_intervals_are_told_of_every_perpetual_whose_entry_makes_sense() {
    let mut world = World::new(&NO_LIMITS);
    let body = r#"[{"symbol":"BTCUSDT","fundingIntervalHours":4,"disclaimer":false}]"#;
    world.says = response(200, &[], body);
    let hours = |answers: Vec<Answer>| -> Vec<(u16, u64)> {
        let of = |answer: &Answer| match answer {
            Answer::Interval { row, interval } => Some((row.0, interval.0 / 3_600_000_000_000)),
            _ => None,
        };
        answers.iter().filter_map(of).collect()
    };
    assert_eq!(hours(world.ask(Job::Intervals)), [(1, 4), (2, 8)]);
    world.says = response(200, &[], r#"[{"symbol":"BTCUSDT","fundingIntervalHours":0}]"#);
    assert_eq!(hours(world.ask(Job::Intervals)), [(2, 8)]);
    world.says = response(200, &[], "{}");
    assert_eq!(world.ask(Job::Intervals), [Answer::Failed { job: Job::Intervals, status: 0 }]);
}

#[test]
fn a_venue_that_bans_is_asked_nothing_before_the_time_it_names() {
    let mut world = World::new(&NO_LIMITS);
    world.says = response(418, &[("retry-after", "300")], "");
    assert_eq!(world.ask(SNAPSHOT), [Answer::Failed { job: SNAPSHOT, status: 418 }]);
    let until = Stamp(BEGIN) + Span::from_secs(300);
    world.says = response(200, &[], BOOK);
    // Whichever errand asks, whatever it asks: the ban is for the address.
    for job in [SNAPSHOT, Job::Time(VenueId::BinanceSpot)] {
        assert_eq!(world.ask(job), [Answer::Held { job, until }]);
        world.wait(Span::from_secs(149));
        assert_eq!(world.ask(job), [Answer::Held { job, until }]);
    }
    assert_eq!(world.asked.len(), 1);
    world.ask(Job::Time(VenueId::Okx));
    assert_eq!(world.asked.len(), 2, "other venues have banned nobody");
    world.wait(Span::from_secs(2));
    assert!(matches!(world.ask(SNAPSHOT)[..], [Answer::Begin { .. }, .., Answer::End { .. }]));
}

#[test]
fn without_a_time_a_refusal_for_too_many_requests_is_heeded_for_a_minute() {
    let mut world = World::new(&NO_LIMITS);
    world.says = response(429, &[], "");
    world.ask(Job::Time(VenueId::BinanceUsdm));
    let job = Job::Intervals;
    let until = Stamp(BEGIN) + Span::from_secs(60);
    assert_eq!(world.ask(job), [Answer::Held { job, until }]);
}

/// How many snapshots are given in one go.
fn burst(world: &mut World) -> usize {
    (0..1_000).take_while(|_| !matches!(world.ask(SNAPSHOT)[..], [Answer::Held { .. }])).count()
}

#[test]
fn feeds_use_at_most_half_of_the_weight_that_an_address_has() {
    let mut world = World::new(&NO_LIMITS);
    world.says = response(200, &[], BOOK);
    // Half of 6,000, a tenth of that kept, 50 a snapshot.
    assert_eq!(burst(&mut world), 54);
    world.wait(Span::from_secs(70));
    assert_eq!(burst(&mut world), 54, "and so in the next minute");
}

#[test]
fn a_limit_that_the_venue_states_is_the_one_that_counts() {
    let mut limits = NO_LIMITS;
    limits[VenueId::BinanceSpot.index()] = vec![RateLimit { meter: "weight-1m", limit: 1_200 }];
    let mut world = World::new(&limits);
    world.says = response(200, &[], BOOK);
    assert_eq!(burst(&mut world), 10);
}

#[test]
fn what_the_venue_has_counted_of_others_leaves_less() {
    let mut world = World::new(&NO_LIMITS);
    world.says = response(200, &[("x-mbx-used-weight-1m", "5330")], BOOK);
    // 5,400 of 6,000 may be used by what is no cancel; the first answer tells of 5,330.
    assert_eq!(burst(&mut world), 2);
}

#[test]
fn a_venue_that_cannot_be_reached_is_a_failed_job() {
    let options = FeedOptions::default();
    // Port 1 of this machine: nobody listens there.
    let nowhere = |venue| Endpoints {
        rest: "https://127.0.0.1:1".to_owned(),
        ..Endpoints::production(venue)
    };
    let plan = FeedPlan::new("feed-test", &VenueId::ALL, &instruments(), nowhere, &options);
    let clock = HostClock::start();
    let [mut errand, _] = FeedErrand::pair(&plan, nowhere, &NO_LIMITS, clock);
    let http = HttpClient::new(&Tls::new(None).expect("roots"), HttpOptions::default());
    for job in [
        Job::Time(VenueId::Okx),
        Job::Snapshot { row: Row(0), levels: 100 },
        Job::Intervals,
        Job::Snapshot { row: Row(9_999), levels: 100 },
    ] {
        let mut answers = Vec::new();
        errand.run(job, &http, &mut |answer| answers.push(answer));
        assert_eq!(answers, [Answer::Failed { job, status: 0 }]);
    }
}
