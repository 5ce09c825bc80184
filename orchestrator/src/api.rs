//! The HTTP API: one function for each route, errors as problem documents.
//!
//! Contract: [`Api::respond`] takes a request and gives the response, having asked the coordinators what it needs. It holds no state
//! beyond a small cache of what readers ask for ([`response_cache::ResponseCache`]). Requests, coordinators and time are parameters, so that all of it runs
//! natively in tests.
//!
//! Out of scope: static files and the stream of events, which the platform serves: [`Reply`] says when.

mod access;
mod capabilities;
mod comparison;
mod deployment_starts;
mod doctor;
pub mod events;
mod export;
mod history;
mod latest;
mod metrics;
mod places;
mod response;
pub mod response_cache;
mod results;
mod runs;
mod scheduled;

pub use access::allowed_methods;
pub use response::{JSON, Response, SECURITY_HEADERS};

use crate::{
    coordinator::{Answer, Question},
    settings::Settings,
    store::Millis,
};
use protocol::{
    PACKAGE_VERSION, Problem, RunId, Runtime,
    capabilities::Capabilities,
    cold_start,
    examination::{CallerFindings, Probing},
    measure::{MeasureRequest, MeasureResponse},
    plan::MAX_PLAN_BYTES,
    routes::{Route, RouteError},
};
use response_cache::ResponseCache;

/// The API, machine-readable: written from the types by crate `openapi`, whose tests hold it to them.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// A request, as the platform hands it over.
pub trait Incoming {
    /// The method, in capitals.
    fn method(&self) -> &str;
    /// The path of the URL, percent-encoded as it came.
    fn path(&self) -> &str;
    /// The first query parameter of that name, decoded.
    fn query(&self, name: &str) -> Option<String>;
    /// A header field.
    fn header(&self, name: &str) -> Option<String>;
    /// Reads the body, giving up as soon as it proves longer than `limit` bytes.
    ///
    /// # Errors
    /// [`BodyError`].
    fn body(&self, limit: usize) -> impl Future<Output = Result<Vec<u8>, BodyError>>;
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Longer than the limit.
    TooLong,
    /// It broke off.
    Broken,
}

/// The way to the other Workers of the deployment: the coordinators, and through the caller the runtimes.
pub trait Coordinators {
    /// Asks the coordinator of a location.
    fn ask(&self, location: &str, question: &Question) -> impl Future<Output = Answer>;

    /// What a runtime says of itself.
    ///
    /// # Errors
    /// A problem of status 404 where this deployment has no such runtime, another where it does not say.
    fn runtime(&self, runtime: Runtime) -> impl Future<Output = Result<RuntimeFacts, Problem>>;

    /// What the caller finds out about its surroundings.
    ///
    /// # Errors
    /// It does not answer.
    fn examine_caller(
        &self,
        probing: Probing,
    ) -> impl Future<Output = Result<CallerFindings, Problem>>;

    /// Has the caller measure one slice.
    ///
    /// # Errors
    /// 404 when it has no such runtime; 502 when it does not answer, or refuses.
    fn measure(
        &self,
        request: &MeasureRequest,
    ) -> impl Future<Output = Result<MeasureResponse, Problem>>;

    /// Whether the Worker for cold starts is bound.
    fn has_cold_starts(&self) -> bool;

    /// What the Worker for cold starts can sample.
    ///
    /// # Errors
    /// It does not say.
    fn cold_starts(&self) -> impl Future<Output = Result<cold_start::Capabilities, Problem>>;
}

/// What is known of a runtime of this deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeFacts {
    /// What it can do.
    pub capabilities: Capabilities,
    /// Whether there is a stub that executes its functions itself, for `direct`.
    pub is_inlined: bool,
}

/// What the platform is to answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This response.
    Full(Response),
    /// The stream of a run's events, of which [`events`] makes each frame.
    Events {
        /// The location that knows the run: only that one is asked again.
        location: String,
        /// The run.
        run: RunId,
    },
    /// The static file of the request's path, if there is one; else this.
    File(Response),
}

/// The API of one deployment.
#[derive(Debug)]
pub struct Api<'a, C> {
    /// The coordinators.
    pub coordinators: C,
    /// The operator's configuration.
    pub settings: &'a Settings,
    /// What has been read lately.
    pub cache: &'a ResponseCache,
    /// The instant of the request.
    pub now: Millis,
    /// A random number, which distinguishes runs of the same second.
    pub random: u32,
}

