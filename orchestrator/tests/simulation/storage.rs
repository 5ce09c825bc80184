//! The database: migrations from every earlier version, statements that stay cheap, rows that stay small.

use crate::simulated;

use orchestrator::{
    coordinator::{DispatchError, Question},
    store::{
        schema::{SCHEMA_VERSION, migrate_to},
        sql::{Sql as _, Value},
    },
};
use protocol::{Plan, RunState, Transport};
use simulated::{database::Database, open, process::Process, settings, small_plan, world};

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

/// Leaves what is stored as the release of an earlier version would have left it.
fn leave_to(process: &mut Process, version: usize) {
    let earlier = Database::new(std::rc::Rc::clone(&process.world.crashes));
    migrate_to(&earlier, version, &process.settings.limits).unwrap();
    let since_version: [&[&str]; SCHEMA_VERSION - 1] = [
        &["runs", "slices", "reports", "history", "alerts"],
        &["told"],
        &["counts", "samples", "requests", "schedule"],
        &["rounds"],
        &["deployment_starts"],
    ];
    for table in since_version[..version].iter().copied().flatten() {
        earlier
            .execute(&format!("DELETE FROM {table}"), &[])
            .unwrap();
        copy(&process.database, &earlier, table);
    }
    if version < 4 {
        keep_division_in_requests(&process.database, &earlier);
    }
    if version < 3 {
        // Those releases did not keep the limits of a run.
        let forget = "UPDATE runs SET request = json_remove(request, '$.limits')";
        earlier.execute(forget, &[]).unwrap();
    }
    if version == 2 {
        // Nor did they review runs that failed.
        let forget = "UPDATE runs SET reviewed = 0 WHERE state = 'failed'";
        earlier.execute(forget, &[]).unwrap();
    }
    process.database = earlier;
}

/// Releases before schema version 4 kept in the request how the plan divides, and within which limits.
fn keep_division_in_requests(from: &Database, to: &Database) {
    let divide = "UPDATE runs SET request = json_set(request,
         '$.geometry', json_object('blocks', json_extract(?1, '$.blocks'), 'slices_per_block', json_array_length(?1, '$.works'),
             'samples_per_slice', json_extract(?1, '$.samples_per_slice'), 'chain_calls', json_extract(?1, '$.chain_calls')),
         '$.limits', json_extract(?1, '$.limits'),
         '$.estimated', json_object('wakes', 1, 'dispatches', 1, 'delegated_calls', 1, 'rows_written', 1, 'active_seconds', 1.5, 'cost_usd', 0.5))
         WHERE id = ?2";
    for mut row in from
        .execute("SELECT run, round FROM rounds WHERE number = 0", &[])
        .unwrap()
    {
        row.reverse();
        to.execute(divide, &row).unwrap();
    }
}

/// Everything that the store finds by an index, a count or a cursor, found by reading all that is stored.
fn assert_bookkeeping(process: &Process, what: &str) {
    let read = |statement: &str| process.database.execute(statement, &[]).unwrap();
    for (kept, counted) in [
        (
            "SELECT what, n FROM counts WHERE what <> 'with-samples' AND n <> 0 ORDER BY 1",
            "SELECT state, COUNT(*) FROM runs WHERE state NOT IN ('pending', 'running') GROUP BY state ORDER BY 1",
        ),
        (
            "SELECT COALESCE(SUM(n), 0) FROM counts WHERE what = 'with-samples'",
            "SELECT COUNT(*) FROM samples",
        ),
        (
            "SELECT run FROM samples ORDER BY run",
            "SELECT id FROM runs WHERE state NOT IN ('pending', 'running') AND cursor > 0
             AND EXISTS (SELECT 1 FROM slices WHERE run = id AND record IS NOT NULL) ORDER BY id",
        ),
        (
            "SELECT DISTINCT run FROM rounds ORDER BY run",
            "SELECT id FROM runs ORDER BY id",
        ),
    ] {
        assert_eq!(read(kept), read(counted), "{what}: {kept}");
    }
}

/// Runs that are completed, failed and cancelled, more than are kept.
fn some_of_each(process: &mut Process) {
    for number in 0..9 {
        process.world.now.set(process.world.now.get() + 60_000);
        if number % 3 == 1 {
            let refusal = DispatchError::Refused {
                status: 400,
                detail: "no".to_owned(),
            };
            process.world.failures.borrow_mut().push(refusal);
        }
        let run = process.start(&small_plan());
        if number % 3 == 2 {
            process.wake();
            process.wake();
            // Who asks again after a crash may find it cancelled.
            if let Err(problem) = process.ask(&Question::Cancel { run }) {
                assert_eq!(problem.status, 409, "{problem:?}");
            }
        }
        process.wake_until_idle();
    }
}

#[test]
fn counts_and_cursors_are_those_of_what_is_stored_whatever_happens() {
    let variables = [
        ("LIMITS", "local"),
        ("KEEP_RUNS", "5"),
        ("KEEP_SAMPLES_OF_RUNS", "2"),
    ];
    let mut process = Process::new(settings(&variables));
    some_of_each(&mut process);
    assert_bookkeeping(&process, "undisturbed");
    let kept = |process: &Process| {
        let runs = "SELECT COUNT(*), (SELECT COUNT(*) FROM samples) FROM runs";
        process.database.execute(runs, &[]).unwrap()[0].clone()
    };
    assert_eq!(kept(&process), [Value::Integer(5), Value::Integer(2)]);
    process.world.crashes.steps.set(0);
    some_of_each(&mut process);
    let steps = process.world.crashes.steps.get();
    for step in (1..steps).step_by(13) {
        process.world.crashes.steps.set(0);
        process.world.crashes.at.set(Some(step));
        some_of_each(&mut process);
        assert_bookkeeping(&process, &format!("crash at step {step}"));
        assert_eq!(kept(&process), [Value::Integer(5), Value::Integer(2)]);
    }
}

