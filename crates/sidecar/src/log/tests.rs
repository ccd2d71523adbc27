#![allow(clippy::unwrap_used)]
use super::{Log, LogFormat, LogPlan};
use base::{Clock as _, InstrumentId, VenueId};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use telemetry::{HostClock, Level, Notice, NoticeCode};

#[derive(Clone, Default)]
pub(crate) struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log(format: LogFormat, level: Level) -> (Log, Page) {
    let page = Page::default();
    let scale = base::Scale { price_exp: 2, qty_exp: 8 };
    let instruments = vec![("BTC/USDT".to_owned(), scale), ("BTC/USDT:USDT".to_owned(), scale)];
    let target = Box::new(page.clone());
    (Log::new(LogPlan { format, level, target, instruments }), page)
}

fn notice(clock: &HostClock, code: NoticeCode) -> Notice {
    Notice::new(clock.now(), code, Some(VenueId::Okx), InstrumentId(1), [2, 100, 105])
}

#[test]
fn a_line_for_people_says_when_who_what_and_where() {
    let clock = HostClock::monotonic();
    let (mut log, page) = log(LogFormat::Text, Level::Info);
    log.notice("feed-okx", &notice(&clock, NoticeCode::BookLost), &clock, Instant::now());
    let text = page.text();
    let expected = "Z warn  feed-okx        book-lost: okx BTC/USDT:USDT \
                    book is unknown (gap): expected 100, got 105\n";
    assert!(text.ends_with(expected), "{text:?}");
    assert!(text.starts_with("20") && text.contains('T'), "{text:?}");
}

#[test]
fn a_line_for_machines_is_one_json_object_with_named_numbers() {
    let clock = HostClock::monotonic();
    let (mut log, page) = log(LogFormat::Json, Level::Info);
    log.notice("feed-okx", &notice(&clock, NoticeCode::BookLost), &clock, Instant::now());
    log.say(Level::Error, "journal", "no \"room\"\nleft", Instant::now());
    let lines: Vec<serde_json::Value> =
        page.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["code"], &lines[0]["got"]), (&"book-lost".into(), &105.into()));
    assert_eq!((&lines[0]["venue"], &lines[0]["stage"]), (&"okx".into(), &"feed-okx".into()));
    assert_eq!(lines[1]["message"], "no \"room\"\nleft");
    let time: jiff::Timestamp = lines[0]["time"].as_str().unwrap().parse().unwrap();
    assert!(time <= jiff::Timestamp::now());
}

#[test]
fn twenty_lines_per_code_and_second_and_the_rest_is_counted() {
    let clock = HostClock::monotonic();
    let (mut log, page) = log(LogFormat::Text, Level::Info);
    let start = Instant::now();
    for ms in 0..1000 {
        let now = start + Duration::from_millis(ms);
        log.notice("gw", &notice(&clock, NoticeCode::Filled), &clock, now);
        log.notice("gw", &notice(&clock, NoticeCode::BookLost), &clock, now);
    }
    assert_eq!(page.text().lines().count(), 40);
    log.notice("gw", &notice(&clock, NoticeCode::Filled), &clock, start + Duration::from_secs(1));
    let text = page.text();
    assert!(text.ends_with("(980 more of this kind not shown)\n"), "{text}");
    assert_eq!(log.counts(), (41, 1960, 0));
}

#[test]
fn what_is_below_the_level_is_left_out() {
    let clock = HostClock::monotonic();
    let (mut log, page) = log(LogFormat::Text, Level::Warn);
    log.notice("gw", &notice(&clock, NoticeCode::Filled), &clock, Instant::now());
    log.say(Level::Info, "x", "y", Instant::now());
    assert_eq!((page.text().as_str(), log.counts()), ("", (0, 0, 0)));
}

#[test]
fn a_target_that_refuses_is_counted_and_nothing_else() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    let mut log = Log::new(LogPlan { target: Box::new(Full), ..LogPlan::default() });
    log.say(Level::Error, "x", "y", Instant::now());
    log.flush();
    assert_eq!(log.counts(), (0, 0, 2));
}

#[test]
fn an_instrument_without_a_name_is_no_panic() {
    let clock = HostClock::monotonic();
    let (mut log, page) = log(LogFormat::Text, Level::Info);
    let unknown = Notice { instrument: InstrumentId(9), ..notice(&clock, NoticeCode::Filled) };
    log.notice("gw", &unknown, &clock, Instant::now());
    assert!(page.text().contains("okx ? order"), "{}", page.text());
}
