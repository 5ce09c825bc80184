//! Following a run to its end, by its stream of events.

use crate::{interrupt::Interrupt, progress::Progress};
use anyhow::bail;
use cli::{
    client::{Client, ClientError},
    events::Event,
};
use protocol::{Report, RunId, RunState, run::RunStatus};
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

/// Pause between two looks at the report as it stands: shorter than the 5 s in which one is assembled.
const LOOK_PAUSE: Duration = Duration::from_millis(2_500);

/// For this long an orchestrator may still show what stood before the end.
const KEPT: Duration = Duration::from_secs(1);

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
    let (news, received) = mpsc::channel();
    // Reading blocks; these threads end with their next message after nobody receives any more, or with the program.
    if progress.shows_latencies() {
        let (client, run, news) = (client.clone(), run.clone(), news.clone());
        thread::spawn(move || look(&client, &run, &news));
    }
    thread::spawn({
        let (client, run) = (client.clone(), run.clone());
        move || listen(&client, &run, &news)
    });
    let followed = loop {
        if interrupt.is_asked() {
            break Followed::Interrupted;
        }
        check()?;
        match received.recv_timeout(STEP) {
            Ok(News::Status(status)) => {
                answered = Instant::now();
                progress.show(&status);
                if status.state.is_final() {
                    break Followed::Ended(status);
                }
            }
            Ok(News::Report(report)) => progress.show_report(report),
            Ok(News::None(error)) if is_passing(&error) && answered.elapsed() < PATIENCE => {}
            Ok(News::None(error)) => return Err(error.into()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                bail!(
                    "the orchestrator reports nothing more of run {run}; `rpc-latency watch {run}` asks again"
                )
            }
        }
    };
    if progress.shows_latencies() && matches!(followed, Followed::Ended(_)) {
        thread::sleep(KEPT);
    }
    progress.finish();
    Ok(followed)
}

/// News of a run.
enum News {
    /// Where it stands.
    Status(Box<RunStatus>),
    /// Its report as it stands.
    Report(Box<Report>),
    /// None at the moment, and why.
    None(ClientError),
}

/// Sends the report as it stands, again and again, until nobody receives it. Where there is none, as before the first slice, the next look may find one.
fn look(client: &Client, run: &RunId, news: &Sender<News>) {
    loop {
        let report = client.report(run);
        if let Ok(report) = report
            && news.send(News::Report(Box::new(report))).is_err()
        {
            return;
        }
        thread::sleep(LOOK_PAUSE);
    }
}

/// Sends every change of the run, stream after stream, until nobody receives it.
fn listen(client: &Client, run: &RunId, news: &Sender<News>) {
    let mut seen = None;
    loop {
        match client.events(run, seen.as_deref()) {
            // The end has been sent; it is read once more, in case that was missed.
            Ok(None) => {
                let status = client.run(run).map(Box::new);
                let _ = news.send(status.map_or_else(News::None, News::Status));
                return;
            }
            Ok(Some(events)) => {
                // A stream that breaks off is asked for again, as one that ends.
                for Event { id, data, .. } in events.map_while(Result::ok) {
                    seen = id;
                    let Ok(status) = serde_json::from_str(&data) else {
                        continue;
                    };
                    if news.send(News::Status(status)).is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                if news.send(News::None(error)).is_err() {
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
