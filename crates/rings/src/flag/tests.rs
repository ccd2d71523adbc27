#![allow(clippy::unwrap_used)]
use super::Flag;

#[cfg(not(loom))]
#[test]
fn all_clones_see_one_flag() {
    let flag = Flag::new();
    let other = flag.clone();
    assert!(!other.is_set());
    flag.set();
    assert!(other.is_set());
    other.clear();
    assert!(!flag.is_set());
    assert_eq!(format!("{flag:?}"), "Flag(false)");
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test -p rings --release flag`.
#[cfg(loom)]
#[test]
fn who_sees_the_flag_sees_what_was_written_before_it() {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicU64, Ordering};

    loom::model(|| {
        let flag = Flag::new();
        let reason = Arc::new(AtomicU64::new(0));
        let (set, why) = (flag.clone(), Arc::clone(&reason));
        let writer = loom::thread::spawn(move || {
            why.store(7, Ordering::Relaxed);
            set.set();
        });
        if flag.is_set() {
            assert_eq!(reason.load(Ordering::Relaxed), 7);
        }
        writer.join().unwrap();
    });
}
