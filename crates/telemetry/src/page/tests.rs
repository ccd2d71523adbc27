#![allow(clippy::unwrap_used)]
use super::{Page, PageError, Writer};
use crate::{Counter, Hist, PageReader, Regime};
use base::Stamp;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::process::{Command, Stdio};
use std::{env, fs};
use tempfile::tempdir;

#[test]
fn each_stage_has_one_writer() {
    let dir = tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["feed-okx", "strategy"]).unwrap();
    let writer = page.writer("feed-okx");
    assert!(writer.is_some());
    assert!(page.writer("feed-okx").is_none(), "a second writer of one line");
    assert!(page.writer("feed-none").is_none());
    assert!(page.writer("strategy").is_some());
}

#[test]
fn writers_do_not_touch_each_other() {
    let dir = tempdir().unwrap();
    let rings = [("md-okx", 64), ("ord-okx", 32)];
    let page = Page::create_with_rings(&dir.path().join("page"), &["a", "b"], &rings).unwrap();
    let (a, b) = (page.writer("a").unwrap(), page.writer("b").unwrap());
    for counter in Counter::ALL {
        a.add(*counter, 1);
    }
    for hist in Hist::ALL {
        a.record(*hist, u64::MAX);
    }
    for regime in Regime::ALL {
        a.charge(regime, 1);
    }
    page.ring("md-okx").unwrap().publish(64, 3);
    b.add(Counter::Turns, 7);
    let read = page.reader().unwrap().snapshot();
    let other = read.stage("b").unwrap();
    assert_eq!(other.counters.iter().sum::<u64>(), 7);
    assert_eq!(other.regimes.iter().sum::<u64>(), 0);
    assert!(other.hists.iter().all(|hist| hist.count() == 0 && hist.max == 0));
    assert_eq!(read.total(Counter::Turns), 8);
    assert_eq!((read.rings[1].fill, read.rings[1].refused), (0, 0));
}

#[test]
fn numbers_are_read_as_they_were_written() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("page");
    let page = Page::create_with_rings(&path, &["gw-okx"], &[("ord-okx", 32)]).unwrap();
    let writer = page.writer("gw-okx").unwrap();
    writer.at_home(4711, Some(0));
    writer.add(Counter::OrdersSent, 2);
    writer.add(Counter::OrdersSent, 3);
    writer.set(Counter::SessionUp, 1);
    writer.charge(Regime::Busy, 10);
    writer.charge(Regime::Housekeeping, 5);
    writer.beat(Stamp(99));
    for ns in [100, 200, 300] {
        writer.record(Hist::Encode, ns);
    }
    assert_eq!((writer.get(Counter::OrdersSent), writer.count(Hist::Encode)), (5, 3));
    let ring = page.ring("ord-okx").unwrap();
    ring.publish(9, 0);
    ring.publish(4, 1);

    let read = PageReader::open(&path).unwrap().snapshot();
    let stage = read.stage("gw-okx").unwrap();
    assert_eq!((stage.thread, stage.cpu, stage.beat, stage.beats), (4711, Some(0), Stamp(99), 1));
    assert_eq!(stage.regimes, [0, 10, 0, 5]);
    assert_eq!(read.value("gw-okx", Counter::OrdersSent), 5);
    let hist = read.hist("gw-okx", Hist::Encode).unwrap();
    assert_eq!((hist.count(), hist.sum, hist.max), (3, 600, 300));
    assert_eq!(read.merged(Hist::Encode), *hist);
    let ring = &read.rings[0];
    assert_eq!((ring.depth, ring.fill, ring.fill_max, ring.refused), (32, 4, 9, 1));
}

#[test]
fn a_new_page_leaves_the_reader_of_the_old_one_what_it_has() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("page");
    let old = Page::create(&path, &["a"]).unwrap();
    old.writer("a").unwrap().add(Counter::Turns, 5);
    let reader = PageReader::open(&path).unwrap();
    let new = Page::create(&path, &["a", "b"]).unwrap();
    assert_eq!(reader.snapshot().total(Counter::Turns), 5);
    assert_eq!(PageReader::open(&path).unwrap().snapshot().total(Counter::Turns), 0);
    assert_eq!(new.path(), path);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn a_link_that_somebody_put_in_the_way_is_not_followed() {
    let dir = tempdir().unwrap();
    let (path, precious) = (dir.path().join("stats.page"), dir.path().join("precious"));
    fs::write(&precious, "x").unwrap();
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    std::os::unix::fs::symlink(&precious, &draft).unwrap();
    Page::create(&path, &["a"]).unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"x");
    assert!(path.symlink_metadata().unwrap().is_file());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let error = Page::create("/nowhere/page".as_ref(), &["a"]).unwrap_err();
    assert!(matches!(error, PageError::Io { .. }));
    assert!(error.to_string().contains("/nowhere/page"), "{error}");
}

#[test]
fn a_detached_writer_counts_for_itself() {
    let writer = Writer::detached();
    writer.add(Counter::Fills, 2);
    writer.record(Hist::Decode, 5);
    assert_eq!((writer.get(Counter::Fills), writer.count(Hist::Decode)), (2, 1));
}

const CHILD: &str = "PAGE_OF_THE_CHILD";

/// The child's part: writes, says so, and waits to be killed (or for its parent to go away).
fn write_and_wait(path: &str) {
    let page = Page::create(path.as_ref(), &["strategy"]).unwrap();
    let writer = page.writer("strategy").unwrap();
    writer.at_home(1, None);
    (0..1000).for_each(|ns| writer.record(Hist::Strategy, ns));
    writer.add(Counter::CoreInputs, 1000);
    writer.beat(Stamp(1000));
    let mut out = std::io::stdout();
    out.write_all(b"\nwritten\n").unwrap();
    out.flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn a_page_is_whole_after_its_writer_was_killed() {
    if let Ok(path) = env::var(CHILD) {
        return write_and_wait(&path);
    }
    let dir = tempdir().unwrap();
    let path = dir.path().join("page");
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "page::tests::a_page_is_whole_after_its_writer_was_killed",
            "--nocapture",
        ])
        .env(CHILD, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let written = lines.map_while(Result::ok).any(|line| line == "written");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(written, "the child ended before it had written");

    let read = PageReader::open(&path).unwrap().snapshot();
    assert_eq!(read.pid, child.id());
    assert_eq!(read.value("strategy", Counter::CoreInputs), 1000);
    assert_eq!(read.hist("strategy", Hist::Strategy).unwrap().count(), 1000);
    assert_eq!(read.stage("strategy").unwrap().beat, Stamp(1000));
}
