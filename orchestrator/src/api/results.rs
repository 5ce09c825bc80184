//! `/results`: reports, as JSON and as Markdown.

use super::{Api, Coordinators, Incoming, Response, runs::read};
use crate::coordinator::Question;
use protocol::{Problem, Report, RunId};

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
        let (mut reports, mut missing) = (Vec::new(), None);
        for location in &locations {
            match self
                .ask_cached(location, &Question::Report { run: None })
                .await
            {
                Ok(report) => reports.push(report),
                Err(problem) if problem.status == 404 => missing = Some(problem),
                Err(problem) => return Err(problem),
            }
        }
        match reports.as_slice() {
            [] => Err(missing.unwrap_or_else(|| Problem::new(404, "no location is configured"))),
            [report] => Ok(Response::json_text(200, report.as_str())),
            [first, ..] => Ok(Response::json_text(200, first.as_str())),
        }
    }

    /// The report of one run.
    pub(super) async fn results(&self, run: &RunId) -> Result<Response, Problem> {
        Ok(Response::json_text(200, self.report(run).await?))
    }

    /// The report of one run as Markdown.
    pub(super) async fn markdown(&self, run: &RunId) -> Result<Response, Problem> {
        let report: Report = read(&self.report(run).await?)?;
        let text = protocol::markdown::render(&report);
        Ok(Response::new(200, "text/markdown; charset=utf-8", text))
    }

    async fn report(&self, run: &RunId) -> Result<String, Problem> {
        let question = Question::Report {
            run: Some(run.clone()),
        };
        let mut missing = Problem::new(404, format!("there is no run {run}"));
        for location in &self.settings.locations {
            match self.ask_cached(location, &question).await {
                Ok(report) => return Ok(report),
                // Of several locations one knows the run, and says best why there is no report.
                Err(problem) if problem.status == 404 => {
                    if !problem.detail.starts_with("there is no run") {
                        missing = problem;
                    }
                }
                Err(problem) => return Err(problem),
            }
        }
        Err(missing)
    }

    /// A location, if it is one of those configured.
    pub(super) fn configured(&self, location: &str) -> Result<String, Problem> {
        let known = &self.settings.locations;
        let found = known.iter().find(|name| *name == location);
        found.cloned().ok_or_else(|| {
            let detail = format!("location must be one of: {}", known.join(", "));
            Problem::new(400, detail)
        })
    }
}
