#![allow(clippy::unwrap_used)]
use super::*;
use crate::api::Refusal;
use crate::record::Lease;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that tests turn; a suspended machine moves `boot` alone.
#[derive(Clone, Default)]
struct Hands {
    mono: Arc<AtomicU64>,
    boot: Arc<AtomicU64>,
}

impl Hands {
    fn pass(&self, time: Span) {
        self.mono.fetch_add(time.0, Ordering::Relaxed);
        self.suspend(time);
    }

    fn suspend(&self, time: Span) {
        self.boot.fetch_add(time.0, Ordering::Relaxed);
    }
}

impl Clocks for Hands {
    fn mono(&self) -> Stamp {
        Stamp(self.mono.load(Ordering::Relaxed))
    }

    fn boot(&self) -> Stamp {
        Stamp(self.boot.load(Ordering::Relaxed))
    }
}

/// A server in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Store>>);

#[derive(Default)]
struct Store {
    version: u64,
    holder: String,
    transitions: u32,
    away: bool,
}

impl Memory {
    fn stored(&self) -> (String, u32) {
        let store = self.0.lock().unwrap();
        (store.holder.clone(), store.transitions)
    }

    fn is_there(&self, there: bool) {
        self.0.lock().unwrap().away = !there;
    }

    fn is_taken_by(&self, who: &str) {
        let mut store = self.0.lock().unwrap();
        store.version += 1;
        store.holder = who.to_owned();
        store.transitions += 1;
    }
}

impl Api for Memory {
    fn ask(&mut self, ask: &Ask) -> Result<Lease, Refusal> {
        let mut store = self.0.lock().unwrap();
        if store.away {
            return Err(Refusal::Failed("away".to_owned()));
        }
        if let Ask::Put(lease) = ask {
            if lease.version() != store.version.to_string() {
                return Err(Refusal::Conflict);
            }
            store.version += 1;
            store.holder = lease.holder().unwrap_or_default().to_owned();
            store.transitions = lease.transitions();
        }
        let Store { version, holder, transitions, .. } = &*store;
        let text = format!(
            r#"{{"kind":"Lease","metadata":{{"resourceVersion":"{version}"}},
                "spec":{{"holderIdentity":"{holder}","leaseTransitions":{transitions}}}}}"#
        );
        Ok(Lease::read(text.as_bytes()).unwrap())
    }
}

fn work(server: &Memory, hands: &Hands) -> (Work<Memory, Hands>, Fence) {
    let fence = Fence::shut();
    let terms = Terms::of(Span::from_secs(15));
    let work = Work {
        holder: Holder::new("me".to_owned(), terms, 0),
        api: server.clone(),
        clock: hands.clone(),
        fence: fence.clone(),
        status: Arc::default(),
    };
    (work, fence)
}

fn hands() -> Hands {
    let hands = Hands::default();
    hands.pass(Span::from_secs(100));
    hands.suspend(Span::from_secs(1_000));
    hands
}

/// Does everything that is due now.
fn settle(work: &mut Work<Memory, Hands>, hands: &Hands) -> Option<Stamp> {
    loop {
        let until = work.turn()?;
        if until > hands.boot() {
            return Some(until);
        }
    }
}

#[test]
fn the_fence_opens_with_the_lease_and_ends_on_the_clock_of_the_order_path() {
    let (server, hands) = (Memory::default(), hands());
    let (mut work, fence) = work(&server, &hands);
    assert!(!fence.is_open(hands.mono()));
    settle(&mut work, &hands);
    assert_eq!(fence.end(), hands.mono() + Span::from_secs(10));
    assert_eq!(lock(&work.status).token, Some(1));
}

#[test]
fn while_the_server_is_away_the_fence_shuts_by_itself_and_opens_when_it_is_back() {
    let (server, hands) = (Memory::default(), hands());
    let (mut work, fence) = work(&server, &hands);
    settle(&mut work, &hands);
    server.is_there(false);
    // Nothing but time: no store is needed.
    let (now, later) = (hands.mono(), hands.mono() + Span::from_secs(10));
    assert!(fence.is_open(now) && !fence.is_open(later));
    for _ in 0..12 {
        hands.pass(Span::from_secs(1));
        settle(&mut work, &hands);
    }
    assert_eq!(fence.end(), Stamp(0), "and one store says so");
    assert!(lock(&work.status).failures > 3 && !lock(&work.status).lost);
    server.is_there(true);
    hands.pass(Span::from_secs(1));
    settle(&mut work, &hands);
    assert!(fence.is_open(hands.mono()));
    assert_eq!((server.stored().1, lock(&work.status).trouble.clone()), (1, None));
}

#[test]
fn a_machine_that_slept_past_the_permission_wakes_up_without_it() {
    let (server, hands) = (Memory::default(), hands());
    let (mut work, fence) = work(&server, &hands);
    settle(&mut work, &hands);
    server.is_there(false);
    // Asked without success at 2.5, 3.5 ... 9.5 s: the next time would be at 10.5.
    for half in 1..20 {
        hands.pass(Span::from_millis(500));
        assert!(settle(&mut work, &hands).is_some(), "{half}");
    }
    hands.suspend(Span::from_millis(600));
    assert!(fence.is_open(hands.mono()), "the monotonic clock saw nothing");
    settle(&mut work, &hands);
    assert!(!fence.is_open(hands.mono()));
}

#[test]
fn what_another_took_is_lost_for_good() {
    let (server, hands) = (Memory::default(), hands());
    let (mut work, fence) = work(&server, &hands);
    settle(&mut work, &hands);
    hands.pass(Span::from_secs(60));
    server.is_taken_by("other");
    assert_eq!(settle(&mut work, &hands), None);
    assert!(lock(&work.status).lost && !fence.is_open(hands.mono()));
    assert_eq!(work.turn(), None);
    assert_eq!(server.stored(), ("other".to_owned(), 2));
}

#[test]
fn a_tenure_waits_takes_and_gives_back_on_its_own_thread() {
    let (server, fence) = (Memory::default(), Fence::none());
    let terms = Terms::of(Span::from_secs(3));
    let identity = Identity::of("pod-0");
    let begin = (&identity, terms, 6);
    let tenure = Tenure::begin(begin, server.clone(), crate::BootClock, fence.clone()).unwrap();
    assert_eq!(tenure.wait(&Flag::new(), |_| {}).unwrap(), 7);
    let now = crate::BootClock.mono();
    assert!(fence.is_open(now) && tenure.watch().margin(now) <= terms.hold);
    assert_eq!(server.stored(), (identity.to_string(), 7));
    drop(tenure);
    assert!(!fence.is_open(now));
    assert_eq!(server.stored(), (String::new(), 7));
}

#[test]
fn who_waits_is_told_why_and_can_be_stopped() {
    let server = Memory::default();
    server.is_taken_by("pod-1");
    let terms = Terms::of(Span::from_secs(300));
    let begin = (&Identity::of("pod-0"), terms, 0);
    let tenure = Tenure::begin(begin, server, crate::BootClock, Fence::shut()).unwrap();
    let (stop, mut told) = (Flag::new(), Vec::new());
    let ended = tenure.wait(&stop, |why| {
        told.push(why.to_owned());
        stop.set();
    });
    assert!(matches!(ended, Err(TenureError::Stopped(why)) if why.contains("pod-1")));
    assert_eq!(told, ["the Lease is held by pod-1"]);
}

#[test]
fn two_identities_of_one_name_differ() {
    let (one, two) = (Identity::of("pod-0"), Identity::of("pod-0"));
    assert_ne!(one, two);
    assert!(one.to_string().starts_with("pod-0_"), "{one}");
}
