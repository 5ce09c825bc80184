//! One slice: dispatch, check, commit; or note the failed attempt.

use super::{
    Caller, Clock, Coordinator, DispatchError, LogLine, Turn, order,
    repetition::{self, Repeated},
};
use crate::store::{Millis, RunRow, StoreError, sql::Sql};
use measurement::{duration::Nanoseconds, histogram::LatencyHistogram};
use protocol::{
    Cell, Plan, RunState,
    measure::{MeasureRequest, MeasureResponse},
    plan::Geometry,
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
        let Some(work) = order::work_at(&run.request.plan, &run.request.geometry, run.cursor)
        else {
            return Ok(Turn::soon(platform.now_ms()));
        };
        let began = platform.now_ms();
        let outcome = self.dispatch(&run, work, platform).await;
        let now = platform.now_ms();
        match outcome {
            Ok(dispatched) => self.commit(run, work, dispatched, began, now),
            Err(error) => self.note_failure(run, &error, began, now),
        }
    }

    async fn dispatch(
        &self,
        run: &RunRow,
        work: Work,
        platform: &(impl Caller + Clock),
    ) -> Result<Dispatched, DispatchError> {
        let (plan, geometry) = (&run.request.plan, &run.request.geometry);
        let timeout_ms = slice_timeout_ms(plan, geometry);
        match work {
            Work::Cell(cell) => {
                let request = measure_request(plan, geometry, cell, run.cursor);
                let before = platform.now_ms();
                let response = platform.measure(&request, timeout_ms).await?;
                let dispatch_ms = u64::try_from(platform.now_ms() - before).unwrap_or(0);
                check(&request, &response)?;
                Ok(Dispatched {
                    measured: Measured::Samples(response),
                    dispatch_ms,
                    dispatches: 1,
                })
            }
            Work::Component(component) => {
                let known = run.tally.repetitions.get(&component.to_string()).copied();
                let limits = &self.limits_of(run);
                let Repeated {
                    response,
                    dispatch_ms,
                    dispatches,
                } = repetition::repeat(platform, plan, limits, component, known, timeout_ms)
                    .await?;
                Ok(Dispatched {
                    measured: Measured::Repeated(response),
                    dispatch_ms,
                    dispatches,
                })
            }
        }
    }

    fn commit(
        &self,
        mut run: RunRow,
        work: Work,
        dispatched: Dispatched,
        began: Millis,
        now: Millis,
    ) -> Result<Turn, StoreError> {
        let timeout_ns = Nanoseconds::from_ms(run.request.plan.call_timeout_ms.into()).0;
        let record = SliceRecord {
            index: run.cursor,
            block: order::block_of(&run.request.geometry, run.cursor),
            attempt: run.tally.failed_attempts + 1,
            work,
            measured: dispatched.measured,
            dispatch_ms: dispatched.dispatch_ms,
        };
        run.started_ms.get_or_insert(began);
        self.count(&mut run, &record, dispatched.dispatches, began, now);
        match self
            .store
            .commit_slice(&run, &record, histogram(&record, timeout_ns), now)
        {
            Ok(()) => Ok(Self::log_progress(&run, now)),
            Err(StoreError::MovedOn) => Ok(Turn::soon(now).with(LogLine::SliceDropped {
                run: run.id,
                slice: record.index,
            })),
            Err(error) => Err(error),
        }
    }

    /// Brings the tally to what it is after `record`.
    fn count(
        &self,
        run: &mut RunRow,
        record: &SliceRecord,
        dispatches: u32,
        began: Millis,
        now: Millis,
    ) {
        let hops = self.limits_of(run).delegated_calls_per_slice;
        let tally = &mut run.tally;
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
            (Work::Cell(_), Measured::Repeated(_)) => {}
        }
        let (plan, geometry) = (&run.request.plan, &run.request.geometry);
        tally.usage.delegated_calls += usage::delegated_calls(plan, geometry, record.work, hops);
        count_wake(&mut tally.usage, dispatches, began, now);
    }

    fn log_progress(run: &RunRow, now: Millis) -> Turn {
        let (done, total) = (run.cursor + 1, run.request.geometry.slices());
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

/// Counts what a wake takes of the account.
fn count_wake(usage: &mut protocol::run::Usage, dispatches: u32, began: Millis, now: Millis) {
    usage.wakes += 1;
    usage.dispatches += u64::from(dispatches);
    usage.rows_written += usage::ROWS_PER_WAKE;
    usage.active_seconds += (now - began) as f64 / 1_000.0;
}

/// Time allowed to one dispatch: all its calls at their own timeouts, and an allowance.
fn slice_timeout_ms(plan: &Plan, geometry: &Geometry) -> u32 {
    let calls = geometry.samples_per_slice + geometry.chain_calls + plan.warmup_per_slice;
    plan.call_timeout_ms
        .saturating_mul(calls)
        .saturating_add(SLICE_ALLOWANCE_MS)
        .min(SLICE_TIMEOUT_MS)
}

fn measure_request(plan: &Plan, geometry: &Geometry, cell: Cell, index: u32) -> MeasureRequest {
    MeasureRequest {
        transport: cell.transport,
        function: cell.function,
        payload_bytes: cell.payload_bytes,
        payload_shape: plan.payload_shape,
        samples: geometry.samples_per_slice,
        warmup: plan.warmup_per_slice,
        chain: geometry.chain_calls,
        timer: plan.timer,
        seed: order::slice_seed(plan, index),
        call_timeout_ms: plan.call_timeout_ms,
        batch_size: plan.batch_size,
        concurrency: plan.concurrency,
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
    let Measured::Samples(response) = &record.measured else {
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
