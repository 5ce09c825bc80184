//! The coordinator of one location: takes questions, and drives the active run slice by slice.
//!
//! Contract: [`Coordinator::answer`] answers one question of the API at once; [`Coordinator::wake`] does at most one piece of work
//! (one slice, the decision about one round, one report, that of the active run as it stands included, one review, one alert, some letting go). Both say when to wake next; [`Opening`] sees to it that there is a next
//! wake where a coordinator cannot be opened. The platform, its clock included, and the
//! database are parameters; the Durable Object around it decodes, delegates and responds.
//!
//! **Measure first.** A wake that measures writes nothing before or during the measurement: a Durable Object holds back
//! outgoing messages until earlier writes are confirmed, and the sample would pay for that. Afterwards slice, histogram, cursor and
//! tally are committed in one synchronous turn. What is measured stands in the run's rounds, each stored in a turn before its first slice. A crash anywhere loses at most the slice in flight; see [`crate::store`].
//!
//! The next wake is always at least [`WAKE_GAP_MS`] ahead: an alarm armed for "now" starves every reader of the object.

mod alert_text;
mod answer;
mod delivery;
mod finish;
mod interim;
mod next_round;
mod opening;
pub mod order;
mod platform;
mod question;
mod repetition;
mod review;
mod rounds;
mod schedule;
mod series;
mod slice;
mod status;

pub use next_round::{NextRound, next_round};
pub use opening::{OpenError, Opening, REOPEN_PAUSE_MS};
pub use platform::{Caller, Clock, DeliveryError, DispatchError, Outside};
pub use protocol::log::LogLine;
pub use question::{Answer, CellSlice, Derived, Figures, Overview, Question, Start};
pub use series::change_points;
pub use status::status;

use crate::{
    settings::Settings,
    store::{Millis, RunRow, Store, StoreError, sql::Sql},
};
use core::cell::{Cell, RefCell};
use interim::Interim;
use protocol::{RunId, RunState, limits::LimitsProfile};

/// The next wake, at least this far ahead.
pub const WAKE_GAP_MS: Millis = 1;

/// A run that gets no further for this long has failed.
pub const STALL_MS: Millis = 15 * 60 * 1_000;

/// The next wake after the store itself failed.
const FAULT_PAUSE_MS: Millis = 5_000;

/// The coordinator of one location.
#[derive(Debug)]
pub struct Coordinator<S> {
    store: Store<S>,
    settings: Settings,
    /// Decides which round follows those of a run.
    next_round: NextRound,
    /// The run whose next round the next wake decides, or whose report it assembles: the attempt is already counted.
    announced: RefCell<Option<RunId>>,
    /// The active run's report as it stands.
    interim: RefCell<Interim>,
    /// Whether a question has been answered since the start.
    resumed: Cell<bool>,
    /// When this instance first had something to do.
    began_ms: Cell<Option<Millis>>,
}

/// What follows from an answer or a wake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    /// When to wake next; `None` leaves the alarm as it is.
    pub wake_at: Option<Millis>,
    /// What to log.
    pub lines: Vec<LogLine>,
    /// A better answer follows within moments: between two slices.
    pub asks_again: bool,
}

impl Turn {
    /// Wake again as soon as may be.
    fn soon(now: Millis) -> Self {
        Self::at(now + WAKE_GAP_MS)
    }

    fn at(wake_at: Millis) -> Self {
        Self {
            wake_at: Some(wake_at),
            ..Self::default()
        }
    }

    fn with(mut self, line: LogLine) -> Self {
        self.lines.push(line);
        self
    }
}

impl<S: Sql> Coordinator<S> {
    /// Opens the store and asserts its invariant.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be opened, is of a later release or contradicts itself.
    pub fn open(sql: S, settings: Settings) -> Result<Self, StoreError> {
        Ok(Self {
            store: Store::open(sql, &settings.limits)?,
            settings,
            next_round,
            announced: RefCell::new(None),
            interim: RefCell::default(),
            resumed: Cell::new(false),
            began_ms: Cell::new(None),
        })
    }

    /// The same coordinator, whose runs go on by another decision about rounds than that of their plans.
    #[must_use]
    pub fn deciding_by(self, next_round: NextRound) -> Self {
        Self { next_round, ..self }
    }

    /// The same coordinator, which has learnt the location that it serves.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be kept.
    pub fn at(self, location: Option<&str>) -> Result<Self, StoreError> {
        match location {
            Some(location) if self.store.location()?.is_none() => {
                self.store.learn_location(location)?;
            }
            _ => {}
        }
        Ok(self)
    }

    /// What is stored.
    pub const fn store(&self) -> &Store<S> {
        &self.store
    }

