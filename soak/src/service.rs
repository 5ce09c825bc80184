//! The service as it is asked by everyone at once: up or down, and what it answered wrongly while it was up.
//!
//! A request that was under way when a kill began says nothing. Every other one must be answered, and not with a status 5xx.

#[cfg(test)]
mod tests;

use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError, RwLock},
    thread,
    time::{Duration, Instant},
};
use ureq::{
    Agent, RequestBuilder,
    http::{Method, Request, header},
    typestate::WithBody,
};

/// Longest wait for an answer to begin: longer than the service's own patience with its parts.
const TIMEOUT: Duration = Duration::from_mins(1);
/// A stream of events is read for this long.
const STREAM_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections are not used again after this: the local servers close idle ones after 5 s, and who sends meanwhile gets no answer.
const IDLE: Duration = Duration::from_secs(3);
/// Pause between two looks whether the service is up.
const PAUSE: Duration = Duration::from_millis(20);
/// Largest answer that is read.
const MAX_ANSWER_BYTES: u64 = 256 << 20;
/// Faults that are kept in words; all are counted.
const MOST_FAULTS: usize = 20;
/// Characters of an answer that a fault shows.
const SHOWN_CHARS: usize = 200;

/// A request to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Path and query, percent-encoded.
    pub path: String,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Its body, if it has one.
    pub body: Option<Vec<u8>>,
}

impl Asked {
    /// Reads something.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// The same with the token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.headers
            .push(("authorization", format!("Bearer {token}")));
        self
    }
}

/// An answer that came while the service was up all the time.
#[derive(Clone, Debug)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Its body as text.
    pub body: String,
}

impl Answered {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests answered while the service was up.
    pub requests: u64,
    /// Of these, by the hundreds of their status.
    pub by_class: BTreeMap<u16, u64>,
    /// Requests that a kill interrupted.
    pub interrupted: u64,
    /// Answers 5xx, or none, while the service was up.
    pub failures: u64,
    /// Answers that are no problem document where one is due.
    pub misanswers: u64,
    /// The first of both, in words.
    pub faults: Vec<String>,
}

/// When the service is up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    /// Its address; `None` while it is down.
    url: Option<String>,
    /// How often it has been started.
    starts: u64,
    /// Nobody waits for it any more.
    is_over: bool,
}

/// The service, shared by everyone who asks.
#[derive(Debug)]
pub struct Service {
    state: RwLock<State>,
    tally: Mutex<Tally>,
    agent: Agent,
}

impl Default for Service {
    fn default() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .proxy(None)
            .max_idle_age(IDLE)
            .timeout_recv_response(Some(TIMEOUT))
            .timeout_recv_body(Some(TIMEOUT))
            .build();
        Self {
            state: RwLock::default(),
            tally: Mutex::default(),
            agent: config.into(),
        }
    }
}

impl Service {
    /// From now on it must answer.
    pub fn is_up(&self, url: &str) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.url = Some(url.to_owned());
        state.starts += 1;
    }

    /// From now on it need not answer: it is about to be killed.
    pub fn is_down(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.url = None;
    }

    /// From now on nobody waits for it any more.
    pub fn is_over(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.is_over = true;
    }

    /// What happened so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.clone()
    }

    /// Asks once the service is up, but not after `until`. `None`: it was not, or a kill came in between.
    pub fn ask(&self, asked: &Asked, until: Instant) -> Option<Answered> {
        let (before, url) = self.when_up(until)?;
        let sent = self.send(&url, asked);
        let was_up = self.state() == before;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if !was_up {
            tally.interrupted += 1;
            return None;
        }
        match sent {
            Ok(answered) => {
                tally.count(asked, &answered.0, &answered.1);
                Some(answered.1)
            }
            Err(error) => {
                tally.failures += 1;
                tally.note(format!("no answer to {}: {error}", shown(asked)));
                None
            }
        }
    }

    fn state(&self) -> State {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    fn when_up(&self, until: Instant) -> Option<(State, String)> {
        while Instant::now() < until {
            let state = self.state();
            if state.is_over {
                return None;
            }
            if let Some(url) = state.url.clone() {
                return Some((state, url));
            }
            thread::sleep(PAUSE);
        }
        None
    }

    /// A request with a body, whether or not its method usually has one.
    fn with_body(&self, method: &Method, uri: &str) -> RequestBuilder<WithBody> {
        let agent = &self.agent;
        match method.as_str() {
            "GET" => agent.get(uri).force_send_body(),
            "HEAD" => agent.head(uri).force_send_body(),
            "DELETE" => agent.delete(uri).force_send_body(),
            "OPTIONS" => agent.options(uri).force_send_body(),
            "PUT" => agent.put(uri),
            "PATCH" => agent.patch(uri),
            _ => agent.post(uri),
        }
    }

    /// One request; its answer with the media type. The body of a stream ends where it is no longer read.
    fn send(&self, url: &str, asked: &Asked) -> Result<(String, Answered), ureq::Error> {
        let uri = format!("{url}{}", asked.path);
        let is_stream = asked.path.contains("/events");
        let patience = Some(if is_stream { STREAM_TIMEOUT } else { TIMEOUT });
        let answer = if let Some(body) = &asked.body {
            let mut request = self.with_body(&asked.method, &uri);
            for (name, value) in &asked.headers {
                request = request.header(*name, value);
            }
            let request = request.config().timeout_recv_body(patience);
            request.build().send(body.as_slice())?
        } else {
            let mut request = Request::builder().method(&asked.method).uri(uri);
            for (name, value) in &asked.headers {
                request = request.header(*name, value);
            }
            let request = self.agent.configure_request(request.body(())?);
            self.agent
                .run(request.timeout_recv_body(patience).build())?
        };
        let (parts, mut body) = answer.into_parts();
        let media_type = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let read = body
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .lossy_utf8(true)
            .read_to_string();
        let body = match read {
            Err(ureq::Error::Timeout(_)) if media_type.starts_with("text/event-stream") => {
                String::new()
            }
            read => read?,
        };
        let status = parts.status.as_u16();
        Ok((media_type, Answered { status, body }))
    }
}

impl Tally {
    fn count(&mut self, asked: &Asked, media_type: &str, answered: &Answered) {
        self.requests += 1;
        *self.by_class.entry(answered.status / 100).or_default() += 1;
        let start: String = answered.body.chars().take(SHOWN_CHARS).collect();
        let status = answered.status;
        // that no isolate was fresh is an answer: it asks the sender to come again
        let is_not_fresh = status == 503 && asked.path.starts_with("/deployment-starts");
        if status >= 500 && !is_not_fresh {
            self.failures += 1;
            self.note(format!("{status} to {}: {start}", shown(asked)));
        } else if status >= 400 && asked.method != Method::HEAD {
            let is_problem = media_type.starts_with("application/problem+json")
                && answered.json()["status"] == status;
            if !is_problem {
                self.misanswers += 1;
                let asked = shown(asked);
                self.note(format!(
                    "{status} without a problem document to {asked}: {start}"
                ));
            }
        }
    }

    fn note(&mut self, fault: String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }
}

fn shown(asked: &Asked) -> String {
    let path: String = asked.path.chars().take(SHOWN_CHARS).collect();
    let body = asked.body.as_deref().unwrap_or_default();
    let start = String::from_utf8_lossy(&body[..body.len().min(SHOWN_CHARS)]).into_owned();
    let fields: Vec<&str> = asked.headers.iter().map(|(name, _)| *name).collect();
    let length = body.len();
    format!(
        "{} {path} with {fields:?} and {length} bytes {start:?}",
        asked.method
    )
}
