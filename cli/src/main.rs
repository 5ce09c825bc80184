//! `rpc-latency`: start a run, follow it, print, save, compare, export.
//!
//! Reads as a table of contents: options are in [`arguments`], one module for each command, one exit.

mod arguments;
mod compare;
mod difference;
mod exit;
mod export;
mod follow;
mod history;
mod interrupt;
mod measure;
mod plan;
mod plan_options;
mod progress;
mod runs;
mod saved;
mod serve;
mod tables;

use arguments::{Arguments, Command};
use clap::Parser as _;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Arguments { command, api } = Arguments::parse();
    let done = match command {
        Command::Run(options) => measure::run(&api, &options),
        Command::Serve(options) => serve::serve(&api, &options),
        Command::Watch(options) => measure::watch(&api, &options),
        Command::Report(options) => runs::report(&api, &options),
        Command::Runs(options) => runs::list(&api, &options),
        Command::Cancel(options) => runs::cancel(&api, &options),
        Command::Compare(options) => compare::compare(&api, &options),
        Command::History(options) => history::history(&api, &options),
        Command::Export(options) => export::export(&api, &options),
        Command::Plan(options) => plan::plan(&api, &options),
        Command::Completions { shell } => Ok(arguments::completions(shell)),
    };
    done.unwrap_or_else(|error| {
        // Who closes the pipe, as `head` does, has read enough: no reason to complain.
        if !exit::is_closed_pipe(&error) {
            eprintln!("error: {error:#}");
        }
        Exit::Failure
    })
    .into()
}
