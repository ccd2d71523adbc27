use super::*;
use crate::options::FeedOptions;
use crate::rig::instruments;
use base::{Price, Qty};
use net::{HttpOptions, Tls};

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

#[test]
fn an_interval_that_makes_no_sense_is_not_the_default() {
    let text = r#"[{"symbol":"A","fundingIntervalHours":4,"disclaimer":false},{"symbol":"B","fundingIntervalHours":0},{"symbol":"C"}]"#;
    let stated = parsed(text, parse::intervals).expect("intervals");
    let of = |name: &str| stated.iter().find(|(symbol, _)| symbol == name).map(|(_, i)| *i);
    assert_eq!(of("A"), Some(Some(Span::from_secs(4 * 3600))));
    assert_eq!((of("B"), of("C"), of("D")), (Some(None), Some(None), None));
}

#[derive(Clone)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Stamp {
        Stamp(1)
    }
    fn wall(&self) -> WallNs {
        WallNs(1)
    }
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
    let mut errand = FeedErrand::new(&plan, nowhere, Still);
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
