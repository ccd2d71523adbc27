use super::*;
use proptest::prelude::*;

/// Numbers of every length, not only long ones.
fn any_length() -> impl Strategy<Value = i128> {
    (any::<i128>(), 0_u32..128).prop_map(|(value, shift)| value >> shift)
}

const EDGES: [i128; 16] = [
    0,
    1,
    -1,
    ONE as i128 - 1,
    ONE as i128,
    ONE as i128 + 1,
    -(ONE as i128),
    1 - ONE as i128,
    -1 - ONE as i128,
    i64::MAX as i128,
    i64::MIN as i128,
    u64::MAX as i128,
    u64::MAX as i128 + 1,
    i128::MAX,
    i128::MIN + 1,
    i128::MIN,
];

#[test]
fn a_division_is_the_operators_at_the_edges() {
    for a in EDGES {
        let (quotient, rest) = (a.div_euclid(i128::from(ONE)), a.rem_euclid(i128::from(ONE)));
        assert_eq!(by_one_euclid(a), (quotient, rest), "{a}");
        assert_eq!(by_one(a), a / i128::from(ONE), "{a}");
        for b in EDGES {
            assert_eq!(divide(a, b), (b > 0).then(|| a / b), "{a} / {b}");
        }
    }
}

proptest! {
    #[test]
    fn a_division_by_one_whole_is_the_euclidean_one(value in any_length()) {
        let one = i128::from(ONE);
        prop_assert_eq!(by_one_euclid(value), (value.div_euclid(one), value.rem_euclid(one)));
        prop_assert_eq!(by_one(value), value / one);
    }

    #[test]
    fn a_division_is_the_operators(a in any_length(), b in any_length()) {
        prop_assert_eq!(divide(a, b), (b > 0).then(|| a / b));
    }
}
