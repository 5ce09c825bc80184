//! The `OpenAPI` document: paths by hand, beside the schemas that the types give.

use protocol::{
    Cell, Limits, PACKAGE_VERSION, Plan, Problem, Report, RunId,
    history::History,
    history::SeriesMetric,
    limits::LimitsProfile,
    measure::{
        MAX_BATCH_SIZE, MAX_BYTES_IN_FLIGHT, MAX_CALL_TIMEOUT_MS, MAX_CONCURRENCY,
        MIN_CALL_TIMEOUT_MS,
    },
    payload::{MAX_PAYLOAD_BYTES, MIN_PAYLOAD_BYTES},
    plan::{MAX_PAYLOAD_SIZES, MAX_THRESHOLD_MS, MAX_WARMUP},
    routes::Export,
    run::{RunList, RunStatus},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// A document under construction.
struct Document {
    schemas: SchemaGenerator,
    paths: Map<String, Value>,
}

/// What a successful answer holds.
enum Body {
    Json(Value),
    Text(&'static str, &'static str),
}

/// The whole document.
pub(crate) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut document = Document {
        schemas: settings.into_generator(),
        paths: Map::new(),
    };
    document.system();
    document.runs();
    document.results();
    document.series();
    let problem = document.schema::<Problem>();
    let mut schemas = document.schemas.take_definitions(true);
    schemas.insert("Health".to_owned(), health());
    schemas.insert("PlanRequest".to_owned(), plan_request(&schemas));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "worker-rpc-latency",
            "version": PACKAGE_VERSION,
            "license": {"name": "MIT OR Apache-2.0"},
            "description": "What delegating a function from a thin stub Worker to a shared runtime Worker costs, measured from inside Cloudflare. Latencies are in microseconds (`_us`); an estimate has its 95 % interval and the resolution of the clock behind it, and what cannot be stated is null with a reason. Reading is open to every origin; starting and cancelling runs take a bearer token. Every error is a problem document (RFC 9457). HEAD works wherever GET does; OPTIONS and status 405 name the methods that a path knows (Allow).",
        },
        "servers": [{"url": "/"}],
        "paths": document.paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": other_problem(&problem)},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The secret API_TOKEN of the deployment."}},
        },
    })
}

/// What any operation may answer beside the statuses that are its own.
fn other_problem(problem: &Value) -> Value {
    let detail = "this deployment is misconfigured: the variable LIMITS cannot be used";
    let example = serde_json::to_value(Problem::new(503, detail)).unwrap();
    json!({
        "description": "Whatever else can go wrong: 405 for a method that the path does not know, 500 for a fault of the system, 502 and 504 when a coordinator could not be reached or did not answer and no other has what was asked for (missing_locations names it), 503 for a deployment with a variable that cannot be used or a database that cannot be opened.",
        "content": {"application/problem+json": {"schema": problem, "example": example}},
    })
}

/// The header field that every answer of this status carries.
fn header_of(status: u16) -> Option<Value> {
    let (name, description, example) = match status {
        202 => (
            "Location",
            "Where the run's status is.",
            "/runs/20261122T172800Z-4f9a1c07",
        ),
        401 => (
            "WWW-Authenticate",
            "How to authenticate (RFC 9110, section 11.6.1).",
            "Bearer",
        ),
        429 => ("Retry-After", "Seconds after which to try again.", "600"),
        _ => return None,
    };
    let field = json!({"description": description, "required": true, "schema": {"type": "string"}, "example": example});
    Some(json!({name: field}))
}

fn health() -> Value {
    json!({
        "type": "object",
        "required": ["status", "package_version", "compatibility_date", "limits", "locations", "starting_runs"],
        "properties": {
            "status": {"const": "ok"},
            "package_version": {"type": "string"},
            "deployed_version_id": {"type": ["string", "null"], "description": "Cloudflare's id of the deployed version; null locally."},
            "compatibility_date": {"type": "string"},
            "limits": {"type": "string", "enum": ["paid", "free", "local"]},
            "locations": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "starting_runs": {"type": "string", "description": "Who may start runs."},
        },
    })
}

fn query(name: &str, description: &str, required: bool, schema: &Value) -> Value {
    json!({"name": name, "in": "query", "required": required, "description": description, "schema": schema})
}

