use super::{find, forget, gone, is_named_in, make};
use std::fs;
use std::path::{Path, PathBuf};
use telemetry::PageReader;
use tempfile::{TempDir, tempdir};

struct Host {
    dir: TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self { dir: tempdir().unwrap() };
        for state in ["one", "two"] {
            fs::create_dir(host.at(state)).unwrap();
        }
        host
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts an engine with a stage of that name.
    fn start(&self, state: &str, pages: Option<&str>, stage: &str) {
        let pages = pages.map(|pages| self.at(pages));
        make(&self.at(state), pages.as_deref(), &[stage], &[("ring", 8)]).unwrap();
    }

    fn pages(&self) -> usize {
        fs::read_dir(self.at("pages")).unwrap().count()
    }
}

fn stage(path: &Path) -> String {
    PageReader::open(&find(path)).unwrap().schema().stages.join(",")
}

#[test]
fn without_a_folder_of_pages_it_lies_with_the_state() {
    let host = Host::new();
    assert!(!is_named_in(&host.at("one")));
    host.start("one", None, "a");
    assert!(is_named_in(&host.at("one")) && find(&host.at("one")).is_file());
    assert!(!find(&host.at("one")).is_symlink());
    assert_eq!(stage(&host.at("one")), "a");
}

#[test]
fn a_page_that_lies_elsewhere_is_found_by_its_state_folder_and_by_the_one_above() {
    let host = Host::new();
    host.start("one", Some("pages"), "a");
    let found = find(&host.at("one"));
    assert_eq!(found.parent(), Some(host.at("one").as_path()), "its name is in the state folder");
    let lies = fs::canonicalize(&found).unwrap();
    assert_eq!(lies.parent(), Some(fs::canonicalize(host.at("pages")).unwrap().as_path()));
    assert_eq!(stage(&host.at("one")), "a");
    assert_eq!(stage(host.dir.path()), "a");
    // Said by itself it is taken as it is.
    assert_eq!(stage(&lies), "a");
}

#[test]
fn a_restart_takes_the_same_place_and_another_engine_another() {
    let host = Host::new();
    for name in ["a", "b"] {
        host.start("one", Some("pages"), name);
    }
    host.start("two", Some("pages"), "c");
    assert_eq!(host.pages(), 2);
    assert_eq!([stage(&host.at("one")), stage(&host.at("two"))], ["b", "c"]);
}

#[test]
fn a_page_that_moves_leaves_nothing_behind() {
    let host = Host::new();
    host.start("one", None, "a");
    host.start("one", Some("pages"), "b");
    assert_eq!(stage(&host.at("one")), "b");
    host.start("one", Some("others"), "c");
    assert_eq!((stage(&host.at("one")).as_str(), host.pages()), ("c", 0));
    host.start("one", None, "d");
    assert_eq!(stage(&host.at("one")), "d");
    assert_eq!(fs::read_dir(host.at("others")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(host.at("one")).unwrap().count(), 1, "no draft stays");
}

#[test]
fn a_page_whose_memory_is_gone_is_said_to_be_and_is_made_anew() {
    let host = Host::new();
    host.start("one", Some("pages"), "a");
    assert_eq!(gone(&find(&host.at("one"))), None);
    fs::remove_dir_all(host.at("pages")).unwrap();
    let name = find(&host.at("one"));
    assert!(gone(&name).is_some_and(|lay| lay.starts_with(host.dir.path())));
    assert!(is_named_in(&host.at("one")), "an engine has run here all the same");
    host.start("one", Some("pages"), "b");
    assert_eq!(stage(&host.at("one")), "b");
}

#[test]
fn only_a_page_is_forgotten() {
    let host = Host::new();
    for precious in ["stats-of-last-year", "front.page"] {
        let name = host.at("one/stats.page");
        fs::write(host.at(precious), "x").unwrap();
        let _ = fs::remove_file(&name);
        std::os::unix::fs::symlink(host.at(precious), name).unwrap();
        forget(&host.at("one"));
        assert!(host.at(precious).is_file(), "{precious}");
        host.start("one", Some("pages"), "a");
        assert!(host.at(precious).is_file(), "replaced is the link, not what it led to");
    }
    forget(&host.at("one"));
    assert_eq!(host.pages(), 0);
}
