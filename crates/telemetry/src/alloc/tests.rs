#![allow(clippy::unwrap_used)]
use super::{Calls, CountingAllocator, counted, hot_allocations, hot_calls_here, seal, unseal};
use crate::{Counter, Hist, Notice, NoticeCode, NoticeSender, Regime, Writer};
use base::{InstrumentId, Stamp};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_counter_counts() {
    let (_, calls) = counted(|| drop(std::hint::black_box(Box::new(1_u64))));
    assert_eq!(calls, Calls { allocations: 1, frees: 1 });
}

#[test]
fn only_a_sealed_thread_allocates_hotly() {
    let thread = std::thread::spawn(|| {
        drop(std::hint::black_box(Box::new(1_u64)));
        let before = hot_calls_here();
        let whole = hot_allocations();
        seal();
        drop(std::hint::black_box(Box::new(2_u64)));
        unseal();
        drop(std::hint::black_box(Box::new(3_u64)));
        (before, hot_calls_here(), hot_allocations() - whole)
    });
    let (before, after, whole) = thread.join().unwrap();
    assert_eq!(before, Calls::default());
    assert_eq!(after, Calls { allocations: 1, frees: 1 });
    assert!(whole >= 1);
}

#[test]
fn writing_numbers_and_notices_allocates_nothing() {
    let writer = Writer::detached();
    let mut notices = NoticeSender::detached();
    let notice = Notice::new(Stamp(1), NoticeCode::StageStarted, None, InstrumentId::ALL, [0; 3]);
    let ((), calls) = counted(|| {
        for ns in 0..1000 {
            writer.add(Counter::FeedMessages, 1);
            writer.set(Counter::FeedBooks, ns);
            writer.record(Hist::Decode, ns * ns);
            writer.charge(Regime::Busy, ns);
            writer.beat(Stamp(ns));
            notices.tell(notice);
        }
    });
    assert_eq!(calls, Calls::default());
}
