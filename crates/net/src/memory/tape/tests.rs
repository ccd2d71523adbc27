use base::Stamp;

use super::TapeChannel;
use crate::ws::{Decoder, Event, Role};
use crate::{Channel, Polled, SendError};

#[test]
fn a_tape_plays_its_texts_over_and_over() {
    let texts = [b"one".to_vec(), vec![b'x'; 300], Vec::new()];
    let mut tape = TapeChannel::new(&texts, false);
    for round in 0..7_u64 {
        let expected = &texts[usize::try_from(round).unwrap() % 3];
        assert_eq!(tape.poll(Stamp(round)), Polled::Text { bytes: expected, recv: Stamp(round) });
    }
}

#[test]
fn with_pauses_every_second_poll_finds_nothing() {
    let mut tape = TapeChannel::new(&[b"a".to_vec()], true);
    for _ in 0..3 {
        assert!(matches!(tape.poll(Stamp(0)), Polled::Text { .. }));
        assert_eq!(tape.poll(Stamp(0)), Polled::Idle);
    }
}

#[test]
fn what_is_sent_lies_in_the_buffer_as_it_would_leave() {
    let mut tape = TapeChannel::new(&[], false);
    assert_eq!(tape.poll(Stamp(0)), Polled::Idle);
    tape.send(b"order").unwrap();
    let mut frame = tape.last_frame().to_vec();
    assert_eq!(frame.len(), 11);
    let mut decoder = Decoder::new(Role::Server, 100);
    let Event::Text(place) = decoder.next(&mut frame).unwrap().event else { panic!() };
    assert_eq!(decoder.payload(&frame, place), b"order");
    assert_eq!(tape.send(&vec![b'x'; 20_000]), Err(SendError::TooLong));
    assert_eq!(tape.sent(), 1);
}