#[test]
fn what_an_earlier_release_stored_is_counted_reviewed_and_pruned_by_this_one() {
    for version in 1..SCHEMA_VERSION {
        let variables = [
            ("LIMITS", "local"),
            ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
        ];
        // Where nobody is alerted, no alert is stored either.
        let mut process = Process::new(settings(&variables[..1]));
        some_of_each(&mut process);
        leave_to(&mut process, version);
        let few = [
            &variables[..],
            &[("KEEP_RUNS", "7"), ("KEEP_SAMPLES_OF_RUNS", "3")],
        ];
        process.settings = settings(&few.concat());
        process.restart();
        process.ask(&Question::MayStart).expect("nothing is active");
        process.wake_until_idle();
        assert_bookkeeping(&process, &format!("from version {version}"));
        let rows = "SELECT COUNT(*), (SELECT COUNT(*) FROM samples) FROM runs";
        let kept = process.database.execute(rows, &[]).unwrap();
        assert_eq!(
            kept[0],
            [Value::Integer(7), Value::Integer(3)],
            "from version {version}"
        );
        assert_eq!(
            process.world.alerts.borrow().len(),
            0,
            "from version {version}: what failed before is no news"
        );
        // Within the hour of these nine, people may start one more.
        process.settings = settings(&[&variables[..], &[("RUNS_PER_HOUR", "10")]].concat());
        process.restart();
        assert!(process.ask(&Question::MayStart).is_ok());
        process.world.now.set(process.world.now.get() + 60_000);
        process.start(&small_plan());
        process.wake_until_idle();
        assert_eq!(process.ask(&Question::MayStart).unwrap_err().status, 429);
    }
}

#[test]
fn a_run_that_an_earlier_release_began_is_completed_by_this_one() {
    for version in 1..SCHEMA_VERSION {
        let mut process = Process::new(settings(&[
            ("LIMITS", "local"),
            ("ALERT_WEBHOOK_URL", "https://hooks.example/x"),
        ]));
        let completed = process.start(&small_plan());
        process.wake_until_idle();
        process.world.now.set(process.world.now.get() + 60_000);
        let begun = process.start(&small_plan());
        for _ in 0..7 {
            process.wake();
        }
        leave_to(&mut process, version);
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
fn a_run_that_an_earlier_release_began_goes_on_with_the_round_that_its_division_is() {
    let variables = [("LIMITS", "local"), ("DELEGATED_CALLS_PER_SLICE", "40")];
    for version in 1..4 {
        let mut undisturbed = Process::new(settings(&variables));
        let run = undisturbed.start(&small_plan());
        undisturbed.wake_until_idle();
        let store = |process: &Process| {
            let coordinator = process.coordinator();
            let row = coordinator.store().run(&run).unwrap().unwrap();
            (row.rounds, coordinator.store().records(&run).unwrap())
        };
        let expected = store(&undisturbed);

        let mut process = Process::new(settings(&variables));
        assert_eq!(process.start(&small_plan()), run);
        for _ in 0..7 {
            process.wake();
        }
        let before = process.status(&run).progress;
        leave_to(&mut process, version);
        // Releases since version 3 kept the limits; a run of an earlier one takes those of the deployment that converts it.
        if version == 3 {
            process.settings = settings(&[("LIMITS", "free")]);
        }
        process.restart();
        assert_eq!(
            process.status(&run).progress,
            before,
            "from version {version}"
        );
        process.wake_until_idle();
        assert_eq!(store(&process), expected, "from version {version}");
    }
}

#[test]
fn a_request_that_cannot_be_read_keeps_no_coordinator_from_opening() {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    let run = process.start(&small_plan());
    process.wake_until_idle();
    leave_to(&mut process, 3);
    let spoil = "UPDATE runs SET request = 'not JSON'";
    process.database.execute(spoil, &[]).unwrap();
    process.restart();
    let problem = process.ask(&Question::Status { run }).unwrap_err();
    assert_eq!(problem.status, 500);
    process.world.now.set(process.world.now.get() + 60_000);
    let next = process.start(&small_plan());
    process.wake_until_idle();
    assert_eq!(process.status(&next).state, RunState::Completed);
}

#[test]
fn a_migration_that_crashes_leaves_the_earlier_version_as_it_was() {
    let settings = settings(&[]);
    for step in 1.. {
        let world = world();
        let database = Database::new(std::rc::Rc::clone(&world.crashes));
        migrate_to(&database, 1, &settings.limits).unwrap();
        world.crashes.steps.set(0);
        world.crashes.at.set(Some(step));
        let opened = open(&database, &settings);
        if opened.is_ok() {
            assert!(step > 10, "only {step} steps");
            return;
        }
        world.crashes.down.set(false);
        world.crashes.at.set(None);
        open(&database, &settings)
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
        ..Plan::of_fixed_size()
    };
    assert_eq!(large.cells().len(), 84);
    let run = process.start(&large);
    process.wake_until_idle();
    assert_eq!(process.status(&run).state, RunState::Completed);
    let sizes = "SELECT MAX(n) FROM (SELECT MAX(length(record) + length(histogram)) AS n FROM slices UNION SELECT MAX(length(body)) FROM reports
                 UNION SELECT MAX(length(request) + length(tally)) FROM runs UNION SELECT MAX(length(round)) FROM rounds UNION SELECT MAX(length(figures)) FROM history)";
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
