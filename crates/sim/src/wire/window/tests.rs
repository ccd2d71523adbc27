use super::*;

fn at(ms: i64) -> WallNs {
    WallNs::from_millis(ms)
}

#[test]
fn a_window_slides_and_takes_all_or_nothing() {
    let rule = Rule::new(3, 1_000);
    let mut windows = Windows::default();
    assert_eq!(windows.take(at(0), "a", rule, 2), Verdict { ok: true, left: 1, reset_ms: 1_000 });
    assert_eq!(windows.take(at(500), "a", rule, 1), Verdict { ok: true, left: 0, reset_ms: 1_000 });
    assert!(!windows.take(at(999), "a", rule, 1).ok, "three are in the window");
    assert!(!windows.take(at(1_000), "a", rule, 3).ok, "one is still in it");
    assert!(windows.take(at(1_000), "a", rule, 2).ok, "the first two have left");
}

#[test]
fn keys_do_not_share_a_window() {
    let rule = Rule::new(1, 1_000);
    let mut windows = Windows::default();
    assert!(windows.take(at(0), "a", rule, 1).ok);
    assert!(windows.take(at(0), "b", rule, 1).ok);
    assert!(!windows.take(at(1), "a", rule, 1).ok);
}
