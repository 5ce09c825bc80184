//! The command line as a program: its output, its files, its exit status.

mod fake_orchestrator;
mod one_run;
mod two_runs;
