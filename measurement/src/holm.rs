//! Holm's procedure: which of several claims hold, with one error over all of them.
//!
//! Each claim alone errs with probability `level`; of twenty claims that are all wrong, one is expected to look right. Holm tests the smallest of
//! `m` p-values at `level / m`, the next at `level / (m - 1)`, and so on, and stops at the first that is not small enough. The probability that any
//! claim at all is accepted wrongly is then at most `level`, however the claims depend on each other (S. Holm, "A simple sequentially
//! rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979).

/// P-values adjusted for their number, in the order given: hypothesis `i` is rejected at any family-wise level of at least `adjusted[i]`.
///
/// The p-values are in [0, 1]; one that is not a number counts as 1, because nothing speaks against its hypothesis.
#[must_use]
pub fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let p = |i: usize| {
        if p_values[i].is_nan() {
            1.0
        } else {
            p_values[i]
        }
    };
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p(a).total_cmp(&p(b)));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &i) in order.iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        largest = largest.max((p(i) * left).min(1.0));
        adjusted[i] = largest;
    }
    adjusted
}

/// Which hypotheses Holm's procedure rejects, in the order given, so that any is rejected wrongly with probability `level` (in (0, 1)) at most.
#[must_use]
pub fn rejected(p_values: &[f64], level: f64) -> Vec<bool> {
    adjusted(p_values).into_iter().map(|p| p <= level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() < 1e-12, "{found:?}, expected {expected:?}");
        }
    }

    #[test]
    fn each_p_value_is_adjusted_for_those_that_are_not_smaller() {
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        assert_close(
            &adjusted(&[0.01, 0.04, 0.03, 0.005]),
            &[0.03, 0.06, 0.06, 0.02],
        );
        assert_close(&adjusted(&[0.6, 0.7]), &[1.0, 1.0]);
        assert_close(&adjusted(&[0.02]), &[0.02]);
        assert_close(&adjusted(&[]), &[]);
    }

    #[test]
    fn the_first_that_is_not_small_enough_stops_all_larger_ones() {
        // 0.02 > 0.05 / 3 stops 0.03, which alone would be below 0.05 / 1
        assert_eq!(
            rejected(&[0.03, 0.001, 0.02, 0.02], 0.05),
            [false, true, false, false]
        );
        assert_eq!(rejected(&[0.012, 0.012, 0.012, 0.012], 0.05), [true; 4]);
        assert_eq!(rejected(&[0.03, f64::NAN], 0.05), [false, false]);
    }

    #[test]
    fn any_wrong_claim_is_as_rare_as_a_single_one_may_be() {
        // ten hypotheses, seven of them true, all sharing a part of their luck
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (mut wrong, mut found) = (0, 0);
        for _ in 0..4_000 {
            let shared = rng.random_bool(0.5).then(|| rng.random::<f64>());
            let p_values: Vec<f64> = (0..10)
                .map(|i| match (i, shared) {
                    (0..7, Some(p)) => p,
                    (0..7, None) => rng.random(),
                    _ => rng.random::<f64>() * 0.004,
                })
                .collect();
            let rejected = rejected(&p_values, 0.05);
            wrong += usize::from(rejected[..7].contains(&true));
            found += rejected[7..].iter().filter(|&&r| r).count();
        }
        assert!(wrong < 4_000 * 55 / 1_000, "{wrong}");
        assert!(found > 4_000 * 3 * 95 / 100, "{found}");
    }
}
