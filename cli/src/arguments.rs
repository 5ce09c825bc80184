//! The command line's grammar.

use crate::{exit::Exit, plan_options::PlanOptions};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use cli::local::LOCAL_API_TOKEN;
use protocol::{Cell, RunId, history::SeriesMetric, limits::LimitsProfile};
use std::path::PathBuf;

/// Where `serve` listens and the other commands look, unless told otherwise.
pub(crate) const DEFAULT_PORT: u16 = 8787;

/// Measures what delegating a function from a thin stub Worker to a shared runtime Worker costs.
///
/// Exit status of run, watch and report: 0 pass, 1 fail, 3 inconclusive, 2 wrong usage or a failure.
#[derive(Debug, Parser)]
#[command(name = "rpc-latency", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
}

/// Which orchestrator.
#[derive(Clone, Debug, Args)]
pub(crate) struct ApiOptions {
    /// Address of the orchestrator [default: that of `rpc-latency serve`, port 8787 of this machine]
    #[arg(long, env = "RPC_LATENCY_URL", global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Bearer token, which starting and cancelling need
    #[arg(long, env = "API_TOKEN", hide_env_values = true, global = true)]
    pub(crate) token: Option<String>,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl ApiOptions {
    /// The address; that of local Workers by default.
    pub(crate) fn url(&self) -> String {
        self.url
            .clone()
            .unwrap_or_else(|| format!("http://127.0.0.1:{DEFAULT_PORT}"))
    }

    /// The token; that of local Workers by default, but only if no address is given.
    pub(crate) fn token(&self) -> Option<String> {
        match (&self.token, &self.url) {
            (Some(token), _) => Some(token.clone()),
            (None, None) => Some(LOCAL_API_TOKEN.to_owned()),
            (None, Some(_)) => None,
        }
    }

    /// A client for both.
    pub(crate) fn client(&self) -> cli::client::Client {
        cli::client::Client::new(&self.url(), self.token())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a run, follow it, print its tables and save its report
    Run(Box<RunOptions>),
    /// Follow a run to its end, then print and save as `run` does
    Watch(RunArgument),
    /// Print the report of a run
    Report(RunArgument),
    /// List runs, newest first
    Runs(ListOptions),
    /// Cancel a run; what it measured is kept
    Cancel(CancelOptions),
    /// Show what changed from one run to another, with intervals
    Compare(CompareOptions),
    /// Show one figure of one cell over the runs, and where its level changed
    History(HistoryOptions),
    /// Write a run in the form of another tool
    Export(ExportOptions),
    /// Check a plan and price it, without running it
    Plan(Box<PlanArguments>),
    /// Serve the Workers on this machine until Ctrl-C
    Serve(ServeOptions),
    /// Write completions for a shell to standard output
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CompareOptions {
    /// The earlier run: its id, or a saved report
    pub(crate) first: String,
    /// The later run
    pub(crate) second: String,
    /// End with status 1 if even the lower end of a growth is above this many percent
    #[arg(long, value_name = "PERCENT")]
    pub(crate) fail_above: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryOptions {
    /// The cell, such as service-binding.echo.100
    pub(crate) cell: Cell,
    /// The figure: mean, p50, p95 or p99
    #[arg(long, default_value_t = SeriesMetric::P50)]
    pub(crate) metric: SeriesMetric,
    /// The location, if there are several
    #[arg(long)]
    pub(crate) location: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// Id of the run [default: the newest]
    pub(crate) run: Option<RunId>,
    /// Which form
    #[arg(long, value_enum, default_value_t = Form::Bencher)]
    pub(crate) form: Form,
    /// The cell, for forms that hold one: `service-binding.echo.100`
    #[arg(long, required_if_eq_any([("form", "hgrm"), ("form", "hlog"), ("form", "csv")]))]
    pub(crate) cell: Option<Cell>,
    /// File to write to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Forms that a run can be exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Bencher Metric Format (JSON), for continuous benchmarking with Bencher
    Bencher,
    /// The report
    Json,
    /// The report as Markdown
    Markdown,
    /// Percentiles of one cell, for the `HdrHistogram` plotter
    Hgrm,
    /// Lossless histograms of one cell, `HdrHistogram` interval log V2
    Hlog,
    /// Raw samples of one cell
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) plan: PlanOptions,
    /// Whose limits it must fit
    #[arg(long, default_value_t = LimitsProfile::Paid)]
    pub(crate) limits: LimitsProfile,
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Serve the built Workers on this machine for the run, and stop them after it
    #[arg(long, conflicts_with = "url")]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) plan: PlanOptions,
    /// Folder that `<run>.json` and `<run>.md` are saved into
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) local_options: LocalArguments,
}

/// How to serve the Workers on this machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Local Workers")]
pub(crate) struct LocalArguments {
    /// Folder for the state of the Durable Objects; without it, it is temporary and removed
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Folder of the project [default: the one around the current folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// Another variable of the orchestrator, such as LOCATIONS=wnam,weur
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) variables: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Port of the orchestrator
    #[arg(long, default_value_t = DEFAULT_PORT)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) local: LocalArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgument {
    /// Id of the run; `report` and `watch` take the newest without one
    pub(crate) run: Option<RunId>,
    /// Folder that `<run>.json` and `<run>.md` are saved into
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    /// Runs to list, at most
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct CancelOptions {
    /// Id of the run
    pub(crate) run: RunId,
}

/// Writes completions for `shell` to standard output.
pub(crate) fn completions(shell: Shell) -> Exit {
    let mut command = Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut std::io::stdout());
    Exit::Pass
}

/// `NAME=VALUE`.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable reads NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_local_token_is_never_sent_to_an_address_that_was_given() {
        let api = |url: Option<&str>| ApiOptions {
            url: url.map(str::to_owned),
            token: None,
            json: false,
        };
        assert_eq!(api(None).token().as_deref(), Some(LOCAL_API_TOKEN));
        assert_eq!(api(Some("https://example.com")).token(), None);
    }
}
