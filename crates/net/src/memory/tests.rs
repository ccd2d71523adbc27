use base::Stamp;

use super::MemoryChannel;
use crate::{Channel, CloseReason, Polled, SendError};

const NOW: Stamp = Stamp(7);

#[test]
fn a_channel_is_closed_until_it_is_reopened_and_answered() {
    let (mut channel, peer) = MemoryChannel::pair();
    assert_eq!(channel.poll(NOW), Polled::Idle);
    assert_eq!(channel.send(b"x"), Err(SendError::Closed));
    channel.reopen(NOW);
    assert_eq!(channel.poll(NOW), Polled::Idle);
    assert!(peer.is_dialing() && !channel.is_open());
    peer.open();
    assert_eq!(channel.poll(NOW), Polled::Opened);
    assert!(channel.is_open() && !peer.is_dialing());
}

#[test]
fn texts_travel_both_ways_in_order() {
    let (mut channel, peer) = MemoryChannel::pair();
    peer.answer_dials();
    channel.reopen(NOW);
    assert_eq!(channel.poll(NOW), Polled::Opened);
    peer.text(b"one");
    peer.text_at(b"two", Stamp(3));
    assert_eq!(channel.poll(NOW), Polled::Text { bytes: b"one", recv: NOW });
    assert_eq!(channel.poll(NOW), Polled::Text { bytes: b"two", recv: Stamp(3) });
    assert_eq!(channel.poll(NOW), Polled::Idle);
    channel.send(b"three").unwrap();
    channel
        .send_with(100, &mut |place| {
            place[..4].copy_from_slice(b"four");
            4
        })
        .unwrap();
    assert_eq!(peer.take_all_sent(), ["three", "four"]);
}

#[test]
fn after_a_close_nothing_follows_until_reopen() {
    let (mut channel, peer) = MemoryChannel::pair();
    peer.answer_dials();
    channel.reopen(NOW);
    peer.close(CloseReason::Eof);
    peer.text(b"lost");
    assert_eq!(channel.poll(NOW), Polled::Opened);
    assert_eq!(channel.poll(NOW), Polled::Closed(CloseReason::Eof));
    assert_eq!(channel.poll(NOW), Polled::Idle);
    assert!(!channel.is_open());
    channel.reopen(NOW);
    assert_eq!(channel.poll(NOW), Polled::Opened);
    assert_eq!(peer.dials(), 2);
}

#[test]
fn a_renewal_keeps_the_channel_open_and_ends_with_settle() {
    let (mut channel, peer) = MemoryChannel::pair();
    peer.answer_dials();
    channel.reopen(NOW);
    assert_eq!(channel.poll(NOW), Polled::Opened);
    channel.renew(NOW);
    assert_eq!(channel.poll(NOW), Polled::Renewed);
    peer.trailing(b"old");
    assert_eq!(channel.poll(NOW), Polled::Trailing { bytes: b"old", recv: NOW });
    assert!(channel.is_open());
    channel.settle();
    assert_eq!(peer.settled(), 1);
}

#[test]
fn the_connection_being_replaced_takes_texts_until_it_is_settled_or_gone() {
    let (mut channel, peer) = MemoryChannel::pair();
    peer.answer_dials();
    channel.reopen(NOW);
    assert_eq!(channel.poll(NOW), Polled::Opened);
    let mut old = |place: &mut [u8]| {
        place[..3].copy_from_slice(b"old");
        3
    };
    assert_eq!(channel.send_trailing_with(9, &mut old), Err(SendError::Closed));
    channel.renew(NOW);
    assert_eq!(channel.poll(NOW), Polled::Renewed);
    assert!(channel.is_trailing());
    channel.send_trailing_with(9, &mut old).unwrap();
    channel.send(b"new").unwrap();
    assert_eq!(
        (peer.take_all_trailing(), peer.take_all_sent()),
        (vec!["old".into()], vec!["new".into()])
    );
    channel.settle();
    assert_eq!(channel.send_trailing_with(9, &mut old), Err(SendError::Closed));
    channel.renew(NOW);
    assert_eq!(channel.poll(NOW), Polled::Renewed);
    peer.end_trailing();
    assert!(!channel.is_trailing());
    assert_eq!(channel.send_trailing_with(9, &mut old), Err(SendError::Closed));
}

#[test]
fn a_failed_dial_is_a_close() {
    let (mut channel, peer) = MemoryChannel::pair();
    channel.reopen(NOW);
    peer.close(CloseReason::Silent);
    assert_eq!(channel.poll(NOW), Polled::Closed(CloseReason::Silent));
    assert!(!peer.is_dialing());
}

#[test]
fn a_refused_send_leaves_nothing() {
    let (mut channel, peer) = MemoryChannel::pair();
    peer.answer_dials();
    channel.reopen(NOW);
    let _ = channel.poll(NOW);
    peer.refuse_sends(Some(SendError::Full));
    assert_eq!(channel.send(b"x"), Err(SendError::Full));
    peer.refuse_sends(None);
    assert_eq!(channel.send_with(1 << 20, &mut |_| 0), Err(SendError::TooLong));
    assert_eq!(channel.send(b"y"), Ok(()));
    assert_eq!(peer.take_all_sent(), ["y"]);
}

#[test]
fn a_redirect_shows_its_path() {
    let (mut channel, peer) = MemoryChannel::pair();
    channel.redirect("/ws/abc");
    assert_eq!(peer.path(), "/ws/abc");
}
