use super::Fifo;
use proptest::prelude::*;
use std::collections::VecDeque;

proptest! {
    #[test]
    fn a_fifo_is_a_bounded_queue(
        capacity in 1_usize..9,
        ops in proptest::collection::vec(proptest::option::of(any::<u8>()), 0..200),
    ) {
        let mut fifo = Fifo::with_capacity(capacity, 0);
        let mut model = VecDeque::new();
        for op in ops {
            match op {
                Some(item) => {
                    let room = model.len() < capacity;
                    prop_assert_eq!(fifo.push(item), room);
                    if room {
                        model.push_back(item);
                    }
                }
                None => prop_assert_eq!(fifo.pop(), model.pop_front()),
            }
            prop_assert_eq!(fifo.front(), model.front().copied());
            prop_assert_eq!((fifo.len(), fifo.free()), (model.len(), capacity - model.len()));
        }
    }
}
