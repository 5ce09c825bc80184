//! One slice: dispatch, check, commit; or note the failed attempt.

use super::{
    Caller, Clock, Coordinator, DispatchError, LogLine, Turn, order,
    repetition::{self, Repeated},
};
use crate::store::{Millis, RunRow, StoreError, Tally, sql::Sql};
use measurement::{duration::Nanoseconds, histogram::LatencyHistogram};
use protocol::{
    Cell, ErrorKind, Plan, Round, RunState, Runtime,
    busy::{BusyCell, Neighbour, SPIN},
    cold_start,
    measure::{MeasureRequest, MeasureResponse},
    rounds::Place,
    slice::{Measured, SliceRecord, Work},
    usage,
};

/// Attempts at one slice before its run is given up.
pub(super) const ATTEMPTS: u32 = 5;

/// Pause after the first failed attempt, in ms; it doubles with each further one.
const FIRST_PAUSE_MS: Millis = 1_000;

/// Time allowed to a dispatch beside its calls, in ms: a cold start of the caller-worker, probe, calibration, polling.
const SLICE_ALLOWANCE_MS: u32 = 30_000;

/// Time allowed to a dispatch, at most, in ms: well inside the 15 minutes of an alarm.
const SLICE_TIMEOUT_MS: u32 = 5 * 60 * 1_000;

/// A progress line is logged at each of this many parts of a run.
const PROGRESS_LINES: u32 = 20;

/// A slice that came back.
struct Dispatched {
    measured: Measured,
    dispatch_ms: u64,
    dispatches: u32,
}

impl<S: Sql> Coordinator<S> {
    /// Measures the slice under the cursor, then commits it.
    pub(super) async fn measure(
        &self,
        run: RunRow,
        platform: &(impl Caller + Clock),
    ) -> Result<Turn, StoreError> {
        let rounds = &run.rounds;
        let work = order::work_at(run.request.plan.seed, rounds, run.cursor);
        let (Some(work), Some(Place { round, block, .. })) = (work, rounds.place(run.cursor))
        else {
            return Ok(Turn::soon(platform.now_ms()));
        };
        let began = platform.now_ms();
        let outcome = dispatch(&run, round, work, platform).await;
        let now = platform.now_ms();
        match outcome {
            Ok(dispatched) => {
                let record = SliceRecord {
                    index: run.cursor,
                    block,
                    attempt: run.tally.failed_attempts + 1,
                    work,
                    measured: dispatched.measured,
                    dispatch_ms: dispatched.dispatch_ms,
                };
                let tally = tally_after(&run, round, &record, dispatched.dispatches, began, now);
                let run = RunRow { tally, ..run };
                self.commit(run, &record, began, now)
            }
            Err(error) => self.note_failure(run, &error, began, now),
        }
    }

    /// Commits a slice; `run` has been counted up to it.
    fn commit(
        &self,
        mut run: RunRow,
        record: &SliceRecord,
        began: Millis,
        now: Millis,
    ) -> Result<Turn, StoreError> {
        let timeout_ns = Nanoseconds::from_ms(run.request.plan.call_timeout_ms.into()).0;
        run.started_ms.get_or_insert(began);
        match self
            .store
            .commit_slice(&run, record, histogram(record, timeout_ns), now)
        {
            Ok(()) => Ok(Self::log_progress(&run, now)),
            Err(StoreError::MovedOn) => Ok(Turn::soon(now).with(LogLine::SliceDropped {
                run: run.id,
                slice: record.index,
            })),
            Err(error) => Err(error),
        }
    }

    fn log_progress(run: &RunRow, now: Millis) -> Turn {
        let (done, total) = (run.cursor + 1, run.rounds.slices());
        let turn = Turn::soon(now);
        let part =
            |slices: u32| u64::from(slices) * u64::from(PROGRESS_LINES) / u64::from(total.max(1));
        let percent = u32::try_from(u64::from(done) * 100 / u64::from(total.max(1))).unwrap_or(100);
        if run.cursor == 0 {
            return turn.with(LogLine::RunStarted {
                run: run.id.clone(),
                location: run.request.location.clone(),
                colo: run.colo.clone(),
            });
        }
        if part(done) == part(run.cursor) {
            return turn;
        }
        turn.with(LogLine::RunProgress {
            run: run.id.clone(),
            slices_done: done,
            slices_total: total,
            percent,
            errors: run.tally.errors,
        })
    }

