//! The schedule: one run at every location, whether or not its coordinator can be reached at once.

use super::{Api, Coordinators};
use crate::coordinator::{Question, Start};
use core::time::Duration;
use futures_util::future::join_all;
use protocol::{Problem, run::Trigger};

/// Attempts at reaching one coordinator. With the pauses between them, and each given up after 30 s, they end before the 15 minutes of an event.
const ATTEMPTS: u32 = 9;

/// Pause after the first attempt; it doubles with each further one: 4 minutes in all.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl<C: Coordinators> Api<'_, C> {
    /// Starts the scheduled run at every location, side by side. A coordinator that cannot be reached is asked again, after `pause`, for the same
    /// run, so that it is started once whichever request arrived. Returns what went wrong where, for the log.
    pub async fn scheduled(&self, pause: impl AsyncFn(Duration)) -> Vec<Problem> {
        if let Err(problem) = self.check_capabilities(&self.settings.scheduled_plan).await {
            return vec![problem];
        }
        let starts = self.starts(&self.settings.scheduled_plan, Trigger::Cron);
        let started = starts
            .into_iter()
            .map(|start| self.start_at_last(start, &pause));
        join_all(started).await.into_iter().flatten().collect()
    }

    async fn start_at_last(&self, start: Start, pause: &impl AsyncFn(Duration)) -> Option<Problem> {
        let location = start.location.clone();
        let question = Question::Start(Box::new(start));
        let mut attempt = 0;
        loop {
            let problem = self.coordinators.ask(&location, &question).await.err()?;
            attempt += 1;
            if problem.status < 500 {
                return Some(problem);
            }
            if attempt == ATTEMPTS {
                let detail = format!(
                    "the scheduled run at {location} was not started in {ATTEMPTS} attempts: {}",
                    problem.detail
                );
                return Some(Problem { detail, ..problem });
            }
            pause(FIRST_PAUSE * (1 << (attempt - 1))).await;
        }
    }
}
