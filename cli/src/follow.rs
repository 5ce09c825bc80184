//! Following a run to its end, by its stream of events.

use crate::{interrupt::Interrupt, progress::Progress};
use anyhow::bail;
use cli::{
    client::{Client, ClientError},
    events::Event,
};
use protocol::{RunId, RunState, run::RunStatus};
use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

/// Longest time until a wish to stop, or a server that ended, is noticed.
const STEP: Duration = Duration::from_millis(50);

/// Pause before a stream that ended is asked for again.
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
    let (news, told) = mpsc::channel();
    // Reading blocks; this thread ends with the stream after nobody wants to be told any more, or with the program.
    thread::spawn({
        let (client, run) = (client.clone(), run.clone());
        move || listen(&client, &run, &news)
    });
    let followed = loop {
        if interrupt.is_asked() {
            break Followed::Interrupted;
        }
        check()?;
        match told.recv_timeout(STEP) {
            Ok(Ok(status)) => {
                answered = Instant::now();
                progress.show(&status);
                if status.state.is_final() {
                    break Followed::Ended(status);
                }
            }
            Ok(Err(error)) if is_passing(&error) && answered.elapsed() < PATIENCE => {}
            Ok(Err(error)) => return Err(error.into()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!("nothing more is heard of run {run}"),
        }
    };
    progress.finish();
    Ok(followed)
}

/// News of a run, or why there are none at the moment.
type News = Result<Box<RunStatus>, ClientError>;

/// Tells every change of the run, stream after stream, until nobody listens.
fn listen(client: &Client, run: &RunId, news: &Sender<News>) {
    let mut seen = None;
    loop {
        match client.events(run, seen.as_deref()) {
            // The end has been told; it is looked at once more, for whoever missed it.
            Ok(None) => {
                let _ = news.send(client.run(run).map(Box::new));
                return;
            }
            Ok(Some(events)) => {
                // A stream that breaks off is asked for again, as one that ends.
                for Event { id, data, .. } in events.map_while(Result::ok) {
                    seen = id;
                    let Ok(status) = serde_json::from_str(&data) else {
                        continue;
                    };
                    if news.send(Ok(status)).is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                if news.send(Err(error)).is_err() {
                    return;
                }
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Whether an error may go away by itself.
fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Proxy { .. } | ClientError::Token | ClientError::Redirected { .. } => false,
        error => error
            .status()
            .is_none_or(|status| status >= 500 || status == 429),
    }
}

/// Fails unless the run completed.
pub(crate) fn completed(run: &RunStatus) -> anyhow::Result<()> {
    if run.state == RunState::Completed {
        return Ok(());
    }
    let reason = run.reason.as_deref().unwrap_or("no reason was given");
    bail!("run {} {}: {reason}", run.id, run.state)
}
