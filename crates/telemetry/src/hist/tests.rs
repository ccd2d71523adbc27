#![allow(clippy::unwrap_used)]
use super::{BUCKETS, Buckets, bucket_low, bucket_middle, bucket_of};
use proptest::prelude::*;

fn buckets(values: &[u64]) -> Buckets {
    let mut all = Buckets { counts: vec![0; BUCKETS], sum: 0, max: 0 };
    for &value in values {
        all.counts[bucket_of(value)] += 1;
        all.sum += value;
        all.max = all.max.max(value);
    }
    all
}

#[test]
fn buckets_follow_each_other_without_a_gap() {
    for bucket in 0..BUCKETS {
        let low = bucket_low(bucket);
        assert_eq!(bucket_of(low), bucket);
        if bucket > 0 {
            assert_eq!(bucket_of(low - 1), bucket - 1);
        }
    }
    assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    assert_eq!(bucket_low(BUCKETS), 1 << 40);
}

#[test]
fn below_64_every_nanosecond_counts() {
    for ns in 0..64 {
        assert_eq!((bucket_low(bucket_of(ns)), bucket_middle(bucket_of(ns))), (ns, ns));
    }
}

proptest! {
    #[test]
    fn the_middle_of_a_bucket_is_within_two_percent(exponent in 0_u32..40, part in any::<u64>()) {
        let value = (1_u64 << exponent) | (part & ((1 << exponent) - 1));
        let middle = bucket_middle(bucket_of(value));
        prop_assert!(middle.abs_diff(value) * 50 <= value, "{} for {}", middle, value);
    }

    #[test]
    fn quantiles_are_those_of_the_values(
        mut values in proptest::collection::vec(1_u64..10_000_000_000, 1..300),
        quantile in 0.0_f64..=1.0,
    ) {
        let all = buckets(&values);
        values.sort_unstable();
        let hdr = all.to_hdr();
        prop_assert_eq!(hdr.len(), values.len() as u64);
        // HDR's own definition of the rank.
        let rank = values.iter().position(|v| {
            let below = values.iter().filter(|w| *w <= v).count() as f64;
            below / values.len() as f64 >= quantile
        });
        let exact = values[rank.unwrap_or(values.len() - 1)];
        let got = all.quantile(quantile);
        prop_assert!(got.abs_diff(exact) * 50 <= exact + 50, "{} for {}", got, exact);
    }
}

#[test]
fn no_values_have_no_quantiles() {
    assert_eq!(buckets(&[]).quantile(0.5), 0);
    assert_eq!(Buckets::default().count(), 0);
}

#[test]
fn the_largest_value_is_exact() {
    let all = buckets(&[100, 12_345]);
    assert_eq!((all.quantile(1.0), all.max, all.sum, all.count()), (12_345, 12_345, 12_445, 2));
}

#[test]
fn sums_of_two_are_sums() {
    let mut both = buckets(&[1, 2, 3]);
    both.add(&buckets(&[3, 4_000_000]));
    assert_eq!(both, buckets(&[1, 2, 3, 3, 4_000_000]));
    let mut none = Buckets::default();
    none.add(&both);
    assert_eq!(none, both);
}

#[test]
fn counts_below_an_edge_of_a_bucket_are_exact() {
    let all = buckets(&[10, 63, 64, 127, 128, 1000, 5000]);
    for (edge, below) in [(0, 0), (11, 1), (64, 2), (128, 4), (1024, 6), (1 << 40, 7)] {
        assert_eq!(all.count_below(edge), below, "below {edge}");
    }
}
