//! Change points in a series of runs: since which run is the figure another one?
//!
//! E-divisive (D. S. Matteson, N. A. James, "A nonparametric approach for multiple change point analysis of multivariate
//! data", Journal of the American Statistical Association 109, 2014) finds where a series falls apart most clearly: at the
//! split whose two sides have the largest energy distance. Whether that split is more than chance is decided by Student's
//! t-test instead of by permutations, as in Hunter, now Apache Otava (M. Fleming, P. Kołaczkowski et al., "Hunter: Using change point
//! detection to hunt for performance regressions", ICPE 2023): it is deterministic, and needs few runs after the
//! change. Significant splits are split again; then the weakest is dropped and the rest are judged
//! anew, until all are significant against their neighbours.
//!
//! The series is looked at on the logarithmic scale, where a change is a ratio. Single runs far off are drawn in to
//! three robust standard deviations before the t-test: they are news, but no lasting change.

mod segments;

use segments::{Tested, noise, test};

/// Fewest runs on either side of a change. With fewer, a single odd run is one.
pub const MIN_SEGMENT: usize = 3;

/// A split is significant below this p-value. Every split of the series is tried again with every new run, and the best
/// of all is tested, so that it must be below the rate of false alarms that is acceptable. This value, [`MIN_RATIO`] and the weight of the noise (`NOISE_WEIGHT`)
/// were chosen by simulation (`tests/truth_changepoint.rs`).
pub const SIGNIFICANCE: f64 = 1e-4;

/// A split less likely by chance than this is worth looking into further: what goes up and comes down again may show only
/// weakly as one split, and clearly as two.
const WORTH_DIVIDING: f64 = 0.05;

/// Changes smaller than this ratio are not reported: of all that chance makes look certain, most are small.
pub const MIN_RATIO: f64 = 1.1;

/// Most recent runs that are looked at; older ones say little of today, and the search takes the square of the number.
pub const MAX_SERIES: usize = 500;

/// A lasting change of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// Place of the first run after the change, from 0.
    pub index: usize,
    /// Geometric mean of the runs since the change before, in the unit of the series.
    pub before: f64,
    /// Geometric mean of the runs up to the next change.
    pub after: f64,
    /// Lower end of the 95 % interval of `after / before`.
    pub ratio_lower: f64,
    /// Upper end.
    pub ratio_upper: f64,
    /// Probability of so clear a difference by chance, for this one split.
    pub p_value: f64,
}

impl ChangePoint {
    /// `after / before`: above 1 for a series that rose.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.after / self.before
    }
}

/// The change points of a `series` of positive figures, one for each run, oldest first.
///
/// Figures that are not positive and finite cannot be compared as ratios; from the last [`MAX_SERIES`] runs they are left out, and the
/// others keep their places.
#[must_use]
pub fn change_points(series: &[f64]) -> Vec<ChangePoint> {
    let skipped = series.len().saturating_sub(MAX_SERIES);
    let usable = series
        .iter()
        .enumerate()
        .skip(skipped)
        .filter(|(_, x)| x.is_finite() && **x > 0.0);
    let (places, logs): (Vec<usize>, Vec<f64>) = usable.map(|(place, x)| (place, x.ln())).unzip();
    let noise = noise(&logs);
    let mut splits = Vec::new();
    divide(&logs, 0, noise, &mut splits);
    splits.sort_unstable();
    let found = strongest(&logs, noise, splits);
    found
        .into_iter()
        .map(|test| ChangePoint {
            index: places[test.split],
            ..test.point
        })
        .collect()
}

/// Splits `logs` where it falls apart most clearly, and its parts in turn, while that may be more than chance. Places count
/// from `offset`.
fn divide(logs: &[f64], offset: usize, noise: f64, splits: &mut Vec<usize>) {
    let Some(split) = best_split(logs) else {
        return;
    };
    if test(&logs[..split], &logs[split..], noise, split)
        .point
        .p_value
        > WORTH_DIVIDING
    {
        return;
    }
    splits.push(offset + split);
    divide(&logs[..split], offset, noise, splits);
    divide(&logs[split..], offset + split, noise, splits);
}

