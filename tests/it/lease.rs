//! Two engines, one identity: at most one ever sends.

mod api;

use crate::engine::{Folder, Running, alone, program, stderr, stdout, until};
use crate::reload::Engine;
use api::{ApiServer, Manner};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// Venues that outlive engines, in the first folder.
fn venues(folder: &Folder) -> Running {
    crate::restart::venues(folder)
}

fn engine(folder: &Folder, venues: &Path) -> Engine {
    Engine::start(folder.run(&["--for", "0", "--venues", &venues.display().to_string()]))
}

/// By venue, the starts whose orders it has by now.
fn orders(folder: &Folder) -> Vec<Vec<String>> {
    let text = std::fs::read(folder.path("venues/venues.json")).expect("their addresses");
    let json: Value = serde_json::from_slice(&text).expect("JSON");
    let control = json["control"].as_str().expect("an address").trim_start_matches("http://");
    let mut stream = TcpStream::connect(control).expect("they listen");
    write!(stream, "GET /ledger HTTP/1.1\r\n\r\n").expect("they hear");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("they answer");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    let ledger: Value = serde_json::from_str(body).expect("JSON");
    ledger["venues"].as_array().expect("venues").iter().map(starts).collect()
}

/// Waits until the venues have orders of the start of that number.
fn await_orders(folder: &Folder, start: &str) {
    until("a venue has an order of that start", || {
        orders(folder).concat().iter().any(|of| of == start)
    });
}

/// Ends the venues and gives back, by venue, whose orders it took in the order it took them: the numbers of
/// the starts that sent them.
fn senders(venues: Running, folder: &Folder) -> Vec<Vec<String>> {
    venues.signal("TERM");
    assert!(venues.end().status.success());
    let text = std::fs::read(folder.path("venues/ledger.json")).expect("a ledger");
    let ledger: Value = serde_json::from_slice(&text).expect("JSON");
    let venues = ledger["venues"].as_array().expect("venues");
    venues.iter().map(starts).collect()
}

fn starts(venue: &Value) -> Vec<String> {
    let accounts = venue["accounts"].as_array().expect("accounts");
    let orders = accounts.iter().flat_map(|account| account["orders"].as_array().expect("orders"));
    let mut orders: Vec<(u64, String)> = orders
        .map(|order| {
            let name = order["client_id"].as_str().expect("a name");
            (order["id"].as_u64().expect("a number"), name[4..9].to_owned())
        })
        .collect();
    orders.sort();
    orders.into_iter().map(|(_, start)| start).collect()
}

/// Whether each venue heard of a start only after the one before it had sent its last.
fn in_turn(senders: &[Vec<String>], starts: &[&str]) {
    for venue in senders {
        assert!(venue.is_sorted(), "a former holder sent after a later one: {venue:?}");
    }
    let mut all: Vec<_> = senders.concat();
    all.sort();
    all.dedup();
    assert_eq!(all, starts);
}

#[test]
fn a_second_engine_waits_for_the_first_to_end_and_numbers_its_orders_higher() {
    let _one = alone();
    let (api, one, two) = (ApiServer::start(), Folder::new(), Folder::new());
    api.configure(&one);
    api.configure(&two);
    let venues = venues(&one);
    let mut first = engine(&one, &one.path("venues"));
    first.running.await_line("filled");
    let mut second =
        two.run(&["--for", "0", "--venues", &one.path("venues").display().to_string()]);
    let second = Running::start(&mut second);
    // It looks, and looks again, and never writes.
    let reads = api.reads();
    until("the second engine waits", || api.reads() >= reads + 10);
    assert_eq!(api.tokens(), [1]);
    first.end();
    await_orders(&one, "00002");
    second.signal("TERM");
    let second = second.end();
    let told = stderr(&second);
    assert!(second.status.success(), "{}{told}", stdout(&second));
    assert!(told.contains("waiting for the Lease: the Lease is held by funding-arb_"), "{told}");
    assert_eq!((api.tokens(), api.holder()), (vec![1, 2], None), "given back at the end");
    assert_eq!(two.report()["view"]["epoch"], 2);
    in_turn(&senders(venues, &one), &["00001", "00002"]);
}

#[test]
fn an_engine_that_was_stopped_for_longer_than_its_lease_wakes_up_and_sends_nothing() {
    let _one = alone();
    let (api, one, two) = (ApiServer::start(), Folder::new(), Folder::new());
    api.configure(&one);
    api.configure(&two);
    let venues = venues(&one);
    let mut first = engine(&one, &one.path("venues"));
    first.running.await_line("filled");
    first.running.signal("STOP");
    let second = engine(&two, &one.path("venues"));
    await_orders(&one, "00002");
    assert_eq!(api.tokens(), [1, 2]);
    first.running.signal("CONT");
    // It has all its connections and everything to do; the fence alone keeps it.
    let first = first.running.end();
    assert_eq!(first.status.code(), Some(1), "{}", stdout(&first));
    let told = stderr(&first);
    assert!(told.contains("another engine took the Lease"), "{told}");
    second.end();
    assert_eq!(api.tokens(), [1, 2], "what was lost is not given back");
    in_turn(&senders(venues, &one), &["00001", "00002"]);
}

