use super::*;
use statrs::distribution::{Binomial, DiscreteCDF as _};

#[test]
fn the_exact_interval_agrees_with_the_binomial_distribution_it_inverts() {
    for (hits, n) in [(1_u64, 20_u64), (10, 20), (19, 20), (4, 400), (30, 3_000)] {
        let interval = clopper_pearson(hits as f64, n as f64);
        let below = Binomial::new(interval.upper, n).unwrap().cdf(hits);
        let above = 1.0 - Binomial::new(interval.lower, n).unwrap().cdf(hits - 1);
        assert!((below - TAIL).abs() < 1e-6, "{hits}/{n}: {below}");
        assert!((above - TAIL).abs() < 1e-6, "{hits}/{n}: {above}");
    }
}

#[test]
fn limits_of_other_levels_invert_the_binomial_distribution_too() {
    for level in [0.0125, 1e-3, 1e-4] {
        for (hits, n) in [(1_u64, 440_u64), (10, 440), (400, 440), (60, 10_000)] {
            let interval = clopper_pearson_at(hits as f64, n as f64, level);
            let below = Binomial::new(interval.upper, n).unwrap().cdf(hits);
            let above = Binomial::new(interval.lower, n).unwrap().sf(hits - 1);
            assert!((below / level - 1.0).abs() < 1e-3, "{level} {hits}/{n}");
            assert!((above / level - 1.0).abs() < 1e-3, "{level} {hits}/{n}");
        }
    }
}

#[test]
fn the_p_value_is_the_level_at_which_the_lower_limit_reaches_what_is_allowed() {
    // 22 blocks of 20: independent, and all of one block
    for slow in [
        [2_u64; 22].to_vec(),
        [[20; 2].to_vec(), vec![1; 20]].concat(),
    ] {
        let share = BlockProportion::from_blocks(slow.iter().map(|&h| (h, 20)));
        let p = share.p_value_above(0.05);
        let lower = |level| share.interval_if_grown(1.0, level).lower;
        assert!(lower(p * 1.01) > 0.05 && lower(p * 0.99) < 0.05, "{p}");
    }
    let none = BlockProportion::from_blocks([(0, 20); 22]);
    assert_eq!(none.p_value_above(0.05), 1.0);
    let all = BlockProportion::from_blocks([(20, 20); 22]);
    assert_eq!(all.p_value_above(0.05), SMALLEST_P_VALUE);
}

#[test]
fn without_hits_or_misses_one_end_is_certain() {
    assert_eq!(clopper_pearson(0.0, 72.0).lower, 0.0);
    assert!(clopper_pearson(0.0, 72.0).upper < 0.05 && clopper_pearson(0.0, 71.0).upper > 0.05);
    assert_eq!(clopper_pearson(72.0, 72.0).upper, 1.0);
}

#[test]
fn blocks_that_are_all_alike_inside_are_worth_one_sample_each() {
    let blocks: Vec<_> = (0..100)
        .map(|b| if b % 4 == 0 { (30, 30) } else { (0, 30) })
        .collect();
    let proportion = BlockProportion::from_blocks(blocks);
    assert!((proportion.value() - 0.25).abs() < 1e-12);
    assert!((proportion.design_effect() - 30.0 * 100.0 / 99.0).abs() < 1e-9);
    assert!(proportion.effective_n() < 100.0 && proportion.effective_n() > 90.0);
    assert!(proportion.most_effective_n() < 3_000.0 / 20.0);
}

#[test]
fn blocks_more_even_than_chance_are_not_worth_more_than_their_samples() {
    let proportion = BlockProportion::from_blocks([(5, 10); 40]);
    assert_eq!(proportion.design_effect(), 0.0);
    assert_eq!(proportion.effective_n(), 400.0);
}

#[test]
fn few_blocks_widen_the_interval() {
    let few = BlockProportion::from_blocks(
        [(4, 10), (6, 10), (5, 10), (5, 10)].map(|(h, m)| (h * 10, m * 10)),
    );
    let many =
        BlockProportion::from_blocks([(40, 100), (60, 100), (50, 100), (50, 100)].repeat(10));
    let ratio = few.effective_n() / 400.0 / (many.effective_n() / 4_000.0);
    assert!(ratio < 0.5, "{ratio}");
}
