//! Files that other tools read: percentile table, interval log, raw samples, Prometheus text.

use crate::simulated;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{
        Deserializer,
        interval_log::{IntervalLogIterator, LogEntry},
    },
};
use protocol::{PayloadShape, Quantile, Report, RunId, history::History, run::RunStatus};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    settings,
};
use std::collections::BTreeMap;

const PLAN: &str = r#"{"transports":["direct","service-binding"],"functions":["echo"],"payload_bytes":[100,1000],"samples_per_cell":400,"breakdown":false}"#;
const CELL: &str = "service-binding.echo.1000";

fn with_runs(count: usize, variables: &[(&str, &str)]) -> (Places, Vec<RunId>) {
    let places = Places::new(settings(&[variables, &[("LIMITS", "local")]].concat()));
    let runs = (0..count).map(|_| complete_run(&places)).collect();
    (places, runs)
}

fn complete_run(places: &Places) -> RunId {
    let started = places.send(
        &TestRequest::new("POST", "/runs")
            .with_token(TOKEN)
            .with_body(PLAN),
    );
    places.wake_until_idle();
    serde_json::from_str::<RunStatus>(&started.body).unwrap().id
}

fn export(places: &Places, run: &RunId, form: &str) -> String {
    let response = places.get(&format!("/results/{run}/cells/{CELL}.{form}"));
    assert_eq!(response.status, 200, "{}", response.body);
    let file = response.header("content-disposition").unwrap();
    assert_eq!(
        file,
        format!("attachment; filename=\"{run}.{CELL}.{form}\"")
    );
    response.body.to_string()
}

fn report(places: &Places, run: &RunId) -> Report {
    serde_json::from_str(&places.get(&format!("/results/{run}")).body).unwrap()
}

/// Within the 0.1 % that a histogram of three digits keeps.
fn close(one_us: f64, other_us: f64) -> bool {
    (one_us - other_us).abs() <= 1e-3 * one_us.abs().max(other_us.abs())
}

#[test]
fn the_interval_log_holds_every_sample_of_the_report() {
    let (places, runs) = with_runs(1, &[]);
    let text = export(&places, &runs[0], "hlog");
    assert!(
        text.contains("#[StartTime: 1795368480."),
        "{}",
        &text[..300]
    );
    let mut all = Histogram::<u64>::new(3).unwrap();
    let mut intervals = 0;
    let mut last_start = std::time::Duration::ZERO;
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
            let one: Histogram<u64> = Deserializer::new()
                .deserialize(&mut bytes.as_slice())
                .unwrap();
            assert!((interval.max() - one.max() as f64 / 1e6).abs() < 1e-3);
            assert!(interval.start_timestamp() >= last_start);
            last_start = interval.start_timestamp();
            all.add(one).unwrap();
            intervals += 1;
        }
    }
    let report = report(&places, &runs[0]);
    let cell = report
        .cells
        .iter()
        .find(|cell| cell.id.to_string() == CELL)
        .unwrap();
    assert_eq!((intervals, all.len()), (20, cell.count));
    assert!(close(all.min() as f64 / 1e3, cell.min_us.unwrap()));
    assert!(close(all.max() as f64 / 1e3, cell.max_us.unwrap()));
    assert!(close(
        all.value_at_quantile(0.99) as f64 / 1e3,
        cell.quantiles[Quantile::P99].value.unwrap()
    ));
}

#[test]
fn calls_that_timed_out_are_in_log_table_and_report_alike() {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    for process in places.processes.borrow().values() {
        process.world.timeouts.set(1);
    }
    let run = complete_run(&places);
    let report = report(&places, &run);
    let mut cells = report.cells.iter();
    let cell = cells.find(|cell| cell.id.to_string() == CELL).unwrap();
    assert_eq!(
        (cell.count, cell.quantiles[Quantile::P99].upper),
        (380, None)
    );
    let table = export(&places, &run, "hgrm");
    assert!(
        table.contains("#[Max     =") && table.contains("Total count    =          400"),
        "{table}"
    );
    let encoded = STANDARD.decode(&cell.histogram).unwrap();
    let published: Histogram<u64> = Deserializer::new()
        .deserialize(&mut encoded.as_slice())
        .unwrap();
    let mut logged = Histogram::<u64>::new(3).unwrap();
    for entry in IntervalLogIterator::new(export(&places, &run, "hlog").as_bytes()) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            let bytes = STANDARD.decode(interval.encoded_histogram()).unwrap();
            let one: Histogram<u64> = Deserializer::new()
                .deserialize(&mut bytes.as_slice())
                .unwrap();
            logged.add(one).unwrap();
        }
    }
    assert_eq!((published.len(), logged.len()), (400, 400));
    assert_eq!(published.max(), logged.max());
    assert!(close(published.max() as f64 / 1e3, 1e7)); // 10 s, the plan's timeout
}