fn location_parameter() -> Value {
    query(
        "location",
        "One of the configured locations (GET /health lists them).",
        false,
        &json!({"type": "string"}),
    )
}

impl Document {
    fn schema<T: JsonSchema>(&mut self) -> Value {
        serde_json::to_value(self.schemas.subschema_for::<T>()).unwrap()
    }

    fn path_parameter<T: JsonSchema>(&mut self, name: &str, description: &str) -> Value {
        json!({"name": name, "in": "path", "required": true, "description": description, "schema": self.schema::<T>()})
    }

    fn run_parameter(&mut self) -> Value {
        self.path_parameter::<RunId>("run", "The run's id.")
    }

    /// Adds an operation; `errors` are its problem statuses with what each means there.
    fn add(
        &mut self,
        method: &str,
        path: &str,
        about: (&str, &str),
        parameters: &[Value],
        answer: (u16, Body),
        errors: &[(u16, &str)],
    ) {
        let (id, summary) = about;
        let (status, body) = answer;
        let mut success = json!({"description": summary});
        match body {
            Body::Json(schema) => {
                success["content"] = json!({"application/json": {"schema": schema}});
            }
            Body::Text(media_type, example) => {
                success["content"] =
                    json!({media_type: {"schema": {"type": "string"}, "example": example}});
            }
        }
        let mut responses = Map::from_iter([(
            "default".to_owned(),
            json!({"$ref": "#/components/responses/Problem"}),
        )]);
        if let Some(headers) = header_of(status) {
            success["headers"] = headers;
        }
        responses.insert(status.to_string(), success);
        let problem = self.schema::<Problem>();
        for (status, meaning) in errors {
            let example = serde_json::to_value(Problem::new(*status, *meaning)).unwrap();
            let content =
                json!({"application/problem+json": {"schema": problem, "example": example}});
            let mut response = json!({"description": meaning, "content": content});
            if let Some(headers) = header_of(*status) {
                response["headers"] = headers;
            }
            responses.insert(status.to_string(), response);
        }
        let operation = json!({"operationId": id, "summary": summary, "parameters": parameters, "responses": responses});
        let path = self.paths.entry(path).or_insert_with(|| json!({}));
        path[method] = operation;
    }

    fn system(&mut self) {
        let health = json!({"$ref": "#/components/schemas/Health"});
        self.add(
            "get",
            "/health",
            ("health", "Liveness, versions and locations."),
            &[],
            (200, Body::Json(health)),
            &[],
        );
        let example = "# HELP worker_rpc_run_active Whether a run is active.\n# TYPE worker_rpc_run_active gauge\nworker_rpc_run_active{location=\"default\"} 0\n";
        self.add(
            "get",
            "/metrics",
            (
                "metrics",
                "The latest figures in the Prometheus text format, in seconds.",
            ),
            &[],
            (200, Body::Text("text/plain", example)),
            &[],
        );
        self.add(
            "get",
            "/openapi.json",
            ("openapi", "This document."),
            &[],
            (200, Body::Json(json!({"type": "object"}))),
            &[],
        );
    }

