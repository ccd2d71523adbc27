use base::{Span, Stamp};

use super::{Backoff, Retry};

const BACKOFF: Backoff = Backoff { first: Span(100), most: Span(1000), stable: Span(5000) };

#[test]
fn the_first_dial_does_not_wait_and_the_waits_double_up_to_the_most() {
    let mut retry = Retry::new(BACKOFF, 7);
    assert_eq!(retry.next(), Span(0));
    for whole in [100, 200, 400, 800, 1000, 1000, 1000] {
        let wait = retry.next().0;
        assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
    }
    for _ in 0..200 {
        assert!(retry.next().0 <= 1000);
    }
}

#[test]
fn only_a_connection_that_lasted_starts_over() {
    let mut retry = Retry::new(BACKOFF, 7);
    assert_eq!(retry.next(), Span(0));
    retry.lived(Stamp(0), Stamp(4999));
    assert_ne!(retry.next(), Span(0));
    retry.lived(Stamp(0), Stamp(5000));
    assert_eq!(retry.next(), Span(0));
}

#[test]
fn the_jitter_follows_its_seed() {
    let waits = |seed| {
        let mut retry = Retry::new(BACKOFF, seed);
        (0..20).map(|_| retry.next().0).collect::<Vec<_>>()
    };
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}
