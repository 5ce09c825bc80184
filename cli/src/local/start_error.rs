//! Why the Workers could not be served.

use super::{project::ProjectError, staging::StagingError, workerd::ServingError};
use std::{io, path::PathBuf, process::ExitStatus};

/// Why the Workers could not be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The Workers could not be laid out.
    #[error(transparent)]
    Staging(#[from] StagingError),
    /// Plain workerd cannot serve them.
    #[error(transparent)]
    Serving(#[from] ServingError),
    /// A tool is not there.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The port that was asked for is not free.
    #[error(
        "port {port} is taken: another program listens on it, perhaps another `rpc-latency serve`; choose another with --port, or 0 for any"
    )]
    PortTaken {
        /// Which port.
        port: u16,
    },
    /// A server could not be started at all.
    #[error("{name} could not be started ({program}): {source}")]
    NotStarted {
        /// Which server.
        name: &'static str,
        /// Its program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A server ended by itself.
    #[error("{name} ended by itself ({status}). The end of its log:\n\n{tail}")]
    Ended {
        /// Which server.
        name: &'static str,
        /// How.
        status: ExitStatus,
        /// The end of its log.
        tail: String,
    },
    /// The Workers answer that they cannot work as they are configured.
    #[error("the Workers cannot be used: {0}")]
    Unusable(String),
    /// A server runs, but did not answer in time.
    #[error("{name} was not ready in time: {waited_for}. The end of its log:\n\n{tail}")]
    NotReady {
        /// Which server.
        name: &'static str,
        /// What did not happen.
        waited_for: String,
        /// The end of its log.
        tail: String,
    },
}
