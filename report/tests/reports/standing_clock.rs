//! Reports of runs on a clock that stands still and is polled by I/O.

use crate::runs;

use protocol::{
    Function, Quantile, Transport,
    measure::{Rung, Timer, Unfit},
    report::{Outcome, WarningKind},
    slice::{Measured, SliceRecord},
};
use runs::{Platform, cell, records, small_plan, true_mean_us, true_quantile_us, warnings};

fn answers(
    records: &mut [SliceRecord],
) -> impl Iterator<Item = &mut protocol::measure::MeasureResponse> {
    records
        .iter_mut()
        .filter_map(|record| match &mut record.measured {
            Measured::Samples(answer) => Some(answer),
            Measured::Repeated(_) | Measured::ColdStart(_) => None,
        })
}

#[test]
fn quantiles_below_a_tick_are_points_with_intervals_that_hold_the_truth() {
    let plan = small_plan();
    let report = runs::report(&plan, &records(&plan, Platform::STANDING));
    let mut judged = 0;
    for cell in report
        .cells
        .iter()
        .filter(|cell| cell.transport.delegates())
    {
        for quantile in [Quantile::P50, Quantile::P95] {
            let stated = &cell.quantiles[quantile];
            let truth = true_quantile_us(cell.id, quantile.order());
            assert!(stated.value.is_some(), "{}: {stated:?}", cell.id);
            let (lower, upper) = (stated.lower.unwrap(), stated.upper.unwrap());
            assert!(
                lower <= truth && truth <= upper,
                "{} {quantile:?}: {truth} us, {stated:?}",
                cell.id
            );
            judged += 1;
        }
        let mean = &cell.mean_us;
        let truth = true_mean_us(cell.id);
        assert!(
            mean.lower.unwrap() <= truth && truth <= mean.upper.unwrap(),
            "{}: {truth} us, {mean:?}",
            cell.id
        );
    }
    assert!(judged >= 16);
    let p50 = report
        .verdicts
        .iter()
        .filter(|verdict| verdict.metric == Quantile::P50);
    assert!(
        p50.filter(|v| v.id == cell(Transport::ServiceBinding, Function::Echo, 100))
            .all(|v| v.outcome == Outcome::Pass)
    );
    assert!(warnings(&report, WarningKind::ClockContradicted).is_empty());
}

#[test]
fn the_report_says_what_io_did_to_the_clock_and_why_polls_were_refused() {
    let plan = small_plan();
    let mut records = records(&plan, Platform::STANDING);
    let refused = answers(&mut records)
        .find(|answer| !answer.probed.is_empty())
        .unwrap();
    refused.probed[0].unfit = Some(Unfit::IrregularSteps);
    let report = runs::report(&plan, &records);
    let environment = &report.environment;
    assert!(
        environment.timers.contains(&Timer::IoInterpolated),
        "{:?}",
        environment.timers
    );
    let [clock] = environment.clock.as_slice() else {
        panic!("{:?}", environment.clock);
    };
    assert_eq!(
        (clock.rung, clock.tick_ms, clock.set_back),
        (Rung::Stream, Some(1), 0)
    );
    assert_eq!(
        (clock.looks - clock.fit, clock.unfit[&Unfit::IrregularSteps]),
        (1, 1)
    );
    let polls = clock.polls_per_tick.unwrap();
    assert!((30.0..45.0).contains(&polls), "{polls} polls of 26 us each");
    assert!(clock.spread_us.unwrap() < 100.0 && clock.polls > 100 * clock.looks);
    let text = ::report::markdown::render(&report);
    assert!(
        text.contains("polls by stream: the clock could be interpolated in"),
        "{text}"
    );
    assert!(text.contains("1 refused: irregular-steps"), "{text}");
}

#[test]
fn isolated_calls_that_read_shorter_than_back_to_back_ones_leave_only_whole_ticks() {
    let plan = small_plan();
    let mut records = records(&plan, Platform::STANDING);
    // as if the clock hid half a millisecond of each isolated call
    for chain in answers(&mut records).filter_map(|answer| answer.chain.as_mut()) {
        chain.elapsed_ms += u64::from(chain.calls);
    }
    let report = runs::report(&plan, &records);
    let id = cell(Transport::ServiceBinding, Function::Echo, 100);
    let found = report.cells.iter().find(|cell| cell.id == id).unwrap();
    let p50 = &found.quantiles[Quantile::P50];
    assert_eq!(
        (p50.value, p50.lower, p50.upper),
        (None, Some(0.0), Some(1_000.0)),
        "{p50:?}"
    );
    let told = warnings(&report, WarningKind::ClockContradicted);
    assert!(
        told.iter()
            .any(|warning| warning.cell == Some(id) || warning.cell.is_none()),
        "{told:?}"
    );
}
