//! After a run that completed: has something become slower, is a threshold newly breached? After one that failed: did the one before it fail, too?
//!
//! A rise in the series of a cell is a suspicion; one more run of the same plan is to confirm it, and only what is still there with that run
//! is alerted. Each rise is alerted once: afterwards only changes that begin later count, however the change point moves as runs are added.
//! Nothing of this happens where nobody is to be alerted.

use super::{
    Coordinator, Figures, LogLine, Turn,
    alert_text::{breach_text, failure_text, outcome_text, regression_text},
    answer::figures,
    series::change_points,
};
use crate::store::{Millis, Review, RunRequest, RunRow, StoreError, sql::Sql};
use protocol::{
    Cell, Quantile, Report, RunId, RunState,
    alert::{Alert, AlertKind, Breach, Regression},
    history::{SeriesMetric, Subject},
    report::{Outcome, Verdict},
    run::Trigger,
};

/// Runs of a series that are looked at.
const MOST_RUNS: u32 = 500;

impl<S: Sql> Coordinator<S> {
    /// Reviews a run that completed or failed: stores the alerts and the confirming run that follow from it.
    pub(super) fn review(&self, run: &RunRow, now: Millis) -> Result<Turn, StoreError> {
        let mut review = Review::default();
        let mut turn = Turn::soon(now);
        if self.settings.alert_webhook_url.is_some() {
            if run.state == RunState::Failed {
                self.look_for_failure(run, &mut review)?;
            } else {
                turn.lines = self.look_for_regressions(run, now, &mut review)?;
                turn.lines.extend(self.look_for_breaches(run, &mut review)?);
            }
        }
        self.store.save_review(run, &review, now)?;
        for alert in &review.alerts {
            turn.lines.push(LogLine::AlertRaised {
                alert: alert.id.clone(),
                text: alert.text.clone(),
            });
        }
        if let Some(confirming) = &review.confirming {
            turn.lines.push(LogLine::RunAccepted {
                run: confirming.id.clone(),
                location: confirming.request.location.clone(),
                trigger: Trigger::Confirmation,
                slices: confirming.rounds.slices(),
                estimated_usd: confirming.estimated().cost_usd,
            });
        }
        Ok(turn)
    }

    fn look_for_regressions(
        &self,
        run: &RunRow,
        now: Millis,
        review: &mut Review,
    ) -> Result<Vec<LogLine>, StoreError> {
        let (mut regressions, mut lines) = (Vec::new(), Vec::new());
        for cell in run.request.plan.cells() {
            if !cell.transport.delegates() {
                continue;
            }
            let what = format!("the series of {cell}, to be reviewed after run {}", run.id);
            let found = readable(self.regression(run, cell), &what, &mut lines)?;
            regressions.extend(found.flatten());
        }
        if regressions.is_empty() {
            return Ok(lines);
        }
        if run.request.confirms.is_none() {
            review.confirming = Some(confirming(run, now));
            return Ok(lines);
        }
        let text = regression_text(run, &regressions);
        review.alerted = regressions
            .iter()
            .map(|regression| regression.cell)
            .collect();
        review.alerts.push(Alert {
            regressions,
            ..of_run(AlertKind::Regression, run, text)
        });
        Ok(lines)
    }

    /// The rise of a cell's figure that has not been alerted, if it is the last change of its series up to this run.
    fn regression(&self, run: &RunRow, cell: Cell) -> Result<Option<Regression>, StoreError> {
        let rows = self.store.history(&Subject::Cell(cell), MOST_RUNS)?;
        let Some(this) = rows.iter().position(|row| row.run == run.id) else {
            return Ok(None);
        };
        let conditions = rows[this].conditions.clone();
        let known = rows
            .into_iter()
            .take(this + 1)
            .filter(|row| row.conditions == conditions);
        let known: Vec<Figures> = known.map(figures).collect();
        // The median where the clock can show it, else the mean, which it always can.
        let stated = |metric| {
            known.last().is_some_and(|run| {
                run.figures
                    .get(&metric)
                    .is_some_and(|figure| figure.value.is_some())
            })
        };
        let median = SeriesMetric::Quantile(Quantile::P50);
        let metric = if stated(median) {
            median
        } else {
            SeriesMetric::Mean
        };
        let Some(change) = change_points(&known, metric)
            .pop()
            .filter(|change| change.change_percent > 0.0)
        else {
            return Ok(None);
        };
        // A confirming run confirms by being on the new level itself.
        let latest = known.last().and_then(|run| run.figures.get(&metric));
        let halfway = (change.before_us * change.after_us).sqrt();
        let stays_up = latest
            .and_then(|figure| figure.value)
            .is_some_and(|value| value >= halfway);
        if run.request.confirms.is_some() && !stays_up {
            return Ok(None);
        }
        if self
            .store
            .alerted_until(&cell)?
            .is_some_and(|alerted| change.run <= alerted)
        {
            return Ok(None);
        }
        let mut found = Regression {
            cell,
            metric,
            since: change.run,
            since_version: change.version,
            before_us: change.before_us,
            after_us: change.after_us,
            resolution_us: latest.and_then(|figure| figure.resolution),
            change_percent: change.change_percent,
            change_percent_lower: change.change_percent_lower,
            change_percent_upper: change.change_percent_upper,
            text: String::new(),
        };
        found.text = report::series::regression(&found);
        Ok(Some(found))
    }

