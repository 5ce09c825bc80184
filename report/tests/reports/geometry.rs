//! Figures rest on the geometry that a run was measured by, which today's limits may not give any more.

use crate::runs;

use protocol::{
    Function, Transport,
    measure::{MeasureResponse, Timer},
    plan::Geometry,
    slice::Measured,
};
use runs::{
    Platform, cell, covers, find, geometry, records, report_of_geometry, small_plan, true_mean_us,
};

#[test]
fn elapsed_times_alone_are_divided_by_the_calls_that_the_run_was_divided_into() {
    let plan = small_plan();
    let platform = Platform {
        timer: Timer::Ticked,
        samples_per_slice: 50,
        ..Platform::RUNNING
    };
    let mut records = records(&plan, platform);
    for record in &mut records {
        if let Measured::Samples(answer) = &mut record.measured {
            *answer = MeasureResponse {
                elapsed_ms: answer.elapsed_ms,
                ..MeasureResponse::default()
            };
        }
    }
    let measured_by = Geometry {
        samples_per_slice: 50,
        ..geometry(&plan)
    };
    assert_ne!(measured_by, geometry(&plan));
    let report = report_of_geometry(&plan, &measured_by, &records);
    let id = cell(Transport::ServiceBinding, Function::Echo, 100_000);
    let mean = &find(&report, id).mean_us;
    assert!(
        covers(mean, true_mean_us(id)),
        "{mean:?} against {}",
        true_mean_us(id)
    );
}
