use proptest::prelude::*;
use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};

use super::{
    CONTENT_MAX, Content, Half, Opened, Opener, RECORD_HEADER, RECORD_MAX, RECORD_TRAILER, Sealer,
    record_length,
};
use crate::TlsFault;

fn half(chacha: bool) -> Half {
    let (key, iv) = (AeadKey::from([7; 32]), Iv::new([9; 12]));
    let secrets = if chacha {
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }
    } else {
        ConnectionTrafficSecrets::Aes256Gcm { key, iv }
    };
    Half::new(3, &secrets).unwrap()
}

fn both(chacha: bool) -> (Sealer, Opener) {
    (Sealer::new(half(chacha)), Opener::new(half(chacha)))
}

/// One sealed record, and nothing else.
fn sealed(sealer: &mut Sealer, content: &[u8], kind: Content) -> Vec<u8> {
    let mut buffer = vec![0; RECORD_HEADER];
    buffer.extend_from_slice(content);
    buffer.extend_from_slice(&[0; RECORD_TRAILER]);
    let range = RECORD_HEADER..RECORD_HEADER + content.len();
    assert_eq!(sealer.seal(&mut buffer, range, kind), Some(0..buffer.len()));
    buffer
}

proptest! {
    #[test]
    fn what_is_sealed_opens_anywhere_before_its_place(
        chacha in any::<bool>(),
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..5),
        before in 0_usize..40,
    ) {
        let (mut sealer, mut opener) = both(chacha);
        for content in contents {
            let mut buffer = vec![0xaa; before];
            buffer.extend(sealed(&mut sealer, &content, Content::Data));
            let record = before..buffer.len();
            for to in [before + RECORD_HEADER, before, 0] {
                // Opening uses the nonce up, so each try needs an opener of the same state.
                let mut copy = buffer.clone();
                let mut opener = Opener::new(Half { sequence: opener.half.sequence, ..half(chacha) });
                let opened = opener.open(&mut copy, record.clone(), to).unwrap();
                prop_assert_eq!(&copy[opened.content.clone()], &content[..]);
                prop_assert_eq!(opened, Opened { kind: Content::Data, content: to..to + content.len() });
                prop_assert!(copy[..to].iter().all(|byte| *byte == 0xaa) || to > before);
            }
            opener.open(&mut buffer, record, before).unwrap();
        }
    }

    #[test]
    fn a_changed_bit_anywhere_is_refused(
        content in prop::collection::vec(any::<u8>(), 0..80),
        at in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (mut sealer, mut opener) = both(false);
        let mut record = sealed(&mut sealer, &content, Content::Data);
        let at = at.index(record.len());
        record[at] ^= 1 << bit;
        let whole = 0..record.len();
        prop_assert_eq!(opener.open(&mut record, whole, 0), Err(TlsFault::BadRecord));
    }

    #[test]
    fn garbage_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..100), to in 0_usize..120) {
        let (_, mut opener) = both(true);
        let _ = record_length(&bytes);
        let whole = 0..bytes.len();
        prop_assert!(opener.open(&mut bytes, whole, to).is_err());
    }
}

#[test]
fn records_out_of_order_or_twice_are_refused() {
    let (mut sealer, mut opener) = both(false);
    let first = sealed(&mut sealer, b"first", Content::Data);
    let second = sealed(&mut sealer, b"second", Content::Data);
    let whole = 0..second.len();
    assert_eq!(opener.open(&mut second.clone(), whole, 0), Err(TlsFault::BadRecord));
    let (_, mut opener) = both(false);
    let whole = 0..first.len();
    assert!(opener.open(&mut first.clone(), whole.clone(), 0).is_ok());
    assert_eq!(opener.open(&mut first.clone(), whole, 0), Err(TlsFault::BadRecord));
}