    /// A run that failed, where the one before it of the same plan had not.
    fn look_for_failure(&self, run: &RunRow, review: &mut Review) -> Result<(), StoreError> {
        if self.store.ended_before(run)? == Some(RunState::Failed) {
            return Ok(());
        }
        let reason = run
            .reason
            .clone()
            .unwrap_or_else(|| "no reason is known".to_owned());
        let text = failure_text(run, &reason);
        review.alerts.push(Alert {
            failure: Some(reason),
            ..of_run(AlertKind::Failure, run, text)
        });
        Ok(())
    }

    /// Verdicts that fail now and did not in the run before of the same plan.
    fn look_for_breaches(
        &self,
        run: &RunRow,
        review: &mut Review,
    ) -> Result<Vec<LogLine>, StoreError> {
        let mut lines = Vec::new();
        let Some(report) = self.stored_report(&run.id, &mut lines)? else {
            return Ok(lines);
        };
        let before = match self.store.completed_before(run)? {
            Some(earlier) => self.stored_report(&earlier, &mut lines)?,
            None => None,
        };
        let fails = |report: &Report| report.summary.outcome == Outcome::Fail;
        let failing: Vec<&Verdict> = failing_verdicts(&report).collect();
        let breaches: Vec<Breach> = failing
            .iter()
            .filter(|verdict| {
                !before
                    .iter()
                    .flat_map(failing_verdicts)
                    .any(|old| same(old, verdict))
            })
            .map(|verdict| breach(verdict))
            .collect();
        let text = if !breaches.is_empty() {
            breach_text(run, &breaches)
        } else if failing.is_empty() && fails(&report) && !before.as_ref().is_some_and(fails) {
            // Whatever else makes a run fail than a threshold of a figure.
            outcome_text(run, &report)
        } else {
            return Ok(lines);
        };
        review.alerts.push(Alert {
            breaches,
            ..of_run(AlertKind::Threshold, run, text)
        });
        Ok(lines)
    }

    /// A stored report; `None` where there is none, or, with a line that says so, one that cannot be read.
    fn stored_report(
        &self,
        run: &RunId,
        lines: &mut Vec<LogLine>,
    ) -> Result<Option<Report>, StoreError> {
        let Some(json) = self.store.report(run)? else {
            return Ok(None);
        };
        let report = report::read(&json).map_err(|error| StoreError::Unreadable {
            what: "report",
            error: error.to_string(),
        });
        readable(report, &format!("the report of run {run}"), lines)
    }
}

/// What was read. What cannot be read is logged and left out: it must not keep the rest, and all work after it, from being done.
fn readable<T>(
    read: Result<T, StoreError>,
    what: &str,
    lines: &mut Vec<LogLine>,
) -> Result<Option<T>, StoreError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error @ StoreError::Unreadable { .. }) => {
            let message = format!("{what}: {error}");
            lines.push(LogLine::Fault { message });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// One more run of the same plan, at once, measured as the one in question began.
fn confirming(run: &RunRow, now: Millis) -> RunRow {
    let created = super::status::instant(now);
    // Other bits than those of the run in question, should both fall into one second.
    let bits = u32::from_str_radix(&run.id.as_str()[17..], 16).unwrap_or(0);
    let request = RunRequest {
        trigger: Trigger::Confirmation,
        siblings: Vec::new(),
        created_ms: now,
        not_before_ms: now,
        confirms: Some(run.id.clone()),
        // what is to be confirmed is a latency
        plan: run.request.plan.without_cold_starts(),
        ..run.request.clone()
    };
    RunRow::new(
        RunId::new(created, !bits),
        request,
        run.rounds.begun_again(),
    )
}

/// An alert about a run.
fn of_run(kind: AlertKind, run: &RunRow, text: String) -> Alert {
    Alert {
        run: Some(run.id.clone()),
        version: run.request.deployed_version_id.clone(),
        ..alert(kind, &run.request.location, run.id.as_str(), text)
    }
}

/// An alert of a location; `what` tells it apart from others of its kind.
pub(super) fn alert(kind: AlertKind, location: &str, what: &str, text: String) -> Alert {
    Alert {
        text,
        id: format!("{kind}:{location}:{what}"),
        kind,
        location: location.to_owned(),
        run: None,
        version: None,
        regressions: Vec::new(),
        breaches: Vec::new(),
        failure: None,
        overdue: None,
    }
}

fn failing_verdicts(report: &Report) -> impl Iterator<Item = &Verdict> {
    let verdicts = report.verdicts.iter();
    verdicts.filter(|verdict| verdict.outcome == Outcome::Fail)
}

/// Whether two verdicts are of the same threshold.
fn same(old: &Verdict, new: &Verdict) -> bool {
    (old.id, old.metric) == (new.id, new.metric)
        && (old.threshold_ms - new.threshold_ms).abs() < f64::EPSILON
}

fn breach(verdict: &Verdict) -> Breach {
    Breach {
        cell: verdict.id,
        metric: verdict.metric,
        quantity: verdict.quantity,
        threshold_ms: verdict.threshold_ms,
        value_us: verdict.estimate_us.value,
        lower_us: verdict.estimate_us.lower,
        upper_us: verdict.estimate_us.upper,
        resolution_us: verdict.estimate_us.resolution,
        text: verdict.text.clone(),
    }
}
