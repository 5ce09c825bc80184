//! Following a run to its end.

use crate::{interrupt::Interrupt, progress::Progress};
use anyhow::bail;
use cli::client::{Client, ClientError};
use protocol::{RunId, RunState, run::RunStatus};
use std::time::{Duration, Instant};

/// Pause between two looks. Each look costs the coordinator a few ms, so it should be rare beside a slice.
const PAUSE: Duration = Duration::from_millis(500);

/// How long an orchestrator may stay silent, as it does while it is deployed anew.
const PATIENCE: Duration = Duration::from_mins(1);

/// How following ended.
#[derive(Debug)]
pub(crate) enum Followed {
    /// The run reached a final state.
    Ended(Box<RunStatus>),
    /// The user wants to stop; the run goes on.
    Interrupted,
}

/// Follows a run until it ends or the user interrupts; `check` fails when there is no more point in waiting.
pub(crate) fn follow(
    client: &Client,
    run: &RunId,
    interrupt: &Interrupt,
    mut check: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Followed> {
    let mut progress = Progress::new();
    let mut answered = Instant::now();
    let followed = loop {
        if interrupt.is_asked() {
            break Followed::Interrupted;
        }
        check()?;
        match client.run(run) {
            Ok(status) => {
                answered = Instant::now();
                progress.show(&status);
                if status.state.is_final() {
                    break Followed::Ended(Box::new(status));
                }
            }
            Err(error) if is_passing(&error) && answered.elapsed() < PATIENCE => {}
            Err(error) => return Err(error.into()),
        }
        interrupt.wait(PAUSE);
    };
    progress.finish();
    Ok(followed)
}

/// Whether an error may go away by itself.
fn is_passing(error: &ClientError) -> bool {
    error
        .status()
        .is_none_or(|status| status >= 500 || status == 429)
}

/// Fails unless the run completed.
pub(crate) fn completed(run: &RunStatus) -> anyhow::Result<()> {
    if run.state == RunState::Completed {
        return Ok(());
    }
    let reason = run.reason.as_deref().unwrap_or("no reason was given");
    bail!("run {} {}: {reason}", run.id, run.state)
}
