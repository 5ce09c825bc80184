//! Requests and coordinators for tests of the API.

use super::process::Process;
use core::time::Duration;
use orchestrator::{
    api::{
        Api, BodyError, Coordinators, Incoming, Reply, Response, RuntimeFacts,
        response_cache::ResponseCache,
    },
    coordinator::{Answer, Question},
    settings::Settings,
};
use protocol::{
    Problem, Runtime, cold_start,
    examination::{CallerFindings, Probing},
    measure::{MeasureRequest, MeasureResponse},
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

/// How often a place that hangs lets others go first, before it is given up.
const HANGS: u32 = 1_000;

/// One coordinator for each location.
pub(crate) struct Places {
    pub settings: Settings,
    pub processes: RefCell<BTreeMap<String, Process>>,
    pub cache: ResponseCache,
    /// Questions asked of coordinators.
    pub asked: Cell<u32>,
    /// Questions on their way at once, now and at most.
    pub in_flight: Cell<u32>,
    pub most_in_flight: Cell<u32>,
    /// Places that cannot be reached.
    pub down: RefCell<BTreeSet<String>>,
    /// Places that take a question and do not answer.
    pub hanging: RefCell<BTreeSet<String>>,
    /// Places whose answers to starts get lost on the way.
    pub losing_starts: RefCell<BTreeSet<String>>,
    /// Questions that were waited for until they were given up.
    pub given_up: Cell<u32>,
    pub random: Cell<u32>,
    /// Runtimes beside the native one.
    pub runtimes: RefCell<BTreeMap<Runtime, RuntimeFacts>>,
    /// What the caller answers to the next slices that the API itself has measured.
    pub slices: RefCell<Vec<MeasureResponse>>,
    /// Those slices.
    pub measured: RefCell<Vec<MeasureRequest>>,
    /// What the caller says of its surroundings, if it answers.
    pub findings: RefCell<Option<CallerFindings>>,
    /// What the cold-worker can sample, if there is one.
    pub cold_starts: RefCell<Option<cold_start::Capabilities>>,
}

impl Coordinators for &Places {
    async fn runtime(&self, runtime: Runtime) -> Result<RuntimeFacts, Problem> {
        let found = self.runtimes.borrow().get(&runtime).cloned();
        found.ok_or_else(|| Problem::new(404, format!("no binding {}", runtime.binding())))
    }

    async fn examine_caller(&self, probing: Probing) -> Result<CallerFindings, Problem> {
        let findings = self.findings.borrow().clone();
        let mut findings =
            findings.ok_or_else(|| Problem::new(502, "the caller did not answer"))?;
        if probing == Probing::Calls {
            findings.clock = None;
        }
        Ok(findings)
    }

    async fn measure(&self, request: &MeasureRequest) -> Result<MeasureResponse, Problem> {
        self.measured.borrow_mut().push(request.clone());
        let is_known =
            request.runtime.is_native() || self.runtimes.borrow().contains_key(&request.runtime);
        if !is_known {
            return Err(Problem::new(404, "the caller has no service binding"));
        }
        let answers = &mut self.slices.borrow_mut();
        if answers.is_empty() {
            return Err(Problem::new(502, "the caller measured nothing"));
        }
        Ok(answers.remove(0))
    }

    fn has_cold_starts(&self) -> bool {
        self.cold_starts.borrow().is_some()
    }

    async fn cold_starts(&self) -> Result<cold_start::Capabilities, Problem> {
        let known = self.cold_starts.borrow().clone();
        known.ok_or_else(|| Problem::new(502, "the cold-worker did not answer"))
    }

    async fn ask(&self, location: &str, question: &Question) -> Answer {
        self.asked.set(self.asked.get() + 1);
        self.in_flight.set(self.in_flight.get() + 1);
        let most = self.most_in_flight.get().max(self.in_flight.get());
        self.most_in_flight.set(most);
        super::yield_once().await;
        let answer = self.answer(location, question).await;
        self.in_flight.set(self.in_flight.get() - 1);
        answer
    }
}

impl Places {
    async fn answer(&self, location: &str, question: &Question) -> Answer {
        if self.down.borrow().contains(location) {
            let detail = format!("the coordinator of {location} could not be reached");
            return Err(Problem::new(502, detail));
        }
        if self.hanging.borrow().contains(location) {
            for _ in 0..HANGS {
                super::yield_once().await;
            }
            self.given_up.set(self.given_up.get() + 1);
            let detail = format!("the coordinator of {location} did not answer");
            return Err(Problem::new(504, detail));
        }
        let answer = match self.processes.borrow_mut().get_mut(location) {
            Some(process) => process.ask(question),
            None => Err(Problem::new(502, "no such place")),
        };
        if matches!(question, Question::Start(_))
            && self.losing_starts.borrow_mut().remove(location)
        {
            let detail = format!("the coordinator of {location} did not answer");
            return Err(Problem::new(504, detail));
        }
        answer
    }
}

/// A request in a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestRequest {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Incoming for TestRequest {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.url.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    fn header(&self, name: &str) -> Option<String> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        if self.body.len() > limit {
            return Err(BodyError::TooLong);
        }
        Ok(self.body.clone())
    }
}

impl TestRequest {
    pub(crate) fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            ..Self::default()
        }
    }

    #[must_use]
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.headers
            .push(("Authorization".to_owned(), format!("Bearer {token}")));
        self
    }

    #[must_use]
    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl Places {
    pub(crate) fn new(settings: Settings) -> Self {
        let place = |name: &String| (name.clone(), Process::new(settings.clone()));
        let processes = settings.locations.iter().map(place).collect();
        Self {
            settings,
            processes: RefCell::new(processes),
            cache: ResponseCache::new(),
            asked: Cell::new(0),
            in_flight: Cell::new(0),
            most_in_flight: Cell::new(0),
            down: RefCell::default(),
            hanging: RefCell::default(),
            losing_starts: RefCell::default(),
            given_up: Cell::new(0),
            random: Cell::new(1),
            runtimes: RefCell::default(),
            slices: RefCell::default(),
            measured: RefCell::default(),
            findings: RefCell::default(),
            cold_starts: RefCell::default(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        let places = self.processes.borrow();
        places
            .values()
            .map(|process| process.world.now.get())
            .max()
            .unwrap_or_default()
    }

    pub(crate) fn api(&self) -> Api<'_, &Self> {
        self.random.set(self.random.get() + 16);
        Api {
            coordinators: self,
            settings: &self.settings,
            cache: &self.cache,
            now: self.now(),
            random: self.random.get(),
        }
    }

    pub(crate) fn reply(&self, request: &TestRequest) -> Reply {
        pollster::block_on(self.api().respond(request))
    }

    pub(crate) fn send(&self, request: &TestRequest) -> Response {
        match self.reply(request) {
            Reply::Full(response) | Reply::File(response) => response,
            Reply::Events { run, .. } => panic!("a stream of {run} instead of a response"),
        }
    }

    pub(crate) fn get(&self, url: &str) -> Response {
        self.send(&TestRequest::new("GET", url))
    }

    /// The schedule fires; before each further attempt something happens. Returns what went wrong.
    pub(crate) fn fire(&self, meanwhile: impl Fn(Duration)) -> Vec<Problem> {
        let pause = async |pause| meanwhile(pause);
        pollster::block_on(self.api().scheduled(pause))
    }

    /// Wakes every coordinator until it rests.
    pub(crate) fn wake_until_idle(&self) {
        for process in self.processes.borrow_mut().values_mut() {
            process.wake_until_idle();
        }
    }
}