#[test]
fn a_killed_engine_goes_on_under_the_next_number_when_its_lease_has_run_out() {
    let _one = alone();
    let (api, folder) = (ApiServer::start(), Folder::new());
    api.configure(&folder);
    let venues = venues(&folder);
    let mut first = engine(&folder, &folder.path("venues"));
    first.running.await_line("filled");
    first.running.signal("KILL");
    assert!(!first.running.end().status.success());
    let held = api.holder();
    let second = engine(&folder, &folder.path("venues"));
    assert_ne!(api.holder(), held, "another name for another process");
    await_orders(&folder, "00002");
    second.end();
    assert_eq!(api.tokens(), [1, 2]);
    assert_eq!(folder.report()["view"]["epoch"], 2);
    in_turn(&senders(venues, &folder), &["00001", "00002"]);
}

#[test]
fn without_the_api_server_nothing_is_sent_any_more_and_it_goes_on_when_that_is_back() {
    let _one = alone();
    let (api, folder) = (ApiServer::start(), Folder::new());
    api.configure(&folder);
    let venues = venues(&folder);
    // The answers to the very first requests are lost: what was done is found, not done again.
    api.behave(Manner::Mute);
    let mut command =
        folder.run(&["--for", "0", "--venues", &folder.path("venues").display().to_string()]);
    let mut engine = Running::start(&mut command);
    until("the answers are lost", || api.reads() >= 2);
    api.behave(Manner::Fine);
    engine.await_line("filled");
    for manner in [Manner::Away, Manner::Mute] {
        api.behave(manner);
        engine.await_line("nothing may be sent: ");
        // The market goes on at twenty times its speed, and the server is asked again and again.
        let (sent, writes, asked) = (orders(&folder), api.writes().len(), api.asked());
        until("time passes", || api.asked() >= asked + 25);
        assert_eq!(orders(&folder), sent, "{manner:?}: something was sent");
        api.behave(Manner::Fine);
        engine.await_line("orders may be sent again");
        assert!(api.writes().len() > writes);
        engine.await_line("filled");
    }
    engine.signal("TERM");
    let ended = engine.end();
    assert!(ended.status.success(), "{}{}", stdout(&ended), stderr(&ended));
    assert_eq!(api.tokens(), [1], "nobody else came");
    in_turn(&senders(venues, &folder), &["00001"]);
}

#[test]
fn what_stands_between_an_engine_and_its_lease_is_said_and_nothing_is_started() {
    let _one = alone();
    let (api, folder) = (ApiServer::start(), Folder::new());
    let venues = venues(&folder);
    let refused = |manner: Manner, spoil: &dyn Fn(), said: &str| {
        api.configure(&folder);
        spoil();
        api.behave(manner);
        let dir = folder.path("venues").display().to_string();
        let mut command = folder.run(&["--for", "0", "--venues", &dir]);
        let waiting = Running::start(&mut command);
        waiting.await_complaint(said);
        waiting.signal("TERM");
        let ended = waiting.end();
        assert_eq!(ended.status.code(), Some(3), "{said}: {}", stdout(&ended));
        let told = stderr(&ended);
        assert!(told.contains("stopped while waiting for the Lease"), "{told}");
        assert!(!told.contains("eyJ"), "a token in {told}");
        assert_eq!(api.writes(), []);
    };
    refused(Manner::Empty, &|| {}, "there is no Lease funding-arb-arb1: apply its manifest");
    refused(Manner::Strict, &|| {}, "does not let us (401 Unauthorized)");
    refused(Manner::Fine, &|| folder.write("lease/token", "another"), "(401 Unauthorized)");
    refused(Manner::Fine, &|| folder.write("lease/namespace", "other"), "(403 the token is");
    refused(Manner::Fine, &|| folder.write("lease/token", ""), "lease/token: it does not hold");
    let other = ApiServer::start();
    let another = || folder.write("lease/ca.crt", &other.certificate);
    refused(Manner::Fine, &another, "certificate");
    drop(venues);
    let mut nowhere = program();
    nowhere.args(["config", "check", "--set", "nodes.lease.enabled=true"]);
    let checked = crate::engine::complete(nowhere.args(["--set", "nodes.lease.duration_s=9"]));
    assert_eq!(checked.status.code(), Some(2), "{}", stdout(&checked));
    assert!((stdout(&checked) + &stderr(&checked)).contains("15 would do"));
}
