//! The instrument under an emulation of production's clock, against the same machine's running one and against known work.

use cli::local::{Build, LocalClock, LocalWorkers};
use e2e::{machine, stage};
use protocol::{
    Estimate, Quantile, ReasonCode, Report,
    function::Burn,
    measure::{Rung, Timer, Unfit},
    report::{CellReport, PolledClock, WarningKind},
};
use serde_json::json;

/// What a single reading is good to without other load, at the worst, in us.
const RESOLUTION_US: f64 = 60.0;
/// Runs under each of the two clocks, in turn.
const ALTERNATIONS: u32 = 3;
/// Starts that burns are measured at: each calibrates its burner anew.
const STARTS: usize = 3;
/// By how much the slope of what is measured over what is burnt may differ from that on the running clock, measured in turn: what the host of a virtual
/// machine takes makes burns longer on both.
const SLOPE: f64 = 0.03;
/// By how much it may differ from 1, with what the host takes.
const SLOPE_OF_HOST: f64 = 0.06;
/// Medians that may disagree, of 12 that are compared: each comparison errs in some 5 %.
const DISAGREE: usize = 2;

fn under(build: Build, clock: LocalClock) -> LocalWorkers {
    stage::start(build, |options| options.clock = clock)
}

/// An expectation that a busy machine can spoil.
fn expect(is_met: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if is_met { Ok(()) } else { Err(otherwise()) }
}

fn ends(estimate: &Estimate) -> Result<(f64, f64), String> {
    let end = |end: Option<f64>| end.ok_or_else(|| format!("no interval: {estimate:?}"));
    Ok((end(estimate.lower)?, end(estimate.upper)?))
}

fn value(estimate: &Estimate) -> Result<f64, String> {
    estimate
        .value
        .ok_or_else(|| format!("no value: {estimate:?}"))
}

/// A value, or none because the samples resemble each other too much for one; not because of the clock.
fn is_stated_as_far_as_samples_go(estimate: &Estimate) -> bool {
    let reason = estimate.reason.as_ref().map(|reason| reason.code);
    estimate.value.is_some() || reason == Some(ReasonCode::TooFewIndependentSamples)
}

fn p50<'a>(report: &'a Report, cell: &str) -> &'a Estimate {
    let id = cell.parse().unwrap();
    let found = report.cells.iter().find(|cell| cell.id == id);
    &found.expect("the cells of the plan").quantiles[Quantile::P50]
}

fn delegated(report: &Report) -> impl Iterator<Item = &CellReport> {
    report
        .cells
        .iter()
        .filter(|cell| cell.transport.delegates())
}

fn polled(report: &Report, rung: Rung) -> Option<&PolledClock> {
    report.environment.clock.iter().find(|at| at.rung == rung)
}

#[test]
fn the_standing_clock_shows_what_the_running_one_does() {
    let _turn = stage::my_turn();
    let [running, standing] =
        [LocalClock::Running, LocalClock::Production].map(|clock| under(Build::Release, clock));
    let mut apart = Vec::new();
    for seed in 0..ALTERNATIONS {
        apart.extend(both_clocks_agree([&running, &standing], seed));
    }
    assert!(apart.len() <= DISAGREE, "{apart:#?}");
}

/// A run under each clock, one right after the other: where the medians disagree.
fn both_clocks_agree(workers: [&LocalWorkers; 2], seed: u32) -> Vec<String> {
    let plan = json!({"transports": ["direct", "service-binding", "rpc"], "functions": ["echo"], "payload_bytes": [100, 10_000],
        "samples_per_cell": 220, "seed": seed});
    let apart = machine::undisturbed("both clocks", || {
        let [running, standing] =
            workers.map(|workers| stage::run_to_completion(&stage::client(workers), &plan));
        assert_eq!(running.environment.timers, [Timer::Interpolated]);
        assert!(running.environment.clock.is_empty());
        assert_eq!(standing.environment.clock_advances_during_cpu, Some(false));
        let contradicted =
            |warning: &&protocol::report::Warning| warning.kind == WarningKind::ClockContradicted;
        assert_eq!(standing.warnings.iter().filter(contradicted).count(), 0);
        the_clock_is_fit(&standing)?;
        disagreements(&running, &standing)
    });
    apart.unwrap_or_default()
}

fn the_clock_is_fit(standing: &Report) -> Result<(), String> {
    let environment = &standing.environment;
    let stream = polled(standing, Rung::Stream).expect("the stream is tried first");
    expect(environment.timers.contains(&Timer::IoInterpolated), || {
        format!("{:?}", environment.timers)
    })?;
    expect(
        2 * stream.fit > stream.looks && stream.tick_ms == Some(1),
        || format!("{stream:?}"),
    )?;
    let floor = environment.noise_floor.as_ref().expect("a noise floor");
    let resolution_us = floor.resolution_us.ok_or("no resolution")?;
    stage::tell(&format!(
        "standing clock: resolution {resolution_us:.0} us, noise floor {:?}, polls {stream:?}",
        floor.quantiles
    ));
    expect(floor.quantiles[Quantile::P50] < resolution_us, || {
        format!("{floor:?}")
    })?;
    expect(resolution_us <= RESOLUTION_US, || {
        format!("the resolution is {resolution_us} us")
    })
}