/// Judges every split against the segments beside it and drops the weakest until all are significant.
fn strongest(logs: &[f64], noise: f64, mut splits: Vec<usize>) -> Vec<Tested> {
    loop {
        let tests: Vec<Tested> = (0..splits.len())
            .map(|i| {
                let from = if i == 0 { 0 } else { splits[i - 1] };
                let to = splits.get(i + 1).copied().unwrap_or(logs.len());
                test(
                    &logs[from..splits[i]],
                    &logs[splits[i]..to],
                    noise,
                    splits[i],
                )
            })
            .collect();
        let weakest = tests
            .iter()
            .enumerate()
            .filter(|(_, test)| !test.is_significant())
            .max_by(|a, b| a.1.point.p_value.total_cmp(&b.1.point.p_value));
        match weakest {
            Some((place, _)) => {
                splits.remove(place);
            }
            None => return tests,
        }
    }
}

/// The split with the largest energy distance between its sides, scaled as in Matteson and James; `None` for fewer runs
/// than two segments need.
fn best_split(logs: &[f64]) -> Option<usize> {
    let n = logs.len();
    if n < 2 * MIN_SEGMENT {
        return None;
    }
    // sums of distances within the left side, within the right side, and between, updated as runs change sides
    let apart = |i: usize, j: usize| (logs[i] - logs[j]).abs();
    let (mut left, mut between) = (0.0, 0.0);
    let mut right: f64 = (0..n)
        .map(|i| (i + 1..n).map(|j| apart(i, j)).sum::<f64>())
        .sum();
    let mut best: Option<(f64, usize)> = None;
    for split in 1..=n - MIN_SEGMENT {
        let moved = split - 1;
        let to_left: f64 = (0..moved).map(|i| apart(i, moved)).sum();
        let to_right: f64 = (split..n).map(|j| apart(moved, j)).sum();
        left += to_left;
        right -= to_right;
        between += to_right - to_left;
        if split < MIN_SEGMENT {
            continue;
        }
        let (a, b) = (split as f64, (n - split) as f64);
        let energy =
            2.0 * between / (a * b) - 2.0 * left / (a * (a - 1.0)) - 2.0 * right / (b * (b - 1.0));
        let scaled = a * b / (a + b) * energy;
        if best.is_none_or(|(most, _)| scaled > most) {
            best = Some((scaled, split));
        }
    }
    best.map(|(_, split)| split)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series that wavers by a few per cent without chance, at `level(run)`.
    fn series(runs: usize, level: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..runs)
            .map(|run| level(run) * (1.0 + 0.03 * ((run * 7) as f64).sin()))
            .collect()
    }

    #[test]
    fn a_step_is_found_where_it_is_with_its_size() {
        let found = change_points(&series(40, |run| if run < 25 { 100.0 } else { 120.0 }));
        assert_eq!(
            found.iter().map(|point| point.index).collect::<Vec<_>>(),
            [25]
        );
        let point = found[0];
        assert!(
            (point.ratio() - 1.2).abs() < 0.02
                && point.ratio_lower < 1.2
                && point.ratio_upper > 1.2,
            "{point:?}"
        );
    }

    #[test]
    fn up_and_down_are_two_changes() {
        let found = change_points(&series(60, |run| {
            if (20..40).contains(&run) {
                150.0
            } else {
                100.0
            }
        }));
        assert_eq!(
            found.iter().map(|point| point.index).collect::<Vec<_>>(),
            [20, 40]
        );
        assert!(found[0].ratio() > 1.4 && found[1].ratio() < 0.7);
    }

    #[test]
    fn a_quiet_series_and_a_single_odd_run_are_no_change() {
        assert!(change_points(&series(60, |_| 100.0)).is_empty());
        assert!(change_points(&series(60, |run| if run == 57 { 400.0 } else { 100.0 })).is_empty());
        assert!(
            change_points(&series(60, |run| if run > 30 { 102.0 } else { 100.0 })).is_empty(),
            "2 % is nothing"
        );
    }

    #[test]
    fn short_empty_and_constant_series_have_none() {
        assert!(change_points(&[]).is_empty());
        assert!(change_points(&[1.0, 1.0, 1.0, 9.0, 9.0]).is_empty());
        assert!(change_points(&[5.0; 50]).is_empty());
    }

    #[test]
    fn figures_that_are_none_are_left_out_and_the_others_keep_their_places() {
        let mut gaps = series(40, |run| if run < 20 { 100.0 } else { 130.0 });
        gaps[3] = f64::NAN;
        gaps[30] = 0.0;
        assert_eq!(change_points(&gaps)[0].index, 20);
    }

    #[test]
    fn of_a_long_series_only_the_recent_part_is_looked_at() {
        let long = series(MAX_SERIES + 100, |run| if run < 50 { 300.0 } else { 100.0 });
        assert!(change_points(&long).is_empty());
    }
}
