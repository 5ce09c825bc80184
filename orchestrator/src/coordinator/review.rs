//! After a completed run: has something become slower, is a threshold newly breached?
//!
//! A rise in the series of a cell is a suspicion; one more run of the same plan is to confirm it, and only what is still there with that run
//! is told. Each rise is told once: afterwards only changes that begin later count, however the change point moves as runs are added.
//! Nothing of this happens where nobody is to be told.

use super::{Coordinator, Figures, LogLine, Turn, answer::figures, series::change_points};
use crate::store::{Millis, Review, RunRequest, RunRow, StoreError, sql::Sql};
use protocol::{
    Cell, Report, RunId,
    alert::{Alert, AlertKind, Breach, Regression},
    history::SeriesMetric,
    markdown::figure::Scale,
    report::{Outcome, Verdict},
    run::Trigger,
};

/// Runs of a series that are looked at.
const MOST_RUNS: u32 = 500;

/// Findings that an alert's text spells out; its facts hold all of them.
const SPELT_OUT: usize = 3;

impl<S: Sql> Coordinator<S> {
    /// Reviews a completed run: stores the alerts and the confirming run that follow from it.
    pub(super) fn review(&self, run: &RunRow, now: Millis) -> Result<Turn, StoreError> {
        let mut review = Review::default();
        if self.settings.alert_webhook_url.is_some() {
            self.look_for_regressions(run, now, &mut review)?;
            self.look_for_breaches(run, &mut review)?;
        }
        self.store.save_review(run, &review, now)?;
        let mut turn = Turn::soon(now);
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
                slices: confirming.request.geometry.slices(),
                estimated_usd: confirming.request.estimated.cost_usd,
            });
        }
        Ok(turn)
    }

    fn look_for_regressions(
        &self,
        run: &RunRow,
        now: Millis,
        review: &mut Review,
    ) -> Result<(), StoreError> {
        let mut regressions = Vec::new();
        for cell in run.request.plan.cells() {
            if cell.transport.delegates() {
                regressions.extend(self.regression(run, cell)?);
            }
        }
        if regressions.is_empty() {
            return Ok(());
        }
        if run.request.confirms.is_none() {
            review.confirming = Some(confirming(run, now));
            return Ok(());
        }
        let text = regression_text(run, &regressions);
        review.told = regressions
            .iter()
            .map(|regression| regression.cell)
            .collect();
        review.alerts.push(Alert {
            regressions,
            ..alert(AlertKind::Regression, run, text)
        });
        Ok(())
    }

    /// The rise of a cell's figure that has not been told, if it is the last change of its series up to this run.
    fn regression(&self, run: &RunRow, cell: Cell) -> Result<Option<Regression>, StoreError> {
        let rows = self.store.history(&cell, MOST_RUNS)?;
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
        let metric = if stated(SeriesMetric::P50) {
            SeriesMetric::P50
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
            .told_until(&cell)?
            .is_some_and(|told| change.run <= told)
        {
            return Ok(None);
        }
        Ok(Some(Regression {
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
        }))
    }

    /// Verdicts that fail now and did not in the run before of the same plan.
    fn look_for_breaches(&self, run: &RunRow, review: &mut Review) -> Result<(), StoreError> {
        let Some(report) = self.stored_report(&run.id)? else {
            return Ok(());
        };
        let before = match self.store.completed_before(run)? {
            Some(earlier) => self.stored_report(&earlier)?,
            None => None,
        };
        let failed_before = |verdict: &Verdict| {
            let verdicts = before.iter().flat_map(|report| &report.verdicts);
            verdicts
                .filter(|old| old.outcome == Outcome::Fail)
                .any(|old| {
                    (old.id, old.metric) == (verdict.id, verdict.metric)
                        && (old.threshold_ms - verdict.threshold_ms).abs() < f64::EPSILON
                })
        };
        let failing = report
            .verdicts
            .iter()
            .filter(|verdict| verdict.outcome == Outcome::Fail);
        let breaches: Vec<Breach> = failing
            .filter(|verdict| !failed_before(verdict))
            .map(breach)
            .collect();
        if !breaches.is_empty() {
            let text = breach_text(run, &breaches);
            review.alerts.push(Alert {
                breaches,
                ..alert(AlertKind::Threshold, run, text)
            });
        }
        Ok(())
    }

    fn stored_report(&self, run: &RunId) -> Result<Option<Report>, StoreError> {
        // A report of another release that cannot be read is no reason to stop measuring.
        Ok(self
            .store
            .report(run)?
            .and_then(|json| serde_json::from_str(&json).ok()))
    }
}

/// One more run of the same plan, at once.
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
        ..run.request.clone()
    };
    RunRow::new(RunId::new(created, !bits), request)
}

fn alert(kind: AlertKind, run: &RunRow, text: String) -> Alert {
    let location = run.request.location.clone();
    Alert {
        text,
        id: format!("{kind}:{location}:{}", run.id),
        kind,
        location,
        run: run.id.clone(),
        version: run.request.deployed_version_id.clone(),
        regressions: Vec::new(),
        breaches: Vec::new(),
    }
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
    }
}

fn regression_text(run: &RunRow, regressions: &[Regression]) -> String {
    let each = |found: &Regression| {
        let version = found
            .since_version
            .as_ref()
            .map_or_else(String::new, |version| format!(" (version {version})"));
        let scale = Scale::milliseconds(found.resolution_us);
        format!(
            "{} {}: {} to {} ms, {:+.0} % (95 % interval {:+.0} to {:+.0} %), since run {}{version}",
            found.cell,
            found.metric,
            scale.reading(found.before_us),
            scale.reading(found.after_us),
            found.change_percent,
            found.change_percent_lower,
            found.change_percent_upper,
            found.since
        )
    };
    let lines: Vec<String> = regressions.iter().map(each).collect();
    let (place, id) = (&run.request.location, &run.id);
    format!(
        "worker-rpc-latency at {place}: delegation has become slower, confirmed by run {id}. {}",
        listed(&lines)
    )
}

fn breach_text(run: &RunRow, breaches: &[Breach]) -> String {
    let each = |found: &Breach| {
        let scale = Scale::milliseconds(found.resolution_us);
        let lower = found.lower_us.map(|us| scale.lower_bound(us));
        let upper = found.upper_us.map(|us| scale.upper_bound(us));
        let is = match (lower, upper) {
            (Some(lower), Some(upper)) => format!("{lower} to {upper} ms"),
            (Some(lower), None) => format!("at least {lower} ms"),
            // Never: what has no lower bound does not fail.
            (None, _) => "not known".to_owned(),
        };
        format!(
            "{} {} {} is {is}, above {} ms",
            found.cell, found.metric, found.quantity, found.threshold_ms
        )
    };
    let lines: Vec<String> = breaches.iter().map(each).collect();
    let (place, id) = (&run.request.location, &run.id);
    format!(
        "worker-rpc-latency at {place}: a threshold is breached that was kept before, in run {id}. {}",
        listed(&lines)
    )
}

/// The first findings, and how many more there are.
fn listed(lines: &[String]) -> String {
    let (spelt_out, more) = lines.split_at(lines.len().min(SPELT_OUT));
    let rest = if more.is_empty() {
        String::new()
    } else {
        format!("; and {} more", more.len())
    };
    format!("{}{rest}", spelt_out.join("; "))
}