    /// Notes a failed attempt; the last one, or one that no repetition can mend, ends the run.
    fn note_failure(
        &self,
        mut run: RunRow,
        error: &DispatchError,
        began: Millis,
        now: Millis,
    ) -> Result<Turn, StoreError> {
        let tally = &mut run.tally;
        tally.failed_attempts += 1;
        let attempt = tally.failed_attempts;
        let pause = FIRST_PAUSE_MS << (attempt - 1).min(10);
        tally.retry_at_ms = now + pause;
        count_wake(&mut tally.usage, 1, began, now);
        self.store.save_tally(&run.id, &run.tally)?;
        let line = LogLine::DispatchFailed {
            run: run.id.clone(),
            slice: run.cursor,
            attempt,
            reason: error.to_string(),
        };
        if error.may_pass() && attempt < ATTEMPTS {
            return Ok(Turn::at(now + pause).with(line));
        }
        let reason = format!("slice {} failed {attempt} time(s); {error}", run.cursor);
        let mut turn = self.end(&run, RunState::Failed, Some(&reason), now)?;
        turn.lines.insert(0, line);
        Ok(turn)
    }
}

/// Measures one work of a round.
async fn dispatch(
    run: &RunRow,
    round: &Round,
    work: Work,
    platform: &(impl Caller + Clock),
) -> Result<Dispatched, DispatchError> {
    let plan = &run.request.plan;
    let timeout_ms = slice_timeout_ms(plan, round);
    match work {
        Work::Cell(cell) => {
            let request = measure_request(plan, round, cell, run.cursor);
            samples(platform, &request, timeout_ms).await
        }
        Work::ColdStart(cold_start) => {
            let request = cold_start::Request {
                place: run.request.location.clone(),
                cold_start,
                call_timeout_ms: plan.call_timeout_ms,
            };
            let before = platform.now_ms();
            let sampled = platform.cold_start(&request, timeout_ms).await;
            Ok(Dispatched {
                measured: Measured::ColdStart(outcome_of(sampled)),
                dispatch_ms: u64::try_from(platform.now_ms() - before).unwrap_or(0),
                dispatches: 1,
            })
        }
        Work::Busy(busy) => {
            let request = busy_request(run, round, busy);
            let timeout_ms = timeout_ms.saturating_add(pauses_ms(round, &busy));
            samples(platform, &request, timeout_ms).await
        }
        Work::Component(component) => {
            let known = run.tally.repetitions.get(&component.to_string()).copied();
            let limits = &round.limits;
            let Repeated {
                response,
                dispatch_ms,
                dispatches,
            } = repetition::repeat(platform, plan, limits, component, known, timeout_ms).await?;
            Ok(Dispatched {
                measured: Measured::Repeated(response),
                dispatch_ms,
                dispatches,
            })
        }
    }
}

/// Has the caller measure samples, by a request that its answer must match.
async fn samples(
    platform: &(impl Caller + Clock),
    request: &MeasureRequest,
    timeout_ms: u32,
) -> Result<Dispatched, DispatchError> {
    let before = platform.now_ms();
    let response = platform.measure(request, timeout_ms).await?;
    let dispatch_ms = u64::try_from(platform.now_ms() - before).unwrap_or(0);
    check(request, &response)?;
    Ok(Dispatched {
        measured: Measured::Samples(response),
        dispatch_ms,
        dispatches: 1,
    })
}

/// A cold start that failed is a finding: it is stored, and not tried again, because the choice of those that succeed would be a biased one. The next
/// block has another.
fn outcome_of(sampled: Result<cold_start::Sample, DispatchError>) -> cold_start::Outcome {
    let error = match sampled {
        Ok(sample) => return cold_start::Outcome::Sampled(Box::new(sample)),
        Err(error) => error,
    };
    let (kind, detail) = match error {
        DispatchError::Timeout(ms) => (ErrorKind::Timeout, format!("no answer within {ms} ms")),
        DispatchError::Unreachable(why) => (ErrorKind::Transport, why),
        DispatchError::Failed {
            status: 504,
            detail,
        } => (ErrorKind::Timeout, detail),
        DispatchError::Refused { status, detail } | DispatchError::Failed { status, detail } => {
            (ErrorKind::Status, format!("status {status}: {detail}"))
        }
        DispatchError::Unusable(why) => (ErrorKind::BadResponse, why),
    };
    cold_start::Outcome::Failed { kind, detail }
}

