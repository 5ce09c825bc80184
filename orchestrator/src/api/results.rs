//! `/results`: reports, as JSON and as Markdown.

use super::{
    Api, Coordinators, Incoming, Response,
    latest::{LatestRun, Made},
    runs::unknown,
};
use crate::coordinator::{Derived, Question};
use protocol::{
    Plan, Problem, Report, RunId, location,
    report::{Warning, WarningKind},
    run::MissingLocation,
};
use std::{borrow::Cow, collections::BTreeMap, rc::Rc};

impl<C: Coordinators> Api<'_, C> {
    /// The latest completed report: of the location asked for, else over all of them.
    pub(super) async fn latest_results(
        &self,
        request: &impl Incoming,
    ) -> Result<Response, Problem> {
        let locations = match request.query("location") {
            None => self.settings.locations.clone(),
            Some(location) => vec![self.configured(&location)?],
        };
        let (latest, answers) = self.latest(&locations).await?;
        let missing = answers.missing_locations();
        match latest.as_slice() {
            [] => {
                let none = answers.without.first().map(|(_, problem)| problem.clone());
                let none = none.unwrap_or_else(|| Problem::new(404, "no location is configured"));
                Err(answers.nothing(none))
            }
            [(location, run)] if missing.is_empty() => self.latest_of(location, run).await,
            _ => {
                let merged = self.merged(&latest, missing).await?;
                Ok(Response::json_text(200, merged))
            }
        }
    }

    /// The latest report of one location. It is looked at once, and not for each reader.
    async fn latest_of(&self, location: &str, run: &RunId) -> Result<Response, Problem> {
        let name = format!("report {location}={run}");
        if let Some(report) = self.cache.made(&name, self.now) {
            return Ok(Response::json_text(200, report));
        }
        let of = |run| Question::Report { run };
        let report = match self.ask_cached(location, &of(Some(run.clone()))).await {
            // It has expired since it was the latest one.
            Err(problem) if problem.status == 404 => {
                self.coordinators.ask(location, &of(None)).await?.into()
            }
            report => report?,
        };
        let report = current(&report)?;
        self.cache.keep_made(&name, &report, true, self.now);
        Ok(Response::json_text(200, report))
    }

    /// The reports of all locations as one. Where some are missing it names them, and is made anew every second.
    async fn merged(
        &self,
        latest: &[LatestRun],
        mut missing: Vec<MissingLocation>,
    ) -> Result<Rc<str>, Problem> {
        let name = format!("part {latest:?} {missing:?}");
        if let Some(merged) = self.cache.made(&name, self.now) {
            return Ok(merged);
        }
        let (reports, is_whole) = match self.made_of(Derived::Merged, latest).await {
            Made::Kept(merged) if missing.is_empty() => return Ok(merged),
            Made::Kept(merged) => (vec![merged], false),
            Made::Of(reports) => {
                missing.extend(reports.missing_locations());
                let found = reports.found.into_iter().map(|(_, report)| report);
                let found: Vec<Rc<str>> = found.collect();
                let is_whole = missing.is_empty() && found.len() == latest.len();
                (found, is_whole)
            }
        };
        let merged: Rc<str> = serde_json::to_string(&merged(&reports, &missing)?)
            .map_err(|error| {
                Problem::new(500, format!("the merged report cannot be written: {error}"))
            })?
            .into();
        if is_whole {
            self.keep(Derived::Merged, latest, &merged).await;
        } else {
            self.cache.keep_made(&name, &merged, false, self.now);
        }
        Ok(merged)
    }

    /// The report of one run.
    pub(super) async fn results(&self, run: &RunId) -> Result<Response, Problem> {
        let report = self.report(run).await?;
        Ok(Response::json_text(200, current(&report)?))
    }

    /// The report of one run as Markdown.
    pub(super) async fn markdown(&self, run: &RunId) -> Result<Response, Problem> {
        let report = stored(&self.report(run).await?)?;
        let text = report::markdown::render(&report);
        Ok(Response::new(200, "text/markdown; charset=utf-8", text))
    }

    pub(super) async fn report(&self, run: &RunId) -> Result<Rc<str>, Problem> {
        let question = Question::Report {
            run: Some(run.clone()),
        };
        let answers = match self.ask_for_one(&question).await {
            Ok((_, report)) => return Ok(report),
            Err(answers) => answers,
        };
        // The location that knows the run says why there is no report; the others say only that they do not know it.
        let (location, _) = self.find(run).await?;
        let known = answers.without.into_iter().chain(answers.missing);
        let why = known.into_iter().find(|(place, _)| *place == location);
        Err(why.map_or_else(|| unknown(run), |(_, problem)| problem))
    }

    /// A location, if it is one of those configured: 404 for one that only other deployments have, 400 for what is none.
    pub(super) fn configured(&self, location: &str) -> Result<String, Problem> {
        let known = &self.settings.locations;
        let found = known.iter().find(|name| *name == location);
        found.cloned().ok_or_else(|| {
            let known = known.join(", ");
            if location::is_possible(location) {
                let detail = format!("this deployment has no location {location}; it has: {known}");
                Problem::new(404, detail)
            } else {
                Problem::new(400, format!("location must be one of: {known}"))
            }
        })
    }
}

/// A stored report, of whatever release.
pub(super) fn stored(json: &str) -> Result<Report, Problem> {
    report::read(json).map_err(unreadable)
}

/// Its JSON as this release writes it.
fn current(json: &Rc<str>) -> Result<Rc<str>, Problem> {
    Ok(match report::current(json).map_err(unreadable)? {
        Cow::Borrowed(_) => Rc::clone(json),
        Cow::Owned(rewritten) => rewritten.into(),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: report::ReadError) -> Problem {
    Problem::new(500, format!("a stored report cannot be read: {error}"))
}

/// The latest reports of all locations as one. Locations whose latest run had another plan than the newest one are left out, and named.
fn merged(reports: &[Rc<str>], missing: &[MissingLocation]) -> Result<Report, Problem> {
    let reports: Vec<Report> = reports
        .iter()
        .map(|json| stored(json))
        .collect::<Result<_, _>>()?;
    let newest = reports.iter().max_by_key(|report| report.run.finished_at);
    let Some(plan) = newest.map(|report| comparable(&report.plan)) else {
        return Err(Problem::new(404, "no location has a completed run"));
    };
    let (alike, others): (Vec<Report>, Vec<Report>) = reports
        .into_iter()
        .partition(|report| comparable(&report.plan) == plan);
    let mut merged = match alike.as_slice() {
        [only] => only.clone(),
        alike => report::merge(alike)
            .map_err(|error| Problem::new(500, format!("the reports cannot be merged: {error}")))?,
    };
    merged.warnings.extend(missing.iter().map(|place| Warning {
        kind: WarningKind::LocationMissing,
        cell: None,
        text: format!(
            "{} could not be asked, its samples are missing here: {}",
            place.location, place.reason
        ),
        figures: BTreeMap::new(),
    }));
    merged.warnings.extend(others.iter().map(|report| Warning {
        kind: WarningKind::LocationLeftOut,
        cell: None,
        text: format!(
            "the latest run of {} had another plan: GET /results?location={} shows it",
            report.run.location, report.run.location
        ),
        figures: BTreeMap::new(),
    }));
    Ok(merged)
}

/// A plan without its seed, which does not change what is measured.
fn comparable(plan: &Plan) -> Plan {
    Plan {
        seed: 0,
        ..plan.clone()
    }
}
