//! `rpc-latency`: start a run, follow it, print, save, compare, export.
//!
//! Reads as a table of contents: options are in [`arguments`], one module for each command, one exit.

#![warn(
    clippy::print_stderr,
    reason = "a closed pipe would end the program; see module output"
)]

mod against;
mod answer;
mod api_options;
mod arguments;
mod check_command;
mod compare;
mod configure;
mod deployment_start;
mod doctor;
mod exit;
mod export;
mod follow;
mod history;
mod interrupt;
mod live_log;
mod live_table;
mod local_options;
mod measure;
mod output;
mod plan;
mod plan_file;
mod plan_options;
mod progress;
mod public_address;
mod runs;
mod runtime_options;
mod saved;
mod screen;
mod serve;
mod tables;
mod tolerance;

use api_options::ApiOptions;
use arguments::{Arguments, Command};
use clap::Parser as _;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Arguments { command, api } = Arguments::parse();
    let done = command.refuse_unused(&api).and_then(|()| {
        let api = if command.asks() {
            api.with_environment()?
        } else {
            api
        };
        execute(&command, &api)
    });
    done.unwrap_or_else(|error| {
        output::note(format_args!("error: {error:#}"));
        Exit::Failure
    })
    .into()
}

fn execute(command: &Command, api: &ApiOptions) -> anyhow::Result<Exit> {
    match command {
        Command::Run(options) => measure::run(api, options),
        Command::Serve(options) => serve::serve(api, options),
        Command::Watch(options) => measure::watch(api, options),
        Command::Report(options) => runs::report(api, options),
        Command::Runs(options) => runs::list(api, options),
        Command::Cancel(options) => runs::cancel(api, options),
        Command::Compare(options) => compare::compare(api, options),
        Command::History(options) => history::history(api, options),
        Command::Export(options) => export::export(api, options),
        Command::Plan(options) => plan::plan(api, options),
        Command::Doctor => doctor::doctor(api),
        Command::Check(options) => check_command::check(api, options),
        Command::Configure(options) => configure::configure(options),
        Command::DeploymentStart(options) => deployment_start::deployment_start(api, options),
        Command::PublicAddress(options) => public_address::public_address(options),
        Command::Completions { shell } => {
            output::result(&arguments::completions(*shell))?;
            Ok(Exit::Pass)
        }
    }
}

/// Simulated runs, shared with the tests of crate `report`.
#[cfg(test)]
#[path = "../../report/tests/reports/runs/mod.rs"]
mod runs_simulated;
