use super::{HELD_MAX, Outbox};
use base::input::{Input, Timer};
use base::{Stamp, WallNs};
use rings::{Full, ring};

fn numbered(n: i64) -> Input {
    Input::Timer(Timer { wall: WallNs(n) })
}

#[test]
fn what_waited_goes_before_what_came_later() {
    let (sender, mut receiver) = ring("ack-test", 2, Full::Halt);
    let mut outbox = Outbox::new(sender);
    (0..4).for_each(|n| outbox.push(numbered(n), Stamp(0)));
    assert!(!outbox.is_empty());
    // There is room again, but two are waiting already.
    let mut seen = vec![receiver.pop(), receiver.pop()];
    outbox.push(numbered(4), Stamp(0));
    for _ in 0..4 {
        outbox.flush();
        seen.push(receiver.pop());
    }
    let seen: Vec<_> = seen.into_iter().flatten().map(|record| record.words[0]).collect();
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    assert!(outbox.is_empty() && outbox.lost() == 0);
}

#[test]
fn what_finds_no_room_anywhere_is_counted_so_that_it_is_found_again() {
    let (sender, _receiver) = ring("ack-test", 2, Full::Halt);
    let mut outbox = Outbox::new(sender);
    (0..i64::try_from(HELD_MAX).unwrap() + 5).for_each(|n| outbox.push(numbered(n), Stamp(0)));
    assert_eq!(outbox.lost(), 3);
}
