use base::{Span, Stamp};

use super::{ConnectLimit, DialLog};

#[test]
fn no_window_holds_more_dials_of_a_host_than_allowed() {
    let mut log = DialLog::default();
    let limit = ConnectLimit { count: 2, per: Span(100) };
    let dials: Vec<u64> = (0..400).filter(|at| log.admit("a", 1, limit, Stamp(*at))).collect();
    assert_eq!(dials, [0, 1, 100, 101, 200, 201, 300, 301]);
}

#[test]
fn hosts_and_ports_count_apart() {
    let mut log = DialLog::default();
    let limit = ConnectLimit { count: 1, per: Span(100) };
    assert!(log.admit("a", 1, limit, Stamp(0)));
    assert!(log.admit("a", 2, limit, Stamp(0)));
    assert!(log.admit("b", 1, limit, Stamp(0)));
    assert!(!log.admit("a", 1, limit, Stamp(99)));
}
