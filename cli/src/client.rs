//! The orchestrator's HTTP API, typed.

mod connection;
mod error;
#[cfg(test)]
mod tests;

use crate::events::Events;
pub use error::ClientError;
use protocol::{
    Problem, Report, RunId,
    run::{RunList, RunStatus},
};
use serde::de::DeserializeOwned;
use std::{
    env,
    io::{BufRead, BufReader},
};
use ureq::{
    Body,
    http::{HeaderMap, HeaderValue, Method, Request, Response, header, response::Parts},
};

/// Largest answer that is read: a report of hundreds of cells, each with its histogram.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// Characters of an unexpected answer that an error shows.
const SHOWN_CHARS: usize = 300;

/// A client of one orchestrator.
#[derive(Clone, Debug)]
pub struct Client {
    url: String,
    token: Option<String>,
    // What connects; or the environment's proxy that cannot be used, and why.
    agent: Result<ureq::Agent, (String, String)>,
}

/// An answer as it came, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub body: String,
}

impl Client {
    /// A client of the orchestrator at `url`, with the bearer token that starting and cancelling need. Proxies and certificate
    /// authorities are those of the environment and of the system.
    #[must_use]
    pub fn new(url: &str, token: Option<String>) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self {
            agent: connection::agent(&url, |name| env::var(name).ok()),
            url,
            token,
        }
    }

    /// Address of the orchestrator, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the run that `plan` (JSON, empty for the default) asks for. Its siblings are those at other locations.
    ///
    /// # Errors
    /// [`ClientError`], among them every refusal of the API.
    pub fn start(&self, plan: &[u8]) -> Result<RunStatus, ClientError> {
        let answer = self.accepted(&Method::POST, "/runs", plan)?;
        self.decode(&Method::POST, "/runs", &answer)
    }

    /// Where a run stands.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn run(&self, run: &RunId) -> Result<RunStatus, ClientError> {
        self.get(&format!("/runs/{run}"))
    }

    /// The live progress of a run, from after the event `seen` on. The stream ends now and then; ask again with the last id.
    /// `None` when nothing more will be told: the run has ended, and that has been seen.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn events(
        &self,
        run: &RunId,
        seen: Option<&str>,
    ) -> Result<Option<Events<impl BufRead + Send + 'static>>, ClientError> {
        let path = format!("/runs/{run}/events");
        let mut headers = HeaderMap::new();
        if let Some(id) = seen.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert("last-event-id", id);
        }
        let (parts, body) = self.send(&Method::GET, &path, b"", headers)?.into_parts();
        if parts.status == 200 {
            return Ok(Some(Events::new(BufReader::new(body.into_reader()))));
        }
        if parts.status == 204 {
            return Ok(None);
        }
        let answer = self.read(&Method::GET, &path, parts, body)?;
        Err(self.refusal(&Method::GET, &path, &answer))
    }

    /// Runs, newest first; those before `before` if given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn runs(&self, before: Option<&RunId>) -> Result<RunList, ClientError> {
        match before {
            Some(run) => self.get(&format!("/runs?before={run}")),
            None => self.get("/runs"),
        }
    }

    /// Cancels a run; what it measured is kept.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn cancel(&self, run: &RunId) -> Result<RunStatus, ClientError> {
        let path = format!("/runs/{run}");
        let answer = self.accepted(&Method::DELETE, &path, b"")?;
        self.decode(&Method::DELETE, &path, &answer)
    }

    /// The report of a run as the orchestrator serves it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn report_json(&self, run: &RunId) -> Result<String, ClientError> {
        self.text(&format!("/results/{run}"))
    }

    /// The report of a run.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn report(&self, run: &RunId) -> Result<Report, ClientError> {
        self.get(&format!("/results/{run}"))
    }

    /// The report of a run as Markdown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn report_markdown(&self, run: &RunId) -> Result<String, ClientError> {
        self.text(&format!("/results/{run}.md"))
    }

    /// The text of any resource that answers 2xx.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn text(&self, path: &str) -> Result<String, ClientError> {
        Ok(self.accepted(&Method::GET, path, b"")?.body)
    }

    /// The document of any resource that answers 2xx.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.accepted(&Method::GET, path, b"")?;
        self.decode(&Method::GET, path, &answer)
    }

    /// Posts to a path, without a body, and decodes the answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let answer = self.accepted(&Method::POST, path, b"")?;
        self.decode(&Method::POST, path, &answer)
    }

    /// One request, with the token if there is one; whatever the answer's status.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when there is no answer.
    pub fn request(&self, method: &Method, path: &str, body: &[u8]) -> Result<Answer, ClientError> {
        let (parts, body) = self
            .send(method, path, body, HeaderMap::new())?
            .into_parts();
        self.read(method, path, parts, body)
    }

    fn send(
        &self,
        method: &Method,
        path: &str,
        body: &[u8],
        mut headers: HeaderMap,
    ) -> Result<Response<Body>, ClientError> {
        let agent = self
            .agent
            .as_ref()
            .map_err(|(variable, reason)| ClientError::Proxy {
                variable: variable.clone(),
                reason: reason.clone(),
            })?;
        if let Some(token) = &self.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| ClientError::Token)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        if !body.is_empty() {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if let Some(given) = request.headers_mut() {
            *given = headers;
        }
        let answer = request
            .body(body)
            .map_err(ureq::Error::from)
            .and_then(|request| connection::ask(agent, &request))
            .map_err(|error| self.unreachable(method, path, &error))?;
        let location = answer.headers().get(header::LOCATION);
        match location.and_then(|location| location.to_str().ok()) {
            Some(location) if answer.status().is_redirection() => Err(ClientError::Redirected {
                request: format!("{method} {}{path}", self.url),
                location: location.to_owned(),
            }),
            _ => Ok(answer),
        }
    }

    fn read(
        &self,
        method: &Method,
        path: &str,
        parts: Parts,
        mut body: Body,
    ) -> Result<Answer, ClientError> {
        let body = body
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .lossy_utf8(true)
            .read_to_string()
            .map_err(|error| self.unreachable(method, path, &error))?;
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    fn accepted(&self, method: &Method, path: &str, body: &[u8]) -> Result<Answer, ClientError> {
        let answer = self.request(method, path, body)?;
        if (200..300).contains(&answer.status) {
            Ok(answer)
        } else {
            Err(self.refusal(method, path, &answer))
        }
    }

    fn refusal(&self, method: &Method, path: &str, answer: &Answer) -> ClientError {
        match serde_json::from_str::<Problem>(&answer.body) {
            Ok(problem) => ClientError::Refused {
                request: format!("{method} {}{path}", self.url),
                problem: Box::new(problem),
            },
            Err(_) => self.unexpected(method, path, answer, "no problem document"),
        }
    }

    fn unreachable(&self, method: &Method, path: &str, error: &ureq::Error) -> ClientError {
        ClientError::Unreachable {
            request: format!("{method} {}{path}", self.url),
            reason: error.to_string(),
        }
    }

    fn decode<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        answer: &Answer,
    ) -> Result<T, ClientError> {
        serde_json::from_str(&answer.body)
            .map_err(|error| self.unexpected(method, path, answer, &error.to_string()))
    }

    fn unexpected(
        &self,
        method: &Method,
        path: &str,
        answer: &Answer,
        reason: &str,
    ) -> ClientError {
        ClientError::Unexpected {
            request: format!("{method} {}{path}", self.url),
            status: answer.status,
            reason: reason.to_owned(),
            start: answer.body.chars().take(SHOWN_CHARS).collect(),
        }
    }
}
