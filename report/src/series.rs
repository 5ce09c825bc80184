//! What a run adds to the history, and what is said of a series of runs.

use crate::format::Scale;
use protocol::{
    Report,
    alert::Regression,
    history::{Conditions, HistoryChange},
};

/// What else determined the latencies of a report, beside the cell.
#[must_use]
pub fn conditions(report: &Report) -> Conditions {
    let plan = &report.plan;
    let mut conditions = Conditions {
        payload_shape: plan.payload_shape,
        batch_size: plan.batch_size,
        concurrency: plan.concurrency,
        timers: report.environment.timers.clone(),
        text: String::new(),
    };
    conditions.text = described(&conditions);
    conditions
}

/// `payload text, batch size 1, concurrency 1, timer interpolated`.
#[must_use]
pub fn described(conditions: &Conditions) -> String {
    let timers: Vec<&str> = conditions
        .timers
        .iter()
        .map(|timer| timer.as_str())
        .collect();
    format!(
        "payload {}, batch size {}, concurrency {}, timer {}",
        conditions.payload_shape,
        conditions.batch_size,
        conditions.concurrency,
        timers.join(" and ")
    )
}

/// A change of level of figures that the timer told to `resolution_us`: `0.090 to 0.112 ms, +24 % (95 % CI +21 % to +28 %)`.
#[must_use]
pub fn change(change: &HistoryChange, resolution_us: Option<f64>) -> String {
    levels(
        resolution_us,
        [change.before_us, change.after_us],
        [
            change.change_percent,
            change.change_percent_lower,
            change.change_percent_upper,
        ],
    )
}

/// A figure that has risen and stayed up: which, how far, and since when.
#[must_use]
pub fn regression(found: &Regression) -> String {
    let version = found
        .since_version
        .as_ref()
        .map_or_else(String::new, |version| format!(" (version {version})"));
    let change = levels(
        found.resolution_us,
        [found.before_us, found.after_us],
        [
            found.change_percent,
            found.change_percent_lower,
            found.change_percent_upper,
        ],
    );
    format!(
        "{} {}: {change}, since run {}{version}",
        found.cell, found.metric, found.since
    )
}

fn levels(resolution_us: Option<f64>, from_to_us: [f64; 2], percent: [f64; 3]) -> String {
    let scale = Scale::milliseconds(resolution_us);
    let [before, after] = from_to_us.map(|us| scale.reading(us));
    let [change, lower, upper] = percent;
    format!("{before} to {after} ms, {change:+.0} % (95 % CI {lower:+.0} % to {upper:+.0} %)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{PayloadShape, history::SeriesMetric, measure::Timer};

    #[test]
    fn what_determines_a_latency_is_said_in_full() {
        let conditions = Conditions {
            payload_shape: PayloadShape::Records,
            batch_size: 1,
            concurrency: 4,
            timers: vec![Timer::Interpolated, Timer::Ticked],
            text: String::new(),
        };
        assert_eq!(
            described(&conditions),
            "payload records, batch size 1, concurrency 4, timer interpolated and ticked"
        );
    }

    #[test]
    fn a_regression_says_which_figure_how_far_and_since_when() {
        let found = Regression {
            cell: "service-binding.echo.100".parse().unwrap(),
            metric: SeriesMetric::Mean,
            since: "20261122T172800Z-4f9a1c07".parse().unwrap(),
            since_version: Some("b2".to_owned()),
            before_us: 90.0,
            after_us: 112.4,
            resolution_us: Some(4.0),
            change_percent: 24.4,
            change_percent_lower: 21.0,
            change_percent_upper: 28.0,
            text: String::new(),
        };
        assert_eq!(
            regression(&found),
            format!(
                "service-binding.echo.100 mean: 0.090 to 0.112 ms, +24 % (95 % CI +21 % to +28 %), since run {} (version b2)",
                found.since
            )
        );
    }
}
