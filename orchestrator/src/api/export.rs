//! One cell's samples as files that other tools read: percentile table, `HdrHistogram` log, raw samples.

use super::{Api, Coordinators, Response, runs::read};
use crate::coordinator::{CellSlice, Question};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use core::{fmt::Write as _, time::Duration};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, V2DeflateSerializer, interval_log::IntervalLogWriterBuilder},
};
use protocol::{
    Cell, Problem, RoundKind, RunId,
    routes::Export,
    run::RunStatus,
    slice::{Measured, SliceRecord},
    units::NS_PER_MS,
};
use std::time::UNIX_EPOCH;

/// Lines of a percentile table for each halving of the distance to 100 %, as the reference implementation writes them.
const TICKS_PER_HALF: u32 = 5;

impl<C: Coordinators> Api<'_, C> {
    /// One cell of one run as a file.
    pub(super) async fn export(
        &self,
        run: &RunId,
        cell: Cell,
        form: Export,
    ) -> Result<Response, Problem> {
        let (location, status) = self.find(run).await?;
        if !status.plan.cells().contains(&cell) {
            let detail =
                format!("run {run} has no cell {cell}; GET /results/{run} lists those it has");
            return Err(Problem::new(404, detail));
        }
        let question = Question::Slices {
            run: run.clone(),
            cell,
        };
        let mut slices: Vec<CellSlice> = read(&self.ask_cached(&location, &question).await?)?;
        if form != Export::Csv {
            // whole ticks of back-to-back calls have no place in a distribution of isolated ones; the raw samples name their timer
            slices.retain(|slice| slice.kind == RoundKind::Isolated);
        }
        let (media_type, text) = match form {
            Export::Csv => ("text/csv; charset=utf-8", csv(run, cell, &slices)?),
            Export::Hgrm => ("text/plain; charset=utf-8", percentile_table(&slices)?),
            Export::Hlog => (
                "text/plain; charset=utf-8",
                interval_log(&status, cell, &slices)?,
            ),
        };
        let file = format!("attachment; filename=\"{run}.{cell}.{form}\"");
        Ok(Response::new(200, media_type, text).with("content-disposition", file))
    }
}

fn unreadable(error: impl core::fmt::Display) -> Problem {
    Problem::new(500, format!("a stored histogram cannot be read: {error}"))
}

/// A slice's histogram, in ns.
fn histogram(slice: &CellSlice) -> Result<Option<Histogram<u64>>, Problem> {
    let Some(text) = &slice.histogram else {
        return Ok(None);
    };
    let bytes = STANDARD.decode(text).map_err(unreadable)?;
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map(Some)
        .map_err(unreadable)
}

/// The percentile table of all samples, in ms: what <https://hdrhistogram.github.io/HdrHistogram/plotFiles.html> reads.
fn percentile_table(slices: &[CellSlice]) -> Result<String, Problem> {
    let mut all =
        Histogram::<u64>::new(measurement::histogram::SIGNIFICANT_DIGITS).map_err(unreadable)?;
    for slice in slices {
        if let Some(one) = histogram(slice)? {
            all.add(one).map_err(unreadable)?;
        }
    }
    let mut out = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut count = 0;
    for step in all.iter_quantiles(TICKS_PER_HALF) {
        count += step.count_since_last_iteration();
        let (value, quantile) = (
            step.value_iterated_to() as f64 / NS_PER_MS,
            step.quantile_iterated_to(),
        );
        let _ = if quantile < 1.0 {
            writeln!(
                out,
                "{value:12.6} {quantile:1.12} {count:10} {:14.2}",
                1.0 / (1.0 - quantile)
            )
        } else {
            writeln!(out, "{value:12.6} {quantile:1.12} {count:10}")
        };
    }
    let (mean, deviation) = (all.mean() / NS_PER_MS, all.stdev() / NS_PER_MS);
    let _ = writeln!(
        out,
        "#[Mean    = {mean:12.6}, StdDeviation   = {deviation:12.6}]"
    );
    let _ = writeln!(
        out,
        "#[Max     = {:12.6}, Total count    = {:12}]",
        all.max() as f64 / NS_PER_MS,
        all.len()
    );
    let _ = writeln!(
        out,
        "#[Buckets = {:12}, SubBuckets     = {:12}]",
        all.buckets(),
        2048
    );
    Ok(out)
}

/// The lossless log, version 2 of the histograms' form: one interval a slice, in seconds from the run's start.
fn interval_log(status: &RunStatus, cell: Cell, slices: &[CellSlice]) -> Result<String, Problem> {
    let started_ms = status.started_at.map_or(0, |at| at.timestamp_millis());
    let started = UNIX_EPOCH + milliseconds(started_ms);
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment(&format!(
            "[Run {}, cell {cell}, latencies in ns, maxima in ms, one interval a slice]",
            status.id
        ))
        .with_start_time(started)
        .with_base_time(started)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut bytes, &mut serializer)
        .map_err(unreadable)?;
    for slice in slices {
        let Some(histogram) = histogram(slice)? else {
            continue;
        };
        let ended = milliseconds(slice.committed_ms - started_ms);
        let took = milliseconds(
            slice
                .record
                .as_ref()
                .map_or(1, |record| i64::try_from(record.dispatch_ms).unwrap_or(1)),
        );
        log.write_histogram(&histogram, ended.saturating_sub(took), took, None)
            .map_err(|error| unreadable(format!("{error:?}")))?;
    }
    drop(log);
    String::from_utf8(bytes).map_err(unreadable)
}

fn milliseconds(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Raw samples, one a line, in the order of the calls.
fn csv(run: &RunId, cell: Cell, slices: &[CellSlice]) -> Result<String, Problem> {
    let mut out =
        String::from("run,cell,block,slice,attempt,call,latency_ns,timer,resolution_ns,flags\n");
    for slice in slices {
        let Some(record) = &slice.record else {
            return Err(Problem::new(
                410,
                format!(
                    "the raw samples of run {run} have expired (KEEP_SAMPLES_OF_RUNS); its .hlog and .hgrm remain"
                ),
            ));
        };
        let Measured::Samples(response) = &record.measured else {
            continue;
        };
        let Some(clock) = &response.clock else {
            continue;
        };
        let flags = flags(record);
        for (call, latency_ns) in response.samples_ns().enumerate() {
            let _ = writeln!(
                out,
                "{run},{cell},{},{},{},{call},{latency_ns},{},{},{flags}",
                slice.block, slice.index, record.attempt, clock.timer, clock.resolution_ns
            );
        }
    }
    Ok(out)
}

/// What a reader should know of a sample's slice, separated by blanks.
fn flags(record: &SliceRecord) -> String {
    let Measured::Samples(response) = &record.measured else {
        return String::new();
    };
    let marks = [
        (record.attempt > 1, "retried"),
        (!response.errors.is_empty(), "with-errors"),
        (response.lost > 0, "with-lost"),
        (response.skipped > 0, "with-skipped"),
    ];
    let set: Vec<&str> = marks
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| name)
        .collect();
    set.join(" ")
}
