#![allow(clippy::unwrap_used)]
use super::Seqlock;

#[cfg(not(loom))]
#[test]
fn a_reader_never_sees_halves_of_two_writes() {
    use std::sync::Arc;
    let lock = Arc::new(Seqlock::new([0, 0, 0]));
    let shared = Arc::clone(&lock);
    let writer =
        std::thread::spawn(move || (1..=50_000).for_each(|n| shared.write([n, n * 2, n * 3])));
    let mut last = 0;
    // bound: the writer ends, also when it fails
    while !writer.is_finished() {
        let [a, b, c] = lock.read();
        assert_eq!((b, c), (a * 2, a * 3));
        assert!(a >= last, "time does not run backwards");
        last = a;
    }
    writer.join().unwrap();
    assert_eq!(lock.read(), [50_000, 100_000, 150_000]);
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test -p telemetry --release seqlock`.
#[cfg(loom)]
#[test]
fn no_interleaving_shows_halves_of_two_writes() {
    use loom::sync::Arc;

    loom::model(|| {
        let lock = Arc::new(Seqlock::new([0, 0, 0]));
        let shared = Arc::clone(&lock);
        let writer = loom::thread::spawn(move || {
            shared.write([1, 2, 3]);
            // The second write is the one that reuses the copy the reader may be reading.
            shared.write([2, 4, 6]);
        });
        let [a, b, c] = lock.read();
        assert_eq!((b, c), (a * 2, a * 3));
        writer.join().unwrap();
    });
}
