//! The instrument under an emulation of production's clock, against the same machine's running one and against known work.

use cli::local::{Build, LocalClock, LocalWorkers};
use e2e::stage;
use protocol::{
    Estimate, Quantile, Report,
    function::BURN_US,
    measure::{Rung, Timer, Unfit},
    report::{CellReport, PolledClock, WarningKind},
};
use serde_json::json;

/// What a single reading may be good to without other load, in us. Tests share a machine, so twice that is let pass, and the figure is shown.
const RESOLUTION_US: f64 = 60.0;

fn under(build: Build, clock: LocalClock) -> LocalWorkers {
    stage::start(build, |options| options.clock = clock)
}

fn ends(estimate: &Estimate) -> (f64, f64) {
    let end = |end: Option<f64>| end.unwrap_or_else(|| panic!("no interval: {estimate:?}"));
    (end(estimate.lower), end(estimate.upper))
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
    let plan = json!({"transports": ["direct", "service-binding", "rpc"], "functions": ["echo"], "payload_bytes": [100, 10_000],
        "samples_per_cell": 440, "seed": 3});
    let _turn = stage::my_turn();
    let reports = [LocalClock::Running, LocalClock::Production].map(|clock| {
        let workers = under(Build::Release, clock);
        stage::run_to_completion(&stage::client(&workers), &plan)
    });
    let [running, standing] = &reports;
    let environment = &standing.environment;
    assert_eq!(running.environment.timers, [Timer::Interpolated]);
    assert!(running.environment.clock.is_empty());
    assert_eq!(environment.clock_advances_during_cpu, Some(false));
    assert!(
        environment.timers.contains(&Timer::IoInterpolated),
        "{:?}",
        environment.timers
    );
    let stream = polled(standing, Rung::Stream).expect("the stream is tried first");
    assert!(
        2 * stream.fit > stream.looks && stream.tick_ms == Some(1),
        "{stream:?}"
    );
    let floor = environment.noise_floor.as_ref().expect("a noise floor");
    let resolution_us = floor.resolution_us.unwrap();
    stage::tell(&format!(
        "standing clock: resolution {resolution_us:.0} us, noise floor {:?}, polls {stream:?}",
        floor.quantiles
    ));
    assert!(floor.quantiles[Quantile::P50] < resolution_us, "{floor:?}");
    assert!(resolution_us <= 2.0 * RESOLUTION_US, "{resolution_us} us");
    for cell in delegated(standing) {
        let [one, other] = [running, standing].map(|report| {
            let found = report.cells.iter().find(|other| other.id == cell.id);
            &found.expect("the same cells").quantiles[Quantile::P50]
        });
        stage::tell(&format!(
            "{}: p50 running {}, standing {} ms",
            cell.id, one.text, other.text
        ));
        let ((a, b), (c, d)) = (ends(one), ends(other));
        let agree = a <= d && c <= b;
        let near = (one.value.unwrap() - other.value.unwrap()).abs() <= resolution_us;
        assert!(agree || near, "{}: {one:?} and {other:?}", cell.id);
        assert!(
            cell.quantiles[Quantile::P95].value.is_some(),
            "{:?}",
            cell.quantiles[Quantile::P95]
        );
        assert!(
            ends(other).1 < 1_000.0,
            "{}: p50 is not below 1 ms: {other:?}",
            cell.id
        );
    }
    let contradicted =
        |warning: &&protocol::report::Warning| warning.kind == WarningKind::ClockContradicted;
    assert_eq!(standing.warnings.iter().filter(contradicted).count(), 0);
}

#[test]
fn where_only_what_leaves_the_process_moves_the_clock_the_ladder_is_climbed() {
    let plan = json!({"transports": ["direct", "service-binding"], "functions": ["echo"], "payload_bytes": [100],
        "samples_per_cell": 200, "breakdown": false});
    let _turn = stage::my_turn();
    let workers = under(Build::Release, LocalClock::ProductionOutside);
    let report = stage::run_to_completion(&stage::client(&workers), &plan);
    let [stream, websocket] =
        [Rung::Stream, Rung::Websocket].map(|rung| polled(&report, rung).expect("both are tried"));
    stage::tell(&format!("only outside: {stream:?}, {websocket:?}"));
    assert_eq!(
        (stream.fit, stream.unfit.get(&Unfit::StandsStill)),
        (0, Some(&stream.looks))
    );
    assert!(2 * websocket.fit > websocket.looks, "{websocket:?}");
    let cell = delegated(&report).next().unwrap();
    assert!(cell.quantiles[Quantile::P50].value.is_some(), "{cell:?}");
}

#[test]
fn work_of_a_known_time_shows_on_the_standing_clock() {
    let plan = json!({"transports": ["service-binding"], "functions": ["echo", "burn"], "payload_bytes": [100],
        "samples_per_cell": 440, "breakdown": false});
    let _turn = stage::my_turn();
    let workers = under(Build::TestFunctions, LocalClock::Production);
    let report = stage::run_to_completion(&stage::client(&workers), &plan);
    let [nothing, burning] = ["service-binding.echo.100", "service-binding.burn.100"].map(|id| {
        let found = report
            .cells
            .iter()
            .find(|cell| cell.id == id.parse().unwrap());
        &found.expect("both cells").quantiles[Quantile::P50]
    });
    stage::tell(&format!(
        "burning {BURN_US} us: {} against {} ms",
        burning.text, nothing.text
    ));
    let (least, most) = (
        ends(burning).0 - ends(nothing).1,
        ends(burning).1 - ends(nothing).0,
    );
    let burn_us = f64::from(BURN_US);
    assert!(least <= burn_us && burn_us <= most, "{least} to {most} us");
    // an interval as wide as the burn would hold it whatever was measured
    let found = burning.value.unwrap() - nothing.value.unwrap();
    assert!((found - burn_us).abs() < 0.3 * burn_us, "{found} us");
}

#[test]
fn ticks_can_be_forced_and_polls_asked_for() {
    let _turn = stage::my_turn();
    let workers = under(Build::Release, LocalClock::Production);
    for (timer, expected) in [
        ("ticked", Timer::Ticked),
        ("io-interpolated", Timer::IoInterpolated),
    ] {
        let plan = json!({"transports": ["service-binding"], "functions": ["echo"], "payload_bytes": [100],
            "samples_per_cell": 40, "breakdown": false, "timer": timer});
        let report = stage::run_to_completion(&stage::client(&workers), &plan);
        assert_eq!(report.environment.timers, [expected], "{timer}");
    }
}
