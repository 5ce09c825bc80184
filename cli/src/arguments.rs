//! The command line's grammar.

use crate::{
    api_options::{ApiOptions, DEFAULT_PORT},
    check_command::CheckOptions,
    configure::ConfigureOptions,
    deployment_start::DeploymentStartOptions,
    local_options::{ClockArgument, LocalArguments},
    plan_options::PlanOptions,
    public_address::PublicAddressOptions,
    tolerance::Tolerance,
};
use anyhow::bail;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use protocol::{
    Cell, Quantile, RunId, Runtime,
    history::{SeriesMetric, Subject},
    limits::LimitsProfile,
};
use std::{num::NonZeroUsize, path::PathBuf};

/// Measures what delegating a function from a thin stub Worker to a shared runtime Worker costs.
///
/// Exit status of run, watch and report: 0 pass, 1 fail, 3 open, 2 wrong usage or a failure.
#[derive(Debug, Parser)]
#[command(name = "rpc-latency", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) api: ApiOptions,
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
    /// Look at a deployment: versions, secrets, every way to the code, and what its clock can show
    ///
    /// Makes a small run. Exit status 1 if something does not work.
    Doctor,
    /// Serve the Workers on this machine until Ctrl-C, and show their log as it comes
    ///
    /// One readable line an event on a terminal; JSON lines elsewhere, or with --json. `NO_COLOR` turns colours off.
    Serve(ServeOptions),
    /// Ask a Worker on this machine for each point of its contract (docs/contracts.md)
    ///
    /// Exit status: 0 it keeps all of them, 1 it does not, 2 wrong usage or a failure.
    Check(CheckOptions),
    /// Write complete configuration files of the Workers for a choice of runtimes
    ///
    /// Prints a line for each Worker in the order of deployment: its role, the variable or binding that leads to it, its file. The committed files are
    /// those of the native runtime alone. scripts/deploy does this itself.
    Configure(ConfigureOptions),
    /// Have the first call of a version timed that has just been deployed, for scripts/deploy --cold
    #[command(hide = true)]
    DeploymentStart(DeploymentStartOptions),
    /// Say where a Worker answers, for scripts/deploy
    #[command(hide = true)]
    PublicAddress(PublicAddressOptions),
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
    /// End with status 1 if even the lower end of a growth is above this many percent, 0 or more
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true, value_parser = percent)]
    pub(crate) fail_above: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryOptions {
    /// The cell, such as service-binding.echo.100, or the kind of cold start, such as native.cold-stub.new (runtime, scenario, known or new wasm)
    pub(crate) cell: Subject,
    /// The figure: mean, p50, p95 or p99; of cold starts mean, p50 or p95
    #[arg(long, default_value_t = SeriesMetric::Quantile(Quantile::P50))]
    pub(crate) metric: SeriesMetric,
    /// The location, if there are several
    #[arg(long, value_parser = location)]
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
    /// Measure the built Workers of another checkout, too, in turn with this one's: status 1 only if a regression is significant
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "local",
        conflicts_with = "state"
    )]
    pub(crate) against: Option<PathBuf>,
    /// How much slower than the other checkout is no regression: a share such as 5%, or a time such as 50us
    #[arg(
        long,
        value_name = "SHARE|TIME",
        default_value = "5%",
        requires = "against",
        allow_negative_numbers = true
    )]
    pub(crate) tolerance: Tolerance,
    #[command(flatten)]
    pub(crate) plan: PlanOptions,
    /// Folder that `<run>.json` and `<run>.md` are saved into
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) local_options: LocalArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Port of the orchestrator; 0 for any free one
    #[arg(long, default_value_t = DEFAULT_PORT, allow_negative_numbers = true)]
    pub(crate) port: u16,
    /// Runtimes to serve beside the native one, comma-separated
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(crate) runtimes: Vec<Runtime>,
    /// Serve the Worker that makes fresh isolates, for plans with cold starts
    #[arg(long)]
    pub(crate) cold_starts: bool,
    /// Serve each runtime a second time in a process of its own: what plans with `busy` call, and need here
    #[arg(long)]
    pub(crate) apart: bool,
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
    /// Runs to list, at most; 1 or more
    #[arg(long, default_value = "20", allow_negative_numbers = true)]
    pub(crate) limit: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(crate) struct CancelOptions {
    /// Id of the run
    pub(crate) run: RunId,
}

