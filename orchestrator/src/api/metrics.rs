//! The latest figures in the Prometheus text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Latencies are gauges in seconds, not Prometheus histograms: they are estimates of a finished run, and do not accumulate.

mod cold_starts;
mod residency;

use super::{
    Api, Coordinators, Response,
    latest::{Made, latest_runs},
    places::Answers,
    results::stored,
    runs::read,
};
use crate::coordinator::{Derived, Overview, Question};
use core::fmt::Write as _;
use futures_util::future::join;
use protocol::{
    ByQuantile, Cell, Estimate, PACKAGE_VERSION, Problem, Quantile, Report, report::Outcome,
    units::US_PER_SECOND,
};

/// Media type of the format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The name of the whole text in the Worker's memory.
const KEPT_AS: &str = "metrics";

impl<C: Coordinators> Api<'_, C> {
    pub(super) async fn metrics(&self) -> Result<Response, Problem> {
        if let Some(text) = self.cache.made(KEPT_AS, self.now) {
            return Ok(Response::new(200, MEDIA_TYPE, text));
        }
        let places = &self.settings.locations;
        // What is kept is the whole text: its parts are not kept as well, or it would be up to two seconds old.
        let (overviews, mut reports) = join(
            self.ask_all_anew(places, &Question::Overview),
            self.ask_all_anew(places, &Question::Latest),
        )
        .await;
        let latest = latest_runs(&reports)?;
        if overviews.found.is_empty() {
            return Err(overviews.nothing(Problem::new(500, "no location is configured")));
        }
        let of_reports = match self.made_of(Derived::Metrics, &latest).await {
            Made::Kept(text) => text,
            Made::Of(found) => {
                let text = of_reports(&found)?.into();
                if found.found.len() == latest.len() {
                    self.keep(Derived::Metrics, &latest, &text).await;
                }
                reports.missing.extend(found.missing);
                text
            }
        };
        let mut families = Families::default();
        build(&mut families, self.settings.deployed_version_id.as_deref());
        for place in places {
            let asked = [&overviews.missing, &reports.missing].into_iter().flatten();
            let answered = !asked.into_iter().any(|(location, _)| location == place);
            up(&mut families, place, answered);
        }
        for (location, overview) in &overviews.found {
            runs(&mut families, location, &read(overview)?);
        }
        // No family is of both, as each must be in one piece.
        let text = (families.text() + &of_reports).into();
        self.cache.keep_made(KEPT_AS, &text, false, self.now);
        Ok(Response::new(200, MEDIA_TYPE, text))
    }
}

/// The families of the reports' figures.
fn of_reports(reports: &Answers) -> Result<String, Problem> {
    let mut families = Families::default();
    for (location, report) in &reports.found {
        figures(&mut families, location, &stored(report)?);
    }
    Ok(families.text())
}

/// Samples by family: the format wants each family in one piece.
#[derive(Default)]
struct Families(Vec<Family>);

struct Family {
    name: &'static str,
    help: &'static str,
    lines: String,
}

