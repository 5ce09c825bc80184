//! Two runs, or two transports of them, beside each other.

use crate::runs;

use ::report::{comparison::compare, difference::Difference};
use protocol::{
    PayloadShape, Quantile, Report, RunState, Transport, comparison::Finding, report::Quantity,
    slice::Measured,
};
use runs::{Platform, records, report, small_plan};

const OTHER_RUN: &str = "20261123T172800Z-00000001";

/// A report whose delegated calls take `factor` times as long.
fn run(id: Option<&str>, seed: u64, factor: u64) -> Report {
    let plan = small_plan();
    let mut records = records(
        &plan,
        Platform {
            seed,
            ..Platform::RUNNING
        },
    );
    for record in &mut records {
        if let (Measured::Samples(answer), true) = (&mut record.measured, factor != 1) {
            let samples = answer.samples.iter_mut();
            samples.for_each(|sample| *sample *= factor);
        }
    }
    let mut report = report(&plan, &records);
    if let Some(id) = id {
        report.run.id = id.parse().unwrap();
    }
    report
}

#[test]
fn a_run_that_is_three_times_as_slow_is_found_slower_in_each_figure_that_can_be_told() {
    let (first, second) = (run(None, 1, 1), run(Some(OTHER_RUN), 2, 3));
    let compared = compare(&first, &second, None);
    let delegated = first.cells.iter().filter(|cell| cell.transport.delegates());
    assert_eq!(compared.rows.len(), delegated.count() * 3);
    for row in &compared.rows {
        assert_eq!(row.quantity, Quantity::Overhead);
        let difference = Difference::of(&row.first_us, &row.second_us);
        assert_eq!(
            (&row.difference_us, row.text.clone()),
            (&difference.us, difference.to_string())
        );
        if row.metric == Quantile::P50 {
            assert_eq!(row.finding, Finding::Slower, "{row:?}");
        }
    }
    assert!(compared.text.starts_with("Slower in "), "{}", compared.text);
}

#[test]
fn two_transports_of_one_run_are_compared_by_latency_and_those_of_two_runs_by_overhead() {
    let (first, second) = (run(None, 1, 1), run(Some(OTHER_RUN), 2, 1));
    let pair = Some((Transport::ServiceBinding, Transport::RawFetch));
    for (other, quantity) in [(&first, Quantity::Latency), (&second, Quantity::Overhead)] {
        let compared = compare(&first, other, pair);
        assert!(!compared.rows.is_empty());
        for row in compared.rows {
            assert_eq!(
                (row.first.transport, row.second.transport),
                (Transport::ServiceBinding, Transport::RawFetch)
            );
            assert_eq!(
                (row.first.function, row.first.payload_bytes),
                (row.second.function, row.second.payload_bytes)
            );
            assert_eq!(row.quantity, quantity);
        }
    }
}

#[test]
fn what_was_not_the_same_is_said() {
    let (first, mut second) = (run(None, 1, 1), run(Some(OTHER_RUN), 2, 1));
    "weur".clone_into(&mut second.run.location);
    second.plan.payload_shape = PayloadShape::Records;
    second.run.state = RunState::Running;
    let text = compare(&first, &second, None).text;
    assert!(
        text.contains("Locations differ: default and weur."),
        "{text}"
    );
    assert!(
        text.contains("Payload shapes differ: text and records."),
        "{text}"
    );
    assert!(
        text.contains(&format!("{OTHER_RUN} is still measured")),
        "{text}"
    );
    assert!(!text.contains("Timers differ"), "{text}");
}
