//! Consul as a source.

use super::stub::{Identity, Stub, TOKEN};
use crate::fault::Place;
use crate::source::{Consul, Remote, SourceFault};
use crate::{Inputs, inspect};
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn with_token(token: &str) -> impl Fn(&str) -> Option<String> {
    let token = token.to_owned();
    move |name| (name == "CONSUL_HTTP_TOKEN").then(|| token.clone())
}

fn consul(stub: &Stub, token: &str) -> Consul {
    Consul::new(&format!("consul://{}/arb/prod", stub.address), &with_token(token)).unwrap()
}

fn remote(stub: &Stub, state: &Path) -> Remote {
    let address = format!("consul://{}/arb/prod", stub.address);
    Remote::new(&address, state, &with_token(TOKEN)).unwrap()
}

fn text(dir: &Path) -> String {
    fs::read_to_string(dir.join("nodes.yaml")).unwrap()
}

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

#[test]
fn files_below_the_prefix_load_and_their_copy_serves_while_consul_is_away() {
    let stub = Stub::start();
    stub.put("arb/prod/", b"");
    stub.put("arb/prod/nodes.yaml", b"nodes:\n  layout: paired\n");
    stub.put("arb/production/main.yaml", b"not ours: [");
    let state = tempfile::tempdir().unwrap();
    let mut source = remote(&stub, state.path());
    let copied = source.bring().unwrap();
    assert_eq!(copied.away, None);
    let config = crate::load(Some(&copied.dir), &[]).unwrap();
    assert_eq!(config.nodes.layout, crate::plan::Layout::Paired);
    source.keep().unwrap();
    stub.stop();
    drop(source);
    let mut source = remote(&stub, state.path());
    let again = source.bring().unwrap();
    assert_eq!(again.dir, copied.dir);
    assert!(matches!(again.away, Some(SourceFault::Away(_))), "{again:?}");
    assert_eq!(crate::load(Some(&again.dir), &[]).unwrap(), config);
    let nothing = tempfile::tempdir().unwrap();
    assert!(matches!(remote(&stub, nothing.path()).bring(), Err(SourceFault::Away(_))));
}

#[test]
fn a_copy_that_nobody_found_good_leaves_the_last_good_one_and_is_gone_afterwards() {
    let stub = Stub::start();
    let state = tempfile::tempdir().unwrap();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let mut source = remote(&stub, state.path());
    source.bring().unwrap();
    source.keep().unwrap();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fuzed}");
    let bad = source.wait(LONG).unwrap().expect("a change");
    assert!(crate::load(Some(&bad.dir), &[]).is_err());
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fuzzed}");
    let worse = source.wait(LONG).unwrap().expect("a change");
    assert!(!bad.dir.exists() && worse.dir.exists());
    drop(source);
    assert!(!worse.dir.exists());
    stub.stop();
    let last = remote(&stub, state.path()).bring().unwrap();
    assert_eq!(text(&last.dir), "nodes: {layout: fused}");
    let there = fs::read_dir(last.dir.parent().unwrap()).unwrap().count();
    assert_eq!(there, 2, "the copy and the link to it");
}

#[test]
fn a_change_ends_the_wait_and_what_is_the_same_is_none() {
    let stub = Stub::start();
    let state = tempfile::tempdir().unwrap();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let mut source = remote(&stub, state.path());
    source.bring().unwrap();
    source.keep().unwrap();
    assert_eq!(source.wait(SHORT).unwrap(), None);
    // Another prefix moves the index: an answer without news.
    stub.put("other/key", b"x");
    assert_eq!(source.wait(SHORT).unwrap(), None);
    let (told, heard) = mpsc::channel();
    let asked = stub.asked().len();
    thread::spawn(move || {
        let changed = source.wait(LONG).unwrap().expect("a change");
        let text = text(&changed.dir);
        drop(source);
        told.send(text)
    });
    assert!(stub.is_asked_again(asked, LONG));
    assert!(stub.asked().last().is_some_and(|asked| asked.contains("&index=12&wait=")));
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: split}");
    let text = heard.recv_timeout(LONG).expect("the wait ends");
    assert_eq!(text, "nodes: {layout: split}");
}

#[test]
fn an_index_that_goes_backwards_begins_anew() {
    let stub = Stub::start();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let consul = consul(&stub, TOKEN);
    let first = consul.fetch(0, Duration::ZERO).unwrap();
    assert_eq!(consul.fetch(first.index, SHORT).unwrap(), first);
    stub.turn_back(3);
    assert_eq!(consul.fetch(first.index, LONG).unwrap().index, 0);
    assert!(!stub.asked().iter().any(|asked| asked.contains("index=0")));
}

