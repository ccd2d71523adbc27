//! REST without a network: what is asked to the byte, and what is made of answers.

use super::{
    Call, Counted, Failure, Job, ListenKey, News, Reply, Rest, RestParts, Signer, Task, Unfit,
};
use crate::decode::Skipped;
use crate::markets::Markets;
use crate::samples;
use base::input::{Input, OrderStatus, RejectClass};
use base::{
    AssetId, Clock, Instance, InstrumentId, Money, OrderId, Price, Qty, Side, Stamp, VenueId,
    WallNs,
};
use net::{HttpError, HttpFault, HttpFaultKind, HttpResponse, Method};
use rings::{Fence, Flag};
use std::cell::Cell;
use std::sync::Arc;
use venue::credentials::Credentials;
use venue::sign::{self, HmacKey};
use venue::{Outcome, Spend};

mod account;
mod binance;
mod bybit;
mod okx;
mod paging;
mod place;

/// 2023-11-14 22:13:20.123 UTC.
#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Stamp {
        Stamp(0)
    }
    fn wall(&self) -> WallNs {
        WallNs::from_millis(1_700_000_000_123)
    }
}

const ORDER: OrderId = OrderId::new(3, 7);
const CLIENT: &str = "ARB10000300000007";
const SINCE: WallNs = WallNs::from_millis(1_699_999_000_000);
const USDT: AssetId = AssetId(1);

fn instance() -> Instance {
    Instance::new("ARB1").unwrap()
}

fn rest(venue: VenueId) -> Rest<Fixed> {
    rest_with(venue, Flag::new())
}

fn rest_with(venue: VenueId, kill: Flag) -> Rest<Fixed> {
    Rest::new(rest_parts(venue, kill, Fixed))
}

fn rest_parts<C>(venue: VenueId, kill: Flag, clock: C) -> RestParts<C> {
    RestParts {
        venue,
        base: "https://venue.test".to_owned(),
        signer: Signer::new(Arc::new(Credentials::new("key", "secret", Some("phrase")).unwrap())),
        markets: Markets::new(venue, &samples::instruments()).unwrap(),
        instance: instance(),
        clock,
        recv_window_ms: 5_000,
        simulated_header: false,
        kill,
        fence: Fence::none(),
    }
}

