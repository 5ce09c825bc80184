//! `check`: whether a Worker keeps the contract of a runtime or of a stub.

use crate::{api_options::ApiOptions, exit::Exit, output};
use clap::{Args, Subcommand};
use cli::{
    check::{self, Outcome, Point},
    local::{Project, driven::DrivenWorker},
};
use core::fmt::Write as _;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    #[command(subcommand)]
    contract: Contract,
}

#[derive(Debug, Subcommand)]
enum Contract {
    /// A runtime: a Worker that executes functions for stubs
    Runtime {
        #[command(flatten)]
        worker: WorkerArguments,
    },
    /// A stub that measures itself: a Worker in the place of the caller-worker
    Stub {
        #[command(flatten)]
        worker: WorkerArguments,
        /// Configuration of the runtime that the stub binds, by its name
        #[arg(long, value_name = "FILE")]
        runtime: PathBuf,
    },
}

#[derive(Debug, Args)]
struct WorkerArguments {
    /// The Worker's configuration, wrangler.toml or wrangler.json
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder of this project, whose tools serve the Worker [default: the one around this folder]
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
}

/// `rpc-latency check`
pub(crate) fn check(api: &ApiOptions, options: &CheckOptions) -> anyhow::Result<Exit> {
    let points = match &options.contract {
        Contract::Runtime { worker } => check::runtime::points(&worker.start(&[])?),
        Contract::Stub { worker, runtime } => {
            check::stub::points(&worker.start(core::slice::from_ref(runtime))?)
        }
    };
    if api.json {
        output::document(&json!({"points": points}))?;
    } else {
        output::result(&in_words(&points))?;
    }
    let failed = points
        .iter()
        .any(|point| matches!(point.outcome, Outcome::Failed(_)));
    Ok(if failed { Exit::Fail } else { Exit::Pass })
}

impl WorkerArguments {
    fn start(&self, bound: &[PathBuf]) -> anyhow::Result<DrivenWorker> {
        let project = match &self.project {
            Some(folder) => Project::at(folder)?,
            None => Project::around(&std::env::current_dir()?)?,
        };
        output::note(format_args!(
            "serving the Worker of {}",
            self.config.display()
        ));
        Ok(DrivenWorker::start(&project, &self.config, bound)?)
    }
}

/// A line for each point, then how many there are of each outcome.
fn in_words(points: &[Point]) -> String {
    let mut text = String::new();
    let [mut passed, mut failed, mut skipped] = [0; 3];
    for point in points {
        let (word, reason) = match &point.outcome {
            Outcome::Passed => {
                passed += 1;
                ("passed", None)
            }
            Outcome::Failed(why) => {
                failed += 1;
                ("FAILED", Some(why))
            }
            Outcome::Skipped(why) => {
                skipped += 1;
                ("skipped", Some(why))
            }
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word:<8} {:<18} {}", point.point, point.says);
        if let Some(reason) = reason {
            let _ = writeln!(text, "         {:<18} {reason}", "");
        }
    }
    let _ = writeln!(
        text,
        "{passed} passed, {failed} failed, {skipped} skipped; docs/contracts.md has each point"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_is_a_line_with_its_reason_below_and_the_last_line_counts() {
        let point = |outcome| Point {
            point: "nothing",
            says: "/nothing: status 204",
            outcome,
        };
        let text = in_words(&[
            point(Outcome::Passed),
            point(Outcome::Failed("expected status 204, got 200".to_owned())),
            point(Outcome::Skipped("not named".to_owned())),
        ]);
        assert_eq!(
            text,
            "passed   nothing            /nothing: status 204\n\
             FAILED   nothing            /nothing: status 204\n\
             \x20                           expected status 204, got 200\n\
             skipped  nothing            /nothing: status 204\n\
             \x20                           not named\n\
             1 passed, 1 failed, 1 skipped; docs/contracts.md has each point\n"
        );
    }
}
