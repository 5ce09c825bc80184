//! `/history`: the series of one figure of one cell, or kind of cold start, over the runs of one location.

use super::{Api, Coordinators, Incoming, Response, runs::read};
use crate::coordinator::{Figures, Question, change_points};
use chrono::DateTime;
use protocol::{
    Problem, Quantile,
    history::{History, HistoryPoint, SeriesMetric, Subject},
};
use report::format::{self, Unit};

/// Runs of a series, at most: four months of a run every six hours.
const MOST_RUNS: u32 = 500;

impl<C: Coordinators> Api<'_, C> {
    pub(super) async fn history(&self, request: &impl Incoming) -> Result<Response, Problem> {
        let wanted = |detail: String| Problem::new(400, detail);
        let Some(cell) = request.query("cell") else {
            return Err(wanted(
                "cell must be named, as in ?cell=service-binding.echo.100&metric=p50".to_owned(),
            ));
        };
        let cell: Subject = cell
            .parse()
            .map_err(|error| wanted(format!("cell: {error}")))?;
        let metric = match request.query("metric") {
            None => SeriesMetric::Quantile(Quantile::P50),
            Some(name) => name
                .parse()
                .map_err(|error| wanted(format!("metric: {error}")))?,
        };
        let of_cold_starts = SeriesMetric::OF_COLD_STARTS;
        if matches!(cell, Subject::ColdStart(_)) && !of_cold_starts.contains(&metric) {
            return Err(wanted(format!(
                "metric: {metric} is not kept of cold starts; mean, p50 and p95 are"
            )));
        }
        let location = match request.query("location") {
            Some(location) => self.configured(&location)?,
            None => self.settings.locations.first().cloned().unwrap_or_default(),
        };
        let (latest, _) = self.latest(std::slice::from_ref(&location)).await?;
        let name = format!("history {latest:?} {cell} {metric}");
        if let Some(series) = self
            .cache
            .made(&name, self.now)
            .filter(|_| !latest.is_empty())
        {
            return Ok(Response::json_text(200, series));
        }
        let question = Question::History {
            cell,
            limit: MOST_RUNS,
        };
        let runs: Vec<Figures> = read(&self.ask_cached(&location, &question).await?)?;
        let Some(latest) = runs.last() else {
            let what = match cell {
                Subject::Cell(_) => "the cell",
                Subject::ColdStart(_) => "cold starts of the kind",
            };
            let detail = format!(
                "no completed run of {location} has {what} {cell}; GET /results lists those of the latest"
            );
            return Err(Problem::new(404, detail));
        };
        let conditions = latest.conditions.clone();
        let comparable: Vec<Figures> = runs
            .into_iter()
            .filter(|run| run.conditions == conditions)
            .collect();
        let series = History {
            location,
            cell,
            metric,
            conditions,
            points: comparable.iter().map(|run| point(run, metric)).collect(),
            change_points: change_points(&comparable, metric),
        };
        let response = Response::json(200, &series);
        self.cache.keep_made(&name, &response.body, true, self.now);
        Ok(response)
    }
}

fn point(run: &Figures, metric: SeriesMetric) -> HistoryPoint {
    let estimate = run.figures.get(&metric).cloned().unwrap_or_default();
    HistoryPoint {
        run: run.run.clone(),
        finished_at: DateTime::from_timestamp_millis(run.finished_ms).unwrap_or_default(),
        version: run.version.clone(),
        value_us: estimate.value,
        lower_us: estimate.lower,
        upper_us: estimate.upper,
        resolution_us: estimate.resolution,
        n: estimate.n,
        // those stored by earlier releases have none
        text: format::estimate(&estimate, Unit::Milliseconds),
        residency: run.residency.clone(),
    }
}
