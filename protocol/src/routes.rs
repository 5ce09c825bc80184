//! Paths of the HTTP APIs, typed once.

mod resource;

pub use resource::{Refusal, Resource, find, path_of, without_query};

use crate::{Cell, RunId};

/// A resource of the orchestrator, whatever the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/health`
    Health,
    /// `/doctor`
    Doctor,
    /// `/deployment-starts`
    DeploymentStarts,
    /// `/runs`
    Runs,
    /// `/runs/{run}`
    Run(RunId),
    /// `/runs/{run}/events`
    RunEvents(RunId),
    /// `/results`
    LatestResults,
    /// `/results/{run}`
    Results(RunId),
    /// `/results/{run}.md`
    ResultsMarkdown(RunId),
    /// `/results/{run}/cells/{cell}.{export}`
    CellExport(RunId, Cell, Export),
    /// `/history`
    History,
    /// `/comparison`
    Comparison,
    /// `/metrics`
    Metrics,
    /// `/openapi.json`
    OpenApi,
}

crate::named::named! {
    /// A file form of one cell's samples.
    pub enum Export ("export") {
        /// Percentile table, as the public `HdrHistogram` plotter reads it.
        Hgrm = "hgrm",
        /// Lossless `HdrHistogram` interval log, V2.
        Hlog = "hlog",
        /// Raw samples.
        Csv = "csv",
    }
}

/// Why a path names no resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No such path.
    #[error("there is no such resource; GET /openapi.json lists them")]
    Unknown,
    /// The path is of a known form, but a part of it is not what belongs there.
    #[error("{0}")]
    Part(String),
}

impl Route {
    /// The resource that a URL path names.
    ///
    /// # Errors
    /// [`RouteError::Unknown`] for a path of no known form, [`RouteError::Part`] for a bad id in a known one.
    pub fn parse(path: &str) -> Result<Self, RouteError> {
        let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        match parts.as_slice() {
            ["health"] => Ok(Self::Health),
            ["doctor"] => Ok(Self::Doctor),
            ["deployment-starts"] => Ok(Self::DeploymentStarts),
            ["runs"] => Ok(Self::Runs),
            ["runs", run] => Ok(Self::Run(run_id(run)?)),
            ["runs", run, "events"] => Ok(Self::RunEvents(run_id(run)?)),
            ["results"] => Ok(Self::LatestResults),
            ["results", run] => match run.strip_suffix(".md") {
                Some(run) => Ok(Self::ResultsMarkdown(run_id(run)?)),
                None => Ok(Self::Results(run_id(run)?)),
            },
            ["results", run, "cells", file] => {
                let (cell, export) = file.rsplit_once('.').ok_or(RouteError::Unknown)?;
                let cell = cell
                    .parse()
                    .map_err(|e: crate::cell::CellIdError| RouteError::Part(e.to_string()))?;
                let export = export
                    .parse()
                    .map_err(|e: crate::named::UnknownName| RouteError::Part(e.to_string()))?;
                Ok(Self::CellExport(run_id(run)?, cell, export))
            }
            ["history"] => Ok(Self::History),
            ["comparison"] => Ok(Self::Comparison),
            ["metrics"] => Ok(Self::Metrics),
            ["openapi.json"] => Ok(Self::OpenApi),
            _ => Err(RouteError::Unknown),
        }
    }
}

fn run_id(text: &str) -> Result<RunId, RouteError> {
    text.parse()
        .map_err(|e: crate::run::RunIdError| RouteError::Part(e.to_string()))
}

/// Paths of the caller-worker, reached only over the service binding.
pub mod caller {
    /// Liveness and versions.
    pub const HEALTH: &str = "/health";
    /// One invocation, as a real stub would do it.
    pub const EXECUTE: &str = "/execute";
    /// One slice of samples.
    pub const MEASURE: &str = "/measure";
    /// One component, many times.
    pub const REPEAT: &str = "/repeat";
}

/// Paths of the runtime-worker.
pub mod runtime {
    /// The entrypoint that a stub's binding names. A public request only ever reaches the default one, so what comes here
    /// came over a binding, and is trusted.
    pub const ENTRYPOINT: &str = "Runtime";
    /// Scheme and host of every call over a service binding. A binding's caller chooses the whole URL; the runtime looks
    /// at its path alone.
    pub const INTERNAL_ORIGIN: &str = "https://runtime.internal";
    /// Liveness and versions.
    pub const HEALTH: &str = "/health";
    /// Executes a function: JSON.
    pub const EXECUTE: &str = "/execute";
    /// The same for a short JSON text, see [`SHORT_BODY_BYTES`].
    pub const EXECUTE_SHORT: &str = "/execute/short";
    /// Bodies of at most this number of bytes are short. A caller that knows its request to be short, and expects a short answer, says so by the path:
    /// the runtime then reads it as a text instead of bytes, which is microseconds quicker, and would be slower for a long one. It is a hint;
    /// any length is read, and answered, on both paths.
    pub const SHORT_BODY_BYTES: usize = 2_000;
    /// Executes a function: `MessagePack`.
    pub const EXECUTE_MSGPACK: &str = "/execute/msgpack";
    /// Answers 204 and does nothing: the empty hop.
    pub const NOTHING: &str = "/nothing";
    /// Executes functions: one JSON message each, over a WebSocket.
    pub const WEBSOCKET: &str = "/websocket";
    /// Executes functions: capnweb, over an HTTP batch or a WebSocket.
    pub const CAPNWEB: &str = "/capnweb";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_api_is_pinned() {
        let run: RunId = "20261122T172800Z-4f9a1c07".parse().unwrap();
        let cell: Cell = "raw-fetch.echo.100".parse().unwrap();
        for (path, route) in [
            ("/health", Route::Health),
            ("/doctor", Route::Doctor),
            ("/runs", Route::Runs),
            ("/runs/20261122T172800Z-4f9a1c07", Route::Run(run.clone())),
            (
                "/runs/20261122T172800Z-4f9a1c07/events",
                Route::RunEvents(run.clone()),
            ),
            ("/results", Route::LatestResults),
            (
                "/results/20261122T172800Z-4f9a1c07",
                Route::Results(run.clone()),
            ),
            (
                "/results/20261122T172800Z-4f9a1c07.md",
                Route::ResultsMarkdown(run.clone()),
            ),
            (
                "/results/20261122T172800Z-4f9a1c07/cells/raw-fetch.echo.100.hlog",
                Route::CellExport(run, cell, Export::Hlog),
            ),
            ("/history", Route::History),
            ("/metrics", Route::Metrics),
            ("/comparison", Route::Comparison),
            ("/openapi.json", Route::OpenApi),
        ] {
            assert_eq!(Route::parse(path), Ok(route), "{path}");
        }
    }

    #[test]
    fn other_paths_are_refused() {
        for path in [
            "",
            "/",
            "//",
            "/runs/",
            "/runs/x",
            "/results/latest",
            "/results/20261122T172800Z-4f9a1c07/cells/raw-fetch.echo.100.exe",
        ] {
            assert!(Route::parse(path).is_err(), "{path}");
        }
    }
}
