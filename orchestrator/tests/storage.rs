//! The database: migrations from every earlier version, statements that stay cheap, rows that stay small.

mod simulated;

use orchestrator::store::{
    schema::{SCHEMA_VERSION, migrate_to},
    sql::{Sql as _, Value},
};
use protocol::{Function, Plan, RunState, Transport};
use simulated::{database::Database, open, process::Process, settings, world};

fn plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        samples_per_cell: 40,
        breakdown: false,
        ..Plan::default()
    }
}

/// The rows of a table, column by column as far as the older schema has them.
fn copy(from: &Database, to: &Database, table: &str) {
    let columns = to
        .execute(
            &format!("SELECT group_concat(name) FROM pragma_table_info('{table}')"),
            &[],
        )
        .unwrap();
    let Value::Text(columns) = &columns[0][0] else {
        panic!("no table {table}");
    };
    let places = vec!["?"; columns.split(',').count()].join(",");
    for row in from
        .execute(&format!("SELECT {columns} FROM {table}"), &[])
        .unwrap()
    {
        to.execute(
            &format!("INSERT INTO {table} ({columns}) VALUES ({places})"),
            &row,
        )
        .unwrap();
    }
}

#[test]
fn a_run_that_an_earlier_release_began_is_completed_by_this_one() {
    for version in 1..SCHEMA_VERSION {
        let mut process = Process::new(settings(&[
            ("LIMITS", "local"),
            ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
        ]));
        let completed = process.start(&plan());
        process.wake_until_idle();
        process.world.now.set(process.world.now.get() + 60_000);
        let begun = process.start(&plan());
        for _ in 0..7 {
            process.wake();
        }
        // What is stored, in a database as the earlier release left it.
        let earlier = Database::new(std::rc::Rc::clone(&process.world.crashes));
        migrate_to(&earlier, version).unwrap();
        for table in ["runs", "slices", "reports", "history", "alerts"] {
            copy(&process.database, &earlier, table);
        }
        process.database = earlier;
        process.restart();
        process.wake_until_idle();
        let status = process.status(&begun);
        assert_eq!(
            (status.state, status.progress.samples),
            (RunState::Completed, 80),
            "from version {version}"
        );
        assert_eq!(process.report(&completed).cells[0].count, 40);
        let found = process
            .database
            .execute("SELECT value FROM meta WHERE key = 'schema_version'", &[])
            .unwrap();
        assert_eq!(found[0][0], Value::Text(SCHEMA_VERSION.to_string()));
    }
}

#[test]
fn a_migration_that_crashes_leaves_the_earlier_version_as_it_was() {
    for step in 1.. {
        let world = world();
        let database = Database::new(std::rc::Rc::clone(&world.crashes));
        migrate_to(&database, 1).unwrap();
        world.crashes.steps.set(0);
        world.crashes.at.set(Some(step));
        let opened = open(&database, &settings(&[]));
        if opened.is_ok() {
            assert!(step > 10, "only {step} steps");
            return;
        }
        world.crashes.down.set(false);
        world.crashes.at.set(None);
        open(&database, &settings(&[]))
            .unwrap_or_else(|error| panic!("after a crash at step {step}: {error}"));
    }
}

#[test]
fn a_wake_reads_the_unfinished_runs_and_no_others() {
    let process = Process::new(settings(&[("LIMITS", "local")]));
    let plan = process
        .database
        .query("EXPLAIN QUERY PLAN SELECT * FROM runs WHERE state IN ('pending', 'running') ORDER BY state DESC, id", &[])
        .unwrap();
    let detail = format!("{plan:?}");
    assert!(detail.contains("unfinished"), "{detail}");
}

#[test]
fn no_row_comes_near_the_two_megabytes_of_the_platform() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    let large = Plan {
        transports: vec![
            Transport::Direct,
            Transport::ServiceBinding,
            Transport::Rpc,
            Transport::Msgpack,
        ],
        payload_bytes: vec![32, 64, 100, 200, 500, 1_000, 2_000],
        samples_per_cell: 3_000,
        breakdown: false,
        ..Plan::default()
    };
    assert_eq!(large.cells().len(), 84);
    let run = process.start(&large);
    process.wake_until_idle();
    assert_eq!(process.status(&run).state, RunState::Completed);
    let sizes = "SELECT MAX(n) FROM (SELECT MAX(length(record) + length(histogram)) AS n FROM slices UNION SELECT MAX(length(body)) FROM reports
                 UNION SELECT MAX(length(request) + length(tally)) FROM runs UNION SELECT MAX(length(figures)) FROM history)";
    let largest = process.database.query(sizes, &[]).unwrap();
    assert!(
        matches!(largest[0][0], Value::Integer(bytes) if bytes <= 1_000_000),
        "{largest:?}"
    );
    assert_eq!(
        process
            .report(&run)
            .cells
            .iter()
            .map(|cell| cell.count)
            .min(),
        Some(3_000)
    );
}