    /// Does the next piece of work. Never fails: what went wrong is logged, and tried again later.
    pub async fn wake(&self, platform: &(impl Caller + Clock + Outside)) -> Turn {
        match self.next_work(platform).await {
            Ok(turn) => turn,
            Err(error) => Turn::at(platform.now_ms() + FAULT_PAUSE_MS).with(LogLine::Fault {
                message: error.to_string(),
            }),
        }
    }

    /// Notes that this instance has something to do now.
    fn begin(&self, now: Millis) {
        let began = self.began_ms.get().unwrap_or(now);
        self.began_ms.set(Some(began));
    }

    async fn next_work(
        &self,
        platform: &(impl Caller + Clock + Outside),
    ) -> Result<Turn, StoreError> {
        let now = platform.now_ms();
        self.begin(now);
        let Some(run) = self.store.unfinished_runs()?.into_iter().next() else {
            self.interim.take();
            return self.chore(platform).await;
        };
        if let Some(turn) = self.fail_if_stalled(&run, now)? {
            return Ok(turn);
        }
        if run.is_measured() {
            return self.conclude(&run, now);
        }
        if let Some(turn) = self.assemble_interim(&run, now) {
            return Ok(turn);
        }
        let due = run.request.not_before_ms.max(run.tally.retry_at_ms);
        if due > now {
            return Ok(Turn::at(due));
        }
        if !run.tally.colo_sought && run.rounds.first().limits.profile != LimitsProfile::Local {
            return self.seek_colo(run, platform).await;
        }
        self.measure(run, platform).await
    }

    /// Work that is done while no run is active. Where there is none, the next wake is when an alert is to be tried again, or a scheduled run
    /// will be overdue.
    async fn chore(&self, platform: &(impl Clock + Outside)) -> Result<Turn, StoreError> {
        let now = platform.now_ms();
        if let Some(run) = self.store.run_with_report_due()? {
            return self.conclude(&run, now);
        }
        if let Some(run) = self.store.run_to_review()? {
            return self.review(&run, now);
        }
        let overdue_ms = self.next_overdue(now)?;
        if overdue_ms.is_some_and(|at| at <= now) {
            return self.report_overdue(now);
        }
        let alert = self.next_alert()?;
        if let Some((url, alert)) = alert.as_ref().filter(|(_, alert)| alert.due_ms <= now) {
            return self.deliver(url, alert, platform).await;
        }
        let (keep_runs, keep_samples) =
            (self.settings.keep_runs, self.settings.keep_samples_of_runs);
        if self.store.prune(keep_runs, keep_samples)? {
            return Ok(Turn::soon(now));
        }
        let alert_ms = alert.map(|(_, alert)| alert.due_ms);
        Ok(Turn {
            wake_at: [alert_ms, overdue_ms].into_iter().flatten().min(),
            ..Turn::default()
        })
    }

    /// Learns where on earth this is, once a run, before its first slice.
    async fn seek_colo(
        &self,
        mut run: RunRow,
        platform: &(impl Clock + Outside),
    ) -> Result<Turn, StoreError> {
        run.colo = platform.colo().await;
        run.tally.colo_sought = true;
        self.store.save_colo(&run)?;
        Ok(Turn::soon(platform.now_ms()))
    }

    /// Ends a run that has not got ahead for too long, whatever the cause. Time in which there was no coordinator to drive it does not count: an
    /// instance that finds it so gives it that time once more, and not again before it has got ahead, or a run that crashes its instance
    /// would go on for ever.
    fn fail_if_stalled(&self, run: &RunRow, now: Millis) -> Result<Option<Turn>, StoreError> {
        let began = self.began_ms.get().unwrap_or(now);
        let since = run.progress_ms.max(run.tally.resumed_ms);
        if now - since <= STALL_MS {
            return Ok(None);
        }
        if began - since > STALL_MS && run.tally.resumed_ms <= run.progress_ms {
            let mut tally = run.tally.clone();
            tally.resumed_ms = now;
            self.store.save_tally(&run.id, &tally)?;
            return Ok(Some(Turn::soon(now)));
        }
        let minutes = STALL_MS / 60_000;
        let reason = format!("no slice was completed for {minutes} minutes");
        self.end(run, RunState::Failed, Some(&reason), now)
            .map(Some)
    }

    /// Puts a run into a final state.
    fn end(
        &self,
        run: &RunRow,
        state: RunState,
        reason: Option<&str>,
        now: Millis,
    ) -> Result<Turn, StoreError> {
        let turn = Turn::soon(now);
        if !self.store.end_run(&run.id, state, reason, now)? {
            return Ok(turn);
        }
        Ok(turn.with(LogLine::RunFinished {
            run: run.id.clone(),
            state,
            reason: reason.map(str::to_owned),
            samples: run.tally.samples,
            errors: run.tally.errors,
            seconds: run
                .started_ms
                .map(|started| (now - started) as f64 / 1_000.0),
        }))
    }
}
