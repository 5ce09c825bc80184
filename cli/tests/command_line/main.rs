//! The command line as a program: its output, its files, its exit status, the processes it starts.

mod fake_orchestrator;
mod local_workers;
mod one_run;
mod two_runs;