/// The completions for `shell`.
pub(crate) fn completions(shell: Shell) -> String {
    let whole = Arguments::command();
    // The generator would offer hidden commands, too.
    let visible = whole
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut command = clap::Command::new("rpc-latency")
        .args(whole.get_arguments())
        .subcommands(visible);
    // Into memory first: the generator panics where a stream is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "rpc-latency", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

impl Command {
    /// Whether the command asks an orchestrator that options or the environment name.
    pub(crate) const fn asks(&self) -> bool {
        match self {
            Self::Run(options) => !options.local,
            Self::Watch(_)
            | Self::Report(_)
            | Self::Runs(_)
            | Self::Cancel(_)
            | Self::Compare(_)
            | Self::History(_)
            | Self::Export(_)
            | Self::Doctor
            | Self::DeploymentStart(_) => true,
            Self::Plan(_)
            | Self::Serve(_)
            | Self::Check(_)
            | Self::Configure(_)
            | Self::PublicAddress(_)
            | Self::Completions { .. } => false,
        }
    }

    /// Fails where an option was given that would have no effect.
    pub(crate) fn refuse_unused(&self, api: &ApiOptions) -> anyhow::Result<()> {
        match self {
            Self::Run(options) => options.refuse_unused(),
            Self::Export(options) => {
                api.refuse_unused("export", &["--json", "--full"])?;
                options.refuse_unused()
            }
            Self::Plan(_) => api.refuse_unused("plan", &["--url", "--token", "--full"]),
            Self::Doctor => api.refuse_unused("doctor", &["--full"]),
            Self::DeploymentStart(_) => api.refuse_unused("deployment-start", &["--full"]),
            Self::Serve(_) => api.refuse_unused("serve", &["--url", "--full"]),
            Self::Configure(_) => {
                api.refuse_unused("configure", &["--url", "--token", "--json", "--full"])
            }
            Self::Check(_) => api.refuse_unused("check", &["--url", "--token", "--full"]),
            Self::Completions { .. } => {
                api.refuse_unused("completions", &["--url", "--token", "--json", "--full"])
            }
            _ => Ok(()),
        }
    }
}

impl RunOptions {
    fn refuse_unused(&self) -> anyhow::Result<()> {
        let local = &self.local_options;
        let given = [
            ("--state", local.state.is_some()),
            ("--project", local.project.is_some()),
            ("--clock", local.clock != ClockArgument::Running),
            ("--var", !local.variables.is_empty()),
            ("--runtime-config", !local.runtime_configurations.is_empty()),
        ];
        match given.iter().find(|(_, is_given)| *is_given && !self.local) {
            Some((option, _)) => bail!("{option} has an effect with --local only"),
            None => Ok(()),
        }
    }
}

impl ExportOptions {
    fn refuse_unused(&self) -> anyhow::Result<()> {
        let of_one_cell = matches!(self.form, Form::Hgrm | Form::Hlog | Form::Csv);
        if self.cell.is_some() && !of_one_cell {
            bail!(
                "--cell has an effect with --form hgrm, hlog or csv only: the others hold every cell"
            );
        }
        Ok(())
    }
}

/// A share in percent, from 0.
fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent),
        _ => Err("must be a number of percent, 0 or more".to_owned()),
    }
}

/// The name of a location, such as `weur` or `default`.
fn location(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name {
        Ok(text.to_owned())
    } else {
        Err("a location's name holds letters, digits and hyphens".to_owned())
    }
}

#[cfg(test)]
mod tests;
