//! With what and how finely it was measured.

use crate::document::{Document, plain};
use crate::format::{Scale, UNSTATED};
use core::fmt::Write as _;
use protocol::{
    Report,
    limits::LimitsProfile,
    measure::Timer,
    report::{PolledClock, Stretch},
};

pub(super) fn environment(out: &mut Document, report: &Report) {
    let environment = &report.environment;
    out.section("Environment");
    let mut items = vec![format!(
        "package {}, deployed version {}{}, compatibility date {}, limits {}",
        environment.package_version,
        environment
            .deployed_version_id
            .as_deref()
            .unwrap_or("none (local)"),
        environment
            .workerd_version
            .as_deref()
            .map_or_else(String::new, |version| format!(", workerd {version}")),
        environment.compatibility_date,
        environment.limits
    )];
    let timers: Vec<&str> = environment
        .timers
        .iter()
        .map(|timer| timer.as_str())
        .collect();
    let tick = environment
        .tick_ms
        .map_or_else(|| UNSTATED.to_owned(), |ms| format!("{ms} ms"));
    let clock = match environment.clock_advances_during_cpu {
        Some(true) => "; the clock advances while a Worker computes",
        Some(false) => "; the clock stands still while a Worker computes",
        None => "",
    };
    items.push(format!(
        "timer {}, tick {tick}{clock}",
        timers.join(" and ")
    ));
    if environment.limits == LimitsProfile::Free && environment.timers == [Timer::Ticked] {
        items.push(
            "whole ticks only: polls of the clock take more CPU than an event may have on the free plan"
                .to_owned(),
        );
    }
    items.extend(environment.clock.iter().map(polled));
    if let Some(floor) = &environment.noise_floor {
        let scale = Scale::microseconds(floor.resolution_us);
        let resolution = floor.resolution_us.map_or_else(String::new, |_| {
            format!("resolution of a reading {} us, ", scale.resolution())
        });
        let readings = floor.quantiles.iter();
        let readings: Vec<String> = readings
            .map(|(quantile, &us)| format!("{} {} us", quantile.title(), scale.reading(us)))
            .collect();
        items.push(format!(
            "noise floor of the timer around no call: {} ({resolution}n = {})",
            readings.join(", "),
            floor.n
        ));
    }
    if let Some(readings) = environment.clock_readings_per_request {
        items.push(format!(
            "readings of the clock: {readings:.0} in a request to the caller"
        ));
    }
    if let Some(cost) = &environment.isolation_cost_us {
        items.push(format!(
            "isolation cost (an isolated call against back-to-back calls): {} us",
            cost.text
        ));
    }
    let plan = &report.plan;
    items.push(format!(
        "plan: {} samples a cell, {} warmup calls a slice, payload {}, call timeout {} ms, batch size {}, concurrency {}, seed {}",
        plan.samples_per_cell,
        plan.warmup_per_slice,
        plan.payload_shape,
        plan.call_timeout_ms,
        plan.batch_size,
        plan.concurrency,
        plan.seed
    ));
    let failed: u64 = report
        .cells
        .iter()
        .flat_map(|cell| cell.errors.values())
        .sum();
    let count: u64 = report.cells.iter().map(|cell| cell.count).sum();
    items.push(format!("{count} samples succeeded, {failed} failed"));
    items.extend(means(report));
    out.items(items.into_iter().map(plain));
}

/// What polls of one kind showed of a clock that stands still.
fn polled(clock: &PolledClock) -> String {
    let mut text = format!(
        "polls by {}: the clock could be interpolated in {} of {} looks",
        clock.rung, clock.fit, clock.looks
    );
    if let (Some(tick_ms), Some(polls), Some(spread_us)) =
        (clock.tick_ms, clock.polls_per_tick, clock.spread_us)
    {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            ", step {tick_ms} ms, {polls:.0} polls to a step, steps spread by {spread_us:.0} us"
        );
    }
    for (why, looks) in &clock.unfit {
        let _ = write!(text, "; {looks} refused: {why}");
    }
    text
}

/// The isolated mean beside the chain's, for the smallest delegated cell: the two differ, and the report says so.
fn means(report: &Report) -> Option<String> {
    let delegated = report
        .cells
        .iter()
        .filter(|cell| cell.transport.delegates());
    let cell = delegated.min_by_key(|cell| (cell.transport, cell.payload_bytes))?;
    let (isolated, back_to_back) = (&cell.mean_us.text, &cell.chain_mean_us.text);
    Some(format!(
        "mean of {} (ms): {isolated} isolated{}, {back_to_back} back-to-back{}",
        cell.id,
        share(cell.mean_dominated_by.as_ref()),
        share(cell.chain_dominated_by.as_ref())
    ))
}

/// How much of a mean one slice is, where it dominates.
fn share(by: Option<&Stretch>) -> String {
    by.map_or_else(String::new, |stretch| {
        format!(" ({:.0} % of it in one slice)", stretch.share * 100.0)
    })
}