impl Families {
    fn add(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        let at = self.0.iter().position(|family| family.name == name);
        let at = at.unwrap_or_else(|| {
            self.0.push(Family {
                name,
                help,
                lines: String::new(),
            });
            self.0.len() - 1
        });
        let lines = &mut self.0[at].lines;
        let pairs: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
            .collect();
        let _ = writeln!(lines, "{name}{{{}}} {value}", pairs.join(","));
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for Family { name, help, lines } in &self.0 {
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{lines}");
        }
        out
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn build(families: &mut Families, version: Option<&str>) {
    let labels = [
        ("package_version", PACKAGE_VERSION),
        ("deployed_version_id", version.unwrap_or("")),
    ];
    families.add(
        "worker_rpc_build_info",
        "Versions; the value is always 1.",
        &labels,
        1.0,
    );
}

fn up(families: &mut Families, location: &str, answered: bool) {
    families.add(
        "worker_rpc_location_up",
        "Whether the location's coordinator answered; the figures of one that did not are missing.",
        &[("location", location)],
        f64::from(answered),
    );
}

fn runs(families: &mut Families, location: &str, overview: &Overview) {
    for (state, count) in &overview.runs_by_state {
        let labels = [("location", location), ("state", state.as_str())];
        families.add(
            "worker_rpc_runs",
            "Runs kept, by state.",
            &labels,
            *count as f64,
        );
    }
    let done = overview.active.as_ref().map(|run| {
        f64::from(run.progress.slices_done) / f64::from(run.progress.slices_total.max(1))
    });
    let labels = [("location", location)];
    families.add(
        "worker_rpc_run_active",
        "Whether a run is active.",
        &labels,
        f64::from(done.is_some()),
    );
    if let Some(done) = done {
        families.add(
            "worker_rpc_run_progress_ratio",
            "How much of the active run is measured.",
            &labels,
            done,
        );
    }
}

fn figures(families: &mut Families, location: &str, report: &Report) {
    let place = [("location", location)];
    if let Some(at) = report.run.finished_at {
        let seconds = at.timestamp_millis() as f64 / 1_000.0;
        families.add(
            "worker_rpc_last_completed_timestamp_seconds",
            "When the latest completed run ended.",
            &place,
            seconds,
        );
    }
    families.add(
        "worker_rpc_warnings",
        "Number of data-quality warnings in the latest report.",
        &place,
        report.warnings.len() as f64,
    );
    for cell in &report.cells {
        let mut family = CellLabels::new(families, location, cell.id);
        family.quantiles("worker_rpc_latency_seconds", LATENCY, &cell.quantiles);
        family.one(
            "worker_rpc_latency_mean_seconds",
            "Mean latency of one call; left out below the resolution.",
            visible(&cell.mean_us).map(seconds),
        );
        family.one(
            "worker_rpc_samples",
            "Samples behind the figures.",
            Some(cell.count as f64),
        );
        family.one(
            "worker_rpc_failed_calls",
            "Calls that failed.",
            Some(cell.errors.values().sum::<u64>() as f64),
        );
    }
    for found in &report.residency {
        residency::residency(families, location, found);
    }
    for overhead in &report.overheads {
        let mut family = CellLabels::new(families, location, overhead.id);
        family.quantiles("worker_rpc_overhead_seconds", OVERHEAD, &overhead.quantiles);
    }
    for verdict in &report.verdicts {
        let mut family = CellLabels::new(families, location, verdict.id);
        family.labelled(
            "worker_rpc_verdict",
            VERDICT,
            ("metric", verdict.metric.as_str()),
            sign(verdict.outcome),
        );
    }
    cold_starts::cold_starts(families, location, report);
    for (id, row) in report
        .failed_calls
        .iter()
        .filter_map(|row| Some((row.id?, row)))
    {
        let mut family = CellLabels::new(families, location, id);
        let bounds = row.share.iter().flat_map(|share| {
            let ends = [("lower", Some(share.lower)), ("upper", Some(share.upper))];
            [("value", share.value)].into_iter().chain(ends)
        });
        for (bound, share) in bounds {
            if let Some(share) = share {
                family.labelled("worker_rpc_failed_ratio", FAILED, ("bound", bound), share);
            }
        }
        family.labelled(
            "worker_rpc_verdict",
            VERDICT,
            ("metric", "failed"),
            sign(row.outcome),
        );
    }
}

const VERDICT: &str = "Verdict on a quantile or on failed calls: 1 pass, 0 inconclusive, -1 fail.";
const FAILED: &str = "Share of calls that failed in the latest completed run, other than by a timeout that counts as a latency; bound says whether it is the value or an end of its 95 % interval.";

const fn sign(outcome: Outcome) -> f64 {
    match outcome {
        Outcome::Pass => 1.0,
        Outcome::Inconclusive => 0.0,
        Outcome::Fail => -1.0,
    }
}

const LATENCY: &str = "Latency of one call in the latest completed run: p50, p95, p99; bound says whether it is the value, an end of its 95 % interval, or the resolution; a value below the resolution is left out.";
const OVERHEAD: &str = "Latency minus that of direct execution: p50, p95, p99; bound as in worker_rpc_latency_seconds.";

/// The value, unless it only says "too small to see".
fn visible(estimate: &Estimate) -> Option<f64> {
    estimate.value.filter(|_| !estimate.is_below_resolution())
}

fn seconds(us: f64) -> f64 {
    us / US_PER_SECOND
}

/// Adds samples that carry a cell's labels.
struct CellLabels<'a> {
    families: &'a mut Families,
    location: &'a str,
    cell: Cell,
    payload: String,
}

impl<'a> CellLabels<'a> {
    fn new(families: &'a mut Families, location: &'a str, cell: Cell) -> Self {
        let payload = cell.payload_bytes.to_string();
        Self {
            families,
            location,
            cell,
            payload,
        }
    }

    fn with(&mut self, name: &'static str, help: &'static str, more: &[(&str, &str)], value: f64) {
        let mut labels = vec![
            ("location", self.location),
            ("transport", self.cell.transport.as_str()),
            ("function", self.cell.function.as_str()),
            ("payload_bytes", self.payload.as_str()),
        ];
        // an empty label is as none
        if !self.cell.runtime.is_native() {
            labels.push(("runtime", self.cell.runtime.as_str()));
        }
        labels.extend(more);
        self.families.add(name, help, &labels, value);
    }

    fn one(&mut self, name: &'static str, help: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.with(name, help, &[], value);
        }
    }

    fn labelled(
        &mut self,
        name: &'static str,
        help: &'static str,
        label: (&str, &str),
        value: f64,
    ) {
        self.with(name, help, &[label], value);
    }

    /// Value, interval and resolution, as far as they are stated; a value below the resolution is not one. The label is not
    /// `quantile`, which the format keeps for summaries.
    fn quantiles(
        &mut self,
        name: &'static str,
        help: &'static str,
        estimates: &ByQuantile<Estimate>,
    ) {
        let compared = Quantile::COMPARED.iter();
        for (metric, estimate) in compared.map(|&q| (q, &estimates[q])) {
            let stated = [
                ("value", visible(estimate)),
                ("lower", estimate.lower),
                ("upper", estimate.upper),
                ("resolution", estimate.resolution),
            ];
            for (bound, us) in stated {
                if let Some(us) = us {
                    self.with(
                        name,
                        help,
                        &[("metric", metric.as_str()), ("bound", bound)],
                        seconds(us),
                    );
                }
            }
        }
    }
}
