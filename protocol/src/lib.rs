//! What the Workers and their clients say to each other.
//!
//! One type for each name, payload, message and document that crosses a boundary of the system: between
//! orchestrator and caller, caller and runtime, orchestrator and its HTTP clients. Each wire form is pinned by
//! literal-string tests here, so that a change of format is a change of a test.
//!
//! Out of scope: statistics (crate `measurement`), transport code, storage, anything of the Workers platform.
//! This crate compiles and tests natively.

pub mod alert;
pub mod breakdown;
pub mod busy;
pub mod capabilities;
pub mod cell;
pub mod cold_start;
pub mod comparison;
pub mod deployment_starts;
pub mod error_kind;
pub mod estimate;
pub mod examination;
pub mod execute;
mod fields;
pub mod function;
pub mod history;
pub mod limits;
pub mod location;
pub mod log;
pub mod measure;
pub mod msgpack;
pub mod name;
pub mod named;
pub mod payload;
pub mod plan;
pub mod problem;
pub mod quantile;
mod raw_object;
pub mod report;
pub mod residency;
pub mod round;
pub mod rounds;
pub mod routes;
pub mod run;
pub mod runtime;
pub mod slice;
pub mod thresholds;
pub mod transport;
pub mod units;
pub mod usage;

pub use busy::BusyShare;
pub use cell::{Cell, CellId};
pub use cold_start::{ColdStart, ColdStartPlan};
pub use error_kind::{ErrorCounts, ErrorKind};
pub use estimate::{Basis, Estimate, Reason, ReasonCode};
pub use function::Function;
pub use limits::Limits;
pub use payload::{Payload, PayloadShape};
pub use plan::{Plan, PlanError, Until};
pub use problem::Problem;
pub use quantile::{ByQuantile, Quantile};
pub use report::Report;
pub use round::{Round, RoundKind};
pub use rounds::Rounds;
pub use run::{RunId, RunState};
pub use runtime::Runtime;
pub use thresholds::Thresholds;
pub use transport::Transport;

/// Version of this package, stated in `/health` and in every report.
pub const PACKAGE_VERSION: &str = env!("CARGO_PKG_VERSION");
