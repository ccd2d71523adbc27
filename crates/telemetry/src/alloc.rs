//! A global allocator that counts, so that "no allocation on a hot thread" is a number, not a promise.
//!
//! A thread seals itself before its loop; from then on each of its allocations and frees is counted,
//! for the thread and for the process, and aborts the process where that was asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system's allocator with counters. Installed in `main` by `#[global_allocator]`.
#[derive(Debug, Default, Clone, Copy)]
pub struct CountingAllocator;

/// Calls into the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Calls {
    /// Blocks asked for, or asked to grow or shrink.
    pub allocations: u64,
    /// Blocks given back.
    pub frees: u64,
}

/// Allocations of all sealed threads; a locked add, but only where something is already wrong.
static HOT_ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Frees of all sealed threads.
static HOT_FREES: AtomicU64 = AtomicU64::new(0);
static ABORT: AtomicBool = AtomicBool::new(false);

thread_local! {
    // Constants without destructors: reading them allocates nothing, also while a thread ends.
    static SEALED: Cell<bool> = const { Cell::new(false) };
    static ALL: Cell<Calls> = const { Cell::new(Calls { allocations: 0, frees: 0 }) };
    static HOT: Cell<Calls> = const { Cell::new(Calls { allocations: 0, frees: 0 }) };
}

/// From now on this thread's allocations are counted as hot ones.
pub fn seal() {
    SEALED.set(true);
}

/// The thread leaves its loop: what it allocates to end is its own business.
pub fn unseal() {
    SEALED.set(false);
}

/// Makes every hot allocation abort the process from now on: for tests that want the stack.
pub fn abort_when_hot() {
    ABORT.store(true, Ordering::Relaxed);
}

/// Allocations of all sealed threads of this process.
#[must_use]
pub fn hot_allocations() -> u64 {
    HOT_ALLOCATIONS.load(Ordering::Relaxed)
}

/// Frees of all sealed threads of this process.
#[must_use]
pub fn hot_frees() -> u64 {
    HOT_FREES.load(Ordering::Relaxed)
}

/// What this thread did while it was sealed.
#[must_use]
pub fn hot_calls_here() -> Calls {
    HOT.get()
}

/// Runs `work` and says what it asked of the allocator on this thread. All zero where the counting
/// allocator is not installed: a test that relies on zero must also show that the counter counts.
pub fn counted<R>(work: impl FnOnce() -> R) -> (R, Calls) {
    let before = ALL.get();
    let result = work();
    let after = ALL.get();
    let calls = Calls {
        allocations: after.allocations - before.allocations,
        frees: after.frees - before.frees,
    };
    (result, calls)
}

fn note(allocations: u64, frees: u64) {
    let grow = |calls: &Cell<Calls>| {
        let Calls { allocations: had, frees: freed } = calls.get();
        calls.set(Calls { allocations: had + allocations, frees: freed + frees });
    };
    // A thread that is past its thread-locals counts nothing: it is past its loop, too.
    let _ = ALL.try_with(grow);
    if SEALED.try_with(Cell::get).unwrap_or(false) {
        let _ = HOT.try_with(grow);
        hot(allocations, frees);
    }
}

#[cold]
#[inline(never)]
fn hot(allocations: u64, frees: u64) {
    HOT_ALLOCATIONS.fetch_add(allocations, Ordering::Relaxed);
    HOT_FREES.fetch_add(frees, Ordering::Relaxed);
    if ABORT.load(Ordering::Relaxed) {
        std::process::abort();
    }
}

// SAFETY: every call is passed to the system's allocator unchanged; counting touches constants of
// the thread only and cannot allocate or unwind.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, 0);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(0, 1);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(1, 0);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, new_size) }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
