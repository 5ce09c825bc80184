//! An orchestrator that answers from canned documents, and remembers what it was asked.

use protocol::{
    Plan, Problem, Report, RunState,
    limits::LimitsProfile,
    problem::FieldError,
    report::{Environment, Outcome, RunFacts, SCHEMA_VERSION, Summary},
    run::{Progress, RunStatus, RunUsage, Trigger},
};
use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The one run that it knows.
pub(crate) const RUN: &str = "20261122T172800Z-4f9a1c07";

/// What it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct Script {
    /// Answers by method and path; the last one is repeated.
    answers: HashMap<String, (u16, Vec<String>)>,
    /// How often to hang up before the first answer, by method and path.
    failures: HashMap<String, u32>,
    asked: Vec<Asked>,
}

pub(crate) struct FakeOrchestrator {
    url: String,
    script: Arc<Mutex<Script>>,
}

impl FakeOrchestrator {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client may hang up at any time.
                let _ = serve(stream.unwrap(), &shared);
            }
        });
        Self { url, script }
    }

    /// Answers `request` (method and path) with these bodies in turn, the last one again and again.
    pub(crate) fn answer(self, request: &str, status: u16, bodies: &[String]) -> Self {
        let mut script = self.script.lock().unwrap();
        script
            .answers
            .insert(request.to_owned(), (status, bodies.to_vec()));
        drop(script);
        self
    }

    /// Hangs up this many times before it answers `request`.
    pub(crate) fn failing_first(self, request: &str, times: u32) -> Self {
        let mut script = self.script.lock().unwrap();
        script.failures.insert(request.to_owned(), times);
        drop(script);
        self
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }
}

/// Reads one request, answers it, hangs up.
fn serve(stream: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let request = head
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let (status, answer) = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked {
            head,
            body: String::from_utf8(body).unwrap(),
        });
        if let Some(left @ 1..) = script.failures.get_mut(&request) {
            *left -= 1;
            return Ok(());
        }
        match script.answers.get_mut(&request) {
            None => (404, problem(404, &[])),
            Some((status, bodies)) if bodies.len() > 1 => (*status, bodies.remove(0)),
            Some((status, bodies)) => (*status, bodies[0].clone()),
        }
    };
    write!(
        reader.into_inner(),
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    )
}

/// A problem document.
pub(crate) fn problem(status: u16, fields: &[(&str, &str)]) -> String {
    let errors = fields.iter().map(|(field, detail)| FieldError {
        field: (*field).to_owned(),
        detail: (*detail).to_owned(),
    });
    let problem = Problem::new(status, "so it is").with_errors(errors.collect());
    serde_json::to_string(&problem).unwrap()
}

/// Where [`RUN`] stands, after this many of 100 slices.
pub(crate) fn status(state: RunState, slices_done: u32) -> String {
    let status = RunStatus {
        id: RUN.parse().unwrap(),
        state,
        trigger: Trigger::Request,
        location: "default".to_owned(),
        created_at: "2026-11-22T17:28:00Z".parse().unwrap(),
        started_at: None,
        finished_at: None,
        reason: (state == RunState::Failed).then(|| "the caller is gone".to_owned()),
        progress: Progress {
            slices_done,
            slices_total: 100,
            blocks_done: slices_done / 10,
            blocks_total: 10,
            current: Some("direct.echo.100".to_owned()),
            samples: u64::from(slices_done) * 20,
            errors: 0,
            seconds_left: Some(f64::from(100 - slices_done)),
            round: 1,
            ..Progress::default()
        },
        plan: Plan::default(),
        colo: None,
        siblings: Vec::new(),
        usage: RunUsage::default(),
    };
    serde_json::to_string(&status).unwrap()
}

/// [`status`] as a server-sent event.
pub(crate) fn event(state: RunState, slices_done: u32) -> String {
    let data = status(state, slices_done);
    format!("id: {state}-{slices_done}\nevent: progress\ndata: {data}\n\n")
}

/// The report of [`RUN`].
pub(crate) fn report(outcome: Outcome) -> String {
    serde_json::to_string(&empty_report(outcome)).unwrap()
}

/// A report without cells.
pub(crate) fn empty_report(outcome: Outcome) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        run: RunFacts {
            id: RUN.parse().unwrap(),
            trigger: Trigger::Request,
            location: "default".to_owned(),
            locations: vec!["default".to_owned()],
            colo: None,
            started_at: None,
            finished_at: None,
            state: RunState::Completed,
            progress: None,
        },
        plan: Plan::default(),
        environment: Environment {
            package_version: "0.1.0".to_owned(),
            deployed_version_id: None,
            workerd_version: None,
            compatibility_date: "2026-07-01".to_owned(),
            limits: LimitsProfile::Local,
            timers: Vec::new(),
            tick_ms: None,
            clock_advances_during_cpu: None,
            polls_per_tick: None,
            polls_per_tick_mad: None,
            clock_readings_per_request: None,
            noise_floor: None,
            isolation_cost_us: None,
            clock: Vec::new(),
        },
        summary: Summary {
            text: format!("the answer is {outcome}"),
            outcome,
            transports: Vec::new(),
        },
        cells: Vec::new(),
        overheads: Vec::new(),
        breakdown: Vec::new(),
        slopes: Vec::new(),
        verdicts: Vec::new(),
        failed_calls: Vec::new(),
        residency: Vec::new(),
        deployment_starts: Vec::new(),
        cold_starts: Vec::new(),
        neighbours: Vec::new(),
        analysis: Vec::new(),
        warnings: Vec::new(),
    }
}
