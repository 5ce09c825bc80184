//! A Worker of anybody's, served from its own configuration file and driven over a service binding: for `rpc-latency check`, and for tests.
//!
//! Plain workerd serves it beside a small Worker of ours that has the binding ([`driver.js`](../driven/driver.js)). What is served is what a deployment
//! would upload: wrangler bundles it where its configuration does not forbid that. Its configuration is written anew, into a temporary directory, with the
//! secret `RUNTIME_TOKEN` that public calls are to show.

pub(super) mod configuration;

pub use configuration::ConfigurationError;

use super::{Project, StartError, process_group::ProcessGroup, readiness, workerd};
use configuration::Configuration;
use protocol::routes::runtime::ENTRYPOINT;
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The secret `RUNTIME_TOKEN` of a Worker that is driven.
pub const DRIVEN_TOKEN: &str = "token-of-the-check";

/// Starting takes 3 s on two idle cores; the rest is for busy machines.
const START_DEADLINE: Duration = Duration::from_secs(90);

/// A call may start Python, or hang until the driver gives up.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// Why a Worker could not be driven.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// Its configuration is not one that can be served.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file of the temporary directory could not be written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A Worker being driven. Dropping it stops it.
#[derive(Debug)]
pub struct DrivenWorker {
    // Dropped in this order: first the processes, then the directory that they write to.
    workerd: ProcessGroup,
    directory: TempDir,
    url: String,
    agent: ureq::Agent,
}

/// What a Worker answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrivenAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl DrivenAnswer {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, for people.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl DrivenWorker {
    /// Serves the runtime of `configuration` with the tools of `project`. The driver binds its entrypoint [`ENTRYPOINT`], as stubs do.
    ///
    /// # Errors
    /// [`DriveError`], which says what is missing or shows the end of a server's log.
    pub fn runtime(project: &Project, configuration: &Path) -> Result<Self, DriveError> {
        Self::start(project, configuration, &[], Some(ENTRYPOINT))
    }

    /// Serves the stub of `configuration` and the Workers of `bound`, which it may bind, with the tools of `project`.
    ///
    /// # Errors
    /// [`DriveError`], which says what is missing or shows the end of a server's log.
    pub fn stub(
        project: &Project,
        configuration: &Path,
        bound: &[PathBuf],
    ) -> Result<Self, DriveError> {
        Self::start(project, configuration, bound, None)
    }

    fn start(
        project: &Project,
        configuration: &Path,
        bound: &[PathBuf],
        entrypoint: Option<&str>,
    ) -> Result<Self, DriveError> {
        let expires = Instant::now() + START_DEADLINE;
        let driven = Configuration::read(configuration)?;
        let directory = tempfile::Builder::new()
            .prefix("rpc-latency-")
            .tempdir()
            .map_err(|source| file_error(&env::temp_dir(), source))?;
        let root = directory.path();
        for folder in ["tmp", "home", "driver"] {
            create(&root.join(folder))?;
        }
        write(
            &root.join("driver/driver.js"),
            include_str!("driven/driver.js"),
        )?;
        write(
            &root.join("driver/wrangler.json"),
            &configuration::of_driver(&driven, entrypoint),
        )?;
        let mut files = vec!["driver/wrangler.json".to_owned()];
        let bound: Result<Vec<_>, _> = bound.iter().map(|file| Configuration::read(file)).collect();
        for (number, worker) in [driven].into_iter().chain(bound?).enumerate() {
            let secrets = worker.secrets(DRIVEN_TOKEN)?;
            let folder = format!("worker-{number}");
            let file = workerd::bundle(project, root, &folder, worker, &secrets, expires)?;
            files.push(file);
        }
        let state = root.join("state");
        let mut workerd = workerd::serve(project, root, &files, &[], 0, &state, false)
            .map_err(DriveError::Start)?;
        let url = readiness::socket_url(&mut workerd, workerd::SOCKET, expires)?;
        Ok(Self {
            workerd,
            directory,
            url,
            agent: agent(),
        })
    }

    /// Sends a request over the binding.
    ///
    /// # Errors
    /// The Worker threw, gave no answer in time, or an answer that breaks off; in words.
    pub fn fetch(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<DrivenAnswer, String> {
        let mut all = vec![("x-url", url)];
        all.extend(headers);
        self.ask(method, &all, body)
    }

    /// Sends a request as a stranger would, to the default entrypoint.
    ///
    /// # Errors
    /// As [`DrivenWorker::fetch`].
    pub fn fetch_public(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<DrivenAnswer, String> {
        let mut all = vec![("x-public", "yes")];
        all.extend(headers);
        self.fetch(method, url, &all, body)
    }

    /// Calls a method of the Worker's entrypoint with a text and bytes; what it returns are bytes.
    ///
    /// # Errors
    /// What it threw, in its own words, or that it returned something else.
    pub fn call(&self, method: &str, function: &str, argument: &[u8]) -> Result<Vec<u8>, String> {
        let headers = [("x-method", method), ("x-function", function)];
        self.ask("POST", &headers, argument)
            .map(|answer| answer.body)
    }

    /// Opens a WebSocket over the binding and sends messages, each a JSON string or a list of bytes; what comes back are so many replies of the same.
    ///
    /// # Errors
    /// There is no WebSocket, it was closed, or too few messages came back; in words.
    pub fn exchange(
        &self,
        url: &str,
        messages: &[serde_json::Value],
        replies: usize,
    ) -> Result<Vec<serde_json::Value>, String> {
        let body = serde_json::to_vec(messages).map_err(|error| error.to_string())?;
        let answer = self.ask(
            "POST",
            &[("x-socket", url), ("x-replies", &replies.to_string())],
            &body,
        )?;
        serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
    }

    fn ask(
        &self,
        method: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<DrivenAnswer, String> {
        let mut request = ureq::http::Request::builder().method(method).uri(&self.url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = if body.is_empty() {
            let request = request.body(()).map_err(|error| error.to_string())?;
            self.agent.run(request)
        } else {
            let request = request.body(body).map_err(|error| error.to_string())?;
            self.agent.run(request)
        };
        let mut answered = answered.map_err(|error| error.to_string())?;
        let headers = answered.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let answer = DrivenAnswer {
            status: answered.status().as_u16(),
            headers: headers.collect(),
            body: answered
                .body_mut()
                .read_to_vec()
                .map_err(|error| error.to_string())?,
        };
        match answer.header("x-failed") {
            Some(_) => Err(answer.text()),
            None => Ok(answer),
        }
    }

    /// What the Workers and workerd have logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.workerd.log()
    }

    /// Where everything temporary of this Worker lies.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        // Whatever proxy the environment names is not for this machine.
        .proxy(None)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(CALL_TIMEOUT))
        .build()
        .into()
}

fn create(folder: &Path) -> Result<(), DriveError> {
    fs::create_dir_all(folder).map_err(|source| file_error(folder, source))
}

fn write(path: &Path, text: &str) -> Result<(), DriveError> {
    fs::write(path, text).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: io::Error) -> DriveError {
    DriveError::File {
        path: path.to_owned(),
        source,
    }
}
