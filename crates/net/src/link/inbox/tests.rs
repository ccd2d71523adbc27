use proptest::prelude::*;

use super::{Inbox, Record};
use crate::tls::record::{Content, RECORD_HEADER, RECORD_TRAILER};
use crate::tls::session::Session;
use crate::tls::session::testing::pair;
use crate::{TlsFault, ws::PADDING};

/// A record of the peer's.
fn record(peer: &mut Session, content: &[u8], kind: Content) -> Vec<u8> {
    let mut bytes = vec![0; RECORD_HEADER];
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(&[0; RECORD_TRAILER]);
    let range = RECORD_HEADER..RECORD_HEADER + content.len();
    peer.sealer.seal(&mut bytes, range, kind).unwrap();
    bytes
}

/// Puts as much of `bytes` into the inbox as it takes, as a socket's read would.
fn receive(inbox: &mut Inbox, bytes: &[u8]) -> usize {
    let place = inbox.free();
    let count = place.len().min(bytes.len());
    place[..count].copy_from_slice(&bytes[..count]);
    inbox.received(count);
    count
}

proptest! {
    #[test]
    fn what_the_peer_sealed_comes_out_in_order_however_it_is_cut(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..60),
        reads in prop::collection::vec(1_usize..3000, 1..20),
        uses in prop::collection::vec(1_usize..500, 1..20),
    ) {
        let (mut ours, mut peer) = pair();
        let stream: Vec<u8> =
            contents.iter().flat_map(|content| record(&mut peer, content, Content::Data)).collect();
        let mut inbox = Inbox::new(600);
        let mut out = Vec::new();
        let mut rest = &stream[..];
        let (mut reads, mut uses) = (reads.iter().cycle(), uses.iter().cycle());
        while !rest.is_empty() || !inbox.plain().is_empty() {
            let count = (*reads.next().unwrap()).min(rest.len());
            rest = &rest[receive(&mut inbox, &rest[..count])..];
            // A reader uses what makes a frame and leaves the rest until more has come.
            while let Record::Data = inbox.open(&mut ours).unwrap() {
                let (start, count) = (inbox.plain_start(), *uses.next().unwrap());
                let count = count.min(inbox.plain().len());
                inbox.use_up(count);
                out.extend_from_slice(inbox.lend(start, count));
                // At most a frame's worth may be left unused before the next read.
                let over = inbox.plain().len().saturating_sub(600);
                let start = inbox.plain_start();
                inbox.use_up(over);
                out.extend_from_slice(inbox.lend(start, over));
            }
            if rest.is_empty() {
                out.extend_from_slice(inbox.plain());
                let count = inbox.plain().len();
                inbox.use_up(count);
            }
        }
        prop_assert_eq!(out, contents.concat());
    }
}

#[test]
fn there_is_always_room_for_a_record_behind_the_largest_unfinished_frame() {
    let (mut ours, mut peer) = pair();
    let mut inbox = Inbox::new(100_000);
    for _ in 0..7 {
        // Contents of the largest size, none used up, and half a record at the end of each read.
        let bytes = record(&mut peer, &[1; 14_000], Content::Data);
        let (front, back) = bytes.split_at(bytes.len() / 2);
        assert_eq!(receive(&mut inbox, front), front.len());
        assert_eq!(inbox.open(&mut ours), Ok(Record::Missing));
        assert_eq!(receive(&mut inbox, back), back.len());
        assert_eq!(inbox.open(&mut ours), Ok(Record::Data));
    }
    assert_eq!(inbox.plain().len(), 7 * 14_000);
    assert!(inbox.free().len() >= 16_384);
}

#[test]
fn a_record_that_is_not_data_leaves_the_opened_bytes_alone() {
    let (mut ours, mut peer) = pair();
    let mut inbox = Inbox::new(1000);
    let stream = [
        record(&mut peer, b"one", Content::Data),
        record(&mut peer, &[1, 0], Content::Alert),
        record(&mut peer, b"two", Content::Data),
    ]
    .concat();
    receive(&mut inbox, &stream);
    assert_eq!(inbox.open(&mut ours), Ok(Record::Data));
    let Ok(Record::Other(Content::Alert, content)) = inbox.open(&mut ours) else { panic!() };
    assert_eq!(inbox.lend(content.start, content.len()), [1, 0]);
    assert_eq!(inbox.open(&mut ours), Ok(Record::Data));
    assert_eq!(inbox.plain(), b"onetwo");
}

#[test]
fn an_oversized_record_is_refused_by_its_header() {
    let (mut ours, _) = pair();
    let mut inbox = Inbox::new(1000);
    receive(&mut inbox, &[23, 3, 3, 0x48, 0x01]);
    assert_eq!(inbox.open(&mut ours), Err(TlsFault::Oversized));
}

#[test]
fn padding_lies_behind_the_last_byte_that_can_be_lent() {
    let inbox = Inbox::new(1000);
    assert_eq!(inbox.bytes.len(), inbox.capacity + PADDING);
    assert_eq!(inbox.lend(inbox.capacity + PADDING, 1), []);
}
