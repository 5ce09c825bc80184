//! The `OpenAPI` document: paths by hand, beside the schemas that the types give.

use protocol::{
    Cell, PACKAGE_VERSION, Plan, Problem, Report, RunId,
    history::History,
    history::SeriesMetric,
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
    let mut schemas = document.schemas.take_definitions(true);
    schemas.insert("Health".to_owned(), health());
    schemas.insert("PlanRequest".to_owned(), plan_request(&schemas));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "worker-rpc-latency",
            "version": PACKAGE_VERSION,
            "license": {"name": "MIT OR Apache-2.0"},
            "description": "What delegating a function from a thin stub Worker to a shared runtime Worker costs, measured from inside Cloudflare. Latencies are in microseconds (`_us`); an estimate has its 95 % interval and the resolution of the clock behind it, and what cannot be stated is null with a reason. Reading is open to every origin; starting and cancelling runs take a bearer token. Every error is a problem document (RFC 9457).",
        },
        "servers": [{"url": "/"}],
        "paths": document.paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The secret API_TOKEN of the deployment."}},
        },
    })
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
        let mut responses = Map::new();
        responses.insert(status.to_string(), success);
        let problem = self.schema::<Problem>();
        for (status, meaning) in errors {
            let example = serde_json::to_value(Problem::new(*status, *meaning)).unwrap();
            let content =
                json!({"application/problem+json": {"schema": problem, "example": example}});
            responses.insert(
                status.to_string(),
                json!({"description": meaning, "content": content}),
            );
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
            &[(
                503,
                "this deployment is misconfigured: the variable LIMITS cannot be used",
            )],
        );
        let example = "# HELP worker_rpc_runs Runs kept, by state.\n# TYPE worker_rpc_runs gauge\nworker_rpc_runs{location=\"default\",state=\"completed\"} 12\n";
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
        start["responses"]["202"]["headers"] = json!({"Location": {"description": "Where the run's status is.", "required": true, "schema": {"type": "string"}}});
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
                &json!({"type": "string"}),
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
                    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
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
                    "no completed run of default has the cell service-binding.echo.100",
                ),
            ],
        );
    }
}

/// A plan as it is asked for: nothing in it is required, nothing else is accepted.
fn plan_request(schemas: &Map<String, Value>) -> Value {
    let mut thresholds = schemas["Thresholds"].clone();
    let mut plan = schemas["Plan"].clone();
    for object in [&mut thresholds, &mut plan] {
        object.as_object_mut().unwrap().remove("required");
        object["additionalProperties"] = json!(false);
    }
    plan["properties"]["thresholds"] = thresholds;
    plan["description"] =
        json!("A plan as it is asked for: every field may be left out and then has its default.");
    for (field, value) in serde_json::to_value(Plan::default())
        .unwrap()
        .as_object()
        .unwrap()
    {
        plan["properties"][field]["default"] = value.clone();
    }
    plan
}