/// An answer of the venue, or none at all.
enum Answer {
    Body(u16, &'static str),
    Lost(HttpError),
}

/// What one task asked, and what came of it.
struct Made {
    calls: Vec<Call>,
    told: Vec<News>,
    /// What each further call was said to count as.
    spends: Vec<Spend>,
    counted: Vec<Counted>,
}

/// Does one task, call by call, against these answers in turn.
fn make(rest: &mut Rest<Fixed>, task: Task, answers: impl IntoIterator<Item = Answer>) -> Made {
    let mut made = Made { calls: vec![], told: vec![], spends: vec![], counted: vec![] };
    let mut answers = answers.into_iter();
    for step in 0.. {
        let job = Job { task, tag: 9, step, offset_ns: 1_000_000_000 };
        let before = made.calls.len();
        let mut exchange = |call: &Call| {
            made.calls.push(call.clone());
            match answers.next().expect("another call than expected") {
                Answer::Body(status, body) => Ok(HttpResponse {
                    status,
                    headers: HEADERS.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
                    body: body.as_bytes().to_vec(),
                }),
                Answer::Lost(error) => Err(error),
            }
        };
        let mut more = None;
        rest.work(job, &mut exchange, &mut |reply: Reply| {
            assert_eq!(reply.job, job);
            match reply.news {
                News::Counted(counted) => made.counted.push(counted),
                News::More(spend) => more = Some(spend),
                news => made.told.push(news),
            }
        });
        assert!(made.calls.len() <= before + 1, "one call at a time");
        match more {
            Some(spend) => made.spends.push(spend),
            None => break,
        }
    }
    assert!(answers.next().is_none(), "fewer calls than expected");
    made
}

const HEADERS: [(&str, &str); 2] = [("x-mbx-used-weight-1m", "41"), ("retry-after", "7")];

fn run(
    rest: &mut Rest<Fixed>,
    task: Task,
    answers: impl IntoIterator<Item = Answer>,
) -> (Vec<Call>, Vec<News>) {
    let made = make(rest, task, answers);
    (made.calls, made.told)
}

fn ok(body: &'static str) -> [Answer; 1] {
    [Answer::Body(200, body)]
}

/// Query fields of a path, in their order.
fn query(path: &str) -> Vec<(&str, &str)> {
    let (_, query) = path.split_once('?').unwrap_or((path, ""));
    query.split('&').filter_map(|pair| pair.split_once('=')).collect()
}

fn failed(told: &[News]) -> Failure {
    match told.last() {
        Some(News::Failed(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}

fn header<'c>(call: &'c Call, name: &str) -> &'c str {
    call.headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn fault() -> HttpFault {
    HttpFault { kind: HttpFaultKind::Timeout, detail: "slow".to_owned() }
}

#[test]
fn a_call_without_answer_is_unknown_unless_nothing_of_it_was_sent() {
    for venue in VenueId::ALL {
        let (instrument, order) = (first(venue), ORDER);
        let task = Task::Cancel { instrument, order };
        let lost = [Answer::Lost(HttpError::Unknown(fault()))];
        let (_, told) = run(&mut rest(venue), task, lost);
        assert_eq!(failed(&told).outcome, Outcome::Unknown, "{venue}");
        let unsent = [Answer::Lost(HttpError::NotSent(fault()))];
        let (_, told) = run(&mut rest(venue), task, unsent);
        assert_eq!(failed(&told).outcome, Outcome::Rejected, "{venue}");
    }
}

#[test]
fn an_answer_that_is_no_json_of_the_venue_proves_nothing() {
    for venue in VenueId::ALL {
        for (status, body) in
            [(502, "<html>bad gateway</html>"), (503, ""), (200, "<html>"), (200, "{}")]
        {
            let (_, told) = run(&mut rest(venue), Task::OpenOrders, [Answer::Body(status, body)]);
            let failure = failed(&told);
            assert_eq!(failure.outcome, Outcome::Unknown, "{venue} {status} {body}: {failure:?}");
        }
    }
}

#[test]
fn too_many_requests_says_for_how_long() {
    for venue in VenueId::ALL {
        let (_, told) = run(&mut rest(venue), Task::OpenOrders, [Answer::Body(429, "{}")]);
        let failure = failed(&told);
        let seen = (failure.outcome, failure.class, failure.retry_after_ms);
        assert_eq!(seen, (Outcome::RateLimited, RejectClass::RateLimit, 7_000), "{venue}");
    }
}

#[test]
fn a_listen_key_is_nothing_but_letters_and_digits() {
    assert_eq!(ListenKey::new(b"abc123").unwrap().as_str(), "abc123");
    assert_eq!(format!("{:?}", ListenKey::new(b"abc123").unwrap()), "ListenKey([redacted])");
    for wrong in [b"".as_slice(), b"a b", b"a&b=c", b"\xff", &[b'a'; 129]] {
        assert_eq!(ListenKey::new(wrong), None);
    }
}

/// The venue's instrument of the tests, a perpetual where there is one.
fn first(venue: VenueId) -> InstrumentId {
    InstrumentId(match venue {
        VenueId::BinanceSpot => 0,
        VenueId::BinanceUsdm => 1,
        VenueId::Okx => 3,
        VenueId::Bybit => 5,
    })
}

fn money(text: &str) -> Money {
    Money::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_key_is_proved_by_reading_calls_alone_and_the_venue_is_quoted_without_it() {
    let cases = [
        (
            VenueId::BinanceSpot,
            401,
            r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#,
        ),
        (VenueId::Okx, 401, r#"{"msg":"Invalid OK-ACCESS-KEY phrase","code":"50111"}"#),
        (VenueId::Bybit, 200, r#"{"retCode":10004,"retMsg":"error sign! origin_string[17key5]"}"#),
    ];
    for (venue, status, body) in cases {
        let mut calls = Vec::new();
        let mut exchange = |call: &Call| {
            calls.push(call.clone());
            Ok(HttpResponse { status, headers: vec![], body: body.as_bytes().to_vec() })
        };
        let words = rest(venue).prove_with(&mut exchange, &|| false);
        let words = words.expect_err("refused");
        let secret = body.replace("phrase", "[redacted]").replace("17key5", "17[redacted]5");
        // Its name is short here, and part of "API-key" as well.
        let secret = secret.replace("API-key", "API-[redacted]");
        assert_eq!(words, format!("HTTP {status}: {secret}"), "{venue}");
        assert!(calls.len() == 1 && calls[0].method == Method::Get, "{venue}: {calls:?}");
    }
}

#[test]
fn a_key_that_may_not_trade_is_not_proved() {
    let answer = |body: &'static str| {
        move |_: &Call| {
            Ok(HttpResponse { status: 200, headers: vec![], body: body.as_bytes().to_vec() })
        }
    };
    let mut spot = rest(VenueId::BinanceSpot);
    assert_eq!(spot.prove_with(&mut answer(r#"{"canTrade":true}"#), &|| false), Ok(()));
    let refused = spot.prove_with(&mut answer(r#"{"canTrade":false}"#), &|| false);
    assert_eq!(refused, Err("it may not trade".to_owned()));
    for (detail, told) in [
        ("dns: no such name", "no answer from https://venue.test: dns: no such name"),
        ("", "no answer from https://venue.test"),
    ] {
        let mut silent = |_: &Call| {
            let detail = detail.to_owned();
            Err(HttpError::NotSent(HttpFault { kind: HttpFaultKind::Request, detail }))
        };
        assert_eq!(spot.prove_with(&mut silent, &|| false), Err(told.to_owned()));
    }
}

#[test]
fn a_proof_asks_nothing_more_once_the_engine_stops() {
    let stops = Cell::new(false);
    let mut calls = 0;
    let mut exchange = |_: &Call| {
        calls += 1;
        stops.set(true);
        let body = r#"{"retCode":0,"result":{"unifiedMarginStatus":5}}"#;
        Ok(HttpResponse { status: 200, headers: vec![], body: body.as_bytes().to_vec() })
    };
    assert!(rest(VenueId::Bybit).prove_with(&mut exchange, &|| stops.get()).is_err());
    assert_eq!(calls, 1);
}
