//! What other tools get: interval logs that the reference reader reads, percentile tables, raw samples, Prometheus, Bencher.

use cli::{client::Client, local::Build};
use e2e::stage;
use protocol::Quantile;
use protocol::report::CellReport;
use serde_json::Value;
use std::{
    env, fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

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
            ("p99", cell.quantiles[Quantile::P99].value),
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

/// Prometheus's own reader, from the path or where `scripts/setup --test` puts it.
fn promtool() -> Command {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let installed = cache.map(|cache| cache.join("worker-rpc-latency/tools/promtool/bin/promtool"));
    Command::new(
        installed
            .filter(|path| path.exists())
            .unwrap_or_else(|| "promtool".into()),
    )
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics_before_and_after_a_run() {
    // Workers of its own: the latest run of the shared ones may be another test's.
    let workers = stage::start(Build::Release, |_| {});
    let client = stage::client(&workers);
    let before = client.text("/metrics").unwrap();
    let report = {
        let _turn = stage::my_turn();
        stage::run_to_completion(&client, &stage::small_plan())
    };
    // what readers see is at most a second old
    thread::sleep(Duration::from_millis(1_100));
    let after = client.text("/metrics").unwrap();
    for cell in &report.cells {
        let labels = format!(
            "transport=\"{}\",function=\"{}\",payload_bytes=\"{}\"",
            cell.transport, cell.function, cell.payload_bytes
        );
        assert!(after.contains(&labels), "{} is missing: {after}", cell.id);
    }
    for text in [before, after] {
        let mut reader = promtool()
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool; scripts/setup --test installs it");
        let mut input = reader.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        let output = reader.wait_with_output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success() && told.is_empty(),
            "{}\n{text}",
            String::from_utf8_lossy(&told)
        );
    }
}
