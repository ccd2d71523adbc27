#![allow(clippy::unwrap_used)]
use super::Vigil;
use crate::own::Own;
use prometheus::Registry;
use std::time::Instant;
use telemetry::{Hist, Page};
use tempfile::tempdir;
use tuning::{CpuList, Degraded, Host, Watch};

fn pod(path: &str) -> Option<String> {
    let text = match path {
        "/proc/self/cgroup" => "0::/\n",
        "/proc/self/mountinfo" => "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "/sys/fs/cgroup/cpu.max" => "100000 100000\n",
        "/proc/self/task/77/status" => "Cpus_allowed_list:\t0-1\n",
        _ => return None,
    };
    Some(text.to_owned())
}

fn codes(found: &[Degraded]) -> Vec<&'static str> {
    found.iter().map(Degraded::code).collect()
}

#[test]
fn what_becomes_less_is_told_once_published_and_taken_back() {
    let dir = tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["hot"]).unwrap();
    let (reader, writer) = (page.reader().unwrap(), page.writer("hot").unwrap());
    let own = Own::register(&Registry::new()).unwrap();
    let quota = Degraded::Quota { millicpus: 1000, source: "x".into() };
    let mut vigil = Vigil::begin(&[quota], Watch::begin(&pod), pod);
    let published = |code: &str| own.degraded.with_label_values(&[code]).get();

    // The quota was told at the start; nothing is pinned and nothing measured yet.
    assert!(vigil.look(&reader.snapshot(), &own).0.is_empty());
    writer.at_home(77, Some(1));
    for _ in 0..200 {
        writer.record(Hist::JitterFloor, 900_000);
    }
    let (news, found) = vigil.look(&reader.snapshot(), &own);
    assert_eq!(news.iter().map(|said| said.code).collect::<Vec<_>>(), ["moved", "noisy"]);
    assert_eq!(codes(&found), ["quota", "moved", "noisy"], "what holds, not what is news");
    assert!(news[0].text.contains("pinned to cpu 1 and may now run on 0-1"), "{}", news[0].text);
    assert!(vigil.look(&reader.snapshot(), &own).0.is_empty(), "told already");
    assert_eq!(["moved", "noisy", "quota"].map(published), [1, 1, 1]);

    vigil.read = |_| None;
    let (news, found) = vigil.look(&reader.snapshot(), &own);
    assert_eq!(news.iter().map(|said| said.code).collect::<Vec<_>>(), ["moved", "quota"]);
    assert_eq!(codes(&found), ["noisy"]);
    assert_eq!(["moved", "noisy", "quota"].map(published), [0, 1, 0]);
}

#[test]
fn each_thread_that_is_moved_is_told_of_and_taken_back_by_itself() {
    fn second_alone(path: &str) -> Option<String> {
        if path.contains("/77/") { Some("Cpus_allowed_list:\t1\n".to_owned()) } else { both(path) }
    }
    fn both(path: &str) -> Option<String> {
        if path.contains("/78/") { pod(&path.replace("/78/", "/77/")) } else { pod(path) }
    }
    fn first_alone(path: &str) -> Option<String> {
        if path.contains("/78/") { Some("Cpus_allowed_list:\t0\n".to_owned()) } else { pod(path) }
    }
    let dir = tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["hot", "cold"]).unwrap();
    let reader = page.reader().unwrap();
    page.writer("hot").unwrap().at_home(77, Some(1));
    page.writer("cold").unwrap().at_home(78, Some(0));
    let own = Own::register(&Registry::new()).unwrap();
    let mut vigil = Vigil::begin(&[], Watch::begin(&first_alone), first_alone);
    let mut moved = |read: fn(&str) -> Option<String>| {
        vigil.read = read;
        let (news, _) = vigil.look(&reader.snapshot(), &own);
        let news = news.into_iter().filter(|said| said.code == "moved").map(|said| said.text);
        (news.collect::<Vec<_>>().join("; "), own.degraded.with_label_values(&["moved"]).get())
    };
    let (told, gauge) = moved(first_alone);
    assert!(told.contains("hot") && !told.contains("cold") && gauge == 1, "{told}");
    let (told, gauge) = moved(both);
    assert!(told.contains("cold") && !told.contains("hot") && gauge == 1, "{told}");
    assert_eq!(moved(second_alone), ("thread hot: no longer so".to_owned(), 1));
    assert_eq!(moved(|_| None), ("thread cold: no longer so".to_owned(), 0));
}

#[test]
fn it_looks_at_once_and_then_now_and_again() {
    let mut vigil = Vigil::begin(&[], Watch::begin(&pod), pod);
    let now = Instant::now();
    assert!(vigil.is_due(now) && !vigil.is_due(now));
    assert!(vigil.is_due(now + super::EVERY));
}

/// Granted whole, as a cluster does, and then limited and opened to others.
fn granted(path: &str) -> Option<String> {
    let max = "/sys/fs/cgroup/cpu.max";
    if path == max { Some("max 100000\n".to_owned()) } else { pod(path) }
}

#[test]
fn what_was_ones_own_and_is_not_is_told_and_taken_back_even_where_placement_never_said_it() {
    let dir = tempdir().unwrap();
    let page = Page::create(&dir.path().join("page"), &["hot"]).unwrap();
    let reader = page.reader().unwrap();
    let own = Own::register(&Registry::new()).unwrap();
    let host = Host::judge(&CpuList::new([0, 1]), Some(2), &granted);
    assert!(host.exclusive.is_exclusive());
    let watch = Watch::over(&host, Some(2), &granted);
    let mut vigil = Vigil::begin(&[], watch, granted);
    let mut look = |read: fn(&str) -> Option<String>| {
        vigil.read = read;
        let (news, found) = vigil.look(&reader.snapshot(), &own);
        (news.len(), codes(&found))
    };
    assert_eq!(look(granted), (0, vec![]));
    // No control group is to be seen any more: nothing says that no quota runs.
    assert_eq!(look(|_| None), (1, vec!["not-exclusive"]));
    assert_eq!(look(|_| None), (0, vec!["not-exclusive"]));
    assert_eq!(look(granted), (1, vec![]));
    assert_eq!(own.degraded.with_label_values(&["not-exclusive"]).get(), 0);
}
