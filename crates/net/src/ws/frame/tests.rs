use proptest::prelude::*;

use super::{HEADER_MAX, Header, Opcode, Role, frame_in_place};
use crate::ws::Violation;

#[test]
fn a_first_byte_is_judged_alone() {
    assert_eq!(Header::read(&[0xc1], Role::Client), Err(Violation::ReservedBits));
    assert_eq!(Header::read(&[0x83], Role::Client), Err(Violation::Opcode));
    assert_eq!(Header::read(&[0x8b], Role::Client), Err(Violation::Opcode));
    assert_eq!(Header::read(&[0x81], Role::Client), Ok(None));
    assert_eq!(Header::read(&[], Role::Client), Ok(None));
}

#[test]
#[rustfmt::skip]
fn each_rule_of_the_header_has_its_violation() {
    let cases: &[(&[u8], Role, Violation)] = &[
        (&[0x81, 0x80],                         Role::Client, Violation::Masked),
        (&[0x81, 0x00],                         Role::Server, Violation::Unmasked),
        (&[0x09, 0x00],                         Role::Client, Violation::ControlFragmented),
        (&[0x89, 0x7e],                         Role::Client, Violation::ControlTooLong),
        (&[0x88, 0x7f],                         Role::Client, Violation::ControlTooLong),
        (&[0x81, 0x7e, 0, 125],                 Role::Client, Violation::Length),
        (&[0x81, 0x7f, 0, 0, 0, 0, 0, 0, 255, 255], Role::Client, Violation::Length),
        (&[0x81, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0],  Role::Client, Violation::Length),
    ];
    for (bytes, role, violation) in cases {
        assert_eq!(Header::read(bytes, *role), Err(*violation), "{bytes:?}");
    }
}

#[test]
fn a_length_of_63_bits_is_read_without_a_wrap() {
    let bytes = [0x82, 0x7f, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    let header = Header::read(&bytes, Role::Client).unwrap().unwrap();
    assert_eq!(header.payload, usize::MAX >> 1);
}

#[test]
fn a_buffer_without_room_for_the_header_gives_no_frame() {
    let mut buffer = [0_u8; 64];
    let key = Some([1, 2, 3, 4]);
    assert_eq!(frame_in_place(&mut buffer, 13..20, Opcode::Text, key), None);
    assert_eq!(frame_in_place(&mut buffer, 14..65, Opcode::Text, key), None);
    #[expect(clippy::reversed_empty_ranges, reason = "a caller's mistake is what is tested")]
    let backwards = 20..14;
    assert_eq!(frame_in_place(&mut buffer, backwards, Opcode::Text, key), None);
    assert_eq!(buffer, [0; 64]);
}

proptest! {
    #[test]
    fn a_written_header_reads_back(
        length in prop_oneof![0_usize..130, 65_530_usize..65_540, 0_usize..200_000],
        key in any::<Option<[u8; 4]>>(),
        opcode in prop::sample::select(vec![Opcode::Text, Opcode::Binary]),
    ) {
        let mut buffer = vec![0_u8; HEADER_MAX + length];
        let frame = frame_in_place(&mut buffer, HEADER_MAX..HEADER_MAX + length, opcode, key).unwrap();
        let role = if key.is_some() { Role::Server } else { Role::Client };
        let header = Header::read(&buffer[frame.clone()], role).unwrap().unwrap();
        prop_assert_eq!(
            header,
            Header { fin: true, opcode, size: HEADER_MAX - frame.start, payload: length, mask: key }
        );
        prop_assert_eq!(frame.end, buffer.len());
    }

    #[test]
    fn a_header_cut_anywhere_waits_for_the_rest(
        length in prop_oneof![0_usize..130, 65_530_usize..65_540],
        key in any::<Option<[u8; 4]>>(),
    ) {
        let mut buffer = vec![0_u8; HEADER_MAX + length];
        let frame = frame_in_place(&mut buffer, HEADER_MAX..HEADER_MAX + length, Opcode::Text, key).unwrap();
        let role = if key.is_some() { Role::Server } else { Role::Client };
        for cut in frame.start..HEADER_MAX {
            prop_assert_eq!(Header::read(&buffer[frame.start..cut], role), Ok(None));
        }
    }
}