    fn runs(&mut self) {
        let status = self.schema::<RunStatus>();
        let run = self.run_parameter();
        self.add("post", "/runs", ("startRun", "Starts a run at every location; the answer is the first one's status, with the others as siblings."), &[], (202, Body::Json(status.clone())), &[
            (400, "the plan has 1 bad field(s)"),
            (401, "starting and cancelling runs takes the header Authorization: Bearer <API_TOKEN>"),
            (403, "no API_TOKEN is configured, so nobody may start or cancel runs"),
            (409, "run 20261122T172800Z-4f9a1c07 is running; wait until it ends, or DELETE it"),
            (413, "a plan has at most 16384 bytes"),
            (429, "12 runs have been started within the hour, which is all that RUNS_PER_HOUR allows"),
        ]);
        let start = &mut self.paths["/runs"]["post"];
        start["security"] = json!([{"token": []}]);
        start["requestBody"] = json!({
            "required": false,
            "description": "The plan. Every field may be left out and then has its default; no body is the default plan.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PlanRequest"}, "example": {"transports": ["direct", "rpc"], "functions": ["echo"], "payload_bytes": [100, 10_000]}}},
        });
        let list = self.schema::<RunList>();
        let pages = [
            query(
                "limit",
                "Runs on a page.",
                false,
                &json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            ),
            query(
                "before",
                "Only runs before this one: the last answer's next_before.",
                false,
                &self.schema::<RunId>(),
            ),
        ];
        self.add(
            "get",
            "/runs",
            (
                "listRuns",
                "Runs of every location, newest first, page by page.",
            ),
            &pages,
            (200, Body::Json(list)),
            &[(400, "limit must be a whole number from 1 to 100")],
        );
        let missing = (
            404,
            "there is no run 20261122T172800Z-4f9a1c07; GET /runs lists those kept",
        );
        self.add(
            "get",
            "/runs/{run}",
            (
                "run",
                "State, progress, and what the run takes of the account.",
            ),
            std::slice::from_ref(&run),
            (200, Body::Json(status.clone())),
            &[missing],
        );
        self.add("delete", "/runs/{run}", ("cancelRun", "Cancels a run; what was measured is kept."), std::slice::from_ref(&run), (200, Body::Json(status)), &[
            (401, "starting and cancelling runs takes the header Authorization: Bearer <API_TOKEN>"),
            (403, "no API_TOKEN is configured, so nobody may start or cancel runs"),
            missing,
            (409, "run 20261122T172800Z-4f9a1c07 is completed already"),
        ]);
        self.paths["/runs/{run}"]["delete"]["security"] = json!([{"token": []}]);
        let last_event = json!({"name": "Last-Event-ID", "in": "header", "required": false, "description": "The last event seen; browsers send it by themselves.", "schema": {"type": "string"}});
        let example = "id: running-58\nevent: progress\ndata: {\"id\":\"20261122T172800Z-4f9a1c07\",\"state\":\"running\"}\n\n";
        self.add("get", "/runs/{run}/events", ("runEvents", "Live progress as server-sent events: `progress`, then `ended`; each holds a RunStatus."), &[run, last_event], (200, Body::Text("text/event-stream", example)), &[missing]);
        self.paths["/runs/{run}/events"]["get"]["responses"]["204"] =
            json!({"description": "The end of the run has been told: do not come back."});
    }

    fn results(&mut self) {
        let (report, run) = (self.schema::<Report>(), self.run_parameter());
        let missing = (
            404,
            "there is no run 20261122T172800Z-4f9a1c07; GET /runs lists those kept",
        );
        self.add("get", "/results", ("latestResults", "The latest completed run's report; with several locations and none named, merged over all of them."), &[location_parameter()], (200, Body::Json(report.clone())), &[
            (400, "location must be one of: wnam, weur"),
            (404, "no run has been completed yet; start one with POST /runs, or wait for the schedule"),
        ]);
        self.add(
            "get",
            "/results/{run}",
            ("results", "The report of a run that has ended."),
            std::slice::from_ref(&run),
            (200, Body::Json(report)),
            &[missing],
        );
        self.add(
            "get",
            "/results/{run}.md",
            ("resultsMarkdown", "The report as Markdown."),
            std::slice::from_ref(&run),
            (
                200,
                Body::Text("text/markdown", "| Method | Payload | p50 | p95 | p99 |\n"),
            ),
            &[missing],
        );
        let cell = self.path_parameter::<Cell>("cell", "The cell's id.");
        for form in Export::ALL {
            let (media_type, summary, example) = match form {
                Export::Hgrm => (
                    "text/plain",
                    "One cell's percentile table, as the HdrHistogram plotter reads it, in ms.",
                    "       Value     Percentile TotalCount 1/(1-Percentile)\n",
                ),
                Export::Hlog => (
                    "text/plain",
                    "One cell's lossless HdrHistogram interval log (V2), in ns, one interval a slice.",
                    "#[MaxValueDivisor: 1000000.000]\n0.120,0.048,0.230,HISTFAAAACV4nJNpmSzMwMDAzgABzFCaEcL7/9/+A0TgYzsj00QWJgB5JwaU\n",
                ),
                Export::Csv => (
                    "text/csv",
                    "One cell's raw samples, one a line.",
                    "run,cell,block,slice,attempt,call,latency_ns,timer,resolution_ns,flags\n",
                ),
            };
            let mut errors = vec![missing];
            if *form == Export::Csv {
                errors.push((410, "the raw samples have been let go (KEEP_SAMPLES_OF_RUNS); .hlog and .hgrm remain"));
            }
            let id = format!("cell{}", form.as_str());
            self.add(
                "get",
                &format!("/results/{{run}}/cells/{{cell}}.{form}"),
                (&id, summary),
                &[run.clone(), cell.clone()],
                (200, Body::Text(media_type, example)),
                &errors,
            );
        }
    }

    fn series(&mut self) {
        let (history, metric, cell) = (
            self.schema::<History>(),
            self.schema::<SeriesMetric>(),
            self.schema::<Cell>(),
        );
        let parameters = [
            query("cell", "The cell's id.", true, &cell),
            query("metric", "The figure; p50 unless named.", false, &metric),
            location_parameter(),
        ];
        self.add(
            "get",
            "/history",
            (
                "history",
                "One figure of one cell over the runs of one location, with change points.",
            ),
            &parameters,
            (200, Body::Json(history)),
            &[
                (
                    400,
                    "cell must be named, as in ?cell=service-binding.echo.100&metric=p50",
                ),
                (
                    404,
                    "no completed run of default has the cell service-binding.echo.100; GET /results lists those of the latest",
                ),
            ],
        );
    }
}

