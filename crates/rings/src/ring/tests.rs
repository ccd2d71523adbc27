#![allow(clippy::unwrap_used)]
use super::{Full, ring};
use base::Record;
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
enum Op {
    Push(u32),
    Pop,
    Peek,
    Count,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => any::<u32>().prop_map(Op::Push),
        3 => Just(Op::Pop),
        1 => Just(Op::Peek),
        1 => Just(Op::Count),
    ];
    proptest::collection::vec(op, 0..200)
}

proptest! {
    #[test]
    fn a_ring_is_a_bounded_queue(
        exponent in 0_u32..5,
        full in prop_oneof![Just(Full::DropNew), Just(Full::Halt)],
        ops in ops(),
    ) {
        let depth = 1_usize << exponent;
        let (mut sender, mut receiver) = ring::<u32>("r", depth, full);
        let mut model = VecDeque::new();
        let mut refused = 0_u64;
        for op in ops {
            match op {
                Op::Push(value) if model.len() == depth => {
                    refused += 1;
                    prop_assert_eq!(sender.push(value), Err(value));
                }
                Op::Push(value) => {
                    model.push_back(value);
                    prop_assert_eq!(sender.push(value), Ok(()));
                }
                Op::Pop => prop_assert_eq!(receiver.pop(), model.pop_front()),
                Op::Peek => prop_assert_eq!(receiver.peek(), model.front()),
                Op::Count => {
                    prop_assert_eq!(receiver.len(), model.len());
                    prop_assert_eq!(receiver.is_empty(), model.is_empty());
                    prop_assert_eq!(sender.free(), depth - model.len());
                    prop_assert_eq!(sender.fill(), model.len());
                }
            }
        }
        prop_assert_eq!(sender.refused(), refused);
        let lost = if full == Full::DropNew { refused } else { 0 };
        prop_assert_eq!(sender.dropped(), lost);
    }
}

#[test]
fn both_ends_know_the_ring_they_belong_to() {
    let (sender, receiver) = ring::<Record>("md-okx", 8, Full::DropNew);
    assert_eq!((sender.name(), sender.depth(), sender.full()), ("md-okx", 8, Full::DropNew));
    assert_eq!((receiver.name(), receiver.depth()), ("md-okx", 8));
}

#[test]
fn each_end_sees_that_the_other_is_gone() {
    let (mut sender, receiver) = ring::<u8>("r", 2, Full::Halt);
    assert!(!sender.is_abandoned());
    drop(receiver);
    assert!(sender.is_abandoned());
    assert_eq!(sender.push(1), Ok(()), "a push into a ring nobody reads is no error by itself");

    let (mut sender, mut receiver) = ring::<u8>("r", 2, Full::Halt);
    sender.push(3).unwrap();
    drop(sender);
    assert!(receiver.is_abandoned());
    assert_eq!(receiver.pop(), Some(3), "what was pushed before can still be taken");
}

#[test]
fn a_depth_that_is_no_power_of_two_is_refused_by_name() {
    let refused = std::panic::catch_unwind(|| ring::<u8>("md-okx", 3, Full::Halt)).unwrap_err();
    let text = refused.downcast_ref::<String>().unwrap();
    assert!(text.contains("md-okx") && text.contains('3'), "{text}");
}

#[test]
fn records_cross_threads_in_order_and_whole() {
    const COUNT: u64 = 20_000;
    let (mut sender, mut receiver) = ring::<Record>("x", 64, Full::Halt);
    let writer = std::thread::spawn(move || {
        for number in 0..COUNT {
            let mut record = Record::EMPTY;
            record.words = [number.cast_signed(); 5];
            record.seal = number;
            let mut held = record;
            // bound: the reader takes all of them or is dropped by a failed assert
            while let Err(back) = sender.push(held) {
                if sender.is_abandoned() {
                    return;
                }
                held = back;
                std::thread::yield_now();
            }
        }
    });
    let mut expected = 0;
    // bound: the writer pushes COUNT records or is gone
    while expected < COUNT {
        let Some(record) = receiver.pop() else {
            assert!(!receiver.is_abandoned() || !receiver.is_empty(), "writer died at {expected}");
            std::thread::yield_now();
            continue;
        };
        assert_eq!(record.words, [expected.cast_signed(); 5]);
        assert_eq!(record.seal, expected);
        expected += 1;
    }
    writer.join().unwrap();
}
