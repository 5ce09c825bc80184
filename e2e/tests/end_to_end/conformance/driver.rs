//! Asking as the document says.

use super::{
    CELL, NO_SUCH_RUN,
    document::{Document, Operation, field},
};
use cli::{client::Answer, local::LocalWorkers};
use e2e::stage;
use protocol::run::RunStatus;
use serde_json::Value;
use std::{cell::RefCell, collections::BTreeSet};
use ureq::http::{HeaderMap, Request};

/// Asks an orchestrator as its document says, holds every answer against it, and notes which it has seen.
pub(super) struct Driver<'a> {
    pub(super) document: &'a Document,
    url: String,
    agent: ureq::Agent,
    seen: &'a RefCell<BTreeSet<(Operation, u16)>>,
}

/// What a request has beside its operation.
#[derive(Clone, Default)]
pub(super) struct Given<'a> {
    /// The run of the path; one that does not exist if empty.
    pub(super) run: &'a str,
    /// From the question mark on.
    pub(super) query: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) last_event_id: Option<&'a str>,
    pub(super) body: Option<String>,
}

impl<'a> Given<'a> {
    /// A request about a run.
    pub(super) fn run(run: &'a str) -> Self {
        Self {
            run,
            ..Self::default()
        }
    }

    /// The same with the right token.
    pub(super) fn with_token(self) -> Self {
        Self {
            token: Some(stage::TOKEN),
            ..self
        }
    }

    /// A request with a body and the right token.
    pub(super) fn body(body: &Value) -> Self {
        Self {
            body: Some(body.to_string()),
            ..Self::default()
        }
        .with_token()
    }
}

impl<'a> Driver<'a> {
    /// A driver of these Workers, by that document.
    pub(super) fn new(
        workers: &LocalWorkers,
        document: &'a Document,
        seen: &'a RefCell<BTreeSet<(Operation, u16)>>,
    ) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Self {
            document,
            url: workers.url().to_owned(),
            agent,
            seen,
        }
    }

    /// The operation of that id.
    pub(super) fn operation(&self, id: &str) -> Operation {
        let found = self
            .document
            .operations()
            .into_iter()
            .find(|operation| self.document.operation(operation)["operationId"] == id);
        found.unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// One request and its answer, whatever it is.
    pub(super) fn send(&self, operation: &Operation, given: &Given) -> Answer {
        let run = if given.run.is_empty() {
            NO_SUCH_RUN
        } else {
            given.run
        };
        let path = operation.path.replace("{run}", run).replace("{cell}", CELL);
        let mut headers = HeaderMap::new();
        if let Some(token) = given.token {
            headers.insert(
                "authorization",
                format!("Bearer {token}").parse().expect("a header field"),
            );
        }
        if let Some(id) = given.last_event_id {
            headers.insert("last-event-id", id.parse().expect("a header field"));
        }
        let mut request = Request::builder()
            .method(operation.method.as_str())
            .uri(format!("{}{path}{}", self.url, given.query));
        *request.headers_mut().expect("a well-formed request") = headers;
        let answer = match &given.body {
            None => self.agent.run(request.body(()).expect("a request")),
            Some(body) => self
                .agent
                .run(request.body(body.as_bytes()).expect("a request")),
        };
        let (parts, mut body) = answer
            .unwrap_or_else(|error| panic!("{operation:?}: {error}"))
            .into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.read_to_string().expect("text"),
        }
    }

    /// One request, whose answer conforms. Returns the answer.
    pub(super) fn drive(&self, operation: &Operation, given: &Given) -> Answer {
        let answer = self.send(operation, given);
        self.document.hold(operation, &answer);
        self.seen
            .borrow_mut()
            .insert((operation.clone(), answer.status));
        answer
    }

    /// One request by its operation's id, which must be answered with that status.
    pub(super) fn expect(&self, status: u16, id: &str, given: &Given) -> Answer {
        let answer = self.drive(&self.operation(id), given);
        assert_eq!(answer.status, status, "{id}: {answer:?}");
        answer
    }

    /// Reads everything there is to read of a run, without any query. A stream of events is read where it ends by itself.
    pub(super) fn read_all(&self, run: &str, with_events: bool) {
        for operation in self.document.operations() {
            if operation.method == "GET"
                && (with_events || operation != self.operation("runEvents"))
            {
                self.drive(&operation, &Given::run(run));
            }
        }
    }

    /// Starts a run that is accepted.
    pub(super) fn start(&self, plan: &Value) -> RunStatus {
        let answer = self.expect(202, "startRun", &Given::body(plan));
        let status: RunStatus = serde_json::from_str(&answer.body).expect("a status");
        assert_eq!(
            field(&answer, "location"),
            Some(format!("/runs/{}", status.id).as_str())
        );
        status
    }
}
