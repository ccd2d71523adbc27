#![allow(clippy::unwrap_used)]
use super::Fence;
use base::Stamp;

#[cfg(not(loom))]
#[test]
fn it_shuts_at_its_time_without_anybody_doing_anything() {
    let fence = Fence::shut();
    let other = fence.clone();
    assert!(!other.is_open(Stamp(0)) && !other.is_open(Stamp(5)));
    fence.open_until(Stamp(10));
    assert!(other.is_open(Stamp(9)));
    assert!(!other.is_open(Stamp(10)) && !other.is_open(Stamp(11)));
    fence.close();
    assert!(!other.is_open(Stamp(9)));
    assert!(Fence::none().is_open(Stamp(u64::MAX - 1)));
    assert_eq!(format!("{fence:?}"), "Fence(Stamp(0))");
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test -p rings --release fence`.
#[cfg(loom)]
#[test]
fn who_sees_the_permission_sees_what_it_was_given_for() {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicU64, Ordering};

    loom::model(|| {
        let fence = Fence::shut();
        let token = Arc::new(AtomicU64::new(0));
        let (given, number) = (fence.clone(), Arc::clone(&token));
        let writer = loom::thread::spawn(move || {
            number.store(7, Ordering::Relaxed);
            given.open_until(Stamp(10));
        });
        if fence.is_open(Stamp(9)) {
            assert_eq!(token.load(Ordering::Relaxed), 7);
        }
        writer.join().unwrap();
    });
}
