use super::Head;

#[test]
fn a_head_ends_with_its_empty_line_however_it_is_cut() {
    let stream = b"HTTP/1.1 101 X\r\nA: b\r\n\r\n\x81\x01x\r\n\r\n";
    let end = 24;
    for size in 1..stream.len() {
        let mut head = Head::default();
        let mut served = Vec::new();
        for part in stream.chunks(size) {
            let count = head.admit(part);
            head.served(&part[..count]);
            served.extend_from_slice(&part[..count]);
        }
        assert_eq!(served, &stream[..end], "{size}");
        assert!(head.is_over());
    }
}

#[test]
fn a_carriage_return_too_many_does_not_hide_the_end() {
    let mut head = Head::default();
    assert_eq!(head.admit(b"a\r\r\n\r\nrest"), 6);
    head.served(b"a\r\r\n\r\n");
    assert_eq!(head.admit(b"rest"), 0);
}
