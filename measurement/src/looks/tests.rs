use super::*;
use crate::{exceedance::ShareTest, holm};
use statrs::distribution::{Binomial, DiscreteCDF as _};

fn looks() -> Looks {
    Looks::until(440, 10_000, 20)
}

/// A test of 1 % with `hits` calls among `n`, spread over blocks of 20 as evenly as they go.
fn hits(hits: u64, n: u64) -> ShareTest {
    let blocks = n / 20;
    let of = move |b| (hits * (b + 1) / blocks - hits * b / blocks, 20);
    ShareTest::of_blocks((0..blocks).map(of), 0.01).unwrap()
}

#[test]
fn the_looks_grow_by_half_in_whole_slices_and_share_the_error() {
    let samples: Vec<u64> = looks().all().iter().map(|look| look.samples).collect();
    assert_eq!(
        samples,
        [440, 660, 980, 1_460, 2_180, 3_260, 4_880, 7_320, 10_000]
    );
    let spent: f64 = looks().all().iter().map(|look| look.level).sum();
    assert!((spent - TAIL).abs() < 1e-12);
    assert!((looks().at(0).unwrap().level - 0.0125).abs() < 1e-12);
    assert!((looks().last_level(0) - TAIL).abs() < 1e-12);
    assert!((looks().last_level(8) - looks().at(8).unwrap().level).abs() < 1e-12);
    assert!(looks().last_level(9).abs() < 1e-12);
    assert_eq!(looks().next(440).unwrap().samples, 660);
    assert_eq!(looks().next(10_000), None);
}

#[test]
fn a_run_of_fixed_size_has_one_look_with_all_of_the_error() {
    assert_eq!(Looks::until(440, 300, 20), Looks::once(440));
    assert_eq!(
        Looks::once(440).all(),
        [Look {
            samples: 440,
            level: TAIL
        }]
    );
    // small steps and slices of nothing still come to an end
    let small: Vec<u64> = Looks::until(1, 4, 0)
        .all()
        .iter()
        .map(|l| l.samples)
        .collect();
    assert_eq!(small, [1, 2, 3, 4]);
}

#[test]
fn the_first_look_passes_a_p99_with_no_call_above_and_not_with_one() {
    let verdict = |h| looks().verdict(&[hits(h, 440)], false).unwrap().outcome;
    assert_eq!(verdict(0), Outcome::Pass);
    assert_eq!(verdict(1), Outcome::Inconclusive);
    assert_eq!(verdict(44), Outcome::Fail);
}

#[test]
fn a_verdict_keeps_the_look_that_settled_it() {
    // failed at first, then back within what is allowed
    let tests = [hits(14, 440), hits(14, 660), hits(14, 2_000)];
    let verdict = looks().verdict(&tests, false).unwrap();
    assert_eq!((verdict.look, verdict.outcome), (0, Outcome::Fail));
    assert_eq!(verdict.exceedance.n, 440);
    assert_eq!(looks().verdict(&[], true), None);
}

#[test]
fn the_last_look_of_a_run_spends_what_is_left() {
    // 14 of 660 fail at 0.8 %, but not at the sixteenth of 2.5 % that a look in the middle has
    let tests = [hits(4, 440), hits(14, 660)];
    assert_eq!(
        looks().verdict(&tests, false).unwrap().outcome,
        Outcome::Inconclusive
    );
    let ended = looks().verdict(&tests, true).unwrap();
    assert_eq!((ended.look, ended.outcome), (1, Outcome::Fail));
    // what the first look has spent is gone
    assert!((looks().last_level(1) - TAIL / 2.0).abs() < 1e-12);
}

#[test]
fn an_open_verdict_is_expected_to_settle_where_its_share_would() {
    let open = hits(2, 440);
    let look = looks().likely_settled_at(0, &open).unwrap();
    let share = 2.0 / 440.0;
    let upper = |look: Look| {
        let n = look.samples as f64;
        crate::proportion::clopper_pearson_at(share * n, n, look.level).upper
    };
    assert!(upper(look) < 0.01);
    let before = looks()
        .all()
        .iter()
        .rfind(|l| l.samples < look.samples)
        .copied();
    assert!(before.is_some_and(|look| upper(look) >= 0.01), "{look:?}");
    assert_eq!(looks().likely_settled_at(8, &hits(45, 10_000)), None);
    assert_eq!(
        looks().likely_settled_at(0, &hits(4, 400)),
        None,
        "just what is allowed"
    );
}

