//! Whether one of two sides is larger over rounds in which both were measured: an exact test that assumes nothing of the distribution.
//!
//! In each round both sides are measured once, in random order. If they do not differ, either result could as well have been the other side's:
//! the difference of the two is as likely to have the opposite sign, whatever its size, whatever the latencies' distribution, and however much a
//! round differs from the next or its samples depend on each other. So the sum of the differences is held against all `2^rounds` sums that other signs would
//! have given (R. A. Fisher, "The Design of Experiments", 1935, section 21; E. J. G. Pitman, "Significance tests which may be applied to
//! samples from any populations", Supplement to the Journal of the Royal Statistical Society 4, 1937). The smallest p-value is
//! `2^-rounds`.

/// The probability that random signs give a sum of at least that of `differences`: small where they are positive as a whole.
///
/// Exact, by adding up the distribution of the sum round by round; takes time and memory in proportion to the sum of their sizes.
/// 1 without differences.
#[must_use]
pub fn p_value(differences: &[i64]) -> f64 {
    let sizes: Vec<usize> = differences
        .iter()
        .map(|difference| usize::try_from(difference.unsigned_abs()).unwrap_or(usize::MAX))
        .collect();
    // The sum with random signs is 2 (sum of the sizes with a plus) - (sum of all sizes): only the former is random.
    let all: usize = sizes.iter().sum();
    let observed: usize = differences
        .iter()
        .zip(&sizes)
        .filter(|(difference, _)| **difference > 0)
        .map(|(_, size)| size)
        .sum();
    let mut probability = vec![0.0; all + 1];
    probability[0] = 1.0;
    let mut reached = 0;
    for size in sizes {
        reached += size;
        for sum in (0..=reached).rev() {
            let with_plus = if sum >= size {
                probability[sum - size]
            } else {
                0.0
            };
            probability[sum] = f64::midpoint(probability[sum], with_plus);
        }
    }
    probability[observed..].iter().sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    fn assert_close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{found}, expected {expected}"
        );
    }

    #[test]
    fn all_rounds_of_one_sign_are_as_rare_as_all_coins_on_one_side() {
        assert_close(p_value(&[3, 1, 7, 2]), 1.0 / 16.0);
        assert_close(p_value(&[-3, -1, -7, -2]), 1.0);
        assert_close(p_value(&[]), 1.0);
        assert_close(p_value(&[0, 0]), 1.0);
        // a round without a difference says nothing
        assert_close(p_value(&[5, 0, 5]), 0.25);
    }

    #[test]
    fn the_p_value_is_that_of_trying_every_combination_of_signs() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..200 {
            let differences: Vec<i64> = (0..8).map(|_| rng.random_range(-9..=12)).collect();
            let observed: i64 = differences.iter().sum();
            let as_large = (0..256_u32).filter(|signs| {
                let with = |(i, d): (usize, &i64)| if signs >> i & 1 == 1 { *d } else { -d };
                differences.iter().enumerate().map(with).sum::<i64>() >= observed
            });
            assert_close(p_value(&differences), as_large.count() as f64 / 256.0);
        }
    }

    #[test]
    fn sides_that_do_not_differ_are_told_apart_no_more_often_than_the_level_says() {
        // Rounds drift, samples of a round resemble each other, and the tail is heavy: none of it matters.
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (mut wrong, mut found) = (0, 0);
        for _ in 0..4_000 {
            let mut p_of = |slower: i64| {
                let differences: Vec<i64> = (0..12_i64)
                    .map(|round| {
                        let mut hits = |more: i64| {
                            let heavy = (1.0 / (1.0 - rng.random::<f64>())).min(20.0);
                            #[expect(clippy::cast_possible_truncation, reason = "at most 20")]
                            let heavy = heavy as i64;
                            (heavy * (1 + round % 3) + more).min(20)
                        };
                        hits(slower) - hits(0)
                    })
                    .collect();
                p_value(&differences)
            };
            wrong += usize::from(p_of(0) <= 0.05);
            found += usize::from(p_of(8) <= 0.05);
        }
        assert!(wrong <= 4_000 * 58 / 1_000, "{wrong} of 4,000");
        assert!(found > 3_500, "{found} of 4,000");
    }
}
