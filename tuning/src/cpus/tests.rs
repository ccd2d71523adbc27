#![allow(clippy::unwrap_used)]
use super::CpuList;
use proptest::prelude::*;

#[test]
fn the_kernels_lists_are_read() {
    let cases: &[(&str, Option<&[u32]>)] = &[
        ("0", Some(&[0])),
        ("0-3\n", Some(&[0, 1, 2, 3])),
        ("0-1,8,10-11", Some(&[0, 1, 8, 10, 11])),
        ("3,1-2,2", Some(&[1, 2, 3])),
        ("", Some(&[])),
        ("\n", Some(&[])),
        ("(null)", Some(&[])),
        ("3-1", None),
        ("a", None),
        ("1,,2", None),
        ("-1", None),
        ("0-4294967295", None),
    ];
    for (text, expected) in cases {
        let list = CpuList::parse(text);
        assert_eq!(list.as_ref().map(CpuList::as_slice), *expected, "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(cpus in proptest::collection::vec(0_u32..300, 0..40)) {
        let list = CpuList::new(cpus);
        prop_assert_eq!(CpuList::parse(&list.to_string()), Some(list));
    }
}

#[test]
fn membership_and_size() {
    let list = CpuList::parse("2-4").unwrap();
    assert!(list.contains(3) && !list.contains(5) && !list.is_empty());
    assert_eq!((list.len(), list.to_string().as_str()), (3, "2-4"));
}