#[test]
fn the_percentile_table_has_the_form_of_the_reference_implementation() {
    let (places, runs) = with_runs(1, &[]);
    let text = export(&places, &runs[0], "hgrm");
    let lines: Vec<&str> = text.lines().collect();
    let heads: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        heads,
        ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    );
    let rows: Vec<Vec<f64>> = lines[2..]
        .iter()
        .take_while(|line| !line.starts_with('#'))
        .map(|line| {
            line.split_whitespace()
                .map(|number| number.parse().unwrap())
                .collect()
        })
        .collect();
    assert!(rows.len() > 20);
    assert!(rows.windows(2).all(|pair| pair[0][0] <= pair[1][0]
        && pair[0][1] <= pair[1][1]
        && pair[0][2] <= pair[1][2]));
    let last = rows.last().unwrap();
    assert_eq!(
        (last[1].to_bits(), last[2].to_bits(), last.len()),
        (1.0_f64.to_bits(), 400.0_f64.to_bits(), 3)
    );
    let report = report(&places, &runs[0]);
    let cell = report
        .cells
        .iter()
        .find(|cell| cell.id.to_string() == CELL)
        .unwrap();
    assert!(close(last[0] * 1e3, cell.max_us.unwrap()));
    assert!(
        lines.iter().any(|line| line.starts_with("#[Max     =")
            && line.contains("Total count    =          400")),
        "{text}"
    );
}

#[test]
fn raw_samples_are_there_one_by_one_until_they_are_pruned() {
    let (places, runs) = with_runs(3, &[("KEEP_SAMPLES_OF_RUNS", "2")]);
    let text = export(&places, &runs[2], "csv");
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("run,cell,block,slice,attempt,call,latency_ns,timer,resolution_ns,flags")
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 400);
    let blocks: std::collections::BTreeSet<&str> = rows.iter().map(|row| row[2]).collect();
    assert_eq!(blocks.len(), 20);
    let oldest = runs.iter().min().unwrap();
    let gone = places.get(&format!("/results/{oldest}/cells/{CELL}.csv"));
    assert_eq!(gone.status, 410, "{}", gone.body);
    assert!(
        export(&places, oldest, "hlog").contains("HISTFAAA"),
        "the histograms stay"
    );
    let unknown = places.get(&format!("/results/{}/cells/rpc.echo.1000.csv", runs[2]));
    assert_eq!(unknown.status, 404);
}

#[test]
fn series_hold_each_run_once_oldest_first_and_only_comparable_ones() {
    let (places, runs) = with_runs(3, &[]);
    let other = PLAN.replace(
        "\"breakdown\":false",
        "\"breakdown\":false,\"payload_shape\":\"records\"",
    );
    let url = format!("/history?cell={CELL}&metric=p95");
    let series: History = serde_json::from_str(&places.get(&url).body).unwrap();
    let mut sorted = runs.clone();
    sorted.sort();
    assert_eq!(
        series
            .points
            .iter()
            .map(|point| point.run.clone())
            .collect::<Vec<_>>(),
        sorted
    );
    let first = series
        .points
        .iter()
        .find(|point| point.run == runs[0])
        .unwrap();
    let figures = report(&places, &runs[0]);
    let cell = figures
        .cells
        .iter()
        .find(|cell| cell.id.to_string() == CELL)
        .unwrap();
    assert_eq!(
        (first.value_us, first.n),
        (
            cell.quantiles[Quantile::P95].value,
            cell.quantiles[Quantile::P95].n
        )
    );

    places.send(
        &TestRequest::new("POST", "/runs")
            .with_token(TOKEN)
            .with_body(other),
    );
    places.wake_until_idle();
    places.processes.borrow()["default"]
        .world
        .now
        .set(places.now() + 5_000);
    let series: History = serde_json::from_str(&places.get(&url).body).unwrap();
    assert_eq!(series.points.len(), 1);
    assert_eq!(series.conditions.payload_shape, PayloadShape::Records);
    assert_eq!(
        series.conditions.text,
        "payload records, batch size 1, concurrency 1, timer interpolated"
    );

    for bad in [
        "/history",
        "/history?cell=x",
        "/history?cell=direct.echo.100&metric=p42",
        "/history?cell=direct.echo.100&location=mars",
    ] {
        assert_eq!(places.get(bad).status, 400, "{bad}");
    }
}