/// A plan as it is asked for: nothing in it is required, nothing else is accepted, and what the types cannot say is said here.
fn plan_request(schemas: &Map<String, Value>) -> Value {
    let mut thresholds = schemas["Thresholds"].clone();
    let mut plan = schemas["Plan"].clone();
    for object in [&mut thresholds, &mut plan] {
        object.as_object_mut().unwrap().remove("required");
        object["additionalProperties"] = json!(false);
    }
    for threshold in thresholds["properties"]
        .as_object_mut()
        .unwrap()
        .values_mut()
    {
        restrict(
            threshold,
            &json!({"exclusiveMinimum": 0, "maximum": MAX_THRESHOLD_MS}),
        );
    }
    let fields = &mut plan["properties"];
    fields["thresholds"] = thresholds;
    let most_samples = Limits::of(LimitsProfile::Paid).samples_per_cell;
    for (field, limits) in [
        ("transports", json!({"minItems": 1, "uniqueItems": true})),
        ("functions", json!({"minItems": 1, "uniqueItems": true})),
        (
            "payload_bytes",
            json!({"minItems": 1, "maxItems": MAX_PAYLOAD_SIZES, "uniqueItems": true}),
        ),
        (
            "samples_per_cell",
            json!({"minimum": 1, "maximum": most_samples}),
        ),
        ("warmup_per_slice", json!({"maximum": MAX_WARMUP})),
        ("seed", json!({"maximum": u64::MAX})),
        (
            "call_timeout_ms",
            json!({"minimum": MIN_CALL_TIMEOUT_MS, "maximum": MAX_CALL_TIMEOUT_MS}),
        ),
        (
            "batch_size",
            json!({"minimum": 1, "maximum": MAX_BATCH_SIZE}),
        ),
        (
            "concurrency",
            json!({"minimum": 1, "maximum": MAX_CONCURRENCY}),
        ),
    ] {
        restrict(&mut fields[field], &limits);
    }
    restrict(
        &mut fields["payload_bytes"]["items"],
        &json!({"minimum": MIN_PAYLOAD_BYTES, "maximum": MAX_PAYLOAD_BYTES}),
    );
    for (field, value) in serde_json::to_value(Plan::default())
        .unwrap()
        .as_object()
        .unwrap()
    {
        fields[field]["default"] = value.clone();
    }
    plan["description"] = json!(format!(
        "A plan as it is asked for: every field may be left out and then has its default. What this schema cannot say: at most {MAX_BYTES_IN_FLIGHT} bytes are in flight at once (largest payload x batch_size, where a transport carries batches, x concurrency); a concurrency above 1 excludes the interpolated timer; the slices of all cells must fit the account's limits, and those of a free account also allow fewer samples. A refusal says what fits."
    ));
    plan
}

/// Adds keywords to a schema.
fn restrict(schema: &mut Value, keywords: &Value) {
    let keywords = keywords.as_object().unwrap().clone();
    schema.as_object_mut().unwrap().extend(keywords);
}
