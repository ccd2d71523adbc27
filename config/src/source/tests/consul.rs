//! Consul as a source.

use super::stub::{Stub, TOKEN};
use crate::source::{Consul, Remote, SourceFault};
use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn source(stub: &Stub, token: &str) -> Consul {
    let token = token.to_owned();
    let variable = move |name: &str| (name == "CONSUL_HTTP_TOKEN").then(|| token.clone());
    Consul::new(&format!("consul://{}/arb/prod", stub.address), &variable).unwrap()
}

#[test]
fn files_below_the_prefix_load_and_their_copy_serves_while_consul_is_away() {
    let stub = Stub::start();
    stub.put("arb/prod/", b"");
    stub.put("arb/prod/nodes.yaml", b"nodes:\n  layout: paired\n");
    stub.put("arb/production/main.yaml", b"not ours: [");
    let state = tempfile::tempdir().unwrap();
    let mut consul = Remote::Consul(source(&stub, TOKEN));
    let copied = consul.bring(state.path()).unwrap();
    assert_eq!(copied.away, None);
    let config = crate::load(Some(&copied.dir), &[]).unwrap();
    assert_eq!(config.nodes.layout, crate::plan::Layout::Paired);
    stub.stop();
    let again = consul.bring(state.path()).unwrap();
    assert_eq!(again.dir, copied.dir);
    assert!(matches!(again.away, Some(SourceFault::Away(_))), "{again:?}");
    assert_eq!(crate::load(Some(&again.dir), &[]).unwrap(), config);
    let nothing = tempfile::tempdir().unwrap();
    assert!(matches!(consul.bring(nothing.path()), Err(SourceFault::Away(_))));
}

#[test]
fn a_change_ends_the_wait_and_no_change_comes_back_with_the_same_index() {
    let stub = Stub::start();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let mut consul = source(&stub, TOKEN);
    let first = consul.fetch(0, Duration::ZERO).unwrap();
    let same = consul.fetch(first.index, Duration::from_millis(20)).unwrap();
    assert_eq!(same, first);
    let (told, heard) = mpsc::channel();
    let index = first.index;
    thread::spawn(move || told.send(consul.fetch(index, Duration::from_secs(60))));
    let waits = format!("index={index}&wait=60000ms");
    while !stub.asked().last().is_some_and(|asked| asked.ends_with(&waits)) {
        thread::yield_now();
    }
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: split}");
    let next = heard.recv_timeout(Duration::from_secs(30)).expect("the wait ends").unwrap();
    assert!(next.index > index);
    assert_eq!(next.files["nodes.yaml"], "nodes: {layout: split}");
    stub.turn_back(3);
    let mut consul = source(&stub, TOKEN);
    assert_eq!(consul.fetch(next.index, Duration::from_secs(60)).unwrap().index, 0, "begin anew");
}

#[test]
fn refusals_and_wrong_content_are_told_without_the_token_and_leave_the_copy() {
    let stub = Stub::start();
    stub.put("arb/prod/nodes.yaml", b"nodes: {layout: fused}");
    let state = tempfile::tempdir().unwrap();
    let copied = Remote::Consul(source(&stub, TOKEN)).bring(state.path()).unwrap();
    let why = source(&stub, "Planted-wrong").fetch(0, Duration::ZERO).unwrap_err();
    assert!(matches!(&why, SourceFault::Refused(text) if text.contains("403: Permission denied")));
    assert!(!format!("{why} {why:?} {:?}", source(&stub, TOKEN)).contains("Planted"), "{why:?}");
    for (key, value) in [("arb/prod/../x", &b"a"[..]), ("arb/prod/main.yaml", b"\xff\xfe")] {
        let stub = Stub::start();
        stub.put("arb/prod/nodes.yaml", b"nodes: {layout: split}");
        stub.put(key, value);
        let why = source(&stub, TOKEN).fetch(0, Duration::ZERO).unwrap_err();
        assert!(matches!(why, SourceFault::Content(_)), "{why:?}");
    }
    let empty = Stub::start();
    let why = source(&empty, TOKEN).fetch(0, Duration::ZERO).unwrap_err();
    assert!(matches!(&why, SourceFault::Content(text) if text.contains("no key below")), "{why:?}");
    let kept = fs::read_to_string(copied.dir.join("nodes.yaml")).unwrap();
    assert_eq!(kept, "nodes: {layout: fused}");
}

#[test]
fn addresses_that_are_none_say_what_is_allowed() {
    let none = |_: &str| None;
    for (bad, why) in [
        ("http://x:1/y", "allowed: consul://"),
        ("consul://x:1", "the prefix is missing"),
        ("consul://x:1/", "host and prefix are"),
        ("consul://x:1/a b", "host and prefix are"),
        ("consul://x:1/a?tokn_file=b", "the only option is token_file"),
        ("consul://x:1/a?token_file=/no/such", "token_file /no/such: cannot be read"),
    ] {
        let told = Consul::new(bad, &none).unwrap_err().to_string();
        assert!(told.contains(why), "{bad}: {told}");
    }
}