/// Reads the text format strictly (promtool does so end to end): families in one piece, each with help and type, names and labels well formed, no sample twice.
fn parse_prometheus(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let (mut family, mut seen) = (String::new(), std::collections::BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            rest.split(' ').next().unwrap().clone_into(&mut family);
            assert!(
                seen.insert(family.clone()),
                "family {family} is in two pieces"
            );
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert_eq!(rest, format!("{family} gauge"));
        } else {
            let (key, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = key.split_once('{').unwrap();
            assert_eq!(name, family);
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            for pair in labels.strip_suffix('}').unwrap().split(',') {
                let (label, value) = pair.split_once('=').unwrap();
                assert!(
                    label
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                    "{label}"
                );
                assert!(
                    value.starts_with('"') && value.ends_with('"') && value.len() >= 2,
                    "{value}"
                );
            }
            let value: f64 = value.parse().unwrap();
            assert!(
                value.is_finite() && samples.insert(key.to_owned(), value).is_none(),
                "{line}"
            );
        }
    }
    assert!(text.ends_with('\n'));
    samples
}

#[test]
fn prometheus_reads_the_figures_of_the_latest_report_in_seconds() {
    let (places, runs) = with_runs(1, &[]);
    let samples = parse_prometheus(&places.get("/metrics").body);
    let report = report(&places, &runs[0]);
    let cell = report
        .cells
        .iter()
        .find(|cell| cell.id.to_string() == CELL)
        .unwrap();
    let labels = "location=\"default\",transport=\"service-binding\",function=\"echo\",payload_bytes=\"1000\"";
    let p99 =
        samples[&format!("worker_rpc_latency_seconds{{{labels},metric=\"p99\",bound=\"value\"}}")];
    assert!(close(
        p99 * 1e6,
        cell.quantiles[Quantile::P99].value.unwrap()
    ));
    assert!(
        samples
            .keys()
            .any(|key| key.contains("bound=\"resolution\""))
    );
    assert!((samples[&format!("worker_rpc_samples{{{labels}}}")] - 400.0).abs() < 0.5);
    let met = &report.residency[0];
    let labels = "location=\"default\",reach=\"binding\"";
    for (name, figure) in [
        ("worker_rpc_isolate_calls", met.calls),
        ("worker_rpc_isolates", met.isolates),
        ("worker_rpc_cold_calls", met.cold_calls),
    ] {
        assert!(
            close(samples[&format!("{name}{{{labels}}}")], figure as f64),
            "{name}"
        );
    }
    let upper = samples[&format!("worker_rpc_cold_ratio{{{labels},bound=\"upper\"}}")];
    assert!(close(upper, met.cold_share.as_ref().unwrap().upper));
    assert!(
        (samples["worker_rpc_runs{location=\"default\",state=\"completed\"}"] - 1.0).abs() < 0.5
    );
    assert!(
        samples
            .keys()
            .any(|key| key.starts_with("worker_rpc_verdict{"))
    );
    let empty = Places::new(settings(&[("LIMITS", "local")]));
    assert!(
        parse_prometheus(&empty.get("/metrics").body).len() >= 2,
        "readable before the first run"
    );
}

#[test]
fn prometheus_gets_no_value_where_it_is_too_small_to_see() {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    places.processes.borrow()["default"]
        .world
        .direct_is_too_fast
        .set(true);
    let run = complete_run(&places);
    let report = report(&places, &run);
    let samples = parse_prometheus(&places.get("/metrics").body);
    for cell in &report.cells {
        let labels = format!(
            "location=\"default\",transport=\"{}\",function=\"echo\",payload_bytes=\"{}\"",
            cell.transport, cell.payload_bytes
        );
        let unseen = !cell.transport.delegates();
        assert_eq!(cell.mean_us.is_below_resolution(), unseen, "{}", cell.id);
        let mean = format!("worker_rpc_latency_mean_seconds{{{labels}}}");
        assert_eq!(samples.contains_key(&mean), !unseen, "{mean}");
        for (metric, estimate) in [
            ("p50", &cell.quantiles[Quantile::P50]),
            ("p95", &cell.quantiles[Quantile::P95]),
            ("p99", &cell.quantiles[Quantile::P99]),
        ] {
            assert!(estimate.value.is_some(), "{} {metric}", cell.id);
            assert_eq!(
                estimate.is_below_resolution(),
                unseen,
                "{} {metric}",
                cell.id
            );
            let figure = |bound: &str| {
                format!(
                    "worker_rpc_latency_seconds{{{labels},metric=\"{metric}\",bound=\"{bound}\"}}"
                )
            };
            assert_eq!(samples.contains_key(&figure("value")), !unseen, "{metric}");
            assert!(samples.contains_key(&figure("resolution")), "{metric}");
        }
    }
}