#[test]
fn the_p_value_is_small_enough_exactly_where_a_look_fails() {
    for (first, second) in [(4, 8), (12, 13), (4, 20), (9, 12), (10, 19)] {
        for has_ended in [false, true] {
            let tests = [hits(first, 440), hits(second, 660)];
            let fails = looks().verdict(&tests, has_ended).unwrap().outcome == Outcome::Fail;
            let p = looks().fail_p_value(&tests, has_ended);
            assert_eq!(p < TAIL, fails, "{first} {second}: {p}");
        }
    }
    // one failure that is barely one is no claim among twenty
    let barely = looks().fail_p_value(&[hits(11, 440)], false);
    assert!(barely < TAIL, "{barely}");
    let mut twenty = vec![1.0; 20];
    twenty[0] = barely;
    assert!(!holm::rejected(&twenty, 0.05)[0]);
    twenty[0] = looks().fail_p_value(&[hits(44, 440)], false);
    assert!(holm::rejected(&twenty, 0.05)[0]);
}

/// Probabilities to pass and to fail, and the mean number of samples, for independent calls of which `share` are above: worked out
/// from look to look over all counts that leave the verdict open.
fn exactly(looks: &Looks, allowed: f64, share: f64) -> (f64, f64, f64) {
    let (mut pass, mut fail, mut mean_n, mut before) = (0.0, 0.0, 0.0, 0);
    let mut open = vec![1.0];
    for look in looks.all() {
        let n = look.samples;
        let null = Binomial::new(allowed, n).unwrap();
        let added = Binomial::new(share, n - before).unwrap();
        let more: Vec<f64> = (0..=n - before)
            .map(|h| statrs::distribution::Discrete::pmf(&added, h))
            .collect();
        let mut counts = vec![0.0; usize::try_from(n).unwrap() + 1];
        for (h, p) in open.iter().enumerate().filter(|(_, p)| **p > 1e-12) {
            for (m, q) in more.iter().enumerate().filter(|(_, q)| **q > 1e-12) {
                counts[h + m] += p * q;
            }
        }
        for (h, p) in counts.iter_mut().enumerate().filter(|(_, p)| **p > 0.0) {
            let h = h as u64;
            let passes = null.cdf(h) < look.level;
            let fails = h > 0 && null.sf(h - 1) < look.level;
            if passes || fails {
                *if passes { &mut pass } else { &mut fail } += *p;
                mean_n += *p * n as f64;
                *p = 0.0;
            }
        }
        (open, before) = (counts, n);
    }
    (
        pass,
        fail,
        mean_n + open.iter().sum::<f64>() * before as f64,
    )
}

#[test]
fn independent_calls_are_settled_wrongly_in_less_than_four_of_a_hundred_runs() {
    for allowed in [0.01, 0.05, 0.5] {
        let (pass, fail, _) = exactly(&looks(), allowed, allowed);
        assert!(pass < 0.021 && fail < 0.021, "{allowed}: {pass} {fail}");
        assert!(
            pass + fail < 0.04 && pass + fail > 0.02,
            "{allowed}: {pass} {fail}"
        );
    }
}

#[test]
fn independent_calls_need_little_more_than_a_single_look_of_the_right_size_would() {
    // the n at which a single look settles 95 of 100 runs
    for (allowed, times, single) in [
        (0.01, 0.5, 4_045.0),
        (0.01, 2.0, 1_973.0),
        (0.05, 0.5, 756.0),
        (0.05, 2.0, 356.0),
    ] {
        let (pass, fail, mean_n) = exactly(&looks(), allowed, allowed * times);
        let right = if times < 1.0 { pass } else { fail };
        assert!(
            right > 0.995 && mean_n < 1.3 * single,
            "{allowed} {times}: {right} {mean_n}"
        );
    }
    for (allowed, share) in [(0.01, 0.0), (0.01, 0.1), (0.05, 0.0), (0.05, 0.5)] {
        let (pass, fail, mean_n) = exactly(&looks(), allowed, share);
        assert!(
            pass + fail > 0.999 && mean_n < 441.0,
            "{allowed} {share}: {mean_n}"
        );
    }
}
