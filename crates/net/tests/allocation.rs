//! After it has opened, a link allocates nothing: counted over the real TLS link, on this thread.
//!
//! A binary of its own, since it brings its own allocator.

#[path = "support/mod.rs"]
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::thread;
use std::time::Instant;

use base::Clock;
use net::{Channel, Connector, Link, LinkOptions, Polled};
use support::{
    Authority, PATIENCE, Peer, Seen, Server, accept, clock, frame, next, read_frame, text,
};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting calls of each thread.
struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls of the allocator that `work` made on this thread.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1_u64)))), 2);
}

/// Polls until a text is there and gives it to `check`; allocates nothing itself.
fn expect_text(link: &mut impl Channel, clock: &impl Clock, check: impl FnOnce(&[u8])) {
    let end = Instant::now() + PATIENCE;
    loop {
        match link.poll(clock.now()) {
            Polled::Text { bytes, .. } => return check(bytes),
            Polled::Idle => {
                assert!(Instant::now() < end, "nothing came");
                thread::yield_now();
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn ten_thousand_texts_each_way_over_tls_allocate_nothing() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), support::echo);
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let mut link = Link::new(connector.dialer(), server.endpoint(), LinkOptions::default(), clock);
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    let payload = [b'p'; 6000];
    let count = allocations(|| {
        for round in 0..10_000 {
            let length = match round % 4 {
                0 => 20,
                1 => 180,
                2 => 400,
                _ => 6000,
            };
            link.send(&payload[..length]).unwrap();
            expect_text(&mut link, &clock, |bytes| assert_eq!(bytes, &payload[..length]));
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn pings_fragments_tickets_and_key_updates_allocate_nothing() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer: Peer| {
        accept(&mut peer);
        for round in 0..6 {
            peer.conn.refresh_traffic_keys().unwrap();
            peer.write_all(&frame(0x89, b"ping")).unwrap();
            peer.write_all(&frame(0x01, &[b'a'; 900])).unwrap();
            peer.write_all(&frame(0x89, b"")).unwrap();
            peer.write_all(&frame(0x80, &[b'b'; 900])).unwrap();
            peer.write_all(&text(&round.to_string())).unwrap();
            while read_frame(&mut peer).unwrap().0 != 0x81 {}
        }
        let _ = read_frame(&mut peer);
    });
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let mut link = Link::new(connector.dialer(), server.endpoint(), LinkOptions::default(), clock);
    link.reopen(clock.now());
    assert_eq!(next(&mut link, &clock), Seen::Opened);
    let count = allocations(|| {
        for _ in 0..6 {
            expect_text(&mut link, &clock, |bytes| assert_eq!(bytes.len(), 1800));
            expect_text(&mut link, &clock, |bytes| assert_eq!(bytes.len(), 1));
            link.send(b"go on").unwrap();
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn closing_and_dialing_again_allocates_nothing_on_the_hot_side() {
    let authority = Authority::new();
    let server = Server::tls(authority.server(), |mut peer: Peer| {
        accept(&mut peer);
        peer.write_all(&frame(0x88, &[3, 232])).unwrap();
        let _ = read_frame(&mut peer);
    });
    let clock = clock();
    let connector = Connector::start(&authority.tls(), clock).unwrap();
    let options = LinkOptions {
        backoff: net::Backoff {
            first: base::Span(0),
            most: base::Span(0),
            stable: base::Span::from_secs(60),
        },
        limit: net::ConnectLimit { count: 1000, per: base::Span::from_secs(1) },
        ..LinkOptions::default()
    };
    let mut link = Link::new(connector.dialer(), server.endpoint(), options, clock);
    link.redirect("/first");
    let count = allocations(|| {
        let end = Instant::now() + PATIENCE;
        for _ in 0..3 {
            link.redirect("/again?key=1");
            link.reopen(clock.now());
            let (mut opened, mut closed) = (false, false);
            while !closed {
                match link.poll(clock.now()) {
                    Polled::Opened => opened = true,
                    Polled::Closed(reason) => {
                        assert_eq!(reason, net::CloseReason::Peer(1000));
                        closed = true;
                    }
                    _ => {
                        assert!(Instant::now() < end);
                        thread::yield_now();
                    }
                }
            }
            assert!(opened);
        }
    });
    assert_eq!(count, 0);
}
