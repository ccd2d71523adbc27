use super::Messages;
use crate::TlsFault;

fn ticket(length: u8) -> Vec<u8> {
    let mut message = vec![4, 0, 0, length];
    message.extend(std::iter::repeat_n(9, usize::from(length)));
    message
}

#[test]
fn tickets_are_passed_over_however_they_are_cut() {
    let stream = [ticket(200), ticket(0), ticket(7)].concat();
    for size in 1..stream.len() {
        let mut messages = Messages::default();
        for part in stream.chunks(size) {
            assert_eq!(messages.read(part), Ok(None));
        }
        assert_eq!(messages.read(&[24, 0, 0, 1, 1]), Ok(Some(true)));
    }
}

#[test]
fn a_key_update_says_whether_it_wants_one_back() {
    let mut messages = Messages::default();
    assert_eq!(messages.read(&[24, 0, 0, 1, 0]), Ok(Some(false)));
    assert_eq!(messages.read(&[24, 0, 0, 1, 1]), Ok(Some(true)));
    assert_eq!(messages.read(&[24, 0]), Ok(None));
    assert_eq!(messages.read(&[0, 1]), Ok(None));
    assert_eq!(messages.read(&[1]), Ok(Some(true)));
    assert_eq!(messages.read(&[&ticket(3)[..], &[24, 0, 0, 1, 0]].concat()), Ok(Some(false)));
}

#[test]
fn what_has_no_place_after_the_handshake_is_refused() {
    let cases: &[&[u8]] = &[
        &[],                  // an empty handshake record
        &[24, 0, 0, 1, 2],    // an answer that does not exist
        &[24, 0, 0, 2, 0, 0], // a key update of another length
        &[24, 0, 0, 1, 0, 4], // more behind a key update, sealed with the old key
        &[1, 0, 0, 1, 0],     // a hello
        &[13, 0, 0, 1, 0],    // a certificate request we never agreed to
    ];
    for case in cases {
        assert_eq!(Messages::default().read(case), Err(TlsFault::Unexpected), "{case:?}");
    }
}
