use super::{put, shift};

#[test]
fn what_has_no_room_is_left_out() {
    let mut place = [0; 3];
    assert_eq!(put(&mut place, b"ab"), 2);
    assert_eq!(&place, b"ab\0");
    assert_eq!(put(&mut place, b"wxyz"), 3);
    assert_eq!(&place, b"wxy");
}

#[test]
fn a_shift_may_overlap_and_stays_inside() {
    let mut bytes = *b"0123456789";
    shift(&mut bytes, 4..10, 2);
    assert_eq!(&bytes, b"0145678989");
    let mut whole = *b"0123456789";
    shift(&mut whole, 1..10, 0);
    assert_eq!(&whole, b"1234567899", "a gap of one");
    for (from, to) in [(4..11, 0), (5..10, 6), (11..12, 0)] {
        shift(&mut bytes, from, to);
        assert_eq!(&bytes, b"0145678989");
    }
}