impl<C: Coordinators> Api<'_, C> {
    /// Answers a request.
    pub async fn respond(&self, request: &impl Incoming) -> Reply {
        let reply = match Route::parse(request.path()) {
            Ok(route) => self
                .route(route, request)
                .await
                .unwrap_or_else(|problem| Reply::Full(problem.into())),
            Err(error) => unrouted(&error, request),
        };
        match reply {
            // Any page may read, and none may start a run: that takes a token in a header, which no other origin may send.
            Reply::Full(response) if reads(request) => {
                Reply::Full(response.with("access-control-allow-origin", "*"))
            }
            reply => reply,
        }
    }

    async fn route(&self, route: Route, request: &impl Incoming) -> Result<Reply, Problem> {
        let method = request.method();
        if !access::allows(&route, method) {
            return Ok(Reply::Full(method_not_allowed(&route)));
        }
        let response = match (method, route) {
            ("OPTIONS", route) => {
                Response::new(204, JSON, "").with("allow", allowed_methods(&route))
            }
            ("POST", Route::Runs) => self.start(request).await?,
            ("DELETE", Route::Run(run)) => self.cancel(request, &run).await?,
            (_, Route::Health) => self.health(),
            (_, Route::Doctor) => self.examine(request).await?,
            (_, Route::DeploymentStarts) => self.time_deployment_start(request).await?,
            (_, Route::Runs) => self.list(request).await?,
            (_, Route::Run(run)) => self.status(&run).await?,
            (method, Route::RunEvents(run)) => {
                let (location, status) = self.find(&run).await?;
                let follower = events::Follower::having_seen(request.header("last-event-id"));
                match method {
                    "HEAD" => Response::new(200, events::MEDIA_TYPE, ""),
                    // This status, and no other, ends a browser's attempts to come back.
                    _ if follower.knows_the_end(&status) => {
                        Response::new(204, events::MEDIA_TYPE, "")
                    }
                    _ => return Ok(Reply::Events { location, run }),
                }
            }
            (_, Route::LatestResults) => self.latest_results(request).await?,
            (_, Route::Results(run)) => self.results(&run).await?,
            (_, Route::ResultsMarkdown(run)) => self.markdown(&run).await?,
            (_, Route::CellExport(run, cell, form)) => self.export(&run, cell, form).await?,
            (_, Route::Comparison) => self.comparison(request).await?,
            (_, Route::History) => self.history(request).await?,
            (_, Route::Metrics) => self.metrics().await?,
            (_, Route::OpenApi) => Response::json_text(200, OPENAPI),
        };
        Ok(Reply::Full(response))
    }

    fn health(&self) -> Response {
        Response::json(
            200,
            &serde_json::json!({
                "status": "ok",
                "package_version": PACKAGE_VERSION,
                "deployed_version_id": self.settings.deployed_version_id,
                "compatibility_date": self.settings.compatibility_date,
                "limits": self.settings.limits.profile,
                "locations": self.settings.locations,
                "starting_runs": if self.settings.api_token.is_some() { "with token" } else { "refused: no API_TOKEN is configured" },
            }),
        )
    }
}

/// What is no route may be a file of the page; only reading finds files.
fn unrouted(error: &RouteError, request: &impl Incoming) -> Reply {
    match error {
        RouteError::Part(detail) => Reply::Full(Problem::new(404, detail.clone()).into()),
        RouteError::Unknown if reads(request) => {
            Reply::File(Problem::new(404, error.to_string()).into())
        }
        RouteError::Unknown => Reply::Full(Problem::new(404, error.to_string()).into()),
    }
}

fn reads(request: &impl Incoming) -> bool {
    matches!(request.method(), "GET" | "HEAD")
}

fn method_not_allowed(route: &Route) -> Response {
    let allowed = allowed_methods(route);
    let problem = Problem::new(405, format!("this resource knows {allowed}"));
    Response::from(problem).with("allow", allowed)
}

/// Reads a body of at most [`MAX_PLAN_BYTES`].
async fn plan_text(request: &impl Incoming) -> Result<Vec<u8>, Problem> {
    let too_long = || Problem::new(413, format!("a body has at most {MAX_PLAN_BYTES} bytes"));
    let announced = request
        .header("content-length")
        .and_then(|text| text.trim().parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_PLAN_BYTES as u64) {
        return Err(too_long());
    }
    request
        .body(MAX_PLAN_BYTES)
        .await
        .map_err(|error| match error {
            BodyError::TooLong => too_long(),
            BodyError::Broken => Problem::new(400, "the body broke off"),
        })
}
