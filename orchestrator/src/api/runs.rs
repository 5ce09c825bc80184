//! `/runs`: starting, listing, following, cancelling.

use super::{Api, Coordinators, Incoming, Response, access, plan_text};
use crate::coordinator::{Question, Start};
use chrono::DateTime;
use futures_util::future::join_all;
use protocol::{
    Plan, Problem, RunId,
    run::{DEFAULT_RUNS_LISTED, MAX_RUNS_LISTED, RunList, RunStatus, Sibling, Trigger},
};

impl<C: Coordinators> Api<'_, C> {
    /// Starts a run at every location. Either all of them start or none: a location that is busy refuses for all.
    pub(super) async fn start(&self, request: &impl Incoming) -> Result<Response, Problem> {
        access::authorise(self.settings, request)?;
        let plan = Plan::parse(&plan_text(request).await?, &self.settings.limits)?;
        self.check_capabilities(&plan).await?;
        let places = self.settings.locations.iter();
        let may_start = places.map(|place| self.coordinators.ask(place, &Question::MayStart));
        for answer in join_all(may_start).await {
            answer?;
        }
        let mut started: Vec<RunStatus> = Vec::new();
        for start in self.starts(&plan, Trigger::Request) {
            let (location, run) = (start.location.clone(), start.id.clone());
            match self
                .coordinators
                .ask(&location, &Question::Start(Box::new(start)))
                .await
            {
                Ok(status) => started.push(read(&status)?),
                Err(problem) => {
                    let mut begun: Vec<(String, RunId)> = started
                        .into_iter()
                        .map(|status| (status.location, status.id))
                        .collect();
                    if problem.status >= 500 {
                        // It may have started all the same.
                        begun.push((location, run));
                    }
                    self.withdraw(begun).await;
                    return Err(problem);
                }
            }
        }
        self.cache.forget_unsettled();
        let first = started
            .first()
            .ok_or_else(|| Problem::new(500, "no location is configured"))?;
        Ok(Response::json(202, first).with("location", format!("/runs/{}", first.id)))
    }

    /// One start for each location, each later than the one before by the configured stagger.
    pub(super) fn starts(&self, plan: &Plan, trigger: Trigger) -> Vec<Start> {
        let created_at = DateTime::from_timestamp_millis(self.now).unwrap_or_default();
        let places: Vec<Sibling> = (0_u32..)
            .zip(&self.settings.locations)
            .map(|(number, location)| Sibling {
                location: location.clone(),
                id: RunId::new(created_at, self.random.wrapping_add(number)),
            })
            .collect();
        (0_i64..)
            .zip(&places)
            .map(|(number, place)| Start {
                id: place.id.clone(),
                trigger,
                location: place.location.clone(),
                plan: plan.clone(),
                siblings: places
                    .iter()
                    .filter(|other| *other != place)
                    .cloned()
                    .collect(),
                delay_ms: number * i64::from(self.settings.location_stagger_ms),
            })
            .collect()
    }

    /// Takes back what has been started when a later location refuses after all.
    async fn withdraw(&self, begun: Vec<(String, RunId)>) {
        for (location, run) in begun {
            // It may have ended by itself; there is nothing else to be done about a failure here.
            let _ = self
                .coordinators
                .ask(&location, &Question::Cancel { run })
                .await;
        }
    }

    /// Runs of every location, newest first.
    pub(super) async fn list(&self, request: &impl Incoming) -> Result<Response, Problem> {
        let limit = page_length(request.query("limit"))?;
        let before = match request.query("before") {
            None => None,
            Some(text) => Some(
                text.parse::<RunId>()
                    .map_err(|error| Problem::new(400, format!("before: {error}")))?,
            ),
        };
        let name = format!("runs {limit} {before:?}");
        if let Some(list) = self.cache.made(&name, self.now) {
            return Ok(Response::json_text(200, list));
        }
        let question = Question::List {
            before,
            limit: limit + 1,
        };
        // What is kept is the list: its parts are not kept as well, or it would be up to two seconds old.
        let answers = self.ask_all_anew(&self.settings.locations, &question).await;
        if answers.found.is_empty() {
            return Err(answers.nothing(Problem::new(500, "no location is configured")));
        }
        let mut runs: Vec<RunStatus> = Vec::new();
        for (_, page) in &answers.found {
            runs.extend(read::<Vec<RunStatus>>(page)?);
        }
        runs.sort_by(|one, other| other.id.cmp(&one.id));
        let more = runs.len() > limit as usize;
        runs.truncate(limit as usize);
        let next_before = runs.last().filter(|_| more).map(|run| run.id.clone());
        let list = RunList {
            runs,
            next_before,
            missing_locations: answers.missing_locations(),
        };
        let response = Response::json(200, &list);
        self.cache.keep_made(&name, &response.body, false, self.now);
        Ok(response)
    }

    pub(super) async fn status(&self, run: &RunId) -> Result<Response, Problem> {
        let (_, status) = self.find(run).await?;
        Ok(Response::json(200, &status))
    }

    pub(super) async fn cancel(
        &self,
        request: &impl Incoming,
        run: &RunId,
    ) -> Result<Response, Problem> {
        access::authorise(self.settings, request)?;
        let (location, _) = self.find(run).await?;
        let question = Question::Cancel { run: run.clone() };
        let status: RunStatus = read(&self.coordinators.ask(&location, &question).await?)?;
        self.cache.forget_unsettled();
        Ok(Response::json(200, &status))
    }

    /// The location that knows a run, and the run's status.
    ///
    /// # Errors
    /// 404 when no location knows it; 502, 503 or 504 when none of those does that could be asked.
    pub async fn find(&self, run: &RunId) -> Result<(String, RunStatus), Problem> {
        let question = Question::Status { run: run.clone() };
        match self.ask_for_one(&question).await {
            Ok((location, status)) => Ok((location, read(&status)?)),
            Err(answers) => Err(answers.nothing(unknown(run))),
        }
    }

    /// The status of a run that a location is known to have.
    ///
    /// # Errors
    /// What its coordinator answers, or that it could not be asked.
    pub async fn status_at(&self, location: &str, run: &RunId) -> Result<RunStatus, Problem> {
        let question = Question::Status { run: run.clone() };
        read(&self.ask_cached(location, &question).await?)
    }
}

/// `?limit=`, from 1 to [`MAX_RUNS_LISTED`].
pub(super) fn page_length(given: Option<String>) -> Result<u32, Problem> {
    let Some(text) = given else {
        return Ok(DEFAULT_RUNS_LISTED);
    };
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_RUNS_LISTED).contains(limit))
        .ok_or_else(|| {
            Problem::new(
                400,
                format!("limit must be a whole number from 1 to {MAX_RUNS_LISTED}"),
            )
        })
}

/// Reads a coordinator's answer.
pub(super) fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| {
        Problem::new(
            500,
            format!("a coordinator's answer cannot be read: {error}"),
        )
    })
}

/// No location knows the run.
pub(super) fn unknown(run: &RunId) -> Problem {
    let detail = format!("there is no run {run}; GET /runs lists those kept");
    Problem::new(404, detail)
}
