//! The command line as a program: its output, its files, its exit status, the processes it starts.

mod against;
mod certificates;
mod deployment_starts;
mod ending;
mod fake_orchestrator;
mod live_log;
mod local_surroundings;
mod local_workers;
mod log_questions;
mod one_run;
mod surroundings;
mod two_runs;

/// Simulated runs, shared with the tests of crate `report`.
#[path = "../../../report/tests/reports/runs/mod.rs"]
mod runs;
