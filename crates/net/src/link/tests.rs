use std::sync::Arc;

use base::{Clock, Stamp, WallNs};
use mio::{Poll, Token, Waker};
use rtrb::{Consumer, Producer, RingBuffer};

use super::connector::{HotEnds, Outcome, PathChoice, Request};
use super::{Link, LinkOptions};
use crate::ws::MaskKeys;
use crate::{Channel, CloseReason, DialFault, Polled};

#[derive(Clone)]
struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Stamp {
        Stamp(0)
    }
    fn wall(&self) -> WallNs {
        WallNs::NONE
    }
}

/// A link whose connector is played by the test.
struct Played {
    link: Link<NoClock>,
    requests: Consumer<Request>,
    ready: Producer<Outcome>,
    _poll: Poll,
}

fn played() -> Played {
    let poll = Poll::new().unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
    let (requests, requests_out) = RingBuffer::new(8);
    let (ready_in, ready) = RingBuffer::new(8);
    let (dead, _) = RingBuffer::new(8);
    let keys = MaskKeys::from_system();
    let ends = HotEnds { requests, ready, dead, keys, waker };
    let link = Link::with(ends, LinkOptions::default(), NoClock);
    Played { link, requests: requests_out, ready: ready_in, _poll: poll }
}

impl Played {
    fn fail(&mut self, attempt: u64, fault: DialFault) {
        assert!(self.ready.push(Outcome { attempt, result: Err(fault) }).is_ok());
    }

    fn poll(&mut self, now: u64) -> Polled<'_> {
        self.link.poll(Stamp(now))
    }
}

fn failed(fault: DialFault) -> Polled<'static> {
    Polled::Closed(CloseReason::Dial(fault))
}

#[test]
fn one_dial_at_a_time_is_asked_for_however_often_it_is_wanted() {
    let mut played = played();
    for _ in 0..5 {
        played.link.reopen(Stamp(0));
        assert_eq!(played.poll(0), Polled::Idle);
    }
    assert_eq!(played.requests.pop().unwrap().attempt, 1);
    assert!(played.requests.pop().is_err());
    played.fail(1, DialFault::Resolve);
    assert_eq!(played.poll(0), failed(DialFault::Resolve));
}

#[test]
fn the_second_dial_waits_for_the_back_off() {
    let mut played = played();
    played.link.reopen(Stamp(0));
    assert_eq!(played.poll(0), Polled::Idle);
    played.fail(1, DialFault::Timeout);
    assert_eq!(played.poll(0), failed(DialFault::Timeout));
    played.link.reopen(Stamp(0));
    assert_eq!(played.poll(124_999_999), Polled::Idle);
    assert_eq!(played.requests.slots(), 1);
    assert_eq!(played.poll(250_000_000), Polled::Idle);
    assert_eq!(played.requests.slots(), 2);
}

#[test]
fn a_redirect_supersedes_the_dial_under_way_and_its_late_outcome_is_ignored() {
    let mut played = played();
    played.link.reopen(Stamp(0));
    assert_eq!(played.poll(0), Polled::Idle);
    played.link.redirect("/new");
    played.link.reopen(Stamp(0));
    assert_eq!(played.poll(0), Polled::Idle);
    let first = played.requests.pop().unwrap();
    let second = played.requests.pop().unwrap();
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert!(matches!((first.path, second.path), (PathChoice::Own, PathChoice::Other(_))));
    played.fail(1, DialFault::Timeout);
    assert_eq!(played.poll(0), Polled::Idle);
    played.fail(2, DialFault::Resolve);
    assert_eq!(played.poll(0), failed(DialFault::Resolve));
}

#[test]
fn without_a_connector_a_dial_says_so() {
    let Played { mut link, requests, ready, _poll } = played();
    link.reopen(Stamp(0));
    drop((requests, ready));
    assert_eq!(link.poll(Stamp(0)), failed(DialFault::Stopped));
}
