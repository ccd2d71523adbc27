use proptest::prelude::*;

use super::{apply_mask, apply_mask_from};

proptest! {
    #[test]
    fn masking_is_byte_by_byte(key in any::<[u8; 4]>(), mut data in prop::collection::vec(any::<u8>(), 0..300)) {
        let expected: Vec<u8> = data.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect();
        apply_mask(key, &mut data);
        prop_assert_eq!(data, expected);
    }

    #[test]
    fn masking_in_two_parts_is_masking_at_once(
        key in any::<[u8; 4]>(),
        mut data in prop::collection::vec(any::<u8>(), 0..100),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(data.len() + 1);
        let mut whole = data.clone();
        apply_mask(key, &mut whole);
        let (front, back) = data.split_at_mut(cut);
        apply_mask_from(key, 0, front);
        apply_mask_from(key, cut, back);
        prop_assert_eq!(data, whole);
    }
}