/// A record whose inner bytes are exactly these, type and padding included.
fn sealed_raw(inner: &[u8]) -> Vec<u8> {
    use ring::aead::Aad;
    let mut half = half(false);
    let length = u16::try_from(inner.len() + 16).unwrap().to_be_bytes();
    let head = [23, 3, 3, length[0], length[1]];
    let mut body = inner.to_vec();
    let nonce = half.nonce().unwrap();
    let tag = half.key.seal_in_place_separate_tag(nonce, Aad::from(head), &mut body).unwrap();
    [&head[..], &body, tag.as_ref()].concat()
}

fn open(mut record: Vec<u8>) -> Result<Opened, TlsFault> {
    let (_, mut opener) = both(false);
    let whole = 0..record.len();
    opener.open(&mut record, whole, RECORD_HEADER)
}

#[test]
fn padding_is_taken_off_and_the_true_type_found() {
    let opened = open(sealed_raw(&[1, 2, 3, 23, 0, 0, 0])).unwrap();
    assert_eq!(opened, Opened { kind: Content::Data, content: 5..8 });
    assert_eq!(
        open(sealed_raw(&[1, 0, 21])).unwrap(),
        Opened { kind: Content::Alert, content: 5..7 }
    );
    assert_eq!(
        open(sealed_raw(&[9, 22, 0])).unwrap(),
        Opened { kind: Content::Handshake, content: 5..6 }
    );
}

#[test]
fn the_true_type_is_the_last_byte_whatever_the_content_begins_with() {
    for first in [21, 22, 23] {
        assert_eq!(
            open(sealed_raw(&[first, 9, 23])).unwrap(),
            Opened { kind: Content::Data, content: 5..7 }
        );
        assert_eq!(
            open(sealed_raw(&[first, 9, 22])).unwrap(),
            Opened { kind: Content::Handshake, content: 5..7 }
        );
    }
}

#[test]
fn a_record_of_padding_only_or_of_another_type_is_refused() {
    assert_eq!(open(sealed_raw(&[0; 9])), Err(TlsFault::Unexpected));
    assert_eq!(open(sealed_raw(&[])), Err(TlsFault::Unexpected));
    assert_eq!(open(sealed_raw(&[1, 20])), Err(TlsFault::Unexpected));
}

#[test]
fn a_content_over_the_limit_is_refused() {
    let mut inner = vec![1; CONTENT_MAX];
    inner.push(23);
    assert!(open(sealed_raw(&inner)).is_ok());
    inner.insert(0, 1);
    assert_eq!(open(sealed_raw(&inner)), Err(TlsFault::Oversized));
}

#[test]
fn only_encrypted_records_of_a_legal_length_are_admitted() {
    assert_eq!(record_length(&[23, 3, 3, 0]), Ok(None));
    assert_eq!(record_length(&[23, 3, 3, 0, 100]), Ok(Some(105)));
    assert_eq!(record_length(&[20, 3, 3, 0, 1, 1]), Err(TlsFault::Unexpected));
    assert_eq!(record_length(&[21, 3, 3, 0, 2]), Err(TlsFault::Unexpected));
    let most = u16::try_from(RECORD_MAX - RECORD_HEADER).unwrap().to_be_bytes();
    assert_eq!(record_length(&[23, 3, 3, most[0], most[1]]), Ok(Some(RECORD_MAX)));
    assert_eq!(record_length(&[23, 3, 3, most[0], most[1] + 1]), Err(TlsFault::Oversized));
}

#[test]
fn a_content_without_room_around_it_is_not_sealed() {
    let (mut sealer, mut opener) = both(false);
    let mut buffer = [0; 40];
    assert_eq!(sealer.seal(&mut buffer, 4..10, Content::Data), None);
    assert_eq!(sealer.seal(&mut buffer, 5..24, Content::Data), None);
    let mut long = vec![0; RECORD_MAX];
    assert_eq!(sealer.seal(&mut long, 5..5 + CONTENT_MAX + 1, Content::Data), None);
    // Nothing of the key was used: the peer opens the next record as the first.
    let mut record = sealed(&mut sealer, b"x", Content::Data);
    let whole = 0..record.len();
    assert!(opener.open(&mut record, whole, 0).is_ok());
}
