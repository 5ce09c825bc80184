//! The report of a run that is not over.

use protocol::{
    Report,
    report::{Outcome, TransportSummary},
};

/// Takes the answer out of the report of a run that is not over. A verdict is held against its threshold at the looks that are planned; anyone who reads
/// it again and again until it says what they hope for errs more often than in 5 % of the runs. What was measured so far stays.
pub(super) fn without_answer(report: &mut Report) {
    if report.run.state.is_final() {
        return;
    }
    report.summary.outcome = Outcome::Inconclusive;
    for transport in &mut report.summary.transports {
        open(transport);
    }
    let how_far = report
        .run
        .progress
        .as_ref()
        .map_or_else(String::new, |progress| {
            format!(
                " (round {}, {} of {} slices)",
                progress.round, progress.slices_done, progress.slices_total
            )
        });
    report.summary.text = format!("Open: the run is not over{how_far}");
}

fn open(transport: &mut TransportSummary) {
    if transport.outcome != Outcome::Inconclusive {
        transport.outcome = Outcome::Inconclusive;
        transport.reason = format!("so far: {}", transport.reason);
    }
}
