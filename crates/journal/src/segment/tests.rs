#![allow(clippy::unwrap_used)]
use super::Header;
use crate::testing::instance;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_header_reads_back(epoch in any::<u32>(), first in any::<u64>(), capacity in any::<u64>(), plan in any::<u64>()) {
        let header = Header { instance: instance(), epoch, first, capacity, plan };
        prop_assert_eq!(Header::decode("x".as_ref(), &header.encode()).unwrap(), header);
    }

    #[test]
    fn no_bytes_make_a_header_panic(bytes in proptest::collection::vec(any::<u8>(), 64)) {
        let _ = Header::decode("x".as_ref(), bytes.as_slice().try_into().unwrap());
    }
}

#[test]
fn the_header_is_part_of_the_format_and_does_not_change() {
    let header = Header { instance: instance(), epoch: 2, first: 3, capacity: 4, plan: 5 };
    let bytes = header.encode();
    assert_eq!(&bytes[..8], b"FARBJRNL");
    assert_eq!(&bytes[8..16], &[1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(&bytes[16..24], b"TEST\0\0\0\0");
    assert_eq!([bytes[24], bytes[32], bytes[40], bytes[48]], [2, 3, 4, 5]);
}

#[test]
fn which_segment_may_follow_which() {
    let header =
        |epoch, first| Header { instance: instance(), epoch, first, capacity: 10, plan: 0 };
    let cases = [
        (header(1, 10), true),
        (header(1, 9), false),
        (header(1, 11), false),
        (header(2, 10), true),
        (header(2, 1), true),
        (header(2, 0), false),
        (header(2, 11), false),
        (header(0, 5), false),
    ];
    for (next, may) in cases {
        assert_eq!(header(1, 0).is_followed_by(&next), may, "{next:?}");
    }
}
