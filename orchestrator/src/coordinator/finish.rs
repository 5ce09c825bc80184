//! The end of a run: its report, its figures for the series, its alerts.

use super::{
    Coordinator, LogLine, Turn,
    status::{instant, status},
};
use crate::store::{HistoryRow, Millis, ReportState, RunRow, StoreError, sql::Sql};
use protocol::{
    ColdStart, PACKAGE_VERSION, Report, RunState,
    history::{MetIsolates, SeriesMetric, Subject},
    report::{CellReport, ColdScenario, ColdStarts, Reach, RunFacts},
    slice::SliceRecord,
};
use report::{Deployment, assemble, deployment_starts};

/// Attempts at one report, or at the decision about one round: a crash in the middle of it must not come back for ever.
const ASSEMBLY_ATTEMPTS: u32 = 3;

impl<S: Sql> Coordinator<S> {
    /// Assembles and stores the report of a run: of one that is measured, which completes it, or of one that was ended early.
    pub(super) fn assemble(
        &self,
        run: &RunRow,
        records: &[SliceRecord],
        now: Millis,
    ) -> Result<Turn, StoreError> {
        let mut run = run.clone();
        let completes = !run.state.is_final();
        if completes {
            run.state = RunState::Completed;
            run.finished_ms = Some(now);
        }
        let report = self.report_of(&run, records)?;
        let text = serde_json::to_string(&report).map_err(|error| StoreError::Unreadable {
            what: "report",
            error: error.to_string(),
        })?;
        let history = if completes {
            history_rows(&run, &report, now)
        } else {
            Vec::new()
        };
        self.store.save_report(&run, &text, &history)?;
        let mut turn = Turn::soon(now);
        if completes {
            turn.lines.push(finished(&run, now));
        }
        Ok(turn.with(LogLine::ReportStored {
            run: run.id.clone(),
            outcome: report.summary.outcome,
            transports: report
                .summary
                .transports
                .iter()
                .map(|summary| {
                    format!(
                        "{}: {}; {}",
                        summary.transport, summary.outcome, summary.reason
                    )
                })
                .collect(),
            warnings: report.warnings.len(),
        }))
    }

    /// Counts the attempt one wake ahead of it: what is written in the turn that crashes is lost with it.
    pub(super) fn announce(&self, mut run: RunRow, now: Millis) -> Result<Turn, StoreError> {
        run.tally.assembly_attempts += 1;
        if run.tally.assembly_attempts > ASSEMBLY_ATTEMPTS {
            return self.give_up_report(&run, now);
        }
        self.store.save_tally(&run.id, &run.tally)?;
        self.announced.replace(Some(run.id));
        Ok(Turn::soon(now))
    }

    fn give_up_report(&self, run: &RunRow, now: Millis) -> Result<Turn, StoreError> {
        let reason = format!("the report could not be assembled in {ASSEMBLY_ATTEMPTS} attempts");
        let turn = self.end(run, RunState::Failed, Some(&reason), now)?;
        self.store
            .set_report_state(&run.id, ReportState::Impossible)?;
        Ok(turn.with(LogLine::Fault {
            message: format!("run {}: {reason}", run.id),
        }))
    }

    pub(super) fn report_of(
        &self,
        run: &RunRow,
        records: &[SliceRecord],
    ) -> Result<Report, StoreError> {
        let facts = RunFacts {
            id: run.id.clone(),
            trigger: run.request.trigger,
            location: run.request.location.clone(),
            locations: vec![run.request.location.clone()],
            colo: run.colo.clone(),
            started_at: run.started_ms.map(instant),
            finished_at: run.finished_ms.map(instant),
            state: run.state,
            progress: (!run.state.is_final()).then(|| status(run).progress),
        };
        let deployment = Deployment {
            package_version: PACKAGE_VERSION.to_owned(),
            deployed_version_id: run.request.deployed_version_id.clone(),
            workerd_version: self.settings.workerd_version.clone(),
            compatibility_date: self.settings.compatibility_date.clone(),
            limits: run.rounds.first().limits.profile,
        };
        let report = assemble(facts, &run.request.plan, &run.rounds, deployment, records);
        let mut report = report.map_err(|error| StoreError::Unreadable {
            what: "slices",
            error: error.to_string(),
        })?;
        report.deployment_starts = deployment_starts(&self.store.deployment_starts()?);
        Ok(report)
    }
}

fn finished(run: &RunRow, now: Millis) -> LogLine {
    LogLine::RunFinished {
        run: run.id.clone(),
        state: run.state,
        reason: run.reason.clone(),
        samples: run.tally.samples,
        errors: run.tally.errors,
        seconds: run
            .started_ms
            .map(|started| (now - started) as f64 / 1_000.0),
    }
}

/// The figures that series are drawn from.
fn history_rows(run: &RunRow, report: &Report, now: Millis) -> Vec<HistoryRow> {
    let conditions = report::series::conditions(report);
    let row = |cell, figures, residency| HistoryRow {
        cell,
        run: run.id.clone(),
        finished_ms: now,
        version: run.request.deployed_version_id.clone(),
        conditions: conditions.clone(),
        figures,
        residency,
    };
    let of_cell = |cell: &CellReport| {
        let stated = |metric: SeriesMetric| Some((metric, metric.of(cell)?.clone()));
        let residency = report
            .residency
            .iter()
            .find(|found| {
                found.runtime == cell.runtime && Reach::of(cell.transport) == Some(found.reach)
            })
            .and_then(MetIsolates::of);
        let figures = SeriesMetric::all().filter_map(stated).collect();
        row(Subject::Cell(cell.id), figures, residency)
    };
    let of_cold_start = |of: &ColdStarts, scenario: &ColdScenario| {
        let stated = |metric: SeriesMetric| Some((metric, metric.of_cold_start(scenario)?.clone()));
        let kind = ColdStart {
            runtime: of.runtime,
            scenario: scenario.scenario,
            wasm_bytes: scenario.wasm_bytes,
        };
        let figures = SeriesMetric::all().filter_map(stated).collect();
        row(Subject::ColdStart(kind), figures, None)
    };
    let cold_starts = report.cold_starts.iter().flat_map(|of| {
        let kinds = of.scenarios.iter();
        kinds.map(move |scenario| of_cold_start(of, scenario))
    });
    let cells = report.cells.iter().map(of_cell);
    cells.chain(cold_starts).collect()
}