#[test]
fn under_tls_the_certificate_must_be_of_whom_is_trusted() {
    let identity = Identity::new();
    let stub = Stub::start_tls(&identity);
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let folder = tempfile::tempdir().unwrap();
    let of = |certificate: &str| {
        let path = folder.path().join("ca.pem");
        fs::write(&path, certificate).unwrap();
        let address =
            format!("consul+https://{}/arb/prod?ca_file={}", stub.address, path.display());
        Consul::new(&address, &with_token(TOKEN)).unwrap().fetch(0, Duration::ZERO)
    };
    assert_eq!(of(&identity.certificate).unwrap().files.len(), 1);
    let why = of(&Identity::new().certificate).unwrap_err().to_string();
    assert!(why.contains("invalid peer certificate"), "{why}");
    let public = Consul::new(&format!("consul+https://{}/a", stub.address), &|_| None).unwrap();
    let why = public.fetch(0, Duration::ZERO).unwrap_err().to_string();
    assert!(why.contains("invalid peer certificate"), "{why}");
    let clear = Consul::new(&format!("consul://{}/a", stub.address), &|_| None).unwrap();
    assert!(matches!(clear.fetch(0, Duration::ZERO), Err(SourceFault::Away(_))));
}

#[test]
fn refusals_and_wrong_content_are_told_without_the_token() {
    let stub = Stub::start();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let why = consul(&stub, "Planted-wrong").fetch(0, Duration::ZERO).unwrap_err();
    assert!(matches!(&why, SourceFault::Refused(text) if text.contains("403: Permission denied")));
    assert!(!format!("{why} {why:?} {:?}", consul(&stub, TOKEN)).contains("Planted"), "{why:?}");
    for (key, value) in [("arb/prod/../x", &b"a"[..]), ("arb/prod/main.yaml", b"\xff\xfe")] {
        let stub = Stub::start();
        stub.put("arb/prod/nodes.yaml", b"nodes: {layout: split}");
        stub.put(key, value);
        let why = consul(&stub, TOKEN).fetch(0, Duration::ZERO).unwrap_err();
        assert!(matches!(why, SourceFault::Content(_)), "{why:?}");
    }
    let empty = Stub::start();
    let why = consul(&empty, TOKEN).fetch(0, Duration::ZERO).unwrap_err();
    assert!(matches!(&why, SourceFault::Content(text) if text.contains("no key below")), "{why:?}");
}

#[test]
fn values_and_faults_of_a_copy_name_the_source_and_not_the_copy() {
    let stub = Stub::start();
    let state = tempfile::tempdir().unwrap();
    stub.put("arb/prod/nodes.yaml", b"nodes:\n  layout: fuzed\n");
    stub.put("arb/prod/environments/development.yaml", b"nodes:\n  state_dir: here\n");
    let copied = remote(&stub, state.path()).bring().unwrap();
    assert!(!copied.dir.exists(), "a source that is gone takes what was not kept along");
    let mut source = remote(&stub, state.path());
    let dir = source.bring().unwrap().dir;
    let inputs = Inputs { dir: Some(&dir), settings: &[], overrides: &[], variable: &|_| None };
    let inspected = inspect(&inputs);
    let place = format!("consul://{}/arb/prod", stub.address);
    let at = |path: &[&str]| -> Place { inspected.tree.at_path(path).unwrap().at.clone() };
    let overlay = at(&["nodes", "state_dir"]).to_string();
    assert_eq!(overlay, format!("{place}/environments/development.yaml:2:14"));
    let faults = inspected.faults.as_ref().unwrap_err().to_string();
    assert!(faults.contains(&format!("{place}/nodes.yaml:2:11: nodes.layout: ")), "{faults}");
    let json = crate::report::to_json(&inspected);
    assert_eq!(json["faults"][0]["source"], "remote");
}

#[test]
fn addresses_that_are_none_say_what_is_allowed() {
    for (bad, why) in [
        ("http://x:1/y", "allowed: consul://"),
        ("consul://x:1", "the prefix is missing"),
        ("consul://x:1/", "host and prefix are"),
        ("consul://x:1/a b", "host and prefix are"),
        ("consul://x:1/a?tokn_file=b", "the only options are token_file"),
        ("consul://x:1/a?ca_file=b", "with https, ca_file"),
        ("consul://x:1/a?token_file=/no/such", "token_file /no/such: cannot be read"),
        ("consul+https://x:1/a?ca_file=/no/such", "CA file /no/such: No such file"),
    ] {
        let told = Consul::new(bad, &|_| None).unwrap_err().to_string();
        assert!(told.contains(why), "{bad}: {told}");
    }
    let told = Consul::new("consul://x:1/a?token=Planted", &|_| None).unwrap_err();
    assert!(!format!("{told} {told:?}").contains("Planted"), "{told}");
}

#[test]
fn a_token_leaves_this_host_under_tls_only() {
    for (host, fine) in [
        ("127.0.0.1:8500", true),
        ("localhost", true),
        ("[::1]:8500", true),
        ("consul.internal:8500", false),
        ("127.0.0.1.example.com:8500", false),
        ("10.0.0.7:8500", false),
    ] {
        let of = |scheme: &str, token: &str| {
            Consul::new(&format!("{scheme}://{host}/arb"), &with_token(token)).map(drop)
        };
        let told = of("consul", TOKEN);
        assert_eq!(told.is_ok(), fine, "{host}: {told:?}");
        if let Err(why) = told {
            assert!(why.to_string().contains("a token needs consul+https://"), "{why}");
        }
        of("consul", "").unwrap();
        of("consul+https", TOKEN).unwrap();
    }
}
