//! Answers to the API's questions.

use super::{
    Answer, CellSlice, Coordinator, Figures, LogLine, Overview, Question, Start, Turn, status,
};
use crate::store::{HistoryRow, Millis, ReportState, RunRequest, RunRow, StoreError, sql::Sql};
use protocol::{Problem, Round, RoundKind, Rounds, RunId, RunState, run::Trigger};
use serde::Serialize;

/// A run that has been quiet for this long may have lost its alarm: the platform gives up on one after six failures.
const QUIET_MS: Millis = 60_000;

/// Why a question has no answer.
enum Unanswered {
    Problem(Problem),
    Store(StoreError),
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl<S: Sql> Coordinator<S> {
    /// Answers a question, and says what follows from it. What is wrong inside is logged, never told.
    pub fn answer(&self, question: Question, now: Millis) -> (Answer, Turn) {
        self.begin(now);
        let mut turn = self.resume(now);
        let answer = match self.answer_or_refuse(question, now, &mut turn) {
            Ok(json) => Ok(json),
            Err(Unanswered::Problem(problem)) => Err(problem),
            Err(Unanswered::Store(error)) => {
                turn.lines.push(LogLine::Fault {
                    message: error.to_string(),
                });
                Err(Problem::new(
                    500,
                    "the coordinator's store failed; its log says why",
                ))
            }
        };
        (answer, turn)
    }

    /// The first question after a start is followed by a wake, which finds out what is due: a crash, or an earlier release, may have left it
    /// without an alarm.
    fn resume(&self, now: Millis) -> Turn {
        if self.resumed.replace(true) {
            return Turn::default();
        }
        Turn::soon(now)
    }

    fn answer_or_refuse(
        &self,
        question: Question,
        now: Millis,
        turn: &mut Turn,
    ) -> Result<String, Unanswered> {
        match question {
            Question::Start(start) => self.start(*start, now, turn),
            Question::MayStart => {
                self.end_stalled(now, turn)?;
                self.may_start(Trigger::Request, now)?;
                json(&true)
            }
            Question::Status { run } => {
                self.end_stalled(now, turn)?;
                json(&status(&self.known(&run)?))
            }
            Question::List { before, limit } => {
                let runs = self.store.runs(before.as_ref(), limit)?;
                json(&runs.iter().map(status).collect::<Vec<_>>())
            }
            Question::Cancel { run } => self.cancel(&run, now, turn),
            Question::Report { run } => self.report(run.as_ref(), now, turn),
            Question::Slices { run, cell } => {
                let run = self.known(&run)?;
                let slices = self.store.slices_of_cell(&run.id, &cell)?;
                let place = |index| run.rounds.place(index);
                let slices = slices.into_iter().map(|slice| CellSlice {
                    index: slice.index,
                    // It is in the block that follows those before it.
                    block: run.rounds.whole_blocks(slice.index),
                    kind: place(slice.index).map_or(RoundKind::Isolated, |at| at.round.kind),
                    committed_ms: slice.committed_ms,
                    record: slice.record,
                    histogram: slice.histogram,
                });
                json(&slices.collect::<Vec<_>>())
            }
            Question::History { cell, limit } => {
                let rows = self.store.history(&cell, limit)?;
                json(&rows.into_iter().map(figures).collect::<Vec<_>>())
            }
            Question::DeploymentStart { key } => json(&self.store.deployment_start(&key)?),
            Question::KeepDeploymentStart(start) => json(&self.store.keep_deployment_start(start)?),
            Question::Overview => json(&Overview {
                runs_by_state: self.store.runs_by_state()?,
                active: self.store.unfinished_runs()?.first().map(status),
            }),
            Question::Latest => json(&self.latest()?),
            Question::Derived { what, of } => {
                let kept = self.store.derived(what, &of)?;
                Ok(kept.ok_or_else(|| {
                    Problem::new(404, format!("{} of these runs is not kept", what.as_str()))
                })?)
            }
            Question::KeepDerived { what, of, text } => {
                self.store.keep_derived(what, &of, &text)?;
                json(&true)
            }
        }
    }

    fn start(&self, start: Start, now: Millis, turn: &mut Turn) -> Result<String, Unanswered> {
        if self.store.location()?.is_none() {
            self.store.learn_location(&start.location)?;
        }
        if start.trigger == Trigger::Cron {
            self.schedule_fired(&start.id, now)?;
        }
        // Whoever got no answer asks again for the same run: it is started once.
        if let Some(started) = self.store.run(&start.id)? {
            if (started.request.trigger, &started.request.plan) == (start.trigger, &start.plan) {
                return json(&status(&started));
            }
            let detail = format!("there is another run {} already; ask again", start.id);
            return Err(Problem::new(409, detail).into());
        }
        self.end_stalled(now, turn)?;
        if let Err(unanswered) = self.may_start(start.trigger, now) {
            if let Unanswered::Problem(problem) = &unanswered {
                turn.lines.push(LogLine::RunRefused {
                    trigger: start.trigger,
                    location: start.location,
                    reason: problem.detail.clone(),
                });
            }
            return Err(unanswered);
        }
        let rounds = Rounds::new(Round::first(&start.plan, &self.settings.limits))
            .map_err(|error| Problem::new(400, format!("the plan makes no run: {error}")))?;
        let run = RunRow::new(
            start.id,
            RunRequest {
                trigger: start.trigger,
                location: start.location,
                plan: start.plan,
                siblings: start.siblings,
                created_ms: now,
                not_before_ms: now + start.delay_ms,
                deployed_version_id: self.settings.deployed_version_id.clone(),
                confirms: None,
            },
            rounds,
        );
        let alone = self.store.unfinished_runs()?.is_empty();
        self.store.create_run(&run)?;
        if alone {
            turn.wake_at = Turn::soon(now).wake_at;
        }
        turn.lines.push(LogLine::RunAccepted {
            run: run.id.clone(),
            location: run.request.location.clone(),
            trigger: run.request.trigger,
            slices: run.rounds.slices(),
            estimated_usd: run.estimated().cost_usd,
        });
        json(&status(&run))
    }

    /// People get one run at a time; a scheduled run may wait behind the active one, so that overlapping firings do not pile up.
    fn may_start(&self, trigger: Trigger, now: Millis) -> Result<(), Unanswered> {
        let unfinished = self.store.unfinished_runs()?;
        let room = if trigger == Trigger::Request { 1 } else { 2 };
        if let Some(active) = unfinished.first().filter(|_| unfinished.len() >= room) {
            let (id, state) = (&active.id, active.state);
            let detail = format!("run {id} is {state}; wait until it ends, or DELETE /runs/{id}");
            return Err(Problem::new(409, detail).into());
        }
        let most = self.settings.runs_per_hour;
        if trigger == Trigger::Request && self.store.requests_reach(most, now)? {
            let detail = format!(
                "{most} runs have been started within the hour, which is all that RUNS_PER_HOUR allows"
            );
            return Err(Problem::new(429, detail).into());
        }
        Ok(())
    }

    fn cancel(&self, id: &RunId, now: Millis, turn: &mut Turn) -> Result<String, Unanswered> {
        let run = self.known(id)?;
        if run.state.is_final() {
            let detail = format!("run {id} is {} already", run.state);
            return Err(Problem::new(409, detail).into());
        }
        *turn = self.end(&run, RunState::Cancelled, Some("cancelled by request"), now)?;
        json(&status(&self.known(id)?))
    }

    fn report(
        &self,
        run: Option<&RunId>,
        now: Millis,
        turn: &mut Turn,
    ) -> Result<String, Unanswered> {
        let id = run.map_or_else(|| self.latest(), |id| Ok(id.clone()))?;
        if let Some(report) = self.store.report(&id)? {
            return Ok(report);
        }
        let run = self.known(&id)?;
        if !run.state.is_final() {
            return Ok(self.interim_report(&run, now, turn)?);
        }
        let detail = match run.report {
            ReportState::None => format!(
                "run {id} was {} before anything was measured: it has no report",
                run.state
            ),
            ReportState::Impossible => format!("the report of run {id} could not be assembled"),
            ReportState::Due | ReportState::Stored => format!(
                "run {id} is {}, and its report is being assembled: ask again in a second",
                run.state
            ),
        };
        Err(Problem::new(404, detail).into())
    }

    fn latest(&self) -> Result<RunId, Unanswered> {
        let none =
            "no run has been completed yet; start one with POST /runs, or wait for the schedule";
        let latest = self.store.latest_completed()?;
        Ok(latest.ok_or_else(|| Problem::new(404, none))?)
    }

    fn known(&self, id: &RunId) -> Result<RunRow, Unanswered> {
        let unknown = || {
            Problem::new(
                404,
                format!("there is no run {id}; GET /runs lists those kept"),
            )
        };
        Ok(self.store.run(id)?.ok_or_else(unknown)?)
    }

    /// A run whose alarms have ceased is woken, and in the end failed, by whoever asks next.
    fn end_stalled(&self, now: Millis, turn: &mut Turn) -> Result<(), StoreError> {
        let Some(run) = self.store.unfinished_runs()?.into_iter().next() else {
            return Ok(());
        };
        if let Some(ended) = self.fail_if_stalled(&run, now)? {
            *turn = ended;
        } else if now - run.progress_ms > QUIET_MS {
            // A wake in its place does no harm: alarms of one object never overlap.
            turn.wake_at = turn.wake_at.or(Turn::soon(now).wake_at);
        }
        Ok(())
    }
}

pub(super) fn figures(row: HistoryRow) -> Figures {
    Figures {
        run: row.run,
        finished_ms: row.finished_ms,
        version: row.version,
        conditions: row.conditions,
        figures: row.figures,
        residency: row.residency,
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Unanswered> {
    serde_json::to_string(value).map_err(|error| {
        Problem::new(500, format!("the answer could not be written: {error}")).into()
    })
}
