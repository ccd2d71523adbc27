use rtrb::RingBuffer;

use super::{KEYS_PER_BLOCK, MaskKeys, random_block};

#[test]
fn keys_come_from_the_pool_and_from_the_system_when_it_is_dry() {
    let (mut producer, consumer) = RingBuffer::new(2);
    let block = random_block();
    producer.push(block).unwrap();
    let mut keys = MaskKeys::from_pool(consumer);
    let taken: Vec<_> = (0..KEYS_PER_BLOCK).map(|_| keys.take()).collect();
    assert_eq!(taken, block);
    assert_eq!(keys.dry(), 0);
    let _ = keys.take();
    assert_eq!(keys.dry(), 1);
}

#[test]
fn no_key_is_given_out_twice() {
    let mut keys = MaskKeys::from_system();
    let taken: std::collections::HashSet<_> = (0..256).map(|_| keys.take()).collect();
    // 256 draws out of 2^32: two alike have a chance of one in 130,000.
    assert!(taken.len() >= 255, "{}", taken.len());
}