fn disagreements(running: &Report, standing: &Report) -> Result<Vec<String>, String> {
    let mut apart = Vec::new();
    let floor = standing.environment.noise_floor.as_ref();
    let resolution_us = floor.and_then(|floor| floor.resolution_us).unwrap_or(0.0);
    for cell in delegated(standing) {
        let id = cell.id.to_string();
        let (one, other) = (p50(running, &id), p50(standing, &id));
        stage::tell(&format!(
            "{id}: p50 running {}, standing {} ms",
            one.text, other.text
        ));
        let ((a, b), (c, d)) = (ends(one)?, ends(other)?);
        let agree = a <= d && c <= b;
        let near = (value(one)? - value(other)?).abs() <= resolution_us;
        if !(agree || near) {
            apart.push(format!("{id}: {} and {}", one.text, other.text));
        }
        expect(
            is_stated_as_far_as_samples_go(&cell.quantiles[Quantile::P95]),
            || format!("{id}: the clock leaves no p95: {:?}", cell.quantiles),
        )?;
        expect(d < 1_000.0, || {
            format!("{id}: p50 is not below 1 ms: {other:?}")
        })?;
    }
    Ok(apart)
}

#[test]
fn where_only_what_leaves_the_process_moves_the_clock_the_ladder_is_climbed() {
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 200, "breakdown": false});
    let _turn = stage::my_turn();
    machine::undisturbed("a clock that only the outside moves", || {
        let workers = under(Build::Release, LocalClock::ProductionOutside);
        let report = stage::run_to_completion(&stage::client(&workers), &plan);
        let [stream, websocket] = [Rung::Stream, Rung::Websocket]
            .map(|rung| polled(&report, rung).expect("both are tried"));
        stage::tell(&format!("only outside: {stream:?}, {websocket:?}"));
        assert_eq!(
            (stream.fit, stream.unfit.get(&Unfit::StandsStill)),
            (0, Some(&stream.looks))
        );
        expect(2 * websocket.fit > websocket.looks, || {
            format!("{websocket:?}")
        })?;
        let cell = delegated(&report).next().unwrap();
        value(&cell.quantiles[Quantile::P50]).map(|_| ())
    });
}

#[test]
fn work_of_a_known_time_shows_on_the_standing_clock() {
    let names: Vec<&str> = Burn::ALL.iter().map(|burn| burn.name()).collect();
    let functions = [&["echo"], &names[..]].concat();
    let plan = json!({"transports": ["service-binding"], "functions": functions, "payload_bytes": [100],
        "samples_per_cell": 440, "breakdown": false});
    let _turn = stage::my_turn();
    machine::undisturbed("burns on the standing clock", || {
        let mut slopes = Vec::new();
        for _ in 0..STARTS {
            let mut both = [0.0; 2];
            for (slope, clock) in both
                .iter_mut()
                .zip([LocalClock::Running, LocalClock::Production])
            {
                let workers = under(Build::TestFunctions, clock);
                let report = stage::run_to_completion(&stage::client(&workers), &plan);
                *slope = slope_of_burns(&report, clock)?;
            }
            slopes.push(both);
        }
        let [running, standing] = [0, 1].map(|clock| {
            let mut own: Vec<f64> = slopes.iter().map(|both| both[clock]).collect();
            own.sort_by(f64::total_cmp);
            own[STARTS / 2]
        });
        stage::tell(&format!(
            "slope of measured over burnt, running and standing clock: {slopes:.3?}, medians {running:.3} and {standing:.3}"
        ));
        expect((standing / running - 1.0).abs() <= SLOPE, || {
            format!("the slope is {standing} on the standing clock, {running} on the running one")
        })?;
        expect((standing - 1.0).abs() <= SLOPE_OF_HOST, || {
            format!("the slope is {standing}")
        })
    });
}

/// The least squares' slope of what is measured over what is burnt, with doing nothing as a burn of 0.
fn slope_of_burns(report: &Report, clock: LocalClock) -> Result<f64, String> {
    let nothing = p50(report, "service-binding.echo.100");
    let mut points = vec![(0.0, value(nothing)?)];
    for burn in Burn::ALL {
        let burning = p50(report, &format!("service-binding.{}.100", burn.name()));
        let burnt_us = f64::from(burn.us());
        let (least, most) = (
            ends(burning)?.0 - ends(nothing)?.1,
            ends(burning)?.1 - ends(nothing)?.0,
        );
        stage::tell(&format!(
            "{clock:?}: burning {burnt_us} us: {} against {} ms, {least:.0} to {most:.0} us more",
            burning.text, nothing.text
        ));
        // The running clock's intervals are as narrow as the error of a burner's calibration.
        let holds = clock == LocalClock::Running || (least <= burnt_us && burnt_us <= most);
        expect(holds, || {
            format!("a burn of {burnt_us} us reads {least} to {most} us")
        })?;
        points.push((burnt_us, value(burning)?));
    }
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let along: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let across: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    Ok(along / across)
}

#[test]
fn ticks_can_be_forced_and_polls_asked_for() {
    let _turn = stage::my_turn();
    machine::undisturbed("forced timers", || {
        let workers = under(Build::Release, LocalClock::Production);
        for (timer, expected) in [
            ("ticked", Timer::Ticked),
            ("io-interpolated", Timer::IoInterpolated),
        ] {
            let plan = json!({"transports": ["service-binding"], "functions": ["echo"], "payload_bytes": [100],
                "samples_per_cell": 40, "breakdown": false, "timer": timer});
            let report = stage::run_if_possible(&stage::client(&workers), &plan)?;
            assert_eq!(report.environment.timers, [expected], "{timer}");
        }
        Ok(())
    });
}
