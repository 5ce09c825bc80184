//! `POST /deployment-starts`: times the first call that a new version of a runtime answers, and keeps it once.

use super::{
    Api, Coordinators, Incoming, Response, access, capabilities::absent, plan_text, runs::read,
};
use crate::coordinator::Question;
use chrono::DateTime;
use protocol::{
    Function, PayloadShape, Problem, Runtime, Transport,
    deployment_starts::{DeploymentStart, DeploymentStartRequest, SEED},
    measure::{DEFAULT_CALL_TIMEOUT_MS, MeasureRequest, MeasureResponse, TimerChoice},
};

/// What to wait before asking again, in seconds: a version is everywhere within seconds.
const RETRY_AFTER_SECONDS: &str = "2";

impl<C: Coordinators> Api<'_, C> {
    /// Times a start. Whoever asks again with the same key gets what was kept.
    pub(super) async fn time_deployment_start(
        &self,
        request: &impl Incoming,
    ) -> Result<Response, Problem> {
        access::authorise(self.settings, request)?;
        let wanted = DeploymentStartRequest::parse(&plan_text(request).await?)?;
        // The caller that is asked is the one near this Worker, wherever that is: which coordinator keeps it says nothing of the place.
        let location = self.settings.locations.first().cloned().unwrap_or_default();
        let asked = Question::DeploymentStart {
            key: wanted.key.clone(),
        };
        let kept = self.coordinators.ask(&location, &asked).await?;
        if let Some(kept) = read::<Option<DeploymentStart>>(&kept)? {
            return of_same_request(&wanted, &kept);
        }
        let answer = self
            .coordinators
            .measure(&first_call(wanted.runtime))
            .await
            .map_err(|problem| unless_unknown(problem, wanted.runtime))?;
        let start = match start_in(&wanted, &answer, self.now) {
            Ok(start) => start,
            Err(NoStart::NotFresh(problem)) => {
                let response = Response::from(problem);
                return Ok(response.with("retry-after", RETRY_AFTER_SECONDS));
            }
            Err(NoStart::Unknown(problem)) => return Err(problem),
        };
        let keep = Question::KeepDeploymentStart(start);
        let kept: DeploymentStart = read(&self.coordinators.ask(&location, &keep).await?)?;
        of_same_request(&wanted, &kept)
    }
}

/// One call over the binding, before which nothing is called: the caller notes how long one takes that meets a fresh isolate.
fn first_call(runtime: Runtime) -> MeasureRequest {
    MeasureRequest {
        runtime,
        transport: Transport::ServiceBinding,
        function: Function::Echo,
        payload_bytes: 100,
        payload_shape: PayloadShape::Text,
        samples: 1,
        warmup: 1,
        chain: 0,
        timer: TimerChoice::Ticked,
        seed: SEED,
        call_timeout_ms: 3 * DEFAULT_CALL_TIMEOUT_MS,
        batch_size: 1,
        concurrency: 1,
        neighbour: None,
    }
}

/// A runtime that the caller does not have is a mistake of the sender's. Whether it has one is found out by the timed call itself: to ask the runtime
/// before would be its isolate's first request.
fn unless_unknown(problem: Problem, runtime: Runtime) -> Problem {
    if problem.status != 404 {
        return problem;
    }
    let error = absent("runtime".to_owned(), runtime, &problem);
    Problem::new(400, "bad field(s): runtime").with_errors(vec![error])
}

/// Why an answer has no start in it.
enum NoStart {
    /// The isolate had been called before.
    NotFresh(Problem),
    /// It is not known whether it had.
    Unknown(Problem),
}

fn start_in(
    wanted: &DeploymentStartRequest,
    answer: &MeasureResponse,
    now: crate::store::Millis,
) -> Result<DeploymentStart, NoStart> {
    let runtime = wanted.runtime;
    let unknown = |why: &str| {
        NoStart::Unknown(Problem::new(
            502,
            format!("the first call of runtime {runtime} could not be timed: {why}"),
        ))
    };
    let failed = answer.failure.as_deref();
    let met = answer
        .residency
        .as_ref()
        .filter(|met| !met.isolates.is_empty());
    let met = met.ok_or_else(|| {
        unknown(failed.unwrap_or(
            "its answers do not say which isolate gave them (`isolate`, docs/contracts.md)",
        ))
    })?;
    let (Some(fresh), Some(cold)) = (
        met.isolates.iter().find(|met| met.first_served == 1),
        met.cold.first(),
    ) else {
        let served = met.isolates.iter().map(|met| met.first_served).min();
        return Err(NoStart::NotFresh(Problem::new(
            503,
            format!(
                "the call met an isolate of runtime {runtime} that had served {} before: the new version has not arrived, or somebody else called it first; ask again, or deploy another",
                served.unwrap_or(1).saturating_sub(1)
            ),
        )));
    };
    Ok(DeploymentStart {
        key: wanted.key.clone(),
        runtime,
        version: wanted.version.clone(),
        at: DateTime::from_timestamp_millis(now).unwrap_or_default(),
        cold_ms: cold.ms,
        tick_ms: answer.clock.map_or(1, |clock| clock.tick_ms),
        isolate: fresh.id,
    })
}

fn of_same_request(
    wanted: &DeploymentStartRequest,
    kept: &DeploymentStart,
) -> Result<Response, Problem> {
    if (wanted.runtime, &wanted.version) == (kept.runtime, &kept.version) {
        return Ok(Response::json(200, kept));
    }
    Err(Problem::new(
        409,
        format!(
            "key \"{}\" is that of another start (runtime {}, version {}); choose another key",
            kept.key,
            kept.runtime,
            kept.version.as_deref().unwrap_or("not named")
        ),
    ))
}