/// The tally of a run after `record`, a slice of `round`.
fn tally_after(
    run: &RunRow,
    round: &Round,
    record: &SliceRecord,
    dispatches: u32,
    began: Millis,
    now: Millis,
) -> Tally {
    let mut tally = run.tally.clone();
    tally.failed_attempts = 0;
    tally.retry_at_ms = 0;
    match (&record.work, &record.measured) {
        (_, Measured::Samples(response)) => {
            let failed = response.errors.total();
            tally.samples += response.samples.len() as u64 + failed;
            tally.errors += failed;
        }
        (Work::Component(component), Measured::Repeated(response)) => {
            tally
                .repetitions
                .insert(component.to_string(), response.repetitions);
        }
        (_, Measured::ColdStart(outcome)) => {
            tally.samples += 1;
            tally.errors += u64::from(matches!(outcome, cold_start::Outcome::Failed { .. }));
        }
        (Work::Cell(_) | Work::ColdStart(_) | Work::Busy(_), Measured::Repeated(_)) => {}
    }
    if let Some((busy, kept)) = record.neighbour().filter(|(_, kept)| kept.strokes > 0) {
        tally
            .repetitions
            .insert(strokes_of(busy.runtime), kept.strokes);
    }
    tally.usage.delegated_calls += usage::delegated_calls_made(round, record);
    if let Work::ColdStart(cold_start) = record.work {
        tally.usage.isolates_loaded += u64::from(cold_start.scenario.loads());
    }
    count_wake(&mut tally.usage, dispatches, began, now);
    tally
}

/// Counts what a wake takes of the account.
fn count_wake(usage: &mut protocol::run::Usage, dispatches: u32, began: Millis, now: Millis) {
    usage.wakes += 1;
    usage.dispatches += u64::from(dispatches);
    usage.rows_written += usage::ROWS_PER_WAKE;
    usage.active_seconds += (now - began) as f64 / 1_000.0;
}

/// Time allowed to one dispatch: all its calls at their own timeouts, and an allowance.
fn slice_timeout_ms(plan: &Plan, round: &Round) -> u32 {
    plan.call_timeout_ms
        .saturating_mul(round.calls_per_slice())
        .saturating_add(SLICE_ALLOWANCE_MS)
        .min(SLICE_TIMEOUT_MS)
}

fn measure_request(plan: &Plan, round: &Round, cell: Cell, index: u32) -> MeasureRequest {
    MeasureRequest {
        runtime: cell.runtime,
        transport: cell.transport,
        function: cell.function,
        payload_bytes: cell.payload_bytes,
        payload_shape: plan.payload_shape,
        samples: round.samples_per_slice,
        warmup: round.warmup_per_slice,
        chain: round.chain_calls,
        timer: round.timer,
        seed: order::slice_seed(plan.seed, index),
        call_timeout_ms: plan.call_timeout_ms,
        batch_size: plan.batch_size,
        concurrency: plan.concurrency,
        neighbour: None,
    }
}

/// Longest time that the calls of a slice may be paused together, in ms.
const fn pauses_ms(round: &Round, busy: &BusyCell) -> u32 {
    round.samples_per_slice.saturating_mul(busy.pause_ms)
}

/// What the tally calls the strokes of a runtime's neighbours, among the repetitions that first slices have found.
fn strokes_of(runtime: Runtime) -> String {
    format!("{SPIN} {runtime}")
}

/// One call at a time, each in a message of its own.
fn busy_request(run: &RunRow, round: &Round, busy: BusyCell) -> MeasureRequest {
    let known = run.tally.repetitions.get(&strokes_of(busy.runtime));
    MeasureRequest {
        batch_size: 1,
        concurrency: 1,
        neighbour: Some(Neighbour {
            runtime: busy.runtime,
            percent: busy.share.percent(),
            pause_ms: busy.pause_ms,
            strokes: known.copied().unwrap_or(0),
        }),
        ..measure_request(&run.request.plan, round, busy.cell, run.cursor)
    }
}

/// Refuses an answer that counts more samples than were asked for: it would be of another request.
fn check(request: &MeasureRequest, response: &MeasureResponse) -> Result<(), DispatchError> {
    if response.samples.len() as u64 <= u64::from(request.samples) {
        return Ok(());
    }
    Err(DispatchError::Unusable(format!(
        "{} samples instead of {}",
        response.samples.len(),
        request.samples
    )))
}

/// The samples of a slice as an encoded histogram in nanoseconds; none where there are none to be read. Calls that timed out are in it as in
/// the report's: at their timeout, above all others.
fn histogram(record: &SliceRecord, timeout_ns: u64) -> Option<String> {
    // What is measured beside neighbours is no part of a cell: its histogram is in the report.
    let (Work::Cell(_), Measured::Samples(response)) = (&record.work, &record.measured) else {
        return None;
    };
    let mut histogram = LatencyHistogram::new();
    for sample_ns in response.samples_ns() {
        histogram.record(sample_ns);
    }
    let slowest_ns = histogram.max_ns().unwrap_or(0);
    for _ in 0..response.timeouts() {
        histogram.record(timeout_ns.max(slowest_ns));
    }
    (histogram.count() > 0)
        .then(|| histogram.encode().ok())
        .flatten()
}
