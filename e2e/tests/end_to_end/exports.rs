//! What other tools get: interval logs that the reference reader reads, percentile tables, raw samples, Prometheus, Bencher.

use cli::client::Client;
use e2e::stage;
use protocol::report::CellReport;
use serde_json::Value;
use std::{fs, process::Command};

/// Blocks of the small run, each a slice of every cell.
const BLOCKS: u64 = 20;

fn export(client: &Client, cell: &CellReport, form: &str) -> String {
    let run = &stage::small_run().run.id;
    client
        .text(&format!("/results/{run}/cells/{}.{form}", cell.id))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Whether a figure in us is one in ns, as far as three significant digits say.
fn same(us: f64, ns: f64) -> bool {
    (us * 1_000.0 - ns).abs() <= ns / 1_000.0 + 1.0
}

#[test]
fn the_reference_reader_finds_the_reports_figures_in_every_interval_log() {
    let client = stage::client(stage::shared());
    let cells = &stage::small_run().cells;
    let folder = stage::temporary_folder();
    let paths = cells.iter().map(|cell| {
        let path = folder.path().join(format!("{}.hlog", cell.id));
        fs::write(&path, export(&client, cell, "hlog")).unwrap();
        path
    });
    let project = stage::project();
    let output = Command::new(project.root().join("node_modules/.bin/node"))
        .arg(project.root().join("e2e/interop/read_hlog.mjs"))
        .args(paths.collect::<Vec<_>>())
        .output()
        .expect("Node.js; scripts/setup installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), cells.len());
    for (found, cell) in found.iter().zip(cells) {
        assert_eq!(found["count"], cell.count, "{}: {found}", cell.id);
        assert!(
            found["intervals"].as_u64().unwrap() <= BLOCKS,
            "{}: {found}",
            cell.id
        );
        for (name, us) in [
            ("min", cell.min_us),
            ("max", cell.max_us),
            ("p99", cell.p99_us.value),
        ] {
            if let Some(us) = us {
                assert!(
                    same(us, found[name].as_f64().unwrap()),
                    "{} {name}: {us} us against {found}",
                    cell.id
                );
            }
        }
    }
    assert!(cells.iter().any(|cell| cell.max_us.is_some()));
}

#[test]
fn raw_samples_are_as_many_as_the_report_counts_and_each_names_its_block() {
    let client = stage::client(stage::shared());
    for cell in &stage::small_run().cells {
        let csv = export(&client, cell, "csv");
        let mut lines = csv.lines().filter(|line| !line.starts_with('#'));
        let head: Vec<&str> = lines.next().unwrap().split(',').collect();
        let block = head
            .iter()
            .position(|name| *name == "block")
            .expect("a column of blocks");
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        assert!(
            rows.len() as u64 >= cell.count,
            "{}: {} rows, {} samples",
            cell.id,
            rows.len(),
            cell.count
        );
        assert!(
            rows.iter().all(|row| row.len() == head.len()),
            "{}",
            cell.id
        );
        assert!(
            rows.iter()
                .all(|row| row[block].parse::<u64>().is_ok_and(|block| block < BLOCKS)),
            "{}",
            cell.id
        );
    }
}

#[test]
fn the_percentile_table_ends_with_the_count() {
    let client = stage::client(stage::shared());
    for cell in &stage::small_run().cells {
        let table = export(&client, cell, "hgrm");
        assert!(table.trim_start().starts_with("Value"), "{table}");
        let total = table
            .lines()
            .find(|line| line.contains("Total count"))
            .expect("a line of the count");
        assert!(
            total.contains(&cell.count.to_string()),
            "{}: {total}",
            cell.id
        );
    }
}

#[test]
fn prometheus_gets_samples_of_declared_metrics_only() {
    let _ = stage::small_run();
    let text = stage::client(stage::shared()).text("/metrics").unwrap();
    let declared: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    assert!(!declared.is_empty(), "{text}");
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(
            declared.iter().any(|metric| name.starts_with(metric)),
            "{line}"
        );
        let value = line.rsplit(' ').next().unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}
